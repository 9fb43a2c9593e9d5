"""Checks of nodes that must exist exactly once, the ends of edges, the writer's lock and the
migrations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hartonomous.audit.audit_findings import Findings
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.graph.migrations import applied, migrations

_HELD = ("owner", "process", "token", "since", "expires")


def check_shape(graph: Graph) -> Findings:
    """Return findings on missing, duplicated or misplaced nodes and edges."""
    found = Findings()
    (row,) = graph.read(query("audit/read_shape"))
    for fault in (*_shape_faults(row), *_lock_faults(row), *_schema_faults(graph)):
        found.add("structural findings", fault)
    return found


def _shape_faults(row: Row) -> Iterator[str]:
    if row["states"] > 1 or row["names"] not in ([], ["graph"]):
        yield f"State nodes are named {row['names']}, expected ['graph']."
    if row["entries"] and not row["states"]:
        yield "The State node is missing: the graph no longer says which log is its own."
    if row["following"] != max(0, row["entries"] - 1):
        yield (
            f"{row['following']:,} NEXT edges between entries of the log, expected "
            f"{max(0, row['entries'] - 1):,}."
        )
    for name in row["loose"]:
        yield f"Track {name!r}: expected exactly one HAS_TRACK edge from its source."
    if row["tracks"] != row["linked"]:
        yield (
            f"{row['linked']:,} HAS_TRACK edges, expected {row['tracks']:,}, one for each track."
        )
    for type, count, from_there, to_there in row["links"]:
        if not count == from_there == to_there:
            yield f"{count - min(from_there, to_there):,} {type} edges join the wrong kinds of nodes."


def _lock_faults(row: Row) -> Iterator[str]:
    locks = row["locks"]
    if row["entries"] and not locks:
        yield "The writer's lock node is missing."
    for lock in locks:
        if lock.get("name") != "writer":
            yield f"Lock: name is {lock.get('name')!r}, expected 'writer'."
        held = [name for name in _HELD if lock.get(name) is not None]
        if held and len(held) < len(_HELD):
            lacks = ", ".join(name for name in _HELD if name not in held)
            yield f"Lock: {', '.join(held)} set, but not {lacks}."
        elif held and not _whole(lock):
            yield f"Lock: held by {lock['owner']!r} since {lock['since']!r}, with invalid values."
        elif held and lock["expired"]:
            yield (
                f"Lock: held by {lock['owner']!r}, expired at {lock['expires']}: an act was interrupted."
            )


def _whole(lock: Mapping[str, Any]) -> bool:
    return lock["expired"] is not None and all(isinstance(lock[name], str) for name in _HELD)


def _schema_faults(graph: Graph) -> Iterator[str]:
    known = {one.version: one.checksum for one in migrations()}
    for version, checksum in applied(graph).items():
        if version not in known:
            yield f"Migration {version!r}: not known to this version."
        elif checksum != known[version]:
            yield (f"Migration {version}: checksum is {checksum!r}, expected {known[version]!r}.")
