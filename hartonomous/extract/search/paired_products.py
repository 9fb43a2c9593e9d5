"""Paired products: the dot products of given pairs of vectors, a part at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

AT_ONCE = 1 << 16
"""Pairs whose vectors are gathered at once; of all together they would be copied twice."""

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


def paired_products(first: Floats, second: Floats, row: Ints, column: Ints) -> NDArray[np.float64]:
    """Return the products of rows `row` (m,) of `first` (n, d) with rows `column` (m,) of `second` (k, d),
    (m,) float64, summed in float64.
    """
    found = np.empty(len(row), dtype=np.float64)
    for begin in range(0, len(row), AT_ONCE):
        part = slice(begin, begin + AT_ONCE)
        left, right = first[row[part]], second[column[part]]
        found[part] = np.einsum("ij,ij->i", left, right, dtype=np.float64)
    return found
