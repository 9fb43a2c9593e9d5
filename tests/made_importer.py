"""A made-up importer with options of its own, as a package of somebody else registers one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from hartonomous.bundle import OpenedFile
from hartonomous.extract import importer_protocol
from hartonomous.extract.importer_options import (
    LIMIT,
    NUMBER,
    PATH,
    SWITCH,
    ImporterOption,
    OpenOptions,
)
from hartonomous.extract.importer_protocol import Claim, OpenedModel
from hartonomous.extract.observed_pieces import ObservedPiece, ObservedTracks, Piece
from hartonomous.extract.vocabulary import no_vocabulary
from hartonomous.opened_files import opened_file
from hartonomous.schema import MICRO

LEAST_SCORE = ImporterOption(
    "least_score",
    "Least score of a detection.",
    NUMBER,
    default=0.5,
    least=0,
    most=1,
    unfit=lambda value: "its models detect nothing",
)
CLASSES = ImporterOption("classes", "Class to detect; repeatable.", repeated=True)
LABELS = ImporterOption("class_names", "File of the classes' names.", PATH)
TINY = ImporterOption("tiny", "Use the small detector.", SWITCH, default=False)


@dataclass(frozen=True)
class Detector:
    """Reads lines of a picture, a class and a score; a piece is a line."""

    path: Path
    least: float
    classes: tuple[str, ...]

    def __call__(self, piece: Piece) -> ObservedPiece:
        assert isinstance(piece, int)
        picture, shown, score = self.path.read_text().splitlines()[piece].split()
        table = pa.table({"text": [picture, shown], "kind": ["Image", "Token"]})
        if float(score) < self.least or (self.classes and shown not in self.classes):
            return ObservedPiece(table.slice(0, 0), {}, {"below the score": 1})
        weight = round(MICRO * float(score))
        row = pa.table({"start": [0], "end": [1], "n": [1], "weight": [weight]})
        return ObservedPiece(table, {"DEPICTION_EVIDENCE": row})


class Detections:
    """Opens `.shots` files."""

    name = "detections"
    summary = "pictures and what a detector found in them (.shots)"
    kind = "images"
    options = (LIMIT, LEAST_SCORE, CLASSES, LABELS, TINY)

    def __init__(self) -> None:
        self.given: list[OpenOptions] = []

    def recognises(self, path: Path) -> Claim:
        return Claim.SURE if path.suffix == ".shots" else Claim.NONE

    def open(self, path: Path, options: OpenOptions) -> OpenedModel:
        self.given.append(options)
        lines = len(path.read_text().splitlines())
        pieces = range(lines)[: options.limit]
        files: list[OpenedFile] = [opened_file(path)]
        observe = Detector(path, options.least_score, options.classes)
        tracks = ObservedTracks(("DEPICTION_EVIDENCE",), ("detector",), pieces, observe, lines)
        said = {name: str(value) for name, value in options.given.items()}
        return OpenedModel(
            self.name, files, 0, no_vocabulary(), (), said, kind=self.kind, observed=(tracks,)
        )


IMPORTER = Detections()


@contextmanager
def registered(monkeypatch: pytest.MonkeyPatch, **more: Any) -> Iterator[None]:
    """Register importers beside those that are installed, for as long as the block runs."""
    points = list(entry_points(group=importer_protocol.ENTRY_POINTS))

    class Point:
        def __init__(self, name: str, importer: Any) -> None:
            self.name, self._importer = name, importer

        def load(self) -> Any:
            return self._importer

    found: list[EntryPoint | Point] = [*points, *(Point(n, one) for n, one in more.items())]
    monkeypatch.setattr(importer_protocol, "entry_points", lambda group: found)
    importer_protocol.importers.cache_clear()
    try:
        yield
    finally:
        monkeypatch.undo()
        importer_protocol.importers.cache_clear()
