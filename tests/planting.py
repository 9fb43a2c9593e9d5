"""Models spoilt on purpose: words that stand for others, noise, hubs."""

from __future__ import annotations

import numpy as np

from hartonomous.extract.search.nearest_neighbours import centred, normalised


def shuffled(vectors: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Return vectors of which a share of the words have changed places."""
    chosen = rng.choice(len(vectors), round(share * len(vectors)), replace=False)
    spoilt = vectors.copy()
    spoilt[chosen] = vectors[rng.permutation(chosen)]
    return spoilt


def with_hubs(vectors: np.ndarray, hubs: int, reach: int, rng: np.random.Generator) -> np.ndarray:
    """Return vectors of which some words were moved, each into the middle of `reach` others."""
    unit = normalised(centred(vectors.astype(np.float32)))
    spoilt = unit.copy()
    for word in rng.choice(len(unit), hubs, replace=False):
        nearest = np.argsort(-(unit @ unit[rng.integers(len(unit))]))[:reach]
        spoilt[word] = unit[nearest].mean(axis=0)
    return spoilt


def noise(vectors: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return vectors of the same shape that know nothing."""
    return rng.normal(size=vectors.shape).astype(np.float32)
