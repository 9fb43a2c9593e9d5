"""What another reader of a model file is given, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np


class Unreadable(Exception):
    """Another reader does not read the file."""


class Unconfirmed(Exception):
    """Another reader stops at what has nothing to do with the words and vectors."""


@dataclass(frozen=True)
class Reading:
    """What a file holds: a text a row (None where it is no text), (rows, dimensions), the rows that
    the file itself sets aside, and how many there are where not all were read."""

    texts: list[str | None]
    matrix: np.ndarray
    aside: frozenset[int] = frozenset()
    rows: int | None = None


@dataclass(frozen=True)
class Given:
    """What was opened: where the files lie, which one, the list given with it, the tensor chosen."""

    folder: Path
    opened: str
    words: str | None
    tensor: str | None
    limit: int | None

    @property
    def path(self) -> Path:
        return self.folder / self.opened
