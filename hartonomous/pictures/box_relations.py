"""Relations between boxes of one picture, by their geometry alone.

With gaps gx = left of b - right of a, gy = top of b - bottom of a, and (cx, cy) from the centre of a to
that of b, y growing downwards:

- a INSIDE b: at least NESTED of a's area is in b, and a is the smaller.
- OVERLAPS: neither is inside the other, and they share at least SHARED of the smaller area.
- a LEFT_OF b: gx >= -SLACK of the smaller width, cx > |cy|; neither is inside the other.
- a ABOVE b: the same with gy, the heights, cy > |cx|.
- NEAR: they neither overlap nor nest, and the gap is at most CLOSE of the smaller diagonal.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hartonomous.pictures.detections import Boxes

NESTED, SHARED, SLACK, CLOSE = 0.9, 0.05, 0.02, 0.5

SYMMETRIC = ("OVERLAPS", "NEAR")
RELATIONS = ("LEFT_OF", "ABOVE", "INSIDE", *SYMMETRIC)

Pairs = NDArray[np.int64]
"""Rows of boxes, (m, 2) int64: a, b."""


def box_relations(boxes: Boxes) -> dict[str, Pairs]:
    """Return the pairs of n boxes in each relation; a symmetric one has each pair once, a < b."""
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    side = boxes[:, 2:] - boxes[:, :2]
    area, diagonal = side.prod(axis=1), np.hypot(side[:, 0], side[:, 1])
    away = centre[None, :, :] - centre[:, None, :]
    gap = boxes[None, :, :2] - boxes[:, None, 2:]
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    smaller = np.minimum(area[:, None], area[None, :])
    inside = (shared >= NESTED * area[:, None]) & (area[:, None] < area[None, :])
    nested = inside | inside.T
    overlapping = ~nested & (shared >= SHARED * smaller) & (shared > 0)
    least = np.minimum(side[:, None, :], side[None, :, :])
    beyond = gap >= -SLACK * least
    left = beyond[:, :, 0] & (away[:, :, 0] > np.abs(away[:, :, 1])) & ~nested
    above = beyond[:, :, 1] & (away[:, :, 1] > np.abs(away[:, :, 0])) & ~nested
    apart = np.clip(np.maximum(gap, np.swapaxes(gap, 0, 1)), 0, None)
    distance = np.hypot(apart[:, :, 0], apart[:, :, 1])
    close = distance <= CLOSE * np.minimum(diagonal[:, None], diagonal[None, :])
    near = ~nested & ~overlapping & close
    found = {"LEFT_OF": left, "ABOVE": above, "INSIDE": inside}
    found |= {"OVERLAPS": np.triu(overlapping, 1), "NEAR": np.triu(near, 1)}
    return {name: np.argwhere(pairs) for name, pairs in found.items()}
