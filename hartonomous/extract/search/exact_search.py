"""Exact search: cosine neighbours by tiles of products, one pass of selection, and float64 at the
border.

Selection costs as much as multiplication, so a tile is read once while it is in the cache: each row
has a threshold, from a sample of the columns, that about four times k entries pass; only blocks of
columns with a passing entry are examined. A product serves both of its rows, so only the upper
triangle is multiplied, as long as the passing entries of all rows fit into memory; rows are ordered
by threshold, so an entry that passes for the later row passes for the earlier one too. Of the
passing entries, those within the error bound of the k-th best are scored again in float64. Rows
whose threshold was too high or too low are searched again without one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed

import numba
import numpy as np
from numpy.typing import NDArray

from hartonomous.extract.search.tile_products import (
    Float32Products,
    Keys,
    Products,
    fastest_products,
    rounding_bound,
    single_threaded,
)

Floats = NDArray[np.float32]
Found = tuple[NDArray[np.int32], NDArray[np.float64]]

BLOCK = 16
SAMPLE_RANK = 9
PASSING = 4
"""A threshold is the 9th best of a sample sized so that about 4k entries pass it."""

CAPACITY = 10
"""Capacity for passing entries, in multiples of k; a row that needs more is searched again."""

TRIANGLE_MEMORY = 512 << 20
"""Bytes for the passing entries of all rows at once; above, each block of rows is searched
separately.
"""

TILE_PASSING = 1 << 17
"""Capacity for passing entries in one tile; more means that its rows are full of ties."""

SMALL = 2_048
"""Rows up to which a threshold is not worth its sample."""


def exact_neighbours(
    unit: Floats,
    k: int,
    threads: int,
    progress: Callable[[int, int], None] | None = None,
    choose: Callable[[Floats], Products] = fastest_products,
) -> Found:
    """Return indices int32 and similarities float64, (n, k), of rows `unit` (n, d) float32 of
    length one or zero.

    `choose` selects how rows are multiplied, if the choice matters; the result is the same.
    """
    n = len(unit)
    found = np.full((n, k), -1, dtype=np.int32), np.zeros((n, k))
    sample = _sample(unit, k)
    with single_threaded(threads) as workers:
        if sample is None or n * CAPACITY * k * 8 > TRIANGLE_MEMORY:
            block = _Block(unit, sample, found)
            _each_block(workers, n, block.products.rows, block.search, progress)
        else:
            triangle = _Triangle(unit, sample, choose(unit), found)
            rows = triangle.products.rows
            _each_block(workers, n, rows, triangle.find_threshold, None)
            triangle.order_rows()
            _each_block(workers, n, rows, triangle.multiply, progress)
            _each_block(workers, n, rows, triangle.select, None)
    return found


def _each_block(
    workers: ThreadPoolExecutor,
    n: int,
    rows: int,
    step: Callable[[int], None],
    progress: Callable[[int, int], None] | None,
) -> None:
    """Call `step` with the first row of each block, on all workers."""
    futures = [workers.submit(step, first) for first in range(0, n, rows)]
    try:
        for done, future in enumerate(as_completed(futures), 1):
            future.result()
            if progress is not None:
                progress(min(done * rows, n), n)
    except BaseException:
        workers.shutdown(cancel_futures=True)
        raise


class _Triangle:
    """The upper triangle of products: entries above a threshold are kept for both of their rows."""

    def __init__(self, unit: Floats, sample: Floats, products: Products, found: Found) -> None:
        n, k = found[0].shape
        self.products = products
        self._unit, self._found = unit, found
        self._rank = _rank(sample, k, n)
        self._rows, self._sample = products.matrix(unit), products.matrix(sample)
        self._thresholds: Keys = np.empty(n, dtype=products.dtype)
        self._order = np.arange(n, dtype=np.int32)
        self._rising = self._thresholds
        self._columns = np.empty((n, CAPACITY * k), dtype=np.int32)
        self._passed: Keys = np.empty((n, CAPACITY * k), dtype=products.dtype)
        self._counts = np.zeros(n, dtype=np.int32)
        self._writing = threading.Lock()

    def find_threshold(self, first: int) -> None:
        rows = slice(first, first + self.products.rows)
        tile = self.products.tile(self._rows[rows], self._sample)
        self._thresholds[rows] = _thresholds(tile, self._rank)

    def order_rows(self) -> None:
        """Order the rows by their thresholds."""
        self._order = np.argsort(self._thresholds, kind="stable").astype(np.int32)
        self._rising = self._thresholds[self._order]
        self._rows = self.products.matrix(self._unit[self._order])

    def multiply(self, first: int) -> None:
        """Multiply a block of the ordered rows with itself and all later rows."""
        rows, columns = self.products.rows, self.products.columns
        block = self._rows[first : first + rows]
        keys: Keys = np.empty(TILE_PASSING, dtype=self.products.dtype)
        passed = np.empty((TILE_PASSING, 2), dtype=np.int32), keys
        kept = self._columns, self._passed, self._counts
        for begin in range(first, len(self._unit), columns):
            tile = self.products.tile(block, self._rows[begin : begin + columns])
            count = _scan(tile, self._rising, self._order, first, begin, *passed)
            with self._writing:
                _keep(count, *passed, *kept)
                if count > TILE_PASSING:
                    self._counts[self._order[first : first + rows]] = CAPACITY * len(self._unit)
                    self._counts[self._order[begin : begin + columns]] = CAPACITY * len(self._unit)

    def select(self, first: int) -> None:
        rows = slice(first, first + self.products.rows)
        numbers = self.products.numbers
        _choose(
            self._unit,
            first,
            self._columns[rows],
            numbers(self._passed[rows]),
            self._counts[rows],
            numbers(self._thresholds[rows]),
            self.products,
            self._found[0][rows],
            self._found[1][rows],
        )


class _Block:
    """Blocks of rows, each multiplied with all rows."""

    def __init__(self, unit: Floats, sample: Floats | None, found: Found) -> None:
        self.products: Products = Float32Products(unit)
        self._unit, self._sample, self._found = unit, sample, found

    def search(self, first: int) -> None:
        """Fill the neighbours of a block."""
        unit, (n, k) = self._unit, self._found[0].shape
        rows = slice(first, first + self.products.rows)
        block = unit[rows]
        room = (len(block), CAPACITY * k if self._sample is not None else 0)
        columns, passed = np.empty(room, dtype=np.int32), np.empty(room, dtype=np.float32)
        counts = np.zeros(len(block), dtype=np.int32)
        thresholds = np.full(len(block), np.inf, dtype=np.float32)
        if self._sample is not None:
            tile = self.products.tile(block, self._sample)
            thresholds = _thresholds(tile, _rank(self._sample, k, n))
            for begin in range(0, n, self.products.columns):
                tile = self.products.tile(block, unit[begin : begin + self.products.columns])
                _collect(tile, thresholds, begin, first, columns, passed, counts)
        found = self._found[0][rows], self._found[1][rows]
        _choose(unit, first, columns, passed, counts, thresholds, self.products, *found)


def exact_row(unit: Floats, row: int, k: int) -> NDArray[np.int32]:
    """Return the k nearest neighbours (k,) int32 of one row of `unit` (n, d), -1 if it has no
    direction.
    """
    indices = np.full(k, -1, dtype=np.int32)
    _search_row(unit, row, k, indices, np.zeros(k))
    return indices


def score(unit: Floats, candidates: NDArray[np.int32], k: int) -> Found:
    """Return the k best of each row's `candidates` (n, m) int32, by exact cosine: indices int32 and
    similarities float64, (n, k).

    A row itself and candidates of -1 do not count; missing ones are filled with -1.
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


