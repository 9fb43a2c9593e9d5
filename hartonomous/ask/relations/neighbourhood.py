"""Neighbours: the compositions most related to a word."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from hartonomous.ask.relations.composed_words import composed_neighbours, parts_of
from hartonomous.errors import NotFound, UsageError
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.name_words import text_words
from hartonomous.schema import DEFAULT_RELATION, rated_type

ORDERS = ("consensus", "elo")
SUGGESTIONS = 5

MISSPELT = 0.85
"""From this similarity to a known word on, an unknown one is taken for a misspelling of it."""


@dataclass(frozen=True)
class Word:
    """The composition found for a word; `exact` is false if only the case differs."""

    key: str
    text: str
    kind: str
    exact: bool


def find_word(graph: Graph, word: str) -> Word:
    """Return the composition of a word: exact first, then case-insensitive.

    Raises NotFound, with similar words, if there is none.
    """
    found = graph.read(query("ask/find_word"), word=word)
    if not found:
        raise unknown_word(graph, word)
    return Word(**found[0])


def similar_words(graph: Graph, word: str, cutoff: float = 0.6) -> tuple[str, ...]:
    """Return words of a similar spelling, most similar first, at least as similar as `cutoff`, 0 to 1."""
    folded = word.lower()
    for length in (2, 1):
        rows = graph.read(query("ask/suggest_words"), folded=folded, prefix=folded[:length])
        candidates = [row["text"] for row in rows]
        if near := difflib.get_close_matches(word, candidates, SUGGESTIONS, cutoff):
            return tuple(near)
    return ()


def composing_parts(graph: Graph, word: str) -> list[Row]:
    """Return what an unknown text is composed of; none for a word that is rather a misspelt one."""
    parts = parts_of(graph, word)
    misspelt = parts and len(text_words(word)) == 1 and similar_words(graph, word, MISSPELT)
    return [] if misspelt else parts


def unknown_word(graph: Graph, word: str) -> NotFound:
    """Return the error for an unknown word, with similar words and its parts as suggestions."""
    if not graph.read(query("ask/any_composition")):
        return NotFound("The graph is empty; 'hartonomous ingest' fills it.")
    near = similar_words(graph, word)
    told = [f"Did you mean {', '.join(near)}?"] if near else []
    if parts := composing_parts(graph, word):
        joined = " and ".join(repr(part["text"]) for part in parts)
        told.append(
            f"Its parts {joined} are known; 'hartonomous neighbours', 'path' and 'traverse' compose them."
        )
    more = f". {' '.join(told)}" if told else ", and there is no similar word."
    return NotFound(f"No source knows {word!r}{more}", suggestions=near)


def neighbours(
    graph: Graph,
    word: str,
    top: int = 10,
    by: str = "consensus",
    source: str | None = None,
    min_sources: int = 1,
    pieces: bool = False,
    types: Sequence[str] = (DEFAULT_RELATION,),
) -> list[Row]:
    """Return a word's most related compositions, best first; columns as in the Cypher file, and
    `composed`.

    A word or phrase that no source has is composed of what it consists of, whose texts are in
    `composed`, empty for a known one; its order is by consensus. `source` keeps the pairs observed by
    this source, `min_sources` those of at least that many; continuation pieces are left out unless
    `pieces`. Of directed rated types both directions are listed; `direction` is out or in, itself, or
    none. Raises NotFound for an unknown word or source, UsageError for an unknown type or order.
    """
    if by not in ORDERS:
        raise UsageError(f"The order must be {' or '.join(ORDERS)}, not {by!r}.")
    if not types:
        raise UsageError("At least one rated type is required, such as RELATES.")
    chosen = tuple(rated_type(name).name for name in types)
    conditions = {"top": top, "source": source, "min_sources": min_sources, "pieces": pieces}
    statement = query("ask/neighbours", types=chosen)
    rows = graph.read(statement, word=word, by=by, types=list(chosen), **conditions)
    if rows:
        return [{**row, "composed": ()} for row in rows]
    parts: list[Row] = []
    if not graph.read(query("ask/find_word"), word=word):
        parts = composing_parts(graph, word)
        if not parts:
            raise unknown_word(graph, word)
    if source is not None and not graph.read(query("load/read_source"), name=source):
        raise unknown_source(graph, source)
    composed = tuple(part["text"] for part in parts)
    rows = composed_neighbours(graph, parts, chosen, conditions) if parts else []
    return [{**row, "composed": composed} for row in rows]


def unknown_source(graph: Graph, name: str) -> NotFound:
    """Return the error for an unknown source, with the list of sources."""
    names = tuple(row["name"] for row in graph.read(query("ask/sources")))
    known = f"There are {', '.join(names)}." if names else "There is none yet."
    return NotFound(f"No source is called {name!r}. {known}", suggestions=names)
