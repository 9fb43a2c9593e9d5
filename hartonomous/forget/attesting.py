"""A removal that was done, as what its certificate is made from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hartonomous.errors import Conflict
from hartonomous.forget.auditing import count
from hartonomous.forget.certifying import (
    Check,
    Copy,
    Deletion,
    Removed,
    Rerated,
    Residual,
    Stands,
    Survivor,
    issue_certificate,
)
from hartonomous.forget.plan_files import plan_digest
from hartonomous.forget.planning import Plan
from hartonomous.forget.retaining import read_record, read_retained
from hartonomous.forget.selecting import subjects_of
from hartonomous.store.graph import Graph
from hartonomous.store.locking import WriterLock
from hartonomous.store.queries import query
from hartonomous.store.state_digest import state_digest

ROWS = 10_000

COPIES = ("store", "backup", "export")
"""Copies that a deletion does not reach: freed space and transaction logs, dumps, files written."""


def certify(
    graph: Graph, lock: WriterLock, deletion: str, residual: Mapping[str, Any] | None = None
) -> bytes:
    """Look at the graph after a deletion that can still be undone, and return its certificate.

    `residual` is what its report says remains. Issued again, the log's entry stays one. Raises
    NotFound when the deletion is not kept, Conflict when the graph has changed since.
    """
    record, plan = read_record(deletion), read_retained(deletion)
    if state_digest(graph) != plan.summary["after"]["digest"]:
        raise Conflict(
            f"The graph has changed since deletion {deletion}; a certificate of it must be asked "
            "for with the deletion itself."
        )
    summary, counts = plan.summary, plan.summary["counts"]
    whole = [name for name, source in summary["sources"].items() if source["whole"]]
    now = count(graph)
    stands = Stands(
        len(graph.read(query("audit/read_sources"))),
        sum(now["evidence"].values()),
        sum(now["relations"].values()),
        now["compositions"],
    )
    return issue_certificate(
        graph,
        lock,
        Deletion(
            verb="delete",
            subjects=subjects_of(summary["selectors"]),
            before=summary["graph"]["digest"],
            after=summary["after"]["digest"],
            removed=Removed(len(whole), counts["evidence"], counts["lost"], counts["compositions"]),
            stands=stands,
            rerated=_rerated(plan),
            checks=_checks(graph, plan, whole),
            survivors=[Survivor(*each) for each in sorted(summary["survivors"].items())],
            residual=_residual(residual or {}),
            copies=[
                Copy("retention", _utc(record.until)),
                *map(lambda kind: Copy(kind, None), COPIES),
            ],
            plan=summary.get("digest") or plan_digest(summary),
            key=deletion,
        ),
    )


def _residual(found: Mapping[str, Any]) -> list[Residual]:
    """Count what other sources hold of a removed concept in other letters of case."""
    rows = Counter[str]()
    for variant in found.get("variants", ()):
        rows[variant["source"]] += variant["rows"]
    return [Residual("variant", source, count) for source, count in sorted(rows.items())]


def _utc(time: str) -> str:
    return datetime.fromisoformat(time).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _rerated(plan: Plan) -> Rerated:
    """Count the relations whose elo moved; those whose consensus alone moves count as rated anew."""
    relations = plan.tables["relations"]
    kept = relations.filter(pc.not_equal(relations["n"], 0))
    change = np.rint(1000 * (kept["elo"].to_numpy() - kept["elo_before"].to_numpy()))
    milli = change.astype(np.int64)
    return Rerated(
        relations=kept.num_rows + plan.summary["counts"]["shifted"],
        raised=int((milli > 0).sum()),
        lowered=int((milli < 0).sum()),
        milli_elo=int(milli.sum()),
        milli_elo_most=int(np.abs(milli).max(initial=0)),
    )


def _checks(graph: Graph, plan: Plan, whole: Sequence[str]) -> list[Check]:
    """Ask the graph whether anything of what went is still there."""
    keys = plan.tables["compositions"]["key"]
    orphans = keys.take(plan.tables["orphans"]["composition"]).to_pylist()
    (sources,) = graph.read(query("audit/count_sources"), names=list(whole))
    (compositions,) = graph.read(query("audit/count_keys"), keys=orphans)
    return [
        Check("audit/count_sources", 0, sources["sources"]),
        Check("audit/count_keys", 0, compositions["compositions"]),
        Check("delete/count_evidence", 0, _rows_of_sources(graph, plan, whole)),
        Check("audit/count_rows", 0, _rows_of_pairs(graph, plan, whole)),
    ]


def _rows_of_sources(graph: Graph, plan: Plan, whole: Sequence[str]) -> int:
    return sum(
        graph.read(query("delete/count_evidence", evidence=evidence), source=name)[0]["rows"]
        for name in whole
        for evidence in plan.summary["sources"][name]["removed"]
    )


def _rows_of_pairs(graph: Graph, plan: Plan, whole: Sequence[str]) -> int:
    """Count rows that went of sources which stay; those of sources that went are counted at once."""
    keys, found = plan.tables["compositions"]["key"], 0
    for evidence, table in plan.evidence.items():
        gone = pc.is_in(table["source"], value_set=pa.array(whole, pa.string()))
        rows = table.filter(pc.invert(gone))
        statement = query("audit/count_rows", evidence=evidence)
        for first in range(0, rows.num_rows, ROWS):
            part = rows.slice(first, ROWS)
            (row,) = graph.read(
                statement,
                starts=keys.take(part["start"]).to_pylist(),
                ends=keys.take(part["end"]).to_pylist(),
                sources=part["source"].to_pylist(),
            )
            found += row["rows"]
    return found
