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
from hartonomous.pictures.visual_features import (
    CELLS,
    FEATURES,
    features_of,
    in_cells,
    measured,
)
from hartonomous.schema import FEATURE, IMAGE, MICRO

DEPICTION = "DEPICTION_EVIDENCE"

FEATURES_VERSION = 1
CELLS_VERSION = 1
"""For a source's options: raised when the same pictures have other features, or cells."""


@dataclass(frozen=True)
class MeasuredPicture:
    """A picture without its pixels: its name, the text of its composition, the degrees of FEATURES and,
    where these are told, of CELLS.
    """

    name: str
    key: str
    degrees: NDArray[np.float64]
    cells: NDArray[np.float64] | None = None


def measure(pictures: Iterable[Picture], cells: bool = False) -> list[MeasuredPicture]:
    """Measure pictures as they come, so that the pixels of one are held at a time; with `cells`, by
    place too.
    """
    return [
        MeasuredPicture(
            one.name, one.key, measured(one.pixels), in_cells(one.pixels) if cells else None
        )
        for one in pictures
    ]


def with_features(piece: ObservedPiece, pictures: Sequence[MeasuredPicture]) -> ObservedPiece:
    """Return a piece to which its pictures are added, with their places and measured features.

    A feature is a row of DEPICTION_EVIDENCE, n = 1 a picture whatever the number of its files, its
    weight how much of it the picture has. The piece's tracks have to be of that type too.
    """
    if not pictures:
        return piece
    picture_of = {one.key: one for one in pictures}
    first = len(piece.compositions)
    keys = sorted(picture_of)
    row = {key: first + at for at, key in enumerate(keys)}
    image, feature, degree, names = _shown([picture_of[key] for key in keys])
    texts, kinds = [*keys, *names], [IMAGE] * len(keys) + [FEATURE] * len(names)
    added = pa.table({"text": texts, "kind": kinds})
    rows = pa.table(
        {
            "start": pa.array(first + image, pa.int64()),
            "end": pa.array(first + len(keys) + feature, pa.int64()),
            "n": pa.array(np.ones(len(image)), pa.int32()),
            "weight": pa.array(np.rint(MICRO * degree), pa.int64()),
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


def _shown(
    pictures: Sequence[MeasuredPicture],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], tuple[str, ...]]:
    """Return which feature each picture has and how much, as rows of picture, feature and degree; and
    the names of the features.
    """
    degrees = np.stack([one.degrees for one in pictures])
    place = {name: at for at, name in enumerate(FEATURES)}
    pairs = [(row, place[name]) for row, one in enumerate(degrees) for name in features_of(one)]
    image, feature = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    degree = degrees[image, feature]
    placed = [one.cells for one in pictures if one.cells is not None]
    if not placed:
        return image, feature, degree, FEATURES
    by_place = np.stack(placed)
    of, cell = np.nonzero(by_place)
    with_cells = np.array([at for at, one in enumerate(pictures) if one.cells is not None])
    return (
        np.concatenate([image, with_cells[of]]),
        np.concatenate([feature, len(FEATURES) + cell]),
        np.concatenate([degree, by_place[of, cell]]),
        (*FEATURES, *CELLS),
    )


def _joined(first: pa.Table, second: pa.Table) -> pa.Table:
    """Return rows of both, in the types of the wider columns, missing ones empty."""
    return pa.concat_tables([first, second], promote_options="permissive")
