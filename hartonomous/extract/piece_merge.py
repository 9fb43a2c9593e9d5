"""Merge of pieces: compositions, rows and places of all pieces as those of one source, in bounded
memory.

They pass through temporary files that hold a range of keys, or of pairs, each; a range is sorted in
memory. What comes out depends on the content of the pieces alone, not on their order or number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hartonomous.bundle import ROW_GROUP
from hartonomous.errors import BadInput
from hartonomous.evidence import COMPOSITIONS, OWN, columns
from hartonomous.extract.observed_pieces import (
    FOUND,
    HELD,
    PieceStore,
    excluded_in,
    key_bytes,
    sum_rows,
    without_repetition,
)
from hartonomous.extract.place_list import MORE_PLACES, first_places
from hartonomous.held_places import PLACES, place_hashes
from hartonomous.schema import evidence_type

MEMORY = 128 << 20
"""Bytes of rows in memory before they are spilled."""

BUCKET_ROWS = 1_000_000
"""Rows of a range that are sorted at once; a range with more than twice as many is divided."""

MOST_BUCKETS = 1_000
"""Most files of one merge; beyond, ranges grow."""

SAMPLED = 64
"""Rows sampled per range of a division."""

Ints = NDArray[np.int64]


class MergedPieces:
    """The compositions of pieces and of a vocabulary, by key, and the rows of the pieces over them.

    `known` are further compositions, sorted by key; `folder` takes temporary files.
    """

    def __init__(self, stores: Sequence[PieceStore], known: pa.Table, folder: Path) -> None:
        self._stores, self._known, self._folder = stores, known, folder
        self.excluded = Counter[str]()
        self.own = OWN.name in known.schema.names
        self._keys_file = folder / "keys"
        self._keys: NDArray[np.bytes_] = np.empty(0, dtype="S32")
        self._gather()

    def __len__(self) -> int:
        return len(self._keys)

    def compositions(self) -> Iterator[pa.Table]:
        """Yield all compositions, sorted by key, in tables of ROW_GROUP rows."""
        yield from even_tables(self._distinct())

    def place(self, compositions: pa.Table) -> Ints:
        """Return the row of each of some compositions among all, (n,) int64."""
        keys = key_bytes(compositions["key"])
        found = np.searchsorted(self._keys, keys)
        if len(keys) and (
            found.max() >= len(self._keys) or not np.array_equal(self._keys[found], keys)
        ):
            raise BadInput(
                "A piece that was damaged has other compositions now than when it was observed "
                "first; its files have changed. Run the same command again."
            )
        return found.astype(np.int64)

    def rows(self, evidence: str) -> Iterator[pa.Table]:
        """Yield the rows of one type, columns of `evidence.columns`, sorted by (start, end), added up
        over all pieces, in tables of ROW_GROUP rows.
        """
        stores = [store for store in self._stores if evidence in store.tracks.evidence]
        count = sum(store.count(evidence) for store in stores)
        size = len(self)
        buckets = Buckets(self._folder / evidence, _bucket_count(count))
        bounds = np.array(
            [size * size * part // buckets.count for part in range(1, buckets.count)],
            dtype=np.int64,
        )
        for store in stores:
            for number in range(len(store)):
                table = self._paired(store, number, evidence)
                buckets.add(table, np.searchsorted(table["pair"].to_numpy(), bounds))
        schema = columns(evidence_type(evidence))

        def whole(table: pa.Table) -> pa.Table:
            names = [name for name in table.schema.names if name != "pair"]
            pair, sums = sum_rows(
                table["pair"].to_numpy(), {name: table[name].to_numpy() for name in names}
            )
            arrays = {"start": pair // size, "end": pair % size, **sums}
            try:
                return pa.table({name: arrays[name] for name in schema.names}).cast(schema)
            except pa.ArrowInvalid as error:
                raise BadInput(f"{evidence}: a pair was observed too often: {error}.") from error

        yield from even_tables(whole(table) for table in buckets.tables())

    def places(self, known: pa.Table) -> Iterator[pa.Table]:
        """Yield the places of all pieces and those of the vocabulary, columns of PLACES, sorted, in
        tables of ROW_GROUP rows; to be called once.

        `known` are the latter, over all compositions. Of each composition the MOST first ones are
        kept, the others counted in `excluded`.
        """
        yield from even_tables(table.cast(PLACES) for table in self._first_places(known))

    def _first_places(self, known: pa.Table) -> Iterator[pa.Table]:
        count = known.num_rows + sum(store.count(HELD) for store in self._stores)
        buckets = Buckets(self._folder / HELD, _bucket_count(count))
        bounds = np.array(
            [len(self) * part // buckets.count << 32 for part in range(1, buckets.count)],
            dtype=np.int64,
        )
        for table in self._placed(known):
            buckets.add(table, np.searchsorted(table["pair"].to_numpy(), bounds))
        begun = _unlimited(PLACES.empty_table())
        for table in buckets.tables():
            first, more = first_places(pa.concat_tables([begun, table.select(PLACES.names)]))
            if more:
                self.excluded[MORE_PLACES] += more
            # The next range may hold more of the last composition.
            composition = first["composition"].to_numpy()
            cut = int(np.searchsorted(composition, composition[-1]))
            yield first.slice(0, cut)
            begun = first.slice(cut)
        yield begun

    def _placed(self, known: pa.Table) -> Iterator[pa.Table]:
        """Yield the places of the vocabulary and of each piece over all compositions, with one number
        for each composition and hash of a place, ascending: a composition in very many places is
        divided by it.
        """
        yield _numbered(known)
        for store in self._stores:
            for number in range(len(store)):
                table = store.places(number)
                if table.num_rows:
                    place = self.place(store.compositions(number))
                    row = place[table["composition"].to_numpy()].astype(np.int32)
                    yield _numbered(table.set_column(0, PLACES.field(0), pa.array(row)))

    def _gather(self) -> None:
        """Read the compositions of all pieces into ranges, and number the distinct ones."""
        count = self._known.num_rows + sum(store.count(FOUND) for store in self._stores)
        self._buckets = Buckets(self._folder / FOUND, _bucket_count(count))
        bounds = np.array(
            [
                f"{(part << 32) // self._buckets.count:08x}"
                for part in range(1, self._buckets.count)
            ],
            dtype="S32",
        )
        for table in self._tables():
            self._buckets.add(table, np.searchsorted(key_bytes(table["key"]), bounds))
        total = 0
        with self._keys_file.open("wb") as file:
            for table in self._distinct():
                key_bytes(table["key"]).tofile(file)
                total += table.num_rows
        if total:
            self._keys = np.memmap(self._keys_file, dtype="S32", mode="r", shape=(total,))

    def _tables(self) -> Iterator[pa.Table]:
        """Yield the known compositions, and those of each piece, all with the same columns."""
        yield _with_own(self._known)
        for store in self._stores:
            for number in range(len(store)):
                table = store.compositions(number)
                self.excluded += excluded_in(table)
                self.own |= OWN.name in table.schema.names
                yield _with_own(table.replace_schema_metadata(None))

    def _distinct(self) -> Iterator[pa.Table]:
        schema = COMPOSITIONS.append(OWN) if self.own else COMPOSITIONS
        for number in range(self._buckets.count):
            table = self._buckets.table(number)
            if table is not None:
                yield without_repetition(table).select(schema.names).cast(schema)

    def _paired(self, store: PieceStore, number: int, evidence: str) -> pa.Table:
        """Return a piece's rows with one number for each pair of all compositions, ascending."""
        rows = store.rows(number, evidence)
        place = self.place(store.compositions(number))
        # Both lists are sorted by key, so the order of pairs is unchanged.
        start, end = (place[rows[name].to_numpy()] for name in ("start", "end"))
        pair = pa.array(start * len(self) + end)
        return rows.drop_columns(["start", "end"]).add_column(0, "pair", pair)


