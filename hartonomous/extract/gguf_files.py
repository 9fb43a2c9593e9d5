"""GGUF files: the header walked with every bound checked, one tensor dequantised.

Layout: ggml's GGUF specification, versions 2 and 3, little-endian. Only what an importer asks for is
kept; arrays nobody asked for are stepped over.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Collection
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hartonomous.errors import BadInput

MAGIC = b"GGUF"
VERSIONS = (2, 3)
MOST_ENTRIES = 1 << 20
MOST_ELEMENTS = 1 << 25
DEPTH = 4
STRING, ARRAY = 8, 9
_SCALARS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}


@dataclass(frozen=True)
class GgufTensor:
    """A tensor as the header has it: `shape` outermost first, `offset` from the file's begin."""

    shape: tuple[int, ...]
    type: int
    offset: int


@dataclass(frozen=True)
class GgufHeader:
    """The values asked for, and every tensor by name."""

    values: dict[str, Any]
    tensors: dict[str, GgufTensor]


def is_gguf(path: Path) -> bool:
    """Return whether a file begins as GGUF."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) == MAGIC


def read_header(path: Path, wanted: Collection[str]) -> GgufHeader:
    """Return a file's header with the wanted values.

    Raises BadInput for a truncated, oversized or lying one.
    """
    try:
        with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
            return _Walk(path, data).header(wanted)
    except (struct.error, IndexError, ValueError, OverflowError) as error:
        raise BadInput(f"{path} is truncated or has a damaged GGUF header: {error}.") from error


def read_matrix(path: Path, name: str, tensor: GgufTensor) -> NDArray[np.float32]:
    """Return a matrix dequantised to float32.

    Raises BadInput for a type that cannot be, and for bytes that are not there.
    """
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType
    from gguf.quants import dequantize

    try:
        kind = GGMLQuantizationType(tensor.type)
        block, width = GGML_QUANT_SIZES[kind]
    except (ValueError, KeyError) as error:
        raise BadInput(f"{path}: {name} is of the unknown GGUF type {tensor.type}.") from error
    columns = tensor.shape[-1]
    if columns % block:
        raise BadInput(f"{path}: {name} has {columns} columns, which {kind.name} cannot hold.")
    stored = (math.prod(tensor.shape[:-1]), columns // block * width)
    if tensor.offset + math.prod(stored) > path.stat().st_size:
        raise BadInput(f"{path} is truncated: the bytes of {name} are not all there.")
    raw = np.memmap(path, dtype=np.uint8, mode="r", offset=tensor.offset, shape=stored)
    try:
        return np.asarray(dequantize(raw, kind), dtype=np.float32).reshape(tensor.shape)
    except NotImplementedError as error:
        raise BadInput(f"{path}: {name} is {kind.name}, which cannot be dequantised.") from error


class _Walk:
    def __init__(self, path: Path, data: mmap) -> None:
        self._path, self._data, self._place = path, data, 0

    def header(self, wanted: Collection[str]) -> GgufHeader:
        if self._data[:4] != MAGIC:
            raise BadInput(f"{self._path} does not begin as GGUF.")
        self._place = 4
        version = self._scalar("I")
        if version not in VERSIONS:
            raise BadInput(f"{self._path} is GGUF version {version}; {VERSIONS} are read.")
        tensors, entries = self._scalar("Q"), self._scalar("Q")
        if max(tensors, entries) > MOST_ENTRIES:
            raise ValueError(f"it claims {tensors} tensors and {entries} values")
        values: dict[str, Any] = {"general.alignment": 32}
        for _ in range(entries):
            name = self._string()
            value = self._value(self._scalar("I"), keep=name in wanted or name in values)
            if name in wanted or name in values:
                values[name] = value
        described = [self._tensor() for _ in range(tensors)]
        return GgufHeader(values, self._placed(described, values["general.alignment"]))

    def _placed(
        self, described: list[tuple[str, GgufTensor]], alignment: object
    ) -> dict[str, GgufTensor]:
        if not isinstance(alignment, int) or not 0 < alignment <= 1 << 16:
            raise ValueError(f"its alignment is {alignment}")
        begin = -(-self._place // alignment) * alignment
        placed = {n: GgufTensor(t.shape, t.type, begin + t.offset) for n, t in described}
        if len(placed) != len(described):
            raise ValueError("a tensor is described twice")
        for name, tensor in placed.items():
            if tensor.offset > len(self._data):
                raise ValueError(f"{name} begins after the file's end")
        return placed

    def _tensor(self) -> tuple[str, GgufTensor]:
        name = self._string()
        dimensions = self._scalar("I")
        if not 1 <= dimensions <= DEPTH:
            raise ValueError(f"{name[:40]!r} has {dimensions} dimensions")
        shape = tuple(reversed([self._scalar("Q") for _ in range(dimensions)]))
        if not 0 < math.prod(shape) < 1 << 48:
            raise ValueError(f"{name[:40]!r} has the shape {shape}")
        return name, GgufTensor(shape, self._scalar("I"), self._scalar("Q"))

    def _value(self, kind: int, keep: bool) -> Any:
        if kind == STRING:
            return self._string()
        if kind in _SCALARS:
            return self._scalar(_SCALARS[kind])
        if kind != ARRAY:
            raise ValueError(f"a value has the unknown type {kind}")
        member, count = self._scalar("I"), self._scalar("Q")
        if count > MOST_ELEMENTS:
            raise ValueError(f"an array claims {count} elements")
        if member == STRING:
            strings = (self._string() for _ in range(count))
            return list(strings) if keep else sum(1 for _ in strings)
        if member not in _SCALARS:
            raise ValueError(f"an array has members of type {member}")
        form = f"<{count}{_SCALARS[member]}"
        begin, self._place = self._place, self._place + struct.calcsize(form)
        if self._place > len(self._data):
            raise ValueError("an array ends after the file")
        return list(struct.unpack_from(form, self._data, begin)) if keep else None

    def _string(self) -> str:
        length = self._scalar("Q")
        begin, end = self._place, self._place + length
        if end > len(self._data):
            raise ValueError("a text ends after the file")
        self._place = end
        return self._data[begin:end].decode("utf-8", errors="surrogateescape")

    def _scalar(self, form: str) -> Any:
        (value,) = struct.unpack_from(f"<{form}", self._data, self._place)
        self._place += struct.calcsize(f"<{form}")
        return value
