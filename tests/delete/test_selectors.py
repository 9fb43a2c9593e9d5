"""Which rows selectors mean, told from the rows alone."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from hartonomous.delete.selectors import Selectors, between
from hartonomous.errors import UsageError

ROWS = pa.table({"start": [0, 0, 1, 1, 2], "end": [0, 1, 0, 1, 1]})


@pytest.mark.parametrize(
    ("evidence", "pair", "types", "rows"),
    [
        ("CALLS_EVIDENCE", (0, 1), (), [1, 2]),
        ("CALLS_EVIDENCE", (0, 1), ("CALLS",), [1]),
        ("CALLS_EVIDENCE", (1, 0), ("CALLS",), [2]),
        ("CALLS_EVIDENCE", (0, 1), ("IMPORTS",), []),
        ("CALLS_EVIDENCE", (0, 1), ("IMPORTS", "CALLS"), [1]),
        ("CALLS_EVIDENCE", (1, 1), (), [3]),
        ("CALLS_EVIDENCE", (0, 0), ("CALLS",), [0]),
        ("NEAR_EVIDENCE", (1, 0), ("NEAR",), [1, 2]),
        ("EMBEDDING_EVIDENCE", (0, 1), ("RELATES",), [1, 2]),
    ],
)
def test_rows_between_a_pair_run_as_their_type_does(
    evidence: str, pair: tuple[int, int], types: tuple[str, ...], rows: list[int]
) -> None:
    assert np.flatnonzero(between(ROWS, pair, evidence, types)).tolist() == rows


def test_an_unknown_rated_type_is_refused() -> None:
    with pytest.raises(UsageError, match="No rated type is called 'KNOWS'"):
        Selectors(relations=(("a", "b"),), types=("KNOWS",))
