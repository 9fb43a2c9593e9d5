"""Source pairs: the pairs of the graph, each with the sources that relate it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hartonomous.evaluate.pair_sets import Ints, PairSet
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.rate.rating_pass import source_numbers
from hartonomous.schema import DEFAULT_RELATION, evidence_type

STARTS = 1_000
"""Compositions whose pairs are read in one result."""


@dataclass(frozen=True)
class RelatedPairs:
    """Rated pairs over the compositions `key` (sorted).

    `pairs` (m,) int64 are low index * size + high, `decades` (m,) int64 in milli-decades;
    `holders[i]` is the index in `sets` of the sources that relate pair i; `knows[name]` (size,) is
    the mask of a source's compositions. `place` is over a list that may be longer than `key`.
    """

    size: int
    key: tuple[str, ...]
    pairs: Ints
    decades: Ints
    holders: Ints
    sets: tuple[frozenset[str], ...]
    knows: dict[str, NDArray[np.bool_]]

    def of(self, source: str) -> PairSet:
        """Return the pairs of one source."""
        inside = np.array([source in names for names in self.sets], dtype=bool)
        return PairSet(self.size, self.pairs[inside[self.holders]], self.knows[source])


def vector_tracks(graph: Graph) -> list[Row]:
    """Return the live tracks of vectors, by which sources judge each other."""
    return [
        track
        for track in graph.read(query("rate/read_tracks"))
        if track["state"] == "live" and evidence_type(track["evidence"]).silence
    ]


def related_tracks(graph: Graph) -> list[Row]:
    """Return the live tracks with a part in the consensus of RELATES, of vectors or counted."""
    return [
        track
        for track in graph.read(query("rate/read_tracks"))
        if track["state"] == "live" and evidence_type(track["evidence"]).feeds == DEFAULT_RELATION
    ]


def read_related_pairs(graph: Graph, tracks: list[Row], more: tuple[str, ...] = ()) -> RelatedPairs:
    """Return every pair of RELATES, over the graph's compositions and `more` keys."""
    vocabulary = list(graph.stream(query("ask/read_vocabulary")))
    key = tuple(sorted({row[1] for row in vocabulary} | set(more)))
    places = {one: place for place, one in enumerate(key)}
    ids = np.array(sorted((row[0], places[row[1]]) for row in vocabulary), np.int64).reshape(-1, 2)
    # A rated edge names a source by the lowest number of all its tracks.
    live = [one for one in graph.read(query("rate/read_tracks")) if one["state"] == "live"]
    names = {number: name for name, number in source_numbers(live).items()}
    found, sets = _stream(graph, ids, names)
    low, high, decades, holders = found
    pairs = np.minimum(low, high) * len(key) + np.maximum(low, high)
    order = np.argsort(pairs)
    return RelatedPairs(
        len(key), key, pairs[order], decades[order], holders[order], sets,
        _knowing(vocabulary, tracks, places),
    )  # fmt: skip


def _stream(
    graph: Graph, ids: Ints, names: dict[int, str]
) -> tuple[tuple[Ints, Ints, Ints, Ints], tuple[frozenset[str], ...]]:
    numbers: dict[frozenset[str], int] = {}
    parts: list[list[Ints]] = [[], [], [], []]
    statement = query("ask/read_related_pairs")
    for first in range(0, len(ids), STARTS):
        asked = ids[first : first + STARTS, 0].tolist()
        for start, seen, ends, decades in graph.stream(statement, ids=asked):
            holders = frozenset(names[number] for number in seen if number in names)
            number = numbers.setdefault(holders, len(numbers))
            for column, values in zip(
                parts, (np.full(len(ends), start), ends, decades, np.full(len(ends), number)),
                strict=True,
            ):  # fmt: skip
                column.append(np.asarray(values, dtype=np.int64))
    none = np.empty(0, dtype=np.int64)
    low, high, said, holding = (np.concatenate([*column, none]) for column in parts)
    place = ids[:, 1]
    low, high = (place[np.searchsorted(ids[:, 0], end)] for end in (low, high))
    return (low, high, said, holding), tuple(numbers)


def _knowing(
    vocabulary: list[tuple[int, str, str]], tracks: list[Row], places: dict[str, int]
) -> dict[str, NDArray[np.bool_]]:
    knows = {track["source"]: np.zeros(len(places), dtype=bool) for track in tracks}
    owner = {str(track["number"]): track["source"] for track in tracks}
    classes: dict[str, set[str]] = {}
    for _, key, known in vocabulary:
        if known not in classes:
            classes[known] = {owner[n] for n in known.split("+") if n in owner}
        for name in classes[known]:
            knows[name][places[key]] = True
    return knows
