"""Projecting two million rated pairs, and paths over them, beside SciPy's Dijkstra in memory."""

from __future__ import annotations

import statistics

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from benchmarks.measuring import Figure, seconds
from benchmarks.serving import bench
from hartonomous.ask.paths.projections import drop_all, projection
from hartonomous.ask.paths.word_paths import path
from hartonomous.graph.driver import Graph
from hartonomous.identity import composition_key
from hartonomous.rate.formulas import consensus, cost
from hartonomous.schema import FORMULA_VERSION

WORDS, NEAR, FAR = 40_000, 25, 25
BATCH = 20_000
ROUNDS = 3
ASKED = 21

_CREATE_WORDS = """
UNWIND $words AS word
CREATE (c:Composition:Token {key: word[0], text: word[1], folded: word[1], kind: 'Token', known: '1'})
RETURN id(c) AS id
"""
_CREATE_PAIRS = """
UNWIND $pairs AS pair
MATCH (a) WHERE id(a) = pair[0] MATCH (b) WHERE id(b) = pair[1]
CREATE (a)-[:RELATES {elo: 1800.0, n: 1, weight: 500000, sources: 1, seen: [1],
                      decades: pair[2], consensus: pair[3], cost: pair[4]}]->(b)
"""


def run() -> list[Figure]:
    with bench() as given:
        return _measure(given.graph, _fill(given.graph))


def _fill(graph: Graph) -> sparse.csr_array:
    """Write a made-up graph of words in a ring, near ones related strongly, some far ones too."""
    rng = np.random.default_rng(0)
    keyed = [(composition_key("Token", f"w{i}"), f"w{i}") for i in range(WORDS)]
    ids: list[int] = []
    for first in range(0, WORDS, BATCH):
        part = [list(word) for word in keyed[first : first + BATCH]]
        ids += [row["id"] for row in graph.write(_CREATE_WORDS, words=part)]
    here = np.repeat(np.arange(WORDS), NEAR + FAR)
    near = np.arange(1, NEAR + 1)
    steps = np.concatenate([np.tile(near, (WORDS, 1)), rng.integers(NEAR + 1, WORDS // 2, (WORDS, FAR))], axis=1)  # fmt: skip
    there = (here + steps.ravel()) % WORDS
    decades = np.where(steps.ravel() <= NEAR, rng.integers(800, 1800, here.size), rng.integers(50, 800, here.size))  # fmt: skip
    table = {int(d): (consensus(int(d)), cost(int(d))) for d in np.unique(decades)}
    for first in range(0, here.size, BATCH):
        part = slice(first, first + BATCH)
        rows = [
            [ids[a], ids[b], int(d), *table[int(d)]]
            for a, b, d in zip(here[part], there[part], decades[part], strict=True)
        ]
        graph.write(_CREATE_PAIRS, pairs=rows)
    graph.write(
        "MATCH (g:State) SET g.settled = true, g.epoch = 1, g.formula = $formula",
        formula=FORMULA_VERSION,
    )
    costs = np.array([table[int(d)][1] for d in decades], dtype=np.float64)
    return sparse.csr_array((costs, (here, there)), shape=(WORDS, WORDS))


def _measure(graph: Graph, pairs: sparse.csr_array) -> list[Figure]:
    projected = []
    for _ in range(ROUNDS):
        drop_all(graph)
        projected.append(seconds(lambda: _project(graph)))
    rng = np.random.default_rng(1)
    asked = rng.integers(0, WORDS, (ASKED, 2)).tolist()
    for start_word, end_word in asked[:3]:
        path(graph, f"w{start_word}", f"w{end_word}")
    ours = statistics.median(
        seconds(lambda a=a, b=b: path(graph, f"w{a}", f"w{b}")) for a, b in asked
    )
    theirs = statistics.median(
        seconds(lambda a=a: csgraph.dijkstra(pairs, directed=False, indices=a))
        for a, _ in asked[:5]
    )
    took = statistics.median(projected)
    return [
        Figure(
            f"projecting {pairs.nnz:,} rated pairs", f"{took:.1f} s", "-", "at most 5 s", took <= 5
        ),
        Figure(
            "path, three best, over them, projected already",
            f"{ours:.2f} s",
            f"SciPy's Dijkstra from one word, all in memory {theirs:.2f} s",
            "at most 0.5 s",
            ours <= 0.5,
        ),
    ]


def _project(graph: Graph) -> None:
    with projection(graph):
        pass
