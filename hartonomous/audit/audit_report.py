"""The audit report: content and origin of a graph, and changes made by hand.

The plain audit compares the log with its signed heads and the graph's inventory with the one
recorded at the end of the last act. The full audit also recomputes ratings, votes, classes,
digests, keys, edges between contexts, and coordinates. The page shows the facts of the JSON; the
same graph gives the same bytes but for the time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.resources import files
from typing import Any

import jinja2

from hartonomous.audit.deletion_chart import picture_cut
from hartonomous.audit.full_audit import FullAudit
from hartonomous.audit.inventory_checks import Expected, check_inventory, expected_facts
from hartonomous.audit.structure_checks import check_shape
from hartonomous.errors import Conflict, VerificationFailed
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.graph.schema_check import schema_differences
from hartonomous.opened_files import StatedFiles, stated_files
from hartonomous.progress import Progress
from hartonomous.rate.rating_pass import read_state
from hartonomous.schema import evidence_types, rated_types
from hartonomous.transparency.entry_names import NAMED_KEYS
from hartonomous.transparency.inventory import Inventory, take_inventory
from hartonomous.transparency.inventory_record import look
from hartonomous.transparency.transparency_log import read_log, verify_log

FORMAT = 2

ENTRIES = 50
"""Entries of the log that are shown, the newest."""

LIMITS = (
    "The audit describes the graph as it is. Events outside it are known from the log and the "
    "certificates only.",
    "An act records its changes as it finds them at its end: an edit by hand of the same facts "
    "during the act, or while an act was interrupted, is not found.",
    "Sums of hashes detect mistakes and edits of evidence by hand, but not evidence computed to "
    "have the same sums.",
    "An edited evidence edge is named if its rating or its support contradicts it; otherwise "
    "only its track is. Edited coordinates beyond the first four are detected, but not the "
    "composition.",
    "Not detected: two edits in the ledger of loading that cancel out, and a completely "
    "fabricated lock.",
    "Labels, types and properties outside the data model are not checked.",
    "Whoever can write to the graph and to the keys outside it can fabricate another history. "
    "Heads of the log that were handed out before reveal that.",
    "The audit does not promise compliance with any law.",
)

Facts = dict[str, Any]


def audit(
    graph: Graph,
    progress: Progress,
    full: bool = False,
    certificates: Sequence[Mapping[str, Any]] = (),
) -> Facts:
    """Return the facts of an audit; `findings` is empty if there are none.

    `certificates` are the results of `verify_certificate.verify` for authentic ones.
    """
    state, log = read_state(graph), verify_log(graph)
    inventory, expected, damage = _expected(graph)
    counts = count(graph)
    standing = [
        *damage,
        *check_inventory(expected, inventory).texts(),
        *check_shape(graph).texts(),
        *schema_differences(graph),
    ]
    edges = {**counts["relations"], **counts["evidence"]}
    proof = FullAudit(graph, inventory, expected.facts, edges, progress) if full else None
    facts: Facts = {
        "format": FORMAT,
        "made": _made(graph),
        "graph": {
            "settled": state["settled"],
            "epoch": state["epoch"],
            "formula": state["formula"],
            **counts,
        },
        "sources": [_source(row) for row in graph.read(query("audit/read_sources"))],
        "noted": expected.facts is not None,
        "standing": standing,
        "full": proof.run(graph.read(query("transparency/read_leaves"))) if proof else None,
        "log": {
            "name": log.log,
            "size": log.size,
            "root": log.root,
            "unsigned": log.unsigned,
            "entries": [_entry(row) for row in read_log(graph, ENTRIES)],
        },
        "deletions": [_deletion(each) for each in certificates],
        "limits": [*LIMITS, *expected.unproved, *(proof.unproved if proof else ())],
    }
    _refuse_moved(graph, inventory)
    wrong = [*log.findings, *standing, *(proof.findings if proof else ())]
    facts["broken"] = bool(wrong)
    facts["findings"] = [
        *([] if state["settled"] else ["The graph is not settled: a rating pass is due."]),
        *expected.unclosed,
        *wrong,
        *(
            f"Certificate of {', '.join(d['about'])}: {each['what']}, expected "
            f"{each['expected']:,}, found {each['got']:,}."
            for d in facts["deletions"]
            for each in d["checks"]
            if each["got"] != each["expected"]
        ),
    ]
    return facts


def _made(graph: Graph) -> dict[str, str]:
    """Return when, on which server and by which software an audit is made."""
    server = graph.read(query("server/read_components"))[0]
    address = graph.address
    return {
        "at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "server": f"{address.uri}, database {address.database}",
        "neo4j": f"{server['name']} {server['version']} {server['edition']}",
        "software": f"hartonomous {version('hartonomous')}",
    }


def _expected(graph: Graph) -> tuple[Inventory, Expected, list[str]]:
    """Return the inventory, the expected one, and findings on its record."""
    entries = read_log(graph, 1)
    older = bool(entries) and _version(entries[0]) < NAMED_KEYS
    try:
        note, inventory = look(graph)
    except VerificationFailed as error:
        return take_inventory(graph), Expected(None, (), ()), [str(error)]
    return inventory, expected_facts(note, inventory, older), []


def _version(row: Row) -> int:
    entry = _parsed(row["entry"])
    version = entry.get("version") if isinstance(entry, dict) else None
    return version if isinstance(version, int) else NAMED_KEYS


def _refuse_moved(graph: Graph, before: Inventory) -> None:
    """Raise Conflict when the graph changed during the audit."""
    now = take_inventory(graph, before.size)
    if (now.size, now.at_rest, now.facts) != (before.size, before.at_rest, before.facts):
        raise Conflict("The graph changed while it was audited. Run the audit again.")


def count(graph: Graph) -> dict[str, Any]:
    """Return the numbers of compositions, rated edges and evidence edges, by type."""
    met = {row["type"] for row in graph.read(query("audit/list_types"))}
    relations = {
        rated.name: graph.read(query("audit/count_relations", rated=rated.name))[0]["edges"]
        for rated in rated_types()
        if rated.name in met
    }
    evidence = {
        each.name: graph.read(query("audit/count_evidence", evidence=each.name))[0]["edges"]
        for each in evidence_types()
        if each.name in met
    }
    return {
        "compositions": graph.read(query("audit/count_compositions"))[0]["compositions"],
        "relations": {name: edges for name, edges in relations.items() if edges},
        "evidence": {name: edges for name, edges in evidence.items() if edges},
    }


def render(facts: Facts) -> str:
    """Return the page of an audit: self-contained, every label escaped."""
    environment = jinja2.Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters["figure"] = lambda value: f"{value:,}"
    environment.filters["points"] = lambda milli: f"{milli / 1000:,.3f}"
    template = (files("hartonomous.audit") / "audit.html.jinja").read_text("utf-8")
    pictures = [picture_cut(each["claims"]) for each in facts["deletions"]]
    return environment.from_string(template).render(**facts, pictures=pictures)


def _source(row: Row) -> Row:
    try:
        stated = stated_files(row["files"])
    except ValueError:
        # It may have been edited.
        stated = StatedFiles()
    return {**row, "options": _parsed(row["options"]) or {}, "files": stated.facts}


def _parsed(text: object) -> Any:
    """Return the value of a JSON text, None if it is invalid, because it may have been edited."""
    try:
        return json.loads(str(text))
    except ValueError:
        return None


def _entry(row: Row) -> Row:
    entry = _parsed(row["entry"])
    # Any part of it may have been edited, its fields' names too.
    said = entry if isinstance(entry, dict) else {}
    details = said.get("details")
    figures = {
        name: n
        for name, n in (details if isinstance(details, dict) else {}).items()
        if type(n) is int
    }
    about = row["names"] or (["erased"] if said.get("about") else [])
    return {
        "index": row["index"],
        "at": row["at"],
        "act": row["act"],
        "about": about,
        "figures": figures,
    }


def _deletion(verified: Mapping[str, Any]) -> Row:
    claims, names = verified["claims"], verified["names"]
    about = [f"{s['kind']} {names.get(s['hmac'], s['hmac'][:16])}" for s in claims["selectors"]]
    return {
        "about": about,
        "claims": claims,
        "left": verified["left"],
        "restorable": verified["restorable"],
        "checks": verified["checks"],
        "copies": verified["copies"],
        "log": verified["log"],
        "logged_at": verified["logged_at"],
        "survivors": [
            {"source": names.get(s["source"], s["source"][:16]), "relations": s["relations"]}
            for s in claims["survivors"]
        ],
    }
