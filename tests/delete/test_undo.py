"""Undone, in any order, is as if it had never been deleted; what is over is over."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from hartonomous.bundle import Bundle
from hartonomous.delete.retention_area import area, place
from hartonomous.delete.selectors import Selectors, evidence_range
from hartonomous.delete.undo import deletions, undo
from hartonomous.erase.erasure import erase
from hartonomous.errors import Conflict, NotFound
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.versions.rollback import rollback
from hartonomous.versions.snapshots import create_snapshot, drop_snapshot
from tests.building import causal_bundle, exported, put_in, random_bundle, silent, take_out, wipe
from tests.delete.test_deletion_plan import random_selectors


def take_back(graph: Graph, deletion: str) -> None:
    with WriterLock(graph, "test") as lock:
        undo(graph, lock, deletion, silent)


@dataclass
class History:
    """Acts on a graph, and the plain history it should equal: without what was undone."""

    graph: Graph
    acts: list[tuple[str, object]] = field(default_factory=list)

    def put(self, bundle: Bundle, name: str) -> None:
        put_in(self.graph, bundle, name)
        self.acts.append((name, bundle))

    def delete(self, selectors: Selectors) -> str:
        deletion = take_out(self.graph, selectors)
        self.acts.append((deletion, selectors))
        return deletion

    def erase(self, selectors: Selectors) -> None:
        with WriterLock(self.graph, "test") as lock:
            erase(self.graph, lock, selectors, Path("none"), silent)
        self.acts.append(("erased", selectors))

    def undo(self, deletion: str) -> None:
        take_back(self.graph, deletion)
        self.acts = [act for act in self.acts if act[0] != deletion]

    def keep(self, name: str) -> list[tuple[str, object]]:
        """Take a snapshot; return the acts before it."""
        with WriterLock(self.graph, "test") as lock:
            create_snapshot(self.graph, lock, name, silent)
        return list(self.acts)

    def roll_back(self, name: str, before: list[tuple[str, object]]) -> bool:
        """Go back to a snapshot and drop it; return False, with nothing changed, where that is refused."""
        found = exported(self.graph)
        with WriterLock(self.graph, "test") as lock:
            try:
                rollback(self.graph, lock, name, silent)
            except (Conflict, NotFound):
                # For good is an erasure since, and a snapshot that held what was erased goes with it.
                assert exported(self.graph) == found
                return False
            finally:
                with suppress(NotFound):
                    drop_snapshot(self.graph, lock, name)
        self.acts = before
        return True

    def check(self) -> None:
        """Compare the graph with one that only saw what was not undone."""
        found = exported(self.graph)
        self.replay()
        assert found == exported(self.graph)

    def replay(self) -> None:
        """Do the acts from the start on an empty graph."""
        wipe(self.graph)
        for name, what in self.acts:
            if isinstance(what, Bundle):
                put_in(self.graph, what, name)
            elif isinstance(what, Selectors) and name == "erased":
                with WriterLock(self.graph, "test") as lock:
                    erase(self.graph, lock, what, Path("none"), silent)
            elif isinstance(what, Selectors):
                take_out(self.graph, what)


def test_what_was_deleted_comes_back_whole(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, causal_bundle(tmp_path, 1), "causal")
    put_in(graph, random_bundle(tmp_path, 2, size=100), "words")
    before = exported(graph)
    structure = "MATCH (a)-[r:BACKS_OFF_TO|EXTENDS_TO]->(b) RETURN type(r) AS t, a.key AS a, b.key AS b ORDER BY t, a, b"
    joins = graph.read(structure)
    (word,) = graph.read("MATCH (c:Context) RETURN split(c.text, ' ')[0] AS w ORDER BY w LIMIT 1")
    for selectors in (
        Selectors(sources=("causal",)),
        Selectors(concepts=(word["w"],)),
        Selectors(sources=("causal", "words")),
        Selectors(evidence=(evidence_range("words", "EMBEDDING_EVIDENCE", None, 0.7),)),
    ):
        deletion = take_out(graph, selectors)
        assert exported(graph) != before
        take_back(graph, deletion)
        assert exported(graph) == before
        assert graph.read(structure) == joins
        assert not place(deletion).exists()
    assert {row["state"] for row in deletions(graph)} == {"undone"}


def test_out_of_order_rows_pass_to_the_deletion_that_still_stands(
    graph: Graph, tmp_path: Path, rng: np.random.Generator
) -> None:
    first, second = causal_bundle(tmp_path, 1), random_bundle(tmp_path, 2, size=118)
    third = random_bundle(tmp_path, 3, size=118)
    (word,) = [t for t in first.compositions()["text"].to_pylist() if " " not in t][:1]
    for order in (rng.permutation(3), (1, 0, 2)):
        wipe(graph)
        history = History(graph)
        for name, bundle in (("causal", first), ("a", second), ("b", third)):
            history.put(bundle, name)
        whole = exported(graph)
        made = [
            history.delete(Selectors(concepts=(word,))),
            history.delete(Selectors(sources=("causal",))),
            history.delete(
                Selectors(evidence=(evidence_range("a", "EMBEDDING_EVIDENCE", 0.4, None),))
            ),
        ]
        history.undo(made[order[0]])
        between = History(graph, list(history.acts))
        found = exported(graph)
        history.undo(made[order[1]])
        history.undo(made[order[2]])
        assert exported(graph) == whole
        between.replay()
        assert found == exported(graph)


def test_a_context_counts_as_not_stored_what_another_deletion_still_keeps(
    graph: Graph, tmp_path: Path
) -> None:
    history = History(graph)
    history.put(causal_bundle(tmp_path, 1), "causal")
    (pair,) = graph.read(
        "MATCH (a:Token)-[:NEXT_EVIDENCE]->(b:Token) WHERE a <> b "
        "RETURN a.text AS a, b.text AS b ORDER BY a, b LIMIT 1"
    )
    source = history.delete(Selectors(sources=("causal",)))
    history.put(random_bundle(tmp_path, 2, size=118), "words")
    history.delete(Selectors(concepts=(pair["b"],)))
    start = history.delete(Selectors(concepts=(pair["a"],)))
    history.undo(source)
    history.undo(start)
    history.check()


@pytest.mark.parametrize("case", range(20))
def test_any_history_equals_the_one_without_what_was_undone(
    graph: Graph, tmp_path: Path, rng: np.random.Generator, case: int
) -> None:
    rng = np.random.default_rng([int(rng.integers(2**31)), case])
    history = History(graph)
    run_history(history, tmp_path, rng, acts=6)
    history.check()


def run_history(history: History, folder: Path, rng: np.random.Generator, acts: int) -> None:
    """Do random acts: ingests, deletions of all kinds, undos in any order, erasures, a rollback."""
    done: list[str] = []
    name, kept = f"history-{rng.integers(2**62)}", int(rng.integers(acts))
    before: list[tuple[str, object]] = []
    for number in range(acts):
        if number == kept:
            before = history.keep(name)
        live = {r["name"] for r in history.graph.read("MATCH (s:Source) RETURN s.name AS name")}
        choice = rng.random()
        if choice < 0.35 or not live:
            seed = int(rng.integers(2**31))
            make = causal_bundle if rng.random() < 0.3 else random_bundle
            history.put(make(folder, seed), f"s{number}")
        elif choice < 0.7 or not done:
            words = history.graph.read("MATCH (c:Token)-[:EMBEDDING_EVIDENCE]-() RETURN c LIMIT 1")
            selectors = (
                random_selectors(history.graph, rng)
                if words
                else Selectors(sources=(sorted(live)[0],))
            )
            if rng.random() < 0.25:
                history.erase(selectors)
                left = {row["id"] for row in deletions(history.graph) if row["state"] == "done"}
                done = [one for one in done if one in left]
            else:
                done.append(history.delete(selectors))
        else:
            history.undo(done.pop(int(rng.integers(len(done)))))
    if not history.roll_back(name, before) and done:
        history.undo(done.pop())


def test_a_window_ends(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, random_bundle(tmp_path, 1), "a")
    put_in(graph, random_bundle(tmp_path, 2), "b")
    after = take_out(graph, Selectors(sources=("a",)), days=0)
    left = exported(graph)
    with pytest.raises(Conflict, match="could be undone until"):
        take_back(graph, after)
    assert not place(after).exists()
    with pytest.raises(NotFound, match="is not retained"):
        take_back(graph, after)
    assert exported(graph) == left
    assert [row["state"] for row in deletions(graph)] == ["expired"]


def test_rows_under_an_ended_deletion_are_gone_with_it(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, random_bundle(tmp_path, 1), "a")
    put_in(graph, random_bundle(tmp_path, 2), "b")
    (word,) = graph.read(
        "MATCH (c)-[:EMBEDDING_EVIDENCE {source: 'a'}]-() "
        "MATCH (c)-[:EMBEDDING_EVIDENCE {source: 'b'}]-() RETURN c.text AS w ORDER BY w LIMIT 1"
    )
    first = take_out(graph, Selectors(sources=("a",)))
    take_out(graph, Selectors(concepts=(word["w"],)), days=0)
    take_back(graph, first)
    found = exported(graph)
    wipe(graph)
    put_in(graph, random_bundle(tmp_path / "again", 1), "a")
    put_in(graph, random_bundle(tmp_path / "again", 2), "b")
    take_out(graph, Selectors(concepts=(word["w"],)))
    assert found == exported(graph)


def test_a_source_that_is_there_again_is_not_doubled(graph: Graph, tmp_path: Path) -> None:
    bundle = random_bundle(tmp_path, 1)
    put_in(graph, bundle, "a")
    deletion = take_out(graph, Selectors(sources=("a",)))
    put_in(graph, bundle, "a")
    before = exported(graph)
    with pytest.raises(Conflict, match="'a' again"):
        take_back(graph, deletion)
    assert exported(graph) == before


def test_a_full_disk_stops_a_deletion_before_it_begins(
    graph: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_in(graph, random_bundle(tmp_path, 1), "a")
    before = exported(graph)

    def full(table: object, target: Path, **options: object) -> None:
        target.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("hartonomous.delete.plan_files.pq.write_table", full)
    with pytest.raises(Exception, match="Nothing was deleted"):
        take_out(graph, Selectors(sources=("a",)))
    monkeypatch.undo()
    assert exported(graph) == before
    assert deletions(graph) == []


def test_a_damaged_bundle_is_not_brought_back(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, random_bundle(tmp_path, 1), "a")
    deletion = take_out(graph, Selectors(sources=("a",)))
    left = exported(graph)
    rows = place(deletion) / "plan.json.rows" / "EMBEDDING_EVIDENCE.parquet"
    rows.write_bytes(rows.read_bytes()[:-20])
    with pytest.raises(Conflict, match="changed"):
        take_back(graph, deletion)
    assert exported(graph) == left
    shutil.rmtree(area())
    with pytest.raises(NotFound):
        take_back(graph, deletion)


def test_what_dead_processes_left_is_swept_and_a_cut_rewrite_is_finished(
    graph: Graph, tmp_path: Path
) -> None:
    put_in(graph, random_bundle(tmp_path, 1), "a")
    before = exported(graph)
    deletion = take_out(graph, Selectors(sources=("a",)))
    kept = place(deletion)
    nobody = 2**22 + 1
    shutil.copytree(kept, area() / f".{deletion}.{nobody}.partial")
    kept.rename(area() / f".{deletion}.{nobody}.old")
    shutil.copytree(area() / f".{deletion}.{nobody}.old", area() / f".other.{nobody}.partial")
    take_back(graph, deletion)
    assert exported(graph) == before
    take_out(graph, Selectors(sources=("a",)))
    assert [folder.name[0] == "." for folder in area().iterdir()] == [False]
