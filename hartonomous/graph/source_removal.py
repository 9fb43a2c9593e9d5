"""Source removal: the steps that do not concern ratings: discard, finish, prune, rename."""

from __future__ import annotations

from hartonomous.errors import VerificationFailed
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock

ROWS = 20_000
"""Evidence edges in one transaction."""


def discard_source(graph: Graph, lock: WriterLock, name: str) -> None:
    """Remove a source that was never live, with all of its loaded rows."""
    tracks = graph.read(query("rate/read_tracks"))
    types = [track["evidence"] for track in tracks if track["source"] == name]
    for evidence in types:
        _repeat(lock, query("delete/discard_evidence", evidence=evidence), source=name)
    finish_removal(graph, lock, name, types)
    prune_orphans(graph, lock)


def finish_removal(graph: Graph, lock: WriterLock, name: str, types: list[str]) -> None:
    """Delete a source's node, tracks and ledger.

    Raises VerificationFailed if it still has evidence.
    """
    for evidence in types:
        (left,) = graph.read(query("delete/count_evidence", evidence=evidence), source=name)
        if left["rows"]:
            raise VerificationFailed(
                f"{left['rows']} edges {evidence} of {name!r} are left after its removal; run "
                "the same command again, and 'hartonomous doctor' if they remain."
            )
    _repeat(lock, query("delete/delete_visits"), source=name)
    _repeat(lock, query("delete/delete_held"), source=name)
    lock.write(query("delete/delete_source"), name=name)


def prune_orphans(graph: Graph, lock: WriterLock) -> int:
    """Delete compositions without references; return their number."""
    orphans = [row[0] for row in graph.stream(query("delete/find_orphans"))]
    pruned = 0
    for first in range(0, len(orphans), ROWS):
        part = orphans[first : first + ROWS]
        pruned += lock.write(query("delete/delete_orphans"), ids=part)[0]["deleted"]
    return pruned


def rename_successor(graph: Graph, lock: WriterLock, successor: str, types: list[str]) -> None:
    """Rename a successor to the source that it replaces."""
    (source,) = graph.read(query("load/read_source"), name=successor)
    name = source["replaces"]
    for evidence in types:
        rename = query("load/rename_evidence", evidence=evidence)
        _repeat(lock, rename, old=successor, new=name)
    lock.write(query("load/rename_source"), old=successor, new=name)


def _repeat(lock: WriterLock, statement: str, **parameters: str) -> None:
    while next(iter(lock.write(statement, rows=ROWS, **parameters)[0].values())):
        pass
