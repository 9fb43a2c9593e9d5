"""Snapshots hold what the graph says; a difference is what plain Python finds."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hartonomous.cli import main
from hartonomous.delete.deletion import delete_source
from hartonomous.errors import BadInput, Conflict, NotFound, UsageError
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.rate.formulas import elo
from hartonomous.transparency.transparency_log import read_log, verify_log
from hartonomous.versions.diff import NOW, Difference, compare, read_side
from hartonomous.versions.snapshots import (
    Snapshot,
    create_snapshot,
    drop_snapshot,
    drop_snapshots_of,
    list_snapshots,
    read_snapshot,
    snapshot_folder,
)
from tests.building import exported, put_in, random_bundle, silent

Pairs = dict[tuple[str, str], float]


@pytest.fixture
def two(graph: Graph, tmp_path: Path) -> Graph:
    for seed, name in ((1, "one"), (2, "two")):
        put_in(graph, random_bundle(tmp_path, seed, size=80), name)
    return graph


def records(graph: Graph, kind: str) -> list[dict[str, object]]:
    return [row for row in map(json.loads, exported(graph)) if row["record"] == kind]


def rated(graph: Graph) -> Pairs:
    return {(row["start"], row["end"]): row["elo"] for row in records(graph, "rating")}  # type: ignore[misc]


def difference(graph: Graph, a: str, b: str, top: int = 10) -> Difference:
    return compare(read_side(graph, a, silent), read_side(graph, b, silent), (a, b), top)


def test_sources_differ_as_plain_python_says(two: Graph) -> None:
    sides: dict[str, Pairs] = {"one": {}, "two": {}}
    for row in records(two, "evidence"):
        sides[str(row["source"])][row["start"], row["end"]] = elo(row["n"], row["weight"], 1)  # type: ignore[index, arg-type]
    one, other = sides["one"], sides["two"]
    shared = one.keys() & other.keys()
    deltas = {pair: other[pair] - one[pair] for pair in shared}
    found = difference(two, "one", "two")
    assert (found.only_a, found.only_b, found.shared) == (
        len(one.keys() - shared), len(other.keys() - shared), len(shared)
    )  # fmt: skip
    assert found.changed == sum(delta != 0 for delta in deltas.values()) > 0
    assert found.mean_delta == pytest.approx(sum(deltas.values()) / len(shared))
    assert found.largest_delta == pytest.approx(max(map(abs, deltas.values())))

    def neighbours(side: Pairs, key: str) -> set[str]:
        return {end for pair in side if key in pair for end in pair if end != key}

    keys = {end for side in sides.values() for pair in side for end in pair}
    jaccards = [
        len(neighbours(one, key) & neighbours(other, key))
        / len(neighbours(one, key) | neighbours(other, key))
        for key in keys
    ]
    assert found.neighbour_variation == pytest.approx(1 - sum(jaccards) / len(jaccards))
    text = {row["key"]: row["text"] for row in records(two, "composition")}
    moved = dict.fromkeys(keys, 0.0)
    for pair in one.keys() | other.keys():
        amount = abs(deltas[pair]) if pair in shared else one.get(pair, other.get(pair, 0)) - 1500
        for end in pair:
            moved[end] += amount
    best = sorted(moved, key=lambda key: (-moved[key], str(text[key])))[:10]
    assert [row["composition"] for row in found.movers] == [text[key] for key in best]
    assert found.pairs[0]["delta"] == pytest.approx(max(deltas.values(), key=abs))


def take(graph: Graph, name: str) -> Snapshot:
    with WriterLock(graph, "test") as lock:
        return create_snapshot(graph, lock, name, silent)


def test_a_snapshot_is_what_the_graph_said(two: Graph) -> None:
    before = rated(two)
    made = take(two, "both")
    assert (made.relations, list(made.sources)) == (len(before), ["one", "two"])
    assert [one.name for one in list_snapshots()] == ["both"]
    same = difference(two, "both", NOW)
    assert not same.differs
    assert same.shared == len(before)
    with WriterLock(two, "test") as lock:
        delete_source(two, lock, "two", silent)
    after = rated(two)
    found = difference(two, "both", NOW)
    assert found.only_a == len(before.keys() - after.keys())
    assert found.only_b == 0
    assert found.changed == sum(before[pair] != after[pair] for pair in after)
    assert found.consensus_changed > 0
    with pytest.raises(Conflict, match="already"):
        take(two, "both")
    with WriterLock(two, "test") as lock:
        drop_snapshot(two, lock, "both")
    entries = read_log(two, 10)
    assert [(e["act"], e["names"]) for e in entries if e["act"] == "snapshot"] == 2 * [
        ("snapshot", ["snapshot:both"])
    ]
    assert ["dropped" in e["entry"] for e in entries if e["act"] == "snapshot"] == [True, False]
    assert verify_log(two).findings == ()
    with pytest.raises(NotFound, match="none yet"):
        read_snapshot("both")


def test_what_is_damaged_is_refused_and_no_partial_snapshot_stands(
    two: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(two, "kept")
    file = snapshot_folder() / "kept" / "relations.parquet"
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 2] ^= 1
    file.write_bytes(raw)
    with pytest.raises(BadInput, match="digest differs"):
        read_snapshot("kept")

    def full(*arguments: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("hartonomous.versions.snapshots.pq.write_table", full)
    with pytest.raises(BadInput, match="No space left"):
        take(two, "second")
    assert [path.name for path in snapshot_folder().iterdir()] == ["kept"]


def test_what_could_still_say_it_goes_with_an_erasure(two: Graph, tmp_path: Path) -> None:
    take(two, "both")
    with WriterLock(two, "test") as lock:
        delete_source(two, lock, "two", silent)
    take(two, "left")
    assert drop_snapshots_of(["two"], []) == ["both"]
    key = read_snapshot("left").compositions["key"][0].as_py()
    assert drop_snapshots_of([], ["0" * 32]) == []
    process = subprocess.Popen(["true"])
    process.wait()
    shutil.copytree(snapshot_folder() / "left", snapshot_folder() / f".left.{process.pid}.partial")
    assert drop_snapshots_of([], [key]) == ["left"]
    assert list(snapshot_folder().iterdir()) == []


def test_a_name_that_is_both_is_asked_about(two: Graph) -> None:
    take(two, "one")
    with pytest.raises(UsageError, match="source:one or snapshot:one"):
        read_side(two, "one", silent)
    assert read_side(two, "snapshot:one", silent).relations.num_rows == len(rated(two))
    with pytest.raises(NotFound, match="Snapshots: one"):
        read_side(two, "three", silent)


def test_commands_answer_in_their_exit_codes(served: Graph, tmp_path: Path) -> None:
    put_in(served, random_bundle(tmp_path, 1), "one")
    put_in(served, random_bundle(tmp_path, 2), "two")

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, arguments)

    assert run("snapshot", "create", "now").exit_code == 0
    assert run("diff", "now", ".").exit_code == 0
    found = run("diff", "one", "two", "--json")
    assert found.exit_code == 1
    assert json.loads(found.stdout)["only_a"] > 0
    assert run("diff", "one", "two", "--fail-if", "shared>1e9").exit_code == 0
    failed = run("diff", "one", "two", "--fail-if", "only_b>0")
    assert failed.exit_code == 1
    assert "only_b>0 holds" in failed.stderr
    assert run("diff", "one", "two", "--fail-if", "colour>0").exit_code == 2
    assert run("diff", "one", "nobody").exit_code == 3
    assert run("snapshot", "drop", "now").exit_code == 0
