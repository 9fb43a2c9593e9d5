"""Held places: where a source has a composition, as columns: the file, page, line or box.

A place is a file's name, relative to what was opened, with a fragment where there is one:
`handbook.pdf#page=3` (RFC 8118), `yard.jpg#xywh=10,20,30,40` (W3C Media Fragments), `src/load.py:7`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from hartonomous.bounded_parquet import open_parquet
from hartonomous.errors import BadInput
from hartonomous.evidence import summed, text_hashes, visit_digest
from hartonomous.file_names import readable

PLACES = pa.schema(
    [
        pa.field("composition", pa.int32(), nullable=False),
        pa.field("place", pa.string(), nullable=False),
    ]
)
"""Columns of a bundle's places, sorted by (composition, place)."""

MOST = 16
"""Most places of one composition; an importer counts the others."""

LONGEST = 1_000
"""Most characters of a place."""

NO_PLACES = [0] * 5
"""The digest of no places."""

_JOINERS = "\u200c\u200d"
_HIDDEN = "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"
"""Invisible, although a letter or a mark by category."""

_UNPRINTABLE = rf"[\p{{Cc}}\p{{Cf}}\p{{Cs}}\p{{Co}}\p{{Zl}}\p{{Zp}}{_HIDDEN}]"
_ABSOLUTE = r"^(?:[/\\~]|[A-Za-z]:[/\\]|[A-Za-z][A-Za-z0-9+.-]*://)"
_CLIMBING = r"(?:^|[/\\])\.\.(?:[/\\]|$)"
_CHUNK = 1 << 12
"""Places whose bytes are hashed at once."""


@dataclass(frozen=True)
class LastPlace:
    """The last row of the rows checked so far, and how many of them are of its composition."""

    composition: int = -1
    place: str = ""
    times: int = 0
    rows: int = 0


def read_places(file: Path, rows: int) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a bundle's file of places, at most `rows` at once.

    Raises BadInput for a place that is too long, before it is repeated for its rows.
    """
    open_parquet(file)
    first = 0
    for piece in pq.ParquetFile(file, read_dictionary=["place"]).iter_batches(batch_size=rows):
        last = LastPlace(rows=first)
        for at, column in enumerate(piece.columns):
            if not pa.types.is_dictionary(column.type):
                continue
            if (long := np.asarray(pc.utf8_length(column.dictionary)) > LONGEST).any():
                _refuse(
                    ~long[np.asarray(column.indices)], last, f"more than {LONGEST:,} characters"
                )
            column = column.cast(column.type.value_type)
            piece = piece.set_column(at, piece.schema.field(at).with_type(column.type), column)
        yield piece
        first += piece.num_rows


def check_places(
    table: pa.Table | pa.RecordBatch, compositions: int, last: LastPlace | None = None
) -> LastPlace:
    """Return the last row, for the rows after these; raise BadInput, naming the row, unless all are
    valid.

    `table` has the columns of PLACES, `compositions` is N, `last` what this returned for the rows
    before. Valid are at most MOST places of a composition, in strictly ascending order, each a
    relative name of 1 to LONGEST printable characters in NFC.
    """
    last = last or LastPlace()
    check_each(table, compositions, last)
    if not table.num_rows:
        return last
    return _check_order(table["composition"].to_numpy(), table["place"], last)


def check_each(
    table: pa.Table | pa.RecordBatch, compositions: int, last: LastPlace | None = None
) -> None:
    """Raise BadInput, naming the row, unless each row alone is valid; as `check_places`, but rows
    are in any order, also repeatedly, and any number of a composition.
    """
    last = last or LastPlace()
    if table.schema != PLACES:
        raise BadInput(f"Places: the columns are {table.schema.names}, not the format's.")
    composition, places = table["composition"].to_numpy(), table["place"]
    length = pc.utf8_length(places).to_numpy(zero_copy_only=False)
    # First, so that nothing long is searched or shown.
    _refuse(length <= LONGEST, last, f"more than {LONGEST:,} characters")
    seen = pc.replace_substring_regex(places, f"[{_JOINERS}]", "")
    within = (composition >= 0) & (composition < compositions)
    _refuse(within, last, "an end outside the compositions")
    _refuse(length > 0, last, "an empty place")
    _refuse(~_matches(seen, _UNPRINTABLE), last, "characters that cannot be printed or seen")
    _refuse(_normal(places), last, "a place that is not in Unicode NFC")
    _refuse(~_matches(places, _ABSOLUTE), last, "an absolute place, not one within the source")
    _refuse(~_matches(places, _CLIMBING), last, "a place outside the source ('..')")


def _check_order(
    composition: NDArray[np.int32], places: pa.ChunkedArray | pa.Array, last: LastPlace
) -> LastPlace:
    every = places if isinstance(places, pa.ChunkedArray) else pa.chunked_array([places])
    before = [pa.array([last.place], pa.string()), *every.slice(0, len(every) - 1).chunks]
    ahead = np.asarray(pc.greater(every, pa.chunked_array(before)))
    step = np.diff(composition.astype(np.int64), prepend=last.composition)
    _refuse((step > 0) | ((step == 0) & ahead), last, "places out of order or twice")
    # Rows of the first composition may have come before these.
    begins = np.where(step > 0, np.arange(len(step)), -last.times)
    times = np.arange(len(step)) - np.maximum.accumulate(begins) + 1
    _refuse(times <= MOST, last, f"the {MOST + 1}th place of its composition, of at most {MOST}")
    rows = last.rows + len(step)
    return LastPlace(int(composition[-1]), places[-1].as_py(), int(times[-1]), rows)


def _normal(texts: pa.ChunkedArray | pa.Array) -> NDArray[np.bool_]:
    """Return which texts are in NFC; Arrow's utf8_normalize decomposes instead."""
    normal = np.asarray(pc.string_is_ascii(texts)).copy()
    for row in np.flatnonzero(~normal).tolist():
        normal[row] = unicodedata.is_normalized("NFC", texts[row].as_py())
    return normal


