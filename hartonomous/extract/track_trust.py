"""Trust of a track, from its vectors alone; the odds of its observations are in `odds`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

FULL_TRUST_RATIO = 150
"""Participation ratio of full trust."""

TRUST_RANGE = (100, 1000)

TRUST_ROWS = 8_192
"""Rows from which trust is estimated: 34 million pairs of them."""

TRUST_WIDTH = 1_024
"""Columns of adjacent positions that are multiplied at once."""


def trust(matrices: Sequence[Callable[[], NDArray[np.float32]]]) -> int:
    """Return a track's trust in thousandths, 100 to 1000, from its vectors alone.

    1000 PR / 150 within [100, 1000], PR = (sum l)^2 / sum l^2, the participation ratio of the
    eigenvalues l of the covariance of the centred, row-normalised vectors, positions side by side.
    Each of `matrices` is a function that returns one position's vectors (n, d) float32, so that
    they need not be in memory together.
    """
    total, squares = _spread(matrices)
    if squares <= 0:
        return TRUST_RANGE[0]
    low, high = TRUST_RANGE
    return max(low, min(high, round(1000 * total**2 / squares / FULL_TRUST_RATIO)))


def _spread(matrices: Sequence[Callable[[], NDArray[np.float32]]]) -> tuple[float, float]:
    """Return estimates of sum l and sum l^2 from at most TRUST_ROWS rows, evenly spaced.

    The mean of |x|^2, and the mean of (x . y)^2 over pairs of different rows, which is unbiased for
    any number of rows (Chen, Zhang, Zhong 2010, for centred vectors).
    """
    products = np.zeros((0, 0), dtype=np.float32)
    for rows in _side_by_side(matrices):
        if not products.size:
            products = np.zeros((len(rows), len(rows)), dtype=np.float32)
        products += rows @ rows.T
    n = len(products)
    if n < 2:
        return 0.0, 0.0
    lengths = np.diagonal(products).astype(np.float64)
    squares = float(np.einsum("ij,ij->", products, products, dtype=np.float64))
    return float(lengths.mean()), (squares - float(np.square(lengths).sum())) / (n * (n - 1))


def _side_by_side(
    matrices: Sequence[Callable[[], NDArray[np.float32]]],
) -> Iterator[NDArray[np.float32]]:
    """Yield some rows of the matrices, with as many positions side by side as have TRUST_WIDTH
    columns: narrow products are fast to multiply and slow to sum.
    """
    from hartonomous.extract.search.nearest_neighbours import centred, normalised

    beside: list[NDArray[np.float32]] = []
    for matrix in matrices:
        unit = centred(normalised(centred(matrix())))
        beside.append(unit[:: -(-len(unit) // TRUST_ROWS)])
        if sum(rows.shape[1] for rows in beside) >= TRUST_WIDTH:
            yield np.concatenate(beside, axis=1)
            beside.clear()
    if beside:
        yield np.concatenate(beside, axis=1)
