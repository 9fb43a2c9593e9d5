"""Small model files of every format that is opened, cut out of real models.

Some dozens of tokens with the first columns of their vectors, so that a file has a few kilobytes and
is opened in milliseconds, with everything in it that the whole one has.
"""

from __future__ import annotations

import base64
import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from gguf.quants import dequantize
from safetensors.numpy import load_file

from tests import models

COLUMNS = 32
SPECIALS, UNUSED, WHOLE, PIECES = 5, 3, 48, 12

Vectors = np.ndarray


@dataclass(frozen=True)
class Sample:
    """A model as files by name; `opened` is the one that is given ("" for the folder), `words` the
    list that is given with it."""

    name: str
    files: dict[str, bytes]
    opened: str = ""
    words: str | None = None


def samples(folder: Path) -> list[Sample]:
    """Return a sample of every format, written below an empty folder."""
    models.require()
    wordpiece, bert = _minilm()
    bytelevel, smol = _smollm()
    pieces, llama = _wordllama()
    words, glove = _glove()
    return [
        *_safetensors(wordpiece, bert, bytelevel, smol, pieces, llama),
        *_gguf(folder, bytelevel, smol, pieces, llama),
        *_numpy(folder, words, glove),
        *_word_vectors(words, glove),
    ]


# ---------------------------------------------------------------- tokens and vectors of real models


