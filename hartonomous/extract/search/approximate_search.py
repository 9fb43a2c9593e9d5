"""Approximate search: neighbours by NN-descent (pynndescent), for vocabularies too large for exact
search.
"""

from __future__ import annotations

import numpy as np
import pynndescent
from numpy.typing import NDArray

from hartonomous.extract.search.exact_search import Found, exact_row, score

Floats = NDArray[np.float32]

WIDER = 10
"""Neighbours requested beyond k: one is the row itself, and the last ones are the least certain."""


def approximate_neighbours(unit: Floats, k: int, seed: int, threads: int) -> Found:
    """Return indices int32 and similarities float64, (n, k), of rows `unit` (n, d) float32 of
    length one or zero.

    The candidates of NN-descent (Dong et al. 2011) are scored in float64 and ordered as in exact
    search.
    """
    wanted = min(k + WIDER, len(unit))
    index = pynndescent.NNDescent(
        unit, metric="dot", n_neighbors=wanted, random_state=seed, n_jobs=threads
    )
    candidates, _ = index.neighbor_graph
    return score(unit, candidates.astype(np.int32), k)


def measured_recall(
    unit: Floats, indices: NDArray[np.int32], k: int, sample: int, seed: int
) -> float:
    """Return the share, 0 to 1, of exact neighbours among `indices` (n, k), over a sample of rows
    of `unit` (n, d).
    """
    rows = np.random.default_rng(seed).choice(len(unit), min(sample, len(unit)), replace=False)
    hits = sum(len(np.intersect1d(exact_row(unit, row, k), indices[row])) for row in rows)
    return float(hits / (k * len(rows)))
