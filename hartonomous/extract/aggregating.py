"""Observations of all positions into one evidence row a pair, in bounded memory.

An observation is one listing: at position p, row i lists j at rank r with cosine c. Both directions
of a pair at one position count as one time observed (n) and two listings (directed), unless the type
of evidence has a direction: then they are two pairs.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hartonomous.evidence import columns
from hartonomous.extract.neighbours import Neighbours
from hartonomous.extract.supporting import support
from hartonomous.schema import MICRO, EvidenceType

LISTING = np.dtype(
    [("pair", "<i8"), ("position", "<i2"), ("rank", "<i4"), ("weight", "<i4")], align=False
)
"""One listing: low * N + high (start * N + end where it has a direction), where, round(1000 log10((k + 1) / r)), round(1e6 max(0, c))."""

MEMORY = 256 << 20
"""Bytes of listings held before they are spilled."""

BUCKET_ROWS = 4_000_000
"""Listings aggregated at once, about; a bucket is a range of low ends."""


MOST_BUCKETS = 1_000
"""Files open one after another; beyond, buckets grow."""


class Aggregator:
    """Collects listings, spilling to temporary files; yields evidence sorted by (start, end)."""

    def __init__(
        self,
        evidence: EvidenceType,
        vocabulary: int,
        positions: int,
        k: int,
        minimum_positions: int = 1,
        memory: int = MEMORY,
    ) -> None:
        expected = vocabulary * k * positions
        self._evidence = evidence
        self._vocabulary, self._positions, self._k = vocabulary, positions, k
        self._minimum = minimum_positions
        self._memory = memory
        self._buckets = max(1, min(vocabulary, MOST_BUCKETS, -(-expected // BUCKET_ROWS)))
        self._held: list[list[NDArray[np.void]]] = [[] for _ in range(self._buckets)]
        self._bytes = 0
        self._spill = tempfile.TemporaryDirectory(prefix="hartonomous-")
        self.rows = self.observations = self.below = self.observations_below = 0

    def __enter__(self) -> Aggregator:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._spill.cleanup()

    def add(self, position: int, found: Neighbours) -> None:
        """Take in the neighbours found at one position."""
        listings = _listings(position, found, self._vocabulary, self._k, self._evidence.directed)
        low = listings["pair"] // self._vocabulary
        # Sorting 16-bit numbers stably is a radix sort, one pass for all buckets.
        bucket = (low * self._buckets // self._vocabulary).astype(np.int16)
        order = np.argsort(bucket, kind="stable")
        ends = np.searchsorted(bucket[order], np.arange(1, self._buckets))
        for number, part in enumerate(np.split(listings[order], ends)):
            self._held[number].append(part)
        self._bytes += listings.nbytes
        if self._bytes > self._memory:
            self._write_held()

    def tables(self) -> Iterator[pa.Table]:
        """Yield the evidence, sorted; afterwards the counts are complete.

        `rows` and `observations` (listings) of the pairs yielded; `below` and
        `observations_below` of those that fewer positions than the minimum observed.
        """
        for number in range(self._buckets):
            file = self._file(number)
            spilled = [np.fromfile(file, dtype=LISTING)] if file.exists() else []
            listings = np.concatenate([*spilled, *self._held[number]] or [np.empty(0, LISTING)])
            self._held[number] = []
            table = self._aggregated(listings)
            self.rows += table.num_rows
            yield table

    def _aggregated(self, listings: NDArray[np.void]) -> pa.Table:
        listings = listings[np.argsort(listings["pair"] * self._positions + listings["position"])]
        first_of_time = _starts(listings["pair"], listings["position"])
        times = listings[first_of_time]
        first_of_pair = _starts(times["pair"])
        n = np.diff(np.append(first_of_pair, len(times)))
        kept = n >= self._minimum
        self.below += int((~kept).sum())
        first_listing = first_of_time[first_of_pair]
        directed = np.diff(np.append(first_listing, len(listings)))
        self.observations_below += int(directed[~kept].sum())
        directed = directed[kept]
        rank = _sums(listings["rank"], first_listing)[kept]
        weight = _sums(times["weight"], first_of_pair)[kept]
        pair = times["pair"][first_of_pair][kept]
        seen = np.repeat(kept, n)
        self.observations += int(directed.sum())
        offsets = np.concatenate([[0], np.cumsum(n[kept])]).astype(np.int32)
        rated = support(directed, rank, self._positions, self._k, self._vocabulary)
        schema = columns(self._evidence)
        arrays = {
            "start": (pair // self._vocabulary).astype(np.int32),
            "end": (pair % self._vocabulary).astype(np.int32),
            "n": n[kept].astype(np.int32),
            "weight": weight,
            "directed": directed.astype(np.int32),
            "rank": rank.astype(np.int32),
            "support": rated,
        }
        if self._evidence.vector:
            arrays["positions"] = pa.ListArray.from_arrays(
                pa.array(offsets), pa.array(times["position"][seen]), schema.field("positions").type
            )
        return pa.table([arrays[name] for name in schema.names], schema=schema)

    def _write_held(self) -> None:
        for number, parts in enumerate(self._held):
            with self._file(number).open("ab") as file:
                for part in parts:
                    part.tofile(file)
            self._held[number] = []
        self._bytes = 0

    def _file(self, number: int) -> Path:
        return Path(self._spill.name) / f"{number:06d}"


def _listings(
    position: int, found: Neighbours, vocabulary: int, k: int, directed: bool
) -> NDArray[np.void]:
    n, width = found.indices.shape
    row = np.repeat(np.arange(n, dtype=np.int64), width)
    other = found.indices.ravel().astype(np.int64)
    scores = np.rint(1000 * np.log10((k + 1) / np.arange(1, width + 1))).astype(np.int32)
    listings = np.empty(n * width, dtype=LISTING)
    start, end = (row, other) if directed else (np.minimum(row, other), np.maximum(row, other))
    listings["pair"] = start * vocabulary + end
    listings["position"] = position
    listings["rank"] = np.tile(scores, n)
    listings["weight"] = np.rint(MICRO * np.clip(found.similarities.ravel(), 0.0, 1.0))
    return listings[other >= 0]


def _starts(*keys: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return where a new value begins in columns sorted together."""
    new = np.zeros(len(keys[0]), dtype=bool)
    for key in keys:
        new[1:] |= key[1:] != key[:-1]
    new[:1] = True
    return np.flatnonzero(new)


def _sums(values: NDArray[np.integer], first: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the sum of each run that begins at `first`."""
    wide = values.astype(np.int64)
    return np.add.reduceat(wide, first) if len(first) else wide[:0]
