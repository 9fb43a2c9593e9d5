"""Undo: restores the rows of a deletion and rates the affected pairs again.

Deletions can be undone in any order. Rows that a later deletion also selects are not restored, but
transferred to its retained rows; if its window has ended, they are lost. Rows of a source that no
longer exists, or is another source with the same name, are lost too, and counted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from hartonomous.ask.paths.projections import sweep_projections
from hartonomous.delete.deletion_plan import Plan
from hartonomous.delete.overlap_transfer import divide, joined, next_weights
from hartonomous.delete.picture_thumbnails import drop_unheld
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
from hartonomous.rate.rating_pass import (
    check_formula,
    rate_due,
    recount_agreements,
)
from hartonomous.schema import FORMULA_VERSION
from hartonomous.transparency import transparency_log
from hartonomous.transparency.inventory_record import notes_inventory


@dataclass(frozen=True)
class UndoReport:
    """Counts of restored rows, rows transferred to later deletions, and lost rows."""

    id: str
    restored: int
    passed: int
    gone: int
    digest: str


@notes_inventory
def undo(graph: Graph, lock: WriterLock, deletion: str, progress: Progress) -> UndoReport:
    """Undo a deletion; resumes after an interruption.

    Raises NotFound if it is not retained, Conflict if its window has ended or a source with the
    same name exists.
    """
    record = read_record(deletion)
    journal = next((row for row in journals(graph) if row["id"] == deletion), None)
    if journal is None or journal["state"] not in ("done", "undoing"):
        raise Conflict(
            f"Deletion {deletion!r} cannot be undone: it is not a retained deletion of this graph."
        )
    if journal["state"] == "done":
        check_formula(graph)
        rate_due(graph, lock, progress)
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
    """Execute the remaining steps of an undo with an open journal, and close it."""
    everything = _rows(planned)
    mine, passed = _pass_on(graph, record, planned)
    mine, masses = without_lost_sources(graph, mine)
    work = Restoration(graph, lock, record.id, mine, masses, progress)
    if not work.restored:
        work.restore()
    rate_due(graph, lock, progress)
    if recount_agreements(graph, lock, work.partial):
        rate_due(graph, lock, progress)
    sweep_projections(graph)
    lock.write(query("delete/close_journal"), id=record.id, state="undone", formula=FORMULA_VERSION)
    let_go(record.id)
    restored = _rows(mine)
    return UndoReport(
        record.id, restored, passed, everything - restored - passed, state_digest(graph)
    )


def deletions(graph: Graph) -> list[Row]:
    """Return every removal of the graph; `until` is None if nothing is retained for an undo."""
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
    """Raise Conflict if the name of a source to restore is in use."""
    for name, source in planned.summary["sources"].items():
        if source["whole"] and graph.read(query("load/read_source"), name=name):
            raise Conflict(
                f"A source named {name!r} exists again; delete it first, or do not undo "
                "this deletion."
            )


def expire(graph: Graph, lock: WriterLock) -> int:
    """Delete the rows of deletions whose window has ended; return their number.

    Their selectors are kept while an earlier deletion can be undone; their rows are not.
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
    if ended:
        drop_unheld(graph)
    return len(ended)


def _pass_on(graph: Graph, record: Retained, planned: Plan) -> tuple[Plan, int]:
    """Transfer rows to later deletions that select them; return the remaining rows, and the number
    transferred.
    """
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
        # Rows selected by a deletion whose window ended are lost.
        if not later.expired:
            rewrite(later.id, joined(other, given, sources, covered))
            passed += _rows(given)
    return planned, passed


def without_lost_sources(graph: Graph, mine: Plan) -> tuple[Plan, dict[tuple[str, int], int]]:
    """Leave out rows of sources that no longer exist or were replaced.

    Returns the rows to restore, and the change in missing mass of existing visits, which no longer
    includes the restored rows.
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
