"""Removed rows: the rows of a selection, as columns: evidence by type, visits, edges between
contexts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hartonomous.delete.selectors import Selection, one_way, relates
from hartonomous.evidence import fields
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from hartonomous.schema import MICRO, evidence_type

CHUNK = 50_000
IDS = 5_000

Ints = NDArray[np.int64]

VISITS = pa.schema(
    [
        pa.field("source", pa.string()),
        pa.field("composition", pa.int64()),
        pa.field("n", pa.int64()),
        pa.field("mass", pa.int64()),
    ]
)
"""A removed visit; `composition` is a database id until the plan numbers compositions."""

STRUCTURE = pa.schema(
    [
        pa.field("type", pa.string()),
        pa.field("start", pa.int64()),
        pa.field("end", pa.int64()),
        pa.field("token", pa.string()),
    ]
)


def row_schema(evidence: str) -> pa.Schema:
    """Return the columns of removed rows: database ids of the edge and its ends, source, counts."""
    own = fields(evidence_type(evidence))
    ids = [pa.field(name, pa.int64(), nullable=False) for name in ("edge", "start", "end")]
    return pa.schema([*ids, pa.field("source", pa.string(), nullable=False), *own])


def read_rows(
    graph: Graph, selection: Selection, types: Mapping[str, Sequence[str]]
) -> dict[str, pa.Table]:
    """Return the selected evidence by type, with the columns of `row_schema`, sorted by (start,
    end, source), each edge once.

    `types` are the evidence types of each source.
    """
    every = sorted(set(chain.from_iterable(types.values())))
    ids = [one.id for one in selection.compositions]
    tables: dict[str, pa.Table] = {}
    for evidence in every:
        asked: list[tuple[str, dict[str, Any]]] = [
            ("delete/read_source_evidence", {"source": name, "least": 0, "most": MICRO})
            for name in sorted(selection.sources)
            if evidence in types[name]
        ]
        asked += [
            (
                "delete/read_source_evidence",
                {"source": e.source, "least": e.least, "most": e.most},
            )
            for e in selection.evidence
            if e.evidence == evidence
        ]
        asked += [
            ("delete/read_concept_evidence", {"ids": ids[first : first + IDS]})
            for first in range(0, len(ids), IDS)
        ]
        asked += [
            (
                "delete/read_pair_evidence",
                {
                    "pair": [low["id"], high["id"]],
                    "one_way": one_way(evidence, selection.types),
                },
            )
            for low, high in selection.pairs
            if relates(evidence, selection.types)
        ]
        found = [
            table
            for name, parameters in asked
            for table in _tables(graph, query(name, evidence=evidence), evidence, parameters)
        ]
        if found and (rows := _sorted_once(pa.concat_tables(found))).num_rows:
            tables[evidence] = rows
    return tables


def read_visits(graph: Graph, selection: Selection) -> pa.Table:
    """Return the selected visits, with the columns of VISITS: those of whole sources, and of
    removed compositions.
    """
    ids = [one.id for one in selection.compositions]
    rows = chain(
        *(
            graph.stream(query("delete/read_source_visits"), source=name)
            for name in sorted(selection.sources)
        ),
        *(
            graph.stream(query("delete/read_concept_visits"), ids=ids[first : first + IDS])
            for first in range(0, len(ids), IDS)
        ),
    )
    once = sorted(set(rows))
    return pa.Table.from_arrays(
        [
            pa.array(column, field.type)
            for column, field in zip(_columns(once, 4), VISITS, strict=True)
        ],
        schema=VISITS,
    )


def read_structure(graph: Graph, ids: Ints) -> pa.Table:
    """Return the edges between contexts at some compositions, each once; `ids` (n,) int64 and the
    ends are database ids.
    """
    rows: dict[int, tuple[Any, ...]] = {}
    for first in range(0, len(ids), IDS):
        part = ids[first : first + IDS].tolist()
        for edge, *join in graph.stream(query("delete/read_structure"), ids=part):
            rows[edge] = tuple(join)
    once = sorted(rows.values(), key=lambda row: tuple(map(str, row)))
    return pa.Table.from_arrays(
        [
            pa.array(column, field.type)
            for column, field in zip(_columns(once, 4), STRUCTURE, strict=True)
        ],
        schema=STRUCTURE,
    )


def _tables(
    graph: Graph, statement: str, evidence: str, parameters: Mapping[str, Any]
) -> Iterator[pa.Table]:
    schema = row_schema(evidence)
    rows = graph.stream(statement, **parameters)
    while chunk := list(islice(rows, CHUNK)):
        read = zip(zip(*chunk, strict=True), schema, strict=True)
        arrays = [pa.array(column, field.type) for column, field in read]
        yield pa.Table.from_arrays(arrays, schema=schema)


def _sorted_once(table: pa.Table) -> pa.Table:
    edges = table["edge"].to_numpy()
    _, first = np.unique(edges, return_index=True)
    once = table.take(pa.array(first))
    return once.sort_by([("start", "ascending"), ("end", "ascending"), ("source", "ascending")])


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[tuple[Any, ...]]:
    return list(zip(*rows, strict=True)) if rows else [()] * width
