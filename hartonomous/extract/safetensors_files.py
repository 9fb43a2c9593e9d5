"""Safetensors files: the header checked in full, then only the bytes of the tensor asked for.

Read here and not by the `safetensors` package, whose NumPy side knows no bfloat16.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hartonomous.errors import BadInput
from hartonomous.extract.untrusted import parse_json, shown

HEADER_LIMIT = 100_000_000
"""The format's own limit on its header, bytes."""

MOST_DIMENSIONS = 16
WIDTHS = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1}
WIDTHS |= {"U64": 8, "U32": 4, "U16": 2, "U8": 1, "BOOL": 1, "F8_E4M3": 1, "F8_E5M2": 1}
WIDTHS |= {"F8_E8M0": 1, "C64": 8}
STORED = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}


@dataclass(frozen=True)
class Tensor:
    """A tensor in a safetensors file: where its bytes lie."""

    name: str
    file: Path
    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


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
            header = parse_json(file.read(length))
            header.pop("__metadata__", None)
            tensors = [_tensor(path, name, entry, 8 + length) for name, entry in header.items()]
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise BadInput(f"{path} has a damaged safetensors header: {error}.") from error
    _check_layout(path, tensors, 8 + length, total)
    return {tensor.name: tensor for tensor in tensors}


def read_tensor(tensor: Tensor) -> NDArray[np.float32]:
    """Return a tensor as float32, the other floating types converted."""
    if tensor.dtype not in STORED:
        raise BadInput(
            f"{tensor.file}: {shown(tensor.name)} is {tensor.dtype}; {', '.join(STORED)} are read."
        )
    dtype = STORED[tensor.dtype]
    flat = np.memmap(tensor.file, dtype=dtype, mode="r", offset=tensor.begin, shape=tensor.shape)
    if tensor.dtype == "BF16":
        # bfloat16 is the upper half of a float32.
        wide = flat.astype(np.uint32)
        wide <<= np.uint32(16)
        return wide.view(np.float32)
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite and is refused
        return np.asarray(flat, dtype=np.float32)


def _tensor(path: Path, name: str, entry: dict[str, object], begin: int) -> Tensor:
    shape, offsets = entry["shape"], entry["data_offsets"]
    if not isinstance(shape, list) or len(shape) > MOST_DIMENSIONS:
        raise ValueError(f"{shown(name)} has no shape of at most {MOST_DIMENSIONS} dimensions")
    if not isinstance(offsets, list) or len(offsets) != 2:
        raise ValueError(f"{shown(name)} has no begin and end")
    start, end = (_count(offset) + begin for offset in offsets)
    return Tensor(name, path, str(entry["dtype"]), tuple(map(_count, shape)), start, end)


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**48:
        raise ValueError(f"{str(value)[:40]} is no size")
    return value


def _check_layout(path: Path, tensors: list[Tensor], begin: int, total: int) -> None:
    """Raise BadInput unless the tensors cover the file's rest without gap or overlap."""
    place = begin
    for tensor in sorted(tensors, key=lambda tensor: (tensor.begin, tensor.end)):
        if tensor.dtype not in WIDTHS:
            raise BadInput(
                f"{path}: {shown(tensor.name)} has the unknown type {shown(tensor.dtype)}."
            )
        claimed = math.prod(tensor.shape) * WIDTHS[tensor.dtype]
        if tensor.begin != place or tensor.end - tensor.begin != claimed:
            raise BadInput(
                f"{path}: the header lies about {shown(tensor.name)}: its bytes are not where, or "
                "not as many as, its shape says."
            )
        place = tensor.end
    if place != total:
        raise BadInput(
            f"{path} is truncated or has bytes no tensor claims: {total} against {place}."
        )
