"""Sources that saw the same meanings, each through its own noise and its own axes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hartonomous.graph.driver import Graph
from tests.building import bundle_of, put_in, write_vectors

SIZE, K = 500, 20


MEANING = np.random.default_rng(1).normal(size=(SIZE, 10))


WORDS = [f"w{number:04d}" for number in range(SIZE)]


def honest(seed: int) -> np.ndarray:
    """Vectors of a model that saw the same meanings through its own noise and its own axes."""
    rng = np.random.default_rng(seed)
    turned = MEANING @ np.linalg.qr(rng.normal(size=(10, 10)))[0]
    return turned + 0.5 * rng.normal(size=turned.shape)


def source(graph: Graph, folder: Path, name: str, vectors: np.ndarray) -> None:
    path = write_vectors(folder / name, WORDS, vectors)
    put_in(graph, bundle_of(path, folder / f"{name}-bundle", k=K), name)
