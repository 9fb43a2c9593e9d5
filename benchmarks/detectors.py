"""Detectors: an RT-DETR trained on shapes, its average precision, and relations seen through it."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from benchmarks.found_boxes import SAME, interval, overlaps
from benchmarks.measuring import Figure
from hartonomous.extract.detector_protocol import DetectorOptions, found_in, open_detector
from hartonomous.pictures.box_relations import box_relations
from hartonomous.pictures.detections import Detections
from tests import toy_detector
from tests.toy_detector import Scene

SCENES, SEED = 400, 77
LEAST = 0.05
"""Score from which boxes count for average precision; relations are of the usual ones."""

Relations = Counter[tuple[int, str, str, str]]


def run() -> list[Figure]:
    folder = toy_detector.trained(toy_detector.LONG)
    rng = np.random.default_rng(SEED)
    scenes = [toy_detector.scene(rng) for _ in range(SCENES)]
    pixels = [one.pixels for one in scenes]
    every = found_in(open_detector(folder, DetectorOptions(threshold=LEAST)), pixels, Counter())
    precision = average_precision(every, scenes)
    usual = found_in(open_detector(folder), pixels, Counter())
    return [
        Figure(
            f"toy RT-DETR, {toy_detector.LONG:,} steps: AP50 on {SCENES} scenes",
            f"{precision:.3f}",
            f"{sum(len(one.labels) for one in scenes):,} shapes",
            "at least .90",
            precision >= 0.9,
        ),
        *_relations(usual, scenes),
    ]


def average_precision(found: list[Detections], scenes: list[Scene]) -> float:
    """Return the mean over labels of the area under precision by recall, at SAME (VOC 2010)."""
    values = []
    for label in toy_detector.SHAPES:
        hits, scores, real = list[bool](), list[float](), 0
        for one, scene in zip(found, scenes, strict=True):
            boxes = scene.boxes[[own == label for own in scene.labels]]
            own = one.at(one.labels == label)
            met, shares = np.zeros(len(boxes), dtype=bool), overlaps(own.boxes, boxes)
            for row, score in enumerate(own.scores.tolist()):
                fits = ~met & (shares[row] >= SAME)
                hits.append(bool(fits.any()))
                scores.append(score)
                if fits.any():
                    met[int(np.where(fits, shares[row], -1).argmax())] = True
            real += len(boxes)
        values.append(_area(np.array(hits)[np.argsort(-np.array(scores), kind="stable")], real))
    return float(np.mean(values))


def _area(hits: NDArray[np.bool_], real: int) -> float:
    good = np.cumsum(hits)
    precision = good / np.arange(1, len(hits) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float((envelope * hits).sum() / max(real, 1))


def _relations(found: list[Detections], scenes: list[Scene]) -> list[Figure]:
    seen, real = Relations(), Relations()
    for at, (one, scene) in enumerate(zip(found, scenes, strict=True)):
        seen += _related(at, one.labels.tolist(), one.boxes)
        real += _related(at, list(scene.labels), scene.boxes)
    figures = []
    for name in ("LEFT_OF", "ABOVE"):
        ours, theirs = (
            Relations({key: n for key, n in some.items() if key[1] == name})
            for some in (seen, real)
        )
        hits = (ours & theirs).total()
        for what, of, bar in (("precision", ours.total(), 0.88), ("recall", theirs.total(), 0.8)):
            figures.append(
                Figure(
                    f"{name} through it, {what}",
                    interval(hits, of),
                    f"{of:,} relations",
                    f"at least {bar:.2f}",
                    hits >= bar * of,
                )
            )
    return figures


def _related(at: int, labels: list[str], boxes: NDArray[np.float64]) -> Relations:
    return Relations(
        (at, name, labels[one], labels[other])
        for name, pairs in box_relations(boxes).items()
        for one, other in pairs.tolist()
    )