def _minilm() -> tuple[list[str], Vectors]:
    tokens = (models.MINILM / "vocab.txt").read_text("utf-8").split("\n")
    whole = [row for row, token in enumerate(tokens) if token.isalpha() and len(token) > 2]
    pieces = [row for row, token in enumerate(tokens) if token.startswith("##") and token[2:]]
    special = [tokens.index(name) for name in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")]
    rows = special[:SPECIALS] + list(range(1, 1 + UNUSED))
    rows += whole[2_000 :: len(whole) // WHOLE][:WHOLE] + pieces[100 : 100 + PIECES]
    file = load_file(models.MINILM / "model.safetensors")
    return [tokens[row] for row in rows], file["embeddings.word_embeddings.weight"][rows, :COLUMNS]


def _smollm() -> tuple[list[str], Vectors]:
    reader = gguf.GGUFReader(models.SMOLLM)
    tokens = reader.fields["tokenizer.ggml.tokens"].contents()
    whole = [
        row for row, token in enumerate(tokens) if token.startswith("Ġ") and token[1:].isalpha()
    ]
    pieces = [row for row, token in enumerate(tokens) if token.isascii() and token.isalpha()]
    fragments = [row for row, token in enumerate(tokens) if token in ("Ã", "Ã©", "Ġ", "Ċ")]
    rows = [0, 1, 2, *whole[3_000 :: len(whole) // WHOLE][:WHOLE], *pieces[300 : 300 + PIECES]]
    rows += fragments
    (stored,) = (t for t in reader.tensors if t.name == "token_embd.weight")
    matrix = dequantize(stored.data[rows], stored.tensor_type)
    return [tokens[row] for row in rows], matrix[:, :COLUMNS].astype(np.float32)


def _wordllama() -> tuple[list[str], Vectors]:
    value = json.loads(models.WORDLLAMA_TOKENIZER.read_text("utf-8"))
    vocabulary = value["model"]["vocab"]
    tokens = sorted(vocabulary, key=lambda token: vocabulary[token])
    whole = [row for row, token in enumerate(tokens) if token[0] == "▁" and token[1:].isalpha()]
    rows = [0, 1, 2, 3, 200, *whole[2_000 :: len(whole) // WHOLE][:WHOLE]]
    rows += [row for row, token in enumerate(tokens) if token.isascii() and token.isalpha()][
        300:312
    ]
    (matrix,) = load_file(models.WORDLLAMA).values()
    return [tokens[row] for row in rows], matrix[rows, :COLUMNS].astype(np.float32)


def _glove() -> tuple[list[str], Vectors]:
    words = pq.read_table(models.GLOVE_WORDS).column(0).to_pylist()
    rows = [*range(12), *range(1_000, 3_000, 45)]
    rows += [row for row, word in enumerate(words[:20_000]) if not word.isascii()][:3]
    matrix = np.load(models.GLOVE, mmap_mode="r")
    return [words[row] for row in rows], np.array(matrix[rows, :COLUMNS], dtype=np.float32)


# ---------------------------------------------------------------- safetensors


def bfloat16(matrix: Vectors) -> bytes:
    """Return the upper halves of float32 numbers."""
    return (np.ascontiguousarray(matrix, "<f4").view(np.uint32) >> 16).astype("<u2").tobytes()


def safetensors_bytes(tensors: dict[str, tuple[str, tuple[int, ...], bytes]]) -> bytes:
    """Return a safetensors file of tensors given as type, shape and bytes."""
    header: dict[str, Any] = {}
    data = b""
    for name, (dtype, shape, raw) in tensors.items():
        offsets = [len(data), len(data) + len(raw)]
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": offsets}
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    return struct.pack("<Q", len(text)) + text + data


def _ids(tokens: list[str]) -> dict[str, int]:
    return {token: row for row, token in enumerate(tokens)}


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _tokenizer(kind: str, tokens: list[str], special: int, **around: object) -> bytes:
    added = [{"id": row, "content": tokens[row], "special": True} for row in range(special)]
    model = {"type": kind, "vocab": _ids(tokens)}
    return _json({"version": "1.0", "added_tokens": added, "model": model, **around})


def _safetensors(
    wordpiece: list[str],
    bert: Vectors,
    bytelevel: list[str],
    smol: Vectors,
    pieces: list[str],
    llama: Vectors,
) -> list[Sample]:
    f32 = {"embeddings.word_embeddings.weight": ("F32", bert.shape, bert.astype("<f4").tobytes())}
    f32["encoder.layer.0.output.dense.bias"] = ("F16", (4,), bytes(8))
    half = {"model.embed_tokens.weight": ("F16", llama.shape, llama.astype("<f2").tobytes())}
    half["model.layers.0.mlp.w1"] = ("F4", (4, 4), bytes(8))
    brain = {"model.embed_tokens.weight": ("BF16", smol.shape, bfloat16(smol))}
    order = np.random.default_rng(0).permutation(len(bert))
    weights = np.linspace(0.5, 1.5, len(bert)).astype("<f4")
    static = {
        "embeddings": ("F32", bert.shape, bert[order].astype("<f4").tobytes()),
        "mapping": ("I64", (len(bert),), np.argsort(order).astype("<i8").tobytes()),
        "weights": ("F32", (len(bert),), weights.tobytes()),
    }
    index = {
        "weight_map": {"model.embed_tokens.weight": "a.safetensors", "model.norm": "b.safetensors"}
    }
    tokenizer = _tokenizer("WordPiece", wordpiece, SPECIALS, decoder={"type": "WordPiece"})
    level = {"type": "ByteLevel", "add_prefix_space": False}
    ranks = [
        base64.b64encode(_as_bytes(token)) + b" %d" % row for row, token in enumerate(bytelevel)
    ]
    return [
        Sample("wordpiece", {
            "model.safetensors": safetensors_bytes(f32), "tokenizer.json": tokenizer,
            "config.json": _json({"model_type": "bert", "vocab_size": len(bert)}),
        }),
        Sample("vocab.txt", {
            "model.safetensors": safetensors_bytes(f32),
            "vocab.txt": "\n".join([*wordpiece, ""]).encode(),
        }),
        Sample("shards", {
            "a.safetensors": safetensors_bytes(brain),
            "b.safetensors": safetensors_bytes({"model.norm": ("F32", (2,), bytes(8))}),
            "model.safetensors.index.json": _json(index),
            "tokenizer.json": _tokenizer("BPE", bytelevel, 3, pre_tokenizer=level, decoder=level),
        }),
        Sample("sentencepiece", {
            "model.safetensors": safetensors_bytes(half),
            "tokenizer.json": _tokenizer("BPE", pieces, 3, decoder={"type": "Metaspace"}),
        }),
        Sample("parts", {
            "modules.json": _json([{"path": "0_Transformer", "type": "x.Transformer"}]),
            "0_Transformer/model.safetensors": safetensors_bytes(half),
            "0_Transformer/vocab.json": _json(_ids(pieces)),
        }),
        Sample("tiktoken", {
            "model.safetensors": safetensors_bytes(brain), "x.tiktoken": b"\n".join([*ranks, b""]),
        }),
        Sample("model2vec", {
            "model.safetensors": safetensors_bytes(static), "tokenizer.json": tokenizer,
        }),
    ]  # fmt: skip


def _as_bytes(token: str) -> bytes:
    """Return the bytes of a byte-level token."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    byte_of = {chr(byte): byte for byte in printable}
    byte_of |= {chr(256 + place): byte for place, byte in enumerate(others)}
    return bytes(byte_of.get(character, 63) for character in token)


# ---------------------------------------------------------------- GGUF


def _gguf(
    folder: Path, bytelevel: list[str], smol: Vectors, pieces: list[str], llama: Vectors
) -> list[Sample]:
    kinds = {"Q8_0": gguf.GGMLQuantizationType.Q8_0, "F16": gguf.GGMLQuantizationType.F16}
    one = _write_gguf(folder / "one.gguf", "gpt2", bytelevel, smol, kinds["Q8_0"])
    two = _write_gguf(folder / "two.gguf", "gemma4", pieces, llama, kinds["F16"])
    head = _write_gguf(folder / "head.gguf", "llama", pieces, None, kinds["F16"])
    tail = _write_gguf(folder / "tail.gguf", None, None, llama, kinds["F16"])
    parts = {"m-00001-of-00002.gguf": head, "m-00002-of-00002.gguf": tail}
    return [
        Sample("gguf", {"m.gguf": one}, "m.gguf"),
        Sample("gguf by its marks", {"m.gguf": two}, "m.gguf"),
        Sample("gguf in parts", parts, "m-00001-of-00002.gguf"),
    ]


def _write_gguf(
    path: Path,
    model: str | None,
    tokens: list[str] | None,
    matrix: Vectors | None,
    kind: gguf.GGMLQuantizationType,
) -> bytes:
    writer = gguf.GGUFWriter(path, "llama")
    if model is not None and tokens is not None:
        writer.add_tokenizer_model(model)
        writer.add_token_list(tokens)
        writer.add_token_types([3] * 3 + [1] * (len(tokens) - 3))
    if matrix is not None:
        raw = gguf.quants.quantize(matrix, kind)
        writer.add_tensor("token_embd.weight", raw, raw_dtype=kind)
    writer.add_tensor("output_norm.weight", np.ones(4, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path.read_bytes()


# ---------------------------------------------------------------- NumPy, GloVe, word2vec


def _numpy(folder: Path, words: list[str], glove: Vectors) -> list[Sample]:
    np.save(folder / "m.npy", glove)
    np.save(folder / "d.npy", glove.astype(">f8"))
    np.savez(folder / "m.npz", vectors=glove, words=np.array(words))
    pq.write_table(pa.table({"n": range(len(words)), "word": words}), folder / "w.parquet")
    raw = {name: (folder / name).read_bytes() for name in ("m.npy", "d.npy", "m.npz", "w.parquet")}
    plain = "\n".join([*words, ""]).encode()
    counted = "".join(f"{word} {9_000 // (row + 1)}\n" for row, word in enumerate(words)).encode()
    return [
        Sample("npy", {"m.npy": raw["m.npy"], "w.txt": plain}, "m.npy", "w.txt"),
        Sample("npy folder", {"m.npy": raw["d.npy"], "w.parquet": raw["w.parquet"]}),
        Sample("npy with counts", {"m.npy": raw["m.npy"], "w.txt": counted}, "m.npy", "w.txt"),
        Sample("npy with JSON", {"m.npy": raw["m.npy"], "w.json": _json(words)}, "m.npy", "w.json"),
        Sample("npz", {"m.npz": raw["m.npz"]}, "m.npz"),
    ]  # fmt: skip


def _word_vectors(words: list[str], glove: Vectors) -> list[Sample]:
    rows = "".join(
        f"{word} {' '.join(f'{number:.5f}' for number in vector)}\n"
        for word, vector in zip(words, glove, strict=True)
    )
    counts = f"{len(words)} {glove.shape[1]}\n"
    binary = [
        counts.encode()
        + b"".join(
            word.encode() + b" " + vector.astype("<f4").tobytes() + end
            for word, vector in zip(words, glove, strict=True)
        )
        for end in (b"", b"\n")
    ]
    return [
        Sample("GloVe", {"v.txt": rows.encode()}, "v.txt"),
        Sample("word2vec text", {"v.vec": (counts + rows).encode()}, "v.vec"),
        Sample("word2vec binary", {"v.bin": binary[0]}, "v.bin"),
        Sample("word2vec binary, lines", {"v.bin": binary[1]}, "v.bin"),
    ]
