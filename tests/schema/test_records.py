"""What holds for every kind and type of the records, the built-in ones and one that only a test knows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hartonomous import schema
from hartonomous.ask.paths.spreading_activation import traverse
from hartonomous.ask.relations.affinity import contested
from hartonomous.ask.relations.explanation import explain
from hartonomous.ask.relations.neighbourhood import find_word, neighbours
from hartonomous.ask.relations.relation_views import View
from hartonomous.ask.relations.source_statistics import stats
from hartonomous.audit.audit_report import audit
from hartonomous.bundle_scan import scan
from hartonomous.delete.deletion_plan import plan
from hartonomous.delete.residuals import residual, watched
from hartonomous.delete.selectors import Selectors
from hartonomous.delete.undo import undo
from hartonomous.erase.erasure import ErasureOptions, erase
from hartonomous.errors import BadInput, NotFound, UsageError
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.identity import composition_key
from hartonomous.operations.ingestion import prepare
from hartonomous.rate.formulas import SHRINKAGE
from hartonomous.schema import COUNTED, SUPPORT, Column, EvidenceType, Kind, Property, RatedType
from hartonomous.schema.null_models import INDEPENDENT, ORDERED
from hartonomous.versions.backup import back_up, restore
from hartonomous.versions.diff import compare
from hartonomous.versions.relation_tables import graph_relations
from hartonomous.versions.snapshots import create_snapshot, read_snapshot
from tests.building import exported, put_in, silent, take_out, wipe
from tests.called_rows import as_called, called
from tests.counted_evidence import counted_source, counted_table
from tests.made_types import bundle_of_every_type, word

GADGET = Kind(
    "Gadget", "a made-up thing", 20, properties=(Property("size", "INTEGER", "its size"),)
)
FITS = RatedType("FITS", True, "fits")
FIT = EvidenceType(
    "FIT_EVIDENCE",
    "FITS",
    "one made-up thing fits another",
    frozenset({"Gadget"}),
    frozenset({"Gadget", "Token"}),
    (
        *COUNTED,
        SUPPORT,
        *INDEPENDENT.columns,
        Column("grip", "double", "how tight"),
        Column("teeth", "int16", "which teeth", listed=True),
    ),
    INDEPENDENT,
    trust=500,
    loops=True,
)


@pytest.fixture
def registered() -> Iterator[None]:
    with schema.extended(kinds=[GADGET], evidence=[FIT], rated=[FITS]):
        yield


@pytest.fixture
def filled(registered: None, graph: Graph, tmp_path: Path) -> Iterator[Graph]:
    """Two sources, each with evidence of every type."""
    prepare(graph)
    for seed, name in ((1, "one"), (2, "two")):
        bundle = bundle_of_every_type(tmp_path, seed)
        put_in(graph, bundle, name)
    yield graph
    graph.change_schema(f"DROP INDEX {FIT.name.lower()}_source IF EXISTS")


def counted(lines: list[str]) -> Counter[tuple[str, str]]:
    """Return how many lines there are of each record and type."""
    rows = map(json.loads, lines)
    return Counter((row["record"], row.get("type", row.get("kind", ""))) for row in rows)


def findings(graph: Graph) -> list[str]:
    found = audit(graph, silent, full=True)["findings"]
    assert isinstance(found, list)
    return found


def test_every_type_is_loaded_rated_and_exported(filled: Graph, tmp_path: Path) -> None:
    lines = exported(filled)
    found = counted(lines)
    for evidence in schema.evidence_types():
        rows = [json.loads(line) for line in lines if f'"{evidence.name}"' in line]
        rows = [row for row in rows if row["record"] == "evidence"]
        assert {row["source"] for row in rows} == {"one", "two"}, evidence.name
        own = {column.name for column in evidence.columns}
        assert own <= {name for row in rows for name in row} <= own | {
            "record", "type", "start", "end", "source"
        }  # fmt: skip
        pairs = {(row["start"], row["end"]) for row in rows}
        assert pairs and found["rating", evidence.feeds] >= len(pairs)
    for kind in schema.kinds():
        assert found["composition", kind.name], kind.name
    sizes = [json.loads(line).get("size") for line in lines if '"Gadget"' in line]
    assert sizes and all(size == len("gadget0") for size in sizes)
    assert findings(filled) == []


def test_every_rated_type_is_asked_by_source_and_kinds_that_do_not_answer_are_not(
    filled: Graph,
) -> None:
    for rated in (each.name for each in schema.rated_types()):
        evidence = schema.evidence_feeding(rated)[0]
        start = filled.read(
            f"MATCH (a)-[e:{evidence.name} {{source: 'one'}}]->(b) WHERE a <> b AND NOT a:Context "
            "AND NOT a:Piece AND NOT b:Piece RETURN a.text AS a, b.text AS b ORDER BY a, b LIMIT 1"
        )[0]
        view = View(types=(rated,), sources=("one",), above=0)
        found = traverse(filled, start["a"], max_depth=1, breadth=100, top=100, view=view)
        assert start["b"] in {one.word for one in found.found}, rated
        unseen = filled.read(f"MATCH ()-[r:{rated}]->() WHERE r.seen IS NULL RETURN count(r) AS n")
        assert unseen[0]["n"] == 0, rated
    assert find_word(filled, "gadget1").text == "gadget1"
    with (
        schema.extended(kinds=[replace(GADGET, answers=False)]),
        pytest.raises(NotFound, match="gadget1"),
    ):
        find_word(filled, "gadget1")


def a_pair(graph: Graph, rated: str, same: bool = False) -> tuple[str, str]:
    """Return two words of one relation that people can name, or a word related to itself."""
    (row,) = graph.read(
        f"MATCH (a)-[r:{rated}]->(b) WHERE (a = b) = $same AND NOT a:Context AND NOT a:Piece "
        "AND NOT b:Piece RETURN a.text AS a, b.text AS b ORDER BY r.elo DESC, a, b LIMIT 1",
        same=same,
    )
    return row["a"], row["b"]


def loops(rated: RatedType) -> bool:
    return any(each.loops for each in schema.evidence_feeding(rated.name))


def check_explained(graph: Graph, pair: tuple[str, str], rated: str) -> None:
    """Check that the terms of a relation add up, from Python and from Cypher."""
    said = explain(graph, *pair, rated)
    assert (said.relation["start"], said.relation["type"]) == (pair[0], rated)
    assert {schema.evidence_type(row["evidence"]).feeds for row in said.tracks} == {rated}
    assert sum(row["times"] for row in said.tracks) == said.relation["times"]
    assert sum(row["against"] for row in said.tracks) == said.relation["against"]
    odds = sum(row["vote"] * (row["support"] or 0) for row in said.tracks)
    votes = SHRINKAGE + sum(row["divisor"] for row in said.tracks)
    assert said.relation["decades"] == (2 * odds + votes) // (2 * votes), rated
    asked = {"a": pair[0], "b": pair[1], "type": rated}
    for name, rows in (("explain", said.tracks), ("relation", [said.relation])):
        assert called(graph, f"ask/{name}", f"{name}($a, $b, $type)", **asked) == as_called(rows)


def check_neighbours(graph: Graph, pair: tuple[str, str], rated: RatedType) -> None:
    rows = neighbours(graph, pair[0], top=999, types=(rated.name,))
    ways = [row["direction"] for row in rows if row["neighbour"] == pair[1]]
    assert {row["type"] for row in rows} == {rated.name}
    if pair[0] == pair[1]:
        assert ways == ["itself"]
    else:
        assert (["out"] if rated.directed else ["none"]) == [way for way in ways if way != "in"]
    call = "neighbours($a, 999, 'consensus', null, 1, false, [$type])"
    assert called(graph, "ask/neighbours", call, a=pair[0], type=rated.name) == as_called(rows)


def check_contested(graph: Graph, rated: str) -> None:
    """Check a pair of which both sources have rows with other odds."""
    rows = graph.read(
        f"MATCH (a)-[x:{'|'.join(one.name for one in schema.evidence_feeding(rated))}]->(b) "
        "WHERE NOT a:Context AND NOT a:Piece AND NOT b:Piece "
        "WITH a, b, x.source AS source, avg(x.support) AS said "
        "WITH a, b, collect(said) AS said WHERE size(said) = 2 AND abs(said[0] - said[1]) > 1 "
        "RETURN a.text AS a, b.text AS b ORDER BY a, b LIMIT 1"
    )
    assert rows, rated
    found = contested(graph, rows[0]["a"], 999, rated)
    (met,) = (
        one
        for one in found
        if one["neighbour"] == rows[0]["b"] and one["direction"] in ("out", "none", "itself")
    )
    assert met["spread"] > 0 and {met["most"], met["least"]} == {"one", "two"}, rated
    shown = called(graph, "ask/contested", "contested($a, 999, $type)", a=rows[0]["a"], type=rated)
    assert shown == as_called(found)


def relations_of(lines: list[str]) -> Counter[str]:
    return Counter(json.loads(line)["type"] for line in lines if '"rating"' in line)


def check_deleted_and_undone(
    graph: Graph, pair: tuple[str, str], rated: str, before: list[str]
) -> None:
    """Check that one type of one pair goes, with what is told of it, and comes back."""
    chosen = Selectors(relations=(pair,), types=(rated,))
    planned = plan(graph, chosen, silent, with_cut=True)
    assert planned.summary["cut"]["types"] == [rated]
    assert planned.summary["cut"]["parts"][0] >= 1
    assert planned.summary["counts"]["lost"] == 1
    assert {schema.evidence_type(name).feeds for name in planned.evidence} == {rated}
    watching = watched(graph, planned)
    deleted = take_out(graph, chosen)
    left = residual(graph, planned, watching)
    assert all(set(one["types"]) == {rated} for one in left["paths"]), rated
    assert all(pair[0] in (one["start"], one["end"]) for one in left["paths"])
    assert relations_of(exported(graph)) == relations_of(before) - Counter([rated])
    with pytest.raises(NotFound, match="No live source relates"):
        explain(graph, *pair, rated)
    with WriterLock(graph, "test") as lock:
        undo(graph, lock, deleted, silent)
    assert exported(graph) == before, rated


def test_every_rated_type_is_asked_deleted_and_undone(filled: Graph) -> None:
    before = exported(filled)
    assert stats(filled).relations_by_type == dict(relations_of(before))
    for rated in schema.rated_types():
        pairs = [a_pair(filled, rated.name)]
        if loops(rated):
            pairs.append(a_pair(filled, rated.name, same=True))
        for pair in pairs:
            check_explained(filled, pair, rated.name)
            check_neighbours(filled, pair, rated)
            check_deleted_and_undone(filled, pair, rated.name, before)
        start, end = pairs[0]
        for how in ("depth:1", "pagerank:0.0001"):
            chosen = Selectors(concepts=(end,), exact=True, reach=how, types=(rated.name,))
            reached = plan(filled, chosen, silent).summary["compositions"]
            assert start in {one["text"] for one in reached}, rated.name
    assert findings(filled) == []
    # Halves of made-up observations agree on nothing; here every source has a vote.
    filled.write("MATCH (t:Track) SET t.vote = 500000")
    filled.write(
        "MATCH ()-[e]->() WHERE e.support IS NOT NULL "
        "SET e.support = CASE e.source WHEN 'one' THEN 900 ELSE -900 END"
    )
    for rated in schema.rated_types():
        check_contested(filled, rated.name)


def test_a_directed_type_is_followed_in_its_direction(filled: Graph) -> None:
    (row,) = filled.read(
        "MATCH (a:Symbol)-[:CALLS]->(b:Symbol) WHERE a <> b AND NOT (b)-[:CALLS]->(a) "
        "RETURN a.text AS a, b.text AS b ORDER BY a, b LIMIT 1"
    )
    assert explain(filled, row["a"], row["b"], "CALLS").relation["type"] == "CALLS"
    with pytest.raises(NotFound, match=f"There is.* '{row['a']}' CALLS '{row['b']}'"):
        explain(filled, row["b"], row["a"], "CALLS")
    (back,) = (
        one
        for one in neighbours(filled, row["b"], 999, types=("CALLS",))
        if one["neighbour"] == row["a"]
    )
    assert back["direction"] == "in"
    with pytest.raises(UsageError, match="No rated type is called 'KNOWS'"):
        neighbours(filled, row["a"], types=("KNOWS",))
    wrong = Selectors(relations=((row["b"], row["a"]),), types=("CALLS",))
    assert plan(filled, wrong, silent).summary["counts"]["evidence"] == 0


def test_what_loses_its_relation_to_itself_stays_while_it_has_another(
    graph: Graph, tmp_path: Path
) -> None:
    kind, (start, end, n) = (
        schema.evidence_type("LEFT_OF_EVIDENCE"),
        np.array([[0, 0, 1], [0, 1, 1], [4, 2, 3]]),
    )
    table, constants = counted_table(kind, start, end, n, np.random.default_rng(1))
    words = sorted(("person", "tree"), key=lambda one: composition_key("Token", one))
    put_in(graph, counted_source(tmp_path / "boxes", kind, table, constants, words), "boxes")
    before = exported(graph)
    first, second = words
    for pair, orphans in (((first, first), 0), ((first, second), 0), ((second, second), 0)):
        deleted = take_out(graph, Selectors(relations=(pair,), types=("LEFT_OF",)))
        assert findings(graph) == []
        gone = len(before) - len(exported(graph))
        assert gone == 2 + orphans, pair
        with WriterLock(graph, "test") as lock:
            undo(graph, lock, deleted, silent)
        assert exported(graph) == before
    # Without the relation to itself too, nothing is left of the second.
    take_out(graph, Selectors(relations=((first, second), (second, second)), types=("LEFT_OF",)))
    texts = [json.loads(line).get("text") for line in exported(graph)]
    assert first in texts and second not in texts
    assert findings(graph) == []


def test_a_kind_that_no_record_describes_is_read_as_text(filled: Graph) -> None:
    filled.write("MATCH (c:Gadget {text: 'gadget2'}) SET c.kind = 'Gizmo'")
    planned = plan(filled, Selectors(concepts=("gadget2",)), silent)
    assert [one["kind"] for one in planned.summary["compositions"]] == ["Gizmo"]


def test_every_type_is_planned_deleted_and_undone(filled: Graph, tmp_path: Path) -> None:
    before = exported(filled)
    planned = plan(filled, Selectors(sources=("one",)), silent)
    for evidence in schema.evidence_types():
        assert planned.tables[evidence.name].num_rows, evidence.name
    deleted = take_out(filled, Selectors(sources=("one",)))
    left = counted(exported(filled))
    assert all(left["evidence", evidence.name] for evidence in schema.evidence_types())
    assert findings(filled) == []
    with WriterLock(filled, "test") as lock:
        undo(filled, lock, deleted, silent)
    assert exported(filled) == before
    take_out(filled, Selectors(concepts=(word("Gadget", 1), word("Token", 1))))
    assert findings(filled) == []


def test_every_type_is_erased_and_its_copies_too(filled: Graph, tmp_path: Path) -> None:
    with WriterLock(filled, "test") as lock:
        erase(filled, lock, Selectors(sources=("one",)), ErasureOptions(tmp_path / "none", silent))
    rows = [json.loads(line) for line in exported(filled)]
    assert {row["source"] for row in rows if row["record"] == "evidence"} == {"two"}
    assert findings(filled) == []


def test_every_type_is_backed_up_and_restored(filled: Graph, tmp_path: Path) -> None:
    before = exported(filled)
    with WriterLock(filled, "test") as lock:
        back_up(filled, lock, tmp_path / "all.backup", silent)
    wipe(filled)
    prepare(filled)
    with WriterLock(filled, "test") as lock:
        restore(filled, lock, tmp_path / "all.backup", silent)
    assert exported(filled) == before
    assert findings(filled) == []


def test_every_rated_type_is_in_a_snapshot_by_name(filled: Graph) -> None:
    with WriterLock(filled, "test") as lock:
        create_snapshot(filled, lock, "then", silent)
    extra = RatedType("HOLDS_UP", True, "holds up")
    feeding = replace(FIT, name="HOLDS_UP_EVIDENCE", feeds="HOLDS_UP")
    now = graph_relations(filled, silent)
    assert not compare(read_snapshot("then"), now, ("then", "now")).differs
    with schema.extended(rated=[extra], evidence=[feeding]):
        assert not compare(
            read_snapshot("then"), graph_relations(filled, silent), ("then", "now")
        ).differs


def test_every_type_has_an_index_by_source(filled: Graph) -> None:
    rows = filled.read(
        "SHOW INDEXES YIELD labelsOrTypes AS types, properties WHERE properties = ['source'] "
        "RETURN types[0] AS type"
    )
    assert {each.name for each in schema.evidence_types()} <= {row["type"] for row in rows}


@pytest.mark.parametrize(
    ("records", "fault"),
    [
        ({"evidence": [FIT]}, "no record describes"),
        ({"evidence": [FIT], "rated": [FITS]}, "'Gadget', which no record describes"),
        ({"rated": [FITS]}, "No evidence type feeds FITS"),
        ({"evidence": [replace(FIT, feeds="CALLS", columns=COUNTED[:1])], "kinds": [GADGET]}, "n and weight"),
        ({"evidence": [replace(FIT, feeds="CALLS", columns=COUNTED)], "kinds": [GADGET]}, "lacks the column 'support'"),
        ({"evidence": [replace(FIT, feeds="CALLS", chance=ORDERED)], "kinds": [GADGET]}, "'converse'"),
        ({"evidence": [replace(FIT, feeds="CALLS", trust=None)], "kinds": [GADGET]}, "lacks the column 'half'"),
        ({"evidence": [replace(FIT, feeds="CALLS", silence=True)], "kinds": [GADGET]}, "compares no vectors"),
        ({"evidence": [replace(FIT, feeds="CALLS", counted="pins")], "kinds": [GADGET]}, "'pins'"),
        ({"evidence": [replace(FIT, feeds="CALLS", name="FIT")], "kinds": [GADGET]}, "ends in _EVIDENCE"),
        ({"evidence": [replace(FIT, feeds="RELATES")], "kinds": [GADGET]}, "undirected"),
        ({"evidence": [replace(FIT, feeds="CALLS", starts=frozenset())], "kinds": [GADGET]}, "no kind"),
        ({"kinds": [replace(GADGET, rank=0)]}, "one rank"),
        ({"kinds": [replace(GADGET, properties=(Property("known", "STRING", ""),))]}, "'known'"),
        ({"evidence": [replace(FIT, feeds="CALLS", columns=(*FIT.columns, Column("elo", "double", "")))],
          "kinds": [GADGET]}, "'elo'"),
        ({"evidence": [replace(FIT, feeds="CALLS", columns=(*FIT.columns, Column("rank", "double", "")))],
          "kinds": [GADGET]}, "another type"),
    ],
)  # fmt: skip
def test_records_that_are_only_half_there_are_refused(
    records: dict[str, list[object]], fault: str
) -> None:
    with pytest.raises(UsageError, match=fault), schema.extended(**records):  # type: ignore[arg-type]
        pass


def test_the_built_in_records_fit_together() -> None:
    assert schema.faults() == []


def test_rows_between_kinds_that_a_type_does_not_allow_are_refused(
    registered: None, tmp_path: Path
) -> None:
    bundle = bundle_of_every_type(tmp_path, 1)
    with (
        schema.extended(evidence=[replace(FIT, ends=frozenset({"Gadget"}))]),
        pytest.raises(BadInput, match=r"FIT_EVIDENCE: row .* has an end that is none of Gadget"),
    ):
        scan(bundle)


def test_a_property_that_its_kind_has_not_is_refused(registered: None, tmp_path: Path) -> None:
    bundle = bundle_of_every_type(tmp_path, 1)
    with (
        schema.extended(kinds=[replace(GADGET, properties=())]),
        pytest.raises(BadInput, match="'size', which no Gadget has"),
    ):
        scan(bundle)
