"""Snapshots, backups, exports, audits and the log of acts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hartonomous.api.graph_session import GraphSession, PathName, path_of
from hartonomous.api.records import LogEntry
from hartonomous.api.rows import Rows, field_names, rows_of
from hartonomous.errors import ConfirmationNeeded
from hartonomous.load.canonical_export import ExportReport
from hartonomous.operations import archive, attestation, reversal
from hartonomous.transparency.transparency_log import LogReport, read_log
from hartonomous.versions.backup import BackupReport, RestoreReport
from hartonomous.versions.diff import Difference
from hartonomous.versions.rollback import Rollback, plan_rollback
from hartonomous.versions.snapshots import Snapshot, list_snapshots


class Snapshots:
    """What the graph says now, kept to compare with later."""

    def __init__(self, session: GraphSession) -> None:
        self._session = session

    def create(self, name: str) -> Snapshot:
        """Keep every rated relation under a name, outside the graph.

        Raises Conflict for a name that is taken or while another writer is at work.
        """
        session = self._session
        return archive.take_snapshot(session._asked, name, session._progress)

    def list(self) -> Rows[Snapshot]:
        """Return which snapshots there are."""
        return Rows(list_snapshots(), field_names(Snapshot))

    def drop(self, name: str) -> None:
        """Remove a snapshot; raises NotFound for one that is not there."""
        archive.remove_snapshot(self._session._asked, name)


class TransparencyLog:
    """The log of acts: `log()` lists it, its methods check and prove it."""

    def __init__(self, session: GraphSession) -> None:
        self._session = session

    def __call__(self, top: int = 25) -> Rows[LogEntry]:
        """Return what was done to the graph, newest first; names stand beside it, not in it."""
        found = read_log(self._session._graph, top)
        return rows_of(LogEntry, [{**row, "entry": json.loads(row["entry"])} for row in found])

    def verify(self, head: Sequence[PathName] = ()) -> LogReport:
        """Check every entry, and every signed head that is kept outside the graph.

        `head`: files of signed heads kept elsewhere, to check besides. `findings` of the report is
        empty when nothing is wrong.
        """
        return attestation.check_log(self._session._graph, [Path(one) for one in head])

    def head(self) -> str:
        """Return the log's head, signed; raises NotFound for an empty log."""
        return attestation.sign_head(self._session._graph)

    def prove(self, index: int, output: PathName | None = None) -> str:
        """Return what shows an entry to be in the log, as JSON, and write it to a file if given.

        Raises NotFound when there is no such entry.
        """
        return attestation.prove_entry(self._session._graph, index, path_of(output))

    def adopt(self, yes: bool = False) -> int:
        """Accept a log that does not continue the kept heads, and record that; return its entry.

        Raises ConfirmationNeeded without `yes`: heads that were signed will no longer vouch.
        """
        if not yes:
            raise ConfirmationNeeded(
                "Heads that were signed will no longer vouch; adopt(yes=True) accepts that."
            )
        return attestation.adopt_log(self._session._graph)


class ArchiveMethods(GraphSession):
    """Copies of the graph, and what can be shown of it."""

    @property
    def snapshot(self) -> Snapshots:
        """Return the snapshots: `snapshot.create(name)`, `snapshot.list()`, `snapshot.drop(name)`."""
        return Snapshots(self)

    def diff(self, a: str, b: str, top: int = 10) -> Difference:
        """Return what `b` holds otherwise than `a`: relations, elo, neighbours.

        Each is a source, a snapshot, or "." for the graph as it is; where a name is both,
        "source:NAME" or "snapshot:NAME". `differs` of the result says whether it does. Raises NotFound
        for a side that is not there.
        """
        return archive.diff(self._asked, a, b, top, self._progress)

    def rollback(self, name: str, plan: bool = False) -> Rollback:
        """Bring the graph back to what it was at a snapshot; with `plan`, only say what would be done.

        Sources that came since are deleted (and can be undone), deletions made since are undone, those
        undone since are done again. Raises Conflict, with the list, where something cannot be taken
        back.
        """
        if plan:
            return plan_rollback(self._asked, name)
        return reversal.roll_back(self._asked, name, self._progress)

    def export(
        self, output: PathName, format: str = "graph", force: bool = False
    ) -> ExportReport | None:
        """Write the graph as sorted JSON Lines: the same bytes for the same knowledge.

        `format`: "graph", or what it was made from: "record", "prov" (W3C), "mlbom" (CycloneDX), of
        which there is no report. Raises Conflict for a file that exists, unless `force` is given.
        """
        if format == archive.WHOLE:
            return archive.export(self._graph, Path(output), force, self._progress)
        archive.export_sources(self._graph, Path(output), format, force)
        return None

    def backup(self, file: PathName, force: bool = False) -> BackupReport:
        """Write all that the graph knows, its log and its snapshots to a file; keys are not in it.

        Raises Conflict for a file that exists, unless `force` is given.
        """
        return archive.back_up(self._graph, Path(file), force, self._progress)

    def restore(self, file: PathName) -> RestoreReport:
        """Bring a backup back into a graph without sources; what was erased since stays out.

        Raises BadInput for a damaged file, Conflict for a graph that has sources.
        """
        return archive.restore(self._graph, Path(file), self._progress, self._say)

    def audit(
        self,
        output: PathName | None = None,
        full: bool = False,
        certificate: Sequence[PathName] = (),
        force: bool = False,
    ) -> dict[str, Any]:
        """Return what is in the graph, from where, and whether it was changed by hand.

        `findings` is empty when nothing is wrong, `broken` true when something was changed. `full`:
        rate everything anew and work all digests out. `certificate`: files of certificates to show
        deletions by. `output`: a page to write it to, over an existing one with `force`. Raises
        VerificationFailed for a certificate that was not issued here.
        """
        shown = [Path(one) for one in certificate]
        return attestation.audit(self._graph, full, shown, path_of(output), force, self._progress)

    @property
    def log(self) -> TransparencyLog:
        """Return the log of acts: `log()`, `log.verify()`, `log.head()`, `log.prove(index)`,
        `log.adopt(yes=True)`."""
        return TransparencyLog(self)
