"""Evidence that is counted beside evidence from vectors: elo counts both, the consensus the latter."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from hartonomous.ask.relations.explanation import explain
from hartonomous.bundle import BundleWriter
from hartonomous.bundle_scan import scan
from hartonomous.delete.deletion import delete_source
from hartonomous.errors import BadInput
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.rate.formulas import consensus, decades, elo
from hartonomous.schema import evidence_type
from tests.building import COUNTED, exported, put_in, random_bundle, silent, with_counted

Records = dict[str, list[dict[str, Any]]]


def records(graph: Graph) -> Records:
    found: Records = defaultdict(list)
    for line in exported(graph):
        row = json.loads(line)
        found[row["record"]].append(row)
    return found


def expected(found: Records) -> dict[tuple[str, str], tuple[float, int, int]]:
    """Return the ratings by the integer reference, from the exported evidence alone."""
    tracks = {(row["source"], row["evidence"]): row for row in found["track"]}
    pairs: dict[tuple[str, str], dict[tuple[str, str], dict[str, Any]]] = defaultdict(dict)
    known = defaultdict(set)
    for row in found["evidence"]:
        pairs[row["start"], row["end"]][row["source"], row["type"]] = row
        known[row["source"], row["type"]] |= {row["start"], row["end"]}
    ratings = {}
    for (start, end), rows in pairs.items():
        terms = [
            (track["vote"], rows[name]["support"] if name in rows else track["absent"])
            for name, track in tracks.items()
            if evidence_type(name[1]).votes and {start, end} <= known[name]
        ]
        n = sum(row["n"] for row in rows.values())
        weight = sum(row["weight"] for row in rows.values())
        d = decades(terms)
        sources = {source for source, _ in rows}
        ratings[start, end] = (elo(n, weight, len(sources)), d, consensus(d))
    return ratings


def rated(found: Records) -> dict[tuple[str, str], tuple[float, int, int]]:
    return {
        (row["start"], row["end"]): (row["elo"], row["decades"], row["consensus"])
        for row in found["rating"]
    }


@pytest.fixture
def mixed(graph: Graph, tmp_path: Path) -> Graph:
    """Two models, one with counted evidence of its own, and a source that only counted."""
    first, second = (random_bundle(tmp_path, seed, size=100, k=8) for seed in (1, 2))
    put_in(graph, first, "plain")
    put_in(graph, with_counted(second, tmp_path / "both", 5), "both")
    put_in(graph, with_counted(first, tmp_path / "counted", 6, vector=False), "counted")
    return graph


def test_ratings_equal_the_python_reference(mixed: Graph) -> None:
    found = records(mixed)
    assert rated(found) == expected(found)
    held = defaultdict(set)
    for row in found["evidence"]:
        held[row["start"], row["end"]].add(row["type"] == COUNTED)
    assert {frozenset(types) for types in held.values()} == {
        frozenset({True}), frozenset({False}), frozenset({True, False}),
    }  # fmt: skip
    alone = [pair for pair, types in held.items() if types == {True}]
    # Where both models know both ends their silence counts; no null took a consensus away.
    assert all(isinstance(rated(found)[pair][2], int) for pair in alone)


def test_counted_evidence_leaves_every_consensus_and_vote_alone(
    graph: Graph, tmp_path: Path
) -> None:
    bundle = random_bundle(tmp_path, 1, size=100, k=8)
    put_in(graph, bundle, "plain")
    before = rated(records(graph))
    put_in(graph, with_counted(bundle, tmp_path / "counted", 6, vector=False), "counted")
    after = rated(records(graph))
    assert len(after) > len(before)
    assert {pair: after[pair][1:] for pair in before} == {p: row[1:] for p, row in before.items()}
    assert any(after[pair][0] > row[0] for pair, row in before.items())
    (track,) = graph.read(
        "MATCH (t:Track {evidence: $evidence}) RETURN t.vote AS vote", evidence=COUNTED
    )
    assert track["vote"] == 0
    assert graph.read("MATCH ()-[g:AGREES_WITH]->() RETURN g") == []


def test_a_counted_source_taken_out_leaves_nothing(graph: Graph, tmp_path: Path) -> None:
    bundle = random_bundle(tmp_path, 1)
    put_in(graph, bundle, "plain")
    before = exported(graph)
    put_in(graph, with_counted(random_bundle(tmp_path, 3), tmp_path / "both", 6), "both")
    with WriterLock(graph, "test") as lock:
        delete_source(graph, lock, "both", silent)
    assert exported(graph) == before


def test_explain_tells_what_was_counted(mixed: Graph) -> None:
    (pair,) = mixed.read(
        "MATCH (a)-[:EMBEDDING_EVIDENCE {source: 'plain'}]->(b), "
        "(a)-[s:SENTENCE_EVIDENCE {source: 'counted'}]->(b) "
        "RETURN a.text AS a, b.text AS b, s.n AS n, s.weight AS weight ORDER BY a, b LIMIT 1"
    )
    answer = explain(mixed, pair["a"], pair["b"])
    terms = {(row["source"], row["evidence"]): row for row in answer.tracks}
    counted = terms["counted", COUNTED]
    assert (counted["times"], counted["weight"]) == (pair["n"], pair["weight"])
    assert (counted["support"], counted["vote"], counted["share"]) == (None, 0, 0)
    assert counted["consensus_without"] == answer.relation["consensus"]
    others = [row for row in answer.tracks if row["observed"] and row is not counted]
    n, weight = (sum(row[name] for row in others) for name in ("times", "weight"))
    sources = len({row["source"] for row in others})
    assert counted["elo_without"] == elo(n, weight, sources)
    assert sum(row["times"] for row in answer.tracks) == answer.relation["times"]
    voting = [(row["vote"], row["support"]) for row in answer.tracks if row["support"] is not None]
    assert decades(voting) == answer.relation["decades"]
    # What was counted says nothing by silence, so it stands there only where it counted.
    for row in answer.tracks:
        assert row["observed"] or row["evidence"] != COUNTED


def test_a_counted_track_may_not_claim_a_vote(tmp_path: Path) -> None:
    from dataclasses import replace

    bundle = with_counted(random_bundle(tmp_path, 1), tmp_path / "sound", 6, vector=False)
    (track,) = bundle.tracks
    with BundleWriter(tmp_path / "lying") as writer:
        writer.write_compositions(bundle.compositions())
        rows = pa.Table.from_batches(bundle.evidence(track, 1 << 20))
        writer.write_evidence(COUNTED, iter([rows]))
        lying = writer.finish(bundle.source, (replace(track, trust=1000),))
    scan(bundle)
    with pytest.raises(BadInput, match="no vote"):
        scan(lying)
