"""Places follow the rows of their source: through deletions, undos in any order, and replacements."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from hartonomous.audit.audit_report import audit
from hartonomous.bundle import BundleWriter, read_bundle
from hartonomous.bundle_scan import scan
from hartonomous.delete.deletion_plan import plan
from hartonomous.delete.plan_comparison import differences
from hartonomous.delete.plan_files import read_plan, write_plan
from hartonomous.delete.selectors import Selectors
from hartonomous.errors import BadInput
from hartonomous.evidence import key_columns
from hartonomous.graph.driver import Graph
from hartonomous.held_places import place_digest
from tests.building import (
    causal_bundle,
    exported,
    put_in,
    random_bundle,
    silent,
    take_out,
    wipe,
    with_places,
)
from tests.histories import History, take_back

HELD = (
    "MATCH (s:Source)-[h:HOLDS]->(c) RETURN s.name AS source, c.key AS key, h.place AS place "
    "ORDER BY source, key, place"
)


def held(graph: Graph) -> list[tuple[str, str, str]]:
    return [(row["source"], row["key"], row["place"]) for row in graph.read(HELD)]


def digests(graph: Graph) -> dict[str, list[int] | None]:
    """Return the stored digests; assert that each is that of the places stored."""
    stored = graph.read("MATCH (s:Source) RETURN s.name AS name, s.held AS held")
    for row in stored:
        own = [(key, place) for source, key, place in held(graph) if source == row["name"]]
        keys = pa.chunked_array([[key for key, _ in own]], pa.string())
        places = pa.array([place for _, place in own], pa.string())
        if own or row["held"]:
            assert row["held"] == place_digest(key_columns(keys), places)
    return {row["name"]: row["held"] for row in stored}


def test_places_are_loaded_exported_and_only_of_what_has_evidence(
    graph: Graph, tmp_path: Path
) -> None:
    plain = random_bundle(tmp_path, 1, size=40)
    bundle = with_places(plain, 1)
    assert read_bundle(bundle.path) == bundle
    scanned = scan(bundle)
    put_in(graph, bundle, "one")
    keys = bundle.compositions()["key"].to_pylist()
    rows = pa.Table.from_batches(bundle.places(1000)).to_pylist()
    assert len(rows) > 40 and scanned.used.all()
    wanted = sorted(("one", keys[row["composition"]], row["place"]) for row in rows)
    assert held(graph) == wanted
    assert digests(graph)["one"] is not None
    lines = [line for line in exported(graph) if '"record":"place"' in line]
    assert len(lines) == len(rows)
    others = [line for line in exported(graph) if '"record":"place"' not in line]
    wipe(graph)
    put_in(graph, plain, "one")
    assert exported(graph) == others
    assert digests(graph) == {"one": None}


def test_what_only_a_place_refers_to_is_not_written(graph: Graph, tmp_path: Path) -> None:
    full = with_places(random_bundle(tmp_path, 1, size=40), 1)
    (track,) = full.tracks
    half = pa.Table.from_batches(full.evidence(track, 1 << 20)).slice(0, 5)
    with BundleWriter(tmp_path / "half") as writer:
        writer.write_compositions(full.compositions())
        writer.write_places(pa.Table.from_batches([one]) for one in full.places(7))
        writer.write_evidence(track.evidence, iter([half]))
        seen = sum(half["directed"].to_pylist())
        few = writer.finish(full.source, (replace(track, rows=5, observations=seen),))
    used = {*half["start"].to_pylist(), *half["end"].to_pylist()}
    put_in(graph, few, "one")
    assert graph.read("MATCH (c:Composition) RETURN count(c) AS n") == [{"n": len(used)}]
    rows = pa.Table.from_batches(few.places(1000)).to_pylist()
    assert len(held(graph)) == sum(row["composition"] in used for row in rows)
    digests(graph)
    assert audit(graph, silent, full=True)["findings"] == []


def test_undone_in_any_order_places_are_there_with_their_rows(graph: Graph, tmp_path: Path) -> None:
    """Two deletions take a source's rows of a word by halves; whichever is undone, it is placed."""
    history = History(graph)
    history.put(with_places(random_bundle(tmp_path, 1, size=30), 1), "a")
    history.put(with_places(random_bundle(tmp_path, 2, size=30), 2), "b")
    before, whole = held(graph), exported(graph)
    (row,) = graph.read(
        "MATCH (c:Token)<-[:HOLDS]-(:Source {name: 'a'}) MATCH (c)-[e:EMBEDDING_EVIDENCE {source: 'a'}]-(d) "
        "WITH c, d ORDER BY d.text WITH c, collect(d.text) AS others WHERE size(others) > 3 "
        "RETURN c.text AS word, others ORDER BY word LIMIT 1"
    )
    word, others = row["word"], row["others"]
    first = history.delete(Selectors(relations=tuple((word, one) for one in others[:2])))
    assert held(graph) == before
    second = history.delete(Selectors(relations=tuple((word, one) for one in others[2:])))
    assert len(held(graph)) < len(before)
    digests(graph)
    assert audit(graph, silent, full=True)["findings"] == []
    third = history.delete(Selectors(sources=("b",)))
    take_back(graph, first)
    digests(graph)
    assert {place for source, _, place in held(graph) if source == "a"} == {
        place for source, _, place in before if source == "a"
    }
    take_back(graph, third)
    take_back(graph, second)
    assert exported(graph) == whole
    assert held(graph) == before
    digests(graph)
    assert audit(graph, silent, full=True)["findings"] == []


