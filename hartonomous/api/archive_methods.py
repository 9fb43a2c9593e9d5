"""Snapshots, backups, exports, audits and the log of acts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hartonomous.api.graph_session import GraphSession, PathName, path_of
from hartonomous.api.row_records import LogEntry
from hartonomous.api.rows import Rows, field_names, rows_of
from hartonomous.errors import ConfirmationNeeded
from hartonomous.load.canonical_export import ExportReport
from hartonomous.operations import attestation, graph_copies, reinstatement
from hartonomous.schema import CONSENSUS_NOISE, ELO_NOISE
from hartonomous.transparency.transparency_log import LogReport, read_log
from hartonomous.versions.backup import BackupReport, RestoreReport
from hartonomous.versions.diff import Difference
from hartonomous.versions.rollback import Rollback, plan_rollback
from hartonomous.versions.snapshots import Snapshot, list_snapshots


class Snapshots:
    """Snapshots: the relations of one moment, stored for later comparison."""

    def __init__(self, session: GraphSession) -> None:
        self._session = session

    def create(self, name: str) -> Snapshot:
        """Store every rated relation under a name, outside the graph.

        Raises Conflict for a name in use, or while another writer is active.
        """
        session = self._session
        return graph_copies.take_snapshot(session._asked, name, session._progress)

    def list(self) -> Rows[Snapshot]:
        """Return the snapshots."""
        return Rows(list_snapshots(), field_names(Snapshot))

    def drop(self, name: str) -> None:
        """Remove a snapshot; raises NotFound for an unknown one."""
        graph_copies.remove_snapshot(self._session._asked, name)


class TransparencyLog:
    """The transparency log: `log()` lists its acts, its methods verify and prove it."""

    def __init__(self, session: GraphSession) -> None:
        self._session = session

    def __call__(self, top: int = 25) -> Rows[LogEntry]:
        """Return the acts, newest first; names are stored beside the log, not in it."""
        found = read_log(self._session._graph, top)
        return rows_of(LogEntry, [{**row, "entry": json.loads(row["entry"])} for row in found])

    def verify(self, head: Sequence[PathName] = ()) -> LogReport:
        """Verify all entries and all signed heads stored outside the graph.

        `head`: files of further signed heads to check. `findings` of the report is empty if nothing is
        wrong.
        """
        return attestation.check_log(self._session._graph, [Path(one) for one in head])

    def head(self) -> str:
        """Return the signed head of the log; raises NotFound for an empty log."""
        return attestation.sign_head(self._session._graph)

    def prove(self, index: int, output: PathName | None = None) -> str:
        """Return the proof, as JSON, that an entry is in the log; also write it to `output` if given.

        Raises NotFound for an unknown entry.
        """
        return attestation.prove_entry(self._session._graph, index, path_of(output))

    def adopt(self, yes: bool = False) -> int:
        """Accept a log that does not continue the stored heads; return the index of the entry on it.

        Raises ConfirmationNeeded without `yes`: heads signed before will no longer be valid.
        """
        if not yes:
            raise ConfirmationNeeded(
                "Heads signed before will no longer be valid; adopt(yes=True) accepts that."
            )
        return attestation.adopt_log(self._session._graph)


class ArchiveMethods(GraphSession):
    """Snapshots, backups, exports, audits and the log."""

    @property
    def snapshot(self) -> Snapshots:
        """Return the snapshots: `snapshot.create(name)`, `snapshot.list()`, `snapshot.drop(name)`."""
        return Snapshots(self)

    def diff(
        self,
        a: str,
        b: str,
        top: int = 10,
        noise: float = ELO_NOISE,
        consensus_noise: float = CONSENSUS_NOISE,
    ) -> Difference:
        """Return the differences of `b` from `a`: relations, elo, consensus, neighbours.

        Each is a source, a snapshot, or "." for the present graph; for an ambiguous name,
        "source:NAME" or "snapshot:NAME". A source is rated as if it were the only one. An elo that
        changed by at most `noise` points counts as the same, and so does a consensus by
        `consensus_noise`; lists have at most `top` rows of each change. `differs` of the result is
        true if there is any difference. Raises NotFound for an unknown side.
        """
        noises = (noise, consensus_noise)
        return graph_copies.diff(self._asked, a, b, top, *noises, self._progress)

    def rollback(self, name: str, plan: bool = False) -> Rollback:
        """Restore the graph to its state at a snapshot; with `plan`, only return the steps.

        Deletes sources added since (can be undone), undoes later deletions, and repeats deletions
        undone since. Raises Conflict, with a list, if a later act cannot be undone.
        """
        if plan:
            return plan_rollback(self._asked, name)
        return reinstatement.roll_back(self._asked, name, self._progress)

    def export(
        self, output: PathName, format: str = "graph", force: bool = False
    ) -> ExportReport | None:
        """Export the graph as sorted JSON Lines; equal knowledge gives equal bytes.

        `format`: "graph", or its sources with licences and digests as "record", "prov" (W3C) or
        "mlbom" (CycloneDX), which return None. Raises Conflict for an existing file without `force`.
        """
        if format == graph_copies.WHOLE:
            return graph_copies.export(self._graph, Path(output), force, self._progress)
        graph_copies.export_sources(self._graph, Path(output), format, force)
        return None

    def backup(self, file: PathName, force: bool = False) -> BackupReport:
        """Back up the graph, its log and its snapshots to a file; keys are not included.

        Raises Conflict for an existing file without `force`.
        """
        return graph_copies.back_up(self._graph, Path(file), force, self._progress)

    def restore(self, file: PathName) -> RestoreReport:
        """Restore a backup into a graph without sources; data erased since is left out.

        Raises BadInput for a damaged file, Conflict for a graph with sources.
        """
        return graph_copies.restore(self._graph, Path(file), self._progress, self._say)

    def audit(
        self,
        output: PathName | None = None,
        full: bool = False,
        certificate: Sequence[PathName] = (),
        force: bool = False,
    ) -> dict[str, Any]:
        """Audit the graph: content, origin, changes made by hand.

        `findings` is empty if nothing is wrong; `broken` is true if something was changed. `full`:
        recompute all ratings and digests. `certificate`: certificates of removals to include.
        `output`: an HTML page for the report; `force` overwrites it. Raises VerificationFailed for a
        certificate that was not issued here, Conflict for an existing page without `force`.
        """
        shown = [Path(one) for one in certificate]
        return attestation.audit(self._graph, full, shown, path_of(output), force, self._progress)

    @property
    def log(self) -> TransparencyLog:
        """Return the transparency log: `log()`, `log.verify()`, `log.head()`, `log.prove(index)`,
        `log.adopt(yes=True)`."""
        return TransparencyLog(self)
