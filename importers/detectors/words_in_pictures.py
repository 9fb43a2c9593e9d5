"""Words in pictures: lines of print found by one ONNX model and read by another, as PaddleOCR's are.

The detector gives each pixel's probability of print (differentiable binarization: Liao et al. 2020);
its connected parts, widened to the letters' edges, are lines. The recogniser gives each column a
character (connectionist temporal classification). Boxes are upright: lines that lean are read worse.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hartonomous.errors import BadInput, UsageError
from hartonomous.extract.detector_protocol import DetectorOptions
from hartonomous.extract.files.untrusted_files import inside
from hartonomous.identity import content_digest, file_digest
from hartonomous.pictures.detections import Boxes, Detections
from hartonomous.pictures.picture_files import Pixels, library
from importers.detectors.bounded_runs import run_bounded
from importers.detectors.class_lists import labels_of
from importers.detectors.detector_importer import LABELS, DetectorImporter
from importers.detectors.input_pixels import resized
from importers.detectors.onnx_detectors import open_session
from importers.detectors.onnx_safety import checked_model

THRESHOLD = 0.5

PRINT, PRINTED = 0.3, 0.5
"""Probability of a pixel of print, and the mean of a line."""

WIDENED = 1.6
"""How far a line's box is wider than what was found: its area by its perimeter, times this."""

LEAST_SIDE, SHORTER, LONGER, STEP = 3, 736, 2_000, 32
"""Pixels: least side of a line; shorter and longer side of an input, and what divides both."""

HIGH, LEAST_WIDE, MOST_WIDE = 48, 320, 4_800
"""Pixels of a line as it is read."""

TALL = 1.5
"""Height by width from which a line runs downwards, and is turned."""

MOST_LINES = 1_000
READING_VERSION = 1


class WordReader:
    """Reads the words in pictures. A line of print is a thing, its text the label."""

    labels: tuple[str, ...] = ()

    def __init__(self, path: Path, options: DetectorOptions) -> None:
        if options.decoder is not None or options.normalise is not None:
            raise UsageError("--decoder and --normalise are for detectors of things, not of words.")
        parts = _parts(path)
        if parts is None:
            raise BadInput(
                f"{path} does not hold one ONNX model of lines (det) and one of words (rec)."
            )
        checked = [checked_model(part) for part in parts]
        self.files = tuple(file for model in checked for file in model.files)
        self.threshold = THRESHOLD if options.threshold is None else options.threshold
        self._find, self._read = (
            open_session(part, model.files, options.device)
            for part, model in zip(parts, checked, strict=True)
        )
        characters = labels_of(parts[1], checked[1].metadata, options.labels)
        if characters is None:
            raise BadInput(
                f"{parts[1]} does not state its characters; give them, one a line: --labels FILE."
            )
        # The first class is none, the last, which lists leave out, a blank.
        self._characters = np.array(["", *characters, " "], dtype=object)
        self._path = path
        self.digest = content_digest(
            "detector",
            {
                "files": [file_digest(file) for file in self.files],
                "characters": list(characters),
                "threshold": repr(self.threshold),
                "reading": READING_VERSION,
            },
        )

    def detect(self, pictures: Sequence[Pixels]) -> list[Detections]:
        """Return the lines of print in each picture, with their texts."""
        return [self._lines(pixels) for pixels in pictures]

    def _lines(self, pixels: Pixels) -> Detections:
        boxes = self._found(pixels)
        read = [self._text(_cut(pixels, box)) for box in boxes]
        kept = [at for at, (text, score) in enumerate(read) if text and score >= self.threshold]
        texts = np.array([read[at][0] for at in kept], dtype=object)
        scores = np.array([read[at][1] for at in kept], dtype=np.float64)
        return Detections(texts, scores, boxes[kept].reshape(-1, 4))

    def _found(self, pixels: Pixels) -> Boxes:
        """Return the boxes of lines, (n, 4), from top to bottom."""
        high, wide = pixels.shape[:2]
        height, width = _input_size(high, wide)
        share = self._ran(self._find, _centred(resized(pixels, height, width)))
        if share.ndim != 4 or share.shape[:2] != (1, 1):
            raise BadInput(
                f"{self.files[0]} gives {share.shape}, not the probability of print of each pixel."
            )
        boxes = line_boxes(share[0, 0].astype(np.float64))
        scale = np.array([wide / share.shape[3], high / share.shape[2]] * 2)
        return np.asarray(boxes * scale, dtype=np.float64)

    def _text(self, line: Pixels) -> tuple[str, float]:
        """Return the text of a line of print, and the mean probability of its characters."""
        if line.shape[0] >= TALL * line.shape[1]:
            line = np.ascontiguousarray(np.rot90(line))
        wide = min(max(round(HIGH * line.shape[1] / line.shape[0]), 1), MOST_WIDE)
        values = np.zeros((1, 3, HIGH, max(wide, LEAST_WIDE)), dtype=np.float32)
        values[:, :, :, :wide] = _centred(resized(line, HIGH, wide))
        shares = self._ran(self._read, values)
        if shares.ndim != 3 or shares.shape[2] != len(self._characters):
            raise BadInput(
                f"{self._path} reads {shares.shape[-1]:,} characters and states "
                f"{len(self._characters) - 2:,}; give them, one a line: --labels FILE."
            )
        return collapsed(shares[0], self._characters)

    def _ran(self, session: Any, values: NDArray[np.float32]) -> NDArray[Any]:
        (entry, *others) = session.get_inputs()
        if others:
            raise BadInput(f"{self._path} needs inputs besides pictures.")
        return np.asarray(run_bounded(self._path, session, {entry.name: values})[0])


