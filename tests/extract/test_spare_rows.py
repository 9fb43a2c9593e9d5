"""Spare rows: which are padding, and which say that the words are another model's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hartonomous.errors import BadInput
from hartonomous.extract.embedding_matrix import embedding_model
from hartonomous.extract.files.tokenizer_files import TokenTable
from hartonomous.extract.vocabulary import whole_words

DECLARED = frozenset({1_000})


def table(tokens: int, path: Path = Path("tokenizer.json")) -> TokenTable:
    return TokenTable((path,), [f"w{token}" for token in range(tokens)], whole_words, placed=True)


def padding(tmp_path: Path, tokens: int, rows: int, blank: bool = False, **told: object) -> int:
    """Return how many rows are counted as padding where a table is put to so many rows."""
    matrix = np.random.default_rng(2).normal(size=(rows, 3)).astype(np.float32)
    if blank:
        matrix[tokens:] = 0.5
    path = tmp_path / "tokenizer.json"
    path.write_text("{}")
    given = replace(table(tokens, path), **told)  # type: ignore[arg-type]
    model = embedding_model("test", "m", matrix, given, (), {}, None)
    assert len(model.vocabulary) == tokens
    return model.vocabulary.excluded.get("padding", 0)


@pytest.mark.parametrize(
    ("tokens", "rows", "told"),
    [
        (40, 40, {}),
        (47, 48, {}),
        (47, 64, {}),
        (1_500, 2_048, {}),
        (9_990, 10_001, {}),
        (700, 1_000, {"declared": DECLARED}),
        (40, 61, {"ranks": True}),
        (40, 61, {"blank": True}),
        (40, 61, {"blank": True, "placed": False}),
        (40, 40, {"placed": False, "declared": DECLARED}),
    ],
)
def test_padding_that_something_explains_is_counted(
    tmp_path: Path, tokens: int, rows: int, told: dict[str, object]
) -> None:
    assert padding(tmp_path, tokens, rows, **told) == rows - tokens  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("tokens", "rows", "told", "fault"),
    [
        (41, 40, {}, "40 rows but tokenizer.json has 41 tokens; they belong to different"),
        (40, 61, {}, "neither blank nor due to rounding"),
        (40, 1_000, {}, "neither blank nor due to rounding"),
        (20, 64, {}, "neither blank nor due to rounding"),
        (950, 1_001, {"declared": DECLARED}, "config.json says 1000"),
        (999, 1_024, {"declared": DECLARED}, "config.json says 1000"),
        (47, 48, {"placed": False}, "a list without numbers must have one word per row"),
        (47, 48, {"placed": False, "declared": frozenset({48})}, "one word per row"),
        (40, 40 + 1_025, {"blank": True}, "they belong to different models"),
    ],
)
def test_spare_rows_that_nothing_explains_are_refused(
    tmp_path: Path, tokens: int, rows: int, told: dict[str, object], fault: str
) -> None:
    with pytest.raises(BadInput, match=fault):
        padding(tmp_path, tokens, rows, **told)  # type: ignore[arg-type]
