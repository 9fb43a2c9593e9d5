"""Taking a deletion back: what it kept returns, and everything concerned is rated anew.

Deletions may be undone out of order. Rows that a later deletion stands for as well do not return but
pass to what that one keeps; where its window has ended, they are gone with it. Rows of a source that
is there no more, or is another one of the same name, are gone too, and counted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from hartonomous.ask.paths.projections import sweep_projections
from hartonomous.delete.deletion_plan import Plan
from hartonomous.delete.overlap_transfer import divide, joined, next_weights
from hartonomous.delete.retention_area import (
    Retained,
    kept,
    let_go,
    read_record,
    read_retained,
    rewrite,
    sweep,
)
from hartonomous.delete.row_restoration import Restoration
from hartonomous.delete.selector_overlap import Coverage
from hartonomous.delete.selectors import subjects_of
from hartonomous.errors import Conflict
from hartonomous.graph.cypher_files import query
from hartonomous.graph.deletion_journal import journals
from hartonomous.graph.driver import Graph, Row
from hartonomous.graph.state_digest import state_digest
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.identity import canonical_json
from hartonomous.progress import Progress
from hartonomous.rate.rating_pass import check_formula, recount_agreements, settle
from hartonomous.schema import FORMULA_VERSION
from hartonomous.transparency import transparency_log
from hartonomous.transparency.inventory_record import notes_inventory


@dataclass(frozen=True)
class UndoReport:
    """What an undo brought back, what passed to later deletions, what is gone for good."""

    id: str
    restored: int
    passed: int
    gone: int
    digest: str


@notes_inventory
def undo(graph: Graph, lock: WriterLock, deletion: str, progress: Progress) -> UndoReport:
    """Take a deletion back; run again after an interruption, it goes on.

    Raises NotFound for one that is not kept, Conflict when its window has ended or a source of the
    same name stands in the way.
    """
    record = read_record(deletion)
    journal = next((row for row in journals(graph) if row["id"] == deletion), None)
    if journal is None or journal["state"] not in ("done", "undoing"):
        raise Conflict(f"Deletion {deletion!r} is not one of this graph that can be undone.")
    if journal["state"] == "done":
        check_formula(graph)
        settle(graph, lock, progress)
        if record.expired:
            expire(graph, lock)
            raise Conflict(f"Deletion {deletion} could be undone until {record.until}.")
    planned = read_retained(deletion)
    if journal["state"] == "done":
        refuse_taken_names(graph, planned)
        about = subjects_of(planned.summary["selectors"])
        transparency_log.append(
            graph, lock, transparency_log.Entry("undo", about=about, key=f"undo {deletion}")
        )
        lock.write(query("delete/set_journal_state"), id=deletion, state="undoing")
        lock.write(query("rate/unsettle"))
    return bring_back(graph, lock, record, planned, progress)


def bring_back(
    graph: Graph, lock: WriterLock, record: Retained, planned: Plan, progress: Progress
) -> UndoReport:
    """Do what is left of an undo whose journal is open, and close it."""
    everything = _rows(planned)
    mine, passed = _pass_on(graph, record, planned)
    mine, masses = without_lost_sources(graph, mine)
    work = Restoration(graph, lock, record.id, mine, masses, progress)
    if not work.restored:
        work.restore()
    settle(graph, lock, progress)
    if recount_agreements(graph, lock, work.partial):
        settle(graph, lock, progress)
    sweep_projections(graph)
    lock.write(query("delete/close_journal"), id=record.id, state="undone", formula=FORMULA_VERSION)
    let_go(record.id)
    restored = _rows(mine)
    return UndoReport(
        record.id, restored, passed, everything - restored - passed, state_digest(graph)
    )


def deletions(graph: Graph) -> list[Row]:
    """Return every removal the graph has had; `until` is None where nothing is kept to undo it."""
    known = {one.id: one for one in kept()}
    rows = []
    for journal in journals(graph):
        record = known.get(journal["id"])
        undoable = record is not None and journal["state"] == "done" and not record.expired
        rows.append(
            {
                **{name: journal[name] for name in ("id", "verb", "state", "created", "evidence")},
                "until": record.until if record is not None and undoable else None,
                "what": canonical_json(record.selectors) if record is not None else None,
            }
        )
    return rows


def refuse_taken_names(graph: Graph, planned: Plan) -> None:
    """Raise Conflict when a source that would return finds its name taken."""
    for name, source in planned.summary["sources"].items():
        if source["whole"] and graph.read(query("load/read_source"), name=name):
            raise Conflict(
                f"There is a source {name!r} again; delete it first, or leave this one out."
            )


def expire(graph: Graph, lock: WriterLock) -> int:
    """Let go of deletions whose window has ended; return how many.

    What they stand for is remembered while an earlier one can still be undone; their rows are not.
    """
    (identity,) = lock.write(query("delete/identify_graph"))
    sweep([row["id"] for row in journals(graph)], identity["identity"])
    every = kept(identity["identity"])
    ended = [one for one in every if one.expired]
    for one in ended:
        if any(not other.expired and other.number < one.number for other in every):
            emptied = read_retained(one.id)
            tables = {name: table.slice(0, 0) for name, table in emptied.tables.items()}
            rewrite(one.id, replace(emptied, tables=tables))
        else:
            let_go(one.id)
        lock.write(query("delete/set_journal_state"), id=one.id, state="expired")
    return len(ended)


def _pass_on(graph: Graph, record: Retained, planned: Plan) -> tuple[Plan, int]:
    """Give later deletions the rows they stand for; return what is left, and how many were given."""
    passed = 0
    for later in kept(record.graph):
        if later.number <= record.number:
            continue
        other = read_retained(later.id)
        coverage = Coverage(other.summary)
        covered = coverage.sources(planned)
        planned, given = divide(planned, coverage)
        sources = planned.summary["sources"]
        left = {n: one for n, one in sources.items() if not (one["whole"] and n in covered)}
        if not _rows(given) and not given.tables["visits"].num_rows and left == sources:
            continue
        planned = replace(planned, summary={**planned.summary, "sources": left})
        # What an ended one stands for is gone with it.
        if not later.expired:
            rewrite(later.id, joined(other, given, sources, covered))
            passed += _rows(given)
    return planned, passed


def without_lost_sources(graph: Graph, mine: Plan) -> tuple[Plan, dict[tuple[str, int], int]]:
    """Leave out rows of sources that are gone or are others now.

    Returns the rows that come back, and what to add to the mass of visits that are there already:
    what comes back is no longer what they do not store.
    """
    lost = []
    for name, source in mine.summary["sources"].items():
        found = graph.read(query("delete/read_source"), name=name)
        if not source["whole"] and (not found or found[0]["created"] != source["created"]):
            lost.append(name)
    tables = {
        name: table.filter(pa.array(~np.isin(table["source"].to_pylist(), lost)))
        if "source" in table.schema.names and table.num_rows
        else table
        for name, table in mine.tables.items()
    }
    visits = tables["visits"]
    own = set(zip(visits["source"].to_pylist(), visits["composition"].to_pylist(), strict=True))
    masses = {key: -weight for key, weight in next_weights(tables).items() if key not in own}
    return replace(mine, tables=tables), masses


def _rows(planned: Plan) -> int:
    return sum(table.num_rows for table in planned.evidence.values())
