"""Queries of more than one step: answers by an encoder, counts of the graph, remarks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, Unpack

from hartonomous.ask.relations import question_answers
from hartonomous.ask.relations.asked_words import find_asked
from hartonomous.ask.relations.neighbourhood import find_word
from hartonomous.ask.relations.relation_views import View
from hartonomous.ask.relations.repetition import Repetition, repetition
from hartonomous.ask.relations.source_statistics import Stats, stats
from hartonomous.erase.compaction import managed_home
from hartonomous.extract.encoder_protocol import Encoder, open_encoder
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.operations.settings import checked
from hartonomous.progress import Say
from hartonomous.server.connection import managed_bytes

UNSETTLED = (
    "Note: a rating pass is running or was interrupted; some ratings are outdated. "
    "'hartonomous rate' finishes it."
)

_DOING = {
    "loading": "is being loaded, or its ingest was interrupted; answers do not include it yet",
    "replacing": "is being replaced, or that was interrupted; its rows are those of two versions",
    "deleting": "is being removed, or that was interrupted; answers may still include it",
}
"""What is said of a source by its state."""


@dataclass(frozen=True)
class Standing:
    """What of the graph is unfinished: whether ratings are `settled`, and the state of each source that
    is not live, by name.
    """

    settled: bool
    unfinished: dict[str, str]

    def remark(self, say: Say) -> None:
        """Report what makes answers outdated or incomplete."""
        for name, state in self.unfinished.items():
            say(f"Note: source {name!r} {_DOING.get(state, f'is {state}')}.")
        if not self.settled:
            say(UNSETTLED)


def read_standing(graph: Graph) -> Standing:
    """Return what of the graph is unfinished."""
    rows = graph.read(query("ask/read_unfinished"))
    if not rows:
        return Standing(True, {})
    return Standing(rows[0]["settled"], {one["name"]: one["state"] for one in rows[0]["sources"]})


def remark_unsettled(graph: Graph, say: Say) -> None:
    """Report that answers may be outdated or incomplete; called at the start of every query."""
    read_standing(graph).remark(say)


def remark_spelling(graph: Graph, word: str, rows: Sequence[Row], say: Say) -> None:
    """Report a word that is in the graph in another spelling only, or composed, or without rows."""
    if rows and (parts := rows[0]["composed"]):
        say(composition_remark(word, parts))
        return
    known = find_word(graph, word)
    if not known.exact:
        say(f"{word!r} is not in the graph; this is {known.text!r}.")
    if not rows:
        say(f"{known.text!r} is in the graph, but no pair of it meets these conditions.")


def remark_composed(
    graph: Graph, words: Sequence[str], composed: Sequence[str], say: Say, view: View | None = None
) -> None:
    """Report which words of a question are composed, and of what, where `composed` has parts."""
    for one in find_asked(graph, words, view) if composed else ():
        if one.composed:
            say(composition_remark(one.text, one.composed))


def composition_remark(word: str, parts: Sequence[str]) -> str:
    """Return what is said of a word or phrase that is composed of these parts."""
    return f"No source knows {word!r}; this is composed of {', '.join(map(repr, parts))}."


class ViewSettings(TypedDict, total=False):
    """Options that restrict the relations of a query; each is optional.

    `types`: rated types to follow, "RELATES". `sources`: only pairs observed by one of these sources.
    `above`: only pairs rated above this, in points; 1500 is even odds. `min_sources`: least number of
    sources per pair, 1. `pieces`: include continuation pieces (##ing).
    """

    types: str | Sequence[str]
    sources: str | Sequence[str] | None
    above: int
    min_sources: int
    pieces: bool


def request_view(**settings: Unpack[ViewSettings]) -> View:
    """Return the view; several names are a sequence, or separated by commas."""
    checked(settings, ViewSettings)
    usual = View()
    return View(
        names_of(settings.get("types", usual.types)),
        names_of(settings.get("sources") or ()),
        settings.get("above", usual.above),
        settings.get("pieces", usual.pieces),
        settings.get("min_sources", usual.min_sources),
    )


def names_of(names: str | Sequence[str]) -> tuple[str, ...]:
    """Return names given as a sequence, or as one text separated by commas."""
    parts = names.split(",") if isinstance(names, str) else names
    return tuple(part.strip() for part in parts if part.strip())


def answer(
    graph: Graph, question: str, encoder: Path | Encoder | None = None, top: int = 3
) -> list[Row]:
    """Return answers to a question, best first, with the path to each.

    `encoder` compares it with stored questions; without one, it is matched by its words. Raises
    NotFound if nothing matches.
    """
    if encoder is None:
        return question_answers.ask(graph, question, top, None)
    opened = open_encoder(encoder) if isinstance(encoder, Path) else encoder
    return question_answers.ask(graph, question, top, opened.encode)


def count(graph: Graph) -> tuple[Stats, Repetition]:
    """Return counts of the graph, and the repetition of pairs within and across models.

    For the managed server, the counts include the bytes of its store.
    """
    managed = managed_home(graph) is not None
    return stats(graph, managed_bytes({}) if managed else None), repetition(graph)
