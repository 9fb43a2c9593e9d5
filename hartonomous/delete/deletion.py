"""Deletion: executes a plan, so that it can be undone and resumed.

The rows are retained outside the graph, and the journal is written, before the first row is
removed; until the last one is removed the graph is not settled, and other writers are refused.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from hartonomous.ask.paths.projections import need_projections, sweep_projections
from hartonomous.delete.deletion_plan import Plan, plan
from hartonomous.delete.plan_comparison import differences
from hartonomous.delete.plan_files import plan_digest
from hartonomous.delete.removal_executor import Removal
from hartonomous.delete.residuals import Residual, residual, watched
from hartonomous.delete.retention_area import read_record, read_retained, retain
from hartonomous.delete.selectors import Selectors, selectors_of, subjects_of
from hartonomous.delete.undo import expire, undo
from hartonomous.errors import Conflict, NotFound, UsageError, VerificationFailed
from hartonomous.graph.cypher_files import query
from hartonomous.graph.deletion_journal import journals, open_journal
from hartonomous.graph.driver import Graph, Transaction
from hartonomous.graph.source_removal import discard_source
from hartonomous.graph.state_digest import state_digest
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.identity import canonical_json
from hartonomous.load.loader import read_source
from hartonomous.progress import Progress
from hartonomous.rate.rating_pass import check_formula, rate_due, read_state
from hartonomous.schema import FORMULA_VERSION
from hartonomous.transparency import transparency_log
from hartonomous.transparency.inventory_record import notes_inventory
from hartonomous.transparency.transparency_log import Entry

KEEP_DAYS = 30.0

SHOWN = 5
"""Differences of a plan that are listed."""


@dataclass(frozen=True)
class DeletionReport:
    """Counts of a deletion by the database, the end of its retention window, and the graph
    afterwards.

    `residual` is what remains and how it can be reached; None after a resumption.
    """

    id: str
    removed: int
    lost: int
    kept: int
    shifted: int
    compositions: int
    until: str | None
    digest: str
    residual: Residual | None = None


@notes_inventory
def delete(
    graph: Graph,
    lock: WriterLock,
    selectors: Selectors,
    progress: Progress,
    days: float = KEEP_DAYS,
    ways: int = 0,
) -> DeletionReport:
    """Plan the removal of the selected rows and execute it; they are retained for `days`.

    `ways` is the number of residual paths to compute with Graph Data Science. An interrupted
    earlier removal is finished first; if it was the same one, nothing else is done. A source that
    never was live is discarded at once. Raises NotFound for selectors without a match.
    """
    if (resumed := resume(graph, lock, progress)) is not None:
        record = read_record(resumed.id)
        if record.selectors == as_json(selectors):
            return resumed
    check_formula(graph)
    rate_due(graph, lock, progress)
    if discarded := _discard_half_loaded(graph, lock, selectors):
        return discarded
    return apply(graph, lock, plan(graph, selectors, progress), progress, days, ways)


def delete_source(graph: Graph, lock: WriterLock, name: str, progress: Progress) -> DeletionReport:
    """Remove a source; resumes after an interruption."""
    return delete(graph, lock, Selectors(sources=(name,)), progress)


@notes_inventory
def apply(
    graph: Graph,
    lock: WriterLock,
    planned: Plan,
    progress: Progress,
    days: float = KEEP_DAYS,
    ways: int = 0,
) -> DeletionReport:
    """Execute a plan exactly, and retain the removed rows; `ways` as in `delete`.

    Raises Conflict if the graph changed since the plan, or if a plan from elsewhere differs from a
    new plan of the same selection; ServerError for `ways` without Graph Data Science.
    """
    refuse_moved(graph, planned)
    if ways:
        need_projections(graph)
    transparency_log.check(graph)
    deletion = secrets.token_hex(8)
    expire(graph, lock)
    before = watched(graph, planned)
    identity = lock.write(query("delete/identify_graph"))[0]["identity"]
    number = max((row["number"] for row in journals(graph)), default=0) + 1
    retain(planned, identity, deletion, number, days)
    begin(graph, lock, "delete", deletion, planned)
    report = carry_out(graph, lock, deletion, planned, progress)
    return replace(report, residual=residual(graph, planned, before, ways))


def begin(graph: Graph, lock: WriterLock, verb: str, deletion: str, planned: Plan) -> None:
    """Open a removal's journal and log the act, in one transaction; an erasure is logged without
    names.
    """
    digest = planned.summary.get("digest") or plan_digest(planned.summary)
    counts = dict(planned.summary["counts"])
    entry = Entry(
        verb,
        {"plan": digest, **counts},
        subjects_of(planned.summary["selectors"]),
        key=f"{verb} {deletion}",
        named=verb != "erase",
    )

    def work(transaction: Transaction) -> None:
        lock.check(transaction)
        transaction.run(
            query("delete/open_journal"), id=deletion, verb=verb, plan=digest, facts=counts
        )
        transparency_log.enter(transaction, entry)

    graph.transact(work)
    transparency_log.seal(graph)


def refuse_moved(graph: Graph, planned: Plan) -> None:
    """Raise Conflict unless the graph is unchanged since the plan, and the plan is trusted or equal
    to a new plan of the same selection.
    """
    was, state = planned.summary["graph"], read_state(graph)
    if (
        not state["settled"]
        or was["epoch"] != state["epoch"]
        or was["digest"] != state_digest(graph)
    ):
        raise Conflict("The graph has changed since the plan; nothing was done. Plan again.")
    if not planned.trusted:
        _refuse_forged(graph, planned)


def _refuse_forged(graph: Graph, planned: Plan) -> None:
    """Raise Conflict unless an untrusted plan equals a new plan of the same selection."""
    try:
        again = plan(graph, selectors_of(planned.summary["selectors"]), lambda *_: None)
        away = differences(again, planned)
    except (NotFound, UsageError, TypeError, KeyError, ValueError) as error:
        away = [f"its selection cannot be planned: {error}"]
    if away:
        raise Conflict(
            "This plan was not signed by a key used here, and is not what the same selection plans "
            f"now: {'; '.join(away[:SHOWN])}. Nothing was done. Plan again."
        )


@notes_inventory
def resume(graph: Graph, lock: WriterLock, progress: Progress) -> DeletionReport | None:
    """Finish an interrupted removal or undo; None if there was none.

    Raises NotFound if its rows are retained on another machine.
    """
    found = open_journal(graph)
    if found is None:
        return None
    if found["verb"] == "erase":
        raise Conflict(
            f"Erasure {found['id']} was interrupted; 'hartonomous erase --resume' finishes it."
        )
    if found["state"] == "undoing":
        undo(graph, lock, found["id"], progress)
        return None
    try:
        planned = read_retained(found["id"])
    except NotFound as error:
        raise NotFound(
            f"Removal {found['id']} was interrupted, and its retained rows are not on this "
            "machine; run 'hartonomous delete --resume' where it was started."
        ) from error
    return carry_out(graph, lock, found["id"], planned, progress)


def carry_out(
    graph: Graph, lock: WriterLock, deletion: str, planned: Plan, progress: Progress
) -> DeletionReport:
    """Execute the remaining steps of a removal with an open journal, and close it."""
    Removal(graph, lock, deletion, planned, progress).carry_out()
    sweep_projections(graph)
    lock.write(query("delete/close_journal"), id=deletion, state="done", formula=FORMULA_VERSION)
    return verify_outcome(graph, deletion, planned)


def verify_outcome(graph: Graph, deletion: str, planned: Plan) -> DeletionReport:
    """Return the counts of a removal; raise VerificationFailed unless the graph is as planned."""
    after = state_digest(graph)
    if after != planned.summary["after"]["digest"]:
        raise VerificationFailed(
            f"After removal {deletion} the graph differs from the plan: digest {after[:16]}, not "
            f"{planned.summary['after']['digest'][:16]}. 'hartonomous doctor' investigates."
        )
    counts = planned.summary["counts"]
    return DeletionReport(
        deletion,
        counts["evidence"],
        counts["lost"],
        counts["kept"],
        counts["shifted"],
        counts["compositions"],
        read_record(deletion).until,
        after,
    )


def _discard_half_loaded(
    graph: Graph, lock: WriterLock, selectors: Selectors
) -> DeletionReport | None:
    if selectors.described().keys() != {"sources"} or len(selectors.sources) != 1:
        return None
    known = read_source(graph, selectors.sources[0])
    if known is None or known["state"] != "loading":
        return None
    discard_source(graph, lock, selectors.sources[0])
    return DeletionReport("", 0, 0, 0, 0, 0, None, state_digest(graph))


def as_json(selectors: Selectors) -> Mapping[str, Any]:
    """Return selectors as they are after a plan was written and read."""
    described: Mapping[str, Any] = json.loads(canonical_json(selectors.described()))
    return described
