"""Rows of counted evidence with their odds against chance, and the trust of their track."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hartonomous.evidence import columns, number_columns
from hartonomous.row_odds import Columns, support
from hartonomous.schema import MICRO, EvidenceType, TrackConstants, is_directed
from hartonomous.split_half import SplitHalf

Ints = NDArray[np.int64]


def counted_rows(
    evidence: EvidenceType, counts: Mapping[str, NDArray[Any]], constants: TrackConstants
) -> pa.Table:
    """Return rows, with the columns of `evidence.columns`, sorted by (start, end).

    `counts` has start, end (rows,) and every column of the type but `support`, which follows from
    them by the null model of the type. It may lack columns that came later and that the null model
    does not use, such as the line of code: they are 0.
    """
    order = np.lexsort((counts["end"], counts["start"]))
    sorted_counts = {name: column[order] for name, column in counts.items()}
    sorted_counts["support"] = support(evidence, sorted_counts, constants)
    schema = columns(evidence)
    for name in evidence.later - {column.name for column in evidence.chance.columns}:
        sorted_counts.setdefault(name, np.zeros_like(order))
    return pa.table({name: sorted_counts[name] for name in schema.names}).cast(schema)


def margins(evidence: EvidenceType, start: Ints, end: Ints, n: Ints) -> tuple[dict[str, Ints], int]:
    """Return the derived columns of pairs observed `n` times, (rows,) each, and the observations in
    all, as `Totals` has them; of order, no observation is of the first half.
    """
    totals = Totals(evidence, int(max(start.max(initial=-1), end.max(initial=-1))) + 1)
    totals.add({"start": start, "end": end, "n": n, "half": np.zeros_like(n)})
    return totals.columns({"start": start, "end": end}), totals.total


class Totals:
    """What a null model reckons by, of all rows of a track, added up in any order and in parts.

    For independence, the configuration model (Newman 2010, Networks, 13.2): chance keeps how often
    each composition takes part, as start and as end, and draws who meets whom. Each observation of
    an undirected pair is counted from both ends. All are rounded up to two digits: a source that
    grows by a thousandth then keeps the odds of nearly all that it does not touch. For order, how
    often the same was observed the other way round.
    """

    def __init__(self, evidence: EvidenceType, compositions: int) -> None:
        self._evidence, self._size = evidence, compositions
        self._ends = np.zeros((2, compositions), dtype=np.int64)
        self._all = 0
        self._pairs: list[Ints] = []

    @property
    def total(self) -> int:
        """Return the observations in all, rounded up; 0 where the null model asks for none."""
        if "start_n" not in self._evidence.chance.derived:
            return 0
        both = 1 if is_directed(self._evidence) else 2
        return int(rounded_up(np.array([both * self._all]))[0])

    def add(self, rows: Columns) -> None:
        """Add rows with start, end, n, and for order `half`."""
        if "start_n" in self._evidence.chance.derived:
            for place, name in enumerate(("start", "end")):
                counted = np.bincount(rows[name], weights=rows["n"], minlength=self._size)
                self._ends[place] += counted.astype(np.int64)
            self._all += int(rows["n"].sum())
        if "converse" in self._evidence.chance.derived:
            code = self._code(rows["start"], rows["end"])
            part = np.stack([code, rows["n"], rows["half"]]).astype(np.int64)
            self._pairs.append(part[:, np.argsort(code, kind="stable")])

    def columns(self, rows: Columns) -> dict[str, Ints]:
        """Return the derived columns of rows with start and end, (rows,) int64 each."""
        start, end = rows["start"], rows["end"]
        derived = self._evidence.chance.derived
        if "start_n" in derived:
            out, into = self._ends
            if not is_directed(self._evidence):
                out = into = out + into
            return {"start_n": rounded_up(out[start]), "end_n": rounded_up(into[end])}
        if "converse" in derived:
            return self._converse(self._code(end, start))
        return {}

    def _code(self, start: Ints, end: Ints) -> Ints:
        return start.astype(np.int64) * max(self._size, 1) + end

    def _converse(self, wanted: Ints) -> dict[str, Ints]:
        if len(self._pairs) > 1:
            every = np.concatenate(self._pairs, axis=1)
            self._pairs = [every[:, np.argsort(every[0], kind="stable")]]
        if not self._pairs or not self._pairs[0].shape[1]:
            return dict.fromkeys(("converse", "converse_half"), np.zeros_like(wanted))
        code, n, half = self._pairs[0]
        place = np.minimum(np.searchsorted(code, wanted), len(code) - 1)
        there = code[place] == wanted
        return {
            "converse": np.where(there, n[place], 0),
            "converse_half": np.where(there, half[place], 0),
        }


def expected_margins(
    visits: Ints, expected: NDArray[np.float64], weight: Ints, positions: int
) -> tuple[dict[str, Ints], int]:
    """Return `start_n` and `end_n` (rows,) of expected counts, and the positions in all, rounded up.

    By chance, a token follows anything as often as it follows any single token. `visits` (rows,) are
    those of each start, `expected` the sum over all single tokens of the count of each end, `weight`
    the row's own in micro-units; `positions` is the number of visits of all single tokens.
    """
    observed = weight / MICRO
    # Pruned probabilities are not in the sum over tokens.
    start_n = rounded_up(np.ceil(np.maximum(visits, observed)).astype(np.int64))
    end_n = rounded_up(np.ceil(np.maximum(expected, observed)).astype(np.int64))
    least = int(np.ceil(np.maximum(start_n, end_n)).max(initial=0))
    return {"start_n": start_n, "end_n": end_n}, int(
        rounded_up(np.array([max(positions, least)]))[0]
    )


def rounded_up(counts: Ints) -> Ints:
    """Return counts (rows,) rounded up to two significant digits.

    >>> rounded_up(np.array([0, 7, 99, 100, 101, 123_456])).tolist()
    [0, 7, 99, 100, 110, 130000]
    """
    digits = np.floor(np.log10(np.maximum(counts, 1))).astype(np.int64)
    unit = 10 ** np.maximum(digits - 1, 0)
    return np.asarray(-(-counts // unit) * unit, dtype=np.int64)


def track_trust(evidence: EvidenceType, table: pa.Table, constants: TrackConstants) -> int:
    """Return the trust of a counted track with these rows in thousandths, as `SplitHalf` has it."""
    halves = SplitHalf(evidence, constants)
    halves.add(number_columns(table))
    return halves.trust()
