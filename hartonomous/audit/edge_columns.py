"""Edges that start at some compositions, as columns, with invalid ones separated.

Results of the database are columns. If a value is missing or of another type, the same edges are
read one by one, and the invalid ones become faults.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from hartonomous.schema import (
    AGAINST,
    RATED_PROPERTIES,
    EvidenceType,
    RatedType,
    evidence_columns,
)

Ints = NDArray[np.int64]

_TYPES = {each.name: each.type for each in (*RATED_PROPERTIES, AGAINST)}
RATED = tuple(_TYPES)
"""Properties of rated edges, in the order of audit/read_ratings."""
_ARROW = {"INTEGER": pa.int64(), "FLOAT": pa.float64()}


@dataclass(frozen=True)
class Fault:
    """An invalid value: the database ids of the edge's ends, its source if it is evidence, the
    property and the value.
    """

    start: int
    end: int
    source: object
    name: str
    value: object


@dataclass(frozen=True)
class Edges:
    """Valid edges of one type, and of one source if they are evidence, as columns.

    `start` and `end` are database ids, (n,) int64; `columns` has (n,) arrays by property, Arrow
    lists for lists; `count` includes the invalid edges.
    """

    source: Any
    start: Ints
    end: Ints
    columns: Mapping[str, Any]
    count: int
    faults: tuple[Fault, ...] = field(default=())


def evidence_edges(
    graph: Graph, evidence: EvidenceType, part: Sequence[int], answer: Sequence[tuple[Any, ...]]
) -> list[Edges]:
    """Return the edges of a result of audit/read_evidence, by source."""
    types = {each.name: each.type for each in evidence_columns()}
    wanted = {each.name: each.type for each in evidence.columns}
    quick = [
        _quick(source, dict(zip(("starts", "ends", *types), lists, strict=True)), wanted)
        for source, *lists in answer
    ]
    if all(edges is not None for edges in quick):
        return [edges for edges in quick if edges is not None]
    statement = query("audit/read_evidence_rows", evidence=evidence.name)
    rows = _with_zeros(graph.stream(statement, ids=list(part)), evidence.later)
    sources = {_hashable(said.get("source")) for _, _, said in rows}
    return [
        _slow(source, [r for r in rows if _hashable(r[2].get("source")) == source], wanted, types)
        for source in sorted(sources, key=str)
    ]


def rated_edges(
    graph: Graph, rated: RatedType, part: Sequence[int], answer: Sequence[tuple[Any, ...]]
) -> Edges:
    """Return the edges of a result of audit/read_ratings."""
    (lists,) = answer
    found = _quick(None, dict(zip(("starts", "ends", *RATED), lists, strict=True)), _TYPES)
    if found is not None:
        return found
    statement = query("audit/read_rating_rows", rated=rated.name)
    rows = _with_zeros(graph.stream(statement, ids=list(part)), (AGAINST.name,))
    return _slow(None, rows, _TYPES, _TYPES)


def _with_zeros(
    rows: Iterable[tuple[Any, ...]], names: Iterable[str]
) -> list[tuple[int, int, dict[str, Any]]]:
    """Return edges told one by one, with 0 for properties that are stored only where they count."""
    zeros = dict.fromkeys(names, 0)
    return [(start, end, {**zeros, **said}) for start, end, said in rows]


def _quick(source: Any, lists: Mapping[str, list[Any]], wanted: Mapping[str, str]) -> Edges | None:
    count = len(lists["starts"])
    if any(lists[name] for name in lists.keys() - {*wanted, "starts", "ends"}):
        return None
    columns = {}
    for name, type in wanted.items():
        column = column_of(type, lists[name])
        if column is None or len(column) != count:
            return None
        columns[name] = column
    start, end = (np.array(lists[name], dtype=np.int64) for name in ("starts", "ends"))
    return Edges(source, start, end, columns, count)


def column_of(property: str, values: list[Any]) -> Any:
    """Return values as an array of a property's type; None if one has another type."""
    is_list = property.startswith("LIST<")
    item = _ARROW[property.removeprefix("LIST<").removesuffix(">")]
    type = pa.list_(item) if is_list else item
    try:
        found = pa.array(values)
    except (pa.ArrowException, OverflowError, TypeError, ValueError):
        return None
    if pa.types.is_null(found.type) and not len(found):
        found = found.cast(type)
    if pa.types.is_list(found.type) and pa.types.is_null(found.type.value_type):
        found = found.cast(type)
    if found.type != type or found.null_count or (is_list and found.flatten().null_count):
        return None
    values = found.flatten() if is_list else found
    if item == pa.float64() and len(values) and not pc.all(pc.is_finite(values)).as_py():
        return None
    return found if is_list else found.to_numpy()


def _slow(
    source: Any,
    rows: Sequence[Sequence[Any]],
    wanted: Mapping[str, str],
    known: Mapping[str, str],
) -> Edges:
    """Return edges told one by one; a property of `known` that is not `wanted` is a fault too."""
    faults, sound = [], []
    for start, end, said in rows:
        wrong = [name for name, type in wanted.items() if column_of(type, [said.get(name)]) is None]
        wrong += sorted((known.keys() - wanted.keys()) & said.keys())
        faults += [Fault(start, end, said.get("source"), name, said.get(name)) for name in wrong]
        if not wrong:
            sound.append((start, end, said))
    columns = {
        name: column_of(type, [said[name] for _, _, said in sound]) for name, type in wanted.items()
    }
    starts, ends = (np.array([row[i] for row in sound], dtype=np.int64) for i in (0, 1))
    return Edges(source, starts, ends, columns, len(rows), tuple(faults))


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
