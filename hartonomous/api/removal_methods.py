"""Deletions, erasures, undo and suppressions."""

from __future__ import annotations

from pathlib import Path
from typing import Unpack

from hartonomous.api.graph_session import GraphSession, PathName
from hartonomous.api.row_records import DeletionFacts, SuppressionFacts
from hartonomous.api.rows import Rows, record_of, rows_of
from hartonomous.delete import undo as undoing
from hartonomous.delete.deletion import KEEP_DAYS, DeletionReport
from hartonomous.delete.deletion_plan import Plan
from hartonomous.delete.plan_files import read_plan, write_plan
from hartonomous.delete.undo import UndoReport
from hartonomous.erase.erasure import ErasureReport
from hartonomous.load import suppression_list
from hartonomous.operations import reinstatement, removal
from hartonomous.operations.removal import (
    CertificateFile,
    RemovalOptions,
    Resumption,
    SelectorSettings,
    request_selectors,
)


class Suppressions:
    """Suppressed data, known by keyed hashes."""

    def __init__(self, session: GraphSession) -> None:
        self._session = session

    def __call__(self) -> Rows[SuppressionFacts]:
        """Return the suppressions."""
        return rows_of(SuppressionFacts, suppression_list.suppressions(self._session._graph))

    def lift(self, suppression: str) -> SuppressionFacts:
        """Lift a suppression; this is recorded in the log. Return it.

        The next ingest accepts the data again. Raises NotFound for an unknown suppression.
        """
        return record_of(SuppressionFacts, reinstatement.lift(self._session._graph, suppression))


class RemovalMethods(GraphSession):
    """Removals and undo.

    SelectorSettings, such as `sources=["glove"]`, select the data. Calling `delete`, `erase` or
    `apply` is the confirmation that the command line asks for.
    """

    def plan_deletion(
        self,
        cut: bool = False,
        output: PathName | None = None,
        force: bool = False,
        **selected: Unpack[SelectorSettings],
    ) -> Plan:
        """Return the plan of a deletion, with every rating before and after; nothing is changed.

        `cut`: include disconnected words, by Graph Data Science. `output`: a file for the plan;
        `force` overwrites it. Raises NotFound for unknown selectors, Conflict if a rating pass is due.
        """
        return self._planned(removal.DELETE, cut, output, force, selected)

    def plan_erasure(
        self,
        cut: bool = False,
        output: PathName | None = None,
        force: bool = False,
        **selected: Unpack[SelectorSettings],
    ) -> Plan:
        """Return the plan of an erasure, in the graph and in all copies.

        Parameters and errors are those of `plan_deletion`.
        """
        return self._planned(removal.ERASE, cut, output, force, selected)

    def apply(
        self,
        plan: Plan | PathName,
        keep: float = KEEP_DAYS,
        certificate: PathName | None = None,
        force: bool = False,
        ways: int = 0,
    ) -> DeletionReport | ErasureReport:
        """Execute a plan exactly: a deletion, or an erasure if it is the plan of one.

        `plan`: a plan, or its file. Other parameters are those of `delete`. Raises Conflict if the
        graph changed since the plan, or for a plan not signed here that differs from a new plan of the
        same selectors.
        """
        planned = plan if isinstance(plan, Plan) else read_plan(Path(plan))
        options = self._options(keep, certificate, force, ways)
        return removal.apply_plan(self._graph, planned, options=options)

    def delete(
        self,
        keep: float = KEEP_DAYS,
        certificate: PathName | None = None,
        force: bool = False,
        ways: int = 0,
        **selected: Unpack[SelectorSettings],
    ) -> DeletionReport:
        """Delete knowledge; can be undone for `keep` days.

        `certificate`: a file for a signed certificate; `force` overwrites it. `ways`: number of
        residual paths between the ends of lost relations in the report. Raises NotFound for unknown
        selectors, Conflict while another writer is active or, before any change, if the certificate's
        file exists without `force`.
        """
        options = self._options(keep, certificate, force, ways)
        return removal.delete(self._graph, request_selectors(**selected), options)

    def erase(
        self,
        certificate: PathName | None = None,
        force: bool = False,
        ways: int = 0,
        **selected: Unpack[SelectorSettings],
    ) -> ErasureReport:
        """Erase and suppress knowledge for good; cannot be undone.

        Also erases copies in retained deletions, bundles, snapshots and names in the log; the managed
        server's store is copied without the data. Parameters are those of `delete`. Raises NotFound if
        there is no copy of a selector's data, and ServerError, before any change, without room to copy
        the store.
        """
        options = self._options(0.0, certificate, force, ways)
        return removal.erase(self._graph, request_selectors(**selected), options)

    def resume(self, certificate: PathName | None = None, force: bool = False) -> Resumption:
        """Finish an interrupted removal or undo.

        If nothing was interrupted, `certificate` gets that of the last erasure.
        """
        options = self._options(KEEP_DAYS, certificate, force, 0)
        return removal.resume(self._graph, options=options)

    def undo(self, deletion: str) -> UndoReport:
        """Undo a deletion, by its id: restore what it removed; in any order.

        Raises NotFound for a deletion that is not retained.
        """
        return reinstatement.undo(self._graph, deletion, self._progress)

    def deletions(self) -> Rows[DeletionFacts]:
        """Return the removals, with the end of each retention window."""
        return rows_of(DeletionFacts, undoing.deletions(self._graph))

    @property
    def suppressions(self) -> Suppressions:
        """Return the suppressions: `suppressions()`, `suppressions.lift(id)`."""
        return Suppressions(self)

    def _planned(
        self,
        verb: str,
        cut: bool,
        output: PathName | None,
        force: bool,
        selected: SelectorSettings,
    ) -> Plan:
        chosen = request_selectors(**selected)
        planned = removal.plan_removal(self._graph, verb, chosen, self._progress, cut)
        if output is not None:
            write_plan(planned, Path(output), force)
        return planned

    def _options(
        self, keep: float, certificate: PathName | None, force: bool, ways: int
    ) -> RemovalOptions:
        file = None if certificate is None else CertificateFile(Path(certificate), force)
        return RemovalOptions(keep, ways, file, self._progress, self._say)
