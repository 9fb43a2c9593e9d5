"""Constraints and indexes: those that the migrations ask for, beside those that the server has.

What a migration once did is no proof that it still stands: an offline import, or somebody in
Browser, drops a constraint and leaves the record of its migration.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hartonomous.errors import VerificationFailed
from hartonomous.graph.cypher_files import names, query
from hartonomous.graph.driver import Graph, Row
from hartonomous.progress import Say

MIGRATION = re.compile(r"schema/V(?P<version>\d{4})__\w+")
UNIQUENESS = "UNIQUENESS"
LISTED = 5
"""Duplicates that a message lists."""

_CONSTRAINT = re.compile(r"CONSTRAINT (\w+) IF NOT EXISTS FOR \(\w+:(\w+)\) REQUIRE (.+) IS UNIQUE")
_INDEX = re.compile(
    r"(TEXT )?INDEX (\w+) IF NOT EXISTS FOR \(\w*:?(\w*)\)(?:-\[\w+:(\w+)\]-\(\))? ON (.+)"
)


@dataclass(frozen=True)
class Rule:
    """A constraint or an index: its kind as the server calls it, what it is on, who asks for it."""

    kind: str
    on: str
    properties: tuple[str, ...]
    migration: str

    def __str__(self) -> str:
        what = "constraint" if self.kind == UNIQUENESS else f"{self.kind.lower()} index"
        return f"{what} on {self.on} ({', '.join(self.properties)})"


def rules() -> tuple[Rule, ...]:
    """Return every constraint and index that the migrations ask for, in their order."""
    return tuple(_rule(name) for name in names() if MIGRATION.fullmatch(name))


def schema_differences(graph: Graph) -> list[str]:
    """Return what the server lacks of the schema, a line each; empty when it has all of it."""
    return [f"The {rule} is missing." for rule in missing_rules(graph)]


def missing_rules(graph: Graph) -> list[Rule]:
    """Return the constraints and indexes that the server does not have, or that it failed to build."""
    rows = [
        *graph.read(query("schema/read_constraints")),
        *graph.read(query("schema/read_indexes")),
    ]
    there = {_described(row) for row in rows if row["state"] != "FAILED"}
    return [rule for rule in rules() if (rule.kind, rule.on, rule.properties) not in there]


def bring_back(graph: Graph, missing: list[Rule], say: Say) -> None:
    """Create constraints and indexes that are missing, and wait until they can be used.

    Raises VerificationFailed, with the nodes, where two have one key.
    """
    if not missing:
        return
    _refuse_duplicates(graph, [rule for rule in missing if rule.kind == UNIQUENESS])
    for rule in missing:
        graph.change_schema(query(rule.migration))
    graph.read(query("schema/await_indexes"))
    constraints = sum(rule.kind == UNIQUENESS for rule in missing)
    say(
        f"Brought back {constraints} constraints and {len(missing) - constraints} indexes that the "
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
            "The graph had lost constraints, and since then things were written twice: "
            f"{'; '.join(faults)}. Nothing is written to it like this. 'hartonomous backup' of "
            "before, or 'hartonomous purge' and ingesting again, gives a sound graph."
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
