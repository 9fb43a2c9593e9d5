"""Aggregation: observations at all positions into one row of evidence per pair, in bounded memory.

An observation is one listing: at position p, row i lists j at rank r with cosine c. Both directions
of a pair at one position count as one observation (n) and two listings (directed), unless the type
of evidence is directed: then they are two pairs.
"""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hartonomous.evidence import columns
from hartonomous.extract.search.nearest_neighbours import Neighbours
from hartonomous.row_odds import support
from hartonomous.schema import MICRO, EvidenceType, TrackConstants, is_directed

LISTING = np.dtype([("key", "<i8"), ("rank", "<i4"), ("weight", "<i4")])
"""One listing: (low * N + high) * P + position (start * N + end if directed), round(1000 log10((k +
1) / r)), round(1e6 max(0, c)).
"""

MEMORY = 256 << 20
"""Bytes of listings in memory before they are spilled."""

BUCKET_ROWS = 2_000_000
"""Approximate number of listings in a bucket; a bucket is a range of low ends."""

WORKERS = 2
"""Buckets aggregated at once."""

MOST_BUCKETS = 1_000
"""Most open files; beyond, buckets grow."""


@dataclass(frozen=True)
class _Gathered:
    """The rows of one bucket, and its listings: of these rows, and of the `below` pairs left out."""

    table: pa.Table
    observations: int
    below: int
    observations_below: int


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
        """Add the neighbours found at one position."""
        from hartonomous.extract.aggregation_kernels import bucket_sizes, fill_buckets

        width, directed = found.indices.shape[1], is_directed(self._evidence)
        sizes = bucket_sizes(found.indices, self._vocabulary, self._buckets, directed)
        ends = np.cumsum(sizes)
        listings = np.empty(int(ends[-1]), dtype=LISTING)
        scores = np.rint(1000 * np.log10((self._k + 1) / np.arange(1, width + 1)))
        weights = np.rint(MICRO * np.clip(found.similarities, 0.0, 1.0)).astype(np.int32)
        fill_buckets(
            found.indices,
            weights,
            scores.astype(np.int32),
            self._vocabulary,
            position,
            self._positions,
            directed,
            ends.copy(),
            *(listings[name] for name in LISTING.names or ()),
        )
        for number, part in enumerate(np.split(listings, ends[:-1])):
            self._held[number].append(part)
        self._bytes += listings.nbytes
        if self._bytes > self._memory:
            self._write_held()

    def tables(self) -> Iterator[pa.Table]:
        """Yield the evidence, sorted, with the columns of `evidence.columns`; the counts are final
        afterwards.

        `rows` and `observations` (listings) of the pairs yielded; `below` and `observations_below`
        of those observed at fewer positions than the minimum.
        """
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="aggregate") as workers:
            ahead: deque[Future[_Gathered]] = deque()
            for number in range(self._buckets):
                ahead.append(workers.submit(self._gathered, number))
                if len(ahead) == WORKERS:
                    yield self._counted(ahead.popleft().result())
            while ahead:
                yield self._counted(ahead.popleft().result())

    def _counted(self, found: _Gathered) -> pa.Table:
        self.rows += found.table.num_rows
        self.observations += found.observations
        self.below += found.below
        self.observations_below += found.observations_below
        return found.table

    def _gathered(self, number: int) -> _Gathered:
        from hartonomous.extract.aggregation_kernels import gather_pairs

        listings = self._listings(number)
        keys = np.ascontiguousarray(listings["key"])
        order, total = np.argsort(keys), len(listings)
        # In the order in which they are filled.
        found: dict[str, NDArray[Any]] = {
            "pair": np.empty(total, dtype=np.int64),
            "n": np.empty(total, dtype=np.int32),
            "directed": np.empty(total, dtype=np.int32),
            "rank": np.empty(total, dtype=np.int64),
            "weight": np.empty(total, dtype=np.int64),
        }
        seen = np.empty(total, dtype=np.int16)
        given = keys, listings["rank"], listings["weight"], order, self._positions, self._minimum
        filled: list[Any] = [*given, *found.values(), seen]
        rows, places, below, unseen = gather_pairs(*filled)
        table = self._table({name: one[:rows] for name, one in found.items()}, seen[:places])
        return _Gathered(table, total - unseen, below, unseen)

    def _listings(self, number: int) -> NDArray[np.void]:
        file, held = self._file(number), self._held[number]
        self._held[number] = []
        spilled = [np.fromfile(file, dtype=LISTING)] if file.exists() else []
        return np.concatenate([*spilled, *held] or [np.empty(0, LISTING)])

    def _table(self, found: dict[str, NDArray[Any]], seen: NDArray[np.int16]) -> pa.Table:
        """Return one row per pair, in Arrow columns; `seen` are the positions of all."""
        schema = columns(self._evidence)
        arrays: dict[str, Any] = {
            "start": (found["pair"] // self._vocabulary).astype(np.int32),
            "end": (found["pair"] % self._vocabulary).astype(np.int32),
            "n": found["n"],
            "weight": found["weight"],
            "directed": found["directed"],
            "rank": found["rank"].astype(np.int32),
        }
        offsets = np.concatenate([[0], np.cumsum(found["n"])]).astype(np.int32)
        if self._evidence.halved and len(seen):
            # Neighbouring positions are alike, so every other one is in the first half.
            first = (seen % 2 == 0).astype(np.int32)
            arrays["half"] = np.add.reduceat(first, offsets[:-1])
        elif self._evidence.halved:
            arrays["half"] = np.zeros(0, dtype=np.int32)
        constants = TrackConstants(self._positions, self._k, self._vocabulary, 0)
        arrays["support"] = support(self._evidence, arrays, constants)
        if self._evidence.silence:
            arrays["positions"] = pa.ListArray.from_arrays(
                pa.array(offsets), pa.array(seen), schema.field("positions").type
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
