"""Exact cosine neighbours: BLAS tiles, one pass of selection, the border decided in float64.

Selecting costs more than multiplying, so a tile is read once while it is in the cache: each row has
a threshold, taken from a sample of the columns, that a few times k entries pass; only blocks of
columns whose maximum passes are looked at closely. Of what passed, everything that float32 cannot
tell from the k-th best is scored again in float64. Rows whose threshold was too high or too low are
done again without one.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed

import numba
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

Floats = NDArray[np.float32]
Found = tuple[NDArray[np.int32], NDArray[np.float64]]

ROWS, COLUMNS = 256, 4096
"""A tile: 4 MiB of products, which stays in the cache between multiplying and selecting."""

BLOCK = 32
SAMPLE_RANK = 7
PASSING = 4
"""A threshold is the 7th best of a sample sized so that about 4k entries pass it."""

CAPACITY = 16
"""Room for what passes, in multiples of k; a row that needs more is done again."""

SMALL = 2_048
"""Rows up to which no threshold is worth its sample."""


def exact_neighbours(
    unit: Floats, k: int, threads: int, progress: Callable[[int, int], None] | None = None
) -> Found:
    """Return indices int32 and similarities float64, (n, k), of rows of length one or zero."""
    n = len(unit)
    indices = np.full((n, k), -1, dtype=np.int32)
    similarities = np.zeros((n, k))
    sample = _sampled_columns(unit, k)

    def search(first: int) -> int:
        last = min(first + ROWS, n)
        _search_rows(unit, first, last, sample, indices[first:last], similarities[first:last])
        return last - first

    done = 0
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(threads) as workers:
        futures = [workers.submit(search, first) for first in range(0, n, ROWS)]
        try:
            for future in as_completed(futures):
                done += future.result()
                if progress is not None:
                    progress(done, n)
        except BaseException:
            workers.shutdown(cancel_futures=True)
            raise
    return indices, similarities


def exact_row(unit: Floats, row: int, k: int) -> NDArray[np.int32]:
    """Return the k nearest neighbours of one row, -1 where it has no direction."""
    indices = np.full(k, -1, dtype=np.int32)
    _search_row(unit, row, k, indices, np.zeros(k))
    return indices


def score(unit: Floats, candidates: NDArray[np.int32], k: int) -> Found:
    """Return the k best of each row's candidates, (n, m) int32, by exact cosine.

    A row itself and candidates of -1 do not count; where fewer than k are left, -1 fills up.
    """
    indices = np.full((len(unit), k), -1, dtype=np.int32)
    similarities = np.zeros((len(unit), k))
    for row, among in enumerate(candidates):
        if unit[row].any():
            near = np.unique(among[(among >= 0) & (among != row)])
            exact = np.empty(len(near))
            _dot_products(unit, row, near, exact)
            order = np.argsort(-exact, kind="stable")[:k]
            indices[row, : len(order)], similarities[row, : len(order)] = near[order], exact[order]
    return indices, similarities


def rounding_bound(dimensions: int) -> float:
    """Return how far a float32 dot product of two unit rows can be from the exact one.

    d u / (1 - d u) with u = 2^-24 (Higham, Accuracy and Stability, 2002, section 3.1).
    """
    error = dimensions * 2.0**-24
    return error / (1 - error)


def _sampled_columns(unit: Floats, k: int) -> Floats | None:
    """Return the columns that thresholds are taken from, None where all of them are looked at."""
    n = len(unit)
    size = SAMPLE_RANK * n // (PASSING * k)
    if n <= SMALL or size < SAMPLE_RANK or CAPACITY * k >= n:
        return None
    chosen = np.random.default_rng(0).choice(n, min(max(size, 512), n), replace=False)
    return np.ascontiguousarray(unit[np.sort(chosen)].T)


def _search_rows(
    unit: Floats,
    first: int,
    last: int,
    sample: Floats | None,
    indices: NDArray[np.int32],
    similarities: NDArray[np.float64],
) -> None:
    """Fill the neighbours of rows first to last."""
    k = indices.shape[1]
    again = np.ones(last - first, dtype=np.bool_)
    if sample is not None:
        rank = max(SAMPLE_RANK, round(PASSING * k * sample.shape[1] / len(unit)))
        products = unit[first:last] @ sample
        thresholds = -np.partition(-products, rank - 1, axis=1)[:, rank - 1]
        columns, products, counts = _passing(unit, first, last, thresholds, CAPACITY * k)
        margin = np.float32(2 * rounding_bound(unit.shape[1]))
        found = indices, similarities, again
        _select(unit, first, columns, products, counts, thresholds, margin, *found)
    for row in np.flatnonzero(again).tolist():
        _search_row(unit, first + row, k, indices[row], similarities[row])


def _passing(
    unit: Floats, first: int, last: int, thresholds: Floats, capacity: int
) -> tuple[NDArray[np.int32], Floats, NDArray[np.int32]]:
    """Return the columns and products that reach a row's threshold, and how many there were."""
    rows = last - first
    columns = np.empty((rows, capacity), dtype=np.int32)
    products = np.empty((rows, capacity), dtype=np.float32)
    counts = np.zeros(rows, dtype=np.int32)
    for begin in range(0, len(unit), COLUMNS):
        tile = unit[first:last] @ unit[begin : begin + COLUMNS].T
        _collect(tile, thresholds, begin, first, columns, products, counts)
    return columns, products, counts


