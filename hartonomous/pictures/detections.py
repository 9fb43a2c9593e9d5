"""Detections as columns: what a detector found in one picture, one row a box."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hartonomous.pictures.label_texts import label_text
from hartonomous.pictures.picture_files import Pixels

Boxes = NDArray[np.float64]
"""Boxes, (n, 4) float64: left, top, right, bottom in pixels; y grows downwards."""

LEAST_SIDE = 1.0
"""Pixels that a box has at least in width and height; a thinner one is degenerate."""

OVERLAP = 0.6
"""Intersection over union from which two boxes are one object, whatever their labels."""

MOST = 1_000
"""Most boxes of a picture, the surest ones; relations grow with their square."""


@dataclass(frozen=True)
class Detections:
    """What was found in a picture: `labels` (n,) texts, `scores` (n,) float64 in [0, 1], `boxes` (n, 4)."""

    labels: NDArray[Any]
    scores: NDArray[np.float64]
    boxes: Boxes

    def __len__(self) -> int:
        return len(self.labels)

    def at(self, rows: NDArray[Any]) -> Detections:
        """Return the detections in some rows, given as numbers or as a mask."""
        return Detections(self.labels[rows], self.scores[rows], self.boxes[rows])


class Detector(Protocol):
    """Finds things in pictures."""

    digest: str
    """Digest of its files and of the options that change what it finds."""

    labels: tuple[str, ...]
    """The labels it can give; empty if they are found with the things, as words in pictures are."""

    def detect(self, pictures: Sequence[Pixels]) -> list[Detections]:
        """Return what is in each picture, before `cleaned`."""
        ...


def cleaned(
    found: Detections,
    size: tuple[int, int],
    threshold: float,
    excluded: Counter[str],
    merge: bool = True,
    most: int = MOST,
) -> Detections:
    """Return detections within a picture of that width and height, surest first, with labels as
    compositions are written.

    Left out, and counted by reason: boxes without a label, numbers that are not finite, boxes turned inside out, scores
    below the threshold, boxes thinner than LEAST_SIDE once clamped to the picture, with `merge` those
    that overlap a surer one by OVERLAP whatever their labels, and all beyond `most`.
    """
    found = _named(found, excluded)
    found = _kept(found, _finite(found), "boxes or scores that are not finite", excluded)
    found = _kept(
        found, np.asarray(found.scores >= threshold), "scores below the threshold", excluded
    )
    turned = np.asarray(
        (found.boxes[:, 2] >= found.boxes[:, 0]) & (found.boxes[:, 3] >= found.boxes[:, 1])
    )
    found = _kept(found, turned, "boxes turned inside out", excluded)
    width, height = size
    clamped = np.clip(found.boxes, 0, np.array([width, height, width, height], dtype=np.float64))
    found = Detections(found.labels, np.clip(found.scores, 0, 1), clamped)
    sides = clamped[:, 2:] - clamped[:, :2]
    found = _kept(found, (sides >= LEAST_SIDE).all(axis=1), "boxes without an area", excluded)
    order = np.lexsort((*found.boxes.T[::-1], found.labels.astype(str), -found.scores))
    found = found.at(order)
    if merge:
        found = _kept(found, _surest(found.boxes), "boxes of an object listed twice", excluded)
    if len(found) > most:
        excluded[f"boxes beyond the {most:,} surest of a picture"] += len(found) - most
    return found.at(np.arange(min(most, len(found))))


def _named(found: Detections, excluded: Counter[str]) -> Detections:
    texts = {label: label_text(str(label)) for label in set(found.labels.tolist())}
    labels = np.array([texts[label] for label in found.labels.tolist()], dtype=object)
    named = np.array([bool(label) for label in labels], dtype=bool)
    return _kept(
        Detections(labels, found.scores, found.boxes), named, "boxes without a label", excluded
    )


def _finite(found: Detections) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(found.scores) & np.isfinite(found.boxes).all(axis=1))


def _kept(found: Detections, good: Any, reason: str, excluded: Counter[str]) -> Detections:
    if not good.all():
        excluded[reason] += int((~good).sum())
        return found.at(good)
    return found


def _surest(boxes: Boxes) -> NDArray[np.bool_]:
    """Return which boxes, surest first, no surer kept one overlaps: non-maximum suppression."""
    keep = np.ones(len(boxes), dtype=bool)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    for at in range(len(boxes)):
        if not keep[at]:
            continue
        rest = slice(at + 1, None)
        low = np.maximum(boxes[at, :2], boxes[rest, :2])
        high = np.minimum(boxes[at, 2:], boxes[rest, 2:])
        shared = np.clip(high - low, 0, None).prod(axis=1)
        keep[rest] &= shared < OVERLAP * (areas[at] + areas[rest] - shared)
    return keep
