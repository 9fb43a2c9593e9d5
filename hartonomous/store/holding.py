"""Whether a composition's text holds a concept: the same answer when it is looked for, and when it
comes back later and only a keyed hash of the concept is left to compare with.

A text is read as a sequence of words; it holds a concept when the concept's words stand in it one
after the other. A context is its tokens, joined by spaces; any other text is runs of letters,
digits and underscores, and single other characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_WORDS = re.compile(r"\w+|[^\w\s]")
_TOKENISED = frozenset({"Context", "Piece"})

Sequence = tuple[str, ...]


def reading(text: str, kind: str) -> Sequence:
    """Return the words of a composition's text.

    >>> reading("the user_12345 left.", "Sentence")
    ('the', 'user_12345', 'left', '.')
    >>> reading("mov ##ing on", "Context")
    ('mov', '##ing', 'on')
    """
    return tuple(text.split() if kind in _TOKENISED else _WORDS.findall(text))


def needles(concept: str) -> frozenset[Sequence]:
    """Return the sequences of words that a text which holds the concept has one of.

    >>> sorted(needles("user-12345"))
    [('user', '-', '12345'), ('user-12345',)]
    """
    return frozenset({tuple(concept.split()), tuple(_WORDS.findall(concept))}) - {()}


def windows(words: Sequence, lengths: Iterable[int]) -> Iterator[Sequence]:
    """Yield every run of words of the given lengths."""
    for length in lengths:
        for first in range(len(words) - length + 1):
            yield words[first : first + length]


def holds(text: str, kind: str, wanted: frozenset[Sequence]) -> bool:
    """Return whether a text holds a concept whose needles are given.

    >>> holds("user_123456 came", "Sentence", needles("user_12345"))
    False
    >>> holds("a red traffic light", "Sentence", needles("traffic light"))
    True
    """
    lengths = sorted({len(needle) for needle in wanted})
    return any(window in wanted for window in windows(reading(text, kind), lengths))
