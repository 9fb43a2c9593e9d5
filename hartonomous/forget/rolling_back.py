"""Back to a snapshot: sources that came since go, deletions made since are undone, and the other way.

What is to be done follows from the graph as it is and the snapshot alone, so a rollback that was cut
short goes on when it is called again. At the end the graph's digest is the snapshot's.
"""

from __future__ import annotations

from dataclasses import dataclass

from hartonomous.errors import Conflict, VerificationFailed
from hartonomous.forget.deleting import delete, resume
from hartonomous.forget.retaining import Retained, read_retained
from hartonomous.forget.selecting import Selectors, selectors_of
from hartonomous.forget.snapshots import Snapshot, describe_snapshot, live_sources, standing
from hartonomous.forget.undoing import undo
from hartonomous.store.graph import Graph
from hartonomous.store.journal import journals
from hartonomous.store.locking import WriterLock
from hartonomous.store.logbook import Entry, append
from hartonomous.store.settling import Progress
from hartonomous.store.state_digest import state_digest

WHOLE = {"sources", "people", "licences", "families"}
"""Selectors that take sources whole."""


@dataclass(frozen=True)
class Rollback:
    """What a rollback does, in this order: sources deleted, deletions undone, deletions done again."""

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
    """Return what leads back to a snapshot; nothing is written.

    Raises NotFound for a snapshot that is not there, Conflict, with the list, where something that
    happened since cannot be taken back.
    """
    snapshot = describe_snapshot(name)
    now, held = live_sources(graph), standing(graph)
    came = sorted(name for name, digest in now.items() if snapshot.sources.get(name) != digest)
    since = [one for one in held if _is_later(one, snapshot) and not _of_strangers(one, snapshot)]
    undone = tuple(one.id for one in sorted(since, key=lambda one: -one.number))
    there = [one.selectors for one in held]
    gone = [one for one, selectors in snapshot.standing.items() if selectors not in there]
    _refuse_what_cannot_be_taken_back(graph, snapshot, now, since)
    return Rollback(name, tuple(came), undone, tuple(gone))


def rollback(graph: Graph, lock: WriterLock, name: str, progress: Progress) -> Rollback:
    """Bring the graph back to a snapshot; run again after an interruption, it goes on.

    Raises Conflict as plan_rollback does, VerificationFailed when the graph is another one in the end.
    """
    resume(graph, lock, progress)
    snapshot, plan = describe_snapshot(name), plan_rollback(graph, name)
    if plan.delete:
        delete(graph, lock, Selectors(sources=plan.delete), progress)
    for deletion in plan.undo:
        undo(graph, lock, deletion, progress)
    for deletion in plan.redo:
        delete(graph, lock, selectors_of(snapshot.standing[deletion]), progress)
    if state_digest(graph) != snapshot.state:
        raise VerificationFailed(
            f"The graph is not what it was at {name!r}, though everything since was taken back: "
            f"'hartonomous diff snapshot:{name} .' shows where it differs."
        )
    acts = {"deleted": len(plan.delete), "undone": len(plan.undo), "redone": len(plan.redo)}
    details = {**acts, "state": snapshot.state}
    append(graph, lock, Entry("rollback", details, (f"snapshot:{name}",)))
    return plan


def _is_later(one: Retained, snapshot: Snapshot) -> bool:
    """Return whether a deletion was made after the snapshot, and not again what stood then."""
    return one.number > snapshot.removals and one.selectors not in snapshot.standing.values()


def _of_strangers(one: Retained, snapshot: Snapshot) -> bool:
    """Return whether a deletion took nothing but sources that were not there at the snapshot."""
    sources = read_retained(one.id).summary["sources"]
    # Rows that passed to it from a deletion undone later are of other sources too, in part.
    return set(one.selectors) <= WHOLE and all(
        snapshot.sources.get(name) != about["digest"]
        for name, about in sources.items()
        if about["whole"]
    )


def _refuse_what_cannot_be_taken_back(
    graph: Graph, snapshot: Snapshot, now: dict[str, str], since: list[Retained]
) -> None:
    late = [row for row in journals(graph) if row["number"] > snapshot.removals]
    reasons = [
        f"{row['verb']} {row['id']} of {row['created']} ({row['state']})"
        for row in late
        if row["verb"] == "erase" or row["state"] == "expired"
    ]
    back = {
        name
        for one in since
        for name, about in read_retained(one.id).summary["sources"].items()
        if about["whole"] and snapshot.sources.get(name) == about["digest"]
    }
    reasons += [
        f"the source {name!r} was replaced or removed, and nothing of it is kept"
        for name, digest in snapshot.sources.items()
        if now.get(name) != digest and name not in back
    ]
    if reasons:
        raise Conflict(
            f"The graph cannot go back to {snapshot.name!r}; these acts since then are for good: "
            + "; ".join(reasons)
            + "."
        )
