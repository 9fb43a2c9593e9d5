"""What pictures show by themselves, as rows beside those of a model."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from hartonomous.extract.observed_pieces import (
    FOUND,
    HELD,
    ObservedPiece,
    ObservedTracks,
    piece_tables,
)
from hartonomous.held_places import place_table
from hartonomous.pictures.picture_files import picture_key
from hartonomous.pictures.picture_folder import Picture
from hartonomous.pictures.visual_features import FEATURES, measured, present
from hartonomous.schema import FEATURE, IMAGE, MICRO, TOKEN
from importers.pictures.picture_evidence import DEPICTION, measure, with_features
from tests.drawn_pictures import drawn


def picture(name: str, *drawing: str) -> Picture:
    pixels = drawn(*drawing)
    return Picture(name, picture_key(pixels), pixels)


def tables(piece: ObservedPiece) -> dict[str, pa.Table]:
    return piece_tables(ObservedTracks((DEPICTION,), ("seen",), (0,), lambda _: piece, 9), 0)


def pairs(stored: dict[str, pa.Table]) -> dict[tuple[str, str], tuple[int, int]]:
    texts, rows = stored[FOUND]["text"].to_pylist(), stored[DEPICTION].to_pylist()
    return {(texts[row["start"]], texts[row["end"]]): (row["n"], row["weight"]) for row in rows}


EMPTY = ObservedPiece(
    pa.table({"text": pa.array([], pa.string()), "kind": pa.array([], pa.string())}), {}
)


def test_every_feature_of_a_picture_is_a_row_with_its_degree() -> None:
    red, blue = picture("a.png", "round", "red"), picture("b.png", "square", "blue")
    stored = tables(with_features(EMPTY, measure([red, blue])))
    expected = {}
    for one in (red, blue):
        degree = dict(zip(FEATURES, measured(one.pixels), strict=True))
        expected |= {
            (one.key, name): (1, round(MICRO * degree[name])) for name in present(one.pixels)
        }
    assert pairs(stored) == expected
    kinds = dict(
        zip(stored[FOUND]["text"].to_pylist(), stored[FOUND]["kind"].to_pylist(), strict=True)
    )
    assert kinds["colour red"] == FEATURE and kinds[red.key] == IMAGE


def test_rows_and_places_of_a_model_are_kept() -> None:
    red = picture("a.png", "round", "red")
    given = ObservedPiece(
        pa.table({"text": [red.key, "ball"], "kind": [IMAGE, TOKEN]}),
        {DEPICTION: pa.table({"start": [0], "end": [1], "n": [3], "weight": [2 * MICRO]})},
        {"unreadable pictures": 1},
        place_table(np.array([1]), ["labels.txt:4"]),
    )
    stored = tables(with_features(given, measure([red])))
    found = pairs(stored)
    assert found[red.key, "ball"] == (3, 2 * MICRO) and found[red.key, "colour red"][0] == 1
    texts = stored[FOUND]["text"].to_pylist()
    held = {(texts[row["composition"]], row["place"]) for row in stored[HELD].to_pylist()}
    assert held == {("ball", "labels.txt:4"), (red.key, "a.png")}


def test_one_picture_in_two_files_is_counted_once_with_both_places() -> None:
    twice = [picture("b.png", "round", "red"), picture("a/copy.png", "round", "red")]
    stored = tables(with_features(EMPTY, measure(twice)))
    assert {n for n, _ in pairs(stored).values()} == {1}
    assert stored[HELD]["place"].to_pylist() == ["a/copy.png", "b.png"]


def test_a_piece_without_readable_pictures_stays_as_it_is() -> None:
    assert with_features(EMPTY, measure([])) is EMPTY
