"""Edges that start at some compositions, as columns, with invalid ones separated.

Results of the database are columns. If a value is missing or of another type, the same edges are
read one by one, and the invalid ones become faults.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from hartonomous.schema import EvidenceType, RatedType

Ints = NDArray[np.int64]

COUNTED = ("n", "weight")
VECTOR = (*COUNTED, "directed", "rank", "support", "positions")
EVIDENCE_COLUMNS = ("starts", "ends", *VECTOR)
RATED = ("elo", "n", "weight", "sources")
CONSENSUS = (*RATED, "seen", "decades", "consensus", "cost")
RATED_COLUMNS = ("starts", "ends", *CONSENSUS)
LISTS = frozenset({"positions", "seen"})
FRACTIONS = frozenset({"elo"})


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
    wanted = VECTOR if evidence.vector else COUNTED
    quick = [
        _quick(source, dict(zip(EVIDENCE_COLUMNS, lists, strict=True)), wanted)
        for source, *lists in answer
    ]
    if all(edges is not None for edges in quick):
        return [edges for edges in quick if edges is not None]
    statement = query("audit/read_evidence_rows", evidence=evidence.name)
    rows = list(graph.stream(statement, ids=list(part)))
    sources = {_hashable(said.get("source")) for _, _, said in rows}
    return [
        _slow(source, [r for r in rows if _hashable(r[2].get("source")) == source], wanted)
        for source in sorted(sources, key=str)
    ]


def rated_edges(
    graph: Graph, rated: RatedType, part: Sequence[int], answer: Sequence[tuple[Any, ...]]
) -> Edges:
    """Return the edges of a result of audit/read_ratings."""
    (lists,) = answer
    wanted = CONSENSUS if rated.consensus else RATED
    found = _quick(None, dict(zip(RATED_COLUMNS, lists, strict=True)), wanted)
    if found is not None:
        return found
    statement = query("audit/read_rating_rows", rated=rated.name)
    return _slow(None, list(graph.stream(statement, ids=list(part))), wanted)


def _quick(source: Any, lists: Mapping[str, list[Any]], wanted: Sequence[str]) -> Edges | None:
    count = len(lists["starts"])
    if any(lists[name] for name in lists.keys() - {*wanted, "starts", "ends"}):
        return None
    columns = {}
    for name in wanted:
        column = column_of(name, lists[name])
        if column is None or len(column) != count:
            return None
        columns[name] = column
    start, end = (np.array(lists[name], dtype=np.int64) for name in ("starts", "ends"))
    return Edges(source, start, end, columns, count)


def column_of(name: str, values: list[Any]) -> Any:
    """Return values as an array of a property's type; None if one has another type."""
    type = pa.float64() if name in FRACTIONS else pa.int64()
    type = pa.list_(type) if name in LISTS else type
    try:
        found = pa.array(values)
    except (pa.ArrowException, OverflowError, TypeError, ValueError):
        return None
    if pa.types.is_null(found.type) and not len(found):
        found = found.cast(type)
    if pa.types.is_list(found.type) and pa.types.is_null(found.type.value_type):
        found = found.cast(type)
    if found.type != type or found.null_count or (name in LISTS and found.flatten().null_count):
        return None
    if name in FRACTIONS and not pc.all(pc.is_finite(found)).as_py() and len(found):
        return None
    return found if name in LISTS else found.to_numpy()


def _slow(
    source: Any, rows: Sequence[tuple[int, int, Mapping[str, Any]]], wanted: Sequence[str]
) -> Edges:
    faults, sound = [], []
    known = {*VECTOR, *CONSENSUS}
    for start, end, said in rows:
        wrong = [name for name in wanted if column_of(name, [said.get(name)]) is None]
        wrong += sorted((known - {*wanted}) & said.keys())
        faults += [Fault(start, end, said.get("source"), name, said.get(name)) for name in wrong]
        if not wrong:
            sound.append((start, end, said))
    columns = {name: column_of(name, [said[name] for _, _, said in sound]) for name in wanted}
    starts, ends = (np.array([row[i] for row in sound], dtype=np.int64) for i in (0, 1))
    return Edges(source, starts, ends, columns, len(rows), tuple(faults))


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
