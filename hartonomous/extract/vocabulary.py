"""Vocabulary: a model's tokens as compositions, normalised, with exclusions counted by reason.

First entries are excluded, then equal ones are merged (the vector of the lowest row is used), so
that only compositions take part in centring and in the search.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hartonomous.errors import BadInput
from hartonomous.evidence import COMPOSITIONS
from hartonomous.identity import composition_keys, normalise
from hartonomous.schema import CONTINUATION, PIECE, TOKEN

LONGEST = 256
"""Most characters; longer entries are data that ended up in a vocabulary, not words."""

_SPECIAL = re.compile(
    r"\[(PAD|UNK|CLS|SEP|MASK)\]|<(s|/s|unk|pad|mask|bos|eos)>|<extra_id_\d+>|<\|[^|]+\|>"
)
_UNUSED = re.compile(
    # Rows without a token, as converters and trainers number them.
    r"[<\[]\|?[A-Z_ -]*?(pad|unk|unused|dummy|reserved|special|control|extra(?!_id)|placeholder|empty|"
    r"filler)[A-Z_ -]*?\d+\|?[>\]]|madeupword\d+|<(s|unk|pad)>NOTUSED",
    re.IGNORECASE,
)
_LONGEST_RESERVED = 64
_BYTE = re.compile(r"<0x[0-9A-Fa-f]{2}>")
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
_JOINERS = "\u200c\u200d"

Spelt = tuple[str | None, str]
"""Kind and text of an entry, or None and the reason of its exclusion."""

Convention = Callable[[str], Spelt]
"""How a tokenizer marks pieces."""


@dataclass(frozen=True)
class Vocabulary:
    """The compositions of a model, sorted by key.

    `compositions` has the columns of `evidence.COMPOSITIONS`; `rows` (N,) int64 are the rows of the
    model's matrix for each composition, and `places` (matrix rows,) int64 the composition of each
    row, -1 for none; `excluded` counts entries left out by reason, `merged` those equal to one with
    a lower row.
    """

    compositions: pa.Table
    rows: NDArray[np.int64]
    places: NDArray[np.int64]
    excluded: dict[str, int]
    merged: int

    def __len__(self) -> int:
        return len(self.rows)

    def with_excluded(self, reason: str, count: int) -> Vocabulary:
        """Return the same compositions with more entries counted as left out."""
        counted = Counter(self.excluded) + Counter({reason: count})
        return replace(self, excluded=dict(sorted(counted.items())))


def sorted_vocabulary(
    texts: Sequence[str],
    kinds: Sequence[str],
    excluded: Mapping[str, int] | None = None,
    merged: int = 0,
) -> tuple[Vocabulary, NDArray[np.int64]]:
    """Return distinct texts of some kinds as compositions sorted by key, and the row of each, (N,) int64."""
    keys = np.array(composition_keys(kinds, texts), dtype="U32")
    order = np.argsort(keys)
    row = np.empty(len(order), dtype=np.int64)
    row[order] = np.arange(len(order))
    columns = {"key": keys.tolist(), "text": list(texts), "kind": list(kinds)}
    table = pa.table(columns, schema=COMPOSITIONS).take(pa.array(order))
    return Vocabulary(table, order, row, dict(sorted((excluded or {}).items())), merged), row


def no_vocabulary(excluded: Mapping[str, int] | None = None) -> Vocabulary:
    """Return the vocabulary of a source whose compositions are all found while observing."""
    none = np.empty(0, dtype=np.int64)
    return Vocabulary(COMPOSITIONS.empty_table(), none, none, dict(excluded or {}), 0)


def whole_words(entry: str) -> Spelt:
    """A word list: every entry is a word, except for special marks.

    >>> whole_words("king"), whole_words("</s>"), whole_words("[PAD12]")
    (('Token', 'king'), (None, 'special'), (None, 'unused'))
    """
    return (None, reason) if (reason := _reserved(entry)) else (TOKEN, entry)


def as_written(entry: str) -> Spelt:
    """A token that was added to a tokenizer beside its pieces: a word, whatever its marks.

    >>> as_written("<h1>"), as_written("▁▁king"), as_written("<unused7>")
    (('Token', '<h1>'), ('Token', 'king'), (None, 'unused'))
    """
    reason = _reserved(entry)
    return (None, reason) if reason else (TOKEN, entry.replace("▁", " ").strip())


def wordpiece(entry: str) -> Spelt:
    """BERT: `king` begins a word, `##ing` continues one.

    >>> wordpiece("king"), wordpiece("##ing"), wordpiece("[unused7]")
    (('Token', 'king'), ('Piece', '##ing'), (None, 'unused'))
    """
    if reason := _reserved(entry):
        return None, reason
    if entry.startswith(CONTINUATION) and len(entry) > len(CONTINUATION):
        return PIECE, entry
    return TOKEN, entry


def sentencepiece(entry: str) -> Spelt:
    """SentencePiece: `▁king` begins a word, `ing` continues one, `<0x41>` is a byte.

    >>> sentencepiece("▁king"), sentencepiece("ing"), sentencepiece("<0xE2>")
    (('Token', 'king'), ('Piece', '##ing'), (None, 'byte fragment'))
    """
    if _BYTE.fullmatch(entry):
        return None, "byte fragment"
    if reason := _reserved(entry):
        return None, reason
    return _spaced(entry.replace("▁", " "))


def byte_level(entry: str) -> Spelt:
    """GPT-2 and its heirs: characters stand for bytes, `Ġking` begins a word.

    >>> byte_level("Ġking"), byte_level("ing"), byte_level("Ã©"), byte_level("Ã")
    (('Token', 'king'), ('Piece', '##ing'), ('Piece', '##é'), (None, 'byte fragment'))
    """
    if reason := _reserved(entry):
        return None, reason
    try:
        text = bytes(_BYTE_OF[character] for character in entry).decode("utf-8")
    except KeyError:
        return None, "special"
    except UnicodeDecodeError:
        return None, "byte fragment"
    return _spaced(text)


def ending(convention: Convention, suffix: str) -> Convention:
    """Return the convention of a tokenizer that marks the ends of words, not their starts.

    An entry that ends a word is usually a whole word, and is taken as one; others are pieces.

    >>> clip = ending(byte_level, "</w>")
    >>> clip("king</w>"), clip("que")
    (('Token', 'king'), ('Piece', '##que'))
    """

    def convention_of_ends(entry: str) -> Spelt:
        kind, text = convention(entry.removesuffix(suffix))
        if kind is None or not entry.endswith(suffix):
            return kind, text
        return TOKEN, text.removeprefix(CONTINUATION)

    return convention_of_ends


def continuing(prefix: str) -> Convention:
    """Return WordPiece's convention with another prefix than `##`.

    >>> continuing("@@")("@@ing")
    ('Piece', '##ing')
    """

    def convention_of_prefix(entry: str) -> Spelt:
        if entry.startswith(prefix) and entry != prefix:
            return PIECE, CONTINUATION + entry.removeprefix(prefix)
        return (None, reason) if (reason := _reserved(entry)) else (TOKEN, entry)

    return convention_of_prefix


def build_vocabulary(
    entries: Iterable[str | None],
    convention: Convention,
    set_aside: Mapping[int, str],
    literal: Collection[int] = (),
    zero: Collection[int] = (),
) -> Vocabulary:
    """Return the compositions of a vocabulary with entry i for row i of the matrix.

    An entry of None is a row without a token. `set_aside` excludes rows with a reason; `literal`
    rows are words as written, whatever the convention; the vectors of `zero` rows have no
    direction. Raises BadInput for an empty vocabulary.
    """
    excluded: Counter[str] = Counter()
    kinds: list[str] = []
    texts: list[str] = []
    rows: list[int] = []
    count = 0
    for row, entry in enumerate(entries):
        count += 1
        if row in set_aside:
            kind, text = None, set_aside[row]
        elif entry is None:
            kind, text = None, "no token"
        else:
            kind, text = _composition(*(as_written if row in literal else convention)(entry))
        if kind is not None and row in zero:
            kind, text = None, "zero vector"
        if kind is None:
            excluded[text] += 1
            continue
        kinds.append(kind)
        texts.append(text)
        rows.append(row)
    if not count:
        raise BadInput("The vocabulary is empty; there is nothing to compare.")
    return _sorted(kinds, texts, rows, count, dict(sorted(excluded.items())))


def _composition(kind: str | None, text: str) -> Spelt:
    """Return kind and normal form of a text, or None and the reason of its exclusion."""
    if kind is None:
        return None, text
    if len(text) > LONGEST:
        return None, f"longer than {LONGEST} characters"
    text = normalise(text.strip())
    seen = text.removeprefix(CONTINUATION) if kind == PIECE else text
    if not seen.strip(_JOINERS):
        return None, "white space"
    # Again, after the mark of the word's start was removed.
    if reason := _reserved(seen):
        return None, reason
    if _UNDECODED.search(text):
        return None, "not UTF-8"
    return (kind, text) if _is_printable(text) else (None, "unprintable characters")


_UNDECODED = re.compile("[\udc80-\udcff]")
"""Bytes that are not UTF-8, as Python's surrogateescape represents them."""


