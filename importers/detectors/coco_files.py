"""COCO files: the images, labels and boxes that a JSON file states.

A file of annotations has images, categories and annotations; a file of results is a list of boxes with
scores, whose images and categories stand in a file of annotations.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hartonomous.errors import BadInput, NotFound, UsageError
from hartonomous.extract.files.untrusted_files import refuse_pointer, shown
from hartonomous.pictures.detections import Boxes, Detections
from hartonomous.pictures.label_texts import label_text
from hartonomous.pictures.picture_files import library

LARGEST = 1 << 30
"""Bytes of a file; COCO's own largest has 450 MB."""

CROWDS = "boxes of crowds"
NO_IMAGE, NO_CATEGORY = "boxes of unknown pictures", "boxes of unknown categories"
ODD = "boxes that are not valid"


@dataclass(frozen=True)
class CocoImage:
    """An image as a file states it; a side that is not stated is 0."""

    name: str
    width: int
    height: int


@dataclass(frozen=True)
class CocoBoxes:
    """What a file states: images in the order of their numbers, and the boxes of each.

    `image` (n,) are places among `images`, ascending; `labels` (n,) texts, `scores` (n,), `boxes`
    (n, 4). `excluded` counts what was left out.
    """

    images: tuple[CocoImage, ...]
    image: NDArray[np.int64]
    found: Detections
    excluded: Counter[str]
    merged: int = 0

    def of(self, place: int) -> Detections:
        """Return the boxes of an image."""
        first, last = np.searchsorted(self.image, [place, place + 1])
        return self.found.at(np.arange(first, last))


def read_coco(path: Path, annotations: Path | None = None) -> CocoBoxes:
    """Return what a file of annotations states, or one of results with its file of annotations.

    Raises BadInput for a file that is neither, or states images or categories twice in different
    ways; UsageError for results without their annotations, and the other way round.
    """
    stated = _parsed(path)
    if isinstance(stated, list):
        if annotations is None:
            raise UsageError(
                f"{path} is COCO results, which name no pictures and no categories; name the file that "
                "does: --annotations FILE."
            )
        base, rows = _parsed(annotations), stated
        if not isinstance(base, dict):
            raise BadInput(f"{annotations} is no file of COCO annotations.")
    else:
        if annotations is not None:
            raise UsageError(f"{path} is COCO annotations itself; leave --annotations out.")
        base, rows = stated, stated.get("annotations")
    where = annotations or path
    images, categories = _images(where, base), _categories(where, base)
    if not isinstance(rows, list):
        raise BadInput(f"{path} has no list of annotations.")
    return _boxes(images, categories, rows)


def _parsed(path: Path) -> Any:
    if not path.is_file():
        raise NotFound(f"There is no file at {path}.")
    if path.stat().st_size > LARGEST:
        raise BadInput(f"{path} is larger than {LARGEST >> 20} MiB; divide it by images.")
    refuse_pointer(path)
    try:
        with path.open("rb") as file:
            found = json.load(file, object_hook=_short)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path} is not valid JSON: {error}.") from error
    if not isinstance(found, list | dict):
        raise BadInput(f"{path} is neither COCO annotations nor results.")
    return found


def _short(entry: dict[str, Any]) -> Any:
    """Return an annotation without its outline if it has a box: outlines are most of a file."""
    if "bbox" in entry and "segmentation" in entry:
        del entry["segmentation"]
    return entry


def _images(path: Path, base: dict[str, Any]) -> dict[int, CocoImage]:
    found: dict[int, CocoImage] = {}
    entries = base.get("images")
    if not isinstance(entries, list) or not entries:
        raise BadInput(f"{path} lists no images; COCO annotations do.")
    for entry in entries:
        number, name = (_of(entry, key) for key in ("id", "file_name"))
        if not isinstance(number, int) or not isinstance(name, str) or not name:
            raise BadInput(
                f"{path} has an image without a whole id and a file_name: {shown(repr(entry))}."
            )
        sides = (_of(entry, key) for key in ("width", "height"))
        width, height = (side if isinstance(side, int) and side > 0 else 0 for side in sides)
        image = CocoImage(name, width, height)
        if found.setdefault(number, image) != image:
            raise BadInput(f"{path} has two images of the id {number}; each needs its own.")
    return found


def _categories(path: Path, base: dict[str, Any]) -> dict[int, str]:
    found: dict[int, str] = {}
    entries = base.get("categories")
    if not isinstance(entries, list) or not entries:
        raise BadInput(f"{path} lists no categories; COCO annotations do.")
    for entry in entries:
        number, name = (_of(entry, key) for key in ("id", "name"))
        if not isinstance(number, int) or not isinstance(name, str) or not name.strip():
            raise BadInput(
                f"{path} has a category without a whole id and a name: {shown(repr(entry))}."
            )
        if found.setdefault(number, name) != name:
            raise BadInput(
                f"{path} has two categories of the id {number}, {shown(found[number])} and "
                f"{shown(name)}; each needs its own."
            )
    return found


