"""GGUF files: a bounds-checked header parser, and dequantisation of one tensor.

Layout: ggml's GGUF specification, versions 2 and 3, little-endian. Only requested values are kept;
other arrays are skipped.
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
from hartonomous.extract.files.untrusted_files import shown

MAGIC = b"GGUF"
VERSIONS = (2, 3)
MOST_ENTRIES = 1 << 16
MOST_TEXTS = 1 << 22
"""Most strings in one header: the largest vocabularies and their merges have less than a million.
"""

LONGEST_NAME = 1 << 16
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
    """A tensor in the header: `shape` outermost first, `offset` from the start of the file."""

    shape: tuple[int, ...]
    type: int
    offset: int


@dataclass(frozen=True)
class GgufHeader:
    """The requested values, and every tensor by name."""

    values: dict[str, Any]
    tensors: dict[str, GgufTensor]


def is_gguf(path: Path) -> bool:
    """Return whether a file has GGUF's magic bytes."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) == MAGIC


def read_header(path: Path, wanted: Collection[str]) -> GgufHeader:
    """Return a file's header with the requested values.

    Raises BadInput for a truncated, oversized or false header.
    """
    try:
        with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
            header = _Walk(path, data).header(wanted)
    except (struct.error, IndexError, ValueError, OverflowError) as error:
        raise BadInput(f"{path} is truncated or has a damaged GGUF header: {error}.") from error
    for name, tensor in header.tensors.items():
        if _end(tensor) > path.stat().st_size:
            raise BadInput(f"{path} is truncated: bytes of {shown(name)} are missing.")
    return header


def read_matrix(path: Path, header: GgufHeader, name: str) -> NDArray[np.float32]:
    """Return a matrix (rows, columns) dequantised to float32.

    Raises BadInput for an unsupported type, and for bytes outside the file or of another tensor.
    """
    from gguf import GGMLQuantizationType
    from gguf.quants import dequantize

    tensor = header.tensors[name]
    width = _stored_width(tensor)
    if width is None:
        raise BadInput(
            f"{path}: {shown(name)} has {tensor.shape[-1]} columns of GGUF type {tensor.type}; "
            "the type is unknown, or does not allow this number."
        )
    stored = (math.prod(tensor.shape[:-1]), width)
    for other, theirs in header.tensors.items():
        if other != name and theirs.offset < _end(tensor) and tensor.offset < _end(theirs):
            raise BadInput(
                f"{path}: the header is wrong: {shown(name)} and {shown(other)} share bytes."
            )
    raw = np.memmap(path, dtype=np.uint8, mode="r", offset=tensor.offset, shape=stored)
    kind = GGMLQuantizationType(tensor.type)
    try:
        # A damaged scale overflows to infinity; such rows are refused later, by name.
        with np.errstate(over="ignore", invalid="ignore"):
            return np.asarray(dequantize(raw, kind), dtype=np.float32).reshape(tensor.shape)
    except NotImplementedError as error:
        raise BadInput(
            f"{path}: {shown(name)} is {kind.name}, which cannot be dequantised."
        ) from error


def _stored_width(tensor: GgufTensor) -> int | None:
    """Return the bytes of one row, None for an unknown type or one with other block sizes."""
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

    try:
        block, width = GGML_QUANT_SIZES[GGMLQuantizationType(tensor.type)]
    except (ValueError, KeyError):
        return None
    return None if tensor.shape[-1] % block else tensor.shape[-1] // block * width


def _end(tensor: GgufTensor) -> int:
    """Return the end of a tensor's bytes; one of unknown type is taken to have one byte."""
    width = _stored_width(tensor)
    return tensor.offset + (1 if width is None else math.prod(tensor.shape[:-1]) * width)


class _Walk:
    def __init__(self, path: Path, data: mmap) -> None:
        self._path, self._data, self._place = path, data, 0
        self._texts_left = MOST_TEXTS

    def header(self, wanted: Collection[str]) -> GgufHeader:
        if self._data[:4] != MAGIC:
            raise BadInput(f"{self._path} is not a GGUF file.")
        self._place = 4
        version = self._scalar("I")
        if int.from_bytes(version.to_bytes(4, "little"), "big") in VERSIONS:
            raise BadInput(
                f"{self._path} is a big-endian GGUF file; only little-endian ones are supported. "
                "Download the usual one, or convert it: gguf_convert_endian.py FILE little."
            )
        if version not in VERSIONS:
            raise BadInput(
                f"{self._path} is GGUF version {version}; versions {VERSIONS} are supported."
            )
        tensors, entries = self._scalar("Q"), self._scalar("Q")
        if max(tensors, entries) > MOST_ENTRIES:
            raise ValueError(f"it claims {tensors} tensors and {entries} values")
        values: dict[str, Any] = {"general.alignment": 32}
        seen: set[str] = set()
        for _ in range(entries):
            name = self._name()
            if name in seen:
                raise ValueError(f"{shown(name)} occurs twice")
            seen.add(name)
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
                raise ValueError(f"{shown(name)} begins after the file's end")
        return placed

    def _tensor(self) -> tuple[str, GgufTensor]:
        name = self._name()
        dimensions = self._scalar("I")
        if not 1 <= dimensions <= DEPTH:
            raise ValueError(f"{shown(name)} has {dimensions} dimensions")
        shape = tuple(reversed([self._scalar("Q") for _ in range(dimensions)]))
        if not 0 < math.prod(shape) < 1 << 48:
            raise ValueError(f"{shown(name)} has the shape {shape}")
        return name, GgufTensor(shape, self._scalar("I"), self._scalar("Q"))

    def _value(self, kind: int, keep: bool) -> Any:
        if kind == STRING:
            return self._text() if keep else self._skip_text()
        if kind in _SCALARS:
            return self._scalar(_SCALARS[kind])
        if kind != ARRAY:
            raise ValueError(f"a value has the unknown type {kind}")
        member, count = self._scalar("I"), self._scalar("Q")
        if member == STRING:
            return self._texts(count, keep)
        if member not in _SCALARS:
            raise ValueError(f"an array has members of type {member}")
        begin = self._step(count * struct.calcsize(f"<{_SCALARS[member]}"))
        if not keep:
            return None
        if count > MOST_TEXTS:
            raise ValueError(f"an array claims {count} elements")
        return list(struct.unpack_from(f"<{count}{_SCALARS[member]}", self._data, begin))

    def _texts(self, count: int, keep: bool) -> list[str] | None:
        self._texts_left -= count
        if self._texts_left < 0:
            raise ValueError(f"it claims more than {MOST_TEXTS} texts")
        if keep:
            return [self._text() for _ in range(count)]
        for _ in range(count):
            self._skip_text()
        return None

    def _name(self) -> str:
        name = self._text()
        if len(name) > LONGEST_NAME:
            raise ValueError(f"a name has {len(name)} characters")
        if not name.isascii():
            raise ValueError(f"the name {shown(name)} is not ASCII")
        return name

    def _text(self) -> str:
        length = self._scalar("Q")
        begin = self._step(length)
        return self._data[begin : begin + length].decode("utf-8", errors="surrogateescape")

    def _skip_text(self) -> None:
        self._step(self._scalar("Q"))

    def _step(self, length: int) -> int:
        """Skip bytes, which all have to exist; return their start."""
        begin = self._place
        if begin + length > len(self._data):
            raise ValueError("it ends within a value")
        self._place += length
        return begin

    def _scalar(self, form: str) -> Any:
        begin = self._step(struct.calcsize(f"<{form}"))
        (value,) = struct.unpack_from(f"<{form}", self._data, begin)
        return value
