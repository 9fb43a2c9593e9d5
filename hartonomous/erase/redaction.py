"""Redaction: removes erased rows, texts and names from retained deletions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from hartonomous.delete.deletion_plan import Plan
from hartonomous.delete.overlap_transfer import divide
from hartonomous.delete.retention_area import Retained, kept, let_go, read_retained, rewrite
from hartonomous.delete.selector_overlap import Mask
from hartonomous.erase.erasure_target import Reach
from hartonomous.errors import BadInput, Conflict
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.schema import TOKEN


def purge_deletions(graph: Graph, lock: WriterLock, erasure: str, reach: Reach) -> int:
    """Remove erased data from retained deletions; return the number of deletions concerned.

    A damaged one cannot be restored and its content is unknown: it is deleted.
    """
    (identity,) = lock.write(query("delete/identify_graph"))
    every = [one for one in kept(identity["identity"]) if one.id != erasure]
    return sum(_purge(lock, one, every, reach) for one in every)


def _purge(lock: WriterLock, one: Retained, every: list[Retained], reach: Reach) -> bool:
    """Remove erased data from one deletion; return whether it had any."""
    try:
        other = read_retained(one.id)
    except (BadInput, Conflict):
        _let_go(lock, one.id)
        return True
    left, gone = divide(other, reach)
    held = reach.compositions(other)
    rows = any(table.num_rows for table in (*gone.evidence.values(), gone.tables["visits"]))
    if not (held.any() or rows or reach.sought.names_in(other.summary)):
        return False
    redacted = redact(left, held, reach)
    stays = any(table.num_rows for table in (*left.evidence.values(), left.tables["visits"]))
    # Even without rows it selects rows that undoing an earlier deletion would restore.
    earlier = any(before.number < one.number for before in every)
    if stays or (earlier and _stands_for_something(redacted)):
        rewrite(one.id, redacted)
    else:
        _let_go(lock, one.id)
    return True


def _let_go(lock: WriterLock, deletion: str) -> None:
    let_go(deletion)
    lock.write(query("delete/set_journal_state"), id=deletion, state="erased")


def _stands_for_something(planned: Plan) -> bool:
    return any(
        values
        for name, values in planned.summary["selectors"].items()
        if isinstance(values, list) and name != "types"
    )


def redact(left: Plan, held: Mask, reach: Reach) -> Plan:
    """Return a plan, its rows already divided, without any erased name.

    `held` is the mask of its erased compositions.
    """
    table = left.tables["compositions"]
    keys = set(table.filter(pa.array(held))["key"].to_pylist()) | reach.sought.own_keys
    # An empty text and key stand where one was; no row refers to them any more.
    blank = {"id": -1, "key": "0" * 32, "text": "", "kind": TOKEN}
    rows = [blank if out else row for row, out in zip(table.to_pylist(), held, strict=True)]
    joins = left.tables["structure"]
    away = np.array([token in keys for token in joins["token"].to_pylist()], dtype=bool)
    for end in ("start", "end"):
        away |= held[joins[end].to_numpy()]
    tables = {
        **left.tables,
        "compositions": pa.Table.from_pylist(rows, schema=table.schema),
        "structure": joins.filter(pa.array(~away)),
        **{
            name: left.tables[name].slice(0, 0)
            for name in ("relations", "shifts", "orphans", "known", "masses")
        },
    }
    return replace(left, summary=_redacted_summary(left, keys, reach), tables=tables)


def _redacted_summary(left: Plan, keys: set[str], reach: Reach) -> dict[str, Any]:
    summary, sought, covered = left.summary, reach.sought, reach.sources(left)
    named = covered | {name for name in _source_names(summary) if sought.is_named(f"source:{name}")}
    return {
        **summary,
        "selectors": sought.unnamed(summary["selectors"], covered),
        "top_losses": [],
        "cut": None,
        "compositions": [
            one
            for one in summary["compositions"]
            if one["key"] not in keys and not sought.is_word(one["text"], one["kind"])
        ],
        "pairs": [pair for pair in summary["pairs"] if not keys & set(pair)],
        "evidence_ranges": [
            one
            for one in summary["evidence_ranges"]
            if one["source"] not in covered and not sought.is_named(f"source:{one['source']}")
        ],
        "sources": {n: one for n, one in summary["sources"].items() if n not in covered},
        **{
            name: {n: one for n, one in summary[name].items() if n not in named}
            for name in ("survivors", "votes")
        },
        "agreements": [
            one for one in summary["agreements"] if not {one["low"], one["high"]} & named
        ],
    }


def _source_names(summary: Mapping[str, Any]) -> set[str]:
    agreeing = {one[end] for one in summary["agreements"] for end in ("low", "high")}
    return {*summary["survivors"], *summary["votes"], *agreeing}