def _matches(texts: pa.ChunkedArray | pa.Array, pattern: str) -> NDArray[np.bool_]:
    return np.asarray(pc.match_substring_regex(texts, pattern))


def _refuse(good: NDArray[np.bool_], last: LastPlace, fault: str) -> None:
    if not good.all():
        row = last.rows + int(np.argmin(good))
        raise BadInput(f"Places: row {row} has {fault}; extract the bundle again.")


def file_place(name: str | PurePath, fragment: str = "") -> str | None:
    """Return the place of a file named relative to what was opened; None if it is too long.

    Names are made NFC; what cannot be printed or seen is written as `\\u{...}`.

    >>> file_place("a/handbook.pdf", "#page=3"), file_place("a\\u202eb\\n.txt")
    ('a/handbook.pdf#page=3', 'a\\\\u{202e}b\\\\u{a}.txt')
    """
    text = name.as_posix() if isinstance(name, PurePath) else name
    text = unicodedata.normalize("NFC", readable(text))
    if not text.isascii() or not text.isprintable():
        text = "".join(
            one if one in _JOINERS or not _is_unprintable(one) else f"\\u{{{ord(one):x}}}"
            for one in text
        )
    place = text + fragment
    return place if 0 < len(place) <= LONGEST else None


def _is_unprintable(character: str) -> bool:
    category = unicodedata.category(character)
    return category in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") or character in _HIDDEN


def place_table(compositions: NDArray[np.int64], places: Sequence[str] | pa.Array) -> pa.Table:
    """Return rows with the columns of PLACES, sorted; `compositions` (n,) int64."""
    table = pa.table({"composition": compositions, "place": pa.array(places, pa.string())})
    return table.sort_by([(name, "ascending") for name in PLACES.names]).cast(PLACES)


def place_hashes(places: pa.ChunkedArray | pa.Array) -> NDArray[np.uint64]:
    """Return a hash of each of m places, (m,) uint64."""
    firsts = range(0, len(places), _CHUNK)
    parts = [text_hashes(places.slice(first, _CHUNK)) for first in firsts]
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.uint64)


def place_digest(keys: NDArray[np.uint64], places: pa.ChunkedArray | pa.Array) -> list[int]:
    """Return the number of places, and four sums over them, each in [0, VISIT_MODULUS), as
    `evidence.visit_digest` of the places' hashes.

    `keys` is (m, 2) uint64, the keys of the compositions held; `places` are m texts. Sums add up
    over parts in any order, and removing places subtracts.
    """
    total = NO_PLACES
    for first in range(0, len(keys), _CHUNK):
        hashes = text_hashes(places.slice(first, _CHUNK)).view(np.int64)
        part = visit_digest(keys[first : first + _CHUNK], hashes, np.zeros_like(hashes))
        total = summed(total, part)
    return total
