"""Exact neighbours of MiniLM's matrix beside faiss and beside the products alone, same threads."""

from __future__ import annotations

import faiss
import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.measuring import Figure, interleaved, seconds
from hartonomous.extract.importer_protocol import OpenOptions, importer_for
from hartonomous.extract.search.nearest_neighbours import (
    NeighbourOptions,
    centred,
    nearest,
    normalised,
)
from tests import models

ROUNDS = 5
THREADS = 2
K = 50


def run() -> list[Figure]:
    model = importer_for(models.MINILM).open(models.MINILM, OpenOptions())
    vectors = model.tracks[0].vectors(0)
    unit = normalised(centred(vectors))
    options = NeighbourOptions(k=K, threads=THREADS)
    cold = seconds(lambda: nearest(vectors, options))
    index = faiss.IndexFlatIP(unit.shape[1])
    index.add(unit)
    faiss.omp_set_num_threads(THREADS)

    def products() -> None:
        with threadpool_limits(THREADS, "blas"):
            for first in range(0, len(unit), 512):
                unit[first : first + 512] @ unit.T

    took = interleaved(
        ROUNDS,
        ours=lambda: nearest(vectors, options),
        faiss=lambda: index.search(unit, K + 1),
        products=products,
    )
    ratio = took["faiss"] / took["ours"]
    return [
        Figure(
            f"{K} neighbours of {unit.shape[0]:,} x {unit.shape[1]}",
            f"{took['ours']:.2f} s ({cold:.2f} s the first time)",
            f"faiss IndexFlatIP {took['faiss']:.2f} s: {ratio:.2f} times faster",
            "no slower than faiss",
            ratio >= 1.0,
        ),
        Figure(
            "the same, beside all products by BLAS alone",
            f"{took['ours'] / took['products']:.2f} times as long",
            f"products {took['products']:.2f} s",
            "near 1",
            took["ours"] <= 1.25 * took["products"],
        ),
        Figure("neighbours that differ from faiss", f"{_differing(unit, vectors, index, options)}",
               "rows whose border float32 cannot tell", "float64 decides", None),
    ]  # fmt: skip


def _differing(
    unit: np.ndarray, vectors: np.ndarray, index: object, options: NeighbourOptions
) -> int:
    _, theirs = index.search(unit, K + 1)  # type: ignore[attr-defined]
    ours = nearest(vectors, options).indices
    rows = zip(ours, theirs, range(len(unit)), strict=True)
    return sum(
        set(a.tolist()) != set([j for j in b.tolist() if j != row][:K]) for a, b, row in rows
    )
