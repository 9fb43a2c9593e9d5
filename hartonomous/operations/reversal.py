"""Taking back what was done, as whole acts: undo, rollback, the lifting of a suppression."""

from __future__ import annotations

from collections.abc import Callable

from hartonomous.delete import deletion as deletions
from hartonomous.delete import undo as undoing
from hartonomous.delete.undo import UndoReport
from hartonomous.graph.deletion_journal import open_journal
from hartonomous.graph.driver import Graph, Row
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.load import suppression_list
from hartonomous.operations.ingestion import prepare
from hartonomous.progress import Progress, unseen
from hartonomous.versions import rollback as versions
from hartonomous.versions.rollback import Rollback, plan_rollback


def undo(graph: Graph, deletion: str, progress: Progress = unseen) -> UndoReport:
    """Take a deletion back; another removal that was cut short is finished first.

    Raises NotFound for a deletion that is not kept, Conflict while another writer is at work.
    """
    prepare(graph)
    with WriterLock(graph, f"undoing {deletion}") as lock:
        if (found := open_journal(graph)) is not None and found["id"] != deletion:
            deletions.resume(graph, lock, progress)
        return undoing.undo(graph, lock, deletion, progress)


def lift(graph: Graph, suppression: str) -> Row:
    """Let in again, from the next ingest on, what a suppression keeps out; this is recorded.

    Returns what was lifted. Raises NotFound for a suppression that there is not.
    """
    prepare(graph)
    with WriterLock(graph, f"lifting {suppression}") as lock:
        return suppression_list.lift(graph, lock, suppression)


def roll_back(
    graph: Graph,
    snapshot: str,
    progress: Progress = unseen,
    consent: Callable[[Rollback], None] = lambda plan: None,
) -> Rollback:
    """Bring the graph back to a snapshot; a removal that was cut short is finished first.

    `consent` is told what will be done before it is, and may raise. Raises Conflict, with the list,
    where something since then cannot be taken back.
    """
    # What was cut short was asked for then; a plan of half a removal would be a wrong one.
    with WriterLock(graph, f"rolling back to {snapshot}") as lock:
        deletions.resume(graph, lock, progress)
    consent(plan_rollback(graph, snapshot))
    with WriterLock(graph, f"rolling back to {snapshot}") as lock:
        return versions.rollback(graph, lock, snapshot, progress)
