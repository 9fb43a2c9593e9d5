"""Asked words: the compositions that the words of a question stand for, parts of what no source has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10

from hartonomous.ask.relations.composed_words import shares_of
from hartonomous.ask.relations.neighbourhood import composing_parts, unknown_word
from hartonomous.ask.relations.relation_views import View
from hartonomous.ask.relations.word_rows import find_words
from hartonomous.errors import UsageError
from hartonomous.graph.driver import Graph, Row
from hartonomous.schema import STEP_PRICE

COMPOSED = "COMPOSED"
"""The type of a step between what no source knows and a part of it, which has no rating."""

TENTH = 50_000
"""What a step costs besides its price to a part with a tenth of the share, in micro-decades, as one
from a word to one of ten names with it does (cypher/ask/find_names_with)."""


@dataclass(frozen=True)
class AskedWord:
    """A word or phrase of a question: a composition, or the parts that it is composed of.

    `parts` have id, key, text and kind; `shares` is the weight of each, 1 in all. `text` is that of the
    composition, or as asked where there is none and `composed` has the texts of the parts.
    """

    text: str
    parts: tuple[Row, ...]
    shares: tuple[float, ...]
    composed: tuple[str, ...]

    @property
    def ids(self) -> list[int]:
        """The database ids of the parts."""
        return [part["id"] for part in self.parts]

    def prices(self) -> dict[int, int]:
        """Return what the step to each part costs, in micro-decades, by its id; 0 for a known word."""
        return {
            part["id"]: STEP_PRICE + floor(TENTH * log10(1 / share)) if self.composed else 0
            for part, share in zip(self.parts, self.shares, strict=True)
        }


def find_asked(graph: Graph, words: Sequence[str], view: View | None = None) -> list[AskedWord]:
    """Return what words and phrases stand for: of what no source knows, the parts that the view admits.

    Raises NotFound for what cannot be composed either, and for a word that seems misspelt; UsageError
    for one that is a fragment, which the view leaves out.
    """
    known = find_words(graph, words)
    found = []
    for word in words:
        row = known.get(word)
        one = _known(word, row, view) if row else compose(graph, word, view)
        if one is None:
            raise unknown_word(graph, word)
        found.append(one)
    return found


def compose(graph: Graph, word: str, view: View | None = None) -> AskedWord | None:
    """Return what no source knows as its parts, of those that the view admits; None without any."""
    every = composing_parts(graph, word)
    parts = tuple(part for part in every if view is None or view.admits(part["kind"]))
    if not parts:
        return None
    texts = tuple(part["text"] for part in parts)
    return AskedWord(word, parts, tuple(shares_of(graph, parts)), texts)


def find_compositions(graph: Graph, words: Sequence[str], view: View) -> list[Row]:
    """Return the compositions of words; raises NotFound for an unknown one, UsageError for a fragment
    that the view leaves out.
    """
    found = find_words(graph, words)
    for word in words:
        if word not in found:
            raise unknown_word(graph, word)
        _known(word, found[word], view)
    return [found[word] for word in words]


def _known(word: str, row: Row, view: View | None) -> AskedWord:
    if view is not None and not view.admits(row["kind"]):
        raise UsageError(
            f"{word!r} exists only as a {row['kind'].lower()}; --pieces includes continuation pieces "
            "in paths."
        )
    return AskedWord(row["text"], (row,), (1.0,), ())
