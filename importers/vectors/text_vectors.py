"""Word vectors as text: a word and its numbers per line, with or without word2vec's line of counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hartonomous.errors import BadInput
from hartonomous.extract.files.untrusted_files import shown

Floats = NDArray[np.float32]

LONGEST_LINE = 1 << 20
MOST_DIMENSIONS = 1 << 16
FEWEST = 2
"""Numbers that distinguish a vector from a line of prose, without a line of counts."""

FEWEST_ROWS, COUNT = 5, 20
"""Rows, and the factor over all other numbers, from which a first column of whole numbers is taken
for counts.
"""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
NUMBER = re.compile(
    rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(nan|inf|infinity)", re.IGNORECASE
)
DIGITS = re.compile(rb"[0-9+\-.e infaty]*", re.IGNORECASE)
"""Characters of numbers; Python's own parser accepts more, such as 1_000."""

COUNTS = re.compile(rb"[ \t]*(\d{1,11})[ \t]+(\d{1,5})[ \t]*\r?\n?")


@dataclass(frozen=True)
class ReadVectors:
    """The content of a file: a word per row, `matrix` (rows, dimensions) float32, and the number of
    rows beyond the limit.
    """

    words: list[str | None]
    matrix: Floats
    beyond: int = 0


def counts_in(line: bytes) -> tuple[int, int] | None:
    """Return words and dimensions from word2vec's first line, None if it is another line.

    >>> counts_in(b"40 16\\n"), counts_in(b"king 0.1 0.2\\n")
    ((40, 16), None)
    """
    found = COUNTS.fullmatch(line.removeprefix(BYTE_ORDER_MARK))
    if found is None or not 0 < int(found[2]) <= MOST_DIMENSIONS:
        return None
    return int(found[1]), int(found[2])


def numbers_behind(line: bytes) -> int:
    """Return the number of numbers at the end of a line, after its first word.

    >>> numbers_behind(b"new york 0.1 -2e-3 4\\n"), numbers_behind(b"7 8 9")
    (3, 2)
    """
    parts = re.split(rb"[ \t]+", line.removeprefix(BYTE_ORDER_MARK).rstrip(b" \t\r\n"))
    numbers = 0
    for part in reversed(parts[1:]):
        if NUMBER.fullmatch(part) is None:
            break
        numbers += 1
    return numbers


def read_text_vectors(path: Path, limit: int | None) -> ReadVectors:
    """Return the vectors of a text, its first `limit` rows.

    Raises BadInput, with the line, for rows of another length than the first or than the counts
    state.
    """
    with path.open("rb") as file:
        lines = iter(lambda: file.readline(LONGEST_LINE), b"")
        first = next(lines, b"").removeprefix(BYTE_ORDER_MARK)
        counts = counts_in(first)
        rows = _Rows(path, counts[1] if counts else numbers_behind(first), counts is not None)
        if rows.dimensions < FEWEST and counts is None:
            raise BadInput(
                f"{path}, line 1, is neither a word with its numbers nor the counts of words and "
                f"numbers: {shown(first[:40].decode('utf-8', errors='replace').rstrip())}. "
                "Remove it."
            )
        numbered = enumerate(lines if counts else chain([first], lines), 2 if counts else 1)
        words: list[str | None] = []
        vectors: list[Floats] = []
        beyond = 0
        for number, line in rows.without_last_blanks(numbered):
            if limit is not None and len(words) >= limit:
                beyond += 1
                continue
            word, vector = rows.parsed(number, line)
            words.append(word)
            vectors.append(vector)
    if counts and counts[0] != len(words) + beyond:
        raise BadInput(
            f"{path} promises {counts[0]} words and has {len(words) + beyond}; it is truncated, or its "
            "first line is another file's."
        )
    empty = np.empty((0, rows.dimensions), dtype=np.float32)
    matrix = np.stack(vectors) if vectors else empty
    _refuse_columns(path, words, matrix)
    return ReadVectors(words, matrix, beyond)


def _refuse_columns(path: Path, words: list[str | None], matrix: Floats) -> None:
    """Raise BadInput for a column of row numbers before the words, or one of counts after them."""
    begin = str(words[0]).partition(" ")[0] if words else ""
    if begin in ("0", "1") and all(
        str(word).startswith(f"{place} ") for place, word in enumerate(words, int(begin))
    ):
        raise BadInput(
            f"{path} numbers its lines before the words; remove that column: cut -d' ' -f2-."
        )
    if len(matrix) < FEWEST_ROWS or matrix.shape[1] < FEWEST:
        return
    first, others = matrix[:, 0], matrix[:, 1:]
    whole = bool((first >= 0).all() and (first == np.floor(first)).all())
    if whole and first.max() > COUNT * np.abs(others).max() and (others % 1 != 0).any():
        raise BadInput(
            f"{path} has whole numbers up to {first.max():,.0f} behind the words, likely their "
            "counts, and far smaller ones after them; remove that column: cut -d' ' -f1,3-."
        )


@dataclass(frozen=True)
class _Rows:
    path: Path
    dimensions: int
    promised: bool

    def without_last_blanks(
        self, lines: Iterator[tuple[int, bytes]]
    ) -> Iterator[tuple[int, bytes]]:
        """Yield the lines; blank ones are allowed at the end only."""
        blank = 0
        for number, line in lines:
            if not line.strip():
                blank = blank or number
                continue
            if blank:
                raise BadInput(
                    f"{self.path}, line {blank}, is blank, and more lines follow; a row "
                    "is missing there."
                )
            yield number, line

    def parsed(self, number: int, line: bytes) -> tuple[str, Floats]:
        """Return a line's word and vector (dimensions,) float32."""
        line = line.rstrip(b" \t\r\n")
        word, tab, rest = line.partition(b"\t")
        parts = [word, *rest.split()] if tab else line.rsplit(b" ", self.dimensions)
        if b"" in parts[1:]:
            # Numbers are in columns, with several blanks between them.
            parts = line.rsplit(None, self.dimensions)
        vector = self._numbers(parts[1:])
        # A number within a word means that the row is longer, or that two rows are in one line.
        if vector is None or (not tab and any(map(NUMBER.fullmatch, parts[0].split(b" ")[1:]))):
            raise self._uneven(number, line)
        return parts[0].decode("utf-8", errors="surrogateescape"), vector

    def _numbers(self, parts: list[bytes]) -> Floats | None:
        if len(parts) != self.dimensions or not DIGITS.fullmatch(b" ".join(parts)):
            return None
        try:
            return np.array(parts, dtype=np.float32)
        except ValueError:
            return None

    def _uneven(self, number: int, line: bytes) -> BadInput:
        if len(line) >= LONGEST_LINE - 2:
            return BadInput(
                f"{self.path}, line {number}: {self.dimensions} numbers were expected after the "
                f"word, and a line of under {LONGEST_LINE >> 20} MiB; the file is damaged or not "
                "word vectors."
            )
        whence = "the counts in the first line" if self.promised else "the first line"
        return BadInput(
            f"{self.path}, line {number}: {self.dimensions} numbers were expected after the "
            f"word, according to {whence}, and there are {numbers_behind(line)}, after "
            f"{shown(line[:40].decode('utf-8', errors='replace'))}. Correct the line, or the "
            "counts."
        )
