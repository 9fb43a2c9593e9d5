"""Rows of counted evidence with their odds against chance, and the trust of their track."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hartonomous.evidence import columns, number_columns
from hartonomous.schema import EvidenceType, TrackConstants, is_directed, support
from hartonomous.split_half import SplitHalf

Ints = NDArray[np.int64]


def counted_rows(
    evidence: EvidenceType, counts: Mapping[str, NDArray[Any]], constants: TrackConstants
) -> pa.Table:
    """Return rows, with the columns of `evidence.columns`, sorted by (start, end).

    `counts` has start, end (rows,) and every column of the type but `support`, which follows from
    them by the null model of the type.
    """
    order = np.lexsort((counts["end"], counts["start"]))
    sorted_counts = {name: column[order] for name, column in counts.items()}
    sorted_counts["support"] = support(evidence, sorted_counts, constants)
    schema = columns(evidence)
    return pa.table({name: sorted_counts[name] for name in schema.names}).cast(schema)


def margins(evidence: EvidenceType, start: Ints, end: Ints, n: Ints) -> tuple[dict[str, Ints], int]:
    """Return `start_n` and `end_n` (rows,) of pairs observed `n` times, and the observations in all.

    The configuration model (Newman 2010, Networks, 13.2): chance keeps how often each composition
    takes part, as start and as end, and draws who meets whom. Each observation of an undirected pair
    is counted from both ends. All are rounded up to two digits: a source that grows by a thousandth
    then keeps the odds of nearly all that it does not touch.
    """
    size = int(max(start.max(initial=-1), end.max(initial=-1))) + 1
    out = np.bincount(start, weights=n, minlength=size).astype(np.int64)
    into = np.bincount(end, weights=n, minlength=size).astype(np.int64)
    total = int(n.sum())
    if not is_directed(evidence):
        out = into = out + into
        total *= 2
    start_n, end_n = rounded_up(out[start]), rounded_up(into[end])
    least = int((start_n + end_n - n).max(initial=0))
    return {"start_n": start_n, "end_n": end_n}, int(rounded_up(np.array([max(total, least)]))[0])


def rounded_up(counts: Ints) -> Ints:
    """Return counts (rows,) rounded up to two significant digits.

    >>> rounded_up(np.array([0, 7, 99, 100, 101, 123_456])).tolist()
    [0, 7, 99, 100, 110, 130000]
    """
    digits = np.floor(np.log10(np.maximum(counts, 1))).astype(np.int64)
    unit = 10 ** np.maximum(digits - 1, 0)
    return np.asarray(-(-counts // unit) * unit, dtype=np.int64)


def track_trust(evidence: EvidenceType, table: pa.Table, constants: TrackConstants) -> int:
    """Return the trust of a counted track in thousandths: stated by its type, or measured."""
    if evidence.trust is not None:
        return evidence.trust
    halves = SplitHalf(evidence, constants)
    halves.add(number_columns(table))
    return halves.trust()
