"""Readers of model files that share no code with the importers: what an accepted file has to hold.

They use the formats' own libraries (safetensors, gguf, NumPy, pyarrow) and otherwise the plainest
code there is, without regard for time or memory.
"""

from __future__ import annotations

import base64
import json
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pyarrow.parquet as pq
import safetensors
from gguf.quants import dequantize

from soak.readings import Given, Reading, Unconfirmed, Unreadable
from soak.word_vector_readers import read_word_vectors

TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2"}
TYPES |= {"I8": "<i1", "U8": "<u1"}


def read_safetensors(given: Given) -> Reading:
    """Read a folder with safetensors, in parts or not, and the tokenizer beside it."""
    part = given.folder / "0_Transformer"
    place = given.folder if _weights(given.folder) or not _weights(part) else part
    if (place / "model.safetensors").is_file():
        tensors = _tensors(place / "model.safetensors")
    else:
        index = json.loads((place / "model.safetensors.index.json").read_bytes())
        tensors = {
            name: tensor
            for file in sorted(set(index["weight_map"].values()))
            for name, tensor in _tensors(place / file).items()
            if index["weight_map"].get(name) == file
        }
    matrix = _numbers(tensors[str(given.tensor)])
    if given.tensor == "embeddings" and "mapping" in tensors:
        matrix = matrix[_numbers(tensors["mapping"]).astype(np.int64)]
    if given.tensor == "embeddings" and "weights" in tensors:
        matrix = matrix * _numbers(tensors["weights"]).astype(np.float32)[:, None]
    for folder in (place, given.folder):
        for name in ("tokenizer.json", "vocab.txt", "vocab.json", "x.tiktoken"):
            if (folder / name).is_file():
                tokens, aside = _tokenizer(folder / name)
                return Reading(spelt(_headless(tokens, len(matrix))), matrix, aside)
    raise Unreadable("no tokenizer")


def _weights(folder: Path) -> bool:
    names = ("model.safetensors", "model.safetensors.index.json")
    return any((folder / name).is_file() for name in names)


def _tensors(file: Path) -> dict[str, dict[str, Any]]:
    try:
        return dict(safetensors.deserialize(file.read_bytes()))
    except safetensors.SafetensorError as error:
        if "unknown variant" in str(error):
            raise Unconfirmed(
                "a tensor beside the embedding is of a type that it does not know"
            ) from error
        raise Unreadable(str(error)) from error


def _numbers(tensor: dict[str, Any]) -> np.ndarray:
    raw, shape = bytes(tensor["data"]), tensor["shape"]
    if tensor["dtype"] == "BF16":
        halves = np.frombuffer(raw, "<u2").astype(np.uint32) << 16
        return halves.view(np.float32).reshape(shape)
    with np.errstate(over="ignore", invalid="ignore"):
        return (
            np.frombuffer(raw, TYPES[tensor["dtype"]])
            .reshape(shape)
            .astype(np.int64 if tensor["dtype"][0] == "I" and len(shape) == 1 else np.float32)
        )


def _tokenizer(file: Path) -> tuple[list[str | None], frozenset[int]]:
    """Return tokens by row, and the rows that are special."""
    if _is_json(file) and file.suffix != ".json":
        return _json_list(file), frozenset()
    ranks = [re.fullmatch(r"[A-Za-z0-9+/]+=* \d+", line) for line in lines_of(file)]
    if file.suffix == ".txt" and not all(ranks):
        return list(lines_of(file)), frozenset()
    if file.suffix in (".txt", ".tiktoken"):
        pairs = [line.split() for line in lines_of(file)]
        return _by_row(
            (_level(base64.b64decode(token)), int(row)) for token, row in pairs
        ), frozenset()
    value = json.loads(file.read_bytes())
    if isinstance(value, list):
        return value, frozenset()
    if "model" not in value:
        return _by_row(value.items()), frozenset()
    vocab = value["model"]["vocab"]
    pairs = (
        list(vocab.items())
        if isinstance(vocab, dict)
        else [(t, n) for n, (t, _) in enumerate(vocab)]
    )
    added = value.get("added_tokens") or []
    pairs += [(token["content"], token["id"]) for token in added]
    return _by_row(pairs), frozenset(token["id"] for token in added if token.get("special"))


def _is_json(file: Path) -> bool:
    try:
        return isinstance(json.loads(file.read_bytes()), list | dict)
    except ValueError:
        return False


def _json_list(file: Path) -> list[str | None]:
    value = json.loads(file.read_bytes())
    return value if isinstance(value, list) else _by_row(value.items())


def _by_row(pairs: Any) -> list[str | None]:
    rows = {row: token for token, row in pairs}
    return [rows.get(row) for row in range(max(rows) + 1)]


