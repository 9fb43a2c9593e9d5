"""Bundle difference: what a bundle has otherwise than the source it is to replace.

The source's rows are read once, as columns, in the order of the bundle's, and both are merged: in
memory are one batch of either, and what differs. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hartonomous.bundle import Bundle, TrackDescription
from hartonomous.bundle_scan import BundleScan
from hartonomous.evidence import DIGEST_LANES, digest, fields, key_columns
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.load import loader
from hartonomous.load.row_comparison import compare_rows
from hartonomous.progress import Progress
from hartonomous.schema import HOLDS, VISITED, EvidenceType, evidence_type

MOST_DIFFERING = 1 / 3
"""Share of the rows from which a source is replaced whole: then that is as fast."""

MOST_ROWS = 1 << 22
"""Differing rows that are held in memory; with more, a source is replaced whole."""

STARTS = 500
"""Compositions whose rows are read in one result."""

KEYS = 10_000
CHUNK = 50_000

Ints = NDArray[np.int64]

_NO_IDS = np.empty((0, 3), np.int64)
_IDS = ("edge", "start", "end")


class _NotComparable(Exception):
    """Too much differs, or the source's rows are not as a load writes them."""


@dataclass(frozen=True)
class TrackDifference:
    """What differs in the rows of one type.

    `removed` (r, 3) and `changed` (c, 3) int64 are database ids: the edge, its start, its end.
    `rows` (c,) are the numbers of the changed rows in the bundle's track, `added` (a,) of those that
    are only there. `read` counts the source's rows.
    """

    evidence: str
    removed: Ints
    changed: Ints
    rows: Ints
    added: Ints
    read: int

    @property
    def size(self) -> int:
        return len(self.removed) + len(self.changed) + len(self.added)


@dataclass(frozen=True)
class VisitDifference:
    """What differs in visits: database ids of contexts `removed`, (r,), and numbers of the rows
    `added`, (a,), in the bundle's contexts; a changed one is in both.
    """

    removed: Ints
    added: Ints
    read: int

    @property
    def size(self) -> int:
        return max(len(self.removed), len(self.added))


@dataclass(frozen=True)
class PlaceDifference:
    """What differs in places: `removed` has the columns id, the database id of a composition, and
    place; `added` row, that of the bundle's composition, and place.
    """

    removed: pa.Table
    added: pa.Table
    read: int

    @property
    def size(self) -> int:
        return int(self.removed.num_rows + self.added.num_rows)


@dataclass(frozen=True)
class BundleDifference:
    """What differs in all rows of a source, and its ledger, as a load of the bundle writes it."""

    tracks: tuple[TrackDifference, ...]
    visits: VisitDifference
    places: PlaceDifference
    ledger: tuple[Row, ...]

    @property
    def size(self) -> int:
        tracks = sum(track.size for track in self.tracks)
        return tracks + self.visits.size + self.places.size

    @property
    def read(self) -> int:
        tracks = sum(track.read for track in self.tracks)
        return tracks + self.visits.read + self.places.read


class Places:
    """Places in a bundle of compositions with database ids, (N,) int64, -1 where there is none."""

    def __init__(self, ids: Ints) -> None:
        self.size = len(ids)
        known = np.flatnonzero(ids >= 0)
        self._order = known[np.argsort(ids[known])]
        self._ids = ids[self._order]

    def of(self, ids: Ints) -> Ints:
        """Return the place of each id, (n,) int64, -1 for those of no composition of the bundle."""
        if not len(self._ids):
            return np.full(len(ids), -1, dtype=np.int64)
        at = np.minimum(np.searchsorted(self._ids, ids), len(self._ids) - 1)
        return np.where(self._ids[at] == ids, self._order[at], -1)


