"""Relation kernels, compiled: the relations of boxes within their pictures, pair by pair."""

from __future__ import annotations

import numba
import numpy as np

LEFT_OF, ABOVE, INSIDE, OVERLAPS, NEAR = 1, 2, 4, 8, 16
"""Bits of what a is to b."""

RIGHT_OF, BELOW, HOLDS = 32, 64, 128
"""Bits of what b is to a: the same relations the other way round."""


@numba.njit(nogil=True, cache=True)
def related(boxes, first, last, limits, pairs, bits):  # type: ignore[no-untyped-def]
    """Return how many pairs of boxes, first[g] <= a < b < last[g], are in any relation, and fill
    `pairs` (m, 2) int64 with them and `bits` (m,) uint8 with what they are.

    `boxes` (n, 4) float64; `limits` (4,) float64 are NESTED, SHARED, SLACK, CLOSE; `pairs` and `bits`
    have room for every pair.
    """
    nested_share, shared_share, slack, close = limits
    found = 0
    for group in range(len(first)):
        for a in range(first[group], last[group]):
            ax, ay = boxes[a, 2] - boxes[a, 0], boxes[a, 3] - boxes[a, 1]
            for b in range(a + 1, last[group]):
                bx, by = boxes[b, 2] - boxes[b, 0], boxes[b, 3] - boxes[b, 1]
                cx = (boxes[b, 0] + boxes[b, 2] - boxes[a, 0] - boxes[a, 2]) / 2
                cy = (boxes[b, 1] + boxes[b, 3] - boxes[a, 1] - boxes[a, 3]) / 2
                right, left = boxes[b, 0] - boxes[a, 2], boxes[a, 0] - boxes[b, 2]
                below, above = boxes[b, 1] - boxes[a, 3], boxes[a, 1] - boxes[b, 3]
                wide = max(0.0, min(boxes[a, 2], boxes[b, 2]) - max(boxes[a, 0], boxes[b, 0]))
                high = max(0.0, min(boxes[a, 3], boxes[b, 3]) - max(boxes[a, 1], boxes[b, 1]))
                shared, one, other = wide * high, ax * ay, bx * by
                what = 0
                if shared >= nested_share * one and one < other:
                    what = INSIDE
                elif shared >= nested_share * other and other < one:
                    what = HOLDS
                else:
                    across, down = -slack * min(ax, bx), -slack * min(ay, by)
                    if right >= across and cx > abs(cy):
                        what |= LEFT_OF
                    elif left >= across and -cx > abs(cy):
                        what |= RIGHT_OF
                    elif below >= down and cy > abs(cx):
                        what |= ABOVE
                    elif above >= down and -cy > abs(cx):
                        what |= BELOW
                    if shared > 0 and shared >= shared_share * min(one, other):
                        what |= OVERLAPS
                    else:
                        gap = np.hypot(max(0.0, right, left), max(0.0, below, above))
                        smaller = min(np.hypot(ax, ay), np.hypot(bx, by))
                        if gap <= close * smaller:
                            what |= NEAR
                if what:
                    pairs[found, 0], pairs[found, 1] = a, b
                    bits[found] = what
                    found += 1
    return found
