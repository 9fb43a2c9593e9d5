"""A bundle with rows of every evidence type that is registered, made from the records alone."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from hartonomous import schema
from hartonomous.bundle import Bundle, BundleWriter, OpenedFile, SourceDescription
from hartonomous.evidence import COMPOSITIONS, CONTEXTS, columns, with_own_properties
from hartonomous.held_places import place_table
from hartonomous.identity import composition_key, content_digest
from hartonomous.odds import ranks_within, support
from hartonomous.schema import MICRO, EvidenceType, Kind
from tests.counted_evidence import POSITIONS, VOCABULARY, K, counted_table, track_of

OF_A_KIND = 4
"""Compositions of each kind."""


def word(kind: str, number: int) -> str:
    """Return the text of a made-up composition; one word, but for contexts."""
    if kind == schema.CONTEXT:
        return f"{word(schema.TOKEN, number)} {word(schema.TOKEN, (number + 1) % OF_A_KIND)}"
    return f"{'##' if kind == schema.PIECE else ''}{kind.lower()}{number}"


def bundle_of_every_type(folder: Path, seed: int) -> Bundle:
    """Return a bundle with a track of each evidence type; other seeds relate other pairs."""
    rng = np.random.default_rng(seed)
    table = _compositions()
    of_kind: dict[str, list[int]] = {}
    for row, kind in enumerate(table["kind"].to_pylist()):
        of_kind.setdefault(kind, []).append(row)
    file = OpenedFile("made", content_digest("test", {"seed": seed}), 1)
    source = SourceDescription("model", "test", (file,), {}, 0)
    tracks = []
    with BundleWriter(folder / f"every-{seed}") as writer:
        writer.write_compositions(table)
        for evidence in schema.evidence_types():
            rows, constants = _rows(evidence, of_kind, rng)
            writer.write_evidence(evidence.name, iter([rows]))
            tracks.append(track_of(evidence, rows, constants))
            if evidence.contexts:
                writer.write_contexts(_contexts(table, rows))
        size = table.num_rows
        places = [f"{seed}/file {row}.txt#page={page}" for row in range(size) for page in (1, 2)]
        writer.write_places([place_table(np.repeat(np.arange(size), 2), places)])
        return writer.finish(source, tuple(tracks))


def _compositions() -> pa.Table:
    made = sorted(
        (
            (composition_key(kind.name, word(kind.name, number)), word(kind.name, number), kind)
            for kind in schema.kinds()
            for number in range(OF_A_KIND)
        ),
        key=lambda one: one[0],
    )
    keys, texts, kinds = zip(*made, strict=True)
    table = pa.table([keys, texts, [kind.name for kind in kinds]], schema=COMPOSITIONS)
    return with_own_properties(
        table, [_own(kind, text) for text, kind in zip(texts, kinds, strict=True)]
    )


def _own(kind: Kind, text: str) -> dict[str, Any]:
    """Return a value for each property of a kind, the same in every bundle."""
    values = {"STRING": text.upper(), "INTEGER": len(text), "FLOAT": len(text) / 2, "BOOLEAN": True}
    return {each.name: values[each.type] for each in kind.properties}


def _rows(
    evidence: EvidenceType, of_kind: dict[str, list[int]], rng: np.random.Generator
) -> tuple[pa.Table, schema.TrackConstants]:
    starts = [row for kind in sorted(evidence.starts) for row in of_kind[kind]]
    ends = [row for kind in sorted(evidence.ends) for row in of_kind[kind]]
    pairs = [
        (start, end)
        for start, end in product(starts, ends)
        if (start < end or schema.is_directed(evidence)) and (start != end or evidence.loops)
    ]
    chosen = sorted(pairs[at] for at in rng.permutation(len(pairs))[: max(4, len(pairs) // 3)])
    # One pair that every source has, so that they can differ on it.
    chosen = sorted({*chosen, pairs[-1]})
    if evidence.loops:
        chosen = sorted({*chosen, (starts[0], starts[0])})
    size = len(chosen)
    start, end = np.array(chosen, dtype=np.int64).T
    n = rng.integers(1, POSITIONS + 1, size)
    if not evidence.silence:
        return counted_table(evidence, start, end, n, rng)
    directed = np.minimum(n + rng.integers(0, POSITIONS, size), 2 * n)
    rank = ranks_within(directed, K)[0] + 1
    values: dict[str, Any] = {
        "start": start,
        "end": end,
        "n": n,
        "weight": rng.integers(0, n * MICRO + 1),
        "directed": directed,
        "rank": rank,
        "support": support(directed, rank, POSITIONS, K, VOCABULARY),
        "positions": [sorted(rng.permutation(POSITIONS)[:times].tolist()) for times in n],
    }
    layout = columns(evidence)
    arrays = [pa.array(list(values[field.name]), field.type) for field in layout]
    constants = schema.TrackConstants(POSITIONS, K, VOCABULARY, 0)
    return pa.Table.from_arrays(arrays, schema=layout), constants


def _contexts(table: pa.Table, rows: pa.Table) -> pa.Table:
    """Return a visit to every start, contexts joined to the tokens they are made of."""
    named = zip(table["kind"].to_pylist(), table["text"].to_pylist(), strict=True)
    row = {name: place for place, name in enumerate(named)}
    found = []
    for start in sorted(set(rows["start"].to_pylist())):
        kind, text = table["kind"][start].as_py(), table["text"][start].as_py()
        joins = (-1, -1, -1)
        if kind == schema.CONTEXT:
            first, last = (row[schema.TOKEN, part] for part in text.split())
            joins = (first, last, last)
        found.append((start, 50, 1000, *joins))
    by_column = zip(zip(*found, strict=True), CONTEXTS, strict=True)
    return pa.Table.from_arrays(
        [pa.array(c, field.type) for c, field in by_column], schema=CONTEXTS
    )
