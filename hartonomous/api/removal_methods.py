"""Taking knowledge out, for a time or for good, and taking that back."""

from __future__ import annotations

from pathlib import Path
from typing import Unpack

from hartonomous.api.graph_session import GraphSession, PathName
from hartonomous.api.records import DeletionFacts, SuppressionFacts
from hartonomous.api.rows import Rows, record_of, rows_of
from hartonomous.delete import undo as undoing
from hartonomous.delete.deletion import KEEP_DAYS, DeletionReport
from hartonomous.delete.deletion_plan import Plan
from hartonomous.delete.plan_files import read_plan, write_plan
from hartonomous.delete.undo import UndoReport
from hartonomous.erase.erasure import ErasureReport
from hartonomous.load import suppression_list
from hartonomous.operations import removal, reversal
from hartonomous.operations.removal import (
    CertificateFile,
    RemovalOptions,
    Resumption,
    SelectorSettings,
    request_selectors,
)


class Suppressions:
    """What erasures keep out of the graph, known only by keyed hashes."""

    def __init__(self, session: GraphSession) -> None:
        self._session = session

    def __call__(self) -> Rows[SuppressionFacts]:
        """Return what is kept out."""
        return rows_of(SuppressionFacts, suppression_list.suppressions(self._session._graph))

    def lift(self, suppression: str) -> SuppressionFacts:
        """Let in again, from the next ingest on, what a suppression keeps out; this is recorded.

        Raises NotFound for one that there is not.
        """
        return record_of(SuppressionFacts, reversal.lift(self._session._graph, suppression))


class RemovalMethods(GraphSession):
    """Removals, and taking them back.

    What goes is said by SelectorSettings, such as `sources=["glove"]`. Calling `delete`, `erase` or
    `apply` is the consent that the command line asks for.
    """

    def plan_deletion(
        self,
        cut: bool = False,
        output: PathName | None = None,
        force: bool = False,
        **selected: Unpack[SelectorSettings],
    ) -> Plan:
        """Return what a deletion would do, to the last rating; nothing is written.

        `cut`: say what is cut off from the rest, by Graph Data Science. `output`: a file to write the
        plan to, over an existing one with `force`. Raises NotFound for what is not there, Conflict
        when a rating pass is due.
        """
        return self._planned(removal.DELETE, cut, output, force, selected)

    def plan_erasure(
        self,
        cut: bool = False,
        output: PathName | None = None,
        force: bool = False,
        **selected: Unpack[SelectorSettings],
    ) -> Plan:
        """Return what an erasure would do, in the graph and wherever else it is held.

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
        """Do exactly what was planned: a deletion, or an erasure if it is the plan of one.

        `plan`: a plan, or the file of one. The rest are those of `delete`. Raises Conflict when the
        graph has moved since, or for a plan by somebody else that is not what the same selection plans.
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
        """Take knowledge out; for `keep` days it can be undone.

        `certificate`: a file to write a signed certificate to, over an existing one with `force`.
        `ways`: how many ways that remain between the ends of lost relations are told. Raises NotFound
        for what is not there, Conflict while another writer is at work, or, nothing done, where the
        certificate could not be written.
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
        """Take knowledge out for good: nothing is kept, and it is kept from coming back.

        What deletions keep of it goes too, and bundles, snapshots and names in the log; the managed
        server's store is copied without it. Parameters are those of `delete`. Raises NotFound when
        nothing is held of a selector, ServerError, nothing erased, where there is no room to copy.
        """
        options = self._options(0.0, certificate, force, ways)
        return removal.erase(self._graph, request_selectors(**selected), options)

    def resume(self, certificate: PathName | None = None, force: bool = False) -> Resumption:
        """Finish the removal, or the undo, that was cut short.

        Where none was, and a `certificate` is asked for, that of the last erasure is issued.
        """
        options = self._options(KEEP_DAYS, certificate, force, 0)
        return removal.resume(self._graph, options=options)

    def undo(self, deletion: str) -> UndoReport:
        """Take a deletion back, by its id: what it took out returns, exactly; in any order.

        Raises NotFound for one that is not kept.
        """
        return reversal.undo(self._graph, deletion, self._progress)

    def deletions(self) -> Rows[DeletionFacts]:
        """Return what was taken out, and until when it can be taken back."""
        return rows_of(DeletionFacts, undoing.deletions(self._graph))

    @property
    def suppressions(self) -> Suppressions:
        """Return what is kept out of the graph: `suppressions()`, `suppressions.lift(id)`."""
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
