"""Word senses: the groups that a word's neighbours fall into."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from hartonomous.ask.relations.neighbourhood import find_word
from hartonomous.ask.relations.readable_words import reads
from hartonomous.ask.relations.relation_views import EVEN
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.mapping_record import Record
from hartonomous.schema import DEFAULT_RELATION

NEIGHBOURS = 100
"""Most neighbours that are grouped: the strongest."""

SEED = 1
"""Seed of Louvain's random order: the same graph always has the same senses."""

LISTED = 5
"""Most positions that are told of a group: those that list most of it."""


@dataclass(frozen=True)
class Sense(Record):
    """A group of a word's neighbours that are related among each other, strongest word first.

    `share` is the group's part of the odds of all neighbours, from 0 to 1; `sources` relate the word
    to one of the group; `positions`, such as layers, list the most of these pairs.
    """

    name: str
    share: float
    size: int
    words: tuple[str, ...]
    sources: tuple[str, ...]
    positions: tuple[str, ...]


def senses(
    graph: Graph, word: str, top: int = 10, members: int = 8, everything: bool = False
) -> list[Sense]:
    """Return the groups that a word's neighbours fall into, by their share of its odds.

    Communities (Louvain; Blondel et al. 2008) of the graph of its 100 strongest neighbours, without
    the word itself; its spellings in another case, and texts that nobody reads unless `everything`,
    are left out. A neighbour related to no other is in no group. Raises NotFound for an unknown word.
    """
    known = find_word(graph, word)
    rows = graph.read(
        query("ask/read_sense_words", rated=DEFAULT_RELATION),
        word=word,
        most=NEIGHBOURS,
        pieces=everything,
    )
    folded = known.text.casefold()
    shown = [
        row
        for row in rows
        if row["text"].casefold() != folded and (everything or reads(row["text"]))
    ]
    groups = [group for group in _groups(graph, shown) if len(group) > 1]
    whole = sum(row["decades"] for row in shown)
    found = [_sense(group, whole, members) for group in groups]
    return sorted(found, key=lambda one: (-one.share, one.name))[:top]


def _groups(graph: Graph, rows: list[Row]) -> Iterable[list[Row]]:
    """Return the rows in groups, those of a group strongest first."""
    import networkx

    by_key = {row["key"]: row for row in rows}
    ties = graph.read(
        query("ask/read_pairs_among", types=(DEFAULT_RELATION,)),
        ids=[row["id"] for row in rows],
        above=EVEN,
        min_sources=1,
        numbers=None,
    )
    joined: networkx.Graph[str] = networkx.Graph()
    # In the order of the rows, which is of the graph alone, for Louvain's order follows it.
    joined.add_nodes_from(by_key)
    for tie in ties:
        if tie["start"] != tie["end"]:
            joined.add_edge(tie["start"], tie["end"], weight=tie["decades"])
    parts = networkx.community.louvain_communities(joined, weight="weight", seed=SEED)
    return [[row for key, row in by_key.items() if key in part] for part in parts]


def _sense(group: list[Row], whole: int, members: int) -> Sense:
    listed = Counter(place for row in group for place in set(row["positions"]))
    positions = sorted(listed, key=lambda place: (-listed[place], place))[:LISTED]
    return Sense(
        group[0]["text"],
        round(sum(row["decades"] for row in group) / whole, 4),
        len(group),
        tuple(row["text"] for row in group[:members]),
        tuple(sorted({source for row in group for source in row["sources"]})),
        tuple(positions),
    )
