"""Counted evidence: rating it beside vectors, classes beside twenty counted sources, the formula
beside the one before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

import numpy as np
import pyarrow as pa

from benchmarks.measuring import Figure, seconds
from benchmarks.serving import bench
from hartonomous.bundle import Bundle, BundleWriter, TrackDescription
from hartonomous.counted_rows import counted_rows, margins, track_trust
from hartonomous.extract.extraction import ExtractOptions, extract, open_model
from hartonomous.extract.importer_protocol import OpenOptions
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.load.loader import go_live, load
from hartonomous.rate import rating_pass
from hartonomous.schema import (
    DEFAULT_RELATION,
    MICRO,
    TrackConstants,
    evidence_feeding,
    evidence_type,
)
from hartonomous.transparency.transparency_log import Entry
from tests import models
from tests.building import silent, wipe

ROUNDS = 3
SOURCES = 20
SHARE = 20
"""Of the pairs of the model, one in so many is counted by each of the sources."""

KIND = "COOCCURRENCE_EVIDENCE"

BEFORE = """
UNWIND $ids AS id
MATCH (a:Composition) WHERE id(a) = id
MATCH (a)-[x:TYPES|RELATES]->(b)
WITH a, b, x, properties(x) AS said
WITH a, b, x, said, $tracks[type(x)][said.source] AS track
WITH a, b,
     collect(CASE WHEN said.elo IS NOT NULL THEN x END)[0] AS old,
     collect(CASE WHEN said.source IN $leaving THEN x END) AS leaving,
     sum(CASE WHEN track IS NOT NULL THEN said.n END) AS n,
     sum(CASE WHEN track IS NOT NULL THEN said.weight END) AS weight,
     collect(DISTINCT track[2]) AS seen,
     sum(track[0] * said.support - track[1]) AS gained,
     $classes[a.known][b.known] AS absent
WITH a, b, old, leaving, n, weight, seen,
     toInteger(floor(
       (2.0 * (gained + absent[1]) + absent[0] + $shrinkage) / (2 * (absent[0] + $shrinkage))
     )) AS decades