def _search_row(
    unit: Floats,
    row: int,
    k: int,
    indices: NDArray[np.int32],
    similarities: NDArray[np.float64],
) -> None:
    """Fill one row's neighbours without a threshold."""
    if not unit[row].any():
        return
    products = unit @ unit[row]
    products[row] = -np.inf
    border = np.partition(products, len(products) - k)[len(products) - k]
    near = np.flatnonzero(products >= border - 2 * rounding_bound(unit.shape[1]))
    exact = np.empty(len(near))
    _dot_products(unit, row, near.astype(np.int32), exact)
    order = np.lexsort((near, -exact))[:k]
    indices[:], similarities[:] = near[order], exact[order]


@numba.njit(nogil=True, cache=True, fastmath=True)
def _collect(tile, thresholds, begin, first, columns, products, counts):  # type: ignore[no-untyped-def]
    rows, width = tile.shape
    capacity = columns.shape[1]
    for i in range(rows):
        threshold = thresholds[i]
        count = counts[i]
        if count > capacity:
            continue
        for block in range(0, width, BLOCK):
            end = min(block + BLOCK, width)
            largest = tile[i, block]
            for j in range(block, end):
                largest = max(largest, tile[i, j])
            if largest < threshold:
                continue
            for j in range(block, end):
                if tile[i, j] >= threshold and begin + j != first + i:
                    if count < capacity:
                        columns[i, count] = begin + j
                        products[i, count] = tile[i, j]
                    count += 1
        counts[i] = count


@numba.njit(nogil=True, cache=True)
def _dot_products(unit, row, others, exact):  # type: ignore[no-untyped-def]
    # The same order of additions for every pair, so equal vectors tie exactly.
    for place in range(len(others)):
        total = 0.0
        for d in range(unit.shape[1]):
            total += np.float64(unit[row, d]) * np.float64(unit[others[place], d])
        exact[place] = total


@numba.njit(nogil=True, cache=True)
def _select(  # type: ignore[no-untyped-def]
    unit, first, columns, products, counts, thresholds, margin, indices, similarities, again
):
    k = indices.shape[1]
    for i in range(len(counts)):
        count = counts[i]
        if count < k or count > columns.shape[1]:
            continue
        border = np.partition(products[i, :count], count - k)[count - k]
        # Below the threshold something may lie that float32 cannot tell from the k-th best.
        if border - margin < thresholds[i]:
            continue
        near = columns[i, :count][products[i, :count] >= border - margin]
        exact = np.empty(len(near))
        _dot_products(unit, first + i, near, exact)
        # What passed stands in the order of its index, so a stable sort breaks ties by index.
        order = np.argsort(-exact, kind="mergesort")[:k]
        indices[i] = near[order]
        similarities[i] = exact[order]
        again[i] = False
