"""List lines: the lines of a word list split into columns, if all have one form.

A line is a word, unless every line has more: a word and its count, a number and a word, cells
separated by tabs or commas, a quoted word. A list with a few lines of another form is refused.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence

import numpy as np

from hartonomous.errors import BadInput
from hartonomous.extract.files.list_columns import DISTINCT, ROW_NAMES, WORD_NAMES, Column, Words
from hartonomous.extract.files.untrusted_files import shown

INTEGER = re.compile(r"[+-]?\d{1,18}")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?(nan|inf)", re.IGNORECASE)
NUMBERED = re.compile(r"[ \t]*[(\[]?(\d{1,18})[.:)\]]*[ \t]+(.*)", re.DOTALL)
COUNT_NAMES = ("count", "counts", "freq", "frequency", "score", "n")

NEARLY = 0.5
"""Share of lines of one form from which on the other lines are an error, not words."""

LOOKED_AT = 1_000
"""Lines examined first, so that a list of millions of plain words is read fast."""

FEWEST = 3
SURELY = 50
"""Least lines of a form: at all, and to be distinguished from chance whatever its numbers are."""

Cells = list[str]
Form = Callable[[str], Cells | None]


def columns_of(where: str, lines: Sequence[str], commas: bool = False) -> list[Column] | None:
    """Return the columns of a list's lines, None if each line is a word.

    `commas` says that the file is named as comma-separated. Raises BadInput for mixed forms.
    """
    if commas:
        mark = next((mark for mark in ",;\t" if lines and mark in lines[0]), ",")
        return _columns(where, _same_width(where, list(csv.reader(lines, delimiter=mark))))
    for form in _FORMS:
        if (cells := _of_form(where, lines, form)) is None:
            continue
        columns = _columns(where, cells)
        if form in _PLAIN or _is_told_from_chance(where, columns, len(cells)):
            return columns
    return None


def without_header(where: str, lines: list[str], rows: int | None) -> Words:
    """Return a list of one word per line without a header, if it has one line too many.

    Raises BadInput if the header replaces a word.
    """
    if not lines or lines[0].strip().lower() not in WORD_NAMES or len(lines) == 1:
        return list(lines)
    if len(lines) == rows:
        raise BadInput(
            f"{where}: the first line, {shown(lines[0])}, looks like a header, and without it "
            f"the list has one word too few for {rows} rows. If it is a word, give the list as "
            "JSON."
        )
    return list(lines[1:]) if rows is not None and len(lines) == rows + 1 else list(lines)


def _of_form(where: str, lines: Sequence[str], form: Form) -> list[Cells] | None:
    """Return every line's cells, None if the list is not of that form."""
    looked = [form(line) for line in lines[:LOOKED_AT]]
    # The first line may be a header of another form.
    widths = [len(cells) for cells in looked[1:] if cells is not None]
    if len(lines) < FEWEST or len(widths) <= NEARLY * (len(looked) - 1):
        return None
    width = max(set(widths), key=widths.count)
    found = looked + [form(line) for line in lines[LOOKED_AT:]]
    if found[0] is None or len(found[0]) != width:
        header = re.split(r"[ \t]+", lines[0].strip())
        if len(header) == width and not any(map(NUMBER.fullmatch, header)):
            found[0] = header
    for place, cells in enumerate(found):
        if cells is None or len(cells) != width:
            raise BadInput(
                f"{where}, line {place + 1}: {shown(lines[place])} does not have the form of the "
                f"other lines, such as {shown(lines[1 if place == 0 else 0])}. Give one word per "
                "line, or the same columns in every line."
            )
    return [cells for cells in found if cells is not None]


def _tabs(line: str) -> Cells | None:
    return line.split("\t") if "\t" in line else None


def _quoted(line: str) -> Cells | None:
    """Return a quoted word, as programs list them."""
    text = line.strip(" \t").removesuffix(",")
    quoted = len(text) > 2 and text[0] == text[-1] and text[0] in "\"'"
    return [text[1:-1].replace('""', '"')] if quoted else None


def _listed(line: str) -> Cells | None:
    """Return a word after a bullet."""
    return [line[2:]] if line[:2] in ("- ", "* ", "+ ", "\u2022 ") and line[2:].strip() else None


