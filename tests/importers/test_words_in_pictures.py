"""Words in pictures, read by real weights; folders of models that do not fit."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from hartonomous.errors import BadInput, UsageError
from hartonomous.extract.detector_protocol import DetectorOptions, found_in, open_detector
from hartonomous.extract.extraction import ExtractOptions, extract
from hartonomous.pictures.label_texts import label_text
from importers.detectors.words_in_pictures import line_boxes
from tests import models
from tests.building import silent
from tests.model_files import opened
from tests.onnx_models import constant_model, write_pictures

RAPIDOCR = models.FOLDER / "rapidocr"
LINES = {"Harbour office": (40, 40), "OPEN": (400, 60), "Keep the gate shut.": (60, 200)}


@pytest.fixture
def sign(tmp_path: Path) -> Path:
    image = Image.new("RGB", (640, 320), (240, 240, 230))
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(32)
    for text, place in LINES.items():
        draw.text(place, text, (20, 20, 60), font)
    (tmp_path / "pictures").mkdir()
    image.save(tmp_path / "pictures" / "sign.png")
    return tmp_path / "pictures"


def test_words_are_read_with_their_boxes(sign: Path, tmp_path: Path) -> None:
    reader = open_detector(RAPIDOCR)
    pixels = np.asarray(Image.open(sign / "sign.png"))
    (found,) = found_in(reader, [pixels], Counter())
    written = {label_text(line): place for line, place in LINES.items()}
    assert set(found.labels) == set(written)
    for text, box in zip(found.labels, found.boxes, strict=True):
        left, top = written[text]
        assert abs(box[0] - left) < 12 and box[1] - 12 < top < box[3]
    model = opened(RAPIDOCR, images=sign)
    assert model.importer == "words-in-pictures"
    made = extract(model, ExtractOptions(), tmp_path / "b", silent)
    compositions = made.compositions()
    kinds = dict(
        zip(compositions["text"].to_pylist(), compositions["kind"].to_pylist(), strict=True)
    )
    assert kinds["harbour office"] == "Token" and kinds["Keep the gate shut."] == "Sentence"


def test_a_picture_without_print_has_no_words(tmp_path: Path) -> None:
    reader = open_detector(RAPIDOCR)
    (found,) = reader.detect([np.full((50, 900, 3), 200, dtype=np.uint8)])
    assert len(found) == 0 and found.boxes.shape == (0, 4)


def test_lines_are_widened_to_the_edges_of_letters() -> None:
    share = np.zeros((64, 128))
    share[20:30, 10:90] = 0.9
    share[50:52, 10:12] = 0.9
    share[40:48, 10:60] = 0.4
    (box,) = line_boxes(share)
    np.testing.assert_allclose(box, [10 - 8, 20 - 8, 91 + 8, 31 + 8], atol=1.5)


def test_folders_that_do_not_fit(tmp_path: Path) -> None:
    folder = tmp_path / "f"
    folder.mkdir()
    for part in ("det", "rec"):
        (name,) = (RAPIDOCR / "models").glob(f"*_{part}_*.onnx")
        shutil.copy(name, folder)
    with pytest.raises(UsageError, match="detectors of things"):
        open_detector(folder, DetectorOptions(decoder="yolov5"))
    few = tmp_path / "few.txt"
    few.write_text("a\nb\n")
    reader = open_detector(folder, DetectorOptions(labels=few))
    with pytest.raises(BadInput, match="and states 2; give them"):
        reader.detect([_written("A line of print")])
    (again,) = folder.glob("*_rec_*.onnx")
    again.unlink()
    with pytest.raises(BadInput, match="is no detector that can be opened"):
        open_detector(folder)
    odd = {"out": np.zeros((1, 5), dtype=np.float32)}
    constant_model(folder / "my_rec.onnx", odd, metadata={"character": "a\nb"})
    (found,) = folder.glob("*_det_*.onnx")
    found.unlink()
    constant_model(folder / "my_det.onnx", odd)
    pictures = write_pictures(tmp_path / "p", 1)
    with pytest.raises(BadInput, match=r"cannot be run|not the probability of print"):
        extract(opened(folder, images=pictures), ExtractOptions(), tmp_path / "b", silent)


def _written(text: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    image = Image.new("RGB", (640, 120), (255, 255, 255))
    ImageDraw.Draw(image).text((30, 30), text, (0, 0, 0), ImageFont.load_default(36))
    return np.asarray(image)
