"""Picture evidence: what the pictures of a piece show by their own pixels, as rows for the graph."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hartonomous.extract.observed_pieces import ObservedPiece
from hartonomous.held_places import file_place, place_table
from hartonomous.pictures.picture_folder import Picture
from hartonomous.pictures.visual_features import FEATURES, features_of, measured
from hartonomous.schema import FEATURE, IMAGE, MICRO

DEPICTION = "DEPICTION_EVIDENCE"

FEATURES_VERSION = 1
"""For a source's options: raised when the same pictures have other features."""


@dataclass(frozen=True)
class MeasuredPicture:
    """A picture without its pixels: its name, the text of its composition, the degrees of FEATURES."""

    name: str
    key: str
    degrees: NDArray[np.float64]


def measure(pictures: Iterable[Picture]) -> list[MeasuredPicture]:
    """Measure pictures as they come, so that the pixels of one are held at a time."""
    return [MeasuredPicture(one.name, one.key, measured(one.pixels)) for one in pictures]


def with_features(piece: ObservedPiece, pictures: Sequence[MeasuredPicture]) -> ObservedPiece:
    """Return a piece to which its pictures are added, with their places and measured features.

    A feature is a row of DEPICTION_EVIDENCE, n = 1 a picture whatever the number of its files, its
    weight how much of it the picture has. The piece's tracks have to be of that type too.
    """
    if not pictures:
        return piece
    degrees_of = {one.key: one.degrees for one in pictures}
    first = len(piece.compositions)
    keys = sorted(degrees_of)
    row = {key: first + at for at, key in enumerate(keys)}
    degrees = np.stack([degrees_of[key] for key in keys])
    image, feature = _present(degrees)
    texts, kinds = [*keys, *FEATURES], [IMAGE] * len(keys) + [FEATURE] * len(FEATURES)
    added = pa.table({"text": texts, "kind": kinds})
    rows = pa.table(
        {
            "start": pa.array(first + image, pa.int64()),
            "end": pa.array(first + len(keys) + feature, pa.int64()),
            "n": pa.array(np.ones(len(image)), pa.int32()),
            "weight": pa.array(np.rint(MICRO * degrees[image, feature]), pa.int64()),
        }
    )
    named = [(row[picture.key], file_place(picture.name)) for picture in pictures]
    kept = [(at, place) for at, place in named if place is not None]
    held = place_table(np.array([at for at, _ in kept], np.int64), [place for _, place in kept])
    places = held if piece.places is None else _joined(piece.places, held)
    given = piece.rows.get(DEPICTION)
    whole = rows if given is None else _joined(given, rows)
    return replace(
        piece,
        compositions=_joined(piece.compositions, added),
        rows={**piece.rows, DEPICTION: whole},
        places=places,
    )


def nothing_observed() -> ObservedPiece:
    """Return a piece without compositions, to which pictures are added."""
    none = pa.array([], pa.string())
    return ObservedPiece(pa.table({"text": none, "kind": none}), {})


def _present(degrees: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs of row and feature that pictures have."""
    place = {name: at for at, name in enumerate(FEATURES)}
    pairs = [(row, place[name]) for row, one in enumerate(degrees) for name in features_of(one)]
    image, feature = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return image, feature


def _joined(first: pa.Table, second: pa.Table) -> pa.Table:
    """Return rows of both, in the types of the wider columns, missing ones empty."""
    return pa.concat_tables([first, second], promote_options="permissive")
