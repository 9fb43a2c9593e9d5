"""After every honest act, whole or cut short and finished, the full audit finds nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from hartonomous.ask.layout.placement import place
from hartonomous.audit.audit_report import LIMITS, audit
from hartonomous.bundle import Bundle, BundleWriter
from hartonomous.delete.deletion import delete, resume
from hartonomous.delete.selectors import Selectors, evidence_range
from hartonomous.delete.undo import undo
from hartonomous.erase.erasure import ErasureOptions, erase
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.load.suppression_list import lift, suppressions
from hartonomous.operations.ingestion import rate
from hartonomous.server.managed_server import ServerAddress
from hartonomous.transparency.transparency_log import adopt
from hartonomous.versions.backup import back_up, restore
from hartonomous.versions.rollback import rollback
from hartonomous.versions.snapshots import create_snapshot, drop_snapshot
from tests.building import causal_bundle, lose, put_in, random_bundle, silent, with_counted, word_of
from tests.killed_processes import killed_at
from tests.seed import drawn


def check(graph: Graph) -> None:
    facts = audit(graph, silent, full=True)
    assert facts["findings"] == []
    assert facts["limits"] == list(LIMITS)
    assert facts["noted"]
    assert all(track["sound"] for track in facts["full"]["tracks"])
    for tally in facts["full"]["ratings"].values():
        assert tally["pairs"] == tally["edges"] and tally["wrong"] == 0


def of_person(bundle: Bundle, folder: Path) -> Bundle:
    """Return a bundle as of somebody's own files."""
    with BundleWriter(folder) as writer:
        writer.write_compositions(bundle.compositions())
        for track in bundle.tracks:
            batches = bundle.evidence(track, 1 << 20)
            writer.write_evidence(track.evidence, (pa.Table.from_batches([b]) for b in batches))
        return writer.finish(replace(bundle.source, subject="user_12345"), bundle.tracks)


def test_acts_leave_nothing_to_find(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, causal_bundle(tmp_path, 1, more=["##ing", "##s"]), "causal")
    check(graph)
    one = with_counted(random_bundle(tmp_path, 2, size=100), tmp_path / "counted", 2)
    put_in(graph, one, "one")
    put_in(graph, one, "one")
    put_in(graph, random_bundle(tmp_path, 3, size=60), "two")
    put_in(graph, of_person(random_bundle(tmp_path, 4, size=30), tmp_path / "hers"), "hers")
    check(graph)
    put_in(graph, random_bundle(tmp_path, 5, size=60), "two", replace=True)
    check(graph)
    place(graph, 8, silent)
    check(graph)
    place(graph, 4, silent)
    rate(graph, silent, everything=True)
    check(graph)
    with WriterLock(graph, "test") as lock:
        create_snapshot(graph, lock, "then", silent)
        check(graph)
        kinds = [
            Selectors(concepts=(word_of(graph),)),
            Selectors(evidence=(evidence_range("causal", "NEXT_EVIDENCE", 0.5, None),)),
            Selectors(evidence=(evidence_range("one", "EMBEDDING_EVIDENCE", None, 0.7),)),
            Selectors(sources=("causal",)),
        ]
        made = []
        for selectors in kinds:
            made.append(delete(graph, lock, selectors, silent).id)
            check(graph)
        for deletion in (made[3], made[0], made[1]):
            undo(graph, lock, deletion, silent)
            check(graph)
        rollback(graph, lock, "then", silent)
        check(graph)
        drop_snapshot(graph, lock, "then")
        for selectors in (kinds[0], kinds[2], Selectors(people=("user_12345",))):
            erase(graph, lock, selectors, ErasureOptions(tmp_path / "none", silent))
            check(graph)
        lift(graph, lock, suppressions(graph)[0]["id"])
        check(graph)
        adopt(graph, lock)
        check(graph)
        # A deletion whose window has ended is let go of by the next act.
        delete(graph, lock, Selectors(sources=("two",)), silent, days=0)
        delete(graph, lock, Selectors(concepts=(word_of(graph),)), silent)
        check(graph)


def test_a_restored_graph_is_whole(served: Graph, tmp_path: Path) -> None:
    graph = served
    put_in(graph, causal_bundle(tmp_path, 1), "causal")
    put_in(graph, random_bundle(tmp_path, 2, size=100), "one")
    word = word_of(graph)
    with WriterLock(graph, "test") as lock:
        undo(graph, lock, delete(graph, lock, Selectors(concepts=(word,)), silent).id, silent)
        back_up(graph, lock, tmp_path / "early", silent)
        check(graph)
        erase(graph, lock, Selectors(concepts=(word,)), ErasureOptions(tmp_path / "none", silent))
        back_up(graph, lock, tmp_path / "late", silent)
    for file in ("late", "early"):
        lose(graph)
        with WriterLock(graph, "test") as lock:
            restore(graph, lock, tmp_path / file, silent)
        check(graph)
    put_in(graph, random_bundle(tmp_path, 3, size=60), "two")
    check(graph)


@pytest.mark.usefixtures("small_steps")
def test_acts_that_were_cut_short_and_finished_leave_nothing_to_find(
    graph: Graph, server: ServerAddress, tmp_path: Path, rng: np.random.Generator
) -> None:
    put_in(graph, causal_bundle(tmp_path / "c", 1, length=120), "causal")
    put_in(graph, random_bundle(tmp_path / "a", 2, size=60), "a")
    put_in(graph, random_bundle(tmp_path / "b", 3, size=60), "b")
    for last in drawn(rng, range(4, 40), 1):
        killed_at(server, "delete", "a causal", last)
        with WriterLock(graph, "test") as lock:
            resume(graph, lock, silent)
            made = graph.read("MATCH (d:Deletion {state: 'done'}) RETURN d.id AS id")
            # Killed before anything was written, there is nothing to go on with.
            id = made[0]["id"] if made else delete(graph, lock, both(), silent).id
        check(graph)
        killed_at(server, "undo", id, last)
        with WriterLock(graph, "test") as lock:
            resume(graph, lock, silent)
            if graph.read("MATCH (d:Deletion {state: 'done'}) RETURN d"):
                undo(graph, lock, id, silent)
        check(graph)
    killed_at(server, "erase", "a causal", int(rng.integers(6, 50)))
    with WriterLock(graph, "test") as lock:
        erase(graph, lock, Selectors(sources=("b",)), ErasureOptions(tmp_path / "none", silent))
    check(graph)


def both() -> Selectors:
    return Selectors(sources=("a", "causal"))
