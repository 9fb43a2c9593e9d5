"""Planned consensus: the consensus of chosen words after a plan, and at present."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hartonomous.ask.relations.word_rows import (
    WORDS_AT_ONCE,
    Said,
    WordRows,
    find_words,
    read_decades,
    word_rows,
)
from hartonomous.delete.deletion_plan import Plan
from hartonomous.delete.rating_forecast import with_vote
from hartonomous.evaluate.word_similarity import (
    Floats,
    GoldPairs,
    affinities,
    direct,
    known_classes,
    silence_of,
)
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.schema import DEFAULT_RELATION, evidence_type

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Consensus:
    """The consensus of chosen words.

    `silence` gives the decades of pairs that no track lists, `ids` the words' database ids by key,
    `said` the decades of each word's relations.
    """

    ids: dict[str, int]
    said: tuple[Said, ...]
    rows: WordRows
    silence: Callable[[str, str], int]

    def direct(self, pairs: GoldPairs) -> Floats:
        """Return the decades of each pair, (pairs,) float64 milli-decades; nan for an unknown word."""
        return direct(pairs, self.rows, self.silence)

    def affinities(self, pairs: GoldPairs) -> Floats:
        """Return the affinity, less its constant, of each pair, (pairs,) float64; nan for a word
        without relations.
        """
        return affinities(pairs, self.rows, self.silence)


def consensus_now(graph: Graph, words: Sequence[str]) -> Consensus:
    """Return the present consensus of words."""
    found = find_words(graph, words)
    silence = silence_of(_live(graph), found, known_classes(graph, found))
    return _consensus(found, tuple(read_decades(graph, found)), silence)


def consensus_after(graph: Graph, planned: Plan, words: Sequence[str]) -> Consensus:
    """Return the consensus of words after a plan, from the plan's tables.

    Valid while the graph does not change.
    """
    found = _find_staying(graph, planned, words)
    leaving = {name for name, one in planned.summary["sources"].items() if one["whole"]}
    votes = planned.summary["votes"]
    staying = [with_vote(t, votes) for t in _live(graph) if t["source"] not in leaving]
    silence = silence_of(staying, found, _classes_after(graph, planned, found))
    said = _predicted(planned, _ids_by_key(found), read_decades(graph, found))
    return _consensus(found, tuple(said), silence)


def _consensus(
    found: dict[str, Row], said: tuple[Said, ...], silence: Callable[[str, str], int]
) -> Consensus:
    return Consensus(_ids_by_key(found), said, word_rows(found, said), silence)


def _ids_by_key(found: dict[str, Row]) -> dict[str, int]:
    return {row["key"]: row["id"] for row in found.values()}


def _live(graph: Graph) -> list[Row]:
    return [t for t in graph.read(query("rate/read_tracks")) if t["state"] == "live"]


def _find_staying(graph: Graph, planned: Plan, words: Sequence[str]) -> dict[str, Row]:
    """Return the composition of each word afterwards: if its own is removed, the next one with this
    spelling.
    """
    found = find_words(graph, words)
    gone = set(_ids(planned, planned.tables["orphans"]["composition"]).tolist())
    lost = sorted(word for word, row in found.items() if row["id"] in gone)
    staying = {word: row for word, row in found.items() if row["id"] not in gone}
    for first in range(0, len(lost), WORDS_AT_ONCE):
        part = lost[first : first + WORDS_AT_ONCE]
        for row in graph.read(query("delete/find_spellings"), words=part):
            spelt = zip(row["keys"], row["ids"], strict=True)
            left = [{"key": key, "id": id} for key, id in spelt if id not in gone]
            if left:
                staying[row["word"]] = left[0]
    return staying


def _classes_after(graph: Graph, planned: Plan, found: dict[str, Row]) -> dict[str, str]:
    """Return, by key, the class of each word afterwards."""
    keys = planned.tables["compositions"]["key"].to_pylist()
    renamed = planned.summary["renamed"]
    known = known_classes(graph, found)
    for row in planned.tables["known"].to_pylist():
        if keys[row["composition"]] in known:
            known[keys[row["composition"]]] = row["known"]
    return {key: renamed.get(name, name) for key, name in known.items()}


def _predicted(planned: Plan, ids: dict[str, int], said: Iterator[Said]) -> Iterator[Said]:
    """Yield the decades of each word with the plan's changes."""
    start, end, decades, lost = _changes(planned, np.array(sorted(ids.values()), dtype=np.int64))
    for key, others, told in said:
        first, last = np.searchsorted(start, [ids[key], ids[key] + 1])
        if first == last:
            yield key, others, told
            continue
        # All of a word's relations are in the graph, so each change has an entry among them.
        order = np.argsort(others)
        place = order[np.searchsorted(others[order], end[first:last])]
        stays, changed = np.ones(len(others), dtype=bool), told.copy()
        changed[place], stays[place] = decades[first:last], ~lost[first:last]
        yield key, others[stays], changed[stays]


