"""What is in a graph is what schema.py says."""

from __future__ import annotations

from pathlib import Path

from hartonomous import schema
from hartonomous.ask.placing import place
from hartonomous.forget.erasing import erase
from hartonomous.forget.selecting import Selectors
from hartonomous.store.graph import Graph
from hartonomous.store.locking import WriterLock
from tests.building import put_in, random_bundle, silent


def test_a_real_graph_holds_nothing_the_schema_does_not_name(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, random_bundle(tmp_path, 1), "one")
    put_in(graph, random_bundle(tmp_path, 2), "one", replace=True)
    put_in(graph, random_bundle(tmp_path, 3), "two")
    with WriterLock(graph, "test") as lock:
        erase(graph, lock, Selectors(sources=("two",)), tmp_path / "none", silent)
    place(graph, 8, silent)
    kinds = {kind.name for kind in schema.KINDS}
    for node in schema.NODES:
        rows = graph.read(
            f"MATCH (n:{node.name}) RETURN DISTINCT labels(n) AS labels, keys(n) AS keys"
        )
        assert rows, node.name
        allowed = {node.name, schema.UNRATED} | (kinds if node.name == "Composition" else set())
        assert {label for row in rows for label in row["labels"]} <= allowed
        assert {key for row in rows for key in row["keys"]} <= {p.name for p in node.properties}
    labels = {row["label"] for row in graph.read("CALL db.labels() YIELD label RETURN label")}
    assert labels <= {node.name for node in schema.NODES} | kinds | {schema.UNRATED}
    evidence = {p.name for p in (*schema.EVIDENCE_PROPERTIES, *schema.VECTOR_PROPERTIES)}
    rated = {p.name for p in (*schema.RATED_PROPERTIES, *schema.CONSENSUS_PROPERTIES)}
    for type, allowed in (("EMBEDDING_EVIDENCE", evidence), ("RELATES", rated)):
        rows = graph.read(f"MATCH ()-[r:{type}]->() RETURN DISTINCT keys(r) AS keys")
        assert {key for row in rows for key in row["keys"]} == allowed