def composition_ids(graph: Graph, scanned: BundleScan) -> Ints:
    """Return the database id of each composition that a bundle's rows use, (N,) int64, else -1."""
    keys = scanned.compositions["key"].to_pylist()
    ids = np.full(len(keys), -1, dtype=np.int64)
    used = np.flatnonzero(scanned.used)
    for first in range(0, len(used), KEYS):
        part = used[first : first + KEYS]
        asked = [keys[place] for place in part.tolist()]
        (found,) = graph.read(query("load/find_ids"), keys=asked)
        ids[part[found["places"]]] = found["ids"]
    return ids


def find_difference(
    graph: Graph,
    bundle: Bundle,
    scanned: BundleScan,
    name: str,
    tracks: Sequence[Row],
    ids: Ints,
    progress: Progress,
) -> BundleDifference | None:
    """Return how a bundle differs from a source with these tracks; None if in too much, or if the
    source's rows were edited by hand.

    `ids` (N,) int64 are the database ids of the bundle's compositions.
    """
    places, keys = Places(ids), key_columns(scanned.compositions["key"])
    before = sum(track["rows"] or 0 for track in tracks)
    after = sum(track.rows for track in bundle.tracks)
    most = min(MOST_ROWS, int(MOST_DIFFERING * max(before, after) + 1))
    found: list[TrackDifference] = []
    ledger: list[Row] = []
    new = {track.evidence: track for track in bundle.tracks}
    old = [track["evidence"] for track in tracks]
    try:
        for evidence in (*new, *(one for one in old if one not in new)):
            merge = _Merge(graph, name, evidence, places, most - sum(one.size for one in found))
            done = sum(one.read for one in found)
            for batch in _batches(bundle, new.get(evidence)):
                merge.take(batch)
                ledger.append(_entry(name, evidence, merge.number, batch, keys))
                progress("comparison", done + merge.read, before)
            found.append(merge.finish())
        visits = _visit_difference(graph, name, scanned.contexts, places)
        held = list(loader.used_places(bundle, scanned.used))
        kept = _place_difference(graph, name, held, places)
    except _NotComparable:
        return None
    ledger += _visit_entries(name, scanned.contexts) + _place_entries(name, held)
    difference = BundleDifference(tuple(found), visits, kept, tuple(ledger))
    return difference if difference.size <= most else None


def _batches(bundle: Bundle, track: TrackDescription | None) -> Iterable[pa.RecordBatch]:
    return () if track is None else bundle.evidence(track, loader.BATCH_ROWS)


def _entry(
    name: str, evidence: str, number: int, batch: pa.RecordBatch, keys: NDArray[np.uint64]
) -> Row:
    """Return the entry in the ledger that a load of a batch writes."""
    return {
        "key": f"{name}/{evidence}/{number - 1:08d}",
        "source": name,
        "evidence": evidence,
        "rows": batch.num_rows,
        "digest": digest(batch, keys, evidence_type(evidence).later),
    }


def _visit_entries(name: str, contexts: pa.Table) -> list[Row]:
    size = loader.BATCH_ROWS
    return [
        {
            "key": f"{name}/{VISITED}/{first // size:08d}",
            "source": name,
            "evidence": VISITED,
            "rows": min(size, contexts.num_rows - first),
            "digest": [0] * DIGEST_LANES,
        }
        for first in range(0, contexts.num_rows, size)
    ]


def _place_entries(name: str, held: Sequence[pa.RecordBatch]) -> list[Row]:
    return [
        {
            "key": f"{name}/{HOLDS}/{number:08d}",
            "source": name,
            "evidence": HOLDS,
            "rows": part.num_rows,
            "digest": [0] * DIGEST_LANES,
        }
        for number, part in enumerate(held)
    ]


