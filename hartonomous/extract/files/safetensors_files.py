"""Safetensors files: the header is checked completely, then only the requested tensor is read.

Implemented here because the NumPy interface of the `safetensors` package does not support bfloat16.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hartonomous.errors import BadInput
from hartonomous.extract.files.untrusted_files import parse_json, refuse_pointer, shown

HEADER_LIMIT = 100_000_000
"""The format's own limit on its header, bytes."""

MOST_DIMENSIONS = 16
BITS = {"F64": 64, "F32": 32, "F16": 16, "BF16": 16, "I64": 64, "I32": 32, "I16": 16, "I8": 8}
BITS |= {"U64": 64, "U32": 32, "U16": 16, "U8": 8, "BOOL": 8, "C64": 64, "F4": 4}
BITS |= {"F6_E2M3": 6, "F6_E3M2": 6, "F8_E8M0": 8, "F8_E4M3": 8, "F8_E5M2": 8}
BITS |= {"F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8}
STORED = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
INTEGERS = {"I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "<i1", "U8": "<u1"}


@dataclass(frozen=True)
class Tensor:
    """A tensor in a safetensors file, and the position of its bytes."""

    name: str
    file: Path
    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


def safetensors_header(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file by name, completely checked.

    An unknown type does not affect the others: only its own size is not checked. Raises BadInput
    for a truncated, oversized or false header.
    """
    refuse_pointer(path)
    total = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if total < 8 or length > min(HEADER_LIMIT, total - 8):
            raise BadInput(
                f"{path} is truncated or not a safetensors file: its header does not fit."
            )
        try:
            header = parse_json(file.read(length))
            header.pop("__metadata__", None)
            tensors = [_tensor(path, name, entry, 8 + length) for name, entry in header.items()]
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise BadInput(f"{path} has a damaged safetensors header: {error}.") from error
    _check_layout(path, tensors, 8 + length, total)
    return {tensor.name: tensor for tensor in tensors}


def read_tensor(tensor: Tensor) -> NDArray[np.float32]:
    """Return a tensor in its shape as float32, converted from any floating type."""
    if tensor.dtype not in STORED:
        raise BadInput(
            f"{tensor.file}: {shown(tensor.name)} is {tensor.dtype}; {', '.join(STORED)} "
            "are supported."
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


def read_integers(tensor: Tensor) -> NDArray[np.int64]:
    """Return a tensor of integers in its shape as int64."""
    if tensor.dtype not in INTEGERS:
        raise BadInput(
            f"{tensor.file}: {shown(tensor.name)} is {tensor.dtype}; "
            f"{', '.join(INTEGERS)} are supported."
        )
    dtype = INTEGERS[tensor.dtype]
    flat = np.memmap(tensor.file, dtype=dtype, mode="r", offset=tensor.begin, shape=tensor.shape)
    return np.asarray(flat, dtype=np.int64)


def _tensor(path: Path, name: str, entry: dict[str, object], begin: int) -> Tensor:
    shape, offsets = entry["shape"], entry["data_offsets"]
    if not isinstance(shape, list) or len(shape) > MOST_DIMENSIONS:
        raise ValueError(f"{shown(name)} has no shape of at most {MOST_DIMENSIONS} dimensions")
    if not isinstance(entry["dtype"], str):
        raise ValueError(f"{shown(name)} has no type")
    if not isinstance(offsets, list) or len(offsets) != 2:
        raise ValueError(f"{shown(name)} has no start and end")
    start, end = (_count(offset) + begin for offset in offsets)
    return Tensor(name, path, entry["dtype"], tuple(map(_count, shape)), start, end)


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**48:
        raise ValueError(f"{str(value)[:40]} is not a size")
    return value


def _check_layout(path: Path, tensors: list[Tensor], begin: int, total: int) -> None:
    """Raise BadInput unless the tensors cover the rest of the file without gap or overlap."""
    place = begin
    for tensor in sorted(tensors, key=lambda tensor: (tensor.begin, tensor.end)):
        length = 8 * (tensor.end - tensor.begin)
        claimed = math.prod(tensor.shape) * BITS[tensor.dtype] if tensor.dtype in BITS else length
        if tensor.begin != place or length != claimed or tensor.end < tensor.begin:
            raise BadInput(
                f"{path}: the header is wrong about {shown(tensor.name)}: its bytes do not match "
                "its shape."
            )
        place = tensor.end
    if place != total:
        raise BadInput(
            f"{path} is truncated or has bytes of no tensor: {total} instead of {place}."
        )
