"""Drawn pages: pages of print with a title, text, figures above their captions and tables below
theirs, drawn by Pillow, with the box of each part.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 1240, 1754
"""Pixels of a page: A4 at 150 dots an inch."""

MARGIN, GUTTER, LEADING = 120, 44, 1.45

TITLE, TEXT, FIGURE, FIGURE_CAPTION, TABLE, TABLE_CAPTION = (
    "title",
    "text",
    "figure",
    "figure caption",
    "table",
    "table caption",
)

WORDS = (
    "the harbour keeps a record of every boat that enters in spring and its length in metres while "
    "tide tables state when water is high enough at the bar wind from west raises the level by a hand "
    "or two most crews moor along the quay where depth is measured each week with a line and lead "
    "results of these soundings were compared over ten years they show that sand moves slowly towards "
    "north after storms and returns in summer methods differ between stations so numbers have been "
    "adjusted before analysis error of a single reading is small against what changes from month to "
    "month"
).split()

COLOURS = ((31, 119, 180), (214, 39, 40), (44, 160, 44), (148, 103, 189), (255, 127, 14))

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class PagePart:
    """A part of a page: its label, and its box as left, top, right, bottom in pixels."""

    label: str
    box: Box


@dataclass(frozen=True)
class DrawnPage:
    """A page that was drawn: its file's name, and its parts from top to bottom."""

    name: str
    parts: tuple[PagePart, ...]


