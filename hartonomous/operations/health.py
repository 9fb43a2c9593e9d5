"""Health: capabilities of a server, and its problems: `status` and `doctor`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hartonomous.erase.compaction import compaction_due
from hartonomous.errors import HartonomousError
from hartonomous.graph.cypher_files import query
from hartonomous.graph.deletion_journal import open_journal
from hartonomous.graph.driver import Graph
from hartonomous.graph.migrations import applied, migrations
from hartonomous.graph.open_replacement import open_replacement
from hartonomous.graph.procedures import PREFIX, available, missing
from hartonomous.graph.schema_check import schema_differences
from hartonomous.graph.writer_lock import lock_holder
from hartonomous.mapping_record import Record
from hartonomous.rate.rating_pass import read_state
from hartonomous.rate.source_findings import read_findings
from hartonomous.schema import FORMULA_VERSION
from hartonomous.server import store_swap
from hartonomous.server.connection import connect
from hartonomous.server.home import LOCK_PATIENCE, UNRESTRICTED
from hartonomous.server.managed_server import default_home, status

CLOCK_TOLERANCE = 10.0
"""Seconds that the server's clock may differ; the writer's lock expires by the server's clock."""

FREE_DISK = 2 << 30


@dataclass(frozen=True)
class Check(Record):
    """One check: `ok`, `warning` or `failure`, the observation, the remedy."""

    name: str
    verdict: str
    seen: str
    advice: str = ""


