"""Pictures inside a PDF are found with the caption nearest to them, in whatever language."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hartonomous.errors import BadInput
from hartonomous.extract.importer_protocol import OpenOptions
from hartonomous.pictures.picture_files import Pixels
from importers.captions.caption_importer import IMPORTER
from importers.captions.figured_folder import open_figured
from importers.captions.pdf_figures import figure_pixels, read_figures
from tests.document_files import write_drawn, write_pdf
from tests.drawn_pictures import drawn

RED, BLUE = drawn("round", "red"), drawn("square", "blue")


def shown(pixels: Pixels, left: int, bottom: int, width: int = 200, height: int = 150) -> bytes:
    """Return what draws a picture on a page, its lower left corner at a place in points."""
    down, across = pixels.shape[:2]
    image = f"BI /W {across} /H {down} /CS /RGB /BPC 8 /F /AHx ID ".encode()
    place = f"q {width} 0 0 {height} {left} {bottom} cm ".encode()
    return place + image + pixels.tobytes().hex().encode() + b"> EI Q\n"


def written(text: str, left: int, baseline: int, size: int = 10) -> bytes:
    return f"BT /F1 {size} Tf {left} {baseline} Td ({text}) Tj ET\n".encode("latin-1")


def captions(path: Path) -> list[str]:
    return [one.caption for one in read_figures(path)]


def test_the_lines_below_a_picture_are_its_caption(tmp_path: Path) -> None:
    page = (
        written("The text of the page goes on above the figure.", 72, 700)
        + shown(RED, 72, 500)
        + written("Abb. 1: Ein roter Ball,", 72, 484)
        + written("rund und allein.", 72, 472)
        + written("Here the text goes on, well below the caption.", 72, 420)
    )
    file = write_drawn(tmp_path / "a.pdf", [page])
    assert captions(file) == ["Abb. 1: Ein roter Ball, rund und allein."]
    ((figure, pixels),) = figure_pixels(file, read_figures(file))
    assert (figure.page, figure.number) == (1, 1)
    assert np.array_equal(pixels, RED)


def test_a_caption_above_is_taken_where_none_is_below(tmp_path: Path) -> None:
    page = written("Plate 2. A blue box.", 72, 660) + shown(BLUE, 72, 500)
    assert captions(write_drawn(tmp_path / "a.pdf", [page])) == ["Plate 2. A blue box."]


def test_each_of_two_pictures_side_by_side_has_its_own(tmp_path: Path) -> None:
    page = (
        shown(RED, 72, 500)
        + shown(BLUE, 330, 500)
        + written("A red ball.", 72, 484)
        + written("A blue box.", 330, 484)
    )
    assert captions(write_drawn(tmp_path / "a.pdf", [page])) == ["A red ball.", "A blue box."]


def test_the_caption_of_the_picture_below_is_not_that_of_the_one_above(tmp_path: Path) -> None:
    page = (
        shown(RED, 72, 600, height=100)
        + shown(BLUE, 72, 480, height=100)
        + written("A blue box.", 72, 466)
    )
    assert captions(write_drawn(tmp_path / "a.pdf", [page])) == ["", "A blue box."]


@pytest.mark.parametrize(
    "page",
    [
        shown(RED, 0, 0, 612, 792) + written("A scan of a page.", 72, 400),
        shown(RED, 72, 500, 12, 12) + written("A bullet.", 72, 484),
        shown(RED, 72, 500) + written("Far away.", 72, 300),
        shown(RED, 72, 500) + written("word " * 100, 72, 484, 4),
    ],
    ids=["scan", "bullet", "far", "paragraph"],
)
def test_what_is_no_figure_with_a_caption_is_none(tmp_path: Path, page: bytes) -> None:
    assert not any(captions(write_drawn(tmp_path / "a.pdf", [page])))


def test_figures_of_pdf_files_stand_beside_pictures_with_their_pages(tmp_path: Path) -> None:
    page = shown(BLUE, 72, 500) + written("A blue box.", 72, 484)
    write_drawn(tmp_path / "paper.pdf", [written("First page.", 72, 700), page])
    write_pdf(tmp_path / "text.pdf", [["Only text."]])
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.4 not one")
    found = open_figured(tmp_path)
    assert found.captions() == {"paper.pdf#page=2&picture=1": ("A blue box.",)}
    assert found.excluded == {"unreadable files of captions": 1}
    opened = IMPORTER.open(tmp_path, OpenOptions())
    assert [one.name for one in opened.files] == ["paper.pdf"]
    (tracks,) = opened.observed
    (piece,) = tracks.pieces
    observed = tracks.observe(piece)
    assert {"blue", "box"} <= set(observed.compositions["text"].to_pylist())
    assert observed.places is not None
    assert observed.places["place"].to_pylist() == ["paper.pdf#page=2&picture=1"]


def test_a_pdf_without_figures_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no picture with a caption"):
        open_figured(write_pdf(tmp_path / "a.pdf", [["Only text."]]))
    (tmp_path / "b.pdf").write_bytes(b"%PDF-1.4 not one")
    with pytest.raises(BadInput, match="cannot be read"):
        open_figured(tmp_path / "b.pdf")
