"""Removals by the command line: plan, apply, undo, erase, suppressions, and their exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hartonomous.graph.driver import Graph
from tests.building import exported, put_in, random_bundle
from tests.command_line import failed, run


@pytest.fixture
def word(served: Graph, tmp_path: Path) -> str:
    """A word that two sources in the graph know."""
    for seed, name in ((1, "one"), (2, "two")):
        put_in(served, random_bundle(tmp_path, seed, size=100), name)
    (row,) = served.read(
        "MATCH (c)-[:EMBEDDING_EVIDENCE {source: 'one'}]-() "
        "MATCH (c)-[:EMBEDDING_EVIDENCE {source: 'two'}]-() RETURN c.text AS w ORDER BY w LIMIT 1"
    )
    return str(row["w"])


def test_a_plan_is_written_done_and_taken_back(served: Graph, word: str, tmp_path: Path) -> None:
    before = exported(served)
    file = tmp_path / "plan.json"
    shown = run("delete", "concept", word, "--plan", file, "--cut")
    assert "evidence" in shown.stdout
    assert "disconnected" in shown.stdout
    assert exported(served) == before
    assert "--force" in failed(4, "delete", "concept", word, "--plan", file)
    assert "--yes" in failed(2, "delete", "--apply", file)
    assert exported(served) == before
    done = json.loads(run("delete", "--apply", file, "--yes", "--json").stdout)
    assert done["removed"] == json.loads(file.read_text())["counts"]["evidence"] > 0
    assert word not in {row["t"] for row in served.read("MATCH (c:Composition) RETURN c.text AS t")}
    assert "has changed since the plan" in failed(4, "delete", "--apply", file, "--yes")
    (listed,) = json.loads(run("deletions", "--json").stdout)
    assert (listed["id"], listed["state"], listed["until"]) == (done["id"], "done", done["until"])
    undone = json.loads(run("undo", done["id"], "--json").stdout)
    assert undone["restored"] == done["removed"]
    assert exported(served) == before
    assert "is not retained" in failed(3, "undo", done["id"])


def test_what_is_erased_stays_out_until_it_is_lifted(
    served: Graph, word: str, tmp_path: Path
) -> None:
    report = json.loads(run("erase", "source", "one", "--yes", "--json").stdout)
    assert report["remaining_copies"]
    assert "was erased" in failed(4, "load", tmp_path / "bundle-1", "--as", "again")
    (row,) = json.loads(run("suppressions", "--json").stdout)
    run("suppressions", "lift", row["id"])
    assert json.loads(run("suppressions", "--json").stdout) == []
    run("load", tmp_path / "bundle-1", "--as", "again")
    assert "is not retained" in failed(3, "undo", report["id"])


def test_wrong_uses_are_told_as_such(served: Graph, word: str) -> None:
    before = exported(served)
    assert "Name what to delete" in failed(2, "delete")
    assert "Name what to erase" in failed(2, "erase")
    assert "No source is called" in failed(3, "delete", "source", "nobody", "--plan")
    assert "Nothing is selected" in failed(2, "delete", "many", "--plan")
    assert "empty" in failed(2, "delete", "concept", "", "--plan")
    assert "between 0 and 1" in failed(
        2,
        "delete",
        "evidence",
        "--source",
        "one",
        "--type",
        "EMBEDDING_EVIDENCE",
        "--min",
        "2",
        "--plan",
    )
    assert "--reach" in failed(2, "delete", "concept", word, "--reach", "far", "--plan")
    assert "no plan at" in failed(3, "delete", "--apply", "nothing.json", "--yes")
    assert exported(served) == before