def _changes(planned: Plan, wanted: Ints) -> tuple[Ints, Ints, Ints, NDArray[np.bool_]]:
    """Return start, end, new decades, and whether it is lost, of each changed relation of the
    wanted words; in both directions, by start.
    """
    lose, shift = consensus_relations(planned), planned.tables["shifts"]
    if "type" in shift.schema.names:
        shift = shift.filter(pc.equal(shift["type"], DEFAULT_RELATION))
    names = ["start", "end", "decades"]
    table = pa.concat_tables([lose.select(names), shift.select(names)])
    lost = np.concatenate([lose["n"].to_numpy() == 0, np.zeros(shift.num_rows, dtype=bool)])
    start, end, row = _both_ways(planned, table, wanted)
    return start, end, table["decades"].to_numpy()[row].astype(np.int64), lost[row]


def _both_ways(planned: Plan, relations: pa.Table, wanted: Ints) -> tuple[Ints, Ints, Ints]:
    """Return start, end and row of the relations of the wanted words, from either end, by start."""
    ends = _ids(planned, relations["start"]), _ids(planned, relations["end"])
    start, end = np.concatenate(ends), np.concatenate(ends[::-1])
    inside = np.flatnonzero(np.isin(start, wanted))
    inside = inside[np.argsort(start[inside], kind="stable")]
    return start[inside], end[inside], inside % max(relations.num_rows, 1)


def consensus_relations(planned: Plan) -> pa.Table:
    """Return the planned relations with a consensus, with the columns of
    `rating_forecast.RELATIONS`.
    """
    relations = planned.tables["relations"]
    return relations.filter(pc.equal(relations["type"], DEFAULT_RELATION))


def relations_of(planned: Plan, words: Ints) -> tuple[Ints, Ints]:
    """Return the ends of the words' relations that lose evidence, two (m,) int64 by start, the
    word.

    `words` (n,) int64 are row numbers of the plan's compositions.
    """
    start, end, _ = _both_ways(planned, consensus_relations(planned), words)
    return start, end


def known_words(planned: Plan) -> Ints:
    """Return the database ids (n,) int64, sorted, of compositions with removed evidence of vector
    tracks; of a source without any, with removed evidence of RELATES.
    """
    types = {name: evidence_type(name) for name in planned.evidence}
    related = [name for name, one in types.items() if one.feeds == DEFAULT_RELATION]
    chosen = [name for name in related if types[name].silence] or related
    tables = [planned.evidence[name] for name in chosen]
    ends = [table[end].to_numpy() for table in tables for end in ("start", "end")]
    rows = np.unique(np.concatenate([np.empty(0, np.int32), *ends]))
    return np.sort(planned.tables["compositions"]["id"].to_numpy()[rows])


def _ids(planned: Plan, rows: pa.ChunkedArray) -> Ints:
    ids: Ints = planned.tables["compositions"]["id"].to_numpy()[rows.to_numpy()]
    return ids
