"""Place changes of a removal: a source keeps the places of a composition while it keeps any row of it.

A plan holds the places of every pair of source and composition of which it removes a row, whether
or not they go: so whatever brings a row back can bring back its places, in any order of undos.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hartonomous.delete.selectors import Selection
from hartonomous.evidence import key_columns, summed
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, in_parts
from hartonomous.held_places import place_digest
from hartonomous.schema import is_evidence

IDS = 5_000
CHUNK = 50_000

Ints = NDArray[np.int64]

PLACES = pa.schema(
    [
        pa.field("source", pa.string()),
        pa.field("composition", pa.int64()),
        pa.field("place", pa.string()),
        pa.field("gone", pa.bool_()),
    ]
)
"""A place of a removed row, and whether it goes, since the source keeps no row of the composition.

`composition` is a database id until the plan numbers compositions.
"""

NUMBERED = PLACES.set(1, pa.field("composition", pa.int32()))
"""The same in a plan."""

_SHIFT = 48
"""Bits of a database id, in a number that stands for a source and a composition."""


def read_places(graph: Graph, selection: Selection, tables: Mapping[str, pa.Table]) -> pa.Table:
    """Return the places of the sources removed whole, and of each pair of source and composition
    that loses a row, with the columns of PLACES, sorted.

    `tables` are the removed rows: evidence by type, and `visits`.
    """
    whole = sorted(selection.sources)
    found = []
    for name in whole:
        rows = graph.stream(query("delete/read_source_held"), source=name)
        found += [_flagged(part, True) for part in _parts(rows)]
    codes: dict[str, int] = {}
    lost, times = _lost_rows(tables, codes)
    left = ~np.isin(lost >> _SHIFT, [codes[name] for name in whole if name in codes])
    lost, times = lost[left], times[left]
    statement = query("delete/read_concept_held")
    ids = np.unique(lost & ((1 << _SHIFT) - 1)).tolist()
    answers = graph.stream_parts(statement, "ids", in_parts(ids, IDS))
    for part in _parts(chain.from_iterable(answers)):
        pair = _pair_numbers(part, codes)
        at = np.minimum(np.searchsorted(lost, pair), len(lost) - 1)
        part = _flagged(part, part["own"].to_numpy() == times[at])
        found.append(part.filter(pa.array(lost[at] == pair)))
    table = pa.concat_tables([PLACES.empty_table(), *found])
    once = table.group_by(PLACES.names, use_threads=False).aggregate([]).select(PLACES.names)
    return once.sort_by([(name, "ascending") for name in PLACES.names]).cast(PLACES)


def _parts(rows: Iterator[tuple[Any, ...]]) -> Iterator[pa.Table]:
    """Yield streamed rows of source, composition, place and perhaps the number of own rows."""
    names = [*PLACES.names[:3], "own"]
    while chunk := list(islice(rows, CHUNK)):
        yield pa.table(dict(zip(names, map(list, zip(*chunk, strict=True)), strict=False)))


def _flagged(part: pa.Table, gone: bool | NDArray[np.bool_]) -> pa.Table:
    flags = np.broadcast_to(gone, part.num_rows).copy()
    return part.select(PLACES.names[:3]).append_column("gone", pa.array(flags)).cast(PLACES)


def _pair_numbers(places: pa.Table, codes: dict[str, int]) -> Ints:
    source = _numbers(places["source"], codes) << _SHIFT
    numbers: Ints = source | places["composition"].to_numpy().astype(np.int64)
    return numbers


def _lost_rows(tables: Mapping[str, pa.Table], codes: dict[str, int]) -> tuple[Ints, Ints]:
    """Return each pair of source and composition with removed rows as a number, sorted, and how
    many; `codes` gets a number for each source.
    """
    every = np.concatenate([np.empty(0, dtype=np.int64), *_pairs(tables, codes)])
    lost, times = np.unique(every, return_counts=True)
    return lost, times.astype(np.int64)


def _pairs(tables: Mapping[str, pa.Table], codes: dict[str, int]) -> Iterator[Ints]:
    """Yield the pairs of source and composition of rows, an end that is both ends once."""
    for name, table in tables.items():
        if not table.num_rows or not (name == "visits" or is_evidence(name)):
            continue
        if name == "visits":
            yield _pair_numbers(table, codes)
            continue
        source = _numbers(table["source"], codes) << _SHIFT
        start, end = (table[column].to_numpy().astype(np.int64) for column in ("start", "end"))
        yield source | start
        yield (source | end)[start != end]


def _numbers(sources: pa.ChunkedArray, codes: dict[str, int]) -> Ints:
    column = sources.combine_chunks().dictionary_encode()
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    own = [codes.setdefault(name, len(codes)) for name in column.dictionary.to_pylist()]
    numbers: Ints = np.array(own, dtype=np.int64)[column.indices.to_numpy()]
    return numbers


def with_rows(places: pa.Table, tables: Mapping[str, pa.Table]) -> pa.Table:
    """Return those places whose source has a row of their composition among the rows of a plan."""
    if not places.num_rows:
        return places
    codes: dict[str, int] = {}
    rows, _ = _lost_rows(tables, codes)
    return places.filter(pa.array(np.isin(_pair_numbers(places, codes), rows)))


def gone(tables: Mapping[str, pa.Table]) -> pa.Table:
    """Return the places that a plan removes."""
    return tables["places"].filter(tables["places"]["gone"])


def by_source(places: pa.Table) -> dict[str, pa.Table]:
    """Return places by their source, sorted."""
    names = sorted(places["source"].unique().to_pylist())
    return {name: places.filter(pc.equal(places["source"], name)) for name in names}


def held_by(tables: Mapping[str, pa.Table], places: pa.Table) -> list[int]:
    """Return the digest of one source's places, rows of a plan; `tables` are those of the plan."""
    rows = places["composition"].to_numpy()
    keys = key_columns(tables["compositions"]["key"].take(pa.array(rows)))
    return place_digest(keys, places["place"])


def held_after(tables: Mapping[str, pa.Table], name: str, now: list[int]) -> list[int]:
    """Return the digest of a source's remaining places, given the digest `now` of all of them."""
    less = by_source(gone(tables)).get(name)
    return now if less is None else summed(now, held_by(tables, less), -1)
