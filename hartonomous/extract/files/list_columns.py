"""List columns: which column of a word list has the words, and whether another has the row numbers.

A word list may contain numbers: counts, scores, or the row of each word. They are distinguished by
their values: a column that contains every number once has the row numbers, any other does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hartonomous.errors import BadInput
from hartonomous.extract.files.untrusted_files import shown

Words = list[str | None]

WORD_NAMES = ("word", "words", "token", "tokens", "term", "text", "vocab", "vocabulary", "piece")
"""Names of columns of words, the most certain first."""

ROW_NAMES = ("row", "id", "index", "idx", "token_id", "rank")
"""Names of columns of row numbers."""

DISTINCT = 0.9
"""Least share of distinct values in a column of words."""

GAPS = 4
"""Most rows that row numbers may reach, in multiples of the words; beyond, they are not row
numbers.
"""


@dataclass(frozen=True)
class Column:
    """One column: its name if the list has a header, its texts, and if they are integers, `numbers`
    (n,) int64.

    A column of other numbers has neither.
    """

    name: str | None
    texts: Words | None
    numbers: NDArray[np.int64] | None = None

    @property
    def label(self) -> str:
        return (self.name or "").strip().lower()


def placed_words(
    where: str, columns: Sequence[Column], rows: int | None
) -> tuple[Words, bool] | None:
    """Return the words by row, and whether the list states the rows.

    `rows` is the number of rows of the matrix, if known. None if no column has words. Raises
    BadInput if the column of words, or of row numbers, is ambiguous.
    """
    numbering = _numbering(where, columns)
    words = _word_column(where, columns, numbering)
    if words is None or words.texts is None:
        return None
    if numbering is None or numbering is words or numbering.numbers is None:
        return words.texts, False
    place = numbering.numbers
    if len(place) and place.min() == 1 and (rows is None or rows == len(place)):
        # Numbered from 1 on; with one row more, row 0 has no word.
        place = place - 1
    if len(place) and int(place.max()) >= GAPS * len(place) + 64:
        raise BadInput(
            f"{where}: its numbers reach {place.max()} for {len(place)} words, so they are not "
            "row numbers of a matrix; remove them and give one word per line."
        )
    placed: Words = [None] * (int(place.max(initial=-1)) + 1)
    for row, word in zip(place.tolist(), words.texts, strict=True):
        placed[row] = word
    return placed, True


def _numbering(where: str, columns: Sequence[Column]) -> Column | None:
    """Return the column of row numbers, by its name or by its values."""
    whole = [column for column in columns if column.numbers is not None and len(columns) > 1]
    for name in ROW_NAMES:
        for column in whole:
            if column.label == name:
                return _checked(where, column)
    every = [column for column in whole if _has_every_number_once(column)]
    rising = [column for column in every if _steps(column, 1)]
    if rising or not every:
        return rising[0] if rising else None
    if _steps(every[0], -1):
        assert every[0].numbers is not None
        raise BadInput(
            f"{where}: its numbers descend from {every[0].numbers[0]} to {every[0].numbers[-1]}, "
            "and may be rows or counts; remove them and give one word per line."
        )
    return every[0]


def _checked(where: str, column: Column) -> Column:
    assert column.numbers is not None
    if len(np.unique(column.numbers)) < len(column.numbers) or column.numbers.min(initial=0) < 0:
        raise BadInput(
            f"{where}: the column {shown(column.label)} has a duplicate or negative number, but "
            "should have the row numbers."
        )
    return column


def _has_every_number_once(column: Column) -> bool:
    assert column.numbers is not None
    found = np.unique(column.numbers)
    count = len(column.numbers)
    return 1 < count == len(found) and found[0] in (0, 1) and found[-1] - found[0] == count - 1


def _steps(column: Column, step: int) -> bool:
    assert column.numbers is not None
    return bool((np.diff(column.numbers) == step).all())


def _word_column(where: str, columns: Sequence[Column], numbering: Column | None) -> Column | None:
    held = [column for column in columns if column.texts is not None and column is not numbering]
    for name in WORD_NAMES:
        named = [column for column in held if column.label == name]
        if len(named) == 1:
            return named[0]
    # Words may be numbers themselves, beside the numbers of their rows.
    texts = [column for column in held if column.numbers is None] or held
    if len(texts) == 1:
        return texts[0] if texts[0].numbers is None or numbering is not None else None
    distinct = [c for c in texts if c.texts and len(set(c.texts)) >= DISTINCT * len(c.texts)]
    if not texts or len(distinct) == 1:
        return distinct[0] if texts else None
    names = ", ".join(shown(column.name or "without a name") for column in texts[:8])
    raise BadInput(
        f"{where} has {len(texts)} columns of text ({names}), and the column of words is "
        f"ambiguous; keep only that one, or name it {WORD_NAMES[0]!r} in a header."
    )