def _of(entry: Any, key: str) -> Any:
    value = entry.get(key) if isinstance(entry, dict) else None
    return None if isinstance(value, bool) else value


def _boxes(images: dict[int, CocoImage], categories: dict[int, str], rows: list[Any]) -> CocoBoxes:
    excluded = Counter[str]()
    place = {number: at for at, number in enumerate(sorted(images))}
    kept: list[tuple[int, str, float, tuple[float, ...]]] = []
    for row in rows:
        image, category = place.get(_key(row, "image_id"), -1), _key(row, "category_id")
        if image < 0 or category not in categories:
            excluded[NO_IMAGE if image < 0 else NO_CATEGORY] += 1
        elif _of(row, "iscrowd") or (isinstance(row, dict) and row.get("iscrowd") is True):
            excluded[CROWDS] += 1
        elif (box := _box(row)) is None:
            excluded[ODD] += 1
        else:
            kept.append((image, categories[category], *box))
    kept.sort(key=lambda one: one[0])
    labels = np.array([one[1] for one in kept], dtype=object)
    scores = np.array([one[2] for one in kept], dtype=np.float64)
    boxes: Boxes = np.array([one[3] for one in kept], dtype=np.float64).reshape(-1, 4)
    texts = Counter(label_text(name) for name in categories.values())
    return CocoBoxes(
        tuple(images[number] for number in sorted(images)),
        np.array([one[0] for one in kept], dtype=np.int64),
        Detections(labels, scores, boxes),
        excluded,
        sum(texts.values()) - len(texts),
    )


def _key(row: Any, name: str) -> int:
    value = _of(row, name)
    return value if isinstance(value, int) else -1


def _box(row: dict[str, Any]) -> tuple[float, tuple[float, ...]] | None:
    """Return the score of an annotation and its left, top, right, bottom; None if it has none."""
    score = row.get("score", 1.0)
    side = row["bbox"] if row.get("bbox") else _outline_box(row.get("segmentation"))
    if not isinstance(side, list) or len(side) != 4:
        return None
    values = [*side, score]
    if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in values):
        return None
    left, top, wide, high = (float(one) for one in side)
    return float(score), (left, top, left + wide, top + high)


def _outline_box(outline: Any) -> list[float] | None:
    """Return left, top, width, height of polygons, or of a mask in runs of pixels (RLE)."""
    if isinstance(outline, dict):
        return _mask_box(outline)
    if not isinstance(outline, list) or not outline:
        return None
    flat = [one for polygon in outline if isinstance(polygon, list) for one in polygon]
    if len(flat) < 6 or len(flat) % 2 or not all(isinstance(one, int | float) for one in flat):
        return None
    points = np.array(flat, dtype=np.float64).reshape(-1, 2)
    low, high = points.min(axis=0), points.max(axis=0)
    return [*low.tolist(), *(high - low).tolist()]


def _mask_box(mask: dict[str, Any]) -> list[float] | None:
    size, counts = mask.get("size"), mask.get("counts")
    if (
        not isinstance(size, list)
        or len(size) != 2
        or not all(isinstance(side, int) and 0 < side < 1 << 15 for side in size)
    ):
        return None
    masks = library("pycocotools.mask")
    if isinstance(counts, str):
        return _listed_box(masks, {"size": size, "counts": counts.encode()}, size)
    if not isinstance(counts, list) or not all(isinstance(n, int) and n >= 0 for n in counts):
        return None
    if sum(counts) != size[0] * size[1]:
        return None
    return _listed_box(masks, masks.frPyObjects({"size": size, "counts": counts}, *size), size)


def _listed_box(masks: Any, mask: dict[str, Any], size: list[int]) -> list[float] | None:
    """Return the box of a compressed mask; None for runs that do not fill it, which its library
    would read past.
    """
    if _runs(mask["counts"]) != size[0] * size[1]:
        return None
    return [float(one) for one in masks.toBbox(mask)]


def _runs(counts: bytes) -> int:
    """Return how many pixels a compressed mask has: the sum of its runs, -1 if they are damaged."""
    runs: list[int] = []
    value = shift = 0
    for byte in counts:
        code = byte - 48
        if not 0 <= code < 64 or shift > 30:
            return -1
        value |= (code & 31) << shift
        shift += 5
        if code & 32:
            continue
        if code & 16:
            value -= 1 << shift
        runs.append(value + runs[-2] if len(runs) > 2 else value)
        value = shift = 0
    return -1 if shift or any(run < 0 for run in runs) else sum(runs)
