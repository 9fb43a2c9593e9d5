"""Laying graphs out: 30,000 and 250,000 generated compositions, and what two real models' union keeps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from benchmarks.measuring import Figure
from benchmarks.serving import bench
from hartonomous.ask.layout.placement import place
from hartonomous.ask.layout.placement_quality import neighbour_recall, same_token_agreement
from hartonomous.extract.extraction import ExtractOptions, extract, open_model
from hartonomous.extract.importer_protocol import OpenOptions
from hartonomous.extract.word_matrix import WordVectors
from hartonomous.graph.driver import Graph
from hartonomous.operations.ingestion import prepare
from tests import models
from tests.building import put_in, silent, wipe

DIMENSIONS = 64
SIZES = {30_000: 30.0, 250_000: 300.0}
"""Compositions, and the seconds they may take."""

RELATED = 15
BATCH = 20_000
GLOVE_WORDS = 30_000

CREATE = """
UNWIND $keys AS key
CREATE (:Composition:Token {key: key, text: key, folded: key, kind: 'Token'})
"""
RELATE = """
UNWIND range(0, size($starts) - 1) AS i
MATCH (a:Composition {key: $starts[i]}), (b:Composition {key: $ends[i]})
CREATE (a)-[:RELATES {decades: $decades[i], consensus: 1500 + toInteger(0.4 * $decades[i])}]->(b)
"""


def run() -> list[Figure]:
    with bench() as given:
        figures = []
        for size, bar in SIZES.items():
            generate(given.graph, size)
            figures += _laid_out(given.graph, size, bar)
        wipe(given.graph)
        return figures + _kept(given.graph, given.scratch)


def generate(graph: Graph, size: int) -> None:
    """Fill a graph with points on a six-dimensional torus, each related to its nearest."""
    wipe(graph)
    rng = np.random.default_rng(0)
    points = rng.uniform(size=(size, 6))
    _, near = cKDTree(points, boxsize=1).query(points, RELATED + 1, workers=-1)
    pairs = np.unique(np.sort(np.stack([np.repeat(np.arange(size), RELATED), near[:, 1:].ravel()], 1), 1), axis=0)  # fmt: skip
    keys = [rng.bytes(16).hex() for _ in range(size)]
    decades = rng.integers(300, 1_800, len(pairs)).tolist()
    for first in range(0, size, BATCH):
        graph.write(CREATE, keys=keys[first : first + BATCH])
    for first in range(0, len(pairs), BATCH):
        part = pairs[first : first + BATCH].tolist()
        graph.write(
            RELATE,
            starts=[min(keys[a], keys[b]) for a, b in part],
            ends=[max(keys[a], keys[b]) for a, b in part],
            decades=decades[first : first + BATCH],
        )
    graph.write("MATCH (g:State {name: 'graph'}) SET g.settled = true, g.epoch = g.epoch + 1")


def _laid_out(graph: Graph, size: int, bar: float) -> list[Figure]:
    _, _, report = place(graph, DIMENSIONS, silent)
    total, parts = sum(report.seconds.values()), report.seconds
    return [
        Figure(
            f"place, {report.placed:,} compositions, {report.relations:,} relations, S3 and 64",
            f"{total:.1f} s",
            f"reading {parts['read']:.1f} s, solving {parts['solve']:.1f} s, writing {parts['write']:.1f} s",
            f"at most {bar:.0f} s",
            total <= bar,
        ),
        Figure(
            f"the same, what is not the eigen-solver ({size:,})",
            f"{report.share_beside_solver:.0%}",
            "-",
            "under half",
            report.share_beside_solver < 0.5,
        ),
    ]


def _kept(graph: Graph, scratch: Path) -> list[Figure]:
    prepare(graph)
    opened = {
        "minilm": open_model(str(models.MINILM), OpenOptions()),
        "glove": open_model(str(models.GLOVE), OpenOptions(models.GLOVE_WORDS, None, GLOVE_WORDS)),
    }
    for name, model in opened.items():
        put_in(graph, extract(model, ExtractOptions(), scratch / name, silent), name)
    placement, related, _ = place(graph, DIMENSIONS, silent)
    figures = [
        Figure(
            f"MiniLM and GloVe placed: nearest relations kept, {row.space}, {row.dimensions}",
            f"recall {row.recall:.3f}",
            f"{row.nearest} of {row.placed:,}",
            "measured",
            None,
        )
        for row in neighbour_recall(placement, related)
    ]
    vectors = {name: WordVectors(model) for name, model in opened.items()}
    found = same_token_agreement(
        graph, placement, related, ("minilm", "glove"), vectors, len(placement.keys)
    )
    return figures + [
        Figure(
            f"the same word of MiniLM in GloVe: {row.method}",
            f"MRR {row.mrr:.3f}, first {row.first:.3f}",
            f"{row.queries:,} asked among {row.gallery:,}",
            "measured",
            None,
        )
        for row in found
    ]
