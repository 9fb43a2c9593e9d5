"""A replacement by difference leaves what a fresh ingest leaves, and touches what differs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from hartonomous import schema
from hartonomous.ask.layout.placement import place
from hartonomous.audit.audit_report import audit
from hartonomous.bundle import Bundle, BundleWriter
from hartonomous.counted_rows import counted_rows, track_trust
from hartonomous.delete.deletion import delete_source
from hartonomous.delete.selectors import Selectors
from hartonomous.delete.undo import undo
from hartonomous.evidence import columns
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.load import bundle_difference, loader
from hartonomous.load.row_comparison import compare_rows
from hartonomous.operations.ingestion import load_bundle
from hartonomous.rate import rating_pass
from tests.building import (
    bundle_of,
    causal_bundle,
    exported,
    put_in,
    random_bundle,
    silent,
    take_out,
    wipe,
    with_counted,
    write_vectors,
)
from tests.made_types import bundle_of_every_type
from tests.paired_bundles import made_pairs, paired_bundle


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """However much differs, in batches of few rows, and now by pairs, now by all of a start."""
    monkeypatch.setattr(rating_pass, "DUE", 3)
    monkeypatch.setattr(bundle_difference, "MOST_DIFFERING", 100.0)
    monkeypatch.setattr(loader, "BATCH_ROWS", 20)


@pytest.fixture
def by_difference(always: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A replacement whole is an error."""

    def refuse(*_: object) -> None:
        raise AssertionError("a source was replaced whole")

    monkeypatch.setattr(loader, "discard_source", refuse)
    monkeypatch.setattr("hartonomous.rate.rating_pass.rename_successor", refuse)


def changed(bundle: Bundle, folder: Path, rng: np.random.Generator, share: float) -> Bundle:
    """Return a bundle with a share of its rows left out, and of as many the weight changed.

    The weight of contexts' rows goes into the missing mass; odds that follow from weights are
    reckoned anew.
    """
    contexts = bundle.contexts()
    mass = contexts["mass"].to_numpy().copy()
    row_of = {place: row for row, place in enumerate(contexts["composition"].to_pylist())}
    tracks, tables = [], {}
    for track in bundle.tracks:
        evidence = schema.evidence_type(track.evidence)
        rows = pa.Table.from_batches(bundle.evidence(track, 1 << 20)).combine_chunks()
        kept = rng.random(rows.num_rows) >= share
        kept[0] = True
        weights = rows["weight"].to_numpy().copy()
        moved = np.flatnonzero(rng.random(rows.num_rows) < share)
        if not evidence.opposes:
            weights[moved] = weights[moved] // 2
        if evidence.contexts:
            lost = rows["weight"].to_numpy() - np.where(kept, weights, 0)
            np.add.at(mass, [row_of[s] for s in rows["start"].to_pylist()], lost)
        table = rows.set_column(
            rows.schema.get_field_index("weight"), rows.field("weight"), pa.array(weights)
        )
        table = table.filter(pa.array(kept))
        if not evidence.silence:
            counts = {name: table[name].to_numpy() for name in table.schema.names}
            table = counted_rows(evidence, counts, track.constants)
        tables[track.evidence] = table.cast(columns(evidence))
        observations = int(table[evidence.counted].to_numpy().sum())
        counted = {"rows": table.num_rows, "observations": observations}
        if not evidence.silence:
            counted["trust"] = track_trust(evidence, table, track.constants)
        tracks.append(replace(track, **counted))
    with BundleWriter(folder) as writer:
        writer.write_compositions(bundle.compositions())
        for name, table in tables.items():
            writer.write_evidence(name, iter([table]))
        if contexts.num_rows:
            at = contexts.schema.get_field_index("mass")
            writer.write_contexts(contexts.set_column(at, contexts.field("mass"), pa.array(mass)))
        writer.write_places(changed_places(bundle, rng, share))
        options: dict[str, Any] = {"changed": folder.name}
        return writer.finish(replace(bundle.source, options=options, licence="new"), tuple(tracks))


def changed_places(bundle: Bundle, rng: np.random.Generator, share: float) -> list[pa.Table]:
    """Return a bundle's places, a share of them left out, and of as many the name changed."""
    parts = []
    for batch in bundle.places(1 << 20):
        kept = batch.filter(pa.array(rng.random(batch.num_rows) >= share))
        # The last of a composition stays the last with something behind it.
        owner = kept["composition"].to_numpy()
        last = np.diff(owner, append=-1) != 0
        moved = last & (rng.random(kept.num_rows) < share)
        names = [
            f"{name}~" if now else name
            for name, now in zip(kept["place"].to_pylist(), moved, strict=True)
        ]
        parts.append(pa.table([kept["composition"], names], schema=kept.schema))
    return parts


