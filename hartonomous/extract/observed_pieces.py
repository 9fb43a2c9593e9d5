"""Observed pieces: compositions and evidence that an importer finds together, piece by piece.

A piece is a part of a source that is observed alone: a shard of pictures, a folder of code. It is
stored when it is finished, in a form that depends on its content alone, so that an interrupted run
resumes behind the last finished piece, and pieces may be observed in any order and on any machine.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hartonomous.errors import BadInput, UsageError
from hartonomous.evidence import (
    COMPOSITIONS,
    OWN,
    allowed_ends,
    check,
    check_own_properties,
    columns,
)
from hartonomous.extract.checkpoints import FinishedWork
from hartonomous.extract.place_list import distinct_places
from hartonomous.held_places import PLACES, check_each
from hartonomous.identity import canonical_json, composition_keys, content_digest, normalise
from hartonomous.progress import Progress
from hartonomous.schema import EvidenceType, evidence_type, is_directed, kinds

Piece = str | int | tuple[str | int, ...]
"""What tells a piece, as plain values that any machine understands: a file's name, a range."""

FOUND = "compositions"
"""Name of a piece's table of compositions."""

HELD = "places"
"""Name of a piece's table of places."""

KEPT = "kept"
"""Name of a piece's table for tracks of pairs."""

IN_FLIGHT = 16
"""Pieces handed to an executor at once: workers never wait, and finished ones are soon stored."""

_EXCLUDED = b"excluded"


@dataclass(frozen=True)
class ObservedPiece:
    """What was observed in one piece.

    `compositions` has the columns text and kind, and where kinds have properties `evidence.OWN`; in
    any order, also repeatedly. `rows` holds by evidence type a table with the columns of
    `observed_columns`, in any order, also repeatedly: `start` and `end` are rows of `compositions`,
    the other columns are added up; `half` may be left out, and then a piece is in one half.
    `excluded` counts what was left out, by reason. `places` says where the source has compositions,
    with the columns of `held_places.PLACES`, in any order, also repeatedly: `composition` is a row of
    `compositions`, `place` as `held_places.file_place` makes it. Of all pieces' places of a
    composition the `held_places.MOST` first ones in order are kept, the others counted; a
    composition without evidence has none in the graph. `kept` is for a track of pairs of the same
    source, which is observed behind all pieces and reads it by `PieceStore.kept`; any columns, no part
    of the bundle.
    """

    compositions: pa.Table
    rows: Mapping[str, pa.Table]
    excluded: Mapping[str, int] = field(default_factory=dict)
    places: pa.Table | None = None
    kept: pa.Table | None = None


class Observer(Protocol):
    """Observes a piece; the same piece always gives the same.

    An executor pickles it: it is a function of a module, or an object of few plain fields that opens
    its model when it is first called.
    """

    def __call__(self, piece: Piece) -> ObservedPiece:
        """Return what is in a piece; raise BadInput if it cannot be read."""
        ...


@dataclass(frozen=True)
class ObservedTracks:
    """Evidence of one or several types over compositions that are found while observing.

    `pieces` divide the source; one takes seconds to minutes, and its result fits into memory several
    times. `positions` names the observations, `dimensions` is that of compared vectors or 0,
    `expected` the approximate number of rows of evidence, known before any observation. With `keeps`,
    every piece has a table `kept`.
    """

    evidence: tuple[str, ...]
    positions: tuple[str, ...]
    pieces: Sequence[Piece]
    observe: Observer
    expected: int
    dimensions: int = 0
    keeps: bool = False


