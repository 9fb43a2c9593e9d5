"""Pictures as a detector sees them that was told what is in them, through the whole path of an ingest."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from PIL import Image

from hartonomous.bundle import OpenedFile
from hartonomous.extract.extraction import ExtractOptions
from hartonomous.extract.importer_protocol import OpenedModel
from hartonomous.extract.observed_pieces import ObservedPiece, ObservedTracks, Piece
from hartonomous.extract.vocabulary import no_vocabulary
from hartonomous.graph.driver import Graph
from hartonomous.held_places import place_table
from hartonomous.identity import content_digest
from hartonomous.operations.ingestion import IngestReport, ingest
from hartonomous.pictures.box_relations import RELATIONS, SYMMETRIC, box_relations
from hartonomous.pictures.picture_files import Pixels
from hartonomous.pictures.picture_folder import PictureFolder, open_folder
from hartonomous.schema import MICRO
from importers.pictures.picture_evidence import with_features
from tests.building import silent

DEPICTS, INSIDE = "DEPICTION_EVIDENCE", "INSIDE_EVIDENCE"
Found = Mapping[str, Sequence[tuple[str, float, tuple[float, float, float, float]]]]
"""By file name: label, score and box (left, top, right, bottom) of each thing."""


def stored(folder: Path, pictures: Mapping[str, Pixels]) -> Path:
    for name, pixels in pictures.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / name)
    return folder


def seen(folder: Path, found: Found, name: str = "detector") -> OpenedModel:
    """Return a detector's view of a folder: labels, regions with boxes, relations, features."""
    pictures = open_folder(folder)
    types = (DEPICTS, *(f"{one}_EVIDENCE" for one in RELATIONS))
    tracks = ObservedTracks(
        types, ("boxes",), pictures.pieces(), lambda piece: _observed(pictures, found, piece), 100
    )
    about = {"name": name, "pictures": pictures.digest, "found": str(found)}
    file = OpenedFile(f"{name}.json", content_digest("test", about), 1)
    return OpenedModel(
        "test", (file,), 0, no_vocabulary(), (), {}, kind="model", observed=(tracks,),
        pictures=pictures,
    )  # fmt: skip


def look(graph: Graph, folder: Path, found: Found, name: str, cache: Path) -> IngestReport:
    """Ingest such a view of a folder under a name."""
    return ingest(graph, seen(folder, found, name), ExtractOptions(), name, cache, silent)


def _observed(folder: PictureFolder, found: Found, piece: Piece) -> ObservedPiece:
    excluded: Counter[str] = Counter()
    first, last = piece
    pictures = list(folder.pictures(first, last, excluded))
    rows: dict[str, list[tuple[tuple[str, str], tuple[str, str], int]]] = defaultdict(list)
    held: list[tuple[tuple[str, str], str]] = []
    for picture in pictures:
        image = ("Image", picture.key)
        things = found.get(picture.name, ())
        boxes = np.array([box for *_, box in things], dtype=np.float64).reshape(-1, 4)
        for label, score, (left, top, right, bottom) in things:
            box = [left, top, right - left, bottom - top]
            region = ("Region", content_digest("region", {"picture": picture.key, "box": box}))
            held.append((region, f"{picture.name}#xywh={','.join(str(n) for n in box)}"))
            rows[DEPICTS].append((image, ("Token", label), round(MICRO * score)))
            rows[DEPICTS].append((region, ("Token", label), round(MICRO * score)))
            rows[INSIDE].append((region, image, MICRO))
        for relation, pairs in box_relations(boxes).items():
            of = {(things[a][0], things[b][0]) for a, b in pairs.tolist()}
            for a, b in sorted({tuple(sorted(p)) for p in of} if relation in SYMMETRIC else of):
                rows[f"{relation}_EVIDENCE"].append((("Token", a), ("Token", b), MICRO))
    ends = [end for own in rows.values() for start, stop, _ in own for end in (start, stop)]
    place = {one: at for at, one in enumerate(dict.fromkeys([*ends, *(one for one, _ in held)]))}
    compositions = pa.table(
        {
            "text": pa.array([text for _, text in place], pa.string()),
            "kind": pa.array([kind for kind, _ in place], pa.string()),
        }
    )
    tables = {
        name: pa.table(
            {
                "start": [place[start] for start, _, _ in own],
                "end": [place[end] for _, end, _ in own],
                "n": [1] * len(own),
                "weight": [weight for *_, weight in own],
            }
        )
        for name, own in rows.items()
    }
    places = place_table(
        np.array([place[one] for one, _ in held], np.int64), [where for _, where in held]
    )
    return with_features(ObservedPiece(compositions, tables, dict(excluded), places), pictures)
