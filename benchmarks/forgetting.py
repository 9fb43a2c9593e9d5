"""Taking a million edges of evidence out of four million; beside a rebuild, and beside plain Cypher."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.measuring import Figure, seconds
from benchmarks.serving import bench
from hartonomous.bundle import Bundle
from hartonomous.delete.deletion import DeletionReport, apply
from hartonomous.delete.deletion_plan import Plan, plan
from hartonomous.delete.selectors import Selectors
from hartonomous.delete.undo import undo
from hartonomous.extract.extraction import ExtractOptions, extract, open_model
from hartonomous.extract.importer_protocol import OpenOptions
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.operations.ingestion import load_bundle, rate
from hartonomous.versions.diff import Difference, compare, read_side
from hartonomous.versions.snapshots import create_snapshot
from tests import models
from tests.building import silent, write_vectors

SOURCES = 4
NOISE = 0.05
CONCEPTS = ("king", "river", "music", "bank", "seven")

NAIVE = """
MATCH ()-[e:EMBEDDING_EVIDENCE {source: $source}]->()
CALL (e) { DELETE e } IN TRANSACTIONS OF 20000 ROWS
"""


def run() -> list[Figure]:
    with bench() as given:
        return _measure(given.graph, _bundles(given.scratch))


def _bundles(scratch: Path) -> list[Bundle]:
    """Return bundles of MiniLM and of models that saw the same through their own noise."""
    opened = open_model(str(models.MINILM), OpenOptions())
    words = opened.vocabulary.compositions["text"].to_pylist()
    vectors = opened.tracks[0].vectors(0)
    made = []
    for seed in range(SOURCES):
        rng = np.random.default_rng(seed)
        noisy = vectors + seed * NOISE * vectors.std() * rng.normal(size=vectors.shape)
        path = write_vectors(scratch / f"model-{seed}", words, noisy.astype(np.float32))
        model = open_model(str(path), OpenOptions())
        made.append(extract(model, ExtractOptions(), scratch / f"bundle-{seed}", silent))
    return made


def _measure(graph: Graph, bundles: list[Bundle]) -> list[Figure]:
    built = [
        seconds(lambda b=bundle, n=number: load_bundle(graph, b, f"s{n}", silent))
        for number, bundle in enumerate(bundles)
    ]
    rebuild = sum(built[:-1])
    last = Selectors(sources=(f"s{SOURCES - 1}",))
    planned: list[Plan] = []
    took_plan = seconds(lambda: planned.append(plan(graph, last, silent)))
    reports: list[DeletionReport] = []
    with WriterLock(graph, "bench") as lock:
        create_snapshot(graph, lock, "before", silent)
        took = seconds(lambda: reports.append(apply(graph, lock, planned[0], silent)))
        create_snapshot(graph, lock, "after", silent)
        differing = _difference(graph)
        back = seconds(lambda: undo(graph, lock, reports[0].id, silent))
    removed = reports[0].removed
    concept, cut = _concept_plan(graph), _concept_plan(graph, with_cut=True)
    naive = seconds(lambda: _naive(graph, f"s{SOURCES - 1}"))
    rate_done = removed / took
    return [
        Figure(
            f"plan of a source of {removed:,} edges among {SOURCES} such",
            f"{took_plan:.1f} s",
            "-",
            "at most 60 s",
            took_plan <= 60,
        ),
        Figure(
            "doing that plan, everything re-rated",
            f"{rate_done:,.0f} edges/s ({took:.1f} s, {reports[0].kept + reports[0].shifted:,} "
            "relations moved)",
            f"rebuilding without it {rebuild:.1f} s ({rebuild / took:.1f} times), plain Cypher "
            f"and rating everything {naive:.1f} s ({naive / took:.1f} times)",
            "40,000/s, twice as fast as rebuilding",
            rate_done >= 40_000 and rebuild >= 2 * took,
        ),
        Figure("undoing it", f"{removed / back:,.0f} edges/s ({back:.1f} s)", "-", "-", None),
        Figure(
            "plan of a concept, slowest of five",
            f"{concept:.2f} s",
            "-",
            "at most 2 s",
            concept <= 2,
        ),
        Figure("the same, with what is cut off", f"{cut:.1f} s", "-", "at most 10 s", cut <= 10),
        differing,
    ]


def _concept_plan(graph: Graph, with_cut: bool = False) -> float:
    return max(
        seconds(lambda w=word: plan(graph, Selectors(concepts=(w,)), silent, with_cut))
        for word in CONCEPTS
    )


def _difference(graph: Graph) -> Figure:
    found: list[Difference] = []

    def diff() -> None:
        sides = [read_side(graph, f"snapshot:{name}", silent) for name in ("before", "after")]
        found.append(compare(sides[0], sides[1], ("before", "after")))

    took = seconds(diff)
    relations = found[0].shared + found[0].only_a
    return Figure(
        f"diff of two snapshots, {relations:,} relations before",
        f"{took:.1f} s",
        f"{found[0].only_a:,} gone, {found[0].changed_exactly:,} changed",
        "at most 30 s",
        took <= 30 and relations >= 1_000_000,
    )


def _naive(graph: Graph, source: str) -> None:
    graph.change_schema(NAIVE.replace("$source", f"'{source}'"))
    graph.write("MATCH (s:Source {name: $n})-[:HAS_TRACK]->(t) DETACH DELETE s, t", n=source)
    rate(graph, silent, everything=True)
