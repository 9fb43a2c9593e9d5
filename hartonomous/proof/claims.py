"""Claims of a certificate, collected from the graph after a removal."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hartonomous.audit.audit_report import count
from hartonomous.delete.deletion_plan import Plan
from hartonomous.delete.plan_files import plan_digest
from hartonomous.delete.retention_area import read_record, read_retained
from hartonomous.delete.selectors import subjects_of
from hartonomous.errors import Conflict
from hartonomous.graph.cypher_files import query
from hartonomous.graph.deletion_journal import COMPACTED, THROUGH, journals
from hartonomous.graph.driver import Graph, Row, Transaction
from hartonomous.graph.state_digest import state_digest
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.proof.certificate import (
    Check,
    Copy,
    Deletion,
    Removed,
    Rerated,
    Residual,
    Stands,
    Survivor,
    attach_proof,
    commit,
    describe,
    issue_certificate,
)
from hartonomous.times import read_time
from hartonomous.transparency import keys, transparency_log
from hartonomous.transparency.inventory_record import notes_inventory
from hartonomous.transparency.signing import canonical
from hartonomous.transparency.transparency_log import Entry
from hartonomous.versions.backup_register import known_backups

ROWS = 10_000

STORE, DISK = "store", "disk"
ELSEWHERE = ("backup", "export")
PROJECTIONS = "projection"
BUNDLE = "bundle"
"""Copies that are not reached: freed space and transaction logs, or, after the store was copied,
blocks of deleted files; dumps and files; projections of other users in the server's memory; bundles
in use by another process.
"""

SCAN = "scan/store"


@dataclass(frozen=True)
class Scan:
    """A search of a copied store: the texts searched for, the files with one of them."""

    texts: int
    files: int


def certify(
    graph: Graph, lock: WriterLock, deletion: str, residual: Mapping[str, Any] | None = None
) -> bytes:
    """Inspect the graph after a deletion that can be undone, and return its certificate.

    `residual` is its residual report. Issued again, it has the same log entry. Raises NotFound if
    the deletion is not retained, Conflict if the graph has changed since.
    """
    record, planned = read_record(deletion), read_retained(deletion)
    if state_digest(graph) != planned.summary["after"]["digest"]:
        raise Conflict(
            f"The graph has changed since deletion {deletion}; its certificate must be requested "
            "with the deletion itself."
        )
    copies = [Copy("retention", _utc(record.until)), *_unreached(STORE, *ELSEWHERE)]
    copies += _backups(graph, deletion)
    described = _described(graph, planned, "delete", deletion, residual or {})
    return issue_certificate(graph, lock, replace(described, copies=copies))


def draft(
    graph: Graph,
    planned: Plan,
    erasure: str,
    residual: Mapping[str, Any],
    purged: Mapping[str, int],
    bundles: int = 0,
) -> dict[str, Any] | None:
    """Return the claims of an erasure's certificate, while its plan and its keys exist.

    `bundles` could not be removed, being in use. Other copies are added at the end. None if the
    keys of its subjects were destroyed already, because hashes under other keys would differ from
    the log's.
    """
    described = _described(graph, planned, "erase", erasure, residual)
    if not set(described.subjects) <= set(keys.known_hashes().values()):
        return None
    copies = _unreached(*bundles * (BUNDLE,))
    return describe(graph, replace(described, purged=purged, copies=copies))


@notes_inventory
def certify_erasure(
    graph: Graph, lock: WriterLock, erasure: str | None = None, scan: Scan | None = None
) -> bytes:
    """Log the claims of an erasure's certificate, and return it; of the last `erasure` by default.

    `scan` is the search of the copied store, if any. Once logged, the same certificate is returned
    again. Raises Conflict if the erasure is not complete, or its claims were not collected in time.
    """
    found = find_claims(graph, erasure)
    claims = json.loads(found["claims"])
    if found["logged"] is not None:
        return attach_proof(graph, found["logged"], claims)
    in_store = found["state"] != COMPACTED or (scan is not None and scan.files > 0)
    copies = _unreached(STORE if in_store else DISK, *ELSEWHERE, PROJECTIONS)
    copies += _backups(graph, found["id"])
    claims["copies"] = [asdict(copy) for copy in copies] + claims["copies"]
    if scan is not None and scan.texts:
        claims["checks"].append(Check(SCAN, 0, scan.files, cypher=False).described())
    about = [(one["kind"], one["hmac"]) for one in claims["selectors"]]
    entry = Entry("deleted", commit(claims), key=f"deleted {found['id']}", hashed=about)

    def work(transaction: Transaction) -> int:
        lock.check(transaction)
        index = transparency_log.enter(transaction, entry)
        text = canonical(claims).decode()
        transaction.run(query("delete/keep_claims"), id=found["id"], claims=text, logged=index)
        return index

    transparency_log.check(graph)
    index = graph.transact(work)
    transparency_log.seal(graph)
    return attach_proof(graph, index, claims)


def find_claims(graph: Graph, erasure: str | None = None) -> Row:
    """Return id, claims and log entry of an erasure, the last one by default.

    Raises Conflict as `certify_erasure` does.
    """
    rows = [row for row in graph.read(query("delete/read_claims")) if erasure in (None, row["id"])]
    if not rows:
        raise Conflict("Nothing was erased from this graph, so there is nothing to certify.")
    found = rows[0]
    if found["state"] not in THROUGH:
        raise Conflict(
            f"Erasure {found['id']} is not complete; 'hartonomous erase --resume' finishes it."
        )
    if found["claims"] is None:
        raise Conflict(
            f"Erasure {found['id']} is done, but no certificate was requested while its claims "
            "could be computed: an erasure retains nothing to compute them from. The log has its "
            "entry."
        )
    return found


def _unreached(*kinds: str) -> list[Copy]:
    return [Copy(kind, None) for kind in kinds]


def _backups(graph: Graph, removal: str) -> list[Copy]:
    """Return the known backups from before a removal."""
    begun = next(row["created"] for row in journals(graph) if row["id"] == removal)
    (named,) = graph.read(query("delete/read_identity"))
    return [
        Copy("backup", None, _utc(one.made), one.digest or None)
        for one in known_backups(named["identity"] or "")
        if read_time(one.made) <= read_time(begun)
    ]


def _described(
    graph: Graph, planned: Plan, verb: str, key: str, residual: Mapping[str, Any]
) -> Deletion:
    """Inspect the graph after a removal with its plan, and return the content of a certificate."""
    summary, counts = planned.summary, planned.summary["counts"]
    whole = [name for name, source in summary["sources"].items() if source["whole"]]
    now = count(graph)
    stands = Stands(
        len(graph.read(query("audit/read_sources"))),
        sum(now["evidence"].values()),
        sum(now["relations"].values()),
        now["compositions"],
    )
    return Deletion(
        verb=verb,
        subjects=subjects_of(summary["selectors"]),
        before=summary["graph"]["digest"],
        after=summary["after"]["digest"],
        removed=Removed(len(whole), counts["evidence"], counts["lost"], counts["compositions"]),
        stands=stands,
        rerated=_rerated(planned),
        checks=_checks(graph, planned, whole),
        survivors=[Survivor(*each) for each in sorted(summary["survivors"].items())],
        residual=_residual(residual),
        extraction=_extraction(residual),
        plan=summary.get("digest") or plan_digest(summary),
        key=key,
    )


def _residual(found: Mapping[str, Any]) -> list[Residual]:
    """Count, by source, rows with a removed concept in another case, and residual paths with a step
    of the source.
    """
    rows = Counter[tuple[str, str]]()
    for variant in found.get("variants", ()):
        rows["variant", variant["source"]] += variant["rows"]
    for path in found.get("paths", ()):
        rows.update(("path", source) for source in path["sources"])
    return [Residual(kind, source, count) for (kind, source), count in sorted(rows.items())]


def _extraction(found: Mapping[str, Any]) -> dict[str, int]:
    """Return the figures of the extraction test: neighbours and continuations before, after, and
    unchanged.
    """
    near = list(found.get("neighbours", {}).values())
    ways_on = list(found.get("continuations", {}).values())
    if not near and not ways_on:
        return {}
    return {
        "words": len(found["neighbours"].keys() | found["continuations"].keys()),
        "neighbours_before": sum(len(one["before"]) for one in near),
        "neighbours_after": sum(len(one["after"]) for one in near),
        "neighbours_kept": sum(len({*one["before"]} & {*one["after"]}) for one in near),
        "continuations_before": sum(one["before"] is not None for one in ways_on),
        "continuations_after": sum(one["after"] is not None for one in ways_on),
        "continuations_kept": sum(
            one["before"] is not None and one["before"] == one["after"] for one in ways_on
        ),
    }


def _utc(time: str) -> str:
    return read_time(time).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _rerated(plan: Plan) -> Rerated:
    """Count the relations with a changed elo; those with only a changed consensus count as rated
    again.
    """
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
    """Query the graph for any remaining part of what was removed."""
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
    """Count removed rows of remaining sources; rows of removed sources are counted together."""
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
