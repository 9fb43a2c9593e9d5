"""Checkpoints: finished pieces of an extraction, on disk, so that an interrupted one resumes."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hartonomous.atomic_files import atomic
from hartonomous.extract.search.nearest_neighbours import Neighbours


class FinishedWork:
    """A folder with one file of arrays per piece of work; None instead of a folder stores nothing."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def read(self, name: str) -> dict[str, NDArray[Any]] | None:
        """Return the arrays of a piece by name, as written; None if it is missing or incomplete."""
        if self._folder is None:
            return None
        try:
            with np.load(self._folder / f"{name}.npz", allow_pickle=False) as kept:
                return {field: kept[field] for field in kept.files}
        except (OSError, ValueError, KeyError, zipfile.BadZipFile):
            return None

    def write(self, name: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Store the arrays of a piece, of any shape and type, atomically."""
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        target = self._folder / f"{name}.npz"
        with atomic(target) as partial, partial.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)

    def neighbours(self, evidence: str, position: int) -> Neighbours | None:
        """Return the neighbours of a position, None if missing or incomplete."""
        kept = self.read(f"{evidence}-{position:05d}")
        if kept is None or kept.keys() != {"indices", "similarities", "recall"}:
            return None
        return Neighbours(kept["indices"], kept["similarities"], float(kept["recall"]))

    def keep_neighbours(self, evidence: str, position: int, found: Neighbours) -> None:
        """Store the neighbours of a position."""
        arrays: dict[str, NDArray[Any]] = {
            "indices": found.indices,
            "similarities": found.similarities,
            "recall": np.array(found.recall, dtype=np.float64),
        }
        self.write(f"{evidence}-{position:05d}", arrays)