def _sample(unit: Floats, k: int) -> Floats | None:
    """Return the rows that thresholds are computed from, None for all."""
    n = len(unit)
    size = SAMPLE_RANK * n // (PASSING * k)
    if n <= SMALL or size < SAMPLE_RANK or CAPACITY * k >= n:
        return None
    chosen = np.random.default_rng(0).choice(n, min(max(size, 512), n), replace=False)
    return unit[np.sort(chosen)]


def _rank(sample: Floats, k: int, n: int) -> int:
    """Return the rank in a sample that about 4k of n products reach."""
    return max(SAMPLE_RANK, round(PASSING * k * len(sample) / n))


def _thresholds(products: Keys, rank: int) -> Keys:
    """Return each row's product at a rank, best first; at least 0, from where keys of all types are
    ordered.
    """
    place = products.shape[1] - rank
    reached = np.partition(products, place, axis=1)[:, place]
    return np.asarray(np.maximum(reached, products.dtype.type(0)))


def _choose(
    unit: Floats,
    first: int,
    columns: NDArray[np.int32],
    products: Floats,
    counts: NDArray[np.int32],
    thresholds: Floats,
    off: Products,
    indices: NDArray[np.int32],
    similarities: NDArray[np.float64],
) -> None:
    """Fill a block's neighbours from the passing entries; undecided rows are searched again."""
    again = np.ones(len(counts), dtype=np.bool_)
    found = indices, similarities, again
    bounds = off.error, off.relative
    _select(unit, first, columns, products, counts, thresholds, *bounds, *found)
    for row in np.flatnonzero(again).tolist():
        _search_row(unit, first + row, indices.shape[1], indices[row], similarities[row])


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


