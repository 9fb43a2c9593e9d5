"""A sample of positions is even, says what it leaves out, and is never taken for the whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from hartonomous.extract.extraction import ExtractOptions, describe_source, open_model
from hartonomous.extract.importer_protocol import OpenedModel, OpenOptions, VectorTrack
from hartonomous.extract.position_sample import sample_positions
from tests.building import WORDS, write_vectors


def of_heads(folder: Path, positions: int) -> OpenedModel:
    path = write_vectors(folder, WORDS[:9], np.eye(9))
    names = tuple(f"head {number}" for number in range(positions))
    track = VectorTrack("HEAD_EVIDENCE", names, 1, lambda p: np.full((9, 1), p, np.float32), 5)
    return replace(open_model(str(path), OpenOptions()), tracks=(track,))


def test_positions_are_spread_and_their_vectors_are_their_own(tmp_path: Path) -> None:
    model = of_heads(tmp_path, 72)
    sample, said = sample_positions(model, 12)
    (track,) = sample.tracks
    assert said == ["12 of 72 positions of head"]
    assert track.positions[:3] == ("head 0", "head 6", "head 12")
    assert [int(track.vectors(p)[0, 0]) for p in range(12)] == list(range(0, 72, 6))
    assert track.minimum == 1
    options = ExtractOptions()
    assert describe_source(sample, options).digest != describe_source(model, options).digest


def test_a_model_of_few_positions_is_taken_whole(tmp_path: Path) -> None:
    model = of_heads(tmp_path, 12)
    assert sample_positions(model, 12) == (model, [])