class PieceStore:
    """The pieces of observed tracks: stored ones are read, damaged ones are observed again."""

    def __init__(self, tracks: ObservedTracks, finished: FinishedWork) -> None:
        for name in tracks.evidence:
            refuse_unsummed(evidence_type(name))
        self.tracks, self._finished = tracks, finished
        self._names = [_name(tracks.evidence, piece) for piece in tracks.pieces]
        if len(set(self._names)) < len(self._names):
            raise UsageError(f"Two pieces of {', '.join(tracks.evidence)} are the same one.")
        self._parts = (FOUND, HELD, *((KEPT,) if tracks.keeps else ()), *tracks.evidence)

    def __len__(self) -> int:
        return len(self._names)

    def observe(self, progress: Progress, executor: Executor | None = None) -> None:
        """Observe and store the unfinished pieces, by an executor if there is one."""
        finished, parts = self._finished, self._parts
        left = [
            number
            for number, name in enumerate(self._names)
            if finished.table_rows(name, parts) is None
        ]
        done, total = len(self) - len(left), len(self)
        for number, tables in self._observed(left, executor):
            self._finished.write_tables(self._names[number], tables)
            done += 1
            progress("observing", done, total)

    def compositions(self, number: int) -> pa.Table:
        """Return a piece's compositions, columns key, text, kind (and `evidence.OWN`), sorted by key."""
        return self._read(number, FOUND)

    def rows(self, number: int, evidence: str) -> pa.Table:
        """Return a piece's rows of one type, sorted by (start, end), ends being rows of its
        compositions.
        """
        return self._read(number, evidence)

    def places(self, number: int) -> pa.Table:
        """Return a piece's places, columns of PLACES, sorted, without repetition, `composition` being
        a row of its compositions.
        """
        return self._read(number, HELD)

    def kept(self, number: int) -> pa.Table:
        """Return what a piece of tracks that keep something kept, as it was observed."""
        return self._read(number, KEPT)

    def count(self, part: str) -> int:
        """Return the rows of one part in all pieces."""
        return sum(self._counted(number)[part] for number in range(len(self)))

    def _counted(self, number: int) -> Mapping[str, int]:
        found = self._finished.table_rows(self._names[number], self._parts)
        return found if found is not None else {part: 0 for part in self._parts}

    def _read(self, number: int, part: str) -> pa.Table:
        name = self._names[number]
        table = self._finished.table(name, part)
        if table is None:
            # Damaged since it was stored.
            tables = piece_tables(self.tracks, self.tracks.pieces[number])
            self._finished.write_tables(name, tables)
            table = tables[part]
        return table

    def _observed(
        self, numbers: Sequence[int], executor: Executor | None
    ) -> Iterator[tuple[int, dict[str, pa.Table]]]:
        pieces = self.tracks.pieces
        if executor is None:
            yield from ((number, piece_tables(self.tracks, pieces[number])) for number in numbers)
            return
        # Without the list of all pieces, which every worker would be sent.
        alone = _without_pieces(self.tracks)
        waiting = iter(numbers)
        flying: dict[Future[dict[str, pa.Table]], int] = {}
        try:
            while True:
                for number in waiting:
                    flying[executor.submit(piece_tables, alone, pieces[number])] = number
                    if len(flying) == IN_FLIGHT:
                        break
                if not flying:
                    return
                for future in wait(flying, return_when=FIRST_COMPLETED).done:
                    yield flying.pop(future), future.result()
        finally:
            for future in flying:
                future.cancel()


def excluded_in(compositions: pa.Table) -> Counter[str]:
    """Return what a stored piece left out, by reason, from its table of compositions."""
    said = (compositions.schema.metadata or {}).get(_EXCLUDED, b"{}")
    return Counter(json.loads(said))