def _between(mark: str) -> Form:
    """Return the form of cells between separators, one of which is not a number."""

    def form(line: str) -> Cells | None:
        if mark not in line:
            return None
        cells = [cell.strip(" ") for cell in next(csv.reader([line], delimiter=mark))]
        return cells if sum(not NUMBER.fullmatch(cell) for cell in cells) == 1 else None

    return form


def _fields(line: str) -> Cells | None:
    """Return three or more fields between blanks, one of which is not a number."""
    parts = re.split(r"[ \t]+", line.strip(" \t"))
    words = sum(not NUMBER.fullmatch(part) for part in parts)
    return parts if len(parts) > 2 and words == 1 else None


def _word_and_number(line: str) -> Cells | None:
    word, blank, number = line.rstrip(" \t").replace("\t", " ").rpartition(" ")
    if not blank or not NUMBER.fullmatch(number):
        return None
    # One more number would become part of the word.
    more = word.rstrip(" ").rpartition(" ")
    return None if more[1] and NUMBER.fullmatch(more[2]) else [word, number]


def _number_and_word(line: str) -> Cells | None:
    found = NUMBERED.fullmatch(line)
    return [found[1], found[2]] if found else None


_PLAIN: tuple[Form, ...] = (_tabs, _quoted, _listed)
_FORMS: tuple[Form, ...] = (
    *_PLAIN,
    *map(_between, ",;|:="),
    _fields,
    _word_and_number,
    _number_and_word,
)


def _is_told_from_chance(where: str, columns: Sequence[Column], lines: int) -> bool:
    """Return whether words beside numbers are a list with numbers, not phrases that end in one.

    The words are distinct; and they are many, or their numbers are descending, or row numbers.
    """
    words = [
        column.texts for column in columns if column.texts is not None and column.numbers is None
    ]
    if len(words) == 1 and len(set(words[0])) < DISTINCT * lines:
        return False
    if len(words) == len(columns):
        return False
    numbers = [column.numbers for column in columns if column.numbers is not None]
    steps = [np.diff(found) for found in numbers]
    ordered = any((step <= 0).all() or (step == 1).all() for step in steps)
    permuted = any(len(np.unique(n)) == np.ptp(n) + 1 == len(n) for n in numbers)
    if lines < SURELY and numbers and not ordered and not permuted:
        raise BadInput(
            f"{where}: the numbers beside the words may be counts, or part of the words; give "
            "one word per line, or quote the words."
        )
    return True


def _same_width(where: str, cells: list[Cells]) -> list[Cells]:
    for place, found in enumerate(cells):
        if len(found) != len(cells[0]):
            raise BadInput(
                f"{where}, row {place + 1}: it has {len(found)} cells, and the first row has "
                f"{len(cells[0])}."
            )
    return cells


def _columns(where: str, cells: list[Cells]) -> list[Column]:
    """Return cells as columns, with the first row as header if it is one."""
    header = cells[0] if _is_header(cells) else None
    rows = cells[1:] if header else cells
    columns = []
    for place in range(len(cells[0])):
        texts = [row[place] for row in rows]
        if not any(texts) and len(cells[0]) > 1:
            continue
        columns.append(_column(header[place].strip() if header else None, texts))
    return columns


def _column(name: str | None, texts: Cells) -> Column:
    stripped = [text.strip() for text in texts]
    if all(map(INTEGER.fullmatch, stripped)):
        return Column(name, list(texts), np.array(list(map(int, stripped)), dtype=np.int64))
    return Column(name, None if all(map(NUMBER.fullmatch, stripped)) else list(texts))


def _is_header(cells: list[Cells]) -> bool:
    """Return whether a first row names the columns: by known names, or a text above numbers."""
    if len(cells) < 2:
        return False
    names = [cell.strip().lower() for cell in cells[0]]
    above = [
        not NUMBER.fullmatch(name)
        and all(NUMBER.fullmatch(row[place].strip()) for row in cells[1:])
        for place, name in enumerate(names)
    ]
    if any(above):
        return True
    known = {*WORD_NAMES, *ROW_NAMES, *COUNT_NAMES}
    return len(names) > 1 and bool(known & set(names)) and not any(map(NUMBER.fullmatch, names))
