"""What is in a graph is what the schema says."""

from __future__ import annotations

from pathlib import Path

import pytest

from hartonomous import schema
from hartonomous.ask.layout.placement import place
from hartonomous.delete.selectors import Selectors
from hartonomous.erase.erasure import ErasureOptions, erase
from hartonomous.errors import VerificationFailed
from hartonomous.graph.driver import Graph
from hartonomous.graph.migrations import migrations
from hartonomous.graph.schema_check import (
    DATA,
    INDEX_EVIDENCE,
    UNIQUENESS,
    rules,
    schema_differences,
)
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.operations.health import Check, doctor
from hartonomous.operations.ingestion import prepare
from hartonomous.server.managed_server import ServerAddress
from tests.building import put_in, random_bundle, silent


def test_a_real_graph_holds_nothing_the_schema_does_not_name(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, random_bundle(tmp_path, 1), "one")
    put_in(graph, random_bundle(tmp_path, 2), "one", replace=True)
    put_in(graph, random_bundle(tmp_path, 3), "two")
    with WriterLock(graph, "test") as lock:
        erase(graph, lock, Selectors(sources=("two",)), ErasureOptions(tmp_path / "none", silent))
    place(graph, 8, silent)
    kinds = {kind.name for kind in schema.kinds()}
    for node in schema.NODES:
        rows = graph.read(
            f"MATCH (n:{node.name}) RETURN DISTINCT labels(n) AS labels, keys(n) AS keys"
        )
        assert rows, node.name
        allowed = {node.name, schema.UNRATED, schema.PHRASE} | (
            kinds if node.name == "Composition" else set()
        )
        assert {label for row in rows for label in row["labels"]} <= allowed
        assert {key for row in rows for key in row["keys"]} <= {p.name for p in node.properties}
    labels = {row["label"] for row in graph.read("CALL db.labels() YIELD label RETURN label")}
    assert labels <= {node.name for node in schema.NODES} | kinds | {schema.UNRATED, schema.PHRASE}
    columns = schema.evidence_type("EMBEDDING_EVIDENCE").columns
    evidence = {schema.SOURCE.name, *(column.name for column in columns)}
    rated = {p.name for p in schema.RATED_PROPERTIES}
    for type, allowed in (("EMBEDDING_EVIDENCE", evidence), ("RELATES", rated)):
        rows = graph.read(f"MATCH ()-[r:{type}]->() RETURN DISTINCT keys(r) AS keys")
        assert {key for row in rows for key in row["keys"]} == allowed


def schema_of(graph: Graph) -> list[str]:
    """Every constraint and index as the server would create it."""
    rows = graph.read("SHOW CONSTRAINTS YIELD createStatement AS s RETURN s")
    rows += graph.read("SHOW INDEXES YIELD createStatement AS s RETURN s")
    return sorted(row["s"] for row in rows)


def drop_everything(graph: Graph) -> None:
    """What an erasure by an earlier version did to the schema."""
    for row in graph.read("SHOW CONSTRAINTS YIELD name RETURN name"):
        graph.change_schema(f"DROP CONSTRAINT {row['name']}")
    for row in graph.read("SHOW INDEXES YIELD name, type WHERE type <> 'LOOKUP' RETURN name"):
        graph.change_schema(f"DROP INDEX {row['name']}")


def constraints_check(environment: dict[str, str]) -> Check:
    return next(one for one in doctor(environment) if one.name == "constraints")


def test_every_migration_is_compared_with_the_server() -> None:
    asked = [rule.migration for rule in rules() if rule.migration != INDEX_EVIDENCE]
    assert asked == [one.name for one in migrations() if one.name not in DATA]
    assert {one.name for one in migrations()} >= DATA


def test_a_lost_schema_is_told_and_brought_back(
    graph: Graph, server: ServerAddress, tmp_path: Path
) -> None:
    environment = {"NEO4J_URI": server.uri, "NEO4J_PASSWORD": server.password}
    put_in(graph, random_bundle(tmp_path, 1), "one")
    whole = schema_of(graph)
    assert constraints_check(environment).verdict == "ok"
    drop_everything(graph)
    # Of a type of which there is nothing, an index is not missed.
    told = [rule for rule in rules() if rule.migration != INDEX_EVIDENCE]
    assert len(schema_differences(graph)) == len(told)
    found = constraints_check(environment)
    assert (found.verdict, found.seen[:2]) == ("failure", f"{len(told)}")
    said: list[str] = []
    prepare(graph, said.append)
    constraints = sum(rule.kind == UNIQUENESS for rule in told)
    counted = f"{constraints} constraints and {len(told) - constraints} indexes"
    assert counted in said[0]
    assert schema_of(graph) == whole
    prepare(graph, said.append)
    assert len(said) == 1


def test_whoever_writes_brings_the_schema_back(graph: Graph) -> None:
    whole = schema_of(graph)
    drop_everything(graph)
    with WriterLock(graph, "test"):
        assert schema_of(graph) == whole


def test_what_was_written_twice_meanwhile_is_told(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, random_bundle(tmp_path, 1), "one")
    graph.change_schema("DROP CONSTRAINT composition_key")
    (row,) = graph.write(
        "MATCH (c:Composition) WITH c LIMIT 1 CREATE (d:Composition {key: c.key}) RETURN c.key AS k"
    )
    try:
        with pytest.raises(VerificationFailed, match=f"2 nodes Composition are '{row['k']}'"):
            prepare(graph)
        with pytest.raises(VerificationFailed), WriterLock(graph, "test"):
            pass
        assert len(schema_differences(graph)) == 1
    finally:
        graph.write("MATCH (d:Composition {key: $k}) WHERE d.text IS NULL DELETE d", **row)
        prepare(graph)
    assert schema_differences(graph) == []
