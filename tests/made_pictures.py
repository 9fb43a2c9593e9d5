"""Two sources of the same pictures, with labels and places."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from hartonomous.bundle import Bundle, OpenedFile
from hartonomous.extract.extraction import ExtractOptions, extract
from hartonomous.extract.importer_protocol import OpenedModel
from hartonomous.extract.observed_pieces import ObservedPiece, ObservedTracks
from hartonomous.extract.vocabulary import no_vocabulary
from hartonomous.held_places import place_table
from hartonomous.identity import content_digest
from hartonomous.schema import MICRO
from tests.building import silent

DEPICTION = "DEPICTION_EVIDENCE"
DIGESTS = [content_digest("picture", {"n": n}) for n in range(3)]


def pictures(
    folder: Path, name: str, shown: dict[int, dict[str, int]], places: dict[int, list[str]]
) -> Bundle:
    """Return a bundle of pictures with labels, each seen so many times, and their places."""
    labels = sorted({label for own in shown.values() for label in own})
    row = {text: at for at, text in enumerate([*shown, *labels])}
    pairs = [
        (row[n], row[label], times) for n, own in shown.items() for label, times in own.items()
    ]
    starts, ends, times = (list(one) for one in zip(*pairs, strict=True))
    rows = {"start": starts, "end": ends, "n": times, "weight": [n * MICRO // 2 for n in times]}
    held = [(row[n], place) for n, own in places.items() for place in own]
    kinds = ["Image"] * len(shown) + ["Token"] * len(labels)
    found = ObservedPiece(
        pa.table({"text": [*(DIGESTS[n] for n in shown), *labels], "kind": kinds}),
        {DEPICTION: pa.table(rows)},
        {},
        place_table(np.array([at for at, _ in held], np.int64), [one for _, one in held]),
    )
    tracks = ObservedTracks((DEPICTION,), ("labels",), (0,), lambda piece: found, len(pairs))
    file = OpenedFile(name, content_digest("test", {"name": name}), 1)
    model = OpenedModel(
        "test", (file,), 0, no_vocabulary(), (), {}, kind="images", observed=(tracks,)
    )
    return extract(model, ExtractOptions(), folder / name, silent)


def two(folder: Path) -> tuple[Bundle, Bundle]:
    one = pictures(
        folder,
        "one",
        {0: {"dog": 9000, "fence": 400, "tree": 300, "sky": 200}, 1: {"cat": 5}, 2: {"sea": 1}},
        {0: ["b/yard.jpg", "c/same.jpg"], 1: ["cats/tom.png"]},
    )
    other = pictures(folder, "two", {0: {"sky": 4000, "dog": 1}}, {0: ["a/copy.jpg"]})
    return one, other
