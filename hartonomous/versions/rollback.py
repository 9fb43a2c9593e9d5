"""Rollback to a snapshot: deletes later sources, undoes later deletions, and repeats undone ones.

The steps follow from the present graph and the snapshot alone, so an interrupted rollback resumes
when it is called again. At the end the graph's digest equals the snapshot's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hartonomous.delete.deletion import delete, resume
from hartonomous.delete.retention_area import Retained, read_retained, undoable
from hartonomous.delete.selectors import Selectors, selectors_of
from hartonomous.delete.undo import undo
from hartonomous.errors import Conflict, VerificationFailed
from hartonomous.graph.cypher_files import query
from hartonomous.graph.deletion_journal import journals, refuse_while_open
from hartonomous.graph.driver import Graph, Row
from hartonomous.graph.state_digest import state_digest
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.progress import Progress
from hartonomous.times import read_time
from hartonomous.transparency.inventory_record import notes_inventory
from hartonomous.transparency.transparency_log import Entry, append
from hartonomous.versions.snapshots import (
    Snapshot,
    describe_snapshot,
    is_own,
    live_sources,
)

WHOLE = {"sources": "name", "people": "subject", "licences": "licence", "families": "family"}
"""Selectors that take sources whole, and the property of a source that they match."""


@dataclass(frozen=True)
class Rollback:
    """The steps of a rollback: sources to delete, deletions to undo, deletions to repeat."""

    snapshot: str
    delete: tuple[str, ...]
    undo: tuple[str, ...]
    redo: tuple[str, ...]

    def __str__(self) -> str:
        parts = [
            f"{verb} {', '.join(what)}"
            for verb, what in (
                ("delete", self.delete), ("undo", self.undo), ("delete again", self.redo)
            )
            if what
        ]  # fmt: skip
        return "; ".join(parts) or "nothing to do"


def plan_rollback(graph: Graph, name: str) -> Rollback:
    """Return the steps back to a snapshot; nothing is written.

    Raises NotFound for an unknown snapshot, Conflict, with the list, if a later act cannot be
    undone, VerificationFailed for a snapshot that no key used here signed.
    """
    snapshot = describe_snapshot(name)
    if not is_own(snapshot):
        raise VerificationFailed(
            f"The snapshot {name!r} was not signed by a key used here, so nothing confirms that "
            "the graph ever had this state. 'hartonomous diff' compares with it; a new snapshot "
            "can be rolled back to."
        )
    refuse_while_open(graph)
    identity = graph.read(query("delete/read_identity"))[0]["identity"]
    if not snapshot.is_of(identity or ""):
        raise Conflict(f"Snapshot {name!r} is of another graph of this home; nothing was done.")
    now, held = live_sources(graph), undoable(graph)
    since = [one for one in held if _is_later(one, snapshot) and not _of_strangers(one, snapshot)]
    undone = tuple(one.id for one in sorted(since, key=lambda one: -one.number))
    stand = [one.selectors for one in held]
    taken_back = {row["id"]: row for row in journals(graph) if row["state"] == "undone"}
    brought = _brought_back(since)
    back = {row["name"]: row for row in brought if not _is_strange(row, snapshot)}
    present = {row["name"]: row for row in graph.read(query("ask/sources"))} | back
    again, reasons = [], list(_for_good(graph, snapshot, now, back))
    for deletion, selectors in snapshot.standing.items():
        if deletion in taken_back:
            made = taken_back[deletion]["created"]
            reasons += _not_the_same(deletion, made, selectors, snapshot, present)
            if selectors not in stand:
                again.append(deletion)
                reasons += _not_to_be_had(deletion, selectors, snapshot, present)
    if reasons:
        raise Conflict(
            f"The graph cannot go back to {name!r}; these acts since then are for good: "
            + "; ".join(reasons)
            + "."
        )
    strangers = {row["name"] for row in brought if _is_strange(row, snapshot)}
    strangers |= set(_strangers(graph, snapshot, again))
    return Rollback(name, tuple(sorted(strangers)), undone, tuple(again))


@notes_inventory
def rollback(graph: Graph, lock: WriterLock, name: str, progress: Progress) -> Rollback:
    """Restore the graph to a snapshot; resumes after an interruption.

    Raises Conflict as plan_rollback does, VerificationFailed if the resulting graph differs.
    """
    resume(graph, lock, progress)
    snapshot, plan = describe_snapshot(name), plan_rollback(graph, name)
    _delete_strangers(graph, lock, snapshot, plan, progress)
    for deletion in plan.undo:
        undo(graph, lock, deletion, progress)
        # A deletion of words, too, may restore a source that is to be deleted, or whose name is
        # needed.
        _delete_strangers(graph, lock, snapshot, plan, progress)
    for deletion in plan.redo:
        delete(graph, lock, selectors_of(snapshot.standing[deletion]), progress)
    if state_digest(graph) != snapshot.state:
        raise VerificationFailed(
            f"The graph differs from {name!r}, although all later acts were undone: 'hartonomous "
            f"diff snapshot:{name} .' shows the differences."
        )
    acts = {"deleted": len(plan.delete), "undone": len(plan.undo), "redone": len(plan.redo)}
    details = {**acts, "state": snapshot.state}
    append(graph, lock, Entry("rollback", details, (f"snapshot:{name}",)))
    return plan


def _delete_strangers(
    graph: Graph, lock: WriterLock, snapshot: Snapshot, plan: Rollback, progress: Progress
) -> None:
    if names := _strangers(graph, snapshot, plan.redo):
        delete(graph, lock, Selectors(sources=tuple(names)), progress)


def _strangers(graph: Graph, snapshot: Snapshot, again: Sequence[str]) -> list[str]:
    """Return the live sources that the snapshot lacks, without those of a repeated deletion."""
    rows = {row["name"]: row for row in graph.read(query("ask/sources"))}
    taken = {name for id in again for name in _whole(snapshot.standing[id], rows)}
    live = live_sources(graph)
    return sorted(name for name in live.keys() - taken if snapshot.sources.get(name) != live[name])


def _is_strange(row: Row, snapshot: Snapshot) -> bool:
    return bool(snapshot.sources.get(row["name"]) != row["digest"])


def _is_later(one: Retained, snapshot: Snapshot) -> bool:
    """Return whether a deletion was made after the snapshot, and does not repeat one of it."""
    return one.number > snapshot.removals and one.selectors not in snapshot.standing.values()


def _of_strangers(one: Retained, snapshot: Snapshot) -> bool:
    """Return whether a deletion removed only sources that the snapshot lacks."""
    sources = read_retained(one.id).summary["sources"]
    # Rows transferred to it from a deletion undone later also belong to other sources.
    return one.selectors.keys() <= WHOLE.keys() and all(
        snapshot.sources.get(name) != about["digest"]
        for name, about in sources.items()
        if about["whole"]
    )


def _brought_back(since: list[Retained]) -> list[Row]:
    """Return the sources that are restored whole when deletions are undone."""
    return [
        {**about["source"], "name": name, "created": about["created"], "digest": about["digest"]}
        for one in since
        for name, about in read_retained(one.id).summary["sources"].items()
        if about["whole"]
    ]


def _for_good(
    graph: Graph, snapshot: Snapshot, now: Mapping[str, str], back: Mapping[str, Row]
) -> Iterator[str]:
    """Yield the acts since the snapshot that cannot be undone."""
    for row in journals(graph):
        late = row["number"] > snapshot.removals
        if late and (row["verb"] == "erase" or row["state"] == "expired"):
            yield f"{row['verb']} {row['id']} of {row['created']} ({row['state']})"
    for name, digest in snapshot.sources.items():
        if now.get(name) != digest and name not in back:
            yield f"the source {name!r} was replaced or removed, and nothing of it is retained"


def _not_the_same(
    deletion: str,
    made: str,
    selectors: Mapping[str, Any],
    snapshot: Snapshot,
    present: Mapping[str, Row],
) -> Iterator[str]:
    """Yield why repeating an undone deletion would remove more than before: a word also occurs in
    sources loaded between it and the snapshot.
    """
    if not selectors.keys() & {"concepts", "relations"}:
        return
    for name in snapshot.sources.keys() & present.keys():
        if read_time(present[name]["created"]) > read_time(made):
            yield f"the undo of {deletion}, which again would take from {name!r} too"


def _not_to_be_had(
    deletion: str, selectors: Mapping[str, Any], snapshot: Snapshot, present: Mapping[str, Row]
) -> Iterator[str]:
    """Yield why an undone deletion cannot be repeated."""
    needed = {*selectors.get("sources", ()), *(e["source"] for e in selectors.get("evidence", ()))}
    for name in sorted(needed - present.keys()):
        yield f"the undo of {deletion}, whose source {name!r} has gone since"
    for name in sorted(_whole(selectors, present) & snapshot.sources.keys()):
        yield f"the undo of {deletion}, which again would take {name!r} too"


def _whole(selectors: Mapping[str, Any], present: Mapping[str, Row]) -> set[str]:
    """Return the sources that selectors take whole."""
    return {
        name
        for name, row in present.items()
        if any(row.get(what) in selectors.get(kind, ()) for kind, what in WHOLE.items())
    }
