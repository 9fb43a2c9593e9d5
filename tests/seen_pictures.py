"""Pictures as a detector sees them that was told what is in them, through the whole path of an ingest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from hartonomous.bundle import OpenedFile
from hartonomous.extract.extraction import ExtractOptions
from hartonomous.extract.importer_protocol import OpenedModel
from hartonomous.extract.observed_pieces import ObservedPiece, ObservedTracks, Piece
from hartonomous.extract.vocabulary import no_vocabulary
from hartonomous.graph.driver import Graph
from hartonomous.identity import content_digest
from hartonomous.operations.ingestion import IngestReport, ingest
from hartonomous.pictures.detections import Detections
from hartonomous.pictures.picture_files import Pixels
from hartonomous.pictures.picture_folder import PictureFolder, open_folder
from importers.detectors.detector_evidence import EVIDENCE, SeenPicture, observed_piece
from importers.pictures.picture_evidence import measure, with_features
from tests.building import silent

Things = Sequence[tuple[str, float, tuple[float, float, float, float]]]
Found = Mapping[str, Things]
"""By file name: label, score and box (left, top, right, bottom) of each thing."""


def stored(folder: Path, pictures: Mapping[str, Pixels]) -> Path:
    """Write pictures into a folder, and return it."""
    for name, pixels in pictures.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / name)
    return folder


def detections(things: Things) -> Detections:
    return Detections(
        np.array([label for label, *_ in things], dtype=object),
        np.array([score for _, score, _ in things], dtype=np.float64),
        np.array([box for *_, box in things], dtype=np.float64).reshape(-1, 4),
    )


def seen(folder: Path, found: Found, name: str = "detector") -> OpenedModel:
    """Return a detector's view of a folder: labels, regions with boxes, relations, features."""
    pictures = open_folder(folder)
    tracks = ObservedTracks(
        EVIDENCE,
        ("boxes",),
        pictures.pieces(),
        lambda piece: _observed(pictures, found, piece),
        100,
    )
    about = {"name": name, "pictures": pictures.digest, "found": str(found)}
    file = OpenedFile(f"{name}.json", content_digest("test", about), 1)
    return OpenedModel(
        "test", (file,), 0, no_vocabulary(), (), {}, observed=(tracks,), pictures=pictures
    )


def look(graph: Graph, folder: Path, found: Found, name: str, cache: Path) -> IngestReport:
    """Ingest such a view of a folder under a name."""
    return ingest(graph, seen(folder, found, name), ExtractOptions(), name, cache, silent)


def _observed(folder: PictureFolder, found: Found, piece: Piece) -> ObservedPiece:
    excluded: Counter[str] = Counter()
    first, last = piece
    pictures = list(folder.pictures(first, last, excluded))
    shown = [SeenPicture(p.name, p.key, detections(found.get(p.name, ()))) for p in pictures]
    return with_features(observed_piece(shown, excluded), measure(pictures))
