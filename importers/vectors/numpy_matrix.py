"""NumPy matrices, .npy or .npz, with a word list."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from hartonomous.errors import BadInput, HartonomousError
from hartonomous.extract.embedding_matrix import Floats, embedding_model
from hartonomous.extract.files.tokenizer_files import TokenTable, word_list
from hartonomous.extract.files.untrusted_files import is_pickle, refuse_pickle, shown
from hartonomous.extract.importer_options import LIMIT, TENSOR, VOCABULARY
from hartonomous.extract.importer_protocol import Claim, OpenedModel, OpenOptions
from hartonomous.extract.vocabulary import whole_words
from importers.vectors.matrix_folder import MATRICES, matrices_in, only_matrix, words_beside

READ = ("float16", "float32", "float64")
HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}

LARGEST = 16 << 30
BOMB_ABOVE = 256 << 20
BOMB_RATIO = 100
"""Largest ratio of unpacked to packed bytes of a large .npz member. Trained numbers hardly
compress, a zip bomb a thousandfold.
"""

Shape = tuple[tuple[int, ...], np.dtype[Any]]


class NumpyMatrix:
    """Opens a matrix with row i for line i of the word list."""

    name = "numpy"
    summary = ".npy or .npz matrix, with a word list (--vocabulary, or beside it in a folder)"

    options = (VOCABULARY, TENSOR, LIMIT)

    def recognises(self, path: Path) -> Claim:
        if path.is_dir():
            return Claim.POSSIBLE if matrices_in(path) else Claim.NONE
        ends = path.is_file() and path.suffix.lower() in MATRICES
        return Claim.SURE if ends else Claim.NONE

    def open(self, path: Path, options: OpenOptions) -> OpenedModel:
        file = only_matrix(path) if path.is_dir() else path
        matrix, words, chosen = _read(file, options.tensor)
        table = TokenTable((file,), words or [], whole_words)
        if options.vocabulary is not None:
            table = word_list(options.vocabulary, len(matrix))
        elif words is None and path.is_dir():
            table = words_beside(file, len(matrix))
        elif words is None:
            raise BadInput(f"{path} has no words; give their list with --vocabulary FILE.")
        if len(table.entries) != len(matrix):
            raise BadInput(
                f"{file} has {len(matrix)} rows but the word list has {len(table.entries)} "
                "words; row i must belong to word i."
            )
        described = {"tensor": chosen}
        return embedding_model(
            self.name, file.name, matrix, table, (file,), described, options.limit
        )


def _read(path: Path, asked: str | None) -> tuple[Floats, list[str | None] | None, str | None]:
    """Return the matrix, the words if the archive has them, and the array's name."""
    if is_pickle(path):
        raise refuse_pickle(path)
    try:
        if path.suffix.lower() == ".npz":
            return _read_archive(path, asked)
        if asked is not None:
            raise BadInput(f"{path} holds one array without a name; leave --tensor out.")
        # NumPy treats a file without its magic bytes as a pickle.
        with path.open("rb") as file:
            _refuse_objects(_header(file)[1])
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        return _matrix(path, array), None, None
    except HartonomousError:
        raise
    except Exception as error:
        # NumPy parses a header as Python source, so damage raises any error of that parser.
        raise BadInput(f"{path} cannot be read as a NumPy file: {error}.") from error


def _refuse_objects(dtype: np.dtype[Any]) -> None:
    if dtype.hasobject:
        raise ValueError("it holds Python objects, and reading them would run any code in it")


def _read_archive(path: Path, asked: str | None) -> tuple[Floats, list[str | None] | None, str]:
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.getinfo(name) for name in archive.namelist()}
        found = {
            name.removesuffix(".npy"): _checked_header(path, archive, member)
            for name, member in members.items()
            if name.endswith(".npy")
        }
    matrices = [name for name, (shape, _) in found.items() if len(shape) == 2]
    name = asked or (matrices[0] if len(matrices) == 1 else None)
    if name is None or name not in matrices:
        choices = ", ".join(map(shown, matrices[:8]))
        raise BadInput(f"{path} holds {choices or 'no matrix'}; name the embedding with --tensor.")
    lists = [n for n, (shape, dtype) in found.items() if len(shape) == 1 and dtype.kind == "U"]
    with np.load(path, allow_pickle=False) as arrays:
        words = arrays[lists[0]].tolist() if len(lists) == 1 else None
        return _matrix(path, arrays[name]), words, name


def _checked_header(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Shape:
    """Return shape and type of an archived array.

    Raises BadInput, before unpacking, if its unpacked size is too large.
    """
    size = member.file_size
    if size > LARGEST or (size > BOMB_ABOVE and size > BOMB_RATIO * member.compress_size):
        raise BadInput(
            f"{path}: {shown(member.filename)} would unpack from {member.compress_size} to "
            f"{size} bytes, like a zip bomb; it is not unpacked. Give the matrix as .npy."
        )
    with archive.open(member) as file:
        shape, dtype = _header(file)
    _refuse_objects(dtype)
    # NumPy allocates memory by the header alone.
    if int(np.prod(shape, dtype=object)) * dtype.itemsize > size:
        raise ValueError(f"the header of {shown(member.filename)} is wrong about its size")
    return shape, dtype


def _header(file: IO[bytes]) -> Shape:
    version = np.lib.format.read_magic(file)
    if version not in HEADERS:
        raise ValueError(f"its version is {version}")
    shape, _, dtype = HEADERS[version](file)
    return shape, dtype


def _matrix(path: Path, array: NDArray[Any]) -> Floats:
    if array.ndim != 2 or array.dtype.name not in READ:
        raise BadInput(
            f"{path} has {array.dtype.name} of shape {array.shape}; a matrix of "
            f"{', '.join(READ)} is required."
        )
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite and is refused
        return array.astype(np.float32, copy=False)


IMPORTER = NumpyMatrix()
