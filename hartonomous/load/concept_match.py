"""Whether a composition's text holds a concept: the same answer when it is looked for, and when it
comes back later and only a keyed hash of the concept is left to compare with.

A text is read as a sequence of words; it holds a concept when the concept's words stand in it one
after the other. A context is its tokens, joined by spaces, and is read with its pieces put together,
too; any other text is runs of letters, digits and underscores, and single other characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from hartonomous.schema import kind_of

_WORDS = re.compile(r"\w+|[^\w\s]")

PIECE = "##"
LONGEST_PIECE = 256
"""Letters; no vocabulary's entry is longer."""

Sequence = tuple[str, ...]


def readings(text: str, kind: str) -> tuple[Sequence, ...]:
    """Return the words of a composition's text; twice where pieces spell some of them.

    >>> readings("the user_12345 left.", "Sentence")
    (('the', 'user_12345', 'left', '.'),)
    >>> readings("mov ##ing on", "Context")
    (('mov', '##ing', 'on'), ('moving', 'on'))
    """
    if not kind_of(kind).pieces:
        return (tuple(_WORDS.findall(text)),)
    tokens = tuple(text.split())
    if not any(token.startswith(PIECE) for token in tokens[1:]):
        return (tokens,)
    # A space before a piece stands where the tokenizer cut, not where a word ends.
    return tokens, tuple(" ".join(tokens).replace(f" {PIECE}", "").split())


def split_parts(word: str) -> list[str]:
    """Return what a text that spells a word by pieces has one of: the seam behind the first piece.

    >>> split_parts("one")
    ['o ##n', 'on ##e']
    """
    cuts = range(1, min(len(word), LONGEST_PIECE + 1))
    return [f"{word[:cut]} {PIECE}{word[cut]}" for cut in cuts]


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
    >>> holds("keep mov ##ing", "Context", needles("moving"))
    True
    """
    lengths = sorted({len(needle) for needle in wanted})
    return any(
        window in wanted for words in readings(text, kind) for window in windows(words, lengths)
    )
