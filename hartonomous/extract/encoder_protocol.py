"""Encoder protocol: sentence encoders, found by entry point, turn texts into vectors."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hartonomous.errors import UsageError

ENTRY_POINTS = "hartonomous.encoders"


class Encoder(Protocol):
    """Turns texts into vectors of length one."""

    dimensions: int

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of texts, (n, dimensions) float32, of length one."""
        ...


def open_encoder(path: Path, device: str = "cpu") -> Encoder:
    """Open the sentence encoder in a folder.

    Raises UsageError if no opener of encoders is installed, and the errors of the opener.
    """
    for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name):
        opener: Encoder = point.load()(path, device)
        return opener
    raise UsageError("No opener of sentence encoders is installed; install hartonomous again.")
