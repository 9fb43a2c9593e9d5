"""Spare rows: rows of a matrix after its last token, and when they count as padding.

Many models pad their matrix for speed, or reserve rows (Phi-2: 51,200 rows for 50,295 tokens).
Spare rows can also mean that the tokenizer belongs to another model, or that its list lost a line;
so they need an explanation.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hartonomous.errors import BadInput
from hartonomous.extract.files.tokenizer_files import TokenTable

MOST_PADDING = 1_024
PADDING_SHARE = 0.05
"""Most rows that can be padding: a number, or a share if that is more."""

ROUNDED = 4_096
"""Largest power of two to which matrices are padded (DeepSeek-V2)."""

FEW_SHARE = 0.01
"""Share of rows that is accepted if a tokenizer assigns each token its row."""


def refuse_unexplained(where: str, matrix: NDArray[np.float32], table: TokenTable) -> None:
    """Raise BadInput for rows of `matrix` (rows, dimensions) float32 without a token and without an
    explanation.
    """
    rows, spare = len(matrix), len(matrix) - len(table.entries)
    if spare == 0:
        return
    name = table.files[0].name
    told = f"{where} has {rows} rows but {name} has {len(table.entries)} tokens; "
    if not 0 <= spare <= max(MOST_PADDING, PADDING_SHARE * rows):
        raise BadInput(
            f"{told}they belong to different models. Name another matrix with --tensor, or give the "
            "right words with --vocabulary."
        )
    if table.declared and rows not in table.declared:
        raise BadInput(
            f"{told}and config.json says {', '.join(map(str, sorted(table.declared)))}; they belong "
            "to different models. Name another matrix with --tensor, or give the right words with "
            "--vocabulary."
        )
    if not table.placed and not _is_blank(matrix[len(table.entries) :]):
        raise BadInput(
            f"{told}a list without numbers must have one word per row, in order; otherwise words "
            "belong to the wrong rows. Complete it, or give tokenizer.json."
        )
    if not table.placed or table.ranks or rows in table.declared:
        return
    if spare <= FEW_SHARE * rows or _is_rounded(rows, spare) or _is_blank(matrix[-spare:]):
        return
    raise BadInput(
        f"{told}{spare} spare rows that are neither blank nor due to rounding show that they "
        "belong to different models. Give the right words with --vocabulary, or a config.json "
        f"whose vocab_size is {rows}."
    )


def _is_blank(rows: NDArray[np.float32]) -> bool:
    """Return whether rows are untrained: all zero, or several and all equal."""
    with np.errstate(invalid="ignore"):
        return bool((rows == (rows[0] if len(rows) > 1 else 0)).all())


def _is_rounded(rows: int, spare: int) -> bool:
    """Return whether the spare rows complete a multiple of a power of two."""
    power = rows & -rows
    return power >= 8 and spare < min(power, ROUNDED) and spare < rows - spare