def sound(graph: Graph) -> None:
    """The full audit finds nothing, but that other tests' graphs were emptied."""
    found = audit(graph, silent, full=True)["findings"]
    assert [one for one in found if "was emptied" not in one] == []


def fresh_and_grown(
    graph: Graph, others: dict[str, Bundle], old: Bundle, new: Bundle
) -> tuple[list[str], list[str]]:
    """Return the export of a graph with the new version alone, and of one where it replaced the old."""
    states = []
    for versions in ([new], [old, new]):
        wipe(graph)
        for name, bundle in others.items():
            put_in(graph, bundle, name)
        for number, bundle in enumerate(versions):
            put_in(graph, bundle, "one", replace=number > 0)
        states.append(exported(graph))
    return states[0], states[1]


@pytest.mark.usefixtures("by_difference")
def test_other_rows_of_every_type(graph: Graph, tmp_path: Path, rng: np.random.Generator) -> None:
    seed = int(rng.integers(1 << 30))
    old, new = (bundle_of_every_type(tmp_path, seed + number) for number in (0, 1))
    others = {"vectors": random_bundle(tmp_path, seed), "causal": causal_bundle(tmp_path, seed)}
    fresh, grown = fresh_and_grown(graph, others, old, new)
    assert grown == fresh
    sound(graph)


@pytest.mark.usefixtures("by_difference")
def test_some_rows_of_every_type(graph: Graph, tmp_path: Path, rng: np.random.Generator) -> None:
    first = bundle_of_every_type(tmp_path, int(rng.integers(1 << 30)))
    old, new = (changed(first, tmp_path / name, rng, 0.2) for name in ("old", "new"))
    fresh, grown = fresh_and_grown(graph, {"other": first}, old, new)
    assert grown == fresh
    sound(graph)


@pytest.mark.usefixtures("by_difference")
def test_tracks_that_come_and_go(graph: Graph, tmp_path: Path, rng: np.random.Generator) -> None:
    """Their ratings go with them, and the numbers of the rest stand for the source."""
    vectors = random_bundle(tmp_path, 1, size=100)
    causal, counted = causal_bundle(tmp_path, 2), with_counted(vectors, tmp_path / "counted", 3)
    others = {"other": random_bundle(tmp_path, 4, size=110)}
    for old, new in ((vectors, causal), (causal, counted), (counted, vectors)):
        fresh, grown = fresh_and_grown(graph, others, old, new)
        assert grown == fresh
        sound(graph)
        with WriterLock(graph, "test") as lock:
            delete_source(graph, lock, "one", silent)
        left = exported(graph)
        wipe(graph)
        put_in(graph, others["other"], "other")
        assert left == exported(graph)


@pytest.mark.usefixtures("by_difference")
def test_votes_are_those_of_a_fresh_ingest(graph: Graph, tmp_path: Path) -> None:
    """A near-copy that becomes none votes alone again, and the other way round."""
    rng = np.random.default_rng(3)
    words = [f"word{number}" for number in range(230)]
    seen = rng.normal(size=(len(words), 6))
    made = {
        name: bundle_of(write_vectors(tmp_path / name, words, vectors), tmp_path / f"of-{name}")
        for name, vectors in (
            ("copy", seen),
            ("near", seen + 0.001 * rng.normal(size=seen.shape)),
            ("far", seen + 0.5 * rng.normal(size=seen.shape)),
            ("other", seen + 0.4 * rng.normal(size=seen.shape)),
        )
    }
    others = {"copy": made["copy"], "other": made["other"]}
    found = set()
    for old, new in (("near", "far"), ("far", "near")):
        fresh, grown = fresh_and_grown(graph, others, made[old], made[new])
        assert grown == fresh
        (row,) = graph.read("MATCH (s:Source {name: 'one'}) RETURN s.lineage AS lineage")
        found.add((new, row["lineage"]))
    assert found == {("near", 2), ("far", 1)}


