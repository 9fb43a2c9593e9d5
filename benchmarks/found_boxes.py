"""Boxes that a detector found beside those that are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from hartonomous.pictures.detections import Boxes, Detections

SAME = 0.5
"""Intersection over union from which a box is that of a thing."""


@dataclass
class Matches:
    """Found and real things of several pictures, and which met."""

    hits: int = 0
    found: int = 0
    real: int = 0
    of: dict[str, list[bool]] = field(default_factory=dict)

    def add(self, found: Detections, labels: Sequence[str], boxes: Boxes) -> None:
        """Match the boxes of a picture, surest first, to those of the same label not matched yet."""
        met = np.zeros(len(labels), dtype=bool)
        shares = overlaps(found.boxes, boxes)
        for row, label in enumerate(found.labels.tolist()):
            fits = np.array([one == label for one in labels]) & ~met & (shares[row] >= SAME)
            if fits.any():
                met[int(np.where(fits, shares[row], -1).argmax())] = True
                self.hits += 1
        self.found += len(found)
        self.real += len(labels)
        for label, hit in zip(labels, met.tolist(), strict=True):
            self.of.setdefault(label, []).append(hit)

    @property
    def precision(self) -> float:
        return self.hits / max(self.found, 1)

    @property
    def recall(self) -> float:
        return self.hits / max(self.real, 1)

    def recall_of(self, *labels: str) -> float:
        """Return the recall of some labels alone."""
        every = [hit for label in labels for hit in self.of.get(label, [])]
        return sum(every) / max(len(every), 1)


def overlaps(one: Boxes, other: Boxes) -> NDArray[np.float64]:
    """Return the intersection over union of boxes (n, 4) and (m, 4), as (n, m)."""
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, 2:], other[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (one, other)]
    return np.asarray(shared / (areas[0][:, None] + areas[1][None, :] - shared))


def interval(hits: float, of: float) -> str:
    """Return a share with its interval of 95 % (Wilson 1927)."""
    if of <= 0:
        return "none"
    share, z = hits / of, 1.96
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return f"{share:.3f} ({middle - half:.3f} to {middle + half:.3f})"
