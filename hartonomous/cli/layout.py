"""The layout of tables and facts in a terminal: nothing is cut, and no name, key or path is broken."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence

GAP = 2
NARROWEST = 24
"""Least width of a column whose texts are wrapped; below it, a table is turned."""

Style = Callable[[str], str]


def plain(text: str) -> str:
    """Return a heading as it is."""
    return text


def table_lines(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Sequence[bool],
    room: int | None = None,
    style: Style = plain,
) -> list[str]:
    """Return the lines of a table, numbers at the `right`; of one wider than `room`, the widest text
    is wrapped between words, or, where that is not enough, each row is a block of lines.
    """
    widths = [max(map(_width, column)) for column in zip(headings, *rows, strict=True)]
    over = sum(widths) + GAP * (len(widths) - 1) - (room or 0)
    if room is not None and over > 0:
        texts = [place for place in range(len(widths)) if not right[place]]
        widest = max(texts, key=lambda place: widths[place], default=0)
        words = [word for row in [headings, *rows] for word in row[widest].split()]
        least = max([NARROWEST, *map(_width, words)])
        if not texts or widths[widest] - over < least:
            return _blocks(headings, rows, room, style)
        widths[widest] -= over
    shown = [_row(headings, widths, right, style)]
    return [line for row in [*shown, *(_row(row, widths, right) for row in rows)] for line in row]


def fact_lines(
    facts: Sequence[tuple[str, str]], room: int | None = None, style: Style = plain
) -> list[str]:
    """Return names and values, a line each; a value wider than `room` is wrapped between words, or
    stands below its name.
    """
    width = max((_width(name) for name, _ in facts), default=0)
    lines: list[str] = []
    for name, value in facts:
        left = style(_filled(name, width))
        longest = max(map(_width, value.split()), default=0)
        if room is None or width + GAP + _width(value) <= room:
            lines.append(f"{left}{' ' * GAP}{value}".rstrip())
        elif width + GAP + longest <= room:
            first, *others = wrapped(value, room - width - GAP)
            lines.append(f"{left}{' ' * GAP}{first}")
            lines += [" " * (width + GAP) + line for line in others]
        else:
            lines += [left.rstrip(), *(" " * GAP + line for line in wrapped(value, room - GAP))]
    return lines


def wrapped(text: str, room: int) -> list[str]:
    """Return the lines of a text, broken between words alone."""
    return textwrap.wrap(text, max(room, 1), break_long_words=False, break_on_hyphens=False) or [""]


def _blocks(
    headings: Sequence[str], rows: Sequence[Sequence[str]], room: int, style: Style
) -> list[str]:
    lines: list[str] = []
    for row in rows:
        if lines:
            lines.append("")
        lines += fact_lines(list(zip(headings, row, strict=True)), room, style)
    return lines


def _row(
    cells: Sequence[str], widths: Sequence[int], right: Sequence[bool], style: Style = plain
) -> list[str]:
    """Return the lines of one row; a cell of several lines goes on below itself."""
    parts = [
        wrapped(cell, width) if _width(cell) > width else [cell]
        for cell, width in zip(cells, widths, strict=True)
    ]
    lines = []
    for number in range(max(map(len, parts))):
        filled = [
            _filled(part[number] if number < len(part) else "", width, to_right)
            for part, width, to_right in zip(parts, widths, right, strict=True)
        ]
        lines.append(style((" " * GAP).join(filled).rstrip()))
    return lines


def _filled(text: str, width: int, right: bool = False) -> str:
    blank = " " * (width - _width(text))
    return blank + text if right else text + blank


def _width(text: str) -> int:
    """Return the columns that a text takes in a terminal."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)
