"""Tile products: dot products of unit rows, tile by tile, as comparable keys with an error bound.

Some processors multiply bfloat16 several times as fast as float32, and PyTorch supports it; it is
used if it is loaded already, because a model is run, and faster. Such products are rounded to eight
bits, so more of them are scored again; the neighbours are the same.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

Floats = NDArray[np.float32]

Keys = NDArray[Any]
"""Products as float32, or the bits of bfloat16 as int16, in the same order unless both are
negative.
"""

Matrix = Any
"""Rows in the multiplier's format: an array, or a tensor."""

PROBES = 3


class Products(Protocol):
    """Multiplies at most `rows` by `columns` at a time; a product p has an error of at most
    `error + relative * |p|`.
    """

    rows: int
    columns: int
    error: float
    relative: float
    dtype: type[np.generic]

    def matrix(self, unit: Floats) -> Matrix:
        """Return rows `unit` (n, d) float32 in the multiplier's format."""

    def tile(self, rows: Matrix, columns: Matrix) -> Keys:
        """Return (rows, columns) products as keys, valid until the next call on this thread."""

    def numbers(self, keys: Keys) -> Floats:
        """Return the products, float32, of keys in the same shape."""


class Float32Products:
    """Products in float32, by NumPy's BLAS."""

    rows, columns = 256, 4096
    """A tile: 4 MiB of products, which stay in the cache between multiplication and selection."""

    relative = 0.0
    dtype: type[np.generic] = np.float32

    def __init__(self, unit: Floats) -> None:
        self.error = rounding_bound(unit.shape[1])
        self._memory = threading.local()

    def matrix(self, unit: Floats) -> Matrix:
        return unit

    def tile(self, rows: Matrix, columns: Matrix) -> Keys:
        size = len(rows) * len(columns)
        if not hasattr(self._memory, "tile") or len(self._memory.tile) < size:
            # A new array for each tile would be returned to the system and cleared by it.
            self._memory.tile = np.empty(size, dtype=np.float32)
        tile = self._memory.tile[:size].reshape(len(rows), len(columns))
        return np.asarray(np.matmul(rows, columns.T, out=tile))

    def numbers(self, keys: Keys) -> Floats:
        return keys


class Bfloat16Products:
    """Products in bfloat16, by PyTorch: of rounded rows, summed in float32, then rounded."""

    rows, columns = 512, 2048
    relative = 2.0**-8 * (1 + 2.0**-7)
    dtype: type[np.generic] = np.int16

    def __init__(self, unit: Floats) -> None:
        self._torch = sys.modules["torch"]
        given = self._torch.from_numpy(unit)
        lost = float((given - given.bfloat16().float()).norm(dim=1).max())
        # |a.b - a'.b'| <= |a - a'| |b| + |a'| |b - b'|, plus the rounding of float32 sums.
        self.error = lost * (2 + lost) + 2 * rounding_bound(unit.shape[1])
        self._memory = threading.local()

    def matrix(self, unit: Floats) -> Matrix:
        return self._torch.from_numpy(unit).bfloat16()

    def tile(self, rows: Matrix, columns: Matrix) -> Keys:
        size = len(rows) * len(columns)
        if not hasattr(self._memory, "tile") or len(self._memory.tile) < size:
            self._torch.set_num_threads(1)
            self._memory.tile = self._torch.empty(size, dtype=self._torch.bfloat16)
        tile = self._memory.tile[:size].view(len(rows), len(columns))
        self._torch.mm(rows, columns.T, out=tile)
        return np.asarray(tile.view(self._torch.int16).numpy())

    def numbers(self, keys: Keys) -> Floats:
        return (keys.astype(np.int32) << 16).view(np.float32)


def fastest_products(unit: Floats) -> Products:
    """Return the fastest multiplier on this machine for rows `unit`, (n, d) float32 contiguous."""
    if "torch" in sys.modules and _bfloat16_is_faster(unit.shape[1]):
        return Bfloat16Products(unit)
    return Float32Products(unit)


def rounding_bound(dimensions: int) -> float:
    """Return the error bound of a float32 dot product of two unit rows of d numbers.

    d u / (1 - d u) with u = 2^-24 (Higham, Accuracy and Stability, 2002, section 3.1).
    """
    error = dimensions * 2.0**-24
    return error / (1 - error)


@contextmanager
def single_threaded(threads: int) -> Iterator[ThreadPoolExecutor]:
    """Yield a number of workers, each of which multiplies on one thread."""
    torch: Any = sys.modules.get("torch")
    before = torch.get_num_threads() if torch else 0
    try:
        with threadpool_limits(1, "blas"), ThreadPoolExecutor(threads) as workers:
            yield workers
    finally:
        # PyTorch applies a thread's setting to later threads, too.
        if torch:
            torch.set_num_threads(before)


@cache
def _bfloat16_is_faster(dimensions: int) -> bool:
    unit = np.full((Float32Products.columns, dimensions), dimensions**-0.5, dtype=np.float32)
    ways: tuple[Products, Products] = Bfloat16Products(unit), Float32Products(unit)
    with single_threaded(1) as workers:
        half, whole = (workers.submit(_seconds, way, unit).result() for way in ways)
    return half < whole


def _seconds(products: Products, unit: Floats) -> float:
    """Return the time of a product, the best of a few tiles."""
    matrix, times = products.matrix(unit), []
    for _ in range(PROBES):
        began = time.perf_counter()
        products.tile(matrix[: products.rows], matrix[: products.columns])
        times.append(time.perf_counter() - began)
    return min(times) / (products.rows * products.columns)
