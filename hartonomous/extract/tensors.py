"""Matrices of untrusted files: bounds are checked before memory is asked for; nothing is unpickled."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hartonomous.errors import BadInput

Floats = NDArray[np.float32]

HEADER_LIMIT = 100 << 20
"""The safetensors format's own limit on its header, bytes."""

JSON_LIMIT = 256 << 20
WIDTHS = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1}
WIDTHS |= {"U64": 8, "U32": 4, "U16": 2, "U8": 1, "BOOL": 1, "F8_E4M3": 1, "F8_E5M2": 1}
READ = ("F32", "F16", "BF16")

PICKLES = (".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".joblib", ".h5", ".keras", ".bin")
_PICKLE_MAGIC = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"\x89HDF")


@dataclass(frozen=True)
class Tensor:
    """A tensor in a safetensors file: where its bytes lie."""

    name: str
    file: Path
    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int

    @property
    def size(self) -> int:
        return math.prod(self.shape)


def is_pickle(path: Path) -> bool:
    """Return whether a file is one that only unpickling could read, by name and first bytes."""
    if path.suffix.lower() not in PICKLES or not path.is_file():
        return False
    if path.suffix.lower() != ".bin":
        return True
    with path.open("rb") as file:
        return file.read(4).startswith(_PICKLE_MAGIC)


def refuse_pickle(path: Path) -> BadInput:
    """Return the error that says why such a file is refused."""
    return BadInput(
        f"{path} is refused: it is a pickle (or a container of one), and unpickling runs whatever "
        "code the file holds. Convert it to safetensors where you trust it, and give that."
    )


def inside(folder: Path, name: str) -> Path:
    """Return a file of a model folder.

    Raises BadInput when the name leads out of the folder, through `..` or a link.
    """
    path = folder / name
    if not path.is_file():
        raise BadInput(f"{folder} lacks {name}.")
    resolved = path.resolve()
    # A hub cache links its snapshots to blobs of the same repository; everything else stays inside.
    home = folder.resolve()
    allowed = [home, home.parent.parent] if home.parent.name == "snapshots" else [home]
    if not any(resolved.is_relative_to(place) for place in allowed):
        raise BadInput(f"{path} leads out of the model's folder; it is not read.")
    return path


def read_json(path: Path) -> Any:
    """Return a JSON file's value; raises BadInput for damage, excess size, or a key given twice."""
    if path.stat().st_size > JSON_LIMIT:
        raise BadInput(f"{path} is larger than {JSON_LIMIT >> 20} MiB; that is no tokenizer.")
    try:
        return json.loads(path.read_bytes(), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path} is not sound JSON: {error}.") from error


def safetensors_header(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file by name, everything about them checked.

    Raises BadInput for a truncated, oversized or lying header.
    """
    total = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if total < 8 or length > min(HEADER_LIMIT, total - 8):
            raise BadInput(f"{path} is truncated or no safetensors file: its header does not fit.")
        try:
            header = json.loads(file.read(length), object_pairs_hook=_once)
            header.pop("__metadata__", None)
            tensors = [
                Tensor(
                    name,
                    path,
                    str(entry["dtype"]),
                    tuple(_count(size) for size in entry["shape"]),
                    *(_count(offset) + 8 + length for offset in entry["data_offsets"]),
                )
                for name, entry in header.items()
            ]
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise BadInput(f"{path} has a damaged safetensors header: {error}.") from error
    _check_layout(path, tensors, 8 + length, total)
    return {tensor.name: tensor for tensor in tensors}


def read_tensor(tensor: Tensor) -> Floats:
    """Return a tensor as float32; bfloat16 and float16 are widened."""
    if tensor.dtype not in READ:
        raise BadInput(
            f"{tensor.file}: {tensor.name} is {tensor.dtype}; {', '.join(READ)} are read."
        )
    stored = {"F32": "<f4", "F16": "<f2", "BF16": "<u2"}[tensor.dtype]
    flat = np.memmap(tensor.file, dtype=stored, mode="r", offset=tensor.begin, shape=tensor.shape)
    if tensor.dtype == "BF16":
        return (flat.astype(np.uint32) << np.uint32(16)).view(np.float32)
    return np.asarray(flat, dtype=np.float32)


def read_rows(matrix: Floats, rows: NDArray[np.int64], texts: list[str], where: str) -> Floats:
    """Return the rows that are compositions; raises BadInput where one is not finite."""
    chosen = np.ascontiguousarray(matrix[rows], dtype=np.float32)
    bad = np.flatnonzero(~np.isfinite(chosen).all(axis=1))
    if len(bad):
        raise BadInput(
            f"{where}: row {rows[bad[0]]} ({texts[bad[0]]!r}) is not finite, and {len(bad) - 1} "
            "others are not; the file is damaged or the model did not train."
        )
    return chosen


def zero_rows(matrix: Floats) -> dict[int, str]:
    """Return the rows of zeros, which have no direction, with that as the reason to set aside."""
    return dict.fromkeys(np.flatnonzero(~matrix.any(axis=1)).tolist(), "zero vector")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key is given twice")
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**48:
        raise ValueError(f"{value!r} is no size")
    return value


def _check_layout(path: Path, tensors: list[Tensor], begin: int, total: int) -> None:
    """Raise BadInput unless the tensors cover the file's rest without gap or overlap."""
    place = begin
    for tensor in sorted(tensors, key=lambda tensor: (tensor.begin, tensor.end)):
        if tensor.dtype not in WIDTHS:
            raise BadInput(f"{path}: {tensor.name} has the unknown type {tensor.dtype!r}.")
        if tensor.begin != place or tensor.end - tensor.begin != tensor.size * WIDTHS[tensor.dtype]:
            raise BadInput(
                f"{path}: the header lies about {tensor.name}: its bytes are not where, or not as "
                "many as, its shape says."
            )
        place = tensor.end
    if place != total:
        raise BadInput(
            f"{path} is truncated or has bytes no tensor claims: {total} against {place}."
        )