def draw_pages(folder: Path, count: int, seed: int = 7) -> list[DrawnPage]:
    """Write so many pages as PNG files into a folder, which is made; return their parts.

    The same number and seed give the same pages. Each has a title, text, at least one figure above its
    caption and one table below its caption; every third has two columns.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pages = []
    for number in range(count):
        page = _Page(np.random.default_rng([seed, number]))
        page.fill(columns=2 if number % 3 == 2 else 1)
        name = f"page-{number + 1:02d}.png"
        page.image.save(folder / name)
        pages.append(DrawnPage(name, tuple(page.parts)))
    return pages


def as_coco(pages: list[DrawnPage]) -> dict[str, Any]:
    """Return the parts of pages as COCO annotations."""
    labels = sorted({part.label for page in pages for part in page.parts})
    images = [
        {"id": at, "file_name": page.name, "width": WIDTH, "height": HEIGHT}
        for at, page in enumerate(pages)
    ]
    found = []
    for at, page in enumerate(pages):
        for part in page.parts:
            left, top, right, bottom = part.box
            found.append(
                {
                    "id": len(found),
                    "image_id": at,
                    "category_id": labels.index(part.label),
                    "bbox": [left, top, right - left, bottom - top],
                    "area": (right - left) * (bottom - top),
                    "iscrowd": 0,
                }
            )
    categories = [{"id": at, "name": label} for at, label in enumerate(labels)]
    return {"images": images, "annotations": found, "categories": categories}


def write_coco(pages: list[DrawnPage], file: Path) -> Path:
    """Write the parts of pages as a file of COCO annotations; return it."""
    file.write_text(json.dumps(as_coco(pages)))
    return file


def _font(size: int, bold: bool = False) -> Any:
    weight = "bold" if bold else "normal"
    wanted = font_manager.FontProperties(family="DejaVu Serif", weight=weight)
    return ImageFont.truetype(font_manager.findfont(wanted), size)


class _Page:
    def __init__(self, rng: np.random.Generator) -> None:
        self.image = Image.new("RGB", (WIDTH, HEIGHT), (255, 255, 255))
        self.parts: list[PagePart] = []
        self._draw, self._rng = ImageDraw.Draw(self.image), rng
        self._numbers = {FIGURE: int(rng.integers(1, 6)), TABLE: int(rng.integers(1, 6))}

    def fill(self, columns: int) -> None:
        top = self._title()
        width = (WIDTH - 2 * MARGIN - (columns - 1) * GUTTER) // columns
        for column, blocks in enumerate(self._plan(columns)):
            left, at = MARGIN + column * (width + GUTTER), top
            for block in blocks:
                at = self._block(block, left, at, width) + int(self._rng.integers(34, 52))
            while HEIGHT - MARGIN - at > 120:
                at = self._text(left, at, width, most=HEIGHT - MARGIN - at) + 36

    def _plan(self, columns: int) -> Iterator[list[str]]:
        """Yield the blocks of each column: figures and tables between paragraphs."""
        if columns == 2:
            yield from ([TEXT, FIGURE, TEXT], [TEXT, TABLE, TEXT])
            return
        order = [FIGURE, TABLE] if self._rng.random() < 0.5 else [TABLE, FIGURE]
        yield [TEXT, order[0], TEXT, order[1]]

    def _block(self, kind: str, left: int, top: int, width: int) -> int:
        if kind == FIGURE:
            bottom = self._figure(left, top, width)
            return self._caption(FIGURE_CAPTION, "Figure", FIGURE, left, bottom + 16, width)
        if kind == TABLE:
            bottom = self._caption(TABLE_CAPTION, "Table", TABLE, left, top, width)
            return self._table(left, bottom + 14, width)
        return self._text(left, top, width)

    def _title(self) -> int:
        words = [word.capitalize() for word in self._words(int(self._rng.integers(4, 8)))]
        font, line = _font(40, bold=True), " ".join(words)
        while self._draw.textlength(line, font) > WIDTH - 2 * MARGIN:
            line = line.rpartition(" ")[0]
        left = (WIDTH - self._draw.textlength(line, font)) / 2
        self._write(TITLE, [(left, MARGIN, line)], font)
        return MARGIN + 110

    def _text(self, left: int, top: int, width: int, most: int | None = None) -> int:
        font, lines = _font(21), int(self._rng.integers(6, 11))
        step = round(21 * LEADING)
        if most is not None:
            lines = max(2, min(lines, most // step))
        placed = [
            (left, top + row * step, line)
            for row, line in enumerate(self._lines(font, width, lines))
        ]
        self._write(TEXT, placed, font)
        return top + lines * step

    def _caption(self, label: str, word: str, kind: str, left: int, top: int, width: int) -> int:
        font, self._numbers[kind] = _font(18), self._numbers[kind] + 1
        begin = f"{word} {self._numbers[kind]}. "
        line = begin + " ".join(self._words(int(self._rng.integers(5, 9)))).capitalize()
        while self._draw.textlength(line, font) > width:
            line = line.rpartition(" ")[0]
        at = left + (width - self._draw.textlength(line, font)) / 2
        self._write(label, [(at, top, line)], font)
        return top + 26

    def _table(self, left: int, top: int, width: int) -> int:
        rows, columns = int(self._rng.integers(5, 9)), int(self._rng.integers(3, 6))
        font, head, high = _font(18), _font(18, bold=True), 36
        wide = width // columns
        for row in range(rows):
            for column in range(columns):
                number = f"{self._rng.uniform(0, 100):.{1 + column % 2}f}"
                text = self._words(1)[0] if row == 0 or column == 0 else number
                place = (left + column * wide + 14, top + row * high + 8)
                self._draw.text(place, text, (20, 20, 20), head if row == 0 else font)
        right, bottom = left + wide * columns, top + rows * high
        for row in range(rows + 1):
            thick = 3 if row in (0, 1, rows) else 1
            self._draw.line([(left, top + row * high), (right, top + row * high)], (0, 0, 0), thick)
        if self._rng.random() < 0.5:
            for column in range(columns + 1):
                at = left + column * wide
                self._draw.line([(at, top), (at, bottom)], (0, 0, 0), 1)
        self.parts.append(PagePart(TABLE, (left, top, right, bottom)))
        return bottom

    def _figure(self, left: int, top: int, width: int) -> int:
        high = int(self._rng.integers(280, 340))
        right, bottom = left + width, top + high
        inner = (left + 60, top + 14, right - 14, bottom - 44)
        self._draw.rectangle((left, top, right, bottom), (255, 255, 255), (120, 120, 120), 2)
        self._draw.rectangle(inner, (246, 246, 250), (0, 0, 0), 2)
        font = _font(14)
        for step in range(6):
            across = inner[0] + step * (inner[2] - inner[0]) / 5
            down = inner[3] - step * (inner[3] - inner[1]) / 5
            self._draw.text((across - 8, inner[3] + 8), f"{step * 2}", (0, 0, 0), font)
            self._draw.text((left + 16, down - 8), f"{step * 10}", (0, 0, 0), font)
            self._draw.line([(inner[0], down), (inner[2], down)], (205, 205, 215), 1)
        draw = (self._bars, self._curves, self._points)[int(self._rng.integers(3))]
        draw(inner)
        self.parts.append(PagePart(FIGURE, (left, top, right, bottom)))
        return bottom

    def _bars(self, box: Box) -> None:
        count = int(self._rng.integers(5, 10))
        wide = (box[2] - box[0]) / count
        for at in range(count):
            high = self._rng.uniform(0.15, 0.9) * (box[3] - box[1])
            left = box[0] + at * wide + 0.15 * wide
            colour = COLOURS[at % len(COLOURS)]
            self._draw.rectangle((left, box[3] - high, left + 0.7 * wide, box[3]), colour)

    def _curves(self, box: Box) -> None:
        across = np.linspace(box[0] + 4, box[2] - 4, 60)
        for at in range(int(self._rng.integers(2, 5))):
            phase, speed = self._rng.uniform(0, 6), self._rng.uniform(2, 7)
            share = 0.5 + 0.35 * np.sin(phase + speed * np.linspace(0, 1, 60))
            down = box[3] - share * (box[3] - box[1])
            points = list(zip(across.tolist(), down.tolist(), strict=True))
            self._draw.line(points, COLOURS[at], 4)

    def _points(self, box: Box) -> None:
        for at in range(3):
            middle = self._rng.uniform(0.25, 0.75, 2)
            for share in np.clip(self._rng.normal(middle, 0.09, (40, 2)), 0.02, 0.98):
                x, y = box[0] + share[0] * (box[2] - box[0]), box[1] + share[1] * (box[3] - box[1])
                self._draw.ellipse((x - 5, y - 5, x + 5, y + 5), COLOURS[at])

    def _words(self, count: int) -> list[str]:
        return [WORDS[at] for at in self._rng.integers(0, len(WORDS), count)]

    def _lines(self, font: Any, width: int, count: int) -> list[str]:
        lines: list[str] = []
        while len(lines) < count:
            line = self._words(1)[0].capitalize() if not lines else self._words(1)[0]
            while True:
                longer = f"{line} {self._words(1)[0]}"
                if self._draw.textlength(longer, font) > width:
                    break
                line = longer
            lines.append(line)
        lines[-1] = lines[-1][: max(20, int(len(lines[-1]) * 0.7))].rpartition(" ")[0] + "."
        return lines

    def _write(self, label: str, lines: list[tuple[float, int, str]], font: Any) -> None:
        boxes = []
        for left, top, line in lines:
            self._draw.text((left, top), line, (15, 15, 15), font)
            boxes.append(self._draw.textbbox((left, top), line, font))
        low, high = np.min(boxes, axis=0)[:2], np.max(boxes, axis=0)[2:]
        corners = [int(low[0]), int(low[1]), int(np.ceil(high[0])), int(np.ceil(high[1]))]
        self.parts.append(PagePart(label, (corners[0], corners[1], corners[2], corners[3])))
