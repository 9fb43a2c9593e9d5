"""Every Cypher file keeps its header's promise, is used, and is a statement the server explains."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import cast

import pytest

from hartonomous import schema
from hartonomous.graph.cypher_files import Statement, names, query, statement
from hartonomous.graph.driver import Address, Graph
from hartonomous.graph.procedures import (
    INSTALLER,
    body,
    callable_statements,
    columns,
    install,
    installed,
    missing,
    signature,
)
from hartonomous.graph.schema_check import rules

ROOT = Path(__file__).parents[2]
EVIDENCE = "EMBEDDING_EVIDENCE"
ALONE = ("traverse", "path", "communities", "contradictions", "hubs")
"""What Python computes by itself; tests hold both equal."""
BODIES = [name for name in names() if not re.match(r"schema/V\d", name)]


def code(name: str) -> str:
    return re.sub(r"//.*", "", statement(name).text)


@pytest.mark.parametrize("name", names())
def test_the_header_declares_the_parameters_used(name: str) -> None:
    declared = re.findall(r"\$(\w+)", statement(name).inputs)
    assert sorted(set(declared)) == sorted(set(re.findall(r"\$(\w+)", code(name))))
    assert ";" not in code(name), "one statement a file"


@pytest.mark.parametrize("name", BODIES)
def test_every_file_is_used(name: str) -> None:
    sources = [*(ROOT / "hartonomous").rglob("*.py")]
    called = name in {f"ask/{one}" for one in ALONE} or name == "graph/help"
    assert called or any(f'"{name}"' in file.read_text() for file in sources)


def test_every_name_used_is_a_file() -> None:
    used = {
        name
        for file in (ROOT / "hartonomous").rglob("*.py")
        for name in re.findall(r'query\(\s*"([\w/]+)"', file.read_text())
    }
    assert used <= set(names())


@pytest.mark.parametrize("name", names())
def test_labels_and_types_are_the_schemas(name: str) -> None:
    known = {label.name for label in (*schema.NODES, *schema.kinds())}
    known |= {type.name for type in (*schema.evidence_types(), *schema.rated_types())}
    known |= {
        schema.PHRASE,
        schema.UNRATED,
        schema.HAS_TRACK,
        schema.AGREES_WITH,
        schema.VISITED,
        schema.NEXT,
        schema.HOLDS,
    }
    known |= {name for name, _ in schema.STRUCTURE}
    known |= {"EVIDENCE_TYPE", "EVIDENCE_TYPES", "ALL_EVIDENCE"}
    known |= {"RATED_TYPE", "RATED_TYPES", "KIND", "DEFAULT_RELATION", "CONTEXT_EVIDENCE"}
    known |= {"SILENT_EVIDENCE", "UNDIRECTED_TYPES"}
    known |= {"ANSWERING_KINDS", "FRAGMENT_KINDS", "UNCONNECTED_KINDS", "DIGESTED_KINDS"}
    known |= {"ANSWERING_KINDS", "FRAGMENT_KINDS", "UNCONNECTED_KINDS"}
    known |= {"PHRASE_KINDS", "IDENTIFIER_KINDS"}
    used = re.findall(r"[(\[]\w*:([A-Z]\w*(?:\|[A-Z]\w*)*)", code(name))
    assert {part for types in used for part in types.split("|")} <= known


@pytest.mark.parametrize("name", [name for name in names() if name.startswith("ask/")])
def test_relations_are_ordered_in_one_way(name: str) -> None:
    # By consensus, then by elo: what all sources list at the same ranks has the same consensus.
    orders = re.findall(r"ORDER BY (.*)", code(name))
    composed = name == "ask/composed_neighbours"
    assert composed or not [one for one in orders if re.search(r"consensus|decades|rating", one)]


def test_every_type_that_is_loaded_is_indexed_by_source() -> None:
    indexed = {rule.on for rule in rules() if rule.properties == ("source",)}
    assert {type.name for type in schema.evidence_types()} <= indexed


def explained(graph: Graph, text: str, parameters: Iterable[str]) -> list[str]:
    """Return the columns of a statement, by the server."""
    with graph._driver.session() as session:
        return list(session.run(f"EXPLAIN {text}", dict.fromkeys(parameters)).keys())


def filled(name: str) -> str:
    if "KIND" in code(name):
        return query(name, kind="Token")
    return query(name, rated="RELATES", evidence=EVIDENCE)


@pytest.mark.parametrize(
    "name", [n for n in BODIES if n not in ("graph/install_procedure", "graph/help")]
)
def test_the_server_explains_it_and_returns_what_the_header_says(graph: Graph, name: str) -> None:
    parameters = set(re.findall(r"\$(\w+)", code(name)))
    text = filled(name)
    if not text.lstrip("/ \n").startswith("SHOW") and "SHOW PROCEDURES" not in text:
        keys = explained(graph, text, parameters)
        promised = re.findall(r"(?:^|, )(\w+) [A-Z]", statement(name).outputs)
        every = "ALL_COLUMNS" in code(name)
        own = schema.evidence_columns() if every else schema.evidence_type(EVIDENCE).columns
        columns = [each.name for each in own]
        assert list(keys) == promised + columns * ("columns" in statement(name).outputs)


@pytest.mark.parametrize("item", callable_statements(), ids=lambda item: item.name)
def test_a_procedure_draws_what_python_does_not_get(graph: Graph, item: Statement) -> None:
    parameters = set(re.findall(r"\$(\w+)", code(item.name)))
    promised = re.findall(r"(?:^|, )(\w+) [A-Z]", f"{item.outputs}, {item.drawn or ''}")
    assert [name for name, _ in columns(item)] == promised
    assert explained(graph, body(item), parameters) == promised
    assert str(item.example).startswith(f"{str(item.signature).split('(')[0]}(")
    own = [name for name, kind in columns(item) if "NODE" in kind or "RELATIONSHIP" in kind]
    assert own == promised[len(promised) - len(own) :]
    assert bool(own) == (item.drawn is not None)


def test_help_lists_every_procedure_with_an_example(graph: Graph) -> None:
    assert install(graph)
    rows = graph.read("CALL custom.hartonomous.help()")
    assert [row["name"] for row in rows] == sorted(installed(graph))
    (one,) = [row for row in rows if row["name"] == "custom.hartonomous.neighbours"]
    assert one["example"] == "CALL custom.hartonomous.neighbours('king', 5)"
    assert one["purpose"] == statement("ask/neighbours").purpose
    assert "custom.hartonomous.neighbours(word::STRING, top = 10::INTEGER" in one["signature"]
    for row in rows:
        assert isinstance(graph.read(row["example"]), list)


def test_procedures_are_listed_with_signature_and_description(graph: Graph) -> None:
    assert install(graph)
    wanted = {f"custom.hartonomous.{s.signature.split('(')[0]}" for s in callable_statements()}
    assert set(installed(graph)) == wanted
    listed = graph.read(
        "SHOW PROCEDURES YIELD name, description, mode WHERE name STARTS WITH 'custom.hartonomous.' "
        "RETURN name, description, mode"
    )
    assert all(row["description"] and row["mode"] == "READ" for row in listed)
    assert all("::" in signature(item) for item in callable_statements())


class Forgetful:
    """A server whose refresh has missed an installation: what was installed once, it does not list."""

    address = Address("bolt://nowhere", "neo4j", "none")

    def __init__(self, missed: str) -> None:
        self.missed = [missed]
        self.listed: set[str] = set()

    def read(self, text: str, **values: str) -> list[dict[str, object]]:
        prefix = values.get("prefix", "none")
        if prefix == INSTALLER:
            return [{"name": INSTALLER}]
        return [{"name": name} for name in self.listed if name.startswith(prefix)]

    def system(self, text: str, **values: str) -> None:
        name = "custom." + values["signature"].split("(")[0]
        if name in self.missed:
            self.missed.remove(name)
        else:
            self.listed.add(name)

    def write(self, text: str, **values: str) -> None:
        assert not self.missed and len(self.listed) == len(callable_statements())


def test_a_procedure_whose_installation_no_refresh_saw_is_installed_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A real server cannot be made to: whatever APOC has listed once, it lists until it stops.
    monkeypatch.setattr("hartonomous.graph.procedures.AGAIN", 0.3)
    server = cast(Graph, Forgetful("custom.hartonomous.log"))
    assert install(server)
    assert not missing(server)
