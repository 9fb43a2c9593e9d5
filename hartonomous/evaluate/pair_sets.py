"""Pair sets: the pairs that sources relate, as sorted numbers, for comparing sources in and outside
the graph.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hartonomous.bundle import Bundle, TrackDescription
from hartonomous.rate.source_agreement import Agreement
from hartonomous.schema import DEFAULT_RELATION, evidence_type

ROWS = 1 << 17

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class PairSet:
    """The pairs of one source, over a list of `size` compositions.

    `pairs` (m,) int64 are low * size + high, ascending; `knows` (size,) bool is the mask of known
    compositions.
    """

    size: int
    pairs: Ints
    knows: NDArray[np.bool_]

    def among(self, words: NDArray[np.bool_]) -> Ints:
        """Return the pairs (m,) int64 with both ends in `words`, a mask (size,) bool."""
        low, high = np.divmod(self.pairs, self.size)
        return self.pairs[words[low] & words[high]]


def pair_set(size: int, ends: Iterable[tuple[Ints, Ints]]) -> PairSet:
    """Return the set of pairs with these ends, two (m,) int64 each in [0, size), in any order,
    repeated or not.
    """
    parts = [np.minimum(a, b) * size + np.maximum(a, b) for a, b in ends]
    pairs = np.unique(np.concatenate([*parts, np.empty(0, dtype=np.int64)]))
    knows = np.zeros(size, dtype=bool)
    for ends_of in np.divmod(pairs, size):
        knows[ends_of] = True
    return PairSet(size, pairs, knows)


def bundle_pairs(bundle: Bundle, place: Ints, size: int) -> PairSet:
    """Return the pairs that a bundle relates (RELATES); it knows the ends of its vector tracks, or,
    if it has none, of all.

    `place` (N,) int64 maps the bundle's compositions into the list of `size`.
    """
    types = {track.evidence: evidence_type(track.evidence) for track in bundle.tracks}
    related = [track for track in bundle.tracks if types[track.evidence].feeds == DEFAULT_RELATION]
    silent = [track for track in related if types[track.evidence].silence]

    def of(tracks: Iterable[TrackDescription]) -> PairSet:
        ends = (_ends(batch, place) for track in tracks for batch in bundle.evidence(track, ROWS))
        return pair_set(size, ends)

    every = of(related)
    return replace(every, knows=of(silent).knows) if silent and silent != related else every


def _ends(batch: pa.RecordBatch, place: Ints) -> tuple[Ints, Ints]:
    """Return the ends of rows that were observed; what was only rejected is no pair."""
    observed = batch["n"].to_numpy() > 0
    start, end = (place[batch[name].to_numpy()[observed]] for name in ("start", "end"))
    return start, end


def compare(name: str, one: PairSet, other_name: str, other: PairSet) -> Agreement:
    """Return the agreement of two sources, counted as a rating pass counts it in the graph."""
    if name > other_name:
        return compare(other_name, other, name, one)
    words = one.knows & other.knows
    low, high = one.among(words), other.among(words)
    shared = np.intersect1d(low, high, assume_unique=True)
    met = np.unique(np.concatenate(np.divmod(shared, one.size)))
    return Agreement(
        low=name,
        high=other_name,
        words=int(words.sum()),
        pairs_low=len(low),
        pairs_high=len(high),
        shared=len(shared),
        met=len(met),
    )
