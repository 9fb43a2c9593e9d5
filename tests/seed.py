"""The number that repeats a run of the tests, and places drawn by it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable

import numpy as np

# In the environment, so that all workers of a run share it.
SEED = int(os.environ.setdefault("HARTONOMOUS_TEST_SEED", str(secrets.randbelow(2**31))))
WHOLE = bool(os.environ.get("HARTONOMOUS_TEST_WHOLE"))
"""Whether a run takes all places, as `make test-long` does."""


def drawn(rng: np.random.Generator, places: Iterable[int], count: int) -> list[int]:
    """Return so many of the places, ascending; all of them where a run takes the whole."""
    every = sorted(places)
    if WHOLE:
        return every
    return sorted(rng.choice(every, size=min(count, len(every)), replace=False).tolist())
