"""Concept match: whether a composition's text contains a concept.

The same matching serves the search for a concept and its later recognition, when only a keyed hash
of it is left. A text is a sequence of words; it contains a concept if the concept's words are
consecutive in it. A context is its tokens, joined by spaces, and is also read with its pieces
joined; any other text is runs of letters, digits and underscores, and other single characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from hartonomous.schema import find_kind

_WORDS = re.compile(r"\w+|[^\w\s]")

PIECE = "##"
LONGEST_PIECE = 256
"""Letters; no vocabulary's entry is longer."""

Sequence = tuple[str, ...]


def readings(text: str, kind: str) -> tuple[Sequence, ...]:
    """Return the words of a composition's text; twice if pieces spell some of them.

    >>> readings("the user_12345 left.", "Sentence")
    (('the', 'user_12345', 'left', '.'),)
    >>> readings("mov ##ing on", "Context")
    (('mov', '##ing', 'on'), ('moving', 'on'))
    """
    if not find_kind(kind).pieces:
        return (tuple(_WORDS.findall(text)),)
    tokens = tuple(text.split())
    if not any(token.startswith(PIECE) for token in tokens[1:]):
        return (tokens,)
    # A space before a piece is the tokenizer's cut, not the end of a word.
    return tokens, tuple(" ".join(tokens).replace(f" {PIECE}", "").split())


def split_parts(word: str) -> list[str]:
    """Return the substrings at the first cut of a text that spells a word in pieces; such a text
    contains one of them.

    >>> split_parts("one")
    ['o ##n', 'on ##e']
    """
    cuts = range(1, min(len(word), LONGEST_PIECE + 1))
    return [f"{word[:cut]} {PIECE}{word[cut]}" for cut in cuts]


def word_sequences(concept: str) -> frozenset[Sequence]:
    """Return the sequences of words, one of which a text with the concept contains.

    >>> sorted(word_sequences("user-12345"))
    [('user', '-', '12345'), ('user-12345',)]
    """
    return frozenset({tuple(concept.split()), tuple(_WORDS.findall(concept))}) - {()}


def windows(words: Sequence, lengths: Iterable[int]) -> Iterator[Sequence]:
    """Yield every sequence of consecutive words of the given lengths."""
    for length in lengths:
        for first in range(len(words) - length + 1):
            yield words[first : first + length]


def contains_concept(text: str, kind: str, wanted: frozenset[Sequence]) -> bool:
    """Return whether a text contains a concept, given its `word_sequences`.

    >>> contains_concept("user_123456 came", "Sentence", word_sequences("user_12345"))
    False
    >>> contains_concept("a red traffic light", "Sentence", word_sequences("traffic light"))
    True
    >>> contains_concept("keep mov ##ing", "Context", word_sequences("moving"))
    True
    """
    lengths = sorted({len(sequence) for sequence in wanted})
    return any(
        window in wanted for words in readings(text, kind) for window in windows(words, lengths)
    )
