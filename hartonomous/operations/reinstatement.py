"""Operations that reverse others: undo, rollback, the lifting of a suppression."""

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
    """Undo a deletion; another interrupted removal is finished first.

    Raises NotFound for a deletion that is not retained, Conflict while another writer is active.
    """
    prepare(graph)
    with WriterLock(graph, f"undoing {deletion}") as lock:
        if (found := open_journal(graph)) is not None and found["id"] != deletion:
            deletions.resume(graph, lock, progress)
        return undoing.undo(graph, lock, deletion, progress)


def lift(graph: Graph, suppression: str) -> Row:
    """Lift a suppression; this is recorded in the log. Return it.

    The next ingest accepts the data again. Raises NotFound for an unknown suppression.
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
    """Restore the graph to its state at a snapshot; an interrupted removal is finished first.

    `consent` is called with the plan before anything is changed, and may raise. Raises Conflict, with
    a list, if a later act cannot be undone.
    """
    # An interrupted removal was requested before; a plan made halfway through it would be wrong.
    with WriterLock(graph, f"rolling back to {snapshot}") as lock:
        deletions.resume(graph, lock, progress)
    consent(plan_rollback(graph, snapshot))
    with WriterLock(graph, f"rolling back to {snapshot}") as lock:
        return versions.rollback(graph, lock, snapshot, progress)
