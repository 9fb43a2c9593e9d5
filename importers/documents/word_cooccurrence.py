"""Word co-occurrence: which content words of documents stand near each other in a sentence.

An observation is a sentence that has both words at most WINDOW content words apart; its weight is one
over their least distance (Pennington et al. 2014, GloVe). A sentence that is repeated, as boilerplate
is, is read once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hartonomous.counted_rows import Totals, counted_rows
from hartonomous.extract.checkpoints import FinishedWork
from hartonomous.extract.importer_protocol import PairTrack, ReadyPairs
from hartonomous.extract.place_list import PlaceList
from hartonomous.extract.search.nearest_neighbours import NeighbourOptions
from hartonomous.extract.vocabulary import sorted_vocabulary
from hartonomous.progress import Progress
from hartonomous.schema import MICRO, TOKEN, TrackConstants, evidence_type
from importers.documents.content_words import plain_words
from importers.documents.sentence_sequence import Reading
from importers.documents.stop_words import stop_words

TOGETHER = "COOCCURRENCE_EVIDENCE"

COUNT_VERSION = 2
"""Part of a source's options: raised when the same sentences give other pairs."""

WINDOW = 10
"""Content words within which two are together."""

LEAST = 2
"""Observations of a pair that is kept; what was seen once is mostly chance, and most of all pairs."""

SENTENCES = 20_000
"""Sentences whose pairs are counted at once: some hundred thousand rows."""

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Sequences:
    """The content words of sentences, one after the other: `words` (m,) int64 numbers of words,
    `sentence` (m,) int64 the sentence of each, ascending.
    """

    words: Ints
    sentence: Ints


class WordCooccurrence:
    """The content words of a reading as compositions, and the track of those that meet.

    `sequences` have the words as rows of `vocabulary`.
    """

    def __init__(self, reading: Reading) -> None:
        number: dict[str, int] = {}
        words: list[int] = []
        sentence: list[int] = []
        places = PlaceList()
        held = reading.places.of()
        for at, (text, language) in enumerate(
            zip(reading.sentences, reading.languages, strict=True)
        ):
            own = [
                number.setdefault(word, len(number))
                for word in plain_words(text, stop_words(language))
            ]
            words += own
            sentence += [at] * len(own)
            for place in held.get(at, ()):
                for one in dict.fromkeys(own):
                    places.add(one, place)
        self.words = list(number)
        self.vocabulary, row = sorted_vocabulary(
            self.words, [TOKEN] * len(self.words), reading.excluded, reading.merged
        )
        self.places = places.table(row)
        flat = row[np.array(words, dtype=np.int64)] if words else np.empty(0, dtype=np.int64)
        self.sequences = Sequences(flat, np.array(sentence, dtype=np.int64))

    def track(self) -> PairTrack:
        """Return the track of words that meet."""
        expected = len(self.sequences.words) * WINDOW // 4
        return PairTrack(TOGETHER, ("sentences",), 0, expected, self._observe)

    def _observe(
        self, options: NeighbourOptions, progress: Progress, finished: FinishedWork
    ) -> ReadyPairs:
        evidence, size = evidence_type(TOGETHER), len(self.words)
        counts = summed(counted_parts(self.sequences, size, progress), size)
        totals = Totals(evidence, size)
        totals.add(counts)
        kept = counts["n"] >= LEAST
        rows = {name: column[kept] for name, column in counts.items()}
        rows |= totals.columns(rows)
        table = counted_rows(evidence, rows, TrackConstants(1, 0, 0, totals.total))
        return ReadyPairs(table, 0, 1.0, totals.total)


def counted_parts(
    sequences: Sequences, size: int, progress: Progress
) -> Iterator[tuple[Ints, Ints, Ints, Ints]]:
    """Yield, for each part of the sentences, distinct pairs of words as low * size + high, ascending,
    the sentences that have them, those of even number, and their weights in micro-units.
    """
    sentences = int(sequences.sentence[-1]) + 1 if len(sequences.sentence) else 0
    for first in range(0, sentences, SENTENCES):
        bounds = np.searchsorted(sequences.sentence, [first, first + SENTENCES])
        part = slice(*bounds.tolist())
        yield _pairs(sequences.words[part], sequences.sentence[part], size)
        progress("counting", min(first + SENTENCES, sentences), sentences)


def _pairs(words: Ints, sentence: Ints, size: int) -> tuple[Ints, Ints, Ints, Ints]:
    pairs: list[Ints] = []
    where: list[Ints] = []
    distances: list[Ints] = []
    for distance in range(1, WINDOW + 1):
        same = sentence[distance:] == sentence[:-distance]
        low = np.minimum(words[distance:], words[:-distance])[same]
        high = np.maximum(words[distance:], words[:-distance])[same]
        other = low != high
        pairs.append(low[other] * size + high[other])
        where.append(sentence[distance:][same][other])
        distances.append(np.full(int(other.sum()), distance, dtype=np.int64))
    pair, at, distance_of = map(np.concatenate, (pairs, where, distances))
    order = np.lexsort((distance_of, at, pair))
    pair, at, distance_of = pair[order], at[order], distance_of[order]
    # The nearest of a pair in a sentence is the observation.
    fresh = (np.diff(pair, prepend=-1) != 0) | (np.diff(at, prepend=-1) != 0)
    pair, at, weight = pair[fresh], at[fresh], np.rint(MICRO / distance_of[fresh]).astype(np.int64)
    distinct = np.flatnonzero(np.diff(pair, prepend=-1))
    if not len(distinct):
        none = np.empty(0, dtype=np.int64)
        return none, none, none, none
    n = np.diff(distinct, append=len(pair))
    half = np.add.reduceat((at % 2 == 0).astype(np.int64), distinct)
    return pair[distinct], n, half, np.add.reduceat(weight, distinct)


def summed(parts: Iterator[tuple[Ints, Ints, Ints, Ints]], size: int) -> dict[str, Ints]:
    """Return the sums over parts: start, end, n, half, weight, (rows,) int64 each, pairs ascending."""
    held: list[tuple[Ints, ...]] = []
    for part in parts:
        held.append(part)
        # Merged by doubling sizes, as runs of a merge sort: memory stays near that of the result.
        while len(held) > 1 and len(held[-2][0]) < 2 * len(held[-1][0]):
            held[-2:] = [_merged(held[-2:])]
    pair, n, half, weight = _merged(held)
    return {"start": pair // size, "end": pair % size, "n": n, "half": half, "weight": weight}


def _merged(parts: Sequence[tuple[Ints, ...]]) -> tuple[Ints, ...]:
    if not parts:
        return tuple(np.empty(0, dtype=np.int64) for _ in range(4))
    if len(parts) == 1:
        return parts[0]
    pair = np.concatenate([part[0] for part in parts])
    order = np.argsort(pair, kind="stable")
    first = np.flatnonzero(np.diff(pair[order], prepend=-1))
    sums = (np.concatenate([part[at] for part in parts])[order] for at in (1, 2, 3))
    return (
        pair[order][first],
        *(np.add.reduceat(one, first) if len(first) else one for one in sums),
    )