def server_facts(environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return the server's address, version and edition, and what analysts can do there."""
    facts = _managed_facts() if not environment.get("NEO4J_URI") else {"managed": False}
    with connect(environment) as graph:
        (component,) = graph.read(query("server/read_components"))[:1]
        state, holder = read_state(graph), lock_holder(graph)
        return {
            **facts,
            "uri": graph.address.uri,
            "server": f"{component['name']} {component['version']} {component['edition']}",
            "graph_data_science": plugin(graph, "gds."),
            "apoc": plugin(graph, "apoc."),
            "procedures": procedures(graph),
            "settled": state["settled"],
            "writer": holder["owner"] if holder and not holder["dead"] else None,
        }


def plugin(graph: Graph, prefix: str) -> bool:
    """Return whether the server lists a plugin's procedures."""
    return bool(graph.read(query("graph/list_procedures"), prefix=prefix))


def procedures(graph: Graph) -> str:
    """Return whether analysts can CALL our procedures, and the consequence if not."""
    if not missing(graph):
        return f"CALL {PREFIX}*"
    if available(graph):
        return "not installed yet; 'hartonomous up' or the next ingest installs them"
    return (
        f"none: without APOC Extended analysts cannot CALL {PREFIX}*; "
        "the same questions work from Python and the command line"
    )


def doctor(environment: Mapping[str, str] = os.environ) -> list[Check]:
    """Run all checks; a failure may hide later ones."""
    checks = [_disk()]
    managed = not environment.get("NEO4J_URI")
    try:
        graph = connect(environment)
    except HartonomousError as error:
        checks += [_store_check(default_home(), None)] if managed else []
        return [*checks, Check("server", "failure", str(error), "start it, or correct NEO4J_*")]
    with graph:
        checks += [_store_check(default_home(), graph)] if managed else []
        checks += _server_checks(graph)
    return checks


def _store_check(home: Path, graph: Graph | None) -> Check:
    """Check that the managed server's store is the right one, and free of erased data."""
    if (found := store_swap.pending(home)) is not None:
        seen = f"a copy of it, begun on {found.since}, is not complete ({found.phase})"
        return Check("store", "failure", seen, "'hartonomous up' completes or discards it")
    if store_swap.unexplained(home):
        seen = f"an earlier version left {store_swap.predecessor(home)}"
        return Check(
            "store", "failure", seen, "'hartonomous down' and 'up' determine the right one"
        )
    if graph is not None and compaction_due(graph):
        seen = "an erasure is done, but the store was not copied since"
        return Check("store", "failure", seen, "'hartonomous erase --resume' copies it, or 'up'")
    return Check("store", "ok", "nothing of it is left from before an erasure")


def _settings_check(graph: Graph) -> Check:
    """Check that the server restricts other procedures, and limits transactions."""
    found = {row["name"]: row["value"] for row in graph.read(query("server/read_settings"))}
    free = {each.strip() for each in found.get(_UNRESTRICTED, "").split(",") if each.strip()}
    if wider := sorted(free - set(UNRESTRICTED)):
        seen = f"procedures {', '.join(wider)} have access to the server's internals"
        advice = f"set {_UNRESTRICTED}={','.join(UNRESTRICTED)}; a managed one: 'down', then 'up'"
        return Check("settings", "warning", seen, advice)
    if found.get(_LOCK_LIMIT, "0s") in ("0s", "0"):
        seen = "a transaction left open blocks every writer indefinitely"
        return Check("settings", "warning", seen, f"set {_LOCK_LIMIT}={LOCK_PATIENCE}")
    return Check("settings", "ok", "as ours")


_UNRESTRICTED = "dbms.security.procedures.unrestricted"
_LOCK_LIMIT = "db.lock.acquisition.timeout"


def _managed_facts() -> dict[str, Any]:
    known = status(default_home())
    return {"managed": True, "home": str(known.home), "browser": known.http}


def _disk() -> Check:
    home = default_home()
    place = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    verdict = "ok" if free > FREE_DISK else "warning"
    return Check("disk", verdict, f"{free >> 20:,} MiB free at {place}", "make room below 2 GiB")


def _server_checks(graph: Graph) -> Iterator[Check]:
    (component,) = graph.read(query("server/read_components"))[:1]
    version = component["version"]
    good = version.startswith("5.") and int(version.split(".")[1]) >= 26
    yield Check(
        "server",
        "ok" if good else "warning",
        f"{component['name']} {version} {component['edition']}",
        "tested with 5.26",
    )
    for name, prefix, advice in (
        ("graph data science", "gds.", "install the GDS plugin; traversals need it"),
        ("apoc", "apoc.", "install APOC"),
        ("apoc extended", "apoc.custom.", "install APOC Extended; analysts' CALL needs it"),
    ):
        present = plugin(graph, prefix)
        yield Check(name, "ok" if present else "warning", "yes" if present else "missing", advice)
    yield _procedures_check(graph)
    yield _settings_check(graph)
    yield _schema_check(graph)
    yield _clock_check(graph)
    yield _state_check(graph)
    yield _sources_check(graph)
    yield _lock_check(graph)


def _procedures_check(graph: Graph) -> Check:
    absent = missing(graph)
    seen = "all listed" if not absent else f"{len(absent)} not listed"
    advice = "'hartonomous up' installs them"
    return Check("procedures", "ok" if not absent else "warning", seen, advice)


def _schema_check(graph: Graph) -> Check:
    had = applied(graph)
    known = {migration.version: migration.checksum for migration in migrations()}
    changed = [version for version, checksum in had.items() if known.get(version) != checksum]
    if changed:
        seen = f"migration {changed[0]} is not the one this version knows"
        return Check("constraints", "failure", seen, "use the version that wrote the graph")
    lacking = schema_differences(graph)
    seen = "all constraints and indexes are there"
    if lacking:
        seen = f"{len(lacking)} missing: {lacking[0]}"
    verdict = "ok" if not lacking else "warning" if not had else "failure"
    return Check("constraints", verdict, seen, "'hartonomous up' or the next ingest creates them")


def _clock_check(graph: Graph) -> Check:
    (row,) = graph.read(query("server/read_clock"))
    apart = abs(datetime.now(UTC).timestamp() - row["seconds"])
    verdict = "ok" if apart < CLOCK_TOLERANCE else "warning"
    return Check("clock", verdict, f"{apart:.1f} s apart", "set both clocks; log times rely on it")


def _state_check(graph: Graph) -> Check:
    if (journal := open_journal(graph)) is not None:
        seen = f"{journal['verb']} {journal['id']} was interrupted while {journal['state']}"
        return Check("ratings", "warning", seen, f"'hartonomous {journal['verb']} --resume'")
    if (name := open_replacement(graph)) is not None:
        seen = f"the replacement of {name} was interrupted: it has rows of two versions"
        return Check("ratings", "warning", seen, "run the same 'ingest' or 'load --replace' again")
    state = read_state(graph)
    if state["formula"] not in (None, FORMULA_VERSION):
        seen = f"rated by formula {state['formula']}, this version has {FORMULA_VERSION}"
        return Check("ratings", "warning", seen, "'hartonomous rate --all' converts the graph")
    if not state["settled"]:
        seen = f"a pass is running or was interrupted, {state['unrated']:,} compositions remain"
        return Check("ratings", "warning", seen, "'hartonomous rate' finishes it")
    unfinished = [row["name"] for row in graph.read(query("ask/sources")) if row["state"] != "live"]
    if unfinished:
        seen = f"{', '.join(unfinished)} not live"
        return Check("ratings", "warning", seen, "run the interrupted ingest or delete again")
    return Check("ratings", "ok", f"settled, epoch {state['epoch']}")


def _sources_check(graph: Graph) -> Check:
    found = read_findings(graph)
    seen = "; ".join(f"{one.source} {one.text}" for one in found) or "nothing against any"
    advice = "'hartonomous advise' shows what each adds; 'delete source' deletes one"
    return Check("sources", "warning" if found else "ok", seen, advice)


def _lock_check(graph: Graph) -> Check:
    holder = lock_holder(graph)
    if holder is None:
        return Check("writer", "ok", "nobody is writing")
    seen = f"{holder['owner']}, since {holder['since']}"
    if holder["dead"]:
        return Check("writer", "warning", f"{seen}; dead", "the next writer takes the lock over")
    return Check("writer", "ok", seen)
