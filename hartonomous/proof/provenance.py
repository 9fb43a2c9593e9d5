"""Provenance of the graph in standard formats: W3C PROV, CycloneDX ML-BOM, and a plain record.

All are derived from the sources and the log alone, sorted, so the same graph gives the same bytes.
None of them states compliance with a law.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from hartonomous.errors import UsageError
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.identity import canonical_json, content_digest
from hartonomous.opened_files import stated_files
from hartonomous.times import read_time
from hartonomous.transparency.transparency_log import read_log

if TYPE_CHECKING:
    from cyclonedx.model.component import Component

NAMESPACE = "urn:hartonomous:"
_ALL = 1 << 40

_ENDS = frozenset({"delete", "erase"})
_BEGINS = frozenset({"ingest", "replace"})


def record_of_sources(graph: Graph) -> str:
    """Return the sources with licence, digests and files, and the acts on each, as JSON."""
    return _written({"format": 1, "sources": _sources(graph)})


def provenance(graph: Graph) -> str:
    """Return W3C PROV-JSON: sources and files as entities, ingests and deletions as activities.

    Raises UsageError if the package prov is missing.
    """
    try:
        from prov.model import ProvDocument
    except ImportError as error:
        raise _missing("prov", error) from error
    document = ProvDocument()
    document.add_namespace("hartonomous", NAMESPACE)
    document.set_default_namespace(NAMESPACE)
    agent = document.agent(
        "hartonomous:software",
        {"prov:type": "prov:SoftwareAgent", "prov:label": f"hartonomous {version('hartonomous')}"},
    )
    entities = {}
    for source in _sources(graph):
        stated = {"hartonomous:kind": source["kind"], "hartonomous:licence": source["licence"]}
        stated |= {"hartonomous:family": source["family"], "hartonomous:digest": source["digest"]}
        entities[source["name"]] = document.entity(
            f"hartonomous:source/{source['name']}",
            {name: value for name, value in stated.items() if value is not None},
        )
        for name, stated in _file_entities(source["files"]):
            document.wasDerivedFrom(entities[source["name"]], document.entity(name, stated))
    for row in reversed(read_log(graph, _ALL)):
        at = read_time(row["at"])
        activity = document.activity(
            f"hartonomous:act/{row['index']}", at, at, {"hartonomous:act": row["act"]}
        )
        document.wasAssociatedWith(activity, agent)
        for name in _names(row, "source"):
            # A removed source was an entity nevertheless.
            entity = entities.get(name) or document.entity(f"hartonomous:source/{name}")
            entities[name] = entity
            if row["act"] in _BEGINS:
                document.wasGeneratedBy(entity, activity, at)
            elif row["act"] in _ENDS:
                document.wasInvalidatedBy(entity, activity, at)
    return _written(json.loads(str(document.serialize(format="json"))))


def ml_bom(graph: Graph) -> str:
    """Return a CycloneDX 1.6 bill of materials: the models and data of the graph, as JSON.

    Raises UsageError if the package cyclonedx-python-lib is missing.
    """
    try:
        from cyclonedx.model.bom import Bom
        from cyclonedx.model.component import Component, ComponentType
        from cyclonedx.output import make_outputter
        from cyclonedx.schema import OutputFormat, SchemaVersion
    except ImportError as error:
        raise _missing("cyclonedx-python-lib", error) from error
    sources = _sources(graph)
    digest = content_digest("bom", {"sources": sources})
    bom = Bom(components=[_component(source) for source in sources])
    bom.serial_number = uuid5(NAMESPACE_URL, NAMESPACE + digest)
    newest = max((source["created"] for source in sources), default="1970-01-01T00:00:00Z")
    bom.metadata.timestamp = read_time(newest).astimezone(UTC).replace(microsecond=0)
    bom.metadata.component = Component(
        name="knowledge graph",
        type=ComponentType.DATA,
        version=digest[:16],
        bom_ref="graph",
    )
    bom.register_dependency(bom.metadata.component, bom.components)
    outputter = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6)
    return _written(json.loads(outputter.output_as_string()))


FORMATS: Mapping[str, Callable[[Graph], str]] = {
    "record": record_of_sources,
    "prov": provenance,
    "mlbom": ml_bom,
}
"""The writer of each format of `export`."""


def _component(source: Row) -> Component:
    from cyclonedx.model import HashAlgorithm, HashType, Property
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.model.license import DisjunctiveLicense

    model = source["kind"] == "model"
    stated = {
        "evidence": source["evidence"],
        "family": source["family"],
        "parameters": source["parameters"],
        "state": source["state"],
    }
    files = [
        Component(
            name=file["name"],
            type=ComponentType.FILE,
            bom_ref=f"source/{source['name']}/{file['name']}",
            hashes=[HashType(alg=HashAlgorithm.BLAKE3, content=file["digest"])],
        )
        for file in (source["files"] if isinstance(source["files"], list) else ())
    ]
    if isinstance(source["files"], dict):
        many = {f"files {name}": value for name, value in source["files"].items()}
        stated |= many
    return Component(
        name=source["name"],
        type=ComponentType.MACHINE_LEARNING_MODEL if model else ComponentType.DATA,
        bom_ref=f"source/{source['name']}",
        version=source["digest"][:16],
        licenses=[DisjunctiveLicense(name=source["licence"])] if source["licence"] else [],
        properties=[
            Property(name=f"hartonomous:{name}", value=str(value))
            for name, value in stated.items()
            if value is not None
        ],
        components=files,
    )


def _file_entities(files: Any) -> Iterator[tuple[str, Row]]:
    """Yield name and statements of each file's entity; of many files, of their collection."""
    if isinstance(files, dict):
        stated = {f"hartonomous:{name}": files[name] for name in ("count", "bytes", "largest")}
        yield f"hartonomous:files/{files['root']}", {"prov:type": "prov:Collection", **stated}
        return
    for file in files:
        stated = {"prov:label": file["name"], "hartonomous:bytes": file["bytes"]}
        yield f"hartonomous:file/{file['digest']}", stated


def _sources(graph: Graph) -> list[Row]:
    acts: dict[str, list[dict[str, object]]] = {}
    for row in reversed(read_log(graph, _ALL)):
        for name in _names(row, "source"):
            acts.setdefault(name, []).append(
                {"act": row["act"], "at": row["at"], "entry": row["index"]}
            )
    return [
        {
            **row,
            "options": json.loads(row["options"] or "{}"),
            "files": stated_files(row["files"]).facts,
            "acts": acts.get(row["name"], []),
        }
        for row in graph.read(query("audit/read_sources"))
    ]


def _names(row: Row, kind: str) -> list[str]:
    return [name.partition(":")[2] for name in row["names"] if name.startswith(f"{kind}:")]


def _written(value: object) -> str:
    return json.dumps(json.loads(canonical_json(value)), indent=2, ensure_ascii=False) + "\n"


def _missing(package: str, error: ImportError) -> UsageError:
    return UsageError(
        f"This format needs {package}: pip install 'hartonomous[exchange]' ({error})."
    )