WITH a, b, old, leaving, {
  elo: 1500.0 + CASE WHEN 0.1 * n < 1000.0 THEN 0.1 * n ELSE 1000.0 END
       + 500.0 * (weight / 1e6 / CASE n WHEN 0 THEN 1 ELSE n END)
       + CASE WHEN 20 * size(seen) < 200 THEN 20 * size(seen) ELSE 200 END,
  n: n, weight: weight, sources: size(seen), seen: seen, decades: decades,
  consensus: 1500 + toInteger(floor(0.4 * decades + 0.5)),
  cost: 1 + toInteger(floor(1e6 * log10(1.0 + 10.0 ^ (-0.001 * decades))))
} AS rating
FOREACH (e IN leaving | DELETE e)
FOREACH (_ IN CASE WHEN rating.n > 0 AND old IS NULL THEN [1] ELSE [] END |
  CREATE (a)-[new:RELATES]->(b) SET new = rating
)
FOREACH (_ IN CASE WHEN rating.n > 0 AND properties(old) <> rating THEN [1] ELSE [] END |
  SET old = rating
)
FOREACH (_ IN CASE WHEN rating.n = 0 THEN [1] ELSE [] END | DELETE old)
RETURN count(*) AS pairs, sum(size(leaving)) AS removed
"""
"""The statement of formula 3."""


def run() -> list[Figure]:
    with bench() as given:
        model = open_model(str(models.MINILM), OpenOptions())
        vectors = extract(model, ExtractOptions(), given.scratch / "vectors", silent)
        counted = _counted(vectors, given.scratch / "counted", range(1))
        return [
            *_formulas(given.graph, vectors),
            *_kinds(given.graph, vectors, counted),
            *_classes(given.graph, vectors, given.scratch),
        ]


def _counted(bundle: Bundle, output: Path, parts: range, of: int = 1) -> Bundle:
    """Return a bundle of co-occurrences of the pairs of a bundle, of one part in `of`."""
    (track,) = bundle.tracks
    rows = pa.Table.from_batches(bundle.evidence(track, 1 << 20))
    chosen = np.flatnonzero(np.arange(rows.num_rows) % of == parts.start % of)
    start, end = (rows[name].to_numpy()[chosen].astype(np.int64) for name in ("start", "end"))
    n = 1 + np.arange(len(chosen)) % 7
    kind = evidence_type(KIND)
    among, total = margins(kind, start, end, n)
    counts = {"start": start, "end": end, "n": n, "weight": n * MICRO, "half": n // 2, **among}
    constants = TrackConstants(1, 0, track.vocabulary, total)
    table = counted_rows(kind, counts, constants)
    trust = track_trust(kind, table, constants)
    described = TrackDescription(
        KIND, ("texts",), 0, track.vocabulary, 0, trust, 0, 1.0, len(n), int(n.sum()), total=total
    )
    with BundleWriter(output) as writer:
        writer.write_compositions(bundle.compositions())
        writer.write_evidence(KIND, iter([table]))
        source = replace(bundle.source, kind="corpus", options={"part": parts.start})
        return writer.finish(source, (described,))


def _put(graph: Graph, bundle: Bundle, name: str) -> None:
    with WriterLock(graph, "bench") as lock:
        load(graph, lock, bundle, name, silent)
        rating_pass.schedule(graph, lock, name)
        go_live(graph, lock, name, Entry("ingest"))


def _rate(graph: Graph) -> float:
    with WriterLock(graph, "bench") as lock:
        return seconds(lambda: rating_pass.rate_due(graph, lock, silent))


def _rate_all(graph: Graph) -> float:
    with WriterLock(graph, "bench") as lock:
        rating_pass.schedule_all(graph, lock)
        return seconds(lambda: rating_pass.rate_due(graph, lock, silent))


@contextmanager
def _formula_3() -> Iterator[None]:
    types = "|".join(one.name for one in evidence_feeding(DEFAULT_RELATION))

    def asked(name: str, **of: Any) -> str:
        return BEFORE.replace("TYPES", types) if name == "rate/rate_pairs" else query(name, **of)

    with patch.object(rating_pass, "query", asked):
        yield


def _formulas(graph: Graph, vectors: Bundle) -> list[Figure]:
    wipe(graph)
    _put(graph, vectors, "vectors")
    _rate(graph)
    now, before = [], []
    for _ in range(ROUNDS):
        with _formula_3():
            before.append(_rate_all(graph))
        now.append(_rate_all(graph))
    took, earlier = median(now), median(before)
    return [
        Figure(
            "rating vectors alone again",
            f"{took:.1f} s",
            f"by formula 3 {earlier:.1f} s: {took / earlier:.2f} times",
            "at most 1.05 times",
            took <= 1.05 * earlier,
        )
    ]


def _kinds(graph: Graph, vectors: Bundle, counted: Bundle) -> list[Figure]:
    rates: dict[str, list[float]] = {"vectors": [], "counted": []}
    for _ in range(ROUNDS):
        for name, bundle in (("vectors", vectors), ("counted", counted)):
            wipe(graph)
            _put(graph, bundle, name)
            rates[name].append(bundle.tracks[0].rows / _rate(graph))
    ours, beside = median(rates["counted"]), median(rates["vectors"])
    return [
        Figure(
            "rating counted pairs",
            f"{ours:,.0f} pairs/s",
            f"pairs of vectors {beside:,.0f}/s: {ours / beside:.2f} times",
            "at least 0.60 times",
            ours >= 0.6 * beside,
        )
    ]


def _classes(graph: Graph, vectors: Bundle, scratch: Path) -> list[Figure]:
    wipe(graph)
    _put(graph, vectors, "vectors")
    _rate(graph)
    alone = [_rate_all(graph) for _ in range(ROUNDS)]
    known = _known(graph)
    for place in range(SOURCES):
        part = _counted(
            vectors, scratch / f"part-{place}", range(place, place + 1), SOURCES * SHARE
        )
        _put(graph, part, f"counted-{place}")
        _rate(graph)
    beside = [_rate_all(graph) for _ in range(ROUNDS)]
    took, without = median(beside), median(alone)
    return [
        Figure(
            f"rating everything, {SOURCES} small counted sources beside the model",
            f"{took:.1f} s, {_known(graph)} classes",
            f"without {without:.1f} s, {known} classes: {took / without:.2f} times",
            "at most 1.10 times",
            took <= 1.1 * without and _known(graph) == known,
        )
    ]


def _known(graph: Graph) -> int:
    return len(graph.read(query("rate/read_classes")))
