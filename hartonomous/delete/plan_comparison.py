"""Comparison of a plan from elsewhere with a new plan of the same selection."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from hartonomous.delete.deletion_plan import Plan
from hartonomous.identity import canonical_json

OWN = frozenset({"nonce", "files", "digest", "signature", "cut"})
"""Parts of a summary that differ between equal plans, or that no removal uses."""

LISTS = frozenset({"seen", "seen_before"})
"""Columns whose lists are sets."""


def differences(expected: Plan, given: Plan) -> list[str]:
    """Return the differences between a plan and the expected one: the first differing row of each
    table.
    """
    return [
        *_summary_differences(expected.summary, given.summary),
        *_table_differences(expected.tables, given.tables),
    ]


def _summary_differences(expected: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[str]:
    meant = json.loads(canonical_json({k: v for k, v in expected.items() if k not in OWN}))
    for name in sorted((meant.keys() | given.keys()) - OWN):
        if canonical_json(meant.get(name)) != canonical_json(given.get(name)):
            yield f"its {name} {'is missing' if name not in given else 'differs'}"


def _table_differences(
    expected: Mapping[str, pa.Table], given: Mapping[str, pa.Table]
) -> Iterator[str]:
    for name in sorted(expected.keys() | given.keys()):
        if name not in given or name not in expected:
            yield f"table {name} is {'missing' if name in expected else 'not expected'}"
            continue
        ours, theirs = expected[name], given[name]
        if ours.schema != theirs.schema:
            yield f"table {name} has other columns"
        elif ours.num_rows != theirs.num_rows:
            yield f"table {name} has {theirs.num_rows:,} rows, expected {ours.num_rows:,}"
        elif (row := _first_difference(ours, theirs)) is not None:
            yield f"row {row} of table {name}: {_described(ours, theirs, row)}"


def _first_difference(ours: pa.Table, theirs: pa.Table) -> int | None:
    if ours.equals(theirs):
        return None
    columns = [name for name in ours.schema.names]
    for first in range(0, ours.num_rows, 10_000):
        left, right = (table.slice(first, 10_000).to_pylist() for table in (ours, theirs))
        for row, (one, other) in enumerate(zip(left, right, strict=True)):
            if any(_value(name, one) != _value(name, other) for name in columns):
                return first + row
    return None


def _value(name: str, row: Mapping[str, Any]) -> Any:
    value = row[name]
    return sorted(value) if name in LISTS and value is not None else value


def _described(ours: pa.Table, theirs: pa.Table, row: int) -> str:
    (meant,), (said,) = (table.slice(row, 1).to_pylist() for table in (ours, theirs))
    away = [name for name in meant if _value(name, meant) != _value(name, said)]
    return ", ".join(f"{name} is {said[name]!r}, expected {meant[name]!r}" for name in away)
