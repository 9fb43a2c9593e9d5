"""Graphs of earlier versions: counted evidence without odds, which `rate --all` states."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hartonomous import bundle as bundles
from hartonomous.audit.audit_report import audit
from hartonomous.bundle import Bundle, read_bundle
from hartonomous.bundle_scan import scan
from hartonomous.delete.selectors import Selectors
from hartonomous.delete.undo import undo
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.identity import content_digest
from hartonomous.operations.ingestion import rate
from hartonomous.schema import evidence_type
from tests.building import (
    causal_bundle,
    exported,
    put_in,
    random_bundle,
    silent,
    take_out,
    with_counted,
)
from tests.rewritten_bundles import of_format_1


def evidence_of(graph: Graph) -> dict[tuple[str, str, str, str], dict[str, object]]:
    rows = [json.loads(line) for line in exported(graph)]
    return {
        (row["type"], row["source"], row["start"], row["end"]): row
        for row in rows
        if row["record"] == "evidence"
    }


@pytest.fixture
def old(graph: Graph, tmp_path: Path) -> Graph:
    """A graph with the rows that an earlier version wrote."""
    counted = with_counted(random_bundle(tmp_path, 1), tmp_path / "both", 5)
    put_in(graph, of_format_1(counted, tmp_path / "both-1"), "both")
    put_in(graph, of_format_1(causal_bundle(tmp_path, 2), tmp_path / "causal-1"), "causal")
    return graph


def test_a_bundle_of_the_old_format_is_read_and_states_no_odds(old: Graph) -> None:
    counted = [row for row in evidence_of(old).values() if not evidence_type(row["type"]).silence]
    assert counted
    # Zeros are not told: they are what such a row has always said.
    assert all(row.keys().isdisjoint({"support", "start_n", "end_n"}) for row in counted)
    assert audit(old, silent, full=True)["findings"] == []
    (trust,) = old.read("MATCH (t:Track {evidence: 'NEXT_EVIDENCE'}) RETURN t.vote AS vote")
    assert trust["vote"] == 0


def test_a_newer_format_is_refused_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hartonomous.errors import BadInput

    random_bundle(tmp_path, 1)
    monkeypatch.setattr(bundles, "FORMAT", 1)
    with pytest.raises(BadInput, match="of format 2, this version reads 1 to 1; extract it again"):
        read_bundle(tmp_path / "bundle-1")


def test_rating_all_states_the_odds_that_a_new_ingest_would(old: Graph, tmp_path: Path) -> None:
    # As the earlier version left them: without the properties, not with zeros.
    for evidence in ("SENTENCE_EVIDENCE", "NEXT_EVIDENCE"):
        old.write(
            f"MATCH ()-[e:{evidence}]->() REMOVE e.support, e.start_n, e.end_n",
        )
    assert audit(old, silent, full=True)["findings"] == []
    rate(old, silent, everything=True)
    assert audit(old, silent, full=True)["findings"] == []
    found = evidence_of(old)
    put_in(old, with_counted(random_bundle(tmp_path / "n", 1), tmp_path / "n" / "both", 5), "new")
    for (kind, source, start, end), row in evidence_of(old).items():
        if source == "new":
            assert {**found[kind, "both", start, end], "source": "new"} == row
    causal = [row for row in found.values() if row["source"] == "causal"]
    assert any(row.get("support", 0) > 500 for row in causal)
    again = exported(old)
    rate(old, silent, everything=True)
    assert exported(old) == again


def test_what_was_deleted_before_comes_back_after(old: Graph) -> None:
    before = exported(old)
    gone = take_out(old, Selectors(sources=("causal",)))
    with WriterLock(old, "test") as lock:
        undo(old, lock, gone, silent)
    assert exported(old) == before


def test_an_old_bundle_that_claims_odds_is_refused(tmp_path: Path) -> None:
    from hartonomous.errors import BadInput

    counted = with_counted(random_bundle(tmp_path, 1), tmp_path / "both", 5, vector=False)
    manifest = json.loads((counted.path / "manifest.json").read_text())
    del manifest["digest"]
    manifest["format"] = 1
    manifest["digest"] = content_digest("bundle", manifest)
    (counted.path / "manifest.json").write_text(json.dumps(manifest))
    claiming: Bundle = read_bundle(counted.path)
    with pytest.raises(BadInput, match="support that its counts do not give"):
        scan(claiming)
