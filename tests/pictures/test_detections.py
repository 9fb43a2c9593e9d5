"""Detections made clean: of boxes that detectors really give, only what is in the picture stays."""

from __future__ import annotations

from collections import Counter

import numpy as np

from hartonomous.pictures.detections import LEAST_SIDE, OVERLAP, Detections, cleaned

SIZE = (200, 100)


def found(*rows: tuple[str, float, float, float, float, float]) -> Detections:
    labels = np.array([row[0] for row in rows], dtype=object)
    numbers = np.array([row[1:] for row in rows], dtype=np.float64).reshape(-1, 5)
    return Detections(labels, numbers[:, 0], numbers[:, 1:])


def test_what_is_wrong_is_left_out_by_reason() -> None:
    excluded: Counter[str] = Counter()
    nan, inf = float("nan"), float("inf")
    kept = cleaned(
        found(
            ("good", 0.9, 10, 10, 50, 50),
            ("nan", 0.9, nan, 10, 50, 50),
            ("inf", 0.9, 10, 10, inf, 50),
            ("score", nan, 60, 10, 90, 50),
            ("weak", 0.1, 60, 10, 90, 50),
            ("turned", 0.8, 90, 10, 60, 50),
            ("upside down", 0.8, 60, 50, 90, 10),
            ("outside", 0.8, 300, 10, 400, 50),
            ("above", 0.8, 10, -50, 40, -10),
            ("thin", 0.8, 60, 10, 60.5, 50),
            ("sure", 1.7, 120, 10, 150, 50),
        ),
        SIZE,
        0.3,
        excluded,
    )
    assert kept.labels.tolist() == ["sure", "good"]
    assert kept.scores.tolist() == [1.0, 0.9]
    assert excluded == {
        "boxes or scores that are not finite": 3,
        "scores below the threshold": 1,
        "boxes turned inside out": 2,
        "boxes without an area": 3,
    }


def test_boxes_are_clamped_to_the_picture() -> None:
    kept = cleaned(found(("big", 0.5, -40, -9, 900, 101)), SIZE, 0, Counter())
    assert kept.boxes.tolist() == [[0, 0, 200, 100]]


def test_one_object_under_two_labels_stays_as_the_surer_one() -> None:
    excluded: Counter[str] = Counter()
    rows = found(
        ("dog", 0.6, 10, 10, 60, 60),
        ("cat", 0.7, 11, 10, 61, 60),
        ("ball", 0.5, 30, 30, 45, 45),
    )
    kept = cleaned(rows, SIZE, 0, excluded)
    assert kept.labels.tolist() == ["cat", "ball"]
    assert excluded == {"boxes of an object listed twice": 1}
    assert len(cleaned(rows, SIZE, 0, Counter(), merge=False)) == 3


def test_the_order_of_given_boxes_changes_nothing() -> None:
    random = np.random.default_rng(4)
    low = random.uniform(0, 150, (60, 2)).round()
    boxes = np.hstack([low, low + random.uniform(1, 60, (60, 2)).round()])
    labels = np.array([f"label {n % 7}" for n in range(60)], dtype=object)
    given = Detections(labels, random.integers(1, 4, 60) / 4, boxes)
    first = cleaned(given, SIZE, 0.3, Counter())
    for _ in range(5):
        again = cleaned(given.at(random.permutation(60)), SIZE, 0.3, Counter())
        assert again.labels.tolist() == first.labels.tolist()
        assert (again.boxes == first.boxes).all() and (again.scores == first.scores).all()


def test_ten_thousand_boxes_are_thinned_as_a_plain_loop_thins_them() -> None:
    random = np.random.default_rng(6)
    low = random.uniform(-20, 1000, (10_000, 2))
    boxes = np.hstack([low, low + random.uniform(0, 120, (10_000, 2))])
    given = Detections(np.array(["thing"] * 10_000, object), random.random(10_000), boxes)
    excluded: Counter[str] = Counter()
    kept = cleaned(given, (1000, 1000), 0.2, excluded, most=20_000)
    assert len(kept) + sum(excluded.values()) == 10_000
    assert (np.diff(kept.scores) <= 0).all()
    assert ((kept.boxes[:, 2:] - kept.boxes[:, :2]) >= LEAST_SIDE).all()
    assert kept.boxes.min() >= 0 and kept.boxes.max() <= 1000
    small = kept.at(np.arange(400))
    for at, one in enumerate(small.boxes):
        for other in small.boxes[:at]:
            width = min(one[2], other[2]) - max(one[0], other[0])
            height = min(one[3], other[3]) - max(one[1], other[1])
            shared = max(width, 0) * max(height, 0)
            both = np.prod(one[2:] - one[:2]) + np.prod(other[2:] - other[:2]) - shared
            assert shared < OVERLAP * both
    assert excluded["boxes of an object listed twice"] > 0


def test_only_the_surest_are_kept_where_there_are_too_many() -> None:
    number = 1_300
    across = np.arange(number, dtype=np.float64)
    boxes = np.stack([across * 3, across * 0, across * 3 + 2, across * 0 + 2], axis=1)
    given = Detections(np.array(["dot"] * number, object), across / number, boxes)
    excluded: Counter[str] = Counter()
    kept = cleaned(given, (number * 3, 9), 0, excluded)
    assert len(kept) == 1_000 and kept.scores.min() == 300 / number
    assert excluded == {"boxes beyond the 1,000 surest of a picture": 300}


def test_no_detections_stay_none() -> None:
    excluded: Counter[str] = Counter()
    assert len(cleaned(found(), SIZE, 0.5, excluded)) == 0
    assert not excluded
