"""Image concepts: what a picture shows, by the sources that saw it, by a detector, or by its like."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log10

import numpy as np

from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.pictures.box_relations import SYMMETRIC, box_relations
from hartonomous.pictures.detections import Boxes, Detections

LIKE = 10
"""Pictures that a picture which no source saw is compared with."""

LEAST_ALIKE = 0.5
"""Cosine of the features of two pictures that are alike at least."""

SHARPNESS = 12
"""Power of the cosine, as a share of the best one, that a like picture's vote has; chosen on drawings and
digits that are not among those reported."""

LEAST_ODDS = 0.5
"""Decades of odds against chance from which on a concept of like pictures is told: three to one."""

BY_SOURCES, BY_DETECTOR, BY_LIKENESS = "sources", "detector", "likeness"
"""How an answer came about."""

_BOX = re.compile(r"#xywh=(\d+(?:\.\d+)?),(\d+(?:\.\d+)?),(\d+(?:\.\d+)?),(\d+(?:\.\d+)?)$")


@dataclass(frozen=True)
class ImageConcepts:
    """What a picture shows.

    `picture` is its key, `by` how this is known: "sources" that saw it, a "detector" that was asked, or
    its "likeness" to pictures of the graph. `concepts` have `concept`, `kind`, `sources` (who says so),
    `times` (boxes; or like pictures that show it), `score` (of the boxes, 0 to 1; or share of like
    pictures) and `consensus` in points, None by a detector. `relations` of boxes in the picture have
    `start`, `relation`, `end`, `sources`, `times`. `like` pictures have `picture`, `alike` (0 to 1),
    `shared` features and `sources`.
    """

    picture: str
    by: str
    concepts: tuple[Row, ...]
    relations: tuple[Row, ...] = ()
    like: tuple[Row, ...] = ()


def concepts_by_sources(graph: Graph, key: str, top: int = 10) -> ImageConcepts:
    """Return what live sources say a picture shows; no concepts if none says anything."""
    concepts = graph.read(query("ask/image_to_concepts"), picture=key, top=top)
    relations = _stored_relations(graph, key, top) if concepts else ()
    return ImageConcepts(key, BY_SOURCES, tuple(concepts), relations)


def concepts_by_detector(found: Detections, key: str, name: str, top: int = 10) -> ImageConcepts:
    """Return what a detector of that name found in a picture, surest first."""
    by_label: dict[str, list[float]] = defaultdict(list)
    for label, score in zip(found.labels.tolist(), found.scores.tolist(), strict=True):
        by_label[label].append(score)
    concepts: list[Row] = [
        {
            "concept": label,
            "kind": "Token",
            "sources": [name],
            "times": len(scores),
            "score": sum(scores) / len(scores),
            "consensus": None,
        }
        for label, scores in by_label.items()
    ]
    concepts.sort(key=lambda row: (-row["score"], row["concept"]))
    told = _relations({name: (found.labels.tolist(), found.boxes)}, top)
    return ImageConcepts(key, BY_DETECTOR, tuple(concepts[:top]), told)


def concepts_by_likeness(
    graph: Graph, key: str, features: Mapping[str, float], top: int = 10
) -> ImageConcepts:
    """Return what the pictures show whose features, by name with degrees, are most like a picture's.

    A concept's `consensus` is its odds among them against its share of all pictures, and those with
    less than LEAST_ODDS are left out; nothing is told where no picture is like enough.
    """
    like = like_pictures(graph, key, features, ("DEPICTS",))
    depicted = graph.read(query("ask/read_depicted"), pictures=list(like)) if like else []
    concepts = weighed(depicted, votes(like))[:top]
    sources: dict[str, set[str]] = defaultdict(set)
    for row in depicted:
        sources[row["picture"]].update(row["sources"])
    told = ({**row, "sources": sorted(sources[picture])} for picture, row in like.items())
    return ImageConcepts(key, BY_LIKENESS, tuple(concepts), (), tuple(told))


def like_pictures(
    graph: Graph, key: str, features: Mapping[str, float], types: Sequence[str]
) -> dict[str, Row]:
    """Return the pictures most like one with some features, the most alike first, by key.

    Of those that relations of some types lead from to more than features; `alike` is a cosine, at least
    LEAST_ALIKE.
    """
    found = graph.read(
        query("ask/find_like_pictures"),
        features=dict(features),
        without=key,
        types=list(types),
        top=LIKE,
    )
    return {row["picture"]: row for row in found if row["alike"] >= LEAST_ALIKE}


def votes(like: Mapping[str, Row]) -> dict[str, float]:
    """Return how much each like picture counts: the best one its cosine, a less alike one less by the
    power SHARPNESS of how much less.
    """
    best = max((row["alike"] for row in like.values()), default=1.0)
    return {one: best * (row["alike"] / best) ** SHARPNESS for one, row in like.items()}


def stored_features(graph: Graph, key: str) -> dict[str, float]:
    """Return the measured features that the graph has of a picture, with their degrees."""
    rows = graph.read(query("ask/read_features"), picture=key)
    return {row["feature"]: row["degree"] for row in rows}


def weighed(depicted: Iterable[Row], weights: dict[str, float]) -> list[Row]:
    """Return concepts by their share of weighted pictures, with one observation at the rate of chance
    added, as the null model of lists has it.
    """
    shown: dict[str, list[Row]] = defaultdict(list)
    for row in depicted:
        shown[row["concept"]].append(row)
    whole, concepts = sum(weights.values()), []
    for concept, rows in shown.items():
        chance = rows[0]["everywhere"]
        if chance >= 1:
            # What all pictures show tells none of them.
            continue
        own = sum(weights[row["picture"]] for row in rows)
        share = (own + chance) / (whole + 1)
        odds = log10(share / (1 - share)) - log10(chance / (1 - chance))
        if odds >= LEAST_ODDS:
            concepts.append(
                {
                    "concept": concept,
                    "kind": rows[0]["kind"],
                    "sources": sorted({name for row in rows for name in row["sources"]}),
                    "times": len(rows),
                    "score": share,
                    "consensus": 1500 + round(400 * odds),
                }
            )
    return sorted(concepts, key=lambda row: (-row["score"], row["concept"]))


def _stored_relations(graph: Graph, key: str, top: int) -> tuple[Row, ...]:
    """Return the relations between boxes that sources found in a picture."""
    found: dict[str, tuple[list[str], list[list[float]]]] = defaultdict(lambda: ([], []))
    for row in graph.read(query("ask/read_regions"), picture=key):
        if (box := _BOX.search(row["place"])) is not None:
            left, top_, width, height = map(float, box.groups())
            labels, boxes = found[row["source"]]
            labels.append(row["label"])
            boxes.append([left, top_, left + width, top_ + height])
    columns = {
        source: (labels, np.array(boxes, dtype=np.float64))
        for source, (labels, boxes) in found.items()
    }
    return _relations(columns, top)


def _relations(found: dict[str, tuple[list[str], Boxes]], top: int) -> tuple[Row, ...]:
    """Return the relations of labelled boxes of sources, those that most say and most often first."""
    times: dict[tuple[str, str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for source, (labels, boxes) in found.items():
        for relation, pairs in box_relations(boxes).items():
            for one, other in pairs.tolist():
                start, end = labels[one], labels[other]
                if relation in SYMMETRIC:
                    start, end = min(start, end), max(start, end)
                times[start, relation, end][source] += 1
    rows: list[Row] = [
        {
            "start": start,
            "relation": relation,
            "end": end,
            "sources": sorted(by),
            "times": sum(by.values()),
        }
        for (start, relation, end), by in times.items()
    ]
    rows.sort(
        key=lambda row: (
            -len(row["sources"]), -row["times"], row["relation"], row["start"], row["end"]
        )
    )  # fmt: skip
    return tuple(rows[:top])
