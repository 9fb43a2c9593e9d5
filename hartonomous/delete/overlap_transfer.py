"""Overlap transfer: rows that move from one retained deletion to a later one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hartonomous.delete.deletion_plan import Plan
from hartonomous.delete.place_changes import with_rows
from hartonomous.delete.selector_overlap import Coverage, Mask
from hartonomous.schema import context_evidence

Ints = NDArray[np.int64]


def divide(planned: Plan, coverage: Coverage) -> tuple[Plan, Plan]:
    """Return the rows of a plan that another removal does not select, and those it selects.

    The missing mass of remaining visits includes the removed rows of their contexts.
    """
    keep, give = dict(planned.tables), dict(planned.tables)
    for name in planned.evidence:
        keep[name], give[name] = _split(planned.tables[name], coverage.rows(planned, name))
    visits, give["visits"] = _split(planned.tables["visits"], coverage.visits(planned))
    keep["visits"] = with_mass(visits, next_weights(give))
    for part in (keep, give):
        part["places"] = with_rows(planned.tables["places"], part)
    return replace(planned, tables=keep), replace(planned, tables=give)


def joined(plan: Plan, more: Plan, sources: Mapping[str, Any], covered: Collection[str]) -> Plan:
    """Return a plan with another's rows added, without duplicates.

    `sources` are the sources of the rows; those `covered` are restored whole with the plan.
    """
    compositions, place = _united(plan.tables["compositions"], more.tables["compositions"])
    tables = {**plan.tables, "compositions": compositions}
    fresh: dict[str, pa.Table] = {}
    for name in more.evidence:
        rows = _renumbered(more.tables[name], place)
        own = plan.tables.get(name, rows.slice(0, 0))
        fresh[name] = _not_in(rows, own, ("start", "end", "source"))
        tables[name] = pa.concat_tables([own, fresh[name]]).sort_by(
            [("start", "ascending"), ("end", "ascending"), ("source", "ascending")]
        )
    coming = {key: -weight for key, weight in next_weights(fresh).items()}
    tables["visits"] = pa.concat_tables(
        [
            # The missing mass of its visits includes the rows added to it now.
            with_mass(plan.tables["visits"], coming),
            _not_in(
                _renumbered(more.tables["visits"], place),
                plan.tables["visits"],
                ("source", "composition"),
            ),
        ]
    )
    own, places = plan.tables["places"], _renumbered(more.tables["places"], place)
    places = _not_in(places, own, ("source", "composition", "place"))
    tables["places"] = pa.concat_tables([own, places])
    structure = _renumbered(more.tables["structure"], place)
    tables["structure"] = pa.concat_tables([plan.tables["structure"], structure])
    known = dict(plan.summary["sources"])
    for name, source in sources.items():
        if name in covered and source["whole"]:
            known[name] = source
        known.setdefault(name, {**source, "whole": False})
    return Plan({**plan.summary, "sources": known}, tables)


def next_weights(tables: Mapping[str, pa.Table]) -> dict[tuple[str, int], int]:
    """Return the total weight of next-token rows in micro-units, by source and context.

    `tables` are those of a plan; contexts are row numbers of its compositions.
    """
    if context_evidence() not in tables:
        return {}
    sums = tables[context_evidence()].group_by(["source", "start"]).aggregate([("weight", "sum")])
    return {(row["source"], row["start"]): row["weight_sum"] for row in sums.to_pylist()}


def _united(own: pa.Table, more: pa.Table) -> tuple[pa.Table, Ints]:
    """Return both tables' compositions, own ones first, and the index of each of `more` among them."""
    place = {key: row for row, key in enumerate(own["key"].to_pylist())}
    fresh = [row for row, key in enumerate(more["key"].to_pylist()) if key not in place]
    for row in fresh:
        place[more["key"][row].as_py()] = len(place)
    both = [own, more.take(pa.array(fresh, pa.int64()))]
    # One of them may have properties of kinds that the other has none of.
    table = pa.concat_tables(both, promote_options="default")
    return table, np.array([place[key] for key in more["key"].to_pylist()], dtype=np.int32)


def _renumbered(table: pa.Table, place: Ints) -> pa.Table:
    for column, name in enumerate(table.schema.names):
        if name in ("start", "end", "composition"):
            array = pa.array(place[table[name].to_numpy()], pa.int32())
            table = table.set_column(column, table.schema.field(name), array)
    return table


def _not_in(rows: pa.Table, own: pa.Table, names: Sequence[str]) -> pa.Table:
    known = set(zip(*(own[name].to_pylist() for name in names), strict=True))
    keys = zip(*(rows[name].to_pylist() for name in names), strict=True)
    return rows.filter(pa.array([key not in known for key in keys], pa.bool_()))


def with_mass(visits: pa.Table, added: Mapping[tuple[str, int], int]) -> pa.Table:
    """Return visits, columns `source`, `composition` and `mass` among others, with mass added in
    micro-units by (source, composition).
    """
    keys = zip(visits["source"].to_pylist(), visits["composition"].to_pylist(), strict=True)
    masses = [
        mass + added.get(key, 0) for key, mass in zip(keys, visits["mass"].to_pylist(), strict=True)
    ]
    place = visits.schema.get_field_index("mass")
    return visits.set_column(place, visits.schema.field("mass"), pa.array(masses, pa.int64()))


def _split(table: pa.Table, mask: Mask) -> tuple[pa.Table, pa.Table]:
    return table.filter(pa.array(~mask)), table.filter(pa.array(mask))
