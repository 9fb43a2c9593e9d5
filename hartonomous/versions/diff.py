"""Diff of two sources, two snapshots, or either and the present graph."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hartonomous.ask.relations.neighbourhood import unknown_source
from hartonomous.errors import NotFound, UsageError
from hartonomous.graph.driver import Graph
from hartonomous.load.loader import read_source
from hartonomous.progress import Progress
from hartonomous.schema import CONSENSUS_NOISE, ELO_NOISE
from hartonomous.versions.relation_changes import (
    RatingChange,
    RelationNames,
    changed_consensus,
    changed_pairs,
)
from hartonomous.versions.relation_tables import (
    RelationTable,
    graph_relations,
    source_relations,
)
from hartonomous.versions.snapshots import is_snapshot, list_snapshots, read_snapshot

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

NOW = "."
"""Name of the present graph."""

EVEN = 1500.0
"""The elo of a missing relation, from which differences are counted."""

METRICS = (
    "only_a",
    "only_b",
    "shared",
    "changed",
    "stronger",
    "weaker",
    "changed_exactly",
    "compositions_only_a",
    "compositions_only_b",
    "mean_delta",
    "mean_absolute_delta",
    "largest_delta",
    "consensus_changed",
    "consensus_stronger",
    "consensus_weaker",
    "consensus_changed_exactly",
    "consensus_same_evidence",
    "neighbour_variation",
)


@dataclass(frozen=True)
class Difference:
    """The differences of two sides; deltas are b minus a, of elo, over common relations.

    A common relation is `stronger` or `weaker` if its elo moved by more than `noise` points, and
    `changed` counts both; `changed_exactly` counts every elo that differs at all. The same of
    consensus and `consensus_noise`, where both sides have a consensus. Of `consensus_changed`,
    `consensus_same_evidence` have the same observations, weights and sources on both sides, so that
    only the votes of tracks moved, or which of them know the words and do not list the pair.

    `neighbour_variation` is the mean, over the compositions of either side, of one minus the
    Jaccard index of its two sets of neighbours. `movers` are the compositions whose relations
    changed most. `pairs` are the relations that became most stronger and weaker, the strongest ones
    gone and new, `consensus_pairs` those whose consensus became most stronger and weaker.
    """

    a: str
    b: str
    noise: float
    consensus_noise: float
    only_a: int
    only_b: int
    shared: int
    changed: int
    stronger: int
    weaker: int
    changed_exactly: int
    compositions_only_a: int
    compositions_only_b: int
    mean_delta: float
    mean_absolute_delta: float
    largest_delta: float
    consensus_changed: int
    consensus_stronger: int
    consensus_weaker: int
    consensus_changed_exactly: int
    consensus_same_evidence: int
    neighbour_variation: float
    movers: list[dict[str, Any]]
    pairs: list[dict[str, Any]]
    consensus_pairs: list[dict[str, Any]]

    @property
    def differs(self) -> bool:
        """Return whether there is any difference, however small."""
        return bool(
            self.only_a or self.only_b or self.changed_exactly or self.consensus_changed_exactly
        )


def read_side(graph: Graph, name: str, progress: Progress) -> RelationTable:
    """Return the relations of a name: `source:NAME`, `snapshot:NAME`, either's bare name, or '.'
    for the present graph.

    Raises NotFound, or UsageError if a bare name is a source's and a snapshot's.
    """
    kind, _, bare = name.partition(":") if ":" in name else ("", "", name)
    if name == NOW:
        return graph_relations(graph, progress)
    if kind not in ("", "source", "snapshot"):
        raise UsageError(f"{name!r} is neither source:NAME nor snapshot:NAME.")
    source = kind != "snapshot" and read_source(graph, bare) is not None
    snapshot = kind != "source" and is_snapshot(bare)
    if source and snapshot:
        raise UsageError(
            f"{bare!r} is a source and a snapshot; write source:{bare} or snapshot:{bare}."
        )
    if source:
        return source_relations(graph, bare, progress)
    if snapshot:
        return read_snapshot(bare)
    kept = ", ".join(one.name for one in list_snapshots()) or "none"
    raise NotFound(f"{unknown_source(graph, bare)} Snapshots: {kept}.")


def compare(
    a: RelationTable,
    b: RelationTable,
    names: tuple[str, str],
    top: int = 10,
    noise: float = ELO_NOISE,
    consensus_noise: float = CONSENSUS_NOISE,
) -> Difference:
    """Return the differences of side b from side a; lists have at most `top` rows of each change.

    An elo that changed by at most `noise` points is the same, and so is a consensus that changed by
    at most `consensus_noise`. Raises UsageError for a negative one.
    """
    for points in (noise, consensus_noise):
        if not 0 <= points < math.inf:
            raise UsageError(f"The noise is {points:g} points; give a number, 0 or more.")
    keys, places = _together(a, b)
    codes = [_codes(side, place, len(keys)) for side, place in zip((a, b), places, strict=True)]
    _, in_a, in_b = np.intersect1d(codes[0], codes[1], assume_unique=True, return_indices=True)
    elo = [side.relations["elo"].to_numpy() for side in (a, b)]
    lone = [np.ones(len(code), dtype=bool) for code in codes]
    lone[0][in_a] = lone[1][in_b] = False
    rated = RatingChange(codes[0][in_a], elo[0][in_a], elo[1][in_b], noise)
    said, same = _consensus(a, b, in_a, in_b, rated, consensus_noise)
    delta = rated.delta
    moved = _movement(codes, lone, elo, in_a, delta, len(keys))
    variation = _variation(codes, codes[0][in_a], len(keys))
    texts = _texts(a, b, keys)
    gone, new = ((c[alone], e[alone]) for c, alone, e in zip(codes, lone, elo, strict=True))
    return Difference(
        *names,
        noise=float(noise),
        consensus_noise=float(consensus_noise),
        only_a=len(gone[0]),
        only_b=len(new[0]),
        shared=len(delta),
        changed=rated.stronger + rated.weaker,
        stronger=rated.stronger,
        weaker=rated.weaker,
        changed_exactly=rated.exactly,
        compositions_only_a=len(keys) - b.compositions.num_rows,
        compositions_only_b=len(keys) - a.compositions.num_rows,
        mean_delta=float(delta.mean()) if len(delta) else 0.0,
        mean_absolute_delta=float(np.abs(delta).mean()) if len(delta) else 0.0,
        largest_delta=float(np.abs(delta).max(initial=0.0)),
        consensus_changed=said.stronger + said.weaker,
        consensus_stronger=said.stronger,
        consensus_weaker=said.weaker,
        consensus_changed_exactly=said.exactly,
        consensus_same_evidence=int(np.count_nonzero(said.moved & same)),
        neighbour_variation=float(variation.mean()) if len(variation) else 0.0,
        movers=_movers(moved, variation, codes, lone, texts, top),
        pairs=changed_pairs(rated, gone, new, RelationNames(texts), top),
        consensus_pairs=changed_consensus(said, same, RelationNames(texts), top),
    )


def _together(a: RelationTable, b: RelationTable) -> tuple[pa.Array, list[Ints]]:
    """Return the keys of both sides, and the index of each side's compositions among them."""
    sides = [side.compositions["key"].combine_chunks() for side in (a, b)]
    keys = pc.unique(pa.concat_arrays(sides))
    return keys, [pc.index_in(side, value_set=keys).to_numpy().astype(np.int64) for side in sides]


