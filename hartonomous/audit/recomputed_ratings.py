"""Ratings recomputed in NumPy from evidence in columns.

The formulas are those of rate/rate_pairs.cypher, in the same order of operations, so that fractions
agree to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hartonomous.audit.composition_checks import Compositions
from hartonomous.audit.edge_columns import Edges
from hartonomous.graph.driver import Row
from hartonomous.rate.formulas import SHRINKAGE, cost
from hartonomous.rate.rating_pass import row_vote, silent, source_numbers
from hartonomous.schema import RatedType, evidence_feeding

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]

_NOTHING = (np.empty(0, dtype=np.int64),) * 8


@dataclass(frozen=True)
class Terms:
    """Terms of ratings by live evidence, one row per edge.

    All are (edges,) int64: `start` and `end` the rows of the ends, `n`, `weight` (micro-units) and
    `against` the counts, `gained` vote times (odds less the track's absent constant), `vote` what the
    row adds to the votes, `number` that of the source.
    """

    start: Ints
    end: Ints
    n: Ints
    weight: Ints
    against: Ints
    gained: Ints
    vote: Ints
    number: Ints


@dataclass(frozen=True)
class Ratings:
    """The ratings of pairs, one row per pair, ascending.

    `pair` (pairs,) int64 is start row times N plus end row. `holders` int64 are, for each pair and
    source with evidence of it, the pair's row times `most` plus the source's number; `seen`
    (pairs,) is a hash over these numbers; `columns` the (pairs,) values by property.
    """

    pair: Ints
    seen: Hashes
    holders: Ints
    most: int
    columns: Mapping[str, NDArray[Any]]

    def numbers(self, row: int) -> list[int]:
        """Return the numbers of the sources with evidence of a pair."""
        first, last = np.searchsorted(self.holders, [row * self.most, (row + 1) * self.most])
        return [int(code % self.most) for code in self.holders[first:last]]

    def value(self, row: int, name: str) -> Any:
        """Return a property of a pair by its evidence, None if such pairs do not have it."""
        if name == "seen":
            return self.numbers(row)
        return self.columns[name][row].item() if name in self.columns else None


class RatingFormulas:
    """The formulas with the constants of live tracks.

    `known` are the compositions' classes, (N,) int32, indexes into `classes`.
    """

    def __init__(
        self,
        compositions: Compositions,
        known: NDArray[np.int32],
        classes: Sequence[str | None],
        live: Sequence[Row],
    ) -> None:
        self.compositions, self.size = compositions, len(compositions.ids)
        self.known, self.classes = known, classes
        numbers = source_numbers(live)
        self.constants = {
            (t["evidence"], t["source"]): (
                t["vote"] or 0,
                t["absent"] or 0,
                row_vote(t),
                numbers[t["source"]],
            )
            for t in live
        }
        self.silence = cache(_silence(silent(live), classes))

    def rate(self, rated: RatedType, evidence: Iterable[tuple[str, Edges]]) -> Ratings:
        """Return the ratings of the pairs that edges of evidence, by type, are of."""
        terms = self._observed(self._terms(evidence))
        code = terms.start * self.size + terms.end
        order = np.argsort(code, kind="stable")
        pair = code[order]
        new = np.diff(pair, prepend=-1) != 0
        first, row = np.flatnonzero(new), np.cumsum(new) - 1
        n, weight, against, gained, counted = (
            _sums(column[order], first)
            for column in (terms.n, terms.weight, terms.against, terms.gained, terms.vote)
        )
        most = int(terms.number.max(initial=0)) + 1
        # A source that only rejects a pair does not hold it.
        held = terms.n[order] > 0
        holders = np.unique(row[held] * most + terms.number[order][held])
        sources = np.bincount(holders // most, minlength=len(first)).astype(np.int64)
        seen = set_hashes(holders % most, np.cumsum(sources) - sources, sources)
        columns: dict[str, NDArray[Any]] = {"elo": _elo(n, weight, against, sources)}
        columns |= {"n": n, "weight": weight, "sources": sources, "against": against}
        silence = any(one.silence for one in evidence_feeding(rated.name))
        columns |= self._consensus(pair[first], gained, counted, silence)
        return Ratings(pair[first], seen, holders, most, columns)

    def _observed(self, terms: Terms) -> Terms:
        """Return the terms of pairs that something speaks for; the others have no rating."""
        if (terms.n > 0).all():
            return terms
        code = terms.start * self.size + terms.end
        kept = np.isin(code, code[terms.n > 0])
        return Terms(*(column[kept] for column in vars(terms).values()))

    def _terms(self, evidence: Iterable[tuple[str, Edges]]) -> Terms:
        parts: list[tuple[Ints, ...]] = [_NOTHING]
        for name, edges in evidence:
            if (name, edges.source) not in self.constants:
                continue
            vote, absent, counted, number = self.constants[name, edges.source]
            (start, no_start), (end, no_end) = map(self.compositions.rows, (edges.start, edges.end))
            support = edges.columns.get("support")
            gained = _gained(vote, absent, support, start)
            against = edges.columns.get("against", np.zeros_like(start))
            same = (np.full(len(start), each, dtype=np.int64) for each in (counted, number))
            n, weight = edges.columns["n"], edges.columns["weight"]
            columns = (start, end, n, weight, against, gained, *same)
            sound = ~(no_start | no_end)
            parts.append(tuple(column[sound] for column in columns))
        return Terms(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    def _consensus(
        self, pair: Ints, gained: Ints, counted: Ints, silence: bool
    ) -> dict[str, NDArray[Any]]:
        votes, odds = counted + SHRINKAGE, gained
        if silence:
            classes = len(self.classes)
            both = self.known[pair // self.size].astype(np.int64) * classes
            both += self.known[pair % self.size]
            codes, which = np.unique(both, return_inverse=True)
            said = [self.silence(*divmod(int(code), classes)) for code in codes]
            more, absent = np.array(said, dtype=np.int64).reshape(-1, 2)[which].T
            votes, odds = votes + more, odds + absent
        above = 2.0 * odds.astype(np.float64) + votes
        decades = np.floor(above / (2 * votes)).astype(np.int64)
        values, place = np.unique(decades, return_inverse=True)
        costs = np.array([cost(each) for each in values.tolist()], dtype=np.int64)
        consensus = 1500 + np.floor(0.4 * decades + 0.5).astype(np.int64)
        return {"decades": decades, "consensus": consensus, "cost": costs[place]}


def set_hashes(values: Ints, first: Ints, lengths: Ints) -> Hashes:
    """Return an order-independent hash of each set of numbers, (sets,) uint64.

    Set i is `lengths[i]` of `values` (m,) int64 from `first[i]` on; `first` and `lengths` are (sets,)
    int64. The hash is the exclusive or of the mixed numbers.
    """
    mixed = (values.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    for shift in (30, 27, 31):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(0xBF58476D1CE4E5B9)
    before = np.concatenate([np.zeros(1, np.uint64), np.bitwise_xor.accumulate(mixed)])
    found: Hashes = before[first + lengths] ^ before[first]
    return found


def _gained(vote: int, absent: int, support: Ints | None, like: Ints) -> Ints:
    if support is None:
        return np.zeros_like(like)
    gained = vote * support - vote * absent
    # A rejection adds at most 0, whatever the vote of the one who rejected.
    return np.where(support < 0, np.minimum(gained, 0), gained) if vote < 0 else gained


def _elo(n: Ints, weight: Ints, against: Ints, sources: Ints) -> NDArray[np.float64]:
    often = np.minimum(0.1 * n, 1000.0)
    strong = 500.0 * (weight / 1e6 / np.maximum(n + against, 1))
    found: NDArray[np.float64] = 1500.0 + often + strong + np.minimum(20 * sources, 200)
    return found


def _sums(values: Ints, first: Ints) -> Ints:
    found: Ints = np.add.reduceat(values, first) if len(first) else values[:0]
    return found


def _numbers_of(name: str | None) -> set[int]:
    # An edited class may name any number; it is reported elsewhere.
    return {int(number) for number in (name or "").split("+") if number.isdecimal()}


def _silence(
    live: Sequence[Row], classes: Sequence[str | None]
) -> Callable[[int, int], tuple[int, int]]:
    constants = {t["number"]: (t["vote"] or 0, t["absent"] or 0) for t in live}
    members = [_numbers_of(name) & constants.keys() for name in classes]

    def silence(low: int, high: int) -> tuple[int, int]:
        terms = [constants[number] for number in members[low] & members[high]]
        return sum(vote for vote, _ in terms), sum(vote * absent for vote, absent in terms)

    return silence
