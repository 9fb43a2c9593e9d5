"""Operations on copies of the graph: snapshots, comparisons, backups, restoring, exports."""

from __future__ import annotations

from pathlib import Path

from hartonomous.atomic_files import atomic
from hartonomous.errors import BadInput, Conflict, UsageError
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.load import canonical_export
from hartonomous.load.canonical_export import ExportReport
from hartonomous.operations.ingestion import prepare
from hartonomous.progress import Progress, Say, unheard, unseen
from hartonomous.proof.provenance import FORMATS
from hartonomous.schema import CONSENSUS_NOISE, ELO_NOISE
from hartonomous.versions import backup, snapshots
from hartonomous.versions import diff as differences
from hartonomous.versions.backup import BackupReport, RestoreReport
from hartonomous.versions.diff import Difference
from hartonomous.versions.snapshots import Snapshot

WHOLE = "graph"
"""The export format of the whole graph; FORMATS are those of its sources."""


def take_snapshot(graph: Graph, name: str, progress: Progress = unseen) -> Snapshot:
    """Store every rated relation under a name, outside the graph.

    Raises Conflict for a name in use, or while another writer is active.
    """
    with WriterLock(graph, f"taking snapshot {name}") as lock:
        return snapshots.create_snapshot(graph, lock, name, progress)


def remove_snapshot(graph: Graph, name: str) -> None:
    """Remove a snapshot; raises NotFound for an unknown one."""
    with WriterLock(graph, f"dropping snapshot {name}") as lock:
        snapshots.drop_snapshot(graph, lock, name)


def diff(
    graph: Graph,
    a: str,
    b: str,
    top: int = 10,
    noise: float = ELO_NOISE,
    consensus_noise: float = CONSENSUS_NOISE,
    progress: Progress = unseen,
) -> Difference:
    """Return the differences of `b` from `a`: sources, snapshots, or "." for the present graph.

    An elo that changed by at most `noise` points counts as the same, and so does a consensus by
    `consensus_noise`. Raises NotFound for an unknown side, UsageError for an ambiguous name.
    """
    sides = (
        differences.read_side(graph, a, progress),
        differences.read_side(graph, b, progress),
    )
    return differences.compare(*sides, (a, b), top, noise, consensus_noise)


def back_up(
    graph: Graph, file: Path, force: bool = False, progress: Progress = unseen
) -> BackupReport:
    """Back up the graph, its log and its snapshots to a file; keys are not included.

    Raises Conflict for an existing file without `force`.
    """
    prepare(graph)
    with WriterLock(graph, f"backing up to {file.name}") as lock:
        return backup.back_up(graph, lock, file, progress, force)


def restore(
    graph: Graph, file: Path, progress: Progress = unseen, say: Say = unheard
) -> RestoreReport:
    """Restore a backup into a graph without sources; data erased since is left out.

    `say` reports a backup that no key used here signed. Raises BadInput for a damaged file, Conflict
    for a graph with sources.
    """
    prepare(graph)
    with WriterLock(graph, f"restoring {file.name}") as lock:
        report = backup.restore(graph, lock, file, progress)
    if not report.signed:
        say(
            f"{file} was not signed with a key used here. Its evidence was restored as it is; ratings "
            "and digests were recomputed from it."
        )
    return report


def export(
    graph: Graph, output: Path, force: bool = False, progress: Progress = unseen
) -> ExportReport:
    """Export the graph as sorted JSON Lines; equal knowledge gives equal bytes.

    Raises Conflict for an existing file without `force`.
    """
    return canonical_export.export(graph, output, progress, force)


def export_sources(graph: Graph, output: Path, form: str, force: bool = False) -> None:
    """Export the graph's sources, with licences and digests, in a format of FORMATS.

    The file appears whole or not at all. Raises Conflict for an existing file without `force`,
    UsageError for another format, BadInput if it cannot be written.
    """
    if form not in FORMATS:
        raise UsageError(f"The format is one of {', '.join((WHOLE, *FORMATS))}, not {form!r}.")
    refuse_existing(output, force)
    try:
        with atomic(output) as partial:
            partial.write_text(FORMATS[form](graph), "utf-8")
    except OSError as error:
        raise BadInput(f"{output} cannot be written: {error.strerror or error}.") from error


def refuse_existing(output: Path, force: bool) -> None:
    """Raise Conflict for an existing file without `force`."""
    if output.exists() and not force:
        raise Conflict(f"{output} already exists; --force overwrites it.")