def _codes(side: RelationTable, place: Ints, keys: int) -> Ints:
    """Return a number for each relation that is the same on both sides."""
    start, end = (place[side.relations[name].to_numpy()] for name in ("start", "end"))
    kind = side.relations["type"].to_numpy().astype(np.int64)
    return np.asarray((kind * keys + start) * keys + end)


def _ends(codes: Ints, keys: int) -> tuple[Ints, Ints]:
    return codes // keys % keys, codes % keys


def _degree(codes: Ints, keys: int) -> Ints:
    """Return the degree of each composition."""
    start, end = _ends(codes, keys)
    other = end[end != start]
    return np.asarray(np.bincount(start, minlength=keys) + np.bincount(other, minlength=keys))


def _movement(
    codes: list[Ints],
    lone: list[NDArray[np.bool_]],
    elo: list[Floats],
    in_a: Ints,
    delta: Floats,
    keys: int,
) -> Floats:
    """Return, for each composition, the sum of the elo changes of its relations."""
    moved = np.zeros(keys)
    parts = [(codes[0][in_a], np.abs(delta))]
    parts += [(c[alone], e[alone] - EVEN) for c, alone, e in zip(codes, lone, elo, strict=True)]
    for code, amount in parts:
        start, end = _ends(code, keys)
        # What relates a composition to itself is one relation of it.
        apart = end != start
        moved += np.bincount(start, amount, keys)
        moved += np.bincount(end[apart], amount[apart], keys)
    return moved


def _variation(codes: list[Ints], shared: Ints, keys: int) -> Floats:
    """Return one minus the Jaccard index of each composition's neighbours on the two sides."""

    if not keys:
        return np.empty(0)
    both = _degree(shared, keys)
    either = _degree(codes[0], keys) + _degree(codes[1], keys) - both
    return np.asarray(1.0 - both / np.maximum(either, 1))


def _consensus(
    a: RelationTable, b: RelationTable, in_a: Ints, in_b: Ints, rated: RatingChange, noise: float
) -> tuple[RatingChange, NDArray[np.bool_]]:
    """Return the consensus of the common relations that have one on both sides, and which of them
    have the same evidence of their own.
    """
    sides = ((a.relations, in_a), (b.relations, in_b))
    said = [table["consensus"].take(pa.array(rows)) for table, rows in sides]
    both = pc.and_(*(pc.is_valid(column) for column in said)).to_numpy()
    points = [pc.fill_null(column, 0).to_numpy().astype(np.float64)[both] for column in said]
    same = rated.before == rated.after
    for name in ("n", "weight", "sources"):
        before, after = (table[name].to_numpy()[rows] for table, rows in sides)
        same &= before == after
    return RatingChange(rated.codes[both], points[0], points[1], noise), same[both]


def _texts(a: RelationTable, b: RelationTable, keys: pa.Array) -> list[str]:
    both = pa.concat_tables([a.compositions, b.compositions])
    place = pc.index_in(keys, value_set=both["key"].combine_chunks())
    return list(both["text"].take(place).to_pylist())


def _movers(
    moved: Floats,
    variation: Floats,
    codes: list[Ints],
    lone: list[NDArray[np.bool_]],
    texts: list[str],
    top: int,
) -> list[dict[str, Any]]:
    keys = len(texts)
    gone, come = (_degree(code[alone], keys) for code, alone in zip(codes, lone, strict=True))
    best = np.lexsort((np.array(texts), -moved))[:top]
    return [
        {
            "composition": texts[row],
            "moved": float(moved[row]),
            "only_a": int(gone[row]),
            "only_b": int(come[row]),
            "neighbour_variation": float(variation[row]),
        }
        for row in best
        if moved[row] > 0
    ]