def read_gguf(given: Given) -> Reading:
    """Read a GGUF file, or the two parts of one, with llama.cpp's own reader."""
    files = sorted(given.folder.glob("*.gguf")) if "-of-" in given.opened else [given.path]
    readers: list[gguf.GGUFReader] = []
    try:
        for file in files:
            readers.append(gguf.GGUFReader(file))
            if any(tensor.name == given.tensor for tensor in readers[-1].tensors):
                break
    except Exception as error:
        if re.search(
            "is not a valid GGMLQuantizationType|row size .* is not a multiple", str(error)
        ):
            raise Unconfirmed(
                "a tensor beside the embedding is of a type that it does not know"
            ) from error
        raise Unreadable(repr(error)) from error
    fields = readers[0].fields
    tokens = _contents(fields["tokenizer.ggml.tokens"])
    types = (
        _contents(fields["tokenizer.ggml.token_type"])
        if "tokenizer.ggml.token_type" in fields
        else []
    )
    for reader in readers:
        for tensor in reader.tensors:
            if tensor.name == given.tensor:
                with np.errstate(over="ignore", invalid="ignore"):
                    matrix = dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
                    matrix = matrix.reshape(-1, int(tensor.shape[0]))
                aside = frozenset(row for row, kind in enumerate(types) if kind in (2, 3, 5, 6))
                return Reading(spelt(tokens), matrix, aside)
    raise Unreadable(f"no tensor {given.tensor}")


def _contents(part: Any) -> list[Any]:
    if part.types[-1] == gguf.GGUFValueType.STRING:
        return [bytes(part.parts[at]).decode("utf-8", "surrogateescape") for at in part.data]
    return [part.parts[at][0] for at in part.data]


def read_numpy(given: Given) -> Reading:
    """Read a matrix of NumPy's and its list of words."""
    path = given.path if given.opened else next(given.folder.glob("*.npy"))
    try:
        loaded = np.load(path, allow_pickle=False)
        if path.suffix == ".npz":
            words = next(loaded[name] for name in loaded.files if loaded[name].dtype.kind == "U")
            return Reading(words.tolist(), _as_float32(loaded[str(given.tensor)]))
    except Exception as error:
        raise Unreadable(repr(error)) from error
    words_file = given.folder / given.words if given.words else next(given.folder.glob("w.*"))
    return Reading(spelt(_headless(list_words(words_file), len(loaded))), _as_float32(loaded))


def _headless(words: list[str | None], rows: int) -> list[str | None]:
    # A heading stays one where a mutation put bytes before it.
    headed = str(words[0]).removesuffix(" count").endswith("word") and len(words) == rows + 1
    return words[1:] if headed else words


def _as_float32(array: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore", invalid="ignore"):
        return array.astype(np.float32)


def list_words(file: Path) -> list[str | None]:
    """Return the words of a list: of Parquet, of JSON, or a line each, less a count behind it."""
    if file.suffix == ".parquet":
        numbers, words = pq.read_table(file).to_pydict().values()
        if sorted(numbers) != list(range(len(numbers))):
            return words
        return _by_row(zip(words, numbers, strict=True))
    if file.suffix == ".json":
        value = json.loads(file.read_bytes())
        return value if isinstance(value, list) else _tokenizer(file)[0]
    if _is_json(file):
        return _json_list(file)
    lines = lines_of(file)
    counted = [re.fullmatch(r"(.*) [+-]?\d[\d.e]*[ \t]*", line, re.DOTALL) for line in lines]
    if all(counted[1:]):
        return ([] if counted[0] else [lines[0]]) + [found[1] for found in counted if found]
    return list(lines)


def lines_of(file: Path) -> list[str]:
    """Return the lines of a text, without its mark and without blank ones at its end."""
    text = file.read_bytes().removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


# ---------------------------------------------------------------- texts of tokens


def spelt(tokens: list[str | None]) -> list[str | None]:
    """Return tokens without the marks of where words begin, as bytes where they stand for those."""
    there = [token for token in tokens if token]
    if sum("Ġ" in token for token in there) > len(there) / 5:
        return [None if token is None else _unlevel(token) for token in tokens]
    if any(token.startswith("▁") for token in there):
        return [None if token is None else token.replace("▁", " ").strip() for token in tokens]
    return [None if token is None else token.removeprefix("##") for token in tokens]


def _table() -> dict[int, str]:
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {b: chr(b) for b in printable} | {b: chr(256 + n) for n, b in enumerate(others)}


_CHARACTERS = _table()
_BYTES = {character: byte for byte, character in _CHARACTERS.items()}


def _level(raw: bytes) -> str:
    return "".join(_CHARACTERS[byte] for byte in raw)


def _unlevel(token: str) -> str | None:
    try:
        return bytes(_BYTES[character] for character in token).decode("utf-8").strip(" ")
    except (KeyError, UnicodeDecodeError):
        return None


def normal(text: str) -> str:
    """Return a text as compositions have it, without the marks of pieces and headings."""
    return unicodedata.normalize("NFC", text.strip()).lstrip("#")


READERS: dict[str, Callable[[Given], Reading]] = {
    "huggingface": read_safetensors,
    "gguf": read_gguf,
    "numpy": read_numpy,
    "word-vectors": read_word_vectors,
}
"""By the name of the importer."""