def _is_printable(text: str) -> bool:
    # By category, not by isprintable alone, which refuses characters newer than this Python: the
    # same file would give another vocabulary on another Python.
    return text.isprintable() or all(
        character in _JOINERS or unicodedata.category(character) not in _UNPRINTABLE
        for character in text
    )


def _reserved(entry: str) -> str | None:
    """Return why an entry is reserved, by its form; tokenizer files that say so take precedence."""
    if len(entry) > _LONGEST_RESERVED:
        return None
    if _UNUSED.fullmatch(entry):
        return "unused"
    return "special" if _SPECIAL.fullmatch(entry) else None


def _sorted(
    kinds: list[str], texts: list[str], rows: list[int], entries: int, excluded: dict[str, int]
) -> Vocabulary:
    keys = np.array(composition_keys(kinds, texts), dtype="U32")
    # unique returns the first index of each key; entries are ordered by row, so that is the lowest
    # row.
    unique, first, place = np.unique(keys, return_index=True, return_inverse=True)
    table = pa.table(
        {
            "key": unique.tolist(),
            "text": [texts[place] for place in first],
            "kind": [kinds[place] for place in first],
        },
        schema=COMPOSITIONS,
    )
    kept = np.asarray(rows, dtype=np.int64)
    places = np.full(entries, -1, dtype=np.int64)
    places[kept] = place.ravel()
    return Vocabulary(table, kept[first], places, excluded, len(keys) - len(unique))


def _spaced(text: str) -> Spelt:
    """Return a word if a text begins with a space, else a piece."""
    if not text.strip():
        return None, "white space"
    return (TOKEN, text.strip()) if text[0] == " " else (PIECE, CONTINUATION + text.rstrip())


def _byte_characters() -> dict[str, int]:
    """Return the byte of each character of byte-level BPE (GPT-2's table)."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    shifted = {chr(256 + place): byte for place, byte in enumerate(others)}
    return {chr(byte): byte for byte in printable} | shifted


_BYTE_OF = _byte_characters()
_CHARACTER_OF = {byte: character for character, byte in _BYTE_OF.items()}


def byte_level_text(raw: bytes) -> str:
    """Return bytes as byte-level BPE writes them.

    >>> byte_level_text(b" king")
    'Ġking'
    """
    return "".join(_CHARACTER_OF[byte] for byte in raw)