def piece_tables(tracks: ObservedTracks, piece: Piece) -> dict[str, pa.Table]:
    """Observe a piece; return its tables as they are stored, by name.

    Compositions are sorted by key without repetition, rows by (start, end) with their columns added
    up, places are sorted without repetition. Raises BadInput, naming the piece, for rows that are
    not valid for their type, and for places that are not valid.
    """
    found = tracks.observe(piece)
    if unknown := sorted(found.rows.keys() - set(tracks.evidence)):
        raise UsageError(
            f"The piece {piece!r} has rows of {unknown[0]}, and its tracks are of "
            f"{', '.join(tracks.evidence)}."
        )
    try:
        compositions, place = _keyed(found.compositions)
        tables = {FOUND: compositions.replace_schema_metadata(_metadata(found.excluded))}
        tables[HELD] = _held(found.places, place)
        if tracks.keeps:
            if found.kept is None:
                raise BadInput("nothing was kept of it")
            tables[KEPT] = found.kept
        of_kind = np.array(compositions["kind"].to_pylist(), dtype=object)
        for name in tracks.evidence:
            evidence = evidence_type(name)
            rows = found.rows.get(name)
            table = columns(evidence).empty_table()
            if rows is not None:
                table = _placed(_filled(rows, evidence, tracks.evidence, piece), evidence, place)
            check(table, evidence, allowed_ends(evidence, of_kind))
            tables[name] = table
    except (BadInput, pa.ArrowException, KeyError) as error:
        raise BadInput(f"The piece {piece!r} was observed wrongly: {error}") from error
    return tables


def sum_rows(
    pair: NDArray[np.int64], values: Mapping[str, NDArray[Any]]
) -> tuple[NDArray[np.int64], dict[str, NDArray[Any]]]:
    """Return the distinct pairs, ascending, and the sums of each column over equal ones.

    `pair` and the columns are (r,); integers are added as int64, fractions in ascending order, so
    that the sum does not depend on the order of rows.
    """
    if not len(pair):
        return pair, dict(values)
    fractions = [column for column in values.values() if column.dtype.kind == "f"]
    order = (
        np.lexsort((*fractions, pair)) if len(fractions) < 2 else np.argsort(pair, kind="stable")
    )
    ordered = pair[order]
    first = np.flatnonzero(np.diff(ordered, prepend=ordered[0] - 1))
    sums: dict[str, NDArray[Any]] = {}
    for name, column in values.items():
        own = order
        if len(fractions) > 1 and column.dtype.kind == "f":
            own = np.lexsort((column, pair))
        wide = column[own].astype(np.float64 if column.dtype.kind == "f" else np.int64)
        sums[name] = np.add.reduceat(wide, first)
    return ordered[first], sums


def refuse_unsummed(evidence: EvidenceType) -> None:
    """Raise UsageError for a type whose rows cannot be added up."""
    listed = [column.name for column in evidence.columns if column.listed]
    if evidence.silence or evidence.contexts or listed or not evidence.chance.adds_up:
        raise UsageError(
            f"{evidence.name} is not observed by pieces: its rows hold more than counts that add up. "
            "Observe a counted type."
        )


def without_repetition(table: pa.Table) -> pa.Table:
    """Return compositions sorted by key, one of each; of several with properties of their own, the
    first in the order of their texts.
    """
    names = [name for name in ("key", OWN.name) if name in table.schema.names]
    ordered = table.sort_by([(name, "ascending") for name in names])
    keys = key_bytes(ordered["key"])
    fresh = np.ones(len(keys), dtype=bool)
    fresh[1:] = keys[1:] != keys[:-1]
    return ordered.filter(pa.array(fresh)).combine_chunks()


def key_bytes(column: pa.ChunkedArray) -> NDArray[np.bytes_]:
    """Return keys of 32 hexadecimal digits as (N,) bytes, which compare as the texts do."""
    parts = [_chunk_bytes(chunk) for chunk in column.chunks if len(chunk)]
    return np.concatenate(parts) if parts else np.empty(0, dtype="S32")


def _chunk_bytes(chunk: pa.Array) -> NDArray[np.bytes_]:
    _, offsets, data = chunk.buffers()
    first = int(np.frombuffer(offsets, dtype=np.int32)[chunk.offset])
    return np.frombuffer(data, dtype="S32", count=len(chunk), offset=first)


def _name(evidence: Sequence[str], piece: Piece) -> str:
    return "piece-" + content_digest("piece", {"evidence": list(evidence), "piece": piece})[:32]


def _without_pieces(tracks: ObservedTracks) -> ObservedTracks:
    return ObservedTracks(
        tracks.evidence,
        tracks.positions,
        (),
        tracks.observe,
        tracks.expected,
        tracks.dimensions,
        tracks.keeps,
    )