@numba.njit(nogil=True, fastmath=True, inline="always")
def _below(row, block, threshold):  # type: ignore[no-untyped-def]
    """Return whether a complete block of columns is below a threshold; False for a partial block."""
    if block + BLOCK > len(row):
        return False
    largest = row[block]
    # A fixed number of plain comparisons compiles to a few vector instructions; max() does not.
    for j in range(BLOCK):
        largest = row[block + j] if row[block + j] > largest else largest
    return largest < threshold


@numba.njit(nogil=True, cache=True, fastmath=True)
def _collect(tile, thresholds, begin, first, columns, products, counts):  # type: ignore[no-untyped-def]
    rows, width = tile.shape
    capacity = columns.shape[1]
    for i in range(rows):
        row, threshold, count = tile[i], thresholds[i], counts[i]
        if count > capacity:
            continue
        for block in range(0, width, BLOCK):
            if _below(row, block, threshold):
                continue
            for j in range(block, min(block + BLOCK, width)):
                if row[j] >= threshold and begin + j != first + i:
                    if count < capacity:
                        columns[i, count] = begin + j
                        products[i, count] = row[j]
                    count += 1
        counts[i] = count


@numba.njit(nogil=True, cache=True, fastmath=True)
def _scan(tile, rising, order, first, begin, pairs, values):  # type: ignore[no-untyped-def]
    rows, width = tile.shape
    room = len(values)
    count = 0
    for i in range(rows):
        row, threshold = tile[i], rising[first + i]
        start = max(0, first + i + 1 - begin)
        for block in range(start // BLOCK * BLOCK, width, BLOCK):
            if _below(row, block, threshold):
                continue
            for j in range(max(block, start), min(block + BLOCK, width)):
                if row[j] < threshold:
                    continue
                if count < room:
                    pairs[count, 0], pairs[count, 1] = order[first + i], order[begin + j]
                    values[count] = row[j]
                count += 1
                if row[j] >= rising[begin + j]:
                    if count < room:
                        pairs[count, 0], pairs[count, 1] = order[begin + j], order[first + i]
                        values[count] = row[j]
                    count += 1
    return count


@numba.njit(nogil=True, cache=True)
def _keep(count, pairs, values, columns, products, counts):  # type: ignore[no-untyped-def]
    room = columns.shape[1]
    for place in range(min(count, len(values))):
        row = pairs[place, 0]
        if counts[row] < room:
            columns[row, counts[row]] = pairs[place, 1]
            products[row, counts[row]] = values[place]
        counts[row] += 1


@numba.njit(nogil=True, cache=True)
def _dot_products(unit, row, others, exact):  # type: ignore[no-untyped-def]
    # The same order of additions for every pair, so that equal vectors tie exactly; four pairs at a
    # time, because one sum waits for each of its additions.
    whole = len(others) // 4 * 4
    for place in range(0, whole, 4):
        a, b, c, d = others[place], others[place + 1], others[place + 2], others[place + 3]
        first = second = third = fourth = 0.0
        for dimension in range(unit.shape[1]):
            own = np.float64(unit[row, dimension])
            first += own * np.float64(unit[a, dimension])
            second += own * np.float64(unit[b, dimension])
            third += own * np.float64(unit[c, dimension])
            fourth += own * np.float64(unit[d, dimension])
        exact[place], exact[place + 1] = first, second
        exact[place + 2], exact[place + 3] = third, fourth
    for place in range(whole, len(others)):
        total = 0.0
        for dimension in range(unit.shape[1]):
            total += np.float64(unit[row, dimension]) * np.float64(unit[others[place], dimension])
        exact[place] = total


@numba.njit(nogil=True, cache=True)
def _select(  # type: ignore[no-untyped-def]
    unit,
    first,
    columns,
    products,
    counts,
    thresholds,
    error,
    relative,
    indices,
    similarities,
    again,
):
    k = indices.shape[1]
    for i in range(len(counts)):
        count = counts[i]
        if count < k or count > columns.shape[1]:
            continue
        border = np.partition(products[i, :count], count - k)[count - k]
        margin = np.float32(2 * (error + relative * abs(border)))
        # Below the threshold there may be entries that products cannot distinguish from the k-th
        # best.
        if border - margin < thresholds[i]:
            continue
        # In the order of the index, so that a stable sort breaks ties by it; tiles come in any
        # order.
        near = np.sort(columns[i, :count][products[i, :count] >= border - margin])
        exact = np.empty(len(near))
        _dot_products(unit, first + i, near, exact)
        order = np.argsort(-exact, kind="mergesort")[:k]
        indices[i] = near[order]
        similarities[i] = exact[order]
        again[i] = False
