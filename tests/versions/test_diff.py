"""Snapshots hold what the graph says; a difference is what plain Python finds."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from click.testing import CliRunner, Result

from hartonomous.cli import main
from hartonomous.delete.deletion import delete_source
from hartonomous.errors import BadInput, Conflict, NotFound, UsageError
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.rate.formulas import elo
from hartonomous.schema import CONSENSUS_NOISE, ELO_NOISE, rated_types
from hartonomous.transparency.transparency_log import read_log, verify_log
from hartonomous.versions.diff import NOW, Difference, compare, read_side
from hartonomous.versions.relation_tables import COMPOSITIONS, RELATIONS, RelationTable
from hartonomous.versions.snapshots import (
    Snapshot,
    create_snapshot,
    drop_snapshot,
    drop_snapshots_of,
    list_snapshots,
    read_snapshot,
    snapshot_folder,
)
from tests.building import (
    WORDS,
    bundle_of,
    exported,
    put_in,
    random_bundle,
    silent,
    write_vectors,
)

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
    assert found.changed_exactly == sum(delta != 0 for delta in deltas.values()) > 0
    assert found.stronger == sum(delta > ELO_NOISE for delta in deltas.values())
    assert found.weaker == sum(delta < -ELO_NOISE for delta in deltas.values())
    assert found.changed == found.stronger + found.weaker
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
    listed = {
        change: [row for row in found.pairs if row["change"] == change]
        for change in ("stronger", "weaker", "gone", "new")
    }
    assert listed["stronger"][0]["delta"] == pytest.approx(max(deltas.values()))
    assert listed["weaker"][0]["delta"] == pytest.approx(min(deltas.values()))
    gone = sorted((one[pair] for pair in one.keys() - shared), reverse=True)[:10]
    assert [row["elo_a"] for row in listed["gone"]] == pytest.approx(gone)
    assert {row["elo_b"] for row in listed["gone"]} == {None}
    new = sorted((other[pair] for pair in other.keys() - shared), reverse=True)[:10]
    assert [row["elo_b"] for row in listed["new"]] == pytest.approx(new)


def ratings(graph: Graph) -> dict[tuple[str, str], dict[str, Any]]:
    return {(str(row["start"]), str(row["end"])): row for row in records(graph, "rating")}


def consensus_is_as_plain_python_says(
    found: Difference,
    before: dict[tuple[str, str], dict[str, Any]],
    after: dict[tuple[str, str], dict[str, Any]],
) -> None:
    shared = before.keys() & after.keys()
    deltas = {pair: after[pair]["consensus"] - before[pair]["consensus"] for pair in shared}
    moved = {pair for pair, delta in deltas.items() if abs(delta) > CONSENSUS_NOISE}
    own = ("n", "weight", "sources", "elo")
    same = {pair for pair in moved if all(before[pair][x] == after[pair][x] for x in own)}
    assert found.consensus_changed == len(moved) > 0
    assert found.consensus_changed_exactly == sum(delta != 0 for delta in deltas.values())
    assert found.consensus_stronger == sum(deltas[pair] > 0 for pair in moved)
    assert found.consensus_weaker == sum(deltas[pair] < 0 for pair in moved)
    assert found.consensus_same_evidence == len(same) > 0
    rose = [row for row in found.consensus_pairs if row["change"] == "stronger"]
    assert rose[0]["delta"] == max(deltas.values())
    assert {row["evidence"] for row in found.consensus_pairs} <= {"same", "changed"}


def take(graph: Graph, name: str) -> Snapshot:
    with WriterLock(graph, "test") as lock:
        return create_snapshot(graph, lock, name, silent)


def test_a_snapshot_is_what_the_graph_said(two: Graph) -> None:
    before, rows_before = rated(two), ratings(two)
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
    assert found.changed_exactly == sum(before[pair] != after[pair] for pair in after)
    consensus_is_as_plain_python_says(found, rows_before, ratings(two))
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


def table(*pairs: tuple[str, str, float, int, int | None]) -> RelationTable:
    """Return relations (start, end, elo, n, consensus) of made-up words, each its own key."""
    words = sorted({word for start, end, *_ in pairs for word in (start, end)})
    place = {word: row for row, word in enumerate(words)}
    number = [one.name for one in rated_types()].index("RELATES")
    rows = [
        (number, place[start], place[end], elo, n, n * 500_000, 1, consensus)
        for start, end, elo, n, consensus in pairs
    ]
    return RelationTable(
        pa.table([words, words, ["Token"] * len(words)], schema=COMPOSITIONS),
        pa.table([list(column) for column in zip(*rows, strict=True)], schema=RELATIONS),
    )


def test_what_moved_is_told_from_noise() -> None:
    a = table(
        ("a", "b", 1700.0, 1, 2000),  # as it was
        ("a", "c", 1700.0, 1, 2000),  # by a digit
        ("a", "d", 1700.0, 1, 2000),  # at the noise
        ("a", "e", 1700.0, 1, 2000),  # stronger
        ("a", "f", 1700.0, 1, 2000),  # weaker
        ("a", "g", 1700.0, 1, 2000),  # gone
        ("b", "c", 1700.0, 1, 2000),  # of consensus alone
    )
    b = table(
        ("a", "b", 1700.0, 1, 2000),
        ("a", "c", 1700.25, 1, 2001),
        ("a", "d", 1702.0, 1, 2010),
        ("a", "e", 1702.5, 2, 2030),
        ("a", "f", 1600.0, 1, 1900),
        ("a", "h", 1650.0, 1, 2000),
        ("b", "c", 1700.0, 1, 1950),
    )
    found = compare(a, b, ("a", "b"), noise=2.0, consensus_noise=10.0)
    assert (found.only_a, found.only_b, found.shared) == (1, 1, 6)
    assert (found.changed_exactly, found.changed, found.stronger, found.weaker) == (4, 2, 1, 1)
    assert (found.consensus_changed_exactly, found.consensus_changed) == (5, 3)
    assert (found.consensus_stronger, found.consensus_weaker) == (1, 2)
    assert found.consensus_same_evidence == 1
    assert [(row["change"], row["end"], row["delta"]) for row in found.pairs] == [
        ("stronger", "e", 2.5), ("weaker", "f", -100.0), ("gone", "g", None), ("new", "h", None)
    ]  # fmt: skip
    assert [(row["change"], row["end"], row["evidence"]) for row in found.consensus_pairs] == [
        ("stronger", "e", "changed"), ("weaker", "f", "changed"), ("weaker", "c", "same")
    ]  # fmt: skip
    exact = compare(a, b, ("a", "b"), noise=0.0, consensus_noise=0.0)
    assert exact.changed == exact.changed_exactly == 4
    assert exact.consensus_changed == exact.consensus_changed_exactly == 5
    small = compare(
        table(("a", "c", 1700.0, 1, None)), table(("a", "c", 1700.25, 1, 2000)), ("", "")
    )
    assert (small.changed, small.differs, small.consensus_changed_exactly) == (0, True, 0)
    for noise in (-1.0, float("nan"), float("inf")):
        with pytest.raises(UsageError, match="0 or more"):
            compare(a, b, ("a", "b"), noise=noise)


def base_and_tuned(graph: Graph, folder: Path, rng: np.random.Generator) -> set[str]:
    """Load a model, the same in half precision, and one with two words moved; return the words."""
    words = WORDS[:60]
    vectors = rng.normal(size=(len(words), 16)).astype(np.float32)
    tuned = vectors.copy()
    tuned[:2] = vectors[2:4] + 0.3 * rng.normal(size=(2, 16))
    for name, each in (
        ("base", vectors), ("rounded", vectors.astype(np.float16)), ("tuned", tuned)
    ):  # fmt: skip
        path = write_vectors(folder / f"{name}-vectors", words, each)
        put_in(graph, bundle_of(path, folder / f"{name}-bundle", 10), name)
    return set(words[:2])


def test_rounding_is_noise_and_tuning_is_not(
    graph: Graph, tmp_path: Path, rng: np.random.Generator
) -> None:
    moved = base_and_tuned(graph, tmp_path, rng)
    rounded = difference(graph, "base", "rounded")
    assert rounded.changed_exactly > 0.5 * rounded.shared
    assert (rounded.changed, rounded.only_a, rounded.only_b) == (0, 0, 0)
    tuned = difference(graph, "base", "tuned")
    assert {row["composition"] for row in tuned.movers[:2]} == moved
    changes = {row["change"] for row in tuned.pairs}
    assert {"gone", "new"} <= changes and tuned.only_a > 0 and tuned.only_b > 0


def of_the_readme() -> list[list[str]]:
    """Return the arguments of the comparisons of two models that the README shows."""
    lines = (Path(__file__).parents[2] / "README.md").read_text().splitlines()
    shown = [line for line in lines if line.startswith("hartonomous diff base tuned")]
    return [shlex.split(line, comments=True)[1:] for line in shown]


def test_the_gate_of_the_readme_works_as_written(
    served: Graph, tmp_path: Path, rng: np.random.Generator
) -> None:
    base_and_tuned(served, tmp_path, rng)
    plain, gate = of_the_readme()

    def run(arguments: list[str]) -> Result:
        return CliRunner().invoke(main, arguments)

    shown = run(plain)
    assert shown.exit_code == 1
    assert "changed exactly" in shown.stdout and "stronger" in shown.stdout
    assert gate.count("--fail-if") == 2
    # A small graph is below the limits of the example; with limits of its own the gate closes.
    assert run(gate).exit_code == 0
    strict = [re.sub(r">\d+$", ">0", word) for word in gate]
    assert run(strict).exit_code == 1
    assert "only_a>0 holds" in run(strict).stderr
    assert run(["diff", "base", "rounded", "--fail-if", "changed>0"]).exit_code == 0
    exact = ["diff", "base", "rounded", "--noise", "0", "--fail-if", "changed>0"]
    assert run(exact).exit_code == 1
    assert run(["diff", "base", "tuned", "--noise", "-1"]).exit_code == 2
