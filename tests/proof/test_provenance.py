"""The exports that other tools read: sound by their own rules, and the same bytes for the same graph."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from prov.model import ProvDocument

from hartonomous.delete.deletion import delete_source
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.proof.provenance import FORMATS, ml_bom, provenance, record_of_sources
from tests.building import put_in, random_bundle, silent


@pytest.fixture
def told(graph: Graph, tmp_path: Path) -> Graph:
    """A graph of one source left of two."""
    put_in(graph, random_bundle(tmp_path, 1), "one")
    put_in(graph, random_bundle(tmp_path, 2), "two")
    graph.write("MATCH (s:Source {name: 'one'}) SET s.licence = 'apache-2.0 <i>'")
    with WriterLock(graph, "test") as lock:
        delete_source(graph, lock, "two", silent)
    return graph


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_graph_gives_the_same_bytes(told: Graph, name: str) -> None:
    assert FORMATS[name](told) == FORMATS[name](told)
    assert "complian" not in FORMATS[name](told).lower()


@pytest.mark.parametrize("name", FORMATS)
def test_an_empty_graph_has_them_too(graph: Graph, name: str) -> None:
    json.loads(FORMATS[name](graph))


def test_the_record_names_licence_digests_and_acts(told: Graph) -> None:
    (one,) = json.loads(record_of_sources(told))["sources"]
    assert (one["name"], one["licence"]) == ("one", "apache-2.0 <i>")
    assert len(one["digest"]) == len(one["files"][0]["digest"]) == 64
    assert [act["act"] for act in one["acts"]] == ["ingest"]


def test_the_bill_is_valid_by_its_schema(told: Graph) -> None:
    bill = ml_bom(told)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bill) is None
    (one,) = json.loads(bill)["components"]
    assert one["type"] == "machine-learning-model"
    assert one["licenses"] == [{"license": {"name": "apache-2.0 <i>"}}]
    assert one["components"][0]["hashes"][0]["alg"] == "BLAKE3"


def test_the_provenance_reads_back_and_tells_of_what_is_gone(told: Graph) -> None:
    text = provenance(told)
    document = ProvDocument.deserialize(content=text, format="json")
    notation = document.get_provn()
    assert "wasGeneratedBy(hartonomous:source/one, hartonomous:act/0" in notation
    assert "wasInvalidatedBy(hartonomous:source/two, hartonomous:act/2" in notation
    assert "wasDerivedFrom(hartonomous:source/one, hartonomous:file/" in notation
