"""Image generators by the command line: pictures of a grid of prompts, and what is asked of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hartonomous.delete.picture_thumbnails import SIDE
from hartonomous.graph.driver import Graph
from hartonomous.operations.contact_sheets import LINE, MARGIN
from importers.generators import generator_importer
from tests.command_line import failed, run
from tests.drawn_prompts import draw
from tests.made_generator import drawing, grid_file, pipeline_folder

GRID = """\
template = "a {size} {colour} {shape}"
seeds = 8

[values]
size = ["small", "large"]
colour = ["red", "blue"]
shape = ["circle", "square"]
"""


@pytest.fixture
def painter(served: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Graph:
    """A graph with the pictures of a grid, ingested by command."""
    monkeypatch.setenv("HARTONOMOUS_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(generator_importer.IMPORTER, "_open_maker", drawing)
    model, grid = pipeline_folder(tmp_path / "model"), grid_file(tmp_path, GRID)
    done = run("ingest", model, "--prompts", grid, "--as", "painter", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["load"]["rows"] > 0
    assert json.loads(run("ingest", model, "--prompts", grid, "--as", "painter", "--json").stdout)[
        "repeated"
    ]
    return served


def test_commands_answer_what_pictures_look_like_and_back(painter: Graph, tmp_path: Path) -> None:
    rows = json.loads(run("text-to-image-features", "a red square", "--top", "47", "--json").stdout)
    effects = {row["feature"]: row["effect"] for row in rows}
    assert effects["colour red"] > 1 and effects["shape square"] > 0.5
    assert {row["source"] for row in rows} == {"painter"}
    printed = run("text-to-image-features", "red", "--source", "painter", "--top", "3").stdout
    assert "colour red" in printed and "±" in printed

    file = tmp_path / "unseen.png"
    Image.fromarray(draw("a small blue circle", np.random.default_rng(3))).save(file)
    told = json.loads(run("image-features-to-prompt", file, "--json").stdout)
    assert told["prompts"] == {"painter": "a small blue circle"}
    assert run("image-features-to-prompt", file).stdout.startswith("a small blue circle  (painter)")
    place = json.loads(run("text-to-image", "red square", "--json").stdout)["pictures"][0]["place"]
    assert "red square" in run("image-features-to-prompt", place).stdout


def test_a_sheet_has_a_cell_for_each_picture(painter: Graph, tmp_path: Path) -> None:
    sheet = tmp_path / "red square.png"
    done = run("text-to-image", "red square", "--top", "7", "--sheet", sheet, "--json")
    assert done.exit_code == 0, done.output
    pictures = json.loads(done.stdout)["pictures"]
    assert len(pictures) == 7
    assert all("red square" in row["place"] for row in pictures)
    with Image.open(sheet) as image:
        pixels = np.asarray(image.convert("RGB"), dtype=np.int64)
    wide, high = SIDE + MARGIN, SIDE + 3 * LINE + MARGIN
    assert pixels.shape == (2 * high + MARGIN, 5 * wide + MARGIN, 3)
    red = (pixels[..., 0] > 150) & (pixels[..., 1:].max(axis=2) < 110)
    for number in range(10):
        x, y = MARGIN + number % 5 * wide, MARGIN + number // 5 * high
        cell = red[y : y + SIDE, x : x + SIDE]
        written = pixels[y + SIDE : y + high - MARGIN, x : x + wide - MARGIN]
        if number < len(pictures):
            assert 0.05 < cell.mean() < 0.7
            assert (written < 100).any(), "the place and the source are written below"
        else:
            assert (pixels[y : y + high - MARGIN, x : x + wide - MARGIN] == 255).all()


def test_what_cannot_be_asked_or_written_is_said(painter: Graph, tmp_path: Path) -> None:
    assert "red.png" in failed(2, "text-to-image", "red", "--sheet", tmp_path / "red.jpg")
    assert "cannot be written" in failed(
        7, "text-to-image", "red", "--sheet", tmp_path / "nowhere" / "red.png"
    )
    assert "they were asked for" in failed(3, "text-to-image", "submarine")
    assert "No source" in failed(3, "text-to-image-features", "red", "--source", "nobody")
    grid = grid_file(tmp_path / "home", GRID.replace("seeds = 8", "seeds = 2"))
    assert "seeds" in failed(7, "ingest", tmp_path / "model", "--prompts", grid, "--as", "few")
