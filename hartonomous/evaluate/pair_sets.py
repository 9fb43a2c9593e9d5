"""Pair sets: the pairs that sources relate, as sorted numbers, for comparing sources in and outside
the graph.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hartonomous.bundle import Bundle
from hartonomous.rate.source_agreement import Agreement
from hartonomous.schema import evidence_type

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
    """Return the pairs of a bundle's vector tracks.

    `place` (N,) int64 maps the bundle's compositions into the list of `size`.
    """
    return pair_set(
        size,
        (
            (place[batch["start"].to_numpy()], place[batch["end"].to_numpy()])
            for track in bundle.tracks
            if evidence_type(track.evidence).silence
            for batch in bundle.evidence(track, ROWS)
        ),
    )


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
