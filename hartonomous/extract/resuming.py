"""Neighbours of finished positions on disk, so that an interrupted extraction goes on with the next."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np

from hartonomous.extract.neighbours import Neighbours


class FinishedPositions:
    """A folder with one file a position; None in place of the folder keeps nothing."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def read(self, evidence: str, position: int) -> Neighbours | None:
        """Return what was found at a position, None when it is not there whole."""
        if self._folder is None:
            return None
        try:
            with np.load(self._file(evidence, position), allow_pickle=False) as kept:
                return Neighbours(kept["indices"], kept["similarities"], float(kept["recall"]))
        except (OSError, ValueError, KeyError, zipfile.BadZipFile):
            return None

    def write(self, evidence: str, position: int, found: Neighbours) -> None:
        """Keep what was found at a position; the file appears whole or not at all."""
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        target = self._file(evidence, position)
        partial = target.with_suffix(".partial")
        with partial.open("wb") as file:
            np.savez(
                file,
                indices=found.indices,
                similarities=found.similarities,
                recall=np.float64(found.recall),
            )
            file.flush()
            os.fsync(file.fileno())
        partial.rename(target)

    def _file(self, evidence: str, position: int) -> Path:
        assert self._folder is not None
        return self._folder / f"{evidence}-{position:05d}.npz"
