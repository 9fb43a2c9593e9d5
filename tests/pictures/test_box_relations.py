"""Relations of boxes against a plain loop over pairs, and against planted ones."""

from __future__ import annotations

from math import hypot

import numpy as np
import pytest

from hartonomous.pictures.box_relations import RELATIONS, SYMMETRIC, box_relations
from hartonomous.pictures.detections import Boxes


def related(a: list[float], b: list[float]) -> set[str]:
    """Return the relations of a to b, by the rules as they are written."""
    gx, gy = b[0] - a[2], b[1] - a[3]
    cx, cy = (b[0] + b[2] - a[0] - a[2]) / 2, (b[1] + b[3] - a[1] - a[3]) / 2
    wide, high = [one[2] - one[0] for one in (a, b)], [one[3] - one[1] for one in (a, b)]
    area = [wide[n] * high[n] for n in (0, 1)]
    across = min(a[2], b[2]) - max(a[0], b[0])
    down = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(across, 0) * max(down, 0)
    inside = shared >= 0.9 * area[0] and area[0] < area[1]
    around = shared >= 0.9 * area[1] and area[1] < area[0]
    nested = inside or around
    found = {"INSIDE"} if inside else set()
    overlaps = not nested and shared > 0 and shared >= 0.05 * min(area)
    if overlaps:
        found.add("OVERLAPS")
    if not nested and gx >= -0.02 * min(wide) and cx > abs(cy):
        found.add("LEFT_OF")
    if not nested and gy >= -0.02 * min(high) and cy > abs(cx):
        found.add("ABOVE")
    gap = hypot(max(-across, 0), max(-down, 0))
    diagonal = min(hypot(wide[n], high[n]) for n in (0, 1))
    if not nested and not overlaps and gap <= 0.5 * diagonal:
        found.add("NEAR")
    return found


def looped(boxes: Boxes) -> dict[str, set[tuple[int, int]]]:
    found: dict[str, set[tuple[int, int]]] = {name: set() for name in RELATIONS}
    rows = boxes.tolist()
    for a, first in enumerate(rows):
        for b, second in enumerate(rows):
            for name in related(first, second) if a != b else ():
                if name not in SYMMETRIC or a < b:
                    found[name].add((a, b))
    return found


def as_sets(boxes: Boxes) -> dict[str, set[tuple[int, int]]]:
    return {
        name: {tuple(pair) for pair in pairs.tolist()}
        for name, pairs in box_relations(boxes).items()
    }


def scattered(number: int, seed: int, whole: bool = False) -> Boxes:
    random = np.random.default_rng(seed)
    low = random.uniform(0, 400, (number, 2))
    boxes = np.hstack([low, low + random.uniform(1, 160, (number, 2))])
    return boxes.round() if whole else boxes


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_the_columns_give_what_a_plain_loop_gives(seed: int, whole: bool) -> None:
    boxes = scattered(120, seed, whole)
    found = as_sets(boxes)
    assert found == looped(boxes)
    assert all(found.values())


def test_no_relation_holds_both_ways() -> None:
    for seed in range(5):
        found = as_sets(scattered(300, seed, seed % 2 == 0))
        for name in ("LEFT_OF", "ABOVE", "INSIDE"):
            assert not {(b, a) for a, b in found[name]} & found[name]
        assert not found["LEFT_OF"] & found["ABOVE"]
        either = {tuple(sorted(pair)) for pair in found["INSIDE"]}
        assert not either & (found["OVERLAPS"] | found["NEAR"])
        assert not found["OVERLAPS"] & found["NEAR"]


def test_mirrored_boxes_have_mirrored_relations() -> None:
    boxes = scattered(150, 9)
    mirrored = boxes[:, [1, 0, 3, 2]]
    found, turned = as_sets(boxes), as_sets(mirrored)
    assert turned["ABOVE"] == found["LEFT_OF"] and turned["LEFT_OF"] == found["ABOVE"]
    assert all(turned[name] == found[name] for name in ("INSIDE", "OVERLAPS", "NEAR"))


def planted(relation: str, random: np.random.Generator) -> list[list[float]]:
    """Return two boxes, the first in that relation to the second."""
    x, y = random.uniform(200, 600, 2)
    w, h = random.uniform(40, 120, 2)
    first = [x, y, x + w, y + h]
    share, gap = random.uniform(0.3, 0.7), random.uniform(1, 15)
    if relation == "INSIDE":
        return [first, [x - gap, y - gap, x + w + gap, y + h + gap]]
    if relation == "LEFT_OF":
        return [first, [x + w + gap, y + gap, x + 2 * w + gap, y + h + gap]]
    if relation == "ABOVE":
        return [first, [x + gap, y + h + gap, x + w + gap, y + 2 * h + gap]]
    if relation == "OVERLAPS":
        return [first, [x + share * w, y + share * h, x + w * (1 + share), y + h * (1 + share)]]
    return [first, [x + w + gap, y + h + gap, x + 2 * w + gap, y + 2 * h + gap]]


@pytest.mark.parametrize("relation", RELATIONS)
def test_every_planted_relation_is_found(relation: str) -> None:
    random = np.random.default_rng(12)
    missed = 0
    for _ in range(500):
        missed += (0, 1) not in as_sets(np.array(planted(relation, random)))[relation]
    assert missed == 0


def test_hardly_any_boxes_have_no_relations() -> None:
    none = {name: set() for name in RELATIONS}
    assert as_sets(np.empty((0, 4))) == none
    assert as_sets(np.array([[0.0, 0, 5, 5]])) == none
    same = np.array([[0.0, 0, 5, 5], [0.0, 0, 5, 5]])
    assert as_sets(same) == {**none, "OVERLAPS": {(0, 1)}}
