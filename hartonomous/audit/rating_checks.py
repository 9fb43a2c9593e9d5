"""Checks of rated edges against the ratings of their evidence; finds missing edges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hartonomous.audit.audit_findings import LISTED, Findings, names_of
from hartonomous.audit.composition_checks import Compositions
from hartonomous.audit.edge_columns import RATED, Edges
from hartonomous.audit.recomputed_ratings import Ratings, set_hashes
from hartonomous.graph.driver import Graph
from hartonomous.schema import RatedType

Ints = NDArray[np.int64]


NO_EVIDENCE = "no evidence of a live source"


@dataclass
class Tally:
    """Counts of one rated type: pairs with evidence; edges; missing and duplicated edges; edges
    that differ from their evidence or have none.
    """

    pairs: int = 0
    edges: int = 0
    wrong: int = 0
    unfounded: int = 0


class RatingProof:
    """Compares rated edges with the ratings of their evidence, part by part."""

    def __init__(self, graph: Graph, compositions: Compositions) -> None:
        self.graph, self.compositions, self.found = graph, compositions, Findings()
        self.tallies: dict[str, Tally] = {}

    def take(self, rated: RatedType, ratings: Ratings, actual: Edges) -> None:
        """Compare all rated edges of a type that start at some compositions."""
        tally = self.tallies.setdefault(rated.name, Tally())
        tally.pairs += len(ratings.pair)
        tally.edges += actual.count
        self._tell_faults(rated, ratings, actual)
        code, outside = self._codes(actual)
        place = np.searchsorted(ratings.pair, code)
        place[place == len(ratings.pair)] = 0
        there = np.zeros(len(code), dtype=bool)
        if len(ratings.pair):
            there = ratings.pair[place] == code
        unfounded = np.flatnonzero(~there & (code >= 0))
        times = np.bincount(place[there], minlength=len(ratings.pair))
        twice = np.flatnonzero(there)[times[place[there]] > 1]
        for what, rows in (
            ("an end that is no composition", outside),
            (NO_EVIDENCE, unfounded),
            ("stored more than once", twice),
        ):
            self._tell(rated, what, actual, rows)
        missing = self._missing(ratings, np.flatnonzero(times == 0), actual)
        self._tell_missing(rated, ratings, missing)
        wrong = _wrong(rated, ratings, actual, np.flatnonzero(there), place)
        self._tell_wrong(rated, ratings, actual, wrong, place)
        tally.unfounded += len(unfounded) + len(outside)
        tally.unfounded += self._tell_unfounded_faults(rated, ratings, actual)
        tally.wrong += len(wrong) + len(twice) + len(missing) + len(actual.faults)

    def _codes(self, actual: Edges) -> tuple[Ints, Ints]:
        """Return the pair of each edge, -1 if an end is not a composition, and the rows of those."""
        (start, no_start), (end, no_end) = map(self.compositions.rows, (actual.start, actual.end))
        code = np.where(no_start | no_end, -1, start * len(self.compositions.ids) + end)
        return code, np.flatnonzero(code < 0)

    def _missing(self, ratings: Ratings, rows: Ints, actual: Edges) -> Ints:
        """Return the pairs without an edge; edges with invalid values are reported elsewhere."""
        if not actual.faults or not len(rows):
            return rows
        told = {(one.start, one.end) for one in actual.faults}
        return np.array([row for row in rows if self._ends(ratings, row) not in told], np.int64)

    def _ends(self, ratings: Ratings, row: int) -> tuple[int, int]:
        start, end = divmod(int(ratings.pair[row]), len(self.compositions.ids))
        return int(self.compositions.ids[start]), int(self.compositions.ids[end])

    def _named(self, rated: RatedType, ends: Sequence[tuple[int, int]]) -> Iterator[str]:
        named = names_of(self.graph, [end for pair in ends for end in pair])
        return (f"{rated.name} {named[a]} → {named[b]}" for a, b in ends)

    def _tell_faults(self, rated: RatedType, ratings: Ratings, actual: Edges) -> None:
        listed = actual.faults[:LISTED]
        if not listed:
            return
        columns = np.array([(one.start, one.end) for one in listed], dtype=np.int64).T
        code, _ = self._codes(Edges(None, columns[0], columns[1], {}, len(listed)))
        names = self._named(rated, [(one.start, one.end) for one in listed])
        texts = []
        for name, one, pair in zip(names, listed, code.tolist(), strict=True):
            text = f"{name}: {one.name} is {one.value!r}, which is not valid"
            row = int(np.searchsorted(ratings.pair, pair))
            if row < len(ratings.pair) and ratings.pair[row] == pair:
                text += f", expected {ratings.value(row, one.name)} from its evidence"
            texts.append(f"{text}.")
        kind = f"{rated.name} edges with invalid values"
        self.found.add_many(kind, texts, len(actual.faults))

    def _tell_unfounded_faults(self, rated: RatedType, ratings: Ratings, actual: Edges) -> int:
        """Report edges without evidence among those with invalid values; return their number."""
        ends = sorted({(one.start, one.end) for one in actual.faults})
        if not ends:
            return 0
        columns = np.array(ends, dtype=np.int64).T
        nothing = Edges(None, columns[0], columns[1], {}, len(ends))
        code, _ = self._codes(nothing)
        rows = np.flatnonzero(~np.isin(code, ratings.pair))
        self._tell(rated, NO_EVIDENCE, nothing, rows)
        return len(rows)

    def _tell(self, rated: RatedType, what: str, actual: Edges, rows: Ints) -> None:
        if len(rows):
            ends = [(int(actual.start[row]), int(actual.end[row])) for row in rows[:LISTED]]
            texts = [f"{name}: {what}." for name in self._named(rated, ends)]
            self.found.add_many(f"{rated.name} edges: {what}", texts, len(rows))

    def _tell_missing(self, rated: RatedType, ratings: Ratings, rows: Ints) -> None:
        if len(rows):
            names = self._named(rated, [self._ends(ratings, row) for row in rows[:LISTED]])
            elos = ratings.columns["elo"][rows[:LISTED]].tolist()
            texts = [
                f"{name}: missing, expected elo {elo} from its evidence."
                for name, elo in zip(names, elos, strict=True)
            ]
            kind = f"missing {rated.name} edges"
            self.found.add_many(kind, texts, len(rows))

    def _tell_wrong(
        self, rated: RatedType, ratings: Ratings, actual: Edges, rows: Ints, place: Ints
    ) -> None:
        if not len(rows):
            return
        listed = rows[:LISTED].tolist()
        ends = [(int(actual.start[row]), int(actual.end[row])) for row in listed]
        texts = []
        for name, row in zip(self._named(rated, ends), listed, strict=True):
            told = list(_differences(rated, ratings, actual, row, int(place[row])))
            said = ", ".join(f"{what} {value}" for what, value, _ in told)
            meant = ", ".join(f"{what} {value}" for what, _, value in told)
            texts.append(f"{name}: {said}; expected {meant} from its evidence.")
        kind = f"{rated.name} edges that differ from their evidence"
        self.found.add_many(kind, texts, len(rows))


def _wrong(rated: RatedType, ratings: Ratings, actual: Edges, rows: Ints, place: Ints) -> Ints:
    """Return the rows of edges that differ from their evidence."""
    away = np.zeros(len(rows), dtype=bool)
    at = place[rows]
    for name, expected in ratings.columns.items():
        away |= actual.columns[name][rows] != expected[at]
    lists = actual.columns["seen"]
    offsets = np.asarray(lists.offsets, dtype=np.int64)
    lengths = np.diff(offsets)
    hashes = set_hashes(np.asarray(lists.values, dtype=np.int64), offsets[:-1], lengths)
    other = hashes[rows] != ratings.seen[at]
    other |= lengths[rows] != ratings.columns["sources"][at]
    wrong: Ints = rows[away | other]
    return wrong


def _differences(
    rated: RatedType, ratings: Ratings, actual: Edges, row: int, place: int
) -> Iterator[tuple[str, Any, Any]]:
    """Yield each differing property, with the edge's value and the expected one."""
    for name in RATED:
        if name == "seen":
            said: Any = sorted(actual.columns[name][row].as_py())
        else:
            said = actual.columns[name][row].item()
        if said != (meant := ratings.value(place, name)):
            yield name, said, meant