def test_a_word_goes_with_its_places_and_comes_back_with_them(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, with_places(causal_bundle(tmp_path, 1), 1), "a")
    put_in(graph, with_places(random_bundle(tmp_path, 2), 2), "b")
    before, whole = held(graph), exported(graph)
    (row,) = graph.read(
        "MATCH (:Source {name: 'a'})-[:HOLDS]->(c:Token)<-[:HOLDS]-(:Source {name: 'b'}) "
        "RETURN c.text AS word, c.key AS key ORDER BY word LIMIT 1"
    )
    deletion = take_out(graph, Selectors(concepts=(row["word"],)))
    assert row["key"] not in {key for _, key, _ in held(graph)}
    assert graph.read("MATCH (d:Deletion) RETURN d.places AS n")[0]["n"] >= 2
    digests(graph)
    take_back(graph, deletion)
    assert held(graph) == before and exported(graph) == whole
    digests(graph)


def test_a_replaced_source_has_the_places_of_its_successor(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, with_places(random_bundle(tmp_path, 1), 1), "a")
    put_in(graph, with_places(random_bundle(tmp_path, 2), 2), "a", replace=True)
    found = exported(graph)
    digests(graph)
    wipe(graph)
    put_in(graph, read_bundle(tmp_path / "bundle-2-placed"), "a")
    assert exported(graph) == found


def test_plans_of_earlier_versions_are_read_and_compare_equal(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, random_bundle(tmp_path, 1), "a")
    planned = plan(graph, Selectors(sources=("a",)), silent)
    assert planned.tables["places"].num_rows == 0
    assert "places" not in planned.summary["counts"]
    earlier = {name: table for name, table in planned.tables.items() if name != "places"}
    write_plan(replace(planned, tables=earlier), tmp_path / "plan.json")
    assert not (tmp_path / "plan.json.rows" / "places.parquet").exists()
    given = read_plan(tmp_path / "plan.json")
    assert differences(planned, given) == []


def test_a_file_of_places_that_no_digest_covers_is_refused(tmp_path: Path) -> None:
    bundle, other = random_bundle(tmp_path, 1), with_places(random_bundle(tmp_path, 2), 2)
    name = "places.parquet"
    (bundle.path / name).write_bytes((other.path / name).read_bytes())
    with pytest.raises(BadInput, match=f"does not name {name}"):
        read_bundle(bundle.path)
