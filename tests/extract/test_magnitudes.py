"""Rows that were misread are found by their length, before they move the mean of all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hartonomous.errors import BadInput
from hartonomous.extract.files.magnitudes import refuse_outlying
from hartonomous.extract.vocabulary import build_vocabulary, whole_words
from tests import models
from tests.model_files import opened

WORDS = [f"w{number:03d}" for number in range(100)]


def check(matrix: np.ndarray) -> None:
    vocabulary = build_vocabulary(WORDS[: len(matrix)], whole_words, {})
    refuse_outlying("m", matrix[vocabulary.rows].astype(np.float32), vocabulary)


@pytest.mark.parametrize("rows", [2, 3, 10, 100])
@pytest.mark.parametrize("value", [1e5, 1e10, 1e30])
def test_a_row_far_longer_than_the_others_is_refused(rows: int, value: float) -> None:
    matrix = np.random.default_rng(1).normal(size=(rows, 8))
    check(matrix)
    matrix[1, 3] = value
    with pytest.raises(BadInput, match=r"row 1 \('w001'\) is 1e\+\d+ long .* misread"):
        check(matrix)


def test_many_misread_rows_are_refused() -> None:
    matrix = np.random.default_rng(1).normal(size=(100, 8))
    matrix[60:] *= 1e12
    with pytest.raises(BadInput, match=r"row 60 .* and so are 39 others"):
        check(matrix)


def test_rows_of_very_different_lengths_stay() -> None:
    lengths = 10.0 ** np.random.default_rng(1).uniform(-3, 0, size=(100, 1))
    check(lengths * np.random.default_rng(1).normal(size=(100, 8)))
    # Three quarters of the rows were hardly trained.
    matrix = np.random.default_rng(1).normal(size=(100, 8))
    matrix[25:] *= 1e-5
    check(matrix)


def test_real_models_stay_far_below(tmp_path: Path) -> None:
    real = [
        opened(models.MINILM),
        opened(models.GLOVE, vocabulary=models.GLOVE_WORDS, limit=100_000),
        opened(models.SMOLLM),
        opened(models.WORDLLAMA, vocabulary=models.WORDLLAMA_TOKENIZER),
    ]
    for model in real:
        lengths = np.linalg.norm(model.tracks[0].vectors(0), axis=1)
        assert lengths.max() < 50 * np.quantile(lengths, 0.9)
