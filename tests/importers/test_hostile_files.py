"""Files that are damaged, lie, or were made to do harm: each is refused, soon and cheaply."""

from __future__ import annotations

import json
import os
import pickle
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from hartonomous.errors import BadInput, NotFound
from tests.made_types import bundle_of_every_type
from tests.model_files import (
    EMBEDDING,
    TEXT,
    TOKENIZER,
    TOKENS,
    UINT32,
    gguf_file,
    gguf_tensor,
    gguf_text,
    gguf_texts,
    gguf_value,
    opened,
    texts,
    vectors,
    write_gguf,
    write_matrix,
    write_raw_safetensors,
    write_safetensors,
)

CYPHER = "king'}) DETACH DELETE n //"
NPY_HEADER = "{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}"

quick = settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A tiny BERT: safetensors and vocab.txt."""
    write_matrix(tmp_path / "model.safetensors", vectors())
    (tmp_path / "vocab.txt").write_text("\n".join(TOKENS) + "\n")
    return tmp_path


def npy(dtype: str, shape: str, data: bytes = b"") -> bytes:
    """Return an .npy file that claims a type and shape."""
    header = NPY_HEADER.format(dtype, shape).ljust(117).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


# ---------------------------------------------------------------- no model


def test_not_a_model(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("hello there\n")
    (tmp_path / "empty.txt").write_bytes(b"")
    os.mkfifo(tmp_path / "pipe.txt")
    for name in ("", "readme.txt", "empty.txt", "pipe.txt"):
        with pytest.raises(BadInput, match="not a model that any importer reads"):
            opened(tmp_path / name)
    with pytest.raises(NotFound, match="nothing at"):
        opened(tmp_path / "missing.gguf")


def test_a_bundle_is_told_from_a_model(tmp_path: Path) -> None:
    bundle = bundle_of_every_type(tmp_path, 1)
    with pytest.raises(BadInput, match=rf"is a bundle.*'hartonomous load {bundle.path} --as NAME'"):
        opened(bundle.path)


@pytest.mark.parametrize(
    "name",
    ["pytorch_model.bin", "m.bin", "m.pt", "m.pth", "m.ckpt", "m.pkl", "m.joblib", "vectors.kv"],
)
def test_pickles_are_refused_by_name_with_the_reason(tmp_path: Path, name: str) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return os.mkdir, (str(tmp_path / "sprung"),)

    (tmp_path / name).write_bytes(pickle.dumps(Trap()))
    for path in (tmp_path, tmp_path / name):
        for importer in (None, "word-vectors", "huggingface"):
            with pytest.raises(BadInput, match=rf"(?s){name}.*refused.*unpickling runs.*safetens"):
                opened(path, importer)
    assert not (tmp_path / "sprung").exists()


def test_a_numpy_file_with_objects_is_refused(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return os.mkdir, (str(tmp_path / "sprung"),)

    objects = np.array([[Trap(), 1]], dtype=object)
    np.save(tmp_path / "m.npy", objects, allow_pickle=True)
    np.savez(tmp_path / "m.npz", a=objects)
    np.savez(tmp_path / "words.npz", a=vectors(1), words=np.array([Trap()], dtype=object))
    (tmp_path / "w.txt").write_text("a")
    for name in ("m.npy", "m.npz", "words.npz"):
        with pytest.raises(BadInput, match="Python objects"):
            opened(tmp_path / name, vocabulary=tmp_path / "w.txt")
    assert not (tmp_path / "sprung").exists()


def test_an_unknown_layout_names_the_choices(tmp_path: Path) -> None:
    tensors = {"enc.a": vectors(), "enc.b": vectors(), "line": vectors()[0]}
    save_file(tensors, tmp_path / "model.safetensors")
    (tmp_path / "vocab.txt").write_text("\n".join(TOKENS))
    with pytest.raises(BadInput, match=r"--tensor.*: 'enc\.a' 7x4, 'enc\.b' 7x4\.$"):
        opened(tmp_path)
    with pytest.raises(BadInput, match=r"no matrix called 'enc\.c'"):
        opened(tmp_path, tensor="enc.c")
    with pytest.raises(BadInput, match="no matrix called 'line'"):
        opened(tmp_path, tensor="line")
    assert len(texts(opened(tmp_path, tensor="enc.b"))) == 5
    other = gguf_file(TOKENIZER, [gguf_tensor("other\x1b[2J", (4, 2))], bytes(32))
    (tmp_path / "m.gguf").write_bytes(other)
    with pytest.raises(BadInput, match=r"no matrix.*--tensor.*'other\\x1b\[2J'\.$"):
        opened(tmp_path / "m.gguf")


# ---------------------------------------------------------------- rows


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_rows_that_are_not_finite_are_refused(folder: Path, value: float) -> None:
    matrix = vectors()
    matrix[3, 1] = value
    write_matrix(folder / "model.safetensors", matrix)
    with pytest.raises(BadInput, match=r"row 3 \('queen'\) is not finite; the file"):
        opened(folder)
    matrix[5:7, 0] = value
    write_matrix(folder / "model.safetensors", matrix)
    with pytest.raises(BadInput, match=r"row 3 \('queen'\) is not finite, nor are 2 others"):
        opened(folder)
    matrix = vectors()
    matrix[0, 0] = value
    write_matrix(folder / "model.safetensors", matrix)
    assert len(texts(opened(folder))) == 5  # only the excluded [PAD] is not finite


def test_what_float32_cannot_hold_is_not_finite(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("a 1 2\nb 1e300 2\n")
    (tmp_path / "w.txt").write_text("a\nb\n")
    huge = np.array([[1.0, 2.0], [1e300, 2.0]])
    np.save(tmp_path / "m.npy", huge)
    np.savez(tmp_path / "m.npz", m=huge, words=np.array(["a", "b"]))
    tensors = {"wte.weight": ("F64", (2, 2), huge.tobytes())}
    write_safetensors(tmp_path / "m.safetensors", tensors)
    for name in ("v.txt", "m.npy", "m.npz", "m.safetensors"):
        words = tmp_path / "w.txt" if name in ("m.npy", "m.safetensors") else None
        with pytest.raises(BadInput, match=r"row 1 \('b'\) is not finite"):
            opened(tmp_path / name, vocabulary=words)


def test_zero_vectors_are_excluded_and_counted(folder: Path) -> None:
    matrix = vectors()
    matrix[2] = 0
    matrix[0] = -0.0  # [PAD]: special is the better reason
    write_matrix(folder / "model.safetensors", matrix)
    model = opened(folder)
    assert model.vocabulary.excluded == {"special": 1, "unused": 1, "zero vector": 1}
    assert "king" not in texts(model)


def test_lengths_that_differ_are_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "vocab.txt").write_text("\n".join([*TOKENS, "more", "words"]))
    for limit in (None, 3):
        with pytest.raises(BadInput, match=r"7 rows .* 9 tokens; they belong to different"):
            opened(folder, limit=limit)
    np.save(tmp_path / "m.npy", vectors(3))
    for words in ("a\nb\n", "a\nb\nc\nd\n"):
        (tmp_path / "w.txt").write_text(words)
        with pytest.raises(BadInput, match=r"3 rows .* [24] words"):
            opened(tmp_path / "m.npy", vocabulary=tmp_path / "w.txt", limit=2)
    with pytest.raises(BadInput, match="--vocabulary"):
        opened(tmp_path / "m.npy")


def test_spare_rows_of_a_list_without_numbers_are_refused(folder: Path) -> None:
    for spare in (1, 1_024, 1_025):
        write_matrix(folder / "model.safetensors", vectors(len(TOKENS) + spare))
        with pytest.raises(BadInput, match=rf"{7 + spare} rows .* 7 tokens; "):
            opened(folder)


# ---------------------------------------------------------------- words


def test_too_few_compositions_are_refused(tmp_path: Path) -> None:
    write_matrix(tmp_path / "model.safetensors", vectors(3))
    (tmp_path / "vocab.txt").write_text("[PAD]\n[CLS]\nking")
    with pytest.raises(BadInput, match=r"1 compositions; it takes two.*2 special"):
        opened(tmp_path)


def test_an_empty_vocabulary_is_refused(tmp_path: Path) -> None:
    write_matrix(tmp_path / "model.safetensors", vectors(0))
    (tmp_path / "tokenizer.json").write_text('{"model": {"type": "BPE", "vocab": {}}}')
    with pytest.raises(BadInput, match="vocabulary is empty"):
        opened(tmp_path)
    (tmp_path / "v.bin").write_bytes(b"0 5\n")
    with pytest.raises(BadInput, match="vocabulary is empty"):
        opened(tmp_path / "v.bin")
    np.save(tmp_path / "m.npy", vectors(1))
    (tmp_path / "w.txt").write_bytes(b"")
    with pytest.raises(BadInput, match="empty word list"):
        opened(tmp_path / "m.npy", vocabulary=tmp_path / "w.txt")


def test_equal_after_normalisation_the_first_row_stands(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("café 1 2\ncafe\u0301 3 4\nking 5 6\n", encoding="utf-8")
    model = opened(tmp_path / "v.txt")
    words = model.vocabulary.compositions["text"].to_pylist()
    assert model.vocabulary.merged == 1
    found = dict(zip(words, model.tracks[0].vectors(0).tolist(), strict=True))
    assert found == {"café": [1, 2], "king": [5, 6]}


def test_text_that_is_no_word_is_left_out(tmp_path: Path) -> None:
    words = [b"king", b"queen", b"nul\x00", b"\xff\xfe", "\u202eevil".encode(), b"x" * 10_000_000]
    (tmp_path / "w.txt").write_bytes(b"\n".join(words))
    np.save(tmp_path / "m.npy", vectors(6))
    model = opened(tmp_path / "m.npy", vocabulary=tmp_path / "w.txt")
    assert texts(model) == {"king", "queen"}
    counted = {"longer than 256 characters": 1, "not UTF-8": 1, "unprintable characters": 2}
    assert model.vocabulary.excluded == counted
    write_matrix(tmp_path / "model.safetensors", vectors(3))
    tokens = b'{"model":{"type":"WordLevel","vocab":{"a":0,"b":1,"\\ud800":2}}}'
    (tmp_path / "tokenizer.json").write_bytes(tokens)
    assert opened(tmp_path).vocabulary.excluded == {"unprintable characters": 1}
    (tmp_path / "v.txt").write_bytes(b"king 1 2\n" + b"x" * (10 << 20) + b" 1 2\n")
    with pytest.raises(BadInput, match=r"line 2: .* under 1 MiB"):
        opened(tmp_path / "v.txt")
    (tmp_path / "v.bin").write_bytes(b"1 2\n" + b"x" * (10 << 20) + b" " + bytes(8))
    with pytest.raises(BadInput, match=r"word 1 .* does not end"):
        opened(tmp_path / "v.bin")


def test_cypher_is_text_like_any_other(tmp_path: Path) -> None:
    path = tmp_path / f"{CYPHER.replace('/', '-')}.npz"
    np.savez(path, m=vectors(2), words=np.array([CYPHER, "`) //"]))
    model = opened(path)
    assert texts(model) == {CYPHER, "`) //"}
    assert model.files[0].name == path.name


# ---------------------------------------------------------------- safetensors


def test_links_out_of_the_folder_are_not_followed(folder: Path, tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "model.safetensors").symlink_to(folder / "model.safetensors")
    (inner / "vocab.txt").write_text("\n".join(TOKENS))
    with pytest.raises(BadInput, match="leads out"):
        opened(inner)
    (inner / "model.safetensors").unlink()
    write_matrix(inner / "model.safetensors", vectors())
    (inner / "vocab.txt").unlink()
    (inner / "vocab.txt").symlink_to(folder / "vocab.txt")
    with pytest.raises(BadInput, match="leads out"):
        opened(inner)


@pytest.mark.parametrize(
    ("index", "fault"),
    [
        ('{"weight_map": {"a": "../model.safetensors"}}', "not a file beside it"),
        ('{"weight_map": {"a": "sub/model.safetensors"}}', "not a file beside it"),
        ('{"weight_map": {"a": ".."}}', "not a file beside it|lacks"),
        ('{"weight_map": {"a": "none.safetensors"}}', "lacks 'none.safetensors'"),
        ('{"weight_map": {"a": "\\ud800"}}', r"lacks '\\ud800'"),
        ('{"weight_map": {"wte.weight": "s.safetensors", "b": "s.safetensors"}}', "'b' is not in"),
        ('{"weight_map": {"a": 7}}', "no weight_map"),
        ('{"weight_map": []}', "no weight_map"),
        ("[]", "no weight_map"),
        ("{", "not valid JSON"),
        ('{"weight_map": {"a": "x", "a": "y"}}', "key is given twice"),
        ('{"weight_map": {}}', "no known input embedding"),
    ],
)
def test_an_index_that_lies_is_refused(tmp_path: Path, index: str, fault: str) -> None:
    write_matrix(tmp_path / "model.safetensors", vectors())
    inner = tmp_path / "inner"
    (inner / "sub").mkdir(parents=True)
    write_matrix(inner / "s.safetensors", vectors())
    write_matrix(inner / "sub" / "model.safetensors", vectors())
    (inner / "vocab.txt").write_text("\n".join(TOKENS))
    (inner / "model.safetensors.index.json").write_text(index)
    with pytest.raises(BadInput, match=fault):
        opened(inner)


GOOD = {"wte.weight": ("F32", (2, 2), bytes(16))}


@pytest.mark.parametrize(
    "damage",
    [
        lambda b: b"",
        lambda b: b[:4],
        lambda b: b[:20],
        lambda b: b[:-1],
        lambda b: b + b"x",
        lambda b: struct.pack("<Q", 1 << 62) + b[8:],
        lambda b: struct.pack("<Q", 200 << 20) + b[8:],
        lambda b: b.replace(b"[2,2]", b"[3,2]"),
        lambda b: b.replace(b"[2,2]", b"[-2]"),
        lambda b: b.replace(b"[2,2]", b"2   "),
        lambda b: b.replace(b"[0,16]", b"[8,16]"),
        lambda b: b.replace(b"[0,16]", b"[16,0]"),
        lambda b: b.replace(b"[0,16]", b"[0]   "),
        lambda b: b.replace(b'"F32"', b'"F99"'),
        lambda b: b.replace(b'"F32"', b'"I32"'),
        lambda b: b.replace(b'"F32"', b"true "),
        lambda b: b[:8] + b"[" * (len(b) - 8),
        lambda b: b[:8] + b"\xff" * (len(b) - 8),
    ],
)
def test_damaged_safetensors_are_refused(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    write_safetensors(tmp_path / "model.safetensors", GOOD)
    (tmp_path / "vocab.txt").write_text("a\nb")
    whole = (tmp_path / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(damage(whole))
    with pytest.raises(BadInput):
        opened(tmp_path)


ENTRY = '"dtype":"F32","shape":[2,2],"data_offsets":[0,16]'


@pytest.mark.parametrize(
    "header",
    [
        f'{{"a":{{{ENTRY}}},"b":{{{ENTRY}}}}}',
        f'{{"a":{{{ENTRY}}},"a":{{{ENTRY}}}}}',
        f'{{"a":{{{ENTRY},"dtype":"F32"}}}}',
        '{"a":{"dtype":"F32","shape":[2,2],"data_offsets":[4,20]}}',
        '{"a":{"dtype":"F32","shape":[65536,65536,65536,65536],"data_offsets":[0,0]}}',
        '{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,16]}}',
        '{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,16]}}',
        '{"a":{"dtype":"F32","shape":[true,4],"data_offsets":[0,16]}}',
        '{"a":[]}',
        '{"a":null}',
        "7",
        "{}",
    ],
)
def test_headers_that_lie_are_refused(tmp_path: Path, header: str) -> None:
    (tmp_path / "vocab.txt").write_text("a\nb")
    write_raw_safetensors(tmp_path / "model.safetensors", header.encode(), bytes(16))
    with pytest.raises(BadInput):
        opened(tmp_path)


def test_tensors_of_no_size_share_a_place(tmp_path: Path) -> None:
    tensors = {
        "a": ("F32", (0, 4), b""),
        "wte.weight": ("F32", (2, 4), vectors(2).tobytes()),
        "z": ("I64", (0,), b""),
    }
    write_safetensors(tmp_path / "model.safetensors", tensors)
    (tmp_path / "vocab.txt").write_text("a\nb")
    assert texts(opened(tmp_path)) == {"a", "b"}


# ---------------------------------------------------------------- GGUF


def one_value(raw: bytes, kind: int = 9) -> bytes:
    return gguf_file([gguf_value("x", kind, raw)], [])


DATA = bytes(range(1, 33))


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (b"GGUF", "truncated"),
        (b"GGUF\x00\x00\x00\x03" + bytes(64), "big-endian"),
        (gguf_file([], [], version=1), "version 1"),
        (gguf_file([], [], counts=(1 << 63, 0)), "tensors"),
        (gguf_file([], [], counts=(0, 1 << 63)), "values"),
        (gguf_file([], [], counts=(70_000, 0)), "70000 tensors"),
        (one_value(struct.pack("<IQ", TEXT, 1 << 60)), "more than 4194304 texts"),
        (one_value(struct.pack("<IQ", TEXT, 1_000)), "ends within"),
        (one_value(struct.pack("<IQ", UINT32, 1 << 61)), "ends within"),
        (one_value(struct.pack("<IQ", 9, 1)), "members of type 9"),
        (one_value(struct.pack("<IQ", 77, 1)), "members of type 77"),
        (one_value(b"", 77), "unknown type 77"),
        (one_value(struct.pack("<Q", (1 << 64) - 1), TEXT), "ends within"),
        (gguf_file([gguf_value("x" * 70_000, UINT32, bytes(4))], []), "a name has"),
        (gguf_file([gguf_value("x", UINT32, bytes(4))] * 2, []), "'x' occurs twice"),
        (
            gguf_file([gguf_value("general.alignment", UINT32, bytes(4))], []),
            "alignment is 0",
        ),
        (
            gguf_file([gguf_value("general.alignment", UINT32, b"\xff" * 4)], []),
            "alignment is 4294967295",
        ),
        (gguf_file([], [EMBEDDING], DATA), "has no tokenizer"),
        (gguf_file([TOKENIZER[1]], [EMBEDDING], DATA), "kind 'None'"),
        (
            gguf_file(
                [gguf_value("tokenizer.ggml.model", TEXT, gguf_text("rwkv")), TOKENIZER[1]],
                [EMBEDDING],
                DATA,
            ),
            "kind 'rwkv'",
        ),
        (gguf_file(TOKENIZER, [EMBEDDING, EMBEDDING], DATA), "described twice"),
        (gguf_file(TOKENIZER, [EMBEDDING], DATA[:-1]), "are missing"),
        (
            gguf_file(TOKENIZER, [gguf_tensor("token_embd.weight", (4, 1 << 40))], DATA),
            "are missing",
        ),
        (
            gguf_file(TOKENIZER, [gguf_tensor("token_embd.weight", (1 << 40, 1 << 40))], DATA),
            "has the shape",
        ),
        (
            gguf_file(TOKENIZER, [gguf_tensor("token_embd.weight", (4, 0))], DATA),
            "has the shape",
        ),
        (
            gguf_file(TOKENIZER, [gguf_tensor("token_embd.weight", (), dimensions=1 << 30)], DATA),
            "1073741824 dimensions",
        ),
        (
            gguf_file(TOKENIZER, [gguf_tensor("token_embd.weight", (4, 2), offset=1 << 63)], DATA),
            "begins after",
        ),
        (
            gguf_file(TOKENIZER, [gguf_tensor("token_embd.weight", (4, 2), kind=2)], DATA),
            "does not allow this number",
        ),
        (
            gguf_file(TOKENIZER, [gguf_tensor("token_embd.weight", (4, 2), kind=999)], DATA),
            "the type is unknown",
        ),
        (
            gguf_file(TOKENIZER, [gguf_tensor("token_embd.weight", (4, 2), kind=26)], DATA),
            "cannot be dequantised",
        ),
        (
            gguf_file(TOKENIZER, [EMBEDDING, gguf_tensor("b", (4, 2), offset=16)], DATA * 2),
            "share bytes",
        ),
        (
            gguf_file(TOKENIZER, [gguf_tensor("token_embd.weight", (4, 1))], DATA),
            "1 rows .* 2 tokens",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_damaged_gguf_is_refused(tmp_path: Path, raw: bytes, fault: str) -> None:
    (tmp_path / "m.gguf").write_bytes(raw)
    with pytest.raises(BadInput, match=fault):
        opened(tmp_path / "m.gguf")


def test_the_hand_made_gguf_is_sound_when_it_does_not_lie(tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(gguf_file(TOKENIZER, [EMBEDDING], vectors(2).tobytes()))
    assert texts(opened(tmp_path / "m.gguf")) == {"a", "b"}
    fragment = [TOKENIZER[0], gguf_texts("tokenizer.ggml.tokens", ["a", "b", b"\xff"])]
    tensor = gguf_tensor("token_embd.weight", (4, 3))
    (tmp_path / "m.gguf").write_bytes(gguf_file(fragment, [tensor], vectors(3).tobytes()))
    assert opened(tmp_path / "m.gguf").vocabulary.excluded == {"special": 1}


# ---------------------------------------------------------------- NumPy and word vectors


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x93NUMPY",
        b"\x93NUMPY\x09\x00" + bytes(100),
        npy("<f4", "(1000000000000, 100)"),
        npy("<f4", "(2, -2)", bytes(16)),
        npy("<f4", "(4,)", bytes(16)),
        npy("<f4", "(1, 2, 2)", bytes(16)),
        npy("<i8", "(2, 2)", bytes(32)),
        npy("|O", "(2, 2)", bytes(32)),
        npy("<f4", "__import__('os').mkdir('sprung')", bytes(16)),
        npy("<f4", "(" * 50, bytes(16)),
    ],
)
def test_damaged_numpy_files_are_refused(
    tmp_path: Path, raw: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "w.txt").write_text("a\nb")
    (tmp_path / "m.npy").write_bytes(raw)
    with zipfile.ZipFile(tmp_path / "m.npz", "w") as archive:
        archive.writestr("m.npy", raw)
    for name in ("m.npy", "m.npz"):
        with pytest.raises(BadInput):
            opened(tmp_path / name, vocabulary=tmp_path / "w.txt")
    assert not (tmp_path / "sprung").exists()


def test_a_broken_archive_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz", m=vectors(2), words=np.array(["a", "b"]))
    whole = (tmp_path / "m.npz").read_bytes()
    broken = bytearray(whole)
    broken[200] ^= 0xFF  # within the numbers: the checksum tells
    for raw in (b"", b"PK\x03\x04" + bytes(60), whole[:-30], bytes(broken)):
        (tmp_path / "m.npz").write_bytes(raw)
        with pytest.raises(BadInput):
            opened(tmp_path / "m.npz")


@pytest.mark.parametrize(
    ("name", "raw", "fault"),
    [
        ("v.txt", b"3 2\na 1 2\nb 3 4\n", "promises 3 words and has 2"),
        ("v.txt", b"2 2\na 1 2\nb 3\n", "line 3: 2 numbers"),
        ("v.txt", b"a 1 2\nb 3 x\n", "line 2: 2 numbers"),
        ("v.txt", b"a 1 2\n\nb 3 4\n", "line 2, is blank"),
        ("v.bin", b"99999999999 65536\n" + bytes(64), "truncated, or its counts are wrong"),
        ("v.bin", b"2 2\na " + bytes(8) + b"b " + bytes(7), "truncated"),
        ("v.bin", b"2 2\na " + bytes(8) + b"b" + bytes(40), "has a row that no other follows"),
        ("v.bin", b"1 2\na " + bytes(8) + b"\nb " + bytes(8), "promises 1 words and continues"),
        ("v.bin", b"3 99999999\n" + bytes(64), "not a model"),
    ],
)
def test_damaged_word_vectors_are_refused(
    tmp_path: Path, name: str, raw: bytes, fault: str
) -> None:
    (tmp_path / name).write_bytes(raw)
    with pytest.raises(BadInput, match=fault):
        opened(tmp_path / name)


# ---------------------------------------------------------------- harm

CONFINED = """
import resource, sys, time
from pathlib import Path
from hartonomous.errors import BadInput
from hartonomous.extract.extraction import open_model
from hartonomous.extract.importer_protocol import OpenOptions, importers
importers()
import gguf.quants
words = Path(sys.argv[1]) / "w.txt"
for path in sorted(Path(sys.argv[1]).glob("*/[mv].*")):
    before, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    given = words if path.suffix == ".npy" else None
    try:
        open_model(str(path), OpenOptions(given))
    except BadInput:
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        print(path.parent.name, grown >> 10, round(time.process_time() - begun, 1))
"""


def test_what_asks_for_gigabytes_is_refused_soon_and_cheaply(tmp_path: Path) -> None:
    (tmp_path / "w.txt").write_text("a\nb")

    def place(name: str) -> Path:
        (tmp_path / name).mkdir()
        return tmp_path / name

    lists = b"[" + b"[]," * (18 << 20) + b"[]]"
    write_raw_safetensors(place("header of lists") / "m.safetensors", b'{"a":' + lists + b"}")
    shape = b"140737488355327," * 3_000_000
    raw = b'{"a":{"dtype":"F32","shape":[' + shape + b'1],"data_offsets":[0,0]}}'
    write_raw_safetensors(place("shape of millions") / "m.safetensors", raw)
    tokenizer = write_matrix(place("tokenizer of lists") / "m.safetensors", vectors())
    tokenizer.with_name("tokenizer.json").write_bytes(lists)
    empty = struct.pack("<IQ", TEXT, 1 << 22) + bytes(8 << 22)
    raw = gguf_file([gguf_value(f"x{n}", 9, empty) for n in range(4)], [])
    (place("texts without end") / "m.gguf").write_bytes(raw)
    raw = gguf_file(TOKENIZER, [gguf_tensor("token_embd.weight", (1 << 20, 1 << 20))], bytes(64))
    (place("matrix of terabytes") / "m.gguf").write_bytes(raw)
    (place("array of terabytes") / "m.npy").write_bytes(npy("<f4", "(1000000000, 1000)"))
    with (
        zipfile.ZipFile(place("zip bomb") / "m.npz", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("m.npy", "w", force_zip64=True) as member,
    ):
        member.write(npy("<f4", "(1000000, 100)"))
        for _ in range(40):
            member.write(bytes(10_000_000))
    with zipfile.ZipFile(place("lying member") / "m.npz", "w") as archive:
        archive.writestr("m.npy", npy("<f4", "(100000, 100000)", bytes(64)))
    (place("vectors of terabytes") / "v.bin").write_bytes(b"99999999999 65536\n" + bytes(64))

    done = subprocess.run(
        [sys.executable, "-c", CONFINED, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    cost = {
        name: (int(megabytes), float(seconds))
        for name, megabytes, seconds in (line.rsplit(" ", 2) for line in done.stdout.splitlines())
    }
    assert cost.keys() == {folder.name for folder in tmp_path.iterdir() if folder.is_dir()}
    assert all(megabytes < 500 and seconds < 10 for megabytes, seconds in cost.values()), cost


# ---------------------------------------------------------------- anything


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """One small sound file of each binary form."""
    place = tmp_path_factory.mktemp("samples")
    write_safetensors(place / "model.safetensors", GOOD)
    write_gguf(place / "m.gguf", vectors(4, 32), ["Ġa", "b", "c", "Ġd"], [1, 1, 1, 1], "Q8_0")
    np.save(place / "m.npy", vectors(2))
    np.savez(place / "m.npz", m=vectors(2), words=np.array(["a", "b"]))
    (place / "v.bin").write_bytes(b"2 2\n" + b"a " + bytes(8) + b"b " + bytes(8))
    (place / "v.txt").write_bytes(b"2 2\na 1 2\nb 3 4\n")
    return {file.name: file.read_bytes() for file in place.iterdir()}


@quick
@given(data=st.data())
def test_whatever_is_damaged_only_our_error_comes_out(
    samples: dict[str, bytes], tmp_path: Path, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(samples)))
    raw = bytearray(samples[name])
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(raw)))
    only_our_error(tmp_path, name, bytes(raw[:cut]) if data.draw(st.booleans()) else bytes(raw))


SIZES = st.sampled_from([0, 1, 2, 3, 4, 8, 16, 2**31, 2**32, 2**47, 2**63, 2**64 - 1])
ODD = st.one_of(st.none(), st.booleans(), SIZES, st.integers(-3, 20), st.floats(), st.just("F32"))


@quick
@given(
    entries=st.dictionaries(
        st.sampled_from(["wte.weight", "a", "__metadata__"]),
        st.one_of(
            ODD,
            st.fixed_dictionaries(
                {
                    "dtype": st.sampled_from(["F32", "BF16", "BOOL", "F8_E4M3", "X", 7]),
                    "shape": st.one_of(ODD, st.lists(ODD, max_size=4), st.just([2, 2])),
                    "data_offsets": st.one_of(ODD, st.lists(ODD, max_size=3), st.just([0, 16])),
                }
            ),
        ),
        max_size=3,
    )
)
def test_whatever_a_safetensors_header_claims(tmp_path: Path, entries: dict[str, object]) -> None:
    header = json.dumps(entries).encode()
    only_our_error(
        tmp_path,
        "model.safetensors",
        struct.pack("<Q", len(header)) + header + bytes(16),
    )


@quick
@given(data=st.data())
def test_whatever_a_gguf_header_claims(tmp_path: Path, data: st.DataObject) -> None:
    def size(good: int) -> int:
        return data.draw(st.one_of(st.just(good), SIZES))

    kind, member = (data.draw(st.integers(0, 14)) for _ in range(2))
    raw = data.draw(st.binary(max_size=40))
    odd = gguf_text("x") + struct.pack("<IIQ", kind, member, size(2)) + raw
    values = [
        *TOKENIZER[: data.draw(st.integers(0, 2))],
        gguf_value("general.alignment", UINT32, struct.pack("<I", size(32) % 2**32)),
        *([odd] if data.draw(st.booleans()) else []),
    ]
    shape = [size(4), size(2)]
    tensors = [
        gguf_tensor("token_embd.weight", shape, data.draw(st.integers(0, 40)), size(0)),
        gguf_tensor("b", [size(1)], data.draw(st.integers(0, 40)), size(32)),
    ]
    counts = (size(len(tensors)), size(len(values)))
    only_our_error(tmp_path, "m.gguf", gguf_file(values, tensors, bytes(80), counts))


def only_our_error(folder: Path, name: str, raw: bytes) -> None:
    """Open a file with these bytes; anything but an opened model or BadInput fails the test."""
    (folder / name).write_bytes(raw)
    (folder / "vocab.txt").write_text("a\nb")
    path = folder if name == "model.safetensors" else folder / name
    try:
        opened(path, vocabulary=folder / "vocab.txt" if name.endswith("npy") else None)
    except BadInput:
        return
