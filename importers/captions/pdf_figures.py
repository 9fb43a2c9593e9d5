"""PDF figures: the pictures inside a PDF with the captions beside them.

A caption is the block of lines nearest below a picture, else above it. It is told by where it stands and
not by its words, so in any language; a block longer than a caption is a paragraph of the text.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hartonomous.errors import BadInput
from hartonomous.pictures.picture_files import Pixels, read_picture
from importers.captions import pdf_pictures
from importers.documents.document_files import module, read_whole

SECONDS = 2 * pdf_pictures.SECONDS
"""Wall-clock limit, for a file that waits instead of working."""

GAP = 2.0
"""Heights of a line between a picture and its caption at most."""

LEADING = 0.8
"""Heights of a line between the lines of a caption at most."""

LONGEST = 400
"""Characters of a caption; a longer block is a paragraph."""

Box = tuple[float, float, float, float]
"""Left, bottom, right and top, in points."""


@dataclass(frozen=True)
class Line:
    """A line of a page."""

    text: str
    box: Box

    @property
    def height(self) -> float:
        return self.box[3] - self.box[1]


@dataclass(frozen=True)
class PdfFigure:
    """A picture of a PDF: its page and its number on it, both from 1, and its caption, empty if there is
    none.
    """

    page: int
    number: int
    caption: str


def read_figures(path: Path) -> list[PdfFigure]:
    """Return the figures of a PDF in the order of its pages.

    Raises BadInput for a file that needs a password, is damaged, or exceeds its memory or time.
    """
    read_whole(path)
    found: list[PdfFigure] = []
    for number, page in enumerate(_pages(path), 1):
        if page is None:
            continue
        lines = joined_lines([Line(text, tuple(box)) for text, box in page["lines"]])
        boxes: list[Box] = [tuple(box) for box in page["pictures"]]
        found += [
            PdfFigure(number, at, caption_of(box, lines, boxes)) for at, box in enumerate(boxes, 1)
        ]
    return found


def figure_pixels(path: Path, figures: Sequence[PdfFigure]) -> Iterator[tuple[PdfFigure, Pixels]]:
    """Yield the pixels of figures; those that cannot be decoded are left out.

    Raises BadInput as `read_figures` does.
    """
    with tempfile.TemporaryDirectory(prefix="hartonomous-figures-") as place:
        _pages(path, Path(place))
        for one in figures:
            file = Path(place, f"{one.page}-{one.number}.png")
            if file.is_file():
                yield one, read_picture(file)


def _pages(path: Path, folder: Path | None = None) -> list[dict[str, list]]:  # type: ignore[type-arg]
    module("pypdfium2")
    program = [sys.executable, "-P", pdf_pictures.__file__, str(path)]
    program += [] if folder is None else [str(folder)]
    try:
        done = subprocess.run(program, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise BadInput(f"{path} takes longer than {SECONDS} s to read; split it.") from error
    if done.returncode == pdf_pictures.PASSWORD:
        raise BadInput(f"{path} needs a password; give a copy without one.")
    if done.returncode != 0:
        raise BadInput(f"The pictures of {path} cannot be read; give an intact or smaller copy.")
    return [json.loads(line) for line in done.stdout.splitlines()]


def joined_lines(parts: Sequence[Line]) -> list[Line]:
    """Return whole lines, from the top of the page down: parts of one height side by side are one."""
    lines: list[Line] = []
    for part in sorted(parts, key=lambda one: (-one.box[3], one.box[0])):
        at = next((n for n, one in enumerate(lines) if _continues(one, part)), None)
        if at is None:
            lines.append(part)
            continue
        before = lines[at]
        first, second = sorted((before, part), key=lambda one: one.box[0])
        one, other = before.box, part.box
        whole = (
            min(one[0], other[0]), min(one[1], other[1]),
            max(one[2], other[2]), max(one[3], other[3]),
        )  # fmt: skip
        lines[at] = Line(f"{first.text} {second.text}", whole)
    return sorted(lines, key=lambda one: (-one.box[3], one.box[0]))


def _continues(line: Line, part: Line) -> bool:
    """Return whether a part stands in a line: at its height, and not a column away."""
    overlap = min(line.box[3], part.box[3]) - max(line.box[1], part.box[1])
    lower = min(line.height, part.height)
    apart = max(line.box[0], part.box[0]) - min(line.box[2], part.box[2])
    return overlap > 0.5 * lower and apart < 1.5 * max(line.height, part.height)


def caption_of(box: Box, lines: Sequence[Line], boxes: Sequence[Box] = ()) -> str:
    """Return the caption of a picture among the lines of its page and its other pictures' `boxes`; empty
    if there is none.
    """
    for below in (True, False):
        block = _block(box, lines, boxes, below)
        text = " ".join(one.text for one in block)
        if block and len(text) <= LONGEST:
            return text
    return ""


def _block(box: Box, lines: Sequence[Line], boxes: Sequence[Box], below: bool) -> list[Line]:
    """Return the lines that follow each other below a picture, or end above it, from the top down."""
    found: list[Line] = []
    edge, most = (box[1] if below else box[3]), GAP
    beside = [one for one in lines if _over(one.box, box)]
    for one in sorted(beside, key=lambda line: line.box[3], reverse=below):
        gap = edge - one.box[3] if below else one.box[1] - edge
        if gap < -0.5 * one.height:
            continue
        if gap > most * one.height or (found and not _same_size(found[-1], one)):
            break
        if any(_between(other, edge, one.box, below) for other in boxes if other != box):
            break
        found.append(one)
        edge, most = (one.box[1] if below else one.box[3]), LEADING
    return found if below else found[::-1]


def _over(line: Box, picture: Box) -> bool:
    """Return whether half of the narrower of a line and a picture is above or below the other."""
    shared = min(line[2], picture[2]) - max(line[0], picture[0])
    return shared > 0.5 * min(line[2] - line[0], picture[2] - picture[0])


def _same_size(line: Line, other: Line) -> bool:
    # Boxes are as high as their letters: a line without a long one is lower.
    return 0.5 < line.height / max(other.height, 1e-6) < 2.0


def _between(other: Box, edge: float, line: Box, below: bool) -> bool:
    """Return whether another picture begins between an edge and a line."""
    low, high = (line[3], edge) if below else (edge, line[1])
    return _over(line, other) and other[1] < high and other[3] > low
