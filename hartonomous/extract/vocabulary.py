"""From a model's own tokens to compositions: pieces normalised, exclusions counted by reason.

First entries are excluded, then those that became equal are merged (the lowest row's vector stands),
so that nothing which is not a composition takes part in centring or in the search.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hartonomous.errors import BadInput
from hartonomous.evidence import COMPOSITIONS
from hartonomous.identity import composition_keys, normalise

LONGEST = 256
"""Characters; longer entries are data that slipped into a vocabulary, not words."""

TOKEN, PIECE = "Token", "Piece"
CONTINUATION = "##"

_SPECIAL = re.compile(r"\[(PAD|UNK|CLS|SEP|MASK)\]|<(s|/s|unk|pad|mask)>")
_UNUSED = re.compile(r"\[unused\d+\]|<unused\d+>|<0x00>|<\|?reserved_special_token_\d+\|?>")
_BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>")
_JOINERS = "\u200c\u200d"

Spelt = tuple[str | None, str]
"""Kind and text of an entry, or None and the reason why it is no composition."""

Convention = Callable[[str], Spelt]
"""How a tokenizer marks pieces."""


@dataclass(frozen=True)
class Vocabulary:
    """The compositions of a model, sorted by key.

    `compositions` has the columns of `evidence.COMPOSITIONS`; `rows[i]` (int64) is the row of the
    model's matrix that stands for composition i; `excluded` counts entries left out by reason,
    `merged` those that became equal to one with a lower row.
    """

    compositions: pa.Table
    rows: NDArray[np.int64]
    excluded: dict[str, int]
    merged: int

    def __len__(self) -> int:
        return len(self.rows)


def whole_words(entry: str) -> Spelt:
    """A word list: every entry is a word.

    >>> whole_words("king")
    ('Token', 'king')
    """
    return TOKEN, entry


def wordpiece(entry: str) -> Spelt:
    """BERT: `king` begins a word, `##ing` continues one.

    >>> wordpiece("king"), wordpiece("##ing"), wordpiece("[unused7]")
    (('Token', 'king'), ('Piece', '##ing'), (None, 'unused'))
    """
    if _UNUSED.fullmatch(entry):
        return None, "unused"
    if _SPECIAL.fullmatch(entry):
        return None, "special"
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
    if _UNUSED.fullmatch(entry):
        return None, "unused"
    if _SPECIAL.fullmatch(entry):
        return None, "special"
    return _spaced(entry.replace("▁", " "))


def byte_level(entry: str) -> Spelt:
    """GPT-2 and its heirs: characters stand for bytes, `Ġking` begins a word.

    >>> byte_level("Ġking"), byte_level("ing"), byte_level("Ã©"), byte_level("Ã")
    (('Token', 'king'), ('Piece', '##ing'), ('Piece', '##é'), (None, 'byte fragment'))
    """
    try:
        text = bytes(_BYTE_OF[character] for character in entry).decode("utf-8")
    except KeyError:
        return None, "special"
    except UnicodeDecodeError:
        return None, "byte fragment"
    return _spaced(text)


def build_vocabulary(
    entries: Iterable[str | None],
    convention: Convention,
    set_aside: dict[int, str],
    literal: Collection[int] = (),
) -> Vocabulary:
    """Return the compositions of a vocabulary whose entry i belongs to row i of the matrix.

    An entry of None is a row without a token. `set_aside` excludes rows for a reason given;
    `literal` rows are words as they stand, whatever the convention.
    Raises BadInput for an empty vocabulary.
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
            kind, text = _composition(*(whole_words if row in literal else convention)(entry))
        if kind is None:
            excluded[text] += 1
            continue
        kinds.append(kind)
        texts.append(text)
        rows.append(row)
    if not count:
        raise BadInput("The vocabulary is empty; there is nothing to compare.")
    return _sorted(kinds, texts, rows, dict(sorted(excluded.items())))


def _composition(kind: str | None, text: str) -> Spelt:
    """Return kind and normal form of a text, or None and why it is none."""
    if kind is None:
        return None, text
    if len(text) > LONGEST:
        return None, f"longer than {LONGEST} characters"
    text = normalise(text.strip())
    if not text or text == CONTINUATION:
        return None, "white space"
    if not all(character.isprintable() or character in _JOINERS for character in text):
        return None, "unprintable characters"
    return kind, text


def _sorted(
    kinds: list[str], texts: list[str], rows: list[int], excluded: dict[str, int]
) -> Vocabulary:
    keys = np.array(composition_keys(kinds, texts), dtype="U32")
    # unique gives the first place of each key; entries stand by row, so that is the lowest row.
    unique, first = np.unique(keys, return_index=True)
    table = pa.table(
        {
            "key": unique.tolist(),
            "text": [texts[place] for place in first],
            "kind": [kinds[place] for place in first],
        },
        schema=COMPOSITIONS,
    )
    chosen = np.asarray(rows, dtype=np.int64)[first]
    return Vocabulary(table, chosen, excluded, len(keys) - len(unique))


def _spaced(text: str) -> Spelt:
    """Return a word where a text begins with a space, else a piece that continues one."""
    if not text.strip():
        return None, "white space"
    return (TOKEN, text.strip()) if text[0] == " " else (PIECE, CONTINUATION + text.rstrip())


def _byte_characters() -> dict[str, int]:
    """Return the byte each character of byte-level BPE stands for (GPT-2's table)."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    shifted = {chr(256 + place): byte for place, byte in enumerate(others)}
    return {chr(byte): byte for byte in printable} | shifted


_BYTE_OF = _byte_characters()
