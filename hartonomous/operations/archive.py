"""Copies of what the graph holds, as whole acts: snapshots, backups, restoring, exports."""

from __future__ import annotations

from pathlib import Path

from hartonomous.errors import Conflict, UsageError
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.load import canonical_export
from hartonomous.load.canonical_export import ExportReport
from hartonomous.operations.ingestion import prepare
from hartonomous.progress import Progress, Say, unheard, unseen
from hartonomous.proof.provenance import FORMATS
from hartonomous.versions import backup, snapshots
from hartonomous.versions import diff as differences
from hartonomous.versions.backup import BackupReport, RestoreReport
from hartonomous.versions.diff import Difference
from hartonomous.versions.snapshots import Snapshot

WHOLE = "graph"
"""The format of the export that holds all knowledge; FORMATS are of its sources alone."""


def take_snapshot(graph: Graph, name: str, progress: Progress = unseen) -> Snapshot:
    """Keep every rated relation under a name, outside the graph.

    Raises Conflict for a name that is taken or while another writer is at work.
    """
    with WriterLock(graph, f"taking snapshot {name}") as lock:
        return snapshots.create_snapshot(graph, lock, name, progress)


def remove_snapshot(graph: Graph, name: str) -> None:
    """Remove a snapshot; raises NotFound where there is none."""
    with WriterLock(graph, f"dropping snapshot {name}") as lock:
        snapshots.drop_snapshot(graph, lock, name)


def diff(graph: Graph, a: str, b: str, top: int = 10, progress: Progress = unseen) -> Difference:
    """Return what `b` holds otherwise than `a`: sources, snapshots, or "." for the graph as it is.

    Raises NotFound for a side that there is not, UsageError for a name that is both.
    """
    sides = (
        differences.read_side(graph, a, progress),
        differences.read_side(graph, b, progress),
    )
    return differences.compare(*sides, (a, b), top)


def back_up(
    graph: Graph, file: Path, force: bool = False, progress: Progress = unseen
) -> BackupReport:
    """Write all that the graph knows, its log and its snapshots to a file; keys are not in it.

    Raises Conflict for a file that exists, unless `force` is given.
    """
    prepare(graph)
    with WriterLock(graph, f"backing up to {file.name}") as lock:
        return backup.back_up(graph, lock, file, progress, force)


def restore(
    graph: Graph, file: Path, progress: Progress = unseen, say: Say = unheard
) -> RestoreReport:
    """Bring a backup back into a graph without sources; what was erased since stays out.

    `say` is told when no key used here signed it. Raises BadInput for a damaged file, Conflict for a
    graph that has sources.
    """
    prepare(graph)
    with WriterLock(graph, f"restoring {file.name}") as lock:
        report = backup.restore(graph, lock, file, progress)
    if not report.signed:
        say(
            f"{file} was not signed with a key used here. Its evidence is taken as it is; ratings and "
            "digests were worked out from it."
        )
    return report


def export(
    graph: Graph, output: Path, force: bool = False, progress: Progress = unseen
) -> ExportReport:
    """Write the graph as sorted JSON Lines: the same bytes for the same knowledge.

    Raises Conflict for a file that exists, unless `force` is given.
    """
    return canonical_export.export(graph, output, progress, force)


def export_sources(graph: Graph, output: Path, form: str, force: bool = False) -> None:
    """Write what the graph was made from, in a format of FORMATS.

    Raises Conflict for a file that exists, unless `force` is given, UsageError for another format.
    """
    if form not in FORMATS:
        raise UsageError(f"A format is one of {', '.join((WHOLE, *FORMATS))}, not {form!r}.")
    refuse_existing(output, force)
    output.write_text(FORMATS[form](graph), "utf-8")


def refuse_existing(output: Path, force: bool) -> None:
    """Raise Conflict for a file that exists, unless `force` is given."""
    if output.exists() and not force:
        raise Conflict(f"{output} already exists; --force overwrites it.")
