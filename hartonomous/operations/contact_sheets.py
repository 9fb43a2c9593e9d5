"""Contact sheets: the pictures of an answer side by side, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hartonomous import atomic_files
from hartonomous.ask.pictures.generated_pictures import ImageAnswer, text_to_image
from hartonomous.delete.picture_thumbnails import SIDE, thumbnail
from hartonomous.errors import BadInput, NotFound, UsageError
from hartonomous.graph.driver import Graph, Row
from hartonomous.pictures.picture_files import library

COLUMNS, MARGIN, LINE = 5, 8, 14
"""Pictures in a row, pixels between them, and of a line of text."""

WIDEST = 22
"""Characters of a line of text."""


def show_text(graph: Graph, text: str, top: int = 10, sheet: Path | None = None) -> ImageAnswer:
    """Return what pictures of a text look like; with `sheet`, write the pictures found into it (PNG).

    Raises what `text_to_image` and `write_sheet` do.
    """
    if sheet is not None and sheet.suffix.lower() != ".png":
        raise UsageError(f"A contact sheet is a PNG file; call it {sheet.with_suffix('.png')}.")
    answer = text_to_image(graph, text, top)
    if sheet is not None:
        write_sheet(graph, answer.pictures, sheet)
    return answer


def write_sheet(graph: Graph, pictures: Sequence[Row], sheet: Path) -> int:
    """Write the pictures that the home has thumbnails of into a PNG file; return their number.

    `pictures` have picture, place and source. Raises NotFound if there is no thumbnail of any of them,
    BadInput if the file cannot be written.
    """
    known = [(row, file) for row in pictures if (file := thumbnail(graph, row["picture"]))]
    if not known:
        raise NotFound(
            "This machine has no thumbnail of any of these pictures; they are kept in the home of "
            "whoever ingests the pictures."
        )
    images, drawing = library("PIL.Image"), library("PIL.ImageDraw")
    across = min(COLUMNS, len(known))
    down = -(-len(known) // across)
    width, height = SIDE + MARGIN, SIDE + 3 * LINE + MARGIN
    whole = images.new("RGB", (across * width + MARGIN, down * height + MARGIN), "white")
    pen = drawing.Draw(whole)
    for number, (row, file) in enumerate(known):
        x = MARGIN + number % across * width
        y = MARGIN + number // across * height
        with images.open(file, formats=("JPEG",)) as image:
            small = image.convert("RGB")
        grown = max(1, SIDE // max(small.size))
        small = small.resize((small.width * grown, small.height * grown), images.Resampling.NEAREST)
        whole.paste(small, (x, y))
        for line, text in enumerate(_lines(row)):
            pen.text((x, y + SIDE + LINE * line), text, fill="black")
    try:
        with atomic_files.atomic(sheet) as partial:
            whole.save(partial, format="PNG")
    except OSError as error:
        raise BadInput(f"{sheet} cannot be written: {error.strerror or error}.") from error
    return len(known)


def _lines(row: Row) -> list[str]:
    """Return the place of a picture in two lines, broken before the file's name if it fits, and its
    source.
    """
    place = str(row["place"])
    end = place.rfind("/") + 1
    cut = end if 0 < end <= WIDEST else WIDEST
    return [place[:cut], place[cut : cut + WIDEST], str(row["source"])[:WIDEST]]
