"""Detector evidence: what was found in pictures, as compositions, places and counted rows of a piece.

A picture counts once for two labels, however many boxes they have in it: thirty chairs under one lamp
are one scene, and boxes of one scene tell no more independently of each other.

- DEPICTION: picture → label, counted by boxes, weighted by their scores; region → label.
- INSIDE: region → picture, so that a box leads to its picture.
- COOCCURRENCE: two labels in a picture, counted by pictures.
- LEFT_OF, ABOVE, INSIDE, OVERLAPS, NEAR: label → label, counted by pictures in which any of their boxes
  are so. A label is not ordered with itself: its boxes are as often the one as the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hartonomous.extract.observed_pieces import ObservedPiece
from hartonomous.held_places import file_place, place_table
from hartonomous.identity import content_digest
from hartonomous.pictures.box_relations import RELATIONS, SYMMETRIC, box_relations
from hartonomous.pictures.detections import Boxes, Detections
from hartonomous.pictures.label_texts import is_sentence
from hartonomous.schema import IMAGE, MICRO, REGION, SENTENCE, TOKEN
from importers.pictures.picture_evidence import DEPICTION

COOCCURRENCE = "COOCCURRENCE_EVIDENCE"
SPATIAL = {name: f"{name}_EVIDENCE" for name in RELATIONS}
EVIDENCE = (DEPICTION, COOCCURRENCE, *SPATIAL.values())

MOST_RELATED = 100
"""Boxes of a picture that are related to each other, the surest ones; all are depicted."""

AT_ONCE = 1 << 20
"""Pairs of boxes compared at once."""

LEFT_OUT = f"boxes beyond the {MOST_RELATED} surest of a picture, not related to others"
EMPTY = "pictures in which nothing was found"
TOO_LONG = "places longer than a place may be"

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class SeenPicture:
    """A picture with what was found in it, as `cleaned` returns it: its name, the text of its
    composition.
    """

    name: str
    key: str
    found: Detections


def observed_piece(seen: Sequence[SeenPicture], excluded: Counter[str]) -> ObservedPiece:
    """Return what pictures show as a piece of a source; what is left out is counted in `excluded`."""
    scene = _Scene(seen, excluded)
    rows = {DEPICTION: scene.depictions(), COOCCURRENCE: scene.cooccurrences()}
    rows |= scene.relations(excluded)
    return ObservedPiece(scene.compositions(), rows, excluded, scene.places(excluded))


class _Scene:
    """All boxes of some pictures as columns; compositions are the pictures, the labels, the regions,
    in this order.
    """

    def __init__(self, seen: Sequence[SeenPicture], excluded: Counter[str]) -> None:
        self._seen = seen
        counts = [len(one.found) for one in self._seen]
        excluded[EMPTY] += counts.count(0)
        if not excluded[EMPTY]:
            del excluded[EMPTY]
        self._ends = np.cumsum(counts, dtype=np.int64)
        self._picture = np.repeat(np.arange(len(seen)), counts)
        given = [str(label) for one in self._seen for label in one.found.labels]
        self._labels = sorted(set(given))
        place = {text: at for at, text in enumerate(self._labels)}
        self._label = np.array([place[text] for text in given], dtype=np.int64)
        self._sentence = np.array([is_sentence(text) for text in self._labels], dtype=bool)
        self._score = np.concatenate(
            [np.zeros(0), *(one.found.scores for one in self._seen)], dtype=np.float64
        )
        boxes: Boxes = np.concatenate([np.zeros((0, 4)), *(one.found.boxes for one in self._seen)])
        self._boxes = boxes
        whole = np.rint(boxes).astype(np.int64)
        whole[:, 2:] = np.maximum(whole[:, 2:] - whole[:, :2], 1)
        self._whole = whole
        self._half = np.array([int(one.key[-1], 16) % 2 == 0 for one in seen], dtype=np.int64)

    def compositions(self) -> pa.Table:
        keys = [one.key for one in self._seen]
        regions = [
            content_digest("region", {"picture": keys[picture], "box": box})
            for picture, box in zip(self._picture.tolist(), self._whole.tolist(), strict=True)
        ]
        kinds = [SENTENCE if sentence else TOKEN for sentence in self._sentence.tolist()]
        texts = [*keys, *self._labels, *regions]
        return pa.table(
            {"text": texts, "kind": [IMAGE] * len(keys) + kinds + [REGION] * len(regions)},
            schema=pa.schema([("text", pa.string()), ("kind", pa.string())]),
        )

    def places(self, excluded: Counter[str]) -> pa.Table:
        """Return where the pictures are; regions and labels are where their boxes are."""
        held = [(at, file_place(one.name)) for at, one in enumerate(self._seen)]
        rows = zip(self._picture.tolist(), self._label.tolist(), self._whole.tolist(), strict=True)
        first, pictures = self._first_region, len(self._seen)
        for at, (picture, label, box) in enumerate(rows):
            fragment = "#xywh=" + ",".join(map(str, box))
            place = file_place(self._seen[picture].name, fragment)
            held += [(first + at, place), (pictures + label, place)]
        kept = [(row, place) for row, place in held if place is not None]
        if len(kept) < len(held):
            excluded[TOO_LONG] += len(held) - len(kept)
        return place_table(np.array([row for row, _ in kept], np.int64), [one for _, one in kept])

    def depictions(self) -> pa.Table:
        """Return the rows picture → label and region → label."""
        micro = np.rint(MICRO * self._score).astype(np.int64)
        pair, n, weight = _summed(self._picture * self._size + self._label, micro)
        pictures = len(self._seen)
        regions = self._first_region + np.arange(len(micro))
        return pa.table(
            {
                "start": np.concatenate([pair // self._size, regions]),
                "end": pictures + np.concatenate([pair % self._size, self._label]),
                "n": np.concatenate([n, np.ones_like(micro)]),
                "weight": np.concatenate([weight, micro]),
            }
        )

    def cooccurrences(self) -> pa.Table:
        """Return two labels of a picture, as sure as the less sure one where it is surest."""
        word = ~self._sentence[self._label]
        pair, surest = _surest((self._picture * self._size + self._label)[word], self._score[word])
        picture = pair // self._size
        ends = np.searchsorted(picture, np.arange(1, len(self._seen) + 1))
        starts = np.concatenate([np.zeros(1, np.int64), ends[:-1]])[: len(ends)]
        chosen = [
            np.stack(np.triu_indices(last - first, 1)) + first
            for first, last in zip(starts.tolist(), ends.tolist(), strict=True)
        ]
        one, other = np.concatenate([np.zeros((2, 0), np.int64), *chosen], axis=1)
        scores = np.minimum(surest[one], surest[other])
        return self._rows(picture[one], pair[one] % self._size, pair[other] % self._size, scores)

    def relations(self, excluded: Counter[str]) -> dict[str, pa.Table]:
        """Return the rows label → label of each relation, and region → picture."""
        parts: dict[str, list[pa.Table]] = {name: [] for name in RELATIONS}
        related = self._related(excluded)
        for boxes in _parts(related, self._picture):
            found = box_relations(self._boxes[boxes], _picture_ends(self._picture[boxes]))
            for name, pairs in found.items():
                parts[name].append(self._pairs(name, boxes[pairs]))
        parts["INSIDE"].append(self._regions())
        return {SPATIAL[name]: pa.concat_tables(some) for name, some in parts.items() if some}

    @property
    def _size(self) -> int:
        return max(len(self._labels), 1)

    @property
    def _first_region(self) -> int:
        return len(self._seen) + len(self._labels)

    def _related(self, excluded: Counter[str]) -> Ints:
        """Return the boxes that are related to each other: those of labels, the surest ones."""
        chosen = np.flatnonzero(~self._sentence[self._label])
        picture = self._picture[chosen]
        rank = np.arange(len(chosen)) - np.searchsorted(picture, picture)
        if (beyond := int((rank >= MOST_RELATED).sum())) > 0:
            excluded[LEFT_OUT] += beyond
        return chosen[rank < MOST_RELATED]

    def _pairs(self, name: str, pairs: Ints) -> pa.Table:
        """Return pairs of boxes (m, 2) as pairs of their labels, one for each picture."""
        one, other = self._label[pairs[:, 0]], self._label[pairs[:, 1]]
        if name in SYMMETRIC:
            one, other = np.minimum(one, other), np.maximum(one, other)
        good = (one != other) | (name in SYMMETRIC)
        scores = np.minimum(self._score[pairs[:, 0]], self._score[pairs[:, 1]])
        size, picture = self._size, self._picture[pairs[:, 0]]
        code, surest = _surest(((picture * size + one) * size + other)[good], scores[good])
        return self._rows(code // (size * size), code // size % size, code % size, surest)

    def _rows(self, picture: Ints, one: Ints, other: Ints, score: NDArray[np.float64]) -> pa.Table:
        return pa.table(
            {
                "start": len(self._seen) + one,
                "end": len(self._seen) + other,
                "n": np.ones(len(one), dtype=np.int64),
                "weight": np.rint(MICRO * score).astype(np.int64),
                "half": self._half[picture],
            }
        )

    def _regions(self) -> pa.Table:
        boxes = len(self._label)
        return pa.table(
            {
                "start": self._first_region + np.arange(boxes),
                "end": self._picture,
                "n": np.ones(boxes, dtype=np.int64),
                "weight": np.rint(MICRO * self._score).astype(np.int64),
                "half": self._half[self._picture],
            }
        )


def _summed(code: Ints, weight: Ints) -> tuple[Ints, Ints, Ints]:
    """Return the distinct codes, how often each occurs, and the sums of their weights."""
    distinct, inverse, n = np.unique(code, return_inverse=True, return_counts=True)
    sums = np.zeros(len(distinct), dtype=np.int64)
    np.add.at(sums, inverse, weight)
    return distinct, n.astype(np.int64), sums


def _surest(code: Ints, score: NDArray[np.float64]) -> tuple[Ints, NDArray[np.float64]]:
    """Return the distinct codes, ascending, and the highest score of each."""
    distinct, inverse = np.unique(code, return_inverse=True)
    highest = np.zeros(len(distinct))
    np.maximum.at(highest, inverse, score)
    return distinct, highest


def _picture_ends(picture: Ints) -> Ints:
    """Return the ends of the pictures among boxes that lie one picture after the other."""
    return np.append(np.flatnonzero(np.diff(picture)) + 1, len(picture))


def _parts(boxes: Ints, picture: Ints) -> list[Ints]:
    """Return boxes in parts of whole pictures, each with about AT_ONCE pairs at most."""
    if not len(boxes):
        return []
    ends = _picture_ends(picture[boxes])
    counts = np.diff(ends, prepend=0)
    part = np.cumsum(counts * counts) // AT_ONCE
    return np.split(boxes, ends[:-1][np.diff(part) > 0])
