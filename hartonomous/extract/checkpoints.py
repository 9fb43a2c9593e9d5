"""Checkpoints: finished pieces of an extraction, on disk, so that an interrupted one resumes."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from hartonomous.atomic_files import atomic, dismiss, runs, sweep
from hartonomous.extract.search.nearest_neighbours import Neighbours

_TABLE = ".parquet"
_SCRATCH = "scratch-"


class FinishedWork:
    """A folder with one file of arrays, or one folder of tables, per piece of work; None instead of
    a folder stores nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        if folder is not None:
            sweep(folder)

    @property
    def stores(self) -> bool:
        """Return whether what is written can be read again."""
        return self._folder is not None

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Yield a folder for temporary files, within its own: what a killed run leaves there is
        removed by the next, or with the whole.
        """
        if self._folder is None:
            with tempfile.TemporaryDirectory(prefix="hartonomous-") as temporary:
                yield Path(temporary)
            return
        for left in self._folder.glob(f"{_SCRATCH}*"):
            if not runs(left.name.removeprefix(_SCRATCH)):
                shutil.rmtree(left, ignore_errors=True)
        folder = self._folder / f"{_SCRATCH}{os.getpid()}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            with suppress(OSError):
                # Nothing was finished.
                self._folder.rmdir()

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

    def write_tables(self, name: str, tables: Mapping[str, pa.Table]) -> None:
        """Store the tables of a piece by name, with the metadata of their schemas, atomically; they
        replace those of before.
        """
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        target = self._folder / name
        dismiss(target)
        with atomic(target) as partial:
            partial.mkdir()
            for part, table in tables.items():
                file = partial / f"{part}{_TABLE}"
                pq.write_table(table, file, compression="zstd", write_page_checksum=True)

    def table(self, name: str, part: str) -> pa.Table | None:
        """Return one table of a piece, as written; None if it is missing or damaged."""
        if self._folder is None:
            return None
        file = self._folder / name / f"{part}{_TABLE}"
        try:
            return pq.read_table(file, page_checksum_verification=True)
        except (OSError, pa.ArrowException):
            return None

    def table_rows(self, name: str, parts: Iterable[str]) -> dict[str, int] | None:
        """Return the number of rows of each table of a piece, read from their footers; None if one
        is missing or has none.
        """
        if self._folder is None:
            return None
        files = {part: self._folder / name / f"{part}{_TABLE}" for part in parts}
        try:
            return {part: int(pq.read_metadata(file).num_rows) for part, file in files.items()}
        except (OSError, pa.ArrowException):
            return None

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
