"""Odds of evidence that earlier versions counted without stating any.

`rate --all` states them: by the null model of each type, from the rows that the graph holds. Rows of
a null model that needs more than their counts keep none. A pass that was interrupted starts again
with the same result, because the rows' own counts stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hartonomous.counted_rows import expected_margins, margins
from hartonomous.evidence import digest, key_columns
from hartonomous.graph.cypher_files import COLUMN, query
from hartonomous.graph.driver import Graph, Row, in_parts
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.progress import Progress
from hartonomous.row_odds import support
from hartonomous.schema import MICRO, TrackConstants, evidence_type
from hartonomous.split_half import LITTLE

ROWS = 10_000

DERIVABLE = frozenset({"independent", "expected", "listed one way"})
"""Null models whose columns follow from the rows of a track."""

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class _Rows:
    """Rows of one track by database ids, (rows,) int64 each."""

    edge: Ints
    start: Ints
    end: Ints
    n: Ints
    weight: Ints
    half: Ints


def state_odds(graph: Graph, lock: WriterLock, progress: Progress) -> int:
    """State the odds of every track that has none; return how many such tracks there were."""
    stated = 0
    for track in graph.read(query("rate/read_tracks")):
        evidence = evidence_type(track["evidence"])
        derivable = evidence.chance.name in DERIVABLE and track["state"] == "live"
        if not derivable or track["trust"] or track["total"] is not None:
            continue
        rows = _read(graph, track)
        # A track of this version without trust has rows of both halves.
        if len(rows.edge) and not rows.half.any():
            _state(graph, lock, track, rows, progress)
            stated += 1
    return stated


def _read(graph: Graph, track: Row) -> _Rows:
    text = query("rate/read_counts", evidence=track["evidence"])
    found = np.array(list(graph.stream(text, source=track["source"])), dtype=np.int64)
    return _Rows(*found.reshape(-1, 6).T)


def _state(graph: Graph, lock: WriterLock, track: Row, rows: _Rows, progress: Progress) -> None:
    evidence = evidence_type(track["evidence"])
    ids, ends = np.unique(np.concatenate([rows.start, rows.end]), return_inverse=True)
    start, end = ends[: len(rows.edge)], ends[len(rows.edge) :]
    keys, contexts = _keys(graph, ids)
    counts: dict[str, NDArray[Any]] = {"n": rows.n, "weight": rows.weight}
    constants = TrackConstants(track["positions"], track["k"], track["vocabulary"], 0)
    if evidence.chance.name == "independent":
        among, total = margins(evidence, start, end, rows.n)
    elif evidence.chance.name == "expected":
        among, total = _expected(graph, track["source"], ids, contexts, (start, end, rows.weight))
    else:
        among, total = {}, 0
    counts |= among
    counts |= {"half": np.zeros_like(rows.n)} if evidence.halved else {}
    counts["support"] = support(evidence, counts, constants._replace(total=total))
    columns = [each.name for each in evidence.columns]
    for first in range(0, len(rows.edge), ROWS):
        part = slice(first, first + ROWS)
        lock.write(
            query("rate/state_odds", evidence=evidence.name),
            edges=rows.edge[part].tolist(),
            **{f"{COLUMN}{name}": counts[name][part].tolist() for name in columns},
        )
        progress(f"odds: {evidence.stem}", min(part.stop, len(rows.edge)), len(rows.edge))
    table = pa.table({"start": start, "end": end, **{name: counts[name] for name in columns}})
    lock.write(
        query("rate/state_track"),
        source=track["source"],
        evidence=evidence.name,
        total=total or None,
        trust=evidence.trust if evidence.trust is not None else LITTLE,
        digest=digest(table, keys, evidence.later),
    )


def _keys(graph: Graph, ids: Ints) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """Return the keys of compositions (N, 2) uint64, and which are contexts (N,)."""
    rows = [
        row
        for part in graph.stream_parts(query("rate/read_keys"), "ids", in_parts(ids.tolist(), ROWS))
        for row in part
    ]
    keys = key_columns(pa.chunked_array([pa.array([key for key, _ in rows])]))
    return keys, np.array([context for _, context in rows], dtype=bool)


def _expected(
    graph: Graph,
    source: str,
    ids: Ints,
    contexts: NDArray[np.bool_],
    rows: tuple[Ints, Ints, Ints],
) -> tuple[dict[str, Ints], int]:
    """Return the margins of expected counts, from the rows and the source's visits."""
    start, end, weight = rows
    found = np.array(list(graph.stream(query("rate/read_visits"), source=source)), dtype=np.int64)
    visited, times = found.reshape(-1, 2).T
    order = np.argsort(visited)
    place = np.clip(np.searchsorted(visited[order], ids), 0, max(len(visited) - 1, 0))
    same = visited[order][place] == ids
    visits = np.where(same, times[order][place], 0)
    alone = ~contexts[start]
    expected = np.bincount(end[alone], weight[alone], minlength=len(ids)) / MICRO
    return expected_margins(visits[start], expected[end], weight, int(visits[~contexts].sum()))
