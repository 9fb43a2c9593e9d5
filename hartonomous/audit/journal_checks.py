"""Checks of the journals of removals against the log, and of suppressions against their copy
outside the graph.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hartonomous.audit.audit_findings import Findings
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.transparency import keys
from hartonomous.transparency.inventory import GRAPH, SUPPRESSION, Facts, same

_BEGUN = ("delete", "erase")


def check_journals(graph: Graph, entries: Sequence[Row]) -> Findings:
    """Return findings on journals that differ from the log's entries."""
    found = Findings()
    journals = {
        row["journal"].get("id"): row["journal"] for row in graph.read(query("audit/read_journals"))
    }
    logged = {row["key"]: row for row in entries if isinstance(row["key"], str)}
    begun = set()
    for act, row in ((row["act"], row) for row in entries if row["act"] in _BEGUN):
        id = str(row["key"]).removeprefix(f"{act} ")
        begun.add(id)
        for fault in _faults(id, row, journals.get(id), f"undo {id}" in logged):
            found.add("journals that differ from the log", fault)
    if entries:
        for id in sorted(journals.keys() - begun, key=str):
            fault = f"Journal {id}: the log has no such removal."
            found.add("journals that differ from the log", fault)
    return found


def _faults(id: str, row: Row, journal: Mapping[str, Any] | None, undone: bool) -> Iterator[str]:
    named = f"Journal {id} (log entry {row['index']})"
    if journal is None:
        yield f"{named}: missing."
        return
    try:
        details = json.loads(row["entry"])["details"]
    except (ValueError, KeyError, TypeError):
        return
    for name, meant in {"verb": row["act"], **details}.items():
        if not same(journal.get(name), meant):
            yield f"{named}: {name} is {journal.get(name)!r}, expected {meant!r}."
    if (journal.get("state") in ("undoing", "undone")) != undone:
        logged = "was undone" if undone else "was not undone"
        yield f"{named}: state is {journal.get('state')!r}, but by the log the removal {logged}."


def check_suppressions(facts: Facts) -> Findings:
    """Return findings on suppressions that differ from their copy outside the graph."""
    found = Findings()
    there: dict[str, dict[str, Any]] = {}
    for (kind, id, name), value in facts.items():
        if kind == SUPPRESSION:
            there.setdefault(id, {})[name] = value
    identity = facts.get((GRAPH, "", "identity"))
    kept = keys.kept_erasures(str(identity))["rows"] if identity else []
    for row in kept:
        kind = "suppressions that differ from their copy"
        if row["id"] not in there:
            found.add(
                kind,
                f"Suppression {row['id']} ({row['kind']}): missing, so what was erased could be loaded again.",
            )
            continue
        for name, meant in row.items():
            if not same(there[row["id"]].get(name), meant):
                found.add(
                    kind,
                    f"Suppression {row['id']}: {name} is {there[row['id']].get(name)!r}, expected {meant!r}.",
                )
    return found
