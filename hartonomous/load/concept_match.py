"""Concept match: whether a composition's text contains a concept.

The same matching serves the search for a concept and its later recognition, when only a keyed hash
of it is left. A text is a sequence of words; it contains a concept if the concept's words are
consecutive in it. A context is its tokens, joined by spaces, and is also read with its pieces
joined; any other text is runs of letters, digits and underscores, and other single characters. An
identifier is read by its parts besides, whose case says nothing: `get_user` and `UserName` contain
`user`, `dogma` does not contain `dog`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from hartonomous.name_words import identifier_words
from hartonomous.schema import find_kind

_WORDS = re.compile(r"\w+|[^\w\s]")
_NAME = re.compile(r"[^\W_]+(?:[\s_.:/$#-]+[^\W_]+)*")

PIECE = "##"
LONGEST_PIECE = 256
"""Letters; no vocabulary's entry is longer."""

Sequence = tuple[str, ...]


def readings(text: str, kind: str, any_case: bool = False) -> tuple[Sequence, ...]:
    """Return the words of a composition's text; with `any_case`, in lower case.

    A context is read twice if pieces spell some of its words, an identifier as a whole and by its
    parts.

    >>> readings("the user_12345 left.", "Sentence")
    (('the', 'user_12345', 'left', '.'),)
    >>> readings("mov ##ing on", "Context")
    (('mov', '##ing', 'on'), ('moving', 'on'))
    >>> readings("app.UserName", "Symbol")
    (('app', '.', 'UserName'), ('app', 'user', 'name'))
    """
    record, cased = find_kind(kind), text.lower() if any_case else text
    if record.identifier:
        return tuple(_WORDS.findall(cased)), identifier_words(text)
    if not record.pieces:
        return (tuple(_WORDS.findall(cased)),)
    tokens = tuple(cased.split())
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


def name_parts(concept: str) -> Sequence:
    """Return the parts of a concept read as an identifier; none where a sign at an end belongs to it.

    >>> name_parts("trafficLight"), name_parts("traffic light"), name_parts("C++")
    (('traffic', 'light'), ('traffic', 'light'), ())
    """
    return identifier_words(concept) if _NAME.fullmatch(concept) else ()


@dataclass(frozen=True)
class Wanted:
    """Concepts that a text may contain: their sequences of words, and those of parts of identifiers.

    With `any_case`, however the text is capitalised; parts have no case.
    """

    words: frozenset[Sequence]
    parts: frozenset[Sequence]
    any_case: bool = False

    @classmethod
    def of(cls, concepts: Iterable[str], any_case: bool = False) -> Wanted:
        """Return what a text with one of the concepts contains."""
        given = tuple(concepts)
        words = (word_sequences(one.lower() if any_case else one) for one in given)
        parts = frozenset(map(name_parts, given)) - {()}
        return cls(frozenset().union(*words), parts, any_case)

    def is_in(self, text: str, kind: str) -> bool:
        """Return whether a text contains one of the concepts.

        >>> Wanted.of(["user_12345"]).is_in("user_123456 came", "Sentence")
        False
        >>> Wanted.of(["traffic light"]).is_in("a red traffic light", "Sentence")
        True
        >>> Wanted.of(["moving"]).is_in("keep mov ##ing", "Context")
        True
        >>> [Wanted.of(["User"]).is_in(name, "Symbol") for name in ("get_user", "userland")]
        [True, False]
        """
        read = readings(text, kind, self.any_case)
        if any(_meets(words, self.words, self._lengths) for words in read):
            return True
        return find_kind(kind).identifier and _meets(read[-1], self.parts, self._lengths_of_parts)

    @cached_property
    def _lengths(self) -> list[int]:
        return sorted({len(sequence) for sequence in self.words})

    @cached_property
    def _lengths_of_parts(self) -> list[int]:
        return sorted({len(sequence) for sequence in self.parts})


def _meets(words: Sequence, wanted: frozenset[Sequence], lengths: list[int]) -> bool:
    return any(window in wanted for window in windows(words, lengths))