def test_the_same_rows_write_nothing(
    graph: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    first = bundle_of_every_type(tmp_path, 1)
    same = changed(first, tmp_path / "same", rng, 0.0)
    put_in(graph, first, "one")
    edges = "MATCH ()-[e]->() WHERE e.source = 'one' OR e.elo > 0 RETURN id(e) AS id ORDER BY id"
    before, state = (
        graph.read(edges),
        graph.read("MATCH (g:State) RETURN g.epoch AS epoch, g.settled AS s"),
    )

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a row was written")

    for name in ("create_rows", "create_visits", "mark"):
        monkeypatch.setattr(f"hartonomous.load.replacement.{name}", refuse)
    report = load_bundle(graph, same, "one", silent, replace=True)
    assert (report.load.rows, report.settled.pairs, report.repeated) == (0, 0, False)
    assert graph.read(edges) == before
    assert graph.read("MATCH (g:State) RETURN g.epoch AS epoch, g.settled AS s") == state
    grown = exported(graph)
    wipe(graph)
    put_in(graph, same, "one")
    assert grown == exported(graph)


def test_few_other_rows_touch_few(graph: Graph, tmp_path: Path, rng: np.random.Generator) -> None:
    words = 4000
    pairs = made_pairs(words, 4 * words, rng)
    at = rng.choice(len(pairs), round(0.001 * len(pairs)), replace=False)
    old, new = (
        paired_bundle(tmp_path / name, "JUDGEMENT_EVIDENCE", words, rows, np.ones(len(rows), int))
        for name, rows in (("old", pairs), ("new", np.delete(pairs, at, axis=0)))
    )
    put_in(graph, old, "one")
    report = load_bundle(graph, new, "one", silent, replace=True)
    assert (report.load.rows, report.settled.removed) == (0, len(at))
    assert report.settled.pairs == len(at)
    grown = exported(graph)
    wipe(graph)
    put_in(graph, new, "one")
    assert grown == exported(graph)


@pytest.mark.usefixtures("by_difference")
def test_what_was_deleted_before_comes_back(graph: Graph, tmp_path: Path) -> None:
    """An undo of another source's deletion finds its place behind a replacement; placements go."""
    first = random_bundle(tmp_path, 1, size=100)
    put_in(graph, first, "one")
    put_in(graph, random_bundle(tmp_path, 2, size=60), "two")
    new = changed(first, tmp_path / "new", np.random.default_rng(5), 0.05)
    gone = take_out(graph, Selectors(sources=("two",)))
    place(graph, 8, silent)
    put_in(graph, new, "one", replace=True)
    assert not graph.read("MATCH (p:Placement) RETURN p")
    assert not graph.read("MATCH (c:Composition) WHERE c.quaternion IS NOT NULL RETURN c LIMIT 1")
    with WriterLock(graph, "test") as lock:
        undo(graph, lock, gone, silent)
    sound(graph)
    back = exported(graph)
    wipe(graph)
    put_in(graph, new, "one")
    put_in(graph, random_bundle(tmp_path / "again", 2, size=60), "two")
    assert back == exported(graph)


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize(
    "edit",
    [
        "MATCH ()-[e:EMBEDDING_EVIDENCE]->() WITH e LIMIT 1 REMOVE e.rank",
        "MATCH ()-[e:EMBEDDING_EVIDENCE]->() WITH e LIMIT 1 SET e.n = 'many'",
        "MATCH (a)-[e:EMBEDDING_EVIDENCE]->(b) WITH a, b, e LIMIT 1 "
        "CREATE (a)-[f:EMBEDDING_EVIDENCE]->(b) SET f = properties(e)",
    ],
)
def test_rows_edited_by_hand_are_replaced_whole(graph: Graph, tmp_path: Path, edit: str) -> None:
    put_in(graph, random_bundle(tmp_path, 1), "one")
    graph.write(edit)
    new = random_bundle(tmp_path, 2)
    put_in(graph, new, "one", replace=True)
    grown = exported(graph)
    wipe(graph)
    put_in(graph, new, "one")
    assert grown == exported(graph)


def test_rows_are_compared_column_by_column() -> None:
    def rows(n: list[int], lists: list[list[int]]) -> pa.RecordBatch:
        return pa.record_batch({"n": n, "positions": pa.array(lists, pa.list_(pa.int16()))})

    old = pa.Table.from_batches([rows([1, 2, 3, 4, 5], [[1], [1, 2], [], [7], [1, 9]])])
    new = rows([1, 2, 3, 9, 5], [[1], [1, 3], [4], [7], [1, 9]])
    found = compare_rows(
        old, np.array([10, 11, 12, 13, 20]), new, np.array([10, 11, 12, 13, 21]), ["n", "positions"]
    )
    assert [one.tolist() for one in found.changed] == [[1, 2, 3], [1, 2, 3]]
    assert (found.removed.tolist(), found.added.tolist()) == ([4], [4])
