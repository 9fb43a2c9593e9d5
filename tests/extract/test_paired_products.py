"""Products of pairs are those of the vectors, however many parts they are reckoned in."""

from __future__ import annotations

import numpy as np
import pytest

from hartonomous.extract.search import paired_products as module


def test_parts_make_no_difference(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = rng.normal(size=(7, 5)).astype(np.float32)
    second = rng.normal(size=(9, 5)).astype(np.float32)
    row, column = rng.integers(0, 7, 100), rng.integers(0, 9, 100)
    expected = (first.astype(np.float64) @ second.astype(np.float64).T)[row, column]
    for part in (1, 33, 100, 1000):
        monkeypatch.setattr(module, "AT_ONCE", part)
        assert np.allclose(module.paired_products(first, second, row, column), expected)
