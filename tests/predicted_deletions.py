"""Deletions of random kinds, and everything a plan predicted compared with what then happened."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from hartonomous.delete.deletion import apply
from hartonomous.delete.deletion_plan import Plan, plan
from hartonomous.delete.selectors import Selectors, evidence_range
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.operations.ingestion import rate
from hartonomous.rate.formulas import consensus, cost
from tests.building import exported, silent


def rated(lines: Sequence[str]) -> dict[tuple[str, str, str], dict[str, Any]]:
    rows = (json.loads(line) for line in lines if '"record":"rating"' in line)
    return {(row["type"], row["start"], row["end"]): row for row in rows}


def evidence(lines: Sequence[str]) -> set[tuple[str, str, str, str]]:
    rows = (json.loads(line) for line in lines if '"record":"evidence"' in line)
    return {(row["type"], row["start"], row["end"], row["source"]) for row in rows}


def check_prediction(graph: Graph, selectors: Selectors) -> tuple[Plan, str]:
    """Plan, apply, and compare everything the plan said with what there then is.

    Returns the plan and the deletion.
    """
    before = exported(graph)
    planned = plan(graph, selectors, silent)
    assert exported(graph) == before
    with WriterLock(graph, "test") as lock:
        report = apply(graph, lock, planned, silent)
    after = exported(graph)
    keys = planned.tables["compositions"]["key"].to_pylist()
    gone = {
        (evidence, keys[row["start"]], keys[row["end"]], row["source"])
        for evidence, table in planned.evidence.items()
        for row in table.select(["start", "end", "source"]).to_pylist()
    }
    assert gone == evidence(before) - evidence(after)
    assert report.removed == len(gone) > 0
    expected = rated(before)
    for row in planned.tables["relations"].to_pylist():
        pair = row["type"], keys[row["start"]], keys[row["end"]]
        assert expected[pair]["elo"] == row["elo_before"]
        if row["n"] == 0:
            del expected[pair]
            continue
        expected[pair] |= {name: row[name] for name in ("elo", "n", "weight")}
        expected[pair]["sources"] = len(row["seen"])
        if row["decades"] is not None:
            expected[pair]["decades"] = row["decades"]
            expected[pair]["consensus"] = consensus(row["decades"])
    for row in planned.tables["shifts"].to_pylist():
        pair = row["type"], keys[row["start"]], keys[row["end"]]
        assert expected[pair]["decades"] == row["decades_before"] != row["decades"]
        expected[pair] |= {"decades": row["decades"], "consensus": consensus(row["decades"])}
    assert expected == rated(after)
    every = "MATCH ()-[r]->() WHERE r.elo IS NOT NULL RETURN r.cost AS cost, r.decades AS d"
    for row in graph.read(every):
        assert row["cost"] == cost(row["d"])
    # Nothing that rating everything anew would change: votes, agreements and classes are right too.
    rate_everything(graph)
    assert exported(graph) == after
    return planned, report.id


def rate_everything(graph: Graph) -> None:
    graph.write("MATCH ()-[g:AGREES_WITH]->() DELETE g")
    graph.write("MATCH (t:Track) REMOVE t.vote")
    rate(graph, silent, everything=True)
    rate(graph, silent, everything=True)


def random_selectors(graph: Graph, rng: np.random.Generator) -> Selectors:
    """Return selectors of a random kind that stand for something in the graph."""
    names = [r["name"] for r in graph.read("MATCH (s:Source) RETURN s.name AS name ORDER BY name")]
    words = [
        r["text"]
        for r in graph.read(
            "MATCH (c:Composition)-[:EMBEDDING_EVIDENCE]-() RETURN DISTINCT c.text AS text "
            "ORDER BY text"
        )
    ]
    source = str(rng.choice(names))
    size = min(len(words), int(rng.integers(1, 4)))
    some = tuple(map(str, rng.choice(words, size=size, replace=False)))
    pairs = graph.read(
        "MATCH (a)-[:EMBEDDING_EVIDENCE]->(b) WITH a, b ORDER BY a.key, b.key LIMIT 50 "
        "RETURN a.text AS a, b.text AS b"
    )
    pair = pairs[int(rng.integers(len(pairs)))]
    types = graph.read(
        "MATCH (t:Track {source: $name}) RETURN t.evidence AS type ORDER BY type", name=source
    )
    kind = str(rng.choice([row["type"] for row in types]))
    means = [
        row["mean"]
        for row in graph.read(
            f"MATCH ()-[e:{kind} {{source: $name}}]->() WHERE e.n > 0 "
            "RETURN DISTINCT e.weight / toFloat(e.n) / 1000000 AS mean ORDER BY mean",
            name=source,
        )
    ]
    # A range of which nothing is left is refused; the bounds are rounded to millionths.
    low, high = sorted(rng.choice(means or [0], size=2))
    low, high = max(0.0, low - 1e-6), min(1.0, high + 1e-6)
    return [
        Selectors(sources=(source,)),
        Selectors(concepts=some),
        Selectors(concepts=some, exact=True, sources=(source,)),
        Selectors(relations=((pair["a"], pair["b"]),)),
        Selectors(evidence=(evidence_range(source, kind, low, high),)),
        Selectors(
            concepts=some[:1],
            evidence=(evidence_range(source, kind, None, high),),
        ),
    ][int(rng.integers(6 if means else 4))]