class _Merge:
    """Merges a source's rows of one type with batches of a bundle's, both in the order of pairs."""

    def __init__(self, graph: Graph, name: str, evidence: str, places: Places, most: int) -> None:
        self.evidence, self.places, self.most = evidence_type(evidence), places, most
        self.names = [each.name for each in self.evidence.columns]
        self.number = self.first = self.read = 0
        self._chunks = _old_rows(graph, name, self.evidence, places)
        self._held, self._through = _table([], self.evidence), -1
        self._removed, self._changed = [_NO_IDS], [_NO_IDS]
        self._rows, self._added = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        self._size = 0

    def take(self, batch: pa.RecordBatch) -> None:
        """Compare the next batch of the bundle's rows."""
        start = batch["start"].to_numpy().astype(np.int64)
        pairs = start * self.places.size + batch["end"].to_numpy()
        self._read_through(int(start[-1]))
        held = self._held["pair"].to_numpy()
        upto = int(np.searchsorted(held, pairs[-1], side="right"))
        mine = self._held.slice(0, upto)
        found = compare_rows(mine, held[:upto], batch, pairs, self.names)
        self._held = self._held.slice(upto)
        old, new = found.changed
        self._lose(_ids(mine, found.removed))
        self._changed.append(_ids(mine, old))
        self._rows.append(self.first + new)
        self._added.append(self.first + found.added)
        self._count(len(old) + len(found.added))
        self.first += batch.num_rows
        self.number += 1

    def finish(self) -> TrackDifference:
        """Return what differs, after the last batch."""
        self._read_through(None)
        self._lose(_ids(self._held, np.arange(self._held.num_rows)))
        return TrackDifference(
            self.evidence.name,
            np.concatenate(self._removed),
            np.concatenate(self._changed),
            np.concatenate(self._rows),
            np.concatenate(self._added),
            self.read,
        )

    def _read_through(self, place: int | None) -> None:
        """Read the source's rows that start up to a place; all that are left for None."""
        pieces = [self._held]
        while place is None or self._through < place:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            self._through, rows = chunk
            self.read += rows.num_rows
            # A row of a composition that the bundle does not use has no place there.
            gone = rows["pair"].to_numpy() < 0
            self._lose(_ids(rows, np.flatnonzero(gone)))
            pieces.append(rows.slice(int(gone.sum())))
            if place is None:
                self._lose(_ids(pieces[-1], np.arange(pieces[-1].num_rows)))
                pieces.pop()
        self._held = pa.concat_tables(pieces).combine_chunks()

    def _lose(self, ids: Ints) -> None:
        self._removed.append(ids)
        self._count(len(ids))

    def _count(self, rows: int) -> None:
        self._size += rows
        if self._size > self.most:
            raise _NotComparable


def _ids(rows: pa.Table, at: Ints) -> Ints:
    """Return the database ids of some rows, (n, 3) int64."""
    if not len(at):
        return _NO_IDS
    return np.stack([rows[name].to_numpy()[at] for name in _IDS], axis=1)


def _old_rows(
    graph: Graph, name: str, evidence: EvidenceType, places: Places
) -> Iterator[tuple[int, pa.Table]]:
    """Yield a source's rows in the order of pairs, and the place up to which they are whole.

    Columns edge, start, end (database ids), pair (-1 without a place), and those of the type.
    """
    found = graph.stream(query("load/find_starts", evidence=evidence.name), source=name)
    starts = np.concatenate([np.empty(0, np.int64), *(np.array(ids) for (ids,) in found)])
    at = places.of(starts)
    order = np.argsort(at, kind="stable")
    parts = [starts[order[f : f + STARTS]].tolist() for f in range(0, len(order), STARTS)]
    statement = query("load/read_source_rows", evidence=evidence.name)
    answers = graph.stream_parts(statement, "ids", iter(parts), source=name)
    for last, (lists,) in zip(
        range(STARTS - 1, len(order) + STARTS, STARTS), answers, strict=False
    ):
        rows = _table(lists, evidence)
        ends = (places.of(rows[end].to_numpy()) for end in ("start", "end"))
        low, high = ends
        pairs = np.where((low < 0) | (high < 0), -1, low * places.size + high)
        sorted_rows = rows.take(pa.array(np.argsort(pairs, kind="stable")))
        pairs = np.sort(pairs)
        if (np.diff(pairs[pairs >= 0]) == 0).any():
            raise _NotComparable
        through = int(at[order[min(last, len(order) - 1)]])
        yield through, sorted_rows.append_column("pair", pa.array(pairs))


