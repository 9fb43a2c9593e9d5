"""Visit changes of a removal: removed visits, and the missing mass of remaining ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from hartonomous.evidence import key_columns, mass_digest, summed, visit_digest
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, in_parts
from hartonomous.schema import context_evidence

IDS = 5_000

MASSES = pa.schema(
    [
        pa.field("source", pa.string()),
        pa.field("composition", pa.int64()),
        pa.field("added", pa.int64()),
    ]
)
"""Remaining visits with a larger missing mass: the weight of removed evidence is added."""


def masses(
    graph: Graph, rows: Mapping[str, pa.Table], visits: pa.Table, leaving: Sequence[str]
) -> pa.Table:
    """Return the increase in missing mass, with the columns of MASSES, of visits that remain while
    evidence at their context is removed.

    `rows` are the removed ones by type, `visits` the removed visits, `leaving` the sources removed
    whole.
    """
    if context_evidence() not in rows:
        return MASSES.empty_table()
    table = rows[context_evidence()]
    gone = set(zip(visits["source"].to_pylist(), visits["composition"].to_pylist(), strict=True))
    sums = table.group_by(["source", "start"]).aggregate([("weight", "sum")])
    kept = [
        row
        for row in sums.to_pylist()
        if row["source"] not in leaving and (row["source"], row["start"]) not in gone
    ]
    there = visited(graph, sorted({row["start"] for row in kept}))
    kept = [row for row in kept if (row["source"], row["start"]) in there]
    kept.sort(key=lambda row: (row["source"], row["start"]))
    return pa.table(
        {
            "source": [row["source"] for row in kept],
            "composition": [row["start"] for row in kept],
            "added": [row["weight_sum"] for row in kept],
        },
        schema=MASSES,
    )


def visited(graph: Graph, ids: Sequence[int]) -> set[tuple[str, int]]:
    """Return the pairs of source and composition, given by database id, with a visit."""
    statement = query("delete/read_concept_visits")
    return {
        (source, context)
        for part in in_parts(ids, IDS)
        for source, context, _, _ in graph.stream(statement, ids=list(part))
    }


def visits_by_source(tables: Mapping[str, pa.Table]) -> dict[str, list[int]]:
    """Return the digest of each source's removed visits, by source; `tables` are those of a plan."""
    keys = key_columns(tables["compositions"]["key"])
    found = {}
    for source in sorted(tables["visits"]["source"].unique().to_pylist()):
        part = tables["visits"].filter(pc.equal(tables["visits"]["source"], source))
        n, mass = part["n"].to_numpy(), part["mass"].to_numpy()
        found[source] = visit_digest(keys[part["composition"].to_numpy()], n, mass)
    return found


def visited_after(tables: Mapping[str, pa.Table], name: str, now: list[int]) -> list[int]:
    """Return the digest of a source's remaining visits, given the digest `now` of all of them.

    Both are five integers, as `evidence.visit_digest` returns them; `tables` are those of a plan.
    """
    keys = key_columns(tables["compositions"]["key"])
    if name in (gone := visits_by_source(tables)):
        now = summed(now, gone[name], -1)
    more = tables["masses"].filter(pc.equal(tables["masses"]["source"], name))
    added = mass_digest(keys[more["composition"].to_numpy()], more["added"].to_numpy())
    return summed(now, added)
