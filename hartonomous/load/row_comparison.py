"""Row comparison: which rows of one sorted piece of a source are removed, added or changed.

A row is identified by its pair: start * N + end, by places among N compositions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Compared:
    """Places of rows that differ: `removed` among the old ones, `added` among the new ones, and
    `changed` as a place among the old ones and one among the new ones, all (n,) int64.
    """

    removed: Ints
    added: Ints
    changed: tuple[Ints, Ints]


def compare_rows(
    old: pa.Table, old_pairs: Ints, new: pa.RecordBatch, new_pairs: Ints, names: Sequence[str]
) -> Compared:
    """Compare rows by the columns of these names; pairs are strictly ascending on both sides."""
    at = np.searchsorted(old_pairs, new_pairs)
    within = np.minimum(at, max(len(old_pairs) - 1, 0))
    there = np.zeros(len(new_pairs), dtype=bool)
    if len(old_pairs):
        there = old_pairs[within] == new_pairs
    mine, theirs = within[there], np.flatnonzero(there)
    removed = np.ones(len(old_pairs), dtype=bool)
    removed[mine] = False
    differs = np.zeros(len(mine), dtype=bool)
    rows, others = pa.array(mine), pa.array(theirs)
    for name in names if len(mine) else ():
        differs |= differing(_whole(old[name]).take(rows), new[name].take(others))
    return Compared(
        np.flatnonzero(removed), np.flatnonzero(~there), (mine[differs], theirs[differs])
    )


def differing(one: pa.Array, other: pa.Array) -> Mask:
    """Return where two columns of n numbers, or of n lists of numbers, differ, (n,) bool."""
    if not pa.types.is_list(one.type):
        left, right = (column.to_numpy(zero_copy_only=False) for column in (one, other))
        return np.asarray(left != right)
    lengths, others = (
        column.value_lengths().to_numpy(zero_copy_only=False) for column in (one, other)
    )
    differs = np.asarray(lengths != others)
    # Lists of one length can be compared number by number.
    same = np.flatnonzero(~differs & (lengths > 0))
    if len(same):
        chosen = pa.array(same)
        left, right = (
            column.take(chosen).flatten().to_numpy(zero_copy_only=False) for column in (one, other)
        )
        first = np.cumsum(lengths[same]) - lengths[same]
        differs[same] = np.logical_or.reduceat(left != right, first)
    return differs


def _whole(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Return a column in one piece."""
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