def _table(lists: Sequence[Sequence[object]], evidence: EvidenceType) -> pa.Table:
    """Return rows that were read as columns; an empty table for none."""
    own = fields(evidence)
    layout = [*(pa.field(name, pa.int64(), nullable=False) for name in _IDS), *own]
    if not lists:
        return pa.schema([*layout, pa.field("pair", pa.int64())]).empty_table()
    if len({len(column) for column in lists}) > 1:
        raise _NotComparable
    try:
        arrays = [pa.array(one, field.type) for one, field in zip(lists, layout, strict=True)]
    except (pa.ArrowException, OverflowError, TypeError, ValueError) as error:
        raise _NotComparable from error
    return pa.Table.from_arrays(arrays, schema=pa.schema(layout))


def _visit_difference(
    graph: Graph, name: str, contexts: pa.Table, places: Places
) -> VisitDifference:
    """Return what differs in visits; a context that lost its edges to shorter ones counts, too."""
    stream = graph.stream(query("load/read_visited"), source=name)
    read: list[Ints] = [np.empty((0, 4), np.int64)]
    while chunk := list(islice(stream, CHUNK)):
        if any(None in row for row in chunk):
            raise _NotComparable
        read.append(np.array(chunk, dtype=np.int64))
    old = np.concatenate(read)
    at = places.of(old[:, 0])
    if len(np.unique(old[:, 0])) != len(old):
        raise _NotComparable
    new = {column: contexts[column].to_numpy().astype(np.int64) for column in contexts.schema.names}
    row_of = np.full(places.size, -1, dtype=np.int64)
    row_of[new["composition"]] = np.arange(contexts.num_rows)
    row = np.where(at >= 0, row_of[at], -1) if places.size else np.full(len(at), -1)
    kept = np.flatnonzero(row >= 0)
    mine, theirs = old[kept], row[kept]
    same = (mine[:, 1] == new["n"][theirs]) & (mine[:, 2] == new["mass"][theirs])
    same &= (mine[:, 3] > 0) | (new["prefix"][theirs] < 0)
    added = np.ones(contexts.num_rows, dtype=bool)
    added[theirs[same]] = False
    removed = np.ones(len(old), dtype=bool)
    removed[kept[same]] = False
    return VisitDifference(old[removed, 0], np.flatnonzero(added), len(old))


_PLACE = ["row", "place"]


def _place_difference(
    graph: Graph, name: str, held: Sequence[pa.RecordBatch], places: Places
) -> PlaceDifference:
    """Return what differs in the places of compositions."""
    stream = graph.stream(query("delete/read_source_held"), source=name)
    parts = [pa.table([[], []], pa.schema([("id", pa.int64()), ("place", pa.string())]))]
    while chunk := list(islice(stream, CHUNK)):
        _, ids, texts = zip(*chunk, strict=True)
        try:
            parts.append(pa.table([ids, texts], parts[0].schema))
        except (pa.ArrowException, TypeError) as error:
            raise _NotComparable from error
    old = pa.concat_tables(parts).combine_chunks()
    if old.group_by(["id", "place"]).aggregate([]).num_rows < old.num_rows or (
        old["place"].null_count
    ):
        raise _NotComparable
    old = old.append_column("row", pa.array(places.of(old["id"].to_numpy())))
    columns = [[batch["composition"].cast(pa.int64()), batch["place"]] for batch in held]
    layout = pa.schema([("row", pa.int64()), ("place", pa.string())])
    new = pa.concat_tables([layout.empty_table(), *(pa.table(one, layout) for one in columns)])
    return PlaceDifference(
        old.join(new, _PLACE, join_type="left anti").sort_by("id"),
        new.join(old.select(_PLACE), _PLACE, join_type="left anti").sort_by("row"),
        old.num_rows,
    )
