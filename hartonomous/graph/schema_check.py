"""Schema check: the constraints and indexes of the migrations, compared with the server's.

The record of a migration does not prove that its constraint exists: an offline import, or a user in
Browser, can drop a constraint and leave the record.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hartonomous.errors import VerificationFailed
from hartonomous.graph.cypher_files import names, query
from hartonomous.graph.driver import Graph, Row
from hartonomous.progress import Say
from hartonomous.schema import evidence_types

MIGRATION = re.compile(r"schema/V(?P<version>\d{4})__\w+")
DATA = frozenset({"schema/V0022__name_compositions", "schema/V0023__name_records"})
"""Migrations that write properties. Each can be cut short and repeated."""
UNIQUENESS = "UNIQUENESS"
INDEX_EVIDENCE = "schema/index_evidence"
"""The statement that indexes an evidence type by source; older types have a migration each."""
LISTED = 5
"""Duplicates listed in a message."""

_CONSTRAINT = re.compile(r"CONSTRAINT (\w+) IF NOT EXISTS FOR \(\w+:(\w+)\) REQUIRE (.+) IS UNIQUE")
_INDEX = re.compile(
    r"(TEXT )?INDEX (\w+) IF NOT EXISTS FOR \(\w*:?(\w*)\)(?:-\[\w+:(\w+)\]-\(\))? ON (.+)"
)


@dataclass(frozen=True)
class Rule:
    """A constraint or an index: its kind by the server's name, its target, and the migration that
    creates it.
    """

    kind: str
    on: str
    properties: tuple[str, ...]
    migration: str

    @property
    def statement(self) -> str:
        """Return the statement that creates it."""
        if self.migration != INDEX_EVIDENCE:
            return query(self.migration)
        return query(INDEX_EVIDENCE, evidence=self.on)

    def __str__(self) -> str:
        what = "constraint" if self.kind == UNIQUENESS else f"{self.kind.lower()} index"
        return f"{what} on {self.on} ({', '.join(self.properties)})"


def rules() -> tuple[Rule, ...]:
    """Return every constraint and index of the migrations, in their order."""
    made = [_rule(name) for name in names() if MIGRATION.fullmatch(name) and name not in DATA]
    indexed = {rule.on for rule in made}
    made += [
        Rule("RANGE", each.name, ("source",), INDEX_EVIDENCE)
        for each in evidence_types()
        if each.name not in indexed
    ]
    return tuple(made)


def schema_differences(graph: Graph) -> list[str]:
    """Return what the server lacks of the schema, a line each; empty when it has all of it."""
    held = {track["evidence"] for track in graph.read(query("rate/read_tracks"))}
    # An index on a type of which there is nothing comes with the next act that writes.
    return [
        f"The {rule} is missing."
        for rule in missing_rules(graph)
        if rule.migration != INDEX_EVIDENCE or rule.on in held
    ]


def missing_rules(graph: Graph) -> list[Rule]:
    """Return the constraints and indexes that the server does not have, or failed to build."""
    rows = [
        *graph.read(query("schema/read_constraints")),
        *graph.read(query("schema/read_indexes")),
    ]
    there = {_described(row) for row in rows if row["state"] != "FAILED"}
    return [rule for rule in rules() if (rule.kind, rule.on, rule.properties) not in there]


def bring_back(graph: Graph, missing: list[Rule], say: Say) -> None:
    """Create missing constraints and indexes, and wait until they are online.

    Raises VerificationFailed, with the nodes, if two have the same key.
    """
    if not missing:
        return
    _refuse_duplicates(graph, [rule for rule in missing if rule.kind == UNIQUENESS])
    for rule in missing:
        graph.change_schema(rule.statement)
    graph.read(query("schema/await_indexes"))
    lost = [rule for rule in missing if rule.migration != INDEX_EVIDENCE]
    if lost:
        constraints = sum(rule.kind == UNIQUENESS for rule in lost)
        say(
            f"Brought back {constraints} constraints and {len(lost) - constraints} indexes that the "
            "graph had lost (erasures by earlier versions dropped them)."
        )


def _refuse_duplicates(graph: Graph, constraints: list[Rule]) -> None:
    faults = []
    for rule in constraints:
        found = graph.read(
            query("schema/find_duplicates"),
            label=rule.on,
            properties=list(rule.properties),
            top=LISTED,
        )
        faults += [f"{r['nodes']} nodes {rule.on} are {' '.join(r['value'])!r}" for r in found]
    if faults:
        raise VerificationFailed(
            "The graph had lost constraints, and duplicates were written since: "
            f"{'; '.join(faults)}. Nothing is written to it in this state. Restore an earlier "
            "'hartonomous backup', or run 'hartonomous purge' and ingest again."
        )


def _described(row: Row) -> tuple[str, str, tuple[str, ...]]:
    return row["kind"], " ".join(row["names"] or ()), tuple(row["properties"] or ())


def _rule(name: str) -> Rule:
    text = query(name)
    if found := _CONSTRAINT.search(text):
        kind, on, properties = UNIQUENESS, found[2], found[3]
    elif found := _INDEX.search(text):
        kind, on, properties = (found[1] or "RANGE").strip(), found[3] or found[4], found[5]
    else:
        raise AssertionError(f"cypher/{name}.cypher creates neither a constraint nor an index")
    return Rule(kind, on, tuple(re.findall(r"\w+\.(\w+)", properties)), name)
