"""Replacing a source of which a thousandth changed, beside replacing it whole."""

from __future__ import annotations

import statistics
from itertools import cycle
from pathlib import Path

import numpy as np

from benchmarks.measuring import Figure, seconds
from benchmarks.serving import bench
from hartonomous.bundle import Bundle
from hartonomous.graph.driver import Graph
from hartonomous.load import bundle_difference
from hartonomous.operations.ingestion import IngestReport, load_bundle
from tests.building import silent
from tests.paired_bundles import Ints, made_pairs, paired_bundle

WORDS = 10_000
ROWS = 400_000
SHARE = 0.001
ROUNDS = 7
EVIDENCE = "SENTENCE_EVIDENCE"


def run() -> list[Figure]:
    with bench() as given:
        return measure(given.graph, given.scratch, WORDS, ROWS)


def measure(graph: Graph, scratch: Path, words: int, rows: int) -> list[Figure]:
    """Return the figures of a source of so many rows, beside another of as many on the same words."""
    rng = np.random.default_rng(1)
    pairs = made_pairs(words, rows, rng)
    n = rng.integers(1, 6, len(pairs))
    beside = made_pairs(words, rows, rng)
    others = rng.integers(1, 6, len(beside))
    other = paired_bundle(scratch / "other", EVIDENCE, words, beside, others)
    old = paired_bundle(scratch / "old", EVIDENCE, words, pairs, n)
    new = paired_bundle(scratch / "new", EVIDENCE, words, *_grown(pairs, n, words, rng))
    load_bundle(graph, other, "other", silent)
    load_bundle(graph, old, "grows", silent)
    reports: list[IngestReport] = []
    # There and back, so that every other one is the same act.
    versions = cycle((new, old))
    times = [
        seconds(lambda: reports.append(_replaced(graph, next(versions)))) for _ in range(ROUNDS)
    ]
    took = statistics.median(times)
    whole = seconds(lambda: _replaced_whole(graph, next(versions)))
    share = took / whole
    written = reports[0].load.rows + reports[0].settled.removed
    return [
        Figure(
            f"replacing a source of {len(pairs):,} rows, {SHARE:.1%} of them changed",
            f"{took:.1f} s ({written:,} rows written, {reports[0].settled.pairs:,} pairs rated; "
            f"{times[0]:.1f} s the first time)",
            f"replacing it whole {whole:.1f} s: {share:.1%}",
            "at most 5 %",
            share <= 0.05,
        )
    ]


def _grown(pairs: Ints, n: Ints, words: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Return pairs and counts of which a thousandth is new, gone or seen once more, a third each."""
    third = max(1, round(SHARE * len(pairs) / 3))
    more = made_pairs(words, third, rng)
    known = set(map(tuple, pairs.tolist()))
    more = np.array([pair for pair in more.tolist() if tuple(pair) not in known], dtype=np.int64)
    at = rng.permutation(len(pairs))
    counts = n.copy()
    counts[at[:third]] += 1
    kept = np.setdiff1d(np.arange(len(pairs)), at[third : 2 * third])
    every = np.concatenate([pairs[kept], more.reshape(-1, 2)])
    times = np.concatenate([counts[kept], np.ones(len(more), dtype=np.int64)])
    order = np.lexsort((every[:, 1], every[:, 0]))
    return every[order], times[order]


def _replaced(graph: Graph, bundle: Bundle) -> IngestReport:
    return load_bundle(graph, bundle, "grows", silent, replace=True)


def _replaced_whole(graph: Graph, bundle: Bundle) -> IngestReport:
    usual, bundle_difference.MOST_DIFFERING = bundle_difference.MOST_DIFFERING, 0.0
    try:
        return _replaced(graph, bundle)
    finally:
        bundle_difference.MOST_DIFFERING = usual
