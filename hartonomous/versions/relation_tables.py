"""Relation tables: rated relations as columns, of the present graph, of one source alone, of a
snapshot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hartonomous.errors import Conflict
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.progress import Progress
from hartonomous.rate.rating_pass import read_state
from hartonomous.schema import MICRO, evidence_type, rated_types

STARTS = 1_000
"""Compositions whose relations are read in one result."""

COMPOSITIONS = pa.schema([(name, pa.string()) for name in ("key", "text", "kind")])

RELATIONS = pa.schema(
    [
        ("type", pa.int16()),
        ("start", pa.int32()),
        ("end", pa.int32()),
        ("elo", pa.float64()),
        ("n", pa.int64()),
        ("weight", pa.int64()),
        ("sources", pa.int32()),
        ("consensus", pa.int32()),
    ]
)
"""`type` is an index into schema.RATED, `start` and `end` rows of the compositions; `consensus` is
null for types without one, and for one source alone.
"""


@dataclass(frozen=True)
class RelationTable:
    """Compositions, sorted by key, and the relations among them, with the columns of COMPOSITIONS
    and RELATIONS.
    """

    compositions: pa.Table
    relations: pa.Table


def graph_relations(graph: Graph, progress: Progress) -> RelationTable:
    """Return every rated relation of the graph, in one settled state.

    Raises Conflict if the graph is not settled, or changes during the read.
    """
    state = _settled(graph)
    tracks = graph.read(query("rate/read_tracks"))
    types = {evidence_type(t["evidence"]).feeds for t in tracks if t["state"] == "live"}

    def read(rated: str, ids: list[int]) -> list[Row]:
        return graph.read(query("audit/read_relations", rated=rated), ids=ids)

    table = _read(graph, sorted(types), read, _rated_columns, progress)
    _unmoved(graph, state)
    return table


def source_relations(graph: Graph, source: str, progress: Progress) -> RelationTable:
    """Return one source's relations, rated as if it were the only one: elo alone.

    Raises Conflict if the graph is not settled, or changes during the read.
    """
    state = _settled(graph)
    tracks = graph.read(query("rate/read_tracks"))
    types = {evidence_type(t["evidence"]).feeds for t in tracks if t["source"] == source}

    def read(rated: str, ids: list[int]) -> list[Row]:
        statement = query("audit/read_source_relations", rated=rated)
        return graph.read(statement, ids=ids, source=source)

    table = _read(graph, sorted(types), read, _alone_columns, progress)
    _unmoved(graph, state)
    return table


def _read(
    graph: Graph,
    types: Sequence[str],
    read: Callable[[str, list[int]], list[Row]],
    columns: Callable[[list[Row], int], list[Any]],
    progress: Progress,
) -> RelationTable:
    found = list(zip(*graph.stream(query("audit/read_compositions")), strict=True))
    ids = np.array(found[0] if found else [], dtype=np.int64)
    keys, texts, kinds = found[1:] if found else ((), (), ())
    compositions = pa.table([keys, texts, kinds], schema=COMPOSITIONS)
    order = np.argsort(np.array(keys, dtype="U32"))
    by_id = np.argsort(ids)
    row_of = np.empty(len(ids), dtype=np.int32)
    row_of[order] = np.arange(len(ids), dtype=np.int32)

    def rows(wanted: NDArray[np.int64]) -> NDArray[np.int32]:
        return row_of[by_id[np.searchsorted(ids, wanted, sorter=by_id)]]

    parts = [part for rated in types for part in _parts(rated, ids, rows, read, columns, progress)]
    relations = pa.concat_tables([RELATIONS.empty_table(), *parts])
    used = np.zeros(len(ids), dtype=bool)
    for end in ("start", "end"):
        used[relations[end].to_numpy()] = True
    return _compacted(compositions.take(pa.array(order)), relations, used)


def _parts(
    rated: str,
    ids: NDArray[np.int64],
    rows: Callable[[NDArray[np.int64]], NDArray[np.int32]],
    read: Callable[[str, list[int]], list[Row]],
    columns: Callable[[list[Row], int], list[Any]],
    progress: Progress,
) -> Iterator[pa.Table]:
    number = [one.name for one in rated_types()].index(rated)
    for first in range(0, len(ids), STARTS):
        found = read(rated, ids[first : first + STARTS].tolist())
        lengths = [len(row["ends"]) for row in found]
        starts = rows(np.array([row["start"] for row in found], dtype=np.int64))
        yield pa.table(
            [
                np.full(sum(lengths), number, dtype=np.int16),
                np.repeat(starts, lengths),
                rows(_flat(found, "ends", np.int64)),
                *columns(found, sum(lengths)),
            ],
            schema=RELATIONS,
        )
        progress(f"reading: {rated}", min(first + STARTS, len(ids)), len(ids))


def _flat(found: list[Row], name: str, dtype: type) -> NDArray[Any]:
    return np.fromiter(chain.from_iterable(row[name] for row in found), dtype=dtype)


def _rated_columns(found: list[Row], rows: int) -> list[Any]:
    consensus = _flat(found, "consensuses", np.int32)
    return [
        _flat(found, "elos", np.float64),
        _flat(found, "times", np.int64),
        _flat(found, "weights", np.int64),
        _flat(found, "sources", np.int32),
        # Cypher's collect skips nulls, so types without a consensus have empty lists.
        consensus if len(consensus) else pa.nulls(rows, pa.int32()),
    ]


def _alone_columns(found: list[Row], rows: int) -> list[Any]:
    times, weights = _flat(found, "times", np.int64), _flat(found, "weights", np.int64)
    return [
        elos_alone(times, weights, _flat(found, "against", np.int64)),
        times,
        weights,
        np.ones(rows, dtype=np.int32),
        pa.nulls(rows, pa.int32()),
    ]


def elos_alone(
    n: NDArray[np.int64], weight: NDArray[np.int64], against: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return `formulas.elo` of pairs that one source observed.

    >>> elos_alone(np.array([3]), np.array([1_350_000]), np.array([0])).tolist()
    [1745.3]
    """
    mean = weight / MICRO / (n + against)
    return np.asarray(1500.0 + np.minimum(0.1 * n, 1000.0) + 500.0 * mean + 20.0)


def _compacted(
    compositions: pa.Table, relations: pa.Table, used: NDArray[np.bool_]
) -> RelationTable:
    """Return the tables without compositions that have no relation; relations sorted."""
    row = np.cumsum(used, dtype=np.int32) - 1
    for place, name in ((1, "start"), (2, "end")):
        moved = pa.array(row[relations[name].to_numpy()])
        relations = relations.set_column(place, RELATIONS.field(name), moved)
    order = np.lexsort([relations[name].to_numpy() for name in ("end", "start", "type")])
    return RelationTable(compositions.filter(pa.array(used)), relations.take(pa.array(order)))


def _settled(graph: Graph) -> Row:
    state = read_state(graph)
    if not state["settled"]:
        raise Conflict(
            "A rating pass is running or was interrupted; finish it with 'hartonomous rate', "
            "then run this again."
        )
    return state


def _unmoved(graph: Graph, before: Row) -> None:
    if read_state(graph) != before:
        raise Conflict("The graph changed during the read; run this again.")
