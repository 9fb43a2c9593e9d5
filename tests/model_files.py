"""Small model files of every form, built by hand so that tests can also make them lie."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from pathlib import Path

import gguf
import numpy as np

from hartonomous.extract.extraction import open_model
from hartonomous.extract.importer_protocol import OpenedModel, OpenOptions

TOKENS = ["[PAD]", "[unused1]", "king", "queen", "##ing", "throne", "crown"]
TEXT, ARRAY, UINT32 = 8, 9, 4


def vectors(rows: int = len(TOKENS), columns: int = 4) -> np.ndarray:
    """Return some float32 vectors, always the same."""
    return np.random.default_rng(3).normal(size=(rows, columns)).astype(np.float32)


def opened(path: Path, importer: str | None = None, **options: object) -> OpenedModel:
    """Return what lies at a path, opened as a command opens it."""
    return open_model(str(path), OpenOptions(**options), importer)  # type: ignore[arg-type]


def texts(model: OpenedModel) -> set[str]:
    """Return the texts of a model's compositions."""
    return set(model.vocabulary.compositions["text"].to_pylist())


def kinds(model: OpenedModel) -> dict[str, str]:
    """Return the kind of each text of a model's compositions."""
    table = model.vocabulary.compositions
    return dict(zip(table["text"].to_pylist(), table["kind"].to_pylist(), strict=True))


def write_raw_safetensors(path: Path, header: bytes, data: bytes = b"") -> Path:
    """Write a header as it is given, sound or not."""
    path.write_bytes(struct.pack("<Q", len(header)) + header + data)
    return path


def write_safetensors(path: Path, tensors: dict[str, tuple[str, tuple[int, ...], bytes]]) -> Path:
    """Write tensors given as type, shape and bytes; NumPy knows no bfloat16."""
    header, data = {}, b""
    for name, (dtype, shape, raw) in tensors.items():
        offsets = [len(data), len(data) + len(raw)]
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": offsets}
        data += raw
    return write_raw_safetensors(path, json.dumps(header, separators=(",", ":")).encode(), data)


def write_matrix(path: Path, matrix: np.ndarray, name: str = "wte.weight") -> Path:
    """Write one float32 matrix as safetensors."""
    raw = matrix.astype("<f4").tobytes()
    return write_safetensors(path, {name: ("F32", matrix.shape, raw)})


def write_gguf(
    path: Path,
    matrix: np.ndarray,
    tokens: list[str],
    types: list[int],
    form: str = "F32",
    model: str = "gpt2",
) -> Path:
    """Write a GGUF file as llama.cpp's own writer does."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tokenizer_model(model)
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    kind = gguf.GGMLQuantizationType[form]
    writer.add_tensor("token_embd.weight", gguf.quants.quantize(matrix, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def gguf_text(text: str | bytes) -> bytes:
    """Return a text as GGUF has it: its length, then its bytes."""
    raw = text.encode() if isinstance(text, str) else text
    return struct.pack("<Q", len(raw)) + raw


def gguf_value(name: str | bytes, kind: int, raw: bytes) -> bytes:
    """Return one entry of a GGUF header."""
    return gguf_text(name) + struct.pack("<I", kind) + raw


def gguf_texts(name: str, members: Sequence[str | bytes], claimed: int | None = None) -> bytes:
    """Return an array of texts, with the number of members it claims to have."""
    count = struct.pack("<IQ", TEXT, len(members) if claimed is None else claimed)
    return gguf_value(name, ARRAY, count + b"".join(map(gguf_text, members)))


def gguf_tensor(
    name: str | bytes, shape: Sequence[int], kind: int = 0, offset: int = 0, dimensions: int = -1
) -> bytes:
    """Return a tensor's description; `shape` is innermost first, as in the file."""
    count = len(shape) if dimensions < 0 else dimensions
    return (
        gguf_text(name)
        + struct.pack(f"<I{len(shape)}Q", count, *shape)
        + struct.pack("<IQ", kind, offset)
    )


def gguf_file(
    values: Sequence[bytes],
    tensors: Sequence[bytes],
    data: bytes = b"",
    counts: tuple[int, int] | None = None,
    version: int = 3,
) -> bytes:
    """Return a whole file; `counts` are the tensors and values it claims to have."""
    claimed = counts or (len(tensors), len(values))
    head = b"GGUF" + struct.pack("<IQQ", version, *claimed) + b"".join([*values, *tensors])
    return head + bytes(-len(head) % 32) + data


TOKENIZER = [
    gguf_value("tokenizer.ggml.model", TEXT, gguf_text("gpt2")),
    gguf_texts("tokenizer.ggml.tokens", ["a", "b"]),
]
"""The values of a sound GGUF header with two tokens."""

EMBEDDING = gguf_tensor("token_embd.weight", (4, 2))
