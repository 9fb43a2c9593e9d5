"""Counts for the agreements of sources, from recomputed ratings.

The counts are those of rate/count_seen and rate/count_met, as `source_agreement.count_agreements`
takes them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from hartonomous.audit.recomputed_ratings import Ratings
from hartonomous.graph.driver import Row

Ints = NDArray[np.int64]

SETS = 1 << 20
"""More than the number of distinct sets of sources."""

HELD = 1 << 22
"""Words with sets of sources that are buffered before duplicates are dropped."""


class AgreementTally:
    """Counts over ratings, part by part; `known` and `classes` as in RatingFormulas."""

    def __init__(self, known: NDArray[np.int32], classes: Sequence[str | None]) -> None:
        self.known, self.classes = known, classes
        self._seen: Counter[tuple[int, int, int]] = Counter()
        self._sets: dict[int, int] = {}
        self._numbers: list[list[int]] = []
        self._met: list[Ints] = []

    def take(self, ratings: Ratings) -> None:
        """Count the ratings of some pairs."""
        held = self._set_numbers(ratings)
        low, high = np.divmod(ratings.pair, max(len(self.known), 1))
        classes = len(self.classes)
        both = (self.known[low].astype(np.int64) * classes + self.known[high]) * SETS + held
        codes, counts = np.unique(both, return_counts=True)
        for code, count in zip(codes.tolist(), counts.tolist(), strict=True):
            pair, one = divmod(code, SETS)
            self._seen[(*divmod(pair, classes), one)] += count
        several = ratings.columns["sources"] > 1
        self._met += [np.unique(end[several] * SETS + held[several]) for end in (low, high)]
        if sum(map(len, self._met)) > HELD:
            self._met = [np.unique(np.concatenate(self._met))]

    def classes_of_words(self) -> list[Row]:
        """Return the rows of rate/read_classes."""
        counts = np.bincount(self.known, minlength=len(self.classes)).tolist()
        return [{"known": of, "words": n} for of, n in zip(self.classes, counts, strict=True)]

    def seen(self) -> list[Row]:
        """Return the rows of rate/count_seen."""
        return [
            {
                "low": self.classes[low],
                "high": self.classes[high],
                "seen": self._numbers[held],
                "pairs": n,
            }
            for (low, high, held), n in self._seen.items()
        ]

    def met(self) -> list[Row]:
        """Return the rows of rate/count_met."""
        every = np.unique(np.concatenate([np.empty(0, np.int64), *self._met]))
        word, held = every // SETS, every % SETS
        starts = np.flatnonzero(np.diff(word, prepend=-1)).tolist()
        counted: Counter[tuple[int, tuple[int, ...]]] = Counter()
        for first, last in pairwise([*starts, len(every)]):
            counted[int(self.known[word[first]]), tuple(held[first:last].tolist())] += 1
        return [
            {"known": self.classes[of], "met": [self._numbers[one] for one in sets], "words": n}
            for (of, sets), n in counted.items()
        ]

    def _set_numbers(self, ratings: Ratings) -> Ints:
        """Return a small number for each pair's set of sources."""
        hashes, first, which = np.unique(ratings.seen, return_index=True, return_inverse=True)
        for hash, row in zip(hashes.tolist(), first.tolist(), strict=True):
            if hash not in self._sets:
                self._sets[hash] = len(self._sets)
                self._numbers.append(ratings.numbers(row))
        numbers = [self._sets[hash] for hash in hashes.tolist()]
        found: Ints = np.array(numbers, dtype=np.int64)[which]
        return found
