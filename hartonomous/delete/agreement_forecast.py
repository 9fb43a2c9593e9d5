"""Forecast of source agreements after a removal, from the affected rows alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row, in_parts
from hartonomous.rate.rating_pass import source_numbers, vector_tracks
from hartonomous.rate.source_agreement import Agreement, Pair
from hartonomous.schema import DEFAULT_RELATION, evidence_type

IDS = 5_000

Ints = NDArray[np.int64]


def class_numbers(name: str) -> frozenset[int]:
    """Return the numbers of the tracks in a class of words."""
    return frozenset(int(number) for number in name.split("+") if number)


class Recount:
    """Agreements after a removal, from the affected rows alone."""

    def __init__(
        self,
        graph: Graph,
        staying: Sequence[Row],
        partial: Mapping[str, pa.Table],
        known: Mapping[int, str],
        before: Mapping[int, str],
        changed: Ints,
    ) -> None:
        self.sources = vector_tracks(staying)
        self.owner = {min(numbers): name for name, numbers in self.sources.items()}
        self.known, self.before, self.changed = known, before, changed
        self.words = _touched_words(partial)
        ids = np.union1d(self.words, changed)
        self.edges: dict[int, tuple[int, int, tuple[int, ...], str, str]] = {}
        for part in in_parts(ids.tolist(), IDS):
            for edge, start, end, seen, low, high in graph.stream(
                query("delete/read_rated", rated=DEFAULT_RELATION), ids=part
            ):
                self.edges[edge] = start, end, tuple(seen), low or "", high or ""
        self.left = self._left(graph, staying, partial)

    def _left(
        self, graph: Graph, staying: Sequence[Row], partial: Mapping[str, pa.Table]
    ) -> dict[tuple[int, int], set[int]]:
        """Return, for each pair that loses rows, the numbers of the sources that keep some."""
        gone: dict[tuple[int, int], Counter[str]] = defaultdict(Counter)
        for evidence, table in partial.items():
            if evidence_type(evidence).feeds != DEFAULT_RELATION:
                continue
            ends = zip(table["start"].to_pylist(), table["end"].to_pylist(), strict=True)
            for pair, source in zip(ends, table["source"].to_pylist(), strict=True):
                gone[pair][source] += 1
        number = source_numbers(staying)
        left: dict[tuple[int, int], set[int]] = {}
        for part in in_parts(sorted(gone), IDS):
            rows = graph.read(
                query("delete/count_pair_sources", rated=DEFAULT_RELATION),
                pairs=list(map(list, part)),
            )
            for row in rows:
                pair = row["start"], row["end"]
                if row["source"] in number and row["rows"] > gone[pair][row["source"]]:
                    left.setdefault(pair, set()).add(number[row["source"]])
        return {pair: left.get(pair, set()) for pair in gone}

    def of(self, concerned: Sequence[Agreement]) -> list[Agreement]:
        """Return the agreements after the removal."""
        wanted = {(a.low, a.high) for a in concerned}
        words: Counter[Pair] = Counter()
        pairs: Counter[tuple[Pair, str]] = Counter()
        shared: Counter[Pair] = Counter()
        for i in self.changed.tolist():
            for sign, name in ((-1, self.before[i]), (1, self.known[i])):
                for pair in _within(self._knowing(name), wanted):
                    words[pair] += sign
        for start, end, seen, low, high in self.edges.values():
            after = self._after(start, end, seen)
            ends = self.known.get(start, low), self.known.get(end, high)
            if after == set(seen) and ends == (low, high):
                continue
            for sign, holders, (one, other) in ((-1, seen, (low, high)), (1, after, ends)):
                names = {self.owner[n] for n in holders if n in self.owner}
                both = self._knowing(one) & self._knowing(other)
                for pair in _within(both, wanted):
                    for name in names.intersection(pair):
                        pairs[pair, name] += sign
                    shared[pair] += sign if names.issuperset(pair) else 0
        met = self._met(wanted)
        return [
            Agreement(
                low=a.low,
                high=a.high,
                words=a.words + words[a.low, a.high],
                pairs_low=a.pairs_low + pairs[(a.low, a.high), a.low],
                pairs_high=a.pairs_high + pairs[(a.low, a.high), a.high],
                shared=a.shared + shared[a.low, a.high],
                met=a.met + met[a.low, a.high],
            )
            for a in concerned
        ]

    def _met(self, wanted: set[Pair]) -> Counter[Pair]:
        """Return the changes in the number of words whose neighbours by two sources overlap."""
        meeting: dict[int, tuple[set[Pair], set[Pair]]] = {
            i: (set(), set()) for i in self.words.tolist()
        }
        for start, end, seen, _, _ in self.edges.values():
            if len(seen) < 2:
                continue
            for side, numbers in enumerate((seen, self._after(start, end, seen))):
                together = _within({self.owner[n] for n in numbers if n in self.owner}, wanted)
                for i in (start, end):
                    if i in meeting:
                        meeting[i][side].update(together)
        change: Counter[Pair] = Counter()
        for old, new in meeting.values():
            change.subtract(old - new)
        return change

    def _after(self, start: int, end: int, seen: Iterable[int]) -> set[int]:
        return self.left[start, end] if (start, end) in self.left else set(seen)

    def _knowing(self, name: str) -> set[str]:
        return {source for source, own in self.sources.items() if own & class_numbers(name)}


def _within(names: Iterable[str], wanted: set[Pair]) -> list[Pair]:
    return [pair for pair in combinations(sorted(names), 2) if pair in wanted]


def _touched_words(partial: Mapping[str, pa.Table]) -> Ints:
    found = [
        table[end].to_numpy()
        for evidence, table in partial.items()
        if evidence_type(evidence).feeds == DEFAULT_RELATION
        for end in ("start", "end")
    ]
    return np.unique(np.concatenate([np.empty(0, np.int64), *found]))
