"""Nearest neighbours: the k nearest of every vector by cosine, exact, or by NN-descent for very
many.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hartonomous.progress import Advance
from hartonomous.speeds import SEARCH, measured

Floats = NDArray[np.float32]

APPROXIMATE_ABOVE = 300_000
"""Rows above which NN-descent is used: see `make bench`; exact search is quadratic in the rows."""

RECALL_SAMPLE = 1_000


@dataclass(frozen=True)
class NeighbourOptions:
    """Options of the search; all but `threads` determine the result."""

    k: int = 50
    centre: bool = True
    approximate_above: int = APPROXIMATE_ABOVE
    seed: int = 7
    threads: int = 2


@dataclass(frozen=True)
class Neighbours:
    """Each row's nearest neighbours, best first, ties by lower index.

    `indices` int32 and `similarities` float64 in [-1, 1] are (n, min(k, n - 1)); the rows of
    vectors without a direction have indices -1. `recall` is 1.0 for an exact search, else measured
    against an exact search of a sample.
    """

    indices: NDArray[np.int32]
    similarities: NDArray[np.float64]
    recall: float


def nearest(
    vectors: Floats, options: NeighbourOptions, progress: Advance | None = None
) -> Neighbours:
    """Return the neighbours of every row of `vectors`, (n, d) float32, finite.

    Exact means by the float64 dot products of the normalised float32 rows.
    """
    from hartonomous.extract.search.exact_search import exact_neighbours

    unit = normalised(centred(vectors) if options.centre else vectors)
    k = min(options.k, len(unit) - 1)
    if k < 1:
        none = np.empty((len(unit), 0))
        return Neighbours(none.astype(np.int32), none, 1.0)
    if len(unit) <= options.approximate_above:
        with measured(SEARCH, search_cost(*unit.shape)):
            indices, similarities = exact_neighbours(unit, k, options.threads, progress)
        return Neighbours(indices, similarities, 1.0)
    from hartonomous.extract.search.approximate_search import (
        approximate_neighbours,
        measured_recall,
    )

    indices, similarities = approximate_neighbours(unit, k, options.seed, options.threads)
    recall = measured_recall(unit, indices, k, RECALL_SAMPLE, options.seed)
    return Neighbours(indices, similarities, recall)


def search_cost(size: int, dimensions: int) -> float:
    """Return the multiplications of an exact search; selection costs as many as sixteen dimensions."""
    return float(size) * size * (dimensions + 16)


def centred(vectors: Floats) -> Floats:
    """Return the vectors (n, d) float32 minus their mean."""
    mean = vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    return np.asarray(vectors - mean, dtype=np.float32)


def normalised(vectors: Floats) -> Floats:
    """Return the vectors (n, d) scaled to length one, float32 contiguous; zero vectors stay zero."""
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64))
    largest = np.abs(vectors).max(initial=0.0)
    # If all vectors were equal, centring leaves rounding noise, which is not a direction.
    lengths[lengths <= np.finfo(np.float32).eps * float(largest)] = np.inf
    return np.ascontiguousarray((vectors / lengths[:, None]).astype(np.float32))
