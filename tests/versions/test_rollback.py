"""A rollback gives the bytes the graph had at the snapshot, or says why it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from hartonomous.delete.selectors import Selectors, evidence_range
from hartonomous.delete.undo import undo
from hartonomous.erase.erasure import ErasureOptions, erase
from hartonomous.errors import Conflict
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.transparency.transparency_log import read_log, verify_log
from hartonomous.versions.rollback import Rollback, plan_rollback, rollback
from hartonomous.versions.snapshots import create_snapshot
from tests.building import (
    causal_bundle,
    exported,
    put_in,
    random_bundle,
    silent,
    structure,
    take_out,
)

CONCEPT = Selectors(concepts=("king",))


@pytest.fixture
def filled(graph: Graph, tmp_path: Path) -> Graph:
    put_in(graph, random_bundle(tmp_path, 1, size=90), "one")
    put_in(graph, random_bundle(tmp_path, 2, size=90), "two")
    put_in(graph, causal_bundle(tmp_path, 3), "causal")
    return graph


def keep(graph: Graph, name: str) -> None:
    with WriterLock(graph, "test") as lock:
        create_snapshot(graph, lock, name, silent)


def go_back(graph: Graph, name: str) -> Rollback:
    with WriterLock(graph, "test") as lock:
        return rollback(graph, lock, name, silent)


def test_everything_since_is_taken_back(filled: Graph, tmp_path: Path) -> None:
    weak = Selectors(evidence=(evidence_range("one", "EMBEDDING_EVIDENCE", None, 0.4),))
    stood = take_out(filled, weak)
    before = exported(filled)
    keep(filled, "then")
    assert str(plan_rollback(filled, "then")) == "nothing to do"
    put_in(filled, random_bundle(tmp_path, 4, size=90), "three")
    word = filled.read("MATCH (c:Token)--(:Source|Composition) RETURN c.text AS text LIMIT 1")
    concept = take_out(filled, Selectors(concepts=(word[0]["text"],)))
    source = take_out(filled, Selectors(sources=("two",)))
    with WriterLock(filled, "test") as lock:
        undo(filled, lock, stood, silent)
    plan = plan_rollback(filled, "then")
    assert plan == Rollback("then", ("three",), (source, concept), (stood,))
    fresh = structure(filled)
    assert go_back(filled, "then") == plan
    assert exported(filled) == before
    assert structure(filled) == fresh
    logged = read_log(filled, 1)[0]
    assert (logged["act"], logged["names"]) == ("rollback", ["snapshot:then"])
    assert verify_log(filled).findings == ()
    assert str(plan_rollback(filled, "then")) == "nothing to do"


def test_a_name_that_came_again_makes_way_for_what_it_was(filled: Graph, tmp_path: Path) -> None:
    before = exported(filled)
    keep(filled, "then")
    gone = take_out(filled, Selectors(sources=("two",)))
    put_in(filled, random_bundle(tmp_path, 5, size=90), "two")
    assert plan_rollback(filled, "then") == Rollback("then", ("two",), (gone,), ())
    go_back(filled, "then")
    assert exported(filled) == before


def test_what_is_for_good_is_listed(filled: Graph, tmp_path: Path) -> None:
    keep(filled, "then")
    state = exported(filled)
    put_in(filled, random_bundle(tmp_path, 6, size=90), "two", replace=True)
    with pytest.raises(Conflict, match=r"'two' was replaced or removed"):
        plan_rollback(filled, "then")
    assert exported(filled) != state


def test_an_erasure_is_not_undone(filled: Graph, tmp_path: Path) -> None:
    put_in(filled, random_bundle(tmp_path, 7, size=90), "later")
    take_out(filled, Selectors(sources=("later",)))
    keep(filled, "then")
    put_in(filled, random_bundle(tmp_path, 8, size=90), "passing")
    with WriterLock(filled, "test") as lock:
        erase(
            filled, lock, Selectors(sources=("passing",)), ErasureOptions(tmp_path / "none", silent)
        )
    with pytest.raises(Conflict, match=r"for good: erase "):
        plan_rollback(filled, "then")
