"""Boxes: relations between them beside a double loop, and relations read from COCO's JSON beside those
that were planted.
"""

from __future__ import annotations

import json
import math
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.found_boxes import interval
from benchmarks.measuring import Figure, interleaved
from hartonomous.bundle import Bundle
from hartonomous.extract.extraction import ExtractOptions, extract, open_model
from hartonomous.extract.importer_protocol import OpenOptions
from hartonomous.pictures.box_relations import CLOSE, NESTED, SHARED, SLACK, box_relations
from tests.building import silent

BOXES, OF_A_PICTURE = 100_000, 100
LOOPED = 4_000
"""Boxes that the loop is timed on; the time of all follows, since pictures are alike."""

SCENES = 600
WHERE = {
    "LEFT_OF": ((5, 40, 25, 60), (70, 42, 90, 62)),
    "ABOVE": ((40, 5, 60, 25), (42, 70, 62, 90)),
    "INSIDE": ((30, 30, 50, 50), (20, 20, 80, 80)),
    "OVERLAPS": ((20, 20, 60, 60), (45, 45, 85, 85)),
    "NEAR": ((20, 20, 45, 45), (52, 22, 77, 47)),
}
"""A box of the first and of the second thing, for each planted relation."""


def run() -> list[Figure]:
    return [_speed(), *_planted()]


def _speed() -> Figure:
    rng = np.random.default_rng(5)
    corner = rng.uniform(0, 1_000, (BOXES, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(5, 200, (BOXES, 2))], axis=1)
    ends = np.arange(OF_A_PICTURE, BOXES + 1, OF_A_PICTURE)
    few = [boxes[at : at + OF_A_PICTURE].tolist() for at in range(0, LOOPED, OF_A_PICTURE)]
    box_relations(boxes[:OF_A_PICTURE])
    took = interleaved(
        3, ours=lambda: box_relations(boxes, ends), loop=lambda: [looped(one) for one in few]
    )
    loop = took["loop"] * BOXES / LOOPED
    return Figure(
        f"relations of {BOXES:,} boxes, {OF_A_PICTURE} a picture",
        f"{took['ours']:.2f} s",
        f"a double loop {loop:.1f} s: {loop / took['ours']:.0f} times",
        "at least 20 times",
        loop >= 20 * took["ours"],
    )


def looped(boxes: list[list[float]]) -> list[tuple[str, int, int]]:
    """Return the relations of boxes by two loops over them, by the same rules."""
    found = []
    for a, one in enumerate(boxes):
        for b, other in enumerate(boxes):
            if a != b:
                found += [(name, a, b) for name in _related(one, other)]
    return found


def _related(one: list[float], other: list[float]) -> list[str]:
    wide, high = one[2] - one[0], one[3] - one[1]
    other_wide, other_high = other[2] - other[0], other[3] - other[1]
    area, other_area = wide * high, other_wide * other_high
    across = max(0.0, min(one[2], other[2]) - max(one[0], other[0]))
    down = max(0.0, min(one[3], other[3]) - max(one[1], other[1]))
    shared = across * down
    if shared >= NESTED * area and area < other_area:
        return ["INSIDE"]
    if shared >= NESTED * other_area and other_area < area:
        return []
    found = []
    cx = (other[0] + other[2] - one[0] - one[2]) / 2
    cy = (other[1] + other[3] - one[1] - one[3]) / 2
    if other[0] - one[2] >= -SLACK * min(wide, other_wide) and cx > abs(cy):
        found.append("LEFT_OF")
    if other[1] - one[3] >= -SLACK * min(high, other_high) and cy > abs(cx):
        found.append("ABOVE")
    if shared > 0 and shared >= SHARED * min(area, other_area):
        return [*found, "OVERLAPS"]
    gap = math.hypot(
        max(0.0, other[0] - one[2], one[0] - other[2]),
        max(0.0, other[1] - one[3], one[1] - other[3]),
    )
    if gap <= CLOSE * min(math.hypot(wide, high), math.hypot(other_wide, other_high)):
        found.append("NEAR")
    return found


def _planted() -> list[Figure]:
    """Scenes of two things each in one planted relation, moved and jittered, labels of their own."""
    rng = np.random.default_rng(6)
    images, rows, names, planted = [], [], list[str](), set[tuple[str, str, str]]()
    for at in range(SCENES):
        relation = list(WHERE)[at % len(WHERE)]
        things = [f"thing {2 * at}", f"thing {2 * at + 1}"]
        images.append({"id": at, "file_name": f"{at}.png", "width": 640, "height": 640})
        scale, shift = rng.uniform(1, 5), rng.uniform(0, 100, 2)
        for thing, where in zip(things, WHERE[relation], strict=True):
            box = np.array(where) * scale + np.tile(shift, 2) + rng.uniform(-1, 1, 4) * scale
            sides = [*box[:2].tolist(), *(box[2:] - box[:2]).tolist()]
            rows.append({"image_id": at, "category_id": len(names), "bbox": sides})
            names.append(thing)
        planted.add((relation, things[0], things[1]))
        if relation == "NEAR":
            # What is near is beside, above or below, too.
            planted.add(("LEFT_OF", things[0], things[1]))
    stated = {
        "images": images,
        "annotations": rows,
        "categories": [{"id": at, "name": name} for at, name in enumerate(names)],
    }
    with tempfile.TemporaryDirectory(prefix="hartonomous-coco-") as place:
        file = Path(place, "planted.json")
        file.write_text(json.dumps(stated))
        model = open_model(str(file), OpenOptions())
        found = _told(extract(model, ExtractOptions(), Path(place, "bundle"), silent), planted)
    hits = len(found & planted)
    return [
        Figure(
            f"relations of {SCENES} planted scenes from COCO's JSON, precision",
            interval(hits, len(found)),
            f"{len(found)} found",
            "at least .98",
            hits >= 0.98 * len(found),
        ),
        Figure(
            "their recall",
            interval(hits, len(planted)),
            f"{len(planted)} planted",
            "at least .98",
            hits >= 0.98 * len(planted),
        ),
    ]


def _told(bundle: Bundle, planted: set[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
    """Return the relations between labels that a bundle holds; what is both ways as it was planted."""
    texts: NDArray[np.object_] = np.array(bundle.compositions()["text"].to_pylist(), dtype=object)
    found = set[tuple[str, str, str]]()
    for track in bundle.tracks:
        relation = track.evidence.removesuffix("_EVIDENCE")
        if relation not in WHERE:
            continue
        for part in bundle.evidence(track, 1 << 16):
            for row in part.to_pylist():
                one, other = texts[row["start"]], texts[row["end"]]
                if not (one.startswith("thing ") and other.startswith("thing ")):
                    continue
                turned = relation in ("OVERLAPS", "NEAR") and (relation, other, one) in planted
                found.add((relation, other, one) if turned else (relation, one, other))
    return found
