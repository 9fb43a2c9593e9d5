"""Relations between boxes of the same picture, by their geometry alone.

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
from hartonomous.pictures.relation_kernels import (
    ABOVE,
    BELOW,
    HOLDS,
    INSIDE,
    LEFT_OF,
    NEAR,
    OVERLAPS,
    RIGHT_OF,
    related,
)

NESTED, SHARED, SLACK, CLOSE = 0.9, 0.05, 0.02, 0.5

SYMMETRIC = ("OVERLAPS", "NEAR")
RELATIONS = ("LEFT_OF", "ABOVE", "INSIDE", *SYMMETRIC)

Pairs = NDArray[np.int64]
"""Rows of boxes, (m, 2) int64: a, b."""

_ONE_WAY = {"LEFT_OF": (LEFT_OF, RIGHT_OF), "ABOVE": (ABOVE, BELOW), "INSIDE": (INSIDE, HOLDS)}
_BOTH_WAYS = {"OVERLAPS": OVERLAPS, "NEAR": NEAR}


def box_relations(boxes: Boxes, ends: NDArray[np.int64] | None = None) -> dict[str, Pairs]:
    """Return the pairs of n boxes in each relation, sorted; a symmetric one has each pair once, a < b.

    `ends` (p,) int64 are the ends of the pictures among the boxes, which lie one picture after the
    other; without it all are of one. It takes 17 bytes of memory for each two boxes of a picture.
    """
    last = np.array([len(boxes)]) if ends is None else ends.astype(np.int64)
    first = np.concatenate([np.zeros(1, np.int64), last[:-1]])
    corners = np.ascontiguousarray(boxes, dtype=np.float64)
    limits = np.array([NESTED, SHARED, SLACK, CLOSE])
    most = int(((last - first) * (last - first - 1) // 2).sum())
    pairs, bits = np.empty((most, 2), np.int64), np.empty(most, np.uint8)
    count = related(corners, first, last, limits, pairs, bits)
    pairs, bits = pairs[:count], bits[:count]
    found = {name: pairs[bits & bit > 0] for name, bit in _BOTH_WAYS.items()}
    size = max(len(boxes), 1)
    for name, (ahead, behind) in _ONE_WAY.items():
        along, against = pairs[bits & ahead > 0], pairs[bits & behind > 0]
        # Sorted as single numbers, which is several times faster than by two columns.
        single = np.concatenate(
            [along[:, 0] * size + along[:, 1], against[:, 1] * size + against[:, 0]]
        )
        single.sort()
        found[name] = np.stack(np.divmod(single, size), axis=1)
    return {name: found[name] for name in RELATIONS}
