"""NumPy matrices, .npy or .npz, with a word list."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hartonomous.errors import BadInput, HartonomousError
from hartonomous.extract.importing import (
    OpenedModel,
    OpenOptions,
    embedding_model,
    opened_file,
)
from hartonomous.extract.tensors import Floats, read_rows, zero_rows
from hartonomous.extract.vocabulary import build_vocabulary, whole_words
from hartonomous.extract.word_lists import read_words

LARGEST = 64 << 30
"""Bytes an .npz member may claim; it is unpacked into memory."""

READ = ("float16", "float32", "float64")


class NumpyMatrix:
    """Opens a matrix whose row i belongs to line i of the word list."""

    name = "numpy"
    summary = ".npy or .npz matrix, with a word list (--vocabulary; text or Parquet)"

    def recognises(self, path: Path) -> bool:
        return path.is_file() and path.suffix in (".npy", ".npz")

    def open(self, path: Path, options: OpenOptions) -> OpenedModel:
        matrix, words, chosen = _read(path, options.tensor)
        files = [opened_file(path)]
        if options.vocabulary is not None:
            words = read_words(options.vocabulary)
            files.append(opened_file(options.vocabulary))
        if words is None:
            raise BadInput(f"{path} comes without words; give their list with --vocabulary FILE.")
        if len(words) != len(matrix):
            raise BadInput(
                f"{path} has {len(matrix)} rows but the word list has {len(words)} words; "
                "row i must belong to word i."
            )
        parameters = int(np.prod(matrix.shape))
        matrix, words = matrix[: options.limit], words[: options.limit]
        vocabulary = build_vocabulary(words, whole_words, zero_rows(matrix))
        texts = vocabulary.compositions["text"].to_pylist()
        vectors = read_rows(matrix, vocabulary.rows, texts, path.name)
        settings = {"tensor": chosen, "limit": options.limit}
        return embedding_model(self.name, tuple(files), vocabulary, vectors, parameters, settings)


def _read(path: Path, asked: str | None) -> tuple[Floats, list[str] | None, str | None]:
    """Return the matrix, the words if the archive holds them, and the array's name."""
    try:
        if path.suffix == ".npy":
            return _matrix(path, np.load(path, mmap_mode="r", allow_pickle=False)), None, None
        return _read_archive(path, asked)
    except HartonomousError:
        raise
    except Exception as error:
        # NumPy parses a header as Python source, so damage raises whatever that parser does.
        reason = str(error)
        if "pickle" in reason or "object" in reason.lower():
            reason = "it holds Python objects, and reading them would run whatever code is in it"
        raise BadInput(f"{path} cannot be read as a NumPy file: {reason}.") from error


def _read_archive(path: Path, asked: str | None) -> tuple[Floats, list[str] | None, str]:
    with zipfile.ZipFile(path) as archive:
        claimed = sum(member.file_size for member in archive.infolist())
    if claimed > LARGEST:
        raise BadInput(f"{path} claims to unpack to {claimed >> 30} GiB; it is not unpacked.")
    with np.load(path, allow_pickle=False) as arrays:
        found = {name: arrays[name] for name in arrays.files}
    matrices = [name for name, array in found.items() if array.ndim == 2]
    name = asked or (matrices[0] if len(matrices) == 1 else None)
    if name is None or name not in matrices:
        raise BadInput(
            f"{path} holds {', '.join(matrices) or 'no matrix'}; name the embedding with --tensor."
        )
    words = [array for array in found.values() if array.ndim == 1 and array.dtype.kind == "U"]
    return _matrix(path, found[name]), words[0].tolist() if len(words) == 1 else None, name


def _matrix(path: Path, array: NDArray[Any]) -> Floats:
    if array.ndim != 2 or array.dtype.name not in READ:
        raise BadInput(
            f"{path} holds {array.dtype.name} of shape {array.shape}; "
            f"a matrix of {', '.join(READ)} is read."
        )
    return array.astype(np.float32, copy=False)


IMPORTER = NumpyMatrix()