def line_boxes(share: NDArray[np.float64]) -> Boxes:
    """Return the boxes of lines, (n, 4), from the probability of print of each pixel, (h, w)."""
    measure = library("skimage.measure")
    printed = library("scipy.ndimage").binary_dilation(share > PRINT, np.ones((2, 2)))
    found = []
    for part in measure.regionprops(measure.label(printed, connectivity=2), intensity_image=share):
        top, left, bottom, right = part.bbox
        wide, high = right - left, bottom - top
        if min(wide, high) < LEAST_SIDE or part.intensity_mean < PRINTED:
            continue
        more = WIDENED * wide * high / (2 * (wide + high))
        found.append((left - more, top - more, right + more, bottom + more))
    boxes: Boxes = np.array(found[:MOST_LINES], dtype=np.float64).reshape(-1, 4)
    limit = np.array([share.shape[1], share.shape[0]] * 2, dtype=np.float64)
    return np.asarray(np.clip(boxes, 0, limit), dtype=np.float64)


def collapsed(shares: NDArray[Any], characters: NDArray[Any]) -> tuple[str, float]:
    """Return the text of probabilities (columns, characters), and the mean of those of its characters.

    Class 0 is none, which parts two of the same; others of the same in a row are one.

    >>> shares = np.eye(3)[[1, 1, 0, 1, 2, 0]]
    >>> collapsed(shares, np.array(["", "o", "n"], dtype=object))
    ('oon', 1.0)
    """
    best = shares.argmax(axis=1)
    kept = (best != 0) & (np.diff(best, prepend=-1) != 0)
    if not kept.any():
        return "", 0.0
    text = "".join(characters[best[kept]].tolist()).strip()
    return text, float(shares.max(axis=1)[kept].mean())


def _input_size(high: int, wide: int) -> tuple[int, int]:
    """Return height and width of an input: the shorter side SHORTER at least, the longer one LONGER at
    most, both divisible by STEP.
    """
    ratio = max(SHORTER / min(high, wide), 1.0)
    ratio = min(ratio, LONGER / max(high, wide))
    height, width = (max(round(side * ratio / STEP), 1) * STEP for side in (high, wide))
    return height, width


def _centred(pixels: Pixels) -> NDArray[np.float32]:
    """Return pixels as an input, (1, 3, height, width) in [-1, 1], blue first."""
    values = pixels[:, :, ::-1].astype(np.float32) / np.float32(127.5) - np.float32(1)
    return np.ascontiguousarray(values.transpose(2, 0, 1)[None])


def _cut(pixels: Pixels, box: NDArray[np.float64]) -> Pixels:
    left, top = np.floor(box[:2]).astype(int)
    right, bottom = np.ceil(box[2:]).astype(int)
    return pixels[top : max(bottom, top + 1), left : max(right, left + 1)]


def _parts(path: Path) -> tuple[Path, Path] | None:
    """Return the models of lines and of words in a folder, or in its folder `models`."""
    for folder in (path, path / "models"):
        if folder.is_dir():
            files = sorted(file.name for file in folder.glob("*.onnx"))
            found = [[name for name in files if part in name.lower()] for part in ("det", "rec")]
            if all(len(names) == 1 for names in found):
                return inside(folder, found[0][0]), inside(folder, found[1][0])
    return None


class WordReaders:
    """Opens folders with a model of lines and one of words."""

    def recognises(self, path: Path) -> bool:
        return path.is_dir() and _parts(path) is not None

    def open(self, path: Path, options: DetectorOptions) -> WordReader:
        return WordReader(path, options)


OPENER = WordReaders()
IMPORTER = DetectorImporter(
    "words-in-pictures",
    "folder of ONNX models that find and read print (--images)",
    OPENER,
    (LABELS,),
)
