"""Contexts as compositions: keys, texts, and the edges from each to shorter ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hartonomous.counted_rows import counted_rows, expected_margins
from hartonomous.evidence import COMPOSITIONS, CONTEXTS
from hartonomous.extract.context_counts import Expectations
from hartonomous.identity import composition_keys, context_text
from hartonomous.schema import CONTEXT, MICRO, ORDERS, TrackConstants, evidence_type

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Placed:
    """A vocabulary and its contexts as one list of compositions, sorted by key.

    `row` (N + c,) int64 maps token i, and context i - N, to its row; `kept` (c,) bool is false for
    contexts left out because another has the same text. `own` are the rows of the compositions of
    tracks with a vocabulary of their own, by evidence type.
    """

    compositions: pa.Table
    row: Ints
    kept: NDArray[np.bool_]
    own: Mapping[str, Ints] = field(default_factory=dict)

    def moved(self, place: Ints) -> Placed:
        """Return them with rows in a longer list, where composition i of these is `place[i]`."""
        row = np.where(self.row >= 0, place[self.row], -1) if len(place) else self.row
        own = {evidence: place[rows] for evidence, rows in self.own.items()}
        return Placed(self.compositions, row, self.kept, own)

    def beside(self, vocabularies: Mapping[str, pa.Table]) -> Placed:
        """Return them together with the compositions of tracks that have their own, by evidence type,
        sorted by key: equal ones once.
        """
        if not vocabularies:
            return self
        tables = [self.compositions, *vocabularies.values()]
        keys = [np.array(table["key"].to_pylist(), dtype="U32") for table in tables]
        _, first, place = np.unique(np.concatenate(keys), return_index=True, return_inverse=True)
        parts = np.split(place.ravel(), np.cumsum([len(one) for one in keys])[:-1])
        moved = self.moved(parts[0])
        own = {**moved.own, **dict(zip(vocabularies, parts[1:], strict=True))}
        return replace(moved, compositions=pa.concat_tables(tables).take(pa.array(first)), own=own)

    def of(self, evidence: str) -> Placed:
        """Return them with `row` for the compositions of a track that has its own."""
        return replace(self, row=self.own[evidence])


def place(vocabulary: pa.Table, contexts: Ints) -> Placed:
    """Return the compositions of a vocabulary, sorted by key, and of contexts (c, ORDERS) int64
    over it.
    """
    if not len(contexts):
        rows = np.arange(vocabulary.num_rows, dtype=np.int64)
        return Placed(vocabulary, rows, np.ones(len(rows), dtype=bool))
    texts = vocabulary["text"].to_pylist()
    names = [context_text(texts[t] for t in row if t >= 0) for row in contexts.tolist()]
    # A token that contains a space could make two contexts have the same text; both are left out.
    spaced = np.array([" " in text for text in texts] + [False])
    plain = ~spaced[contexts].any(axis=1)
    table = pa.table(
        {
            "key": composition_keys([CONTEXT] * len(names), names),
            "text": names,
            "kind": [CONTEXT] * len(names),
        },
        schema=COMPOSITIONS,
    )
    both = pa.concat_tables([vocabulary, table.filter(pa.array(plain))])
    order = np.argsort(np.array(both["key"].to_pylist(), dtype="U32"))
    row = np.full(vocabulary.num_rows + len(contexts), -1, dtype=np.int64)
    kept = np.concatenate([np.ones(vocabulary.num_rows, dtype=bool), plain])
    row[np.flatnonzero(kept)[order]] = np.arange(len(order))
    return Placed(both.take(pa.array(order)), row, kept)


def context_table(found: Expectations, placed: Placed, vocabulary: int) -> pa.Table:
    """Return the bundle's rows of contexts, columns of `evidence.CONTEXTS`, sorted by composition."""
    kept = placed.kept[found.visited]
    visited = found.visited[kept]
    prefix, suffix, token = _joins(found.contexts, vocabulary)
    longer = visited >= vocabulary
    joins = []
    for part in (prefix, suffix, token):
        joins.append(np.full(len(visited), -1, dtype=np.int64))
        joins[-1][longer] = part[visited[longer] - vocabulary]
    # Index -1 would be the last row; contexts without a shorter one stay at -1.
    rows = [np.where(part >= 0, placed.row[part], -1) for part in joins]
    composition = placed.row[visited]
    order = np.argsort(composition)
    whole = np.min(rows, axis=0) >= 0
    arrays = [composition, found.n[kept], found.mass[kept]]
    arrays += [np.where(whole, part, -1) for part in rows]
    return pa.table(
        {name: array[order] for name, array in zip(CONTEXTS.names, arrays, strict=True)}
    ).cast(CONTEXTS)


def expectation_table(
    found: Expectations, placed: Placed, vocabulary: int, evidence: str
) -> tuple[pa.Table, int]:
    """Return the evidence rows, columns of `evidence.columns`, sorted by (start, end); and the
    number of positions that chance is reckoned by.
    """
    kept = placed.kept[found.start]
    weight = found.weight[kept]
    visits = np.zeros(int(found.visited.max(initial=-1)) + 1, dtype=np.int64)
    visits[found.visited] = found.n
    alone = found.start < vocabulary
    expected = np.bincount(found.end[alone], found.weight[alone], minlength=vocabulary) / MICRO
    ends = found.end[kept]
    among, total = expected_margins(
        visits[found.start[kept]], expected[ends], weight, int(visits[:vocabulary].sum())
    )
    counts = {
        "start": placed.row[found.start[kept]],
        "end": placed.row[ends],
        "n": found.times[kept],
        "weight": weight,
        **among,
    }
    constants = TrackConstants(1, 0, vocabulary, total)
    return counted_rows(evidence_type(evidence), counts, constants), total


def _joins(contexts: Ints, vocabulary: int) -> tuple[Ints, Ints, Ints]:
    """Return, for each context, prefix, suffix and last token as starts; -1 for the empty one."""
    if not len(contexts):
        return (np.empty(0, np.int64),) * 3
    number = {tuple(row): place for place, row in enumerate(contexts.tolist())}

    def start(tokens: list[int]) -> int:
        if len(tokens) == 1:
            return tokens[0]
        padded = (-1,) * (ORDERS - len(tokens)) + tuple(tokens)
        return vocabulary + number[padded] if padded in number else -1

    parts = []
    for row in contexts.tolist():
        tokens = [token for token in row if token >= 0]
        parts.append((start(tokens[:-1]), start(tokens[1:]), tokens[-1]) if tokens else (-1,) * 3)
    prefix, suffix, token = np.array(parts, dtype=np.int64).T
    return prefix, suffix, token
