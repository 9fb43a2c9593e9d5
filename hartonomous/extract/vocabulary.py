"""From a model's own tokens to compositions: pieces normalised, exclusions counted by reason."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


@dataclass(frozen=True)
class Vocabulary:
    """The compositions of a model, sorted by key.

    `compositions` has the columns of `evidence.COMPOSITIONS`; `rows[i]` (int64) is the row of the
    model's matrix that stands for composition i; `excluded` counts entries left out by reason,
    `merged` those that became equal to one with a lower row.
    """

    compositions: pa.Table
    rows: NDArray[np.int64]
    excluded: dict[str, int]
    merged: int

    def __len__(self) -> int:
        return len(self.rows)
