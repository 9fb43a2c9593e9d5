"""Cross search: the nearest of one set of vectors to each vector of another, exact, by tiles.

As exact_search: a threshold for each row from a sample of the columns, one pass of selection over tiles
of products, and float64 at the border.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import as_completed

import numpy as np
from numpy.typing import NDArray

from hartonomous.extract.search.exact_search import (
    CAPACITY,
    Found,
    _collect,
    _dot_products,
    _rank,
    _sample,
    _select,
    _thresholds,
)
from hartonomous.extract.search.tile_products import (
    Float32Products,
    rounding_bound,
    single_threaded,
)

Floats = NDArray[np.float32]

_NO_ROW = -(1 << 62)
"""First row of a block that shares no row with the columns: nothing is left out as itself."""


def nearest_across(
    rows: Floats,
    columns: Floats,
    k: int,
    threads: int,
    progress: Callable[[int, int], None] | None = None,
) -> Found:
    """Return the k nearest of `columns` (m, d) to each of `rows` (n, d), best first, ties by lower index.

    Both are float32 of length one or zero. Indices int32 and similarities float64 are (n, min(k, m)); a
    row without a direction has indices -1. Exact means by the float64 dot products of the float32 rows.
    """
    k = min(k, len(columns))
    found = np.full((len(rows), k), -1, dtype=np.int32), np.zeros((len(rows), k))
    if not k or not len(rows):
        return found
    search = _Across(rows, columns, found)
    step = search.products.rows
    with single_threaded(threads) as workers:
        futures = [workers.submit(search.block, first) for first in range(0, len(rows), step)]
        try:
            for done, future in enumerate(as_completed(futures), 1):
                future.result()
                if progress is not None:
                    progress(min(done * step, len(rows)), len(rows))
        except BaseException:
            workers.shutdown(cancel_futures=True)
            raise
    return found


class _Across:
    """Blocks of rows, each multiplied with all columns."""

    def __init__(self, rows: Floats, columns: Floats, found: Found) -> None:
        self.products = Float32Products(columns)
        self._size, self._found = len(columns), found
        # One array, as the exact products of two of its rows are taken.
        self._unit = np.concatenate([columns, rows])
        self._sample = _sample(columns, found[0].shape[1])

    def block(self, first: int) -> None:
        """Fill the neighbours of a block of rows."""
        begin = self._size + first
        block = self._unit[begin : begin + self.products.rows]
        indices, similarities = (part[first : first + len(block)] for part in self._found)
        again = np.ones(len(block), dtype=np.bool_)
        if self._sample is not None:
            passing = self._passing(block, indices.shape[1])
            bounds = self.products.error, self.products.relative
            _select(self._unit, begin, *passing, *bounds, indices, similarities, again)
        for row in np.flatnonzero(again).tolist():
            self._whole_row(begin + row, indices[row], similarities[row])

    def _passing(
        self, block: Floats, k: int
    ) -> tuple[NDArray[np.int32], Floats, NDArray[np.int32], Floats]:
        """Return what passes each row's threshold: columns, their products, counts, thresholds."""
        assert self._sample is not None
        room = (len(block), CAPACITY * k)
        chosen, products = np.empty(room, dtype=np.int32), np.empty(room, dtype=np.float32)
        counts = np.zeros(len(block), dtype=np.int32)
        sampled = self.products.tile(block, self._sample)
        thresholds = _thresholds(sampled, _rank(self._sample, k, self._size))
        width = self.products.columns
        for begin in range(0, self._size, width):
            tile = self.products.tile(block, self._unit[begin : min(begin + width, self._size)])
            _collect(tile, thresholds, begin, _NO_ROW, chosen, products, counts)
        return chosen, products, counts, thresholds

    def _whole_row(
        self, row: int, indices: NDArray[np.int32], similarities: NDArray[np.float64]
    ) -> None:
        """Fill one row's neighbours without a threshold."""
        if not self._unit[row].any():
            return
        products = self._unit[: self._size] @ self._unit[row]
        k = len(indices)
        border = np.partition(products, self._size - k)[self._size - k]
        near = np.flatnonzero(products >= border - 2 * rounding_bound(self._unit.shape[1]))
        exact = np.empty(len(near))
        _dot_products(self._unit, row, near.astype(np.int32), exact)
        order = np.lexsort((near, -exact))[:k]
        indices[:], similarities[:] = near[order], exact[order]