def _metadata(excluded: Mapping[str, int]) -> dict[bytes, bytes]:
    return {_EXCLUDED: canonical_json(dict(excluded)).encode()}


def _keyed(found: pa.Table) -> tuple[pa.Table, NDArray[np.int64]]:
    """Return compositions with their keys, and the place of each given one among them."""
    of_kind = found["kind"].to_pylist()
    known = {kind.name for kind in kinds()}
    if unknown := sorted(set(of_kind) - known):
        raise BadInput(f"there is no kind {unknown[0]!r}")
    texts = [normalise(text) for text in found["text"].to_pylist()]
    if not all(texts):
        raise BadInput("a composition has no text")
    table = pa.table(
        {"key": composition_keys(of_kind, texts), "text": texts, "kind": of_kind},
        schema=COMPOSITIONS,
    )
    if OWN.name in found.schema.names and found[OWN.name].null_count < len(found):
        table = table.append_column(OWN, found[OWN.name].cast(OWN.type))
    whole = without_repetition(table)
    check_own_properties(whole)
    place = np.searchsorted(key_bytes(whole["key"]), key_bytes(table["key"]))
    return whole, place.astype(np.int64)


def _held(found: pa.Table | None, place: NDArray[np.int64]) -> pa.Table:
    """Return places of given compositions as those of the sorted ones, without repetition."""
    if found is None:
        return PLACES.empty_table()
    if set(found.schema.names) != set(PLACES.names) or len(found.schema) != len(PLACES):
        raise BadInput(f"the columns of places are {', '.join(PLACES.names)}")
    rows = found.select(PLACES.names)
    if any(column.null_count for column in rows.columns):
        raise BadInput("a place lacks its composition or its text")
    rows = rows.cast(PLACES)
    check_each(rows, len(place))
    row = place[rows["composition"].to_numpy()].astype(np.int32)
    return distinct_places(rows.set_column(0, PLACES.field(0), pa.array(row))).cast(PLACES)


def observed_columns(evidence: EvidenceType) -> tuple[str, ...]:
    """Return the columns that whoever observes a part of a source gives, in order.

    All but what follows from the rows of all parts: `support`, and what chance is reckoned by.
    """
    derived = {"support", *evidence.chance.derived}
    return tuple(name for name in columns(evidence).names if name not in derived)


def _filled(rows: pa.Table, evidence: EvidenceType, types: Sequence[str], piece: Piece) -> pa.Table:
    """Return rows with all columns of their type, 0 where they are derived later."""
    given = set(observed_columns(evidence))
    if not given - {"half"} <= set(rows.schema.names) <= given:
        raise BadInput(
            f"the columns of {evidence.name} are {', '.join(observed_columns(evidence))}"
        )
    schema = columns(evidence)
    nothing = pa.array(np.zeros(rows.num_rows, dtype=np.int64))
    for name in schema.names:
        if name not in rows.schema.names:
            first = name == "half" and int(_name(types, piece)[-1], 16) % 2 == 0
            values = rows["n"] if first else nothing
            rows = rows.append_column(name, values.cast(schema.field(name).type))
    return rows


def _placed(rows: pa.Table, evidence: EvidenceType, place: NDArray[np.int64]) -> pa.Table:
    """Return rows over given compositions as rows over the sorted ones, added up."""
    schema = columns(evidence)
    start, end = (rows[name].to_numpy().astype(np.int64) for name in ("start", "end"))
    for ends in (start, end):
        if len(ends) and (ends.min() < 0 or ends.max() >= len(place)):
            raise BadInput(f"{evidence.name} has an end outside the compositions")
    start, end = place[start], place[end]
    if not is_directed(evidence):
        start, end = np.minimum(start, end), np.maximum(start, end)
    size = max(1, len(place))
    values = {each.name: rows[each.name].to_numpy() for each in evidence.columns}
    pair, sums = sum_rows(start * size + end, values)
    arrays = {"start": pair // size, "end": pair % size, **sums}
    return pa.table({name: arrays[name] for name in schema.names}).cast(schema)
