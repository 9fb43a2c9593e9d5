"""Undone, in any order, is as if it had never been deleted; what is over is over."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from hartonomous.delete.retention_area import area, place
from hartonomous.delete.selectors import Selectors, evidence_range
from hartonomous.delete.undo import deletions
from hartonomous.errors import Conflict, NotFound
from hartonomous.graph.driver import Graph
from tests.building import causal_bundle, exported, put_in, random_bundle, take_out, wipe
from tests.histories import History, run_history, take_back
from tests.seed import WHOLE


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


@pytest.mark.parametrize("case", range(200 if WHOLE else 6))
def test_any_history_equals_the_one_without_what_was_undone(
    graph: Graph, tmp_path: Path, rng: np.random.Generator, case: int
) -> None:
    rng = np.random.default_rng([int(rng.integers(2**31)), case])
    history = History(graph)
    run_history(history, tmp_path, rng, acts=6)
    history.check()


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
    with pytest.raises(Conflict, match="'a' exists again"):
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