class Buckets:
    """Rows in temporary files, one for each range of a sorted column, in bounded memory.

    Each added table is sorted by that column, as `pair` for those that are divided.
    """

    def __init__(self, folder: Path, count: int, memory: int = MEMORY) -> None:
        self.count, self._memory = count, memory
        self._folder = folder
        folder.mkdir()
        self._held: list[list[pa.Table]] = [[] for _ in range(count)]
        self._bytes = 0

    def add(self, table: pa.Table, cuts: NDArray[np.intp]) -> None:
        """Add a sorted table; range i holds its rows from cut i - 1 to cut i."""
        ends = [0, *cuts.tolist(), table.num_rows]
        for number, (first, end) in enumerate(pairwise(ends)):
            if end > first:
                self._held[number].append(table.slice(first, end - first))
        self._bytes += table.nbytes
        if self._bytes > self._memory:
            self._write_held()

    def table(self, number: int) -> pa.Table | None:
        """Return the rows of one range, None if it has none."""
        parts = [*self._stored(number), *self._held[number]]
        return pa.concat_tables(parts) if parts else None

    def tables(self) -> Iterator[pa.Table]:
        """Yield the rows of each range, and of each part of a range that is too large."""
        self._write_held()
        for number in range(self.count):
            rows = sum(table.num_rows for table in self._stored(number))
            parts = self._divided(number, rows) if rows > 2 * BUCKET_ROWS else None
            if parts is not None:
                yield from parts.tables()
            elif rows:
                yield pa.concat_tables(self._stored(number))
            self._file(number).unlink(missing_ok=True)

    def _divided(self, number: int, rows: int) -> Buckets | None:
        """Return a range as several; None if its pairs are all the same."""
        count = _bucket_count(rows)
        every = max(1, rows // (count * SAMPLED))
        sample = np.sort(
            np.concatenate([part["pair"].to_numpy()[::every] for part in self._stored(number)])
        )
        bounds = np.unique(sample[np.arange(1, count) * len(sample) // count])
        if bounds[0] == bounds[-1] == sample[0]:
            bounds = bounds[:1] + 1
            if sample[-1] < bounds[0]:
                return None
        parts = Buckets(self._folder / f"{number:06d}-parts", len(bounds) + 1, self._memory)
        for part in self._stored(number):
            parts.add(part, np.searchsorted(part["pair"].to_numpy(), bounds))
        return parts

    def _stored(self, number: int) -> Iterator[pa.Table]:
        """Yield the tables of a range that were spilled, each sorted."""
        file = self._file(number)
        if not file.is_file():
            return
        with pa.OSFile(str(file)) as source:
            while source.tell() < source.size():
                for batch in pa.ipc.open_stream(source):
                    yield pa.Table.from_batches([batch])

    def _write_held(self) -> None:
        for number, tables in enumerate(self._held):
            if not tables:
                continue
            with (
                self._file(number).open("ab") as file,
                pa.ipc.new_stream(file, tables[0].schema) as writer,
            ):
                for table in tables:
                    writer.write_table(table.combine_chunks())
            self._held[number] = []
        self._bytes = 0

    def _file(self, number: int) -> Path:
        return self._folder / f"{number:06d}"


def even_tables(tables: Iterator[pa.Table], rows: int = ROW_GROUP) -> Iterator[pa.Table]:
    """Yield the same rows in tables of equal length, the last one excepted.

    Row groups of a file then depend on its rows alone.
    """
    pending: list[pa.Table] = []
    held = 0
    for table in tables:
        while table.num_rows:
            taken = table.slice(0, rows - held)
            pending.append(taken)
            held += taken.num_rows
            table = table.slice(taken.num_rows)
            if held == rows:
                yield pa.concat_tables(pending).combine_chunks()
                pending, held = [], 0
    if held:
        yield pa.concat_tables(pending).combine_chunks()


def _bucket_count(rows: int) -> int:
    return max(1, min(MOST_BUCKETS, -(-rows // BUCKET_ROWS)))


def _numbered(places: pa.Table) -> pa.Table:
    """Return places with a number for each composition and hash of a place, sorted by it."""
    table = _unlimited(places)
    low = (place_hashes(table["place"]) >> np.uint64(32)).astype(np.int64)
    pair = (table["composition"].to_numpy().astype(np.int64) << 32) | low
    return table.append_column("pair", pa.array(pair)).sort_by("pair")


def _unlimited(places: pa.Table) -> pa.Table:
    """Return places whose texts may be more than 2 GiB together."""
    return places.set_column(1, "place", places["place"].cast(pa.large_string()))


def _with_own(table: pa.Table) -> pa.Table:
    """Return compositions with a column of properties, empty if they have none."""
    if OWN.name in table.schema.names:
        return table.cast(COMPOSITIONS.append(OWN))
    empty = pa.nulls(table.num_rows, OWN.type)
    return table.cast(COMPOSITIONS).append_column(OWN, empty)
