"""Bar chart of a deletion: what existed, what was removed, what remained and was rated again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

WIDTH = 640
GAP = 14
"""Pixels between the remaining and the removed part."""

LEAST = 2
"""Least width, in pixels, of a non-empty part."""


@dataclass(frozen=True)
class Segment:
    """One part of a bar, in pixels; `what` is stayed, rerated or went."""

    what: str
    left: float
    width: float
    count: int


@dataclass(frozen=True)
class Bar:
    """The number of one kind of thing before a deletion, in parts from left to right."""

    name: str
    before: int
    segments: tuple[Segment, ...]


def picture_cut(claims: Mapping[str, Any]) -> list[Bar]:
    """Return a bar for evidence, relations and compositions from a certificate's claims."""
    removed, stands = claims["removed"], claims["stands"]
    rerated = claims["rerated"]["relations"]
    bars = []
    for name in ("evidence", "relations", "compositions"):
        anew = min(rerated, stands[name]) if name == "relations" else 0
        counts = {"stayed": stands[name] - anew, "rerated": anew, "went": removed[name]}
        bars.append(Bar(name, stands[name] + removed[name], _segments(counts)))
    return bars


def _segments(counts: Mapping[str, int]) -> tuple[Segment, ...]:
    present = {what: count for what, count in counts.items() if count}
    whole = sum(present.values())
    gap = GAP if len(present) > 1 and "went" in present else 0
    room = WIDTH - gap - LEAST * len(present)
    left, segments = 0.0, []
    for what, count in present.items():
        if what == "went":
            left += gap
        width = LEAST + room * count / whole
        segments.append(Segment(what, round(left, 2), round(width, 2), count))
        left += width
    return tuple(segments)
