"""What is given and not read: said what it is, and what to do."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import struct
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from hartonomous.errors import BadInput
from tests.model_files import opened, vectors, write_gguf, write_matrix

ROWS = "king 0.1 0.2 0.3\nqueen 0.4 0.5 0.6\n"
POINTER = f"version https://example.invalid/git-lfs/spec/v1\noid sha256:{'0' * 64}\nsize 90868376\n"


def tar() -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("v.txt"))
    return raw.getvalue()


def zipped() -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        archive.writestr("v.txt", ROWS)
    return raw.getvalue()


@pytest.mark.parametrize(
    ("name", "raw", "said"),
    [
        ("v.txt.gz", gzip.compress(ROWS.encode(), mtime=0), r"compressed \(gzip\).*gunzip"),
        ("v.vec", gzip.compress(ROWS.encode(), mtime=0), r"compressed \(gzip\).*gunzip"),
        ("v.bin.bz2", bz2.compress(ROWS.encode()), r"compressed \(bzip2\).*bunzip2"),
        ("v.txt.xz", lzma.compress(ROWS.encode()), r"compressed \(xz\).*unxz"),
        ("v.zst", b"\x28\xb5\x2f\xfd" + bytes(9), r"compressed \(Zstandard\).*unzstd"),
        ("v.tar", tar(), "an archive; unpack"),
        ("v.zip", zipped(), "an archive; unpack"),
        ("e.npy", POINTER.encode(), "Git LFS pointer.* 90,868,376 bytes .*git lfs pull"),
        ("glove.txt", POINTER.encode(), "Git LFS pointer"),
        ("m.gguf", POINTER.encode(), "Git LFS pointer"),
        ("m.safetensors", POINTER.encode(), "Git LFS pointer"),
        ("w.bin", POINTER.encode(), "Git LFS pointer"),
        ("cc.en.300.bin", struct.pack("<ii", 793_712_314, 12) + bytes(64), "fastText.*print-word-vec"),
        ("m.gguf", b"GGUF" + struct.pack(">IQQ", 3, 0, 0), "big-endian"),
        ("m.gguf", b"FUGG" + bytes(20), "big-endian"),
        ("m.bin", b"lmgg" + bytes(20), "older than GGUF"),
        ("m.onnx", b"\x08\x07", "ONNX graph.*save_pretrained"),
        ("m.tflite", b"\x1c\0\0\0TFL3", "TensorFlow Lite"),
        ("flax_model.msgpack", b"\x80", "Flax weights"),
        ("saved_model.pb", b"\x08\x01", "TensorFlow graph"),
        ("m.safetensors", b"<!DOCTYPE html><html>", "HTML page.*download the file again"),
        ("m.gguf", b"\n<html><body>404", "HTML page.*download the file again"),
        ("m.gguf", b"", "empty; download"),
        ("v.vec", "\ufeffking 1 2\n".encode("utf-16-le"), "UTF-16; convert"),
        ("v.csv", ("king" + ",0.125" * 20 + "\n").encode(), "between commas"),
        ("adapter_model.safetensors", b"", "empty|LoRA adapter"),
        ("m.npz", b"\x80\x04K\x01.", "pickle"),
        ("m.npy", b"no array at all", "magic string is not correct"),
    ],
)  # fmt: skip
def test_a_file_is_called_what_it_is(tmp_path: Path, name: str, raw: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(raw)
    with pytest.raises(BadInput, match=said) as refusal:
        opened(tmp_path / name)
    for wrong in ("Python objects", "If it is documents", "any importer reads"):
        assert wrong not in str(refusal.value)


def test_pointers_within_a_model_are_named(tmp_path: Path) -> None:
    matrix = write_matrix(tmp_path / "model.safetensors", vectors(2))
    (tmp_path / "tokenizer.json").write_text(POINTER)
    with pytest.raises(BadInput, match=r"tokenizer\.json is a Git LFS pointer"):
        opened(tmp_path)
    (tmp_path / "tokenizer.json").unlink()
    for name in ("w.txt", "w.parquet", "w.json"):
        (tmp_path / name).write_text(POINTER)
        with pytest.raises(BadInput, match=rf"{name} is a Git LFS pointer"):
            opened(tmp_path, vocabulary=tmp_path / name)
    matrix.write_text(POINTER)
    with pytest.raises(BadInput, match=r"model\.safetensors is a Git LFS pointer"):
        opened(tmp_path)


def folder(path: Path, **files: str | bytes) -> Path:
    path.mkdir(exist_ok=True)
    for name, content in files.items():
        file = path / name.replace("_dot_", ".")
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_lora_adapter_names_its_model(tmp_path: Path) -> None:
    config = json.dumps({"base_model_name_or_path": "org/base"})
    adapter = folder(tmp_path / "lora", adapter_config_dot_json=config, README_dot_md="# LoRA")
    write_matrix(adapter / "adapter_model.safetensors", vectors(2), "q_proj.lora_A.weight")
    for path in (adapter, adapter / "adapter_model.safetensors"):
        with pytest.raises(BadInput, match=r"a LoRA adapter for 'org/base', .*merge_and_unload"):
            opened(path)


def test_folders_are_called_what_they_are(tmp_path: Path) -> None:
    onnx = folder(tmp_path / "onnx-only", config_dot_json="{}", tokenizer_dot_json="{}")
    folder(onnx / "onnx", model_dot_onnx=b"\x08")
    with pytest.raises(BadInput, match=r"model\.onnx is an ONNX graph"):
        opened(onnx)
    two = folder(tmp_path / "two")
    for name in ("a.gguf", "b.gguf"):
        write_gguf(two / name, vectors(2), ["▁a", "▁b"], [1, 1])
    with pytest.raises(BadInput, match=r"2 GGUF models; give one of them: 'a\.gguf', 'b\.gguf'"):
        opened(two)
    packed = folder(tmp_path / "packed", README_dot_md="# Vectors", cc_dot_vec_dot_gz=b"\x1f\x8b")
    with pytest.raises(BadInput, match=r"cc\.vec\.gz is compressed; unpack"):
        opened(packed)
    half = folder(tmp_path / "half", config_dot_json="{}", tokenizer_dot_json="{}")
    with pytest.raises(BadInput, match=r"a tokenizer or a config\.json and no weights"):
        opened(half)
    odd = folder(tmp_path / "odd")
    write_matrix(odd / "consolidated.safetensors", vectors(2))
    with pytest.raises(BadInput, match=r"holds 'consolidated\.safetensors'; give the path"):
        opened(odd)
    pipeline = folder(tmp_path / "pipeline", model_index_dot_json="{}")
    with pytest.raises(BadInput, match="a diffusion pipeline"):
        opened(pipeline)


def test_a_folder_of_models_names_them(tmp_path: Path) -> None:
    inner = folder(tmp_path / "models", notes_dot_txt="What lies here.\n")
    (inner / "v.txt").write_text(ROWS)
    matrix = folder(inner / "bert", vocab_dot_txt="a\nb\n")
    write_matrix(matrix / "model.safetensors", vectors(2))
    deep = folder(inner / "deep")
    np.savez(deep / "m.npz", m=vectors(2), words=np.array(["a", "b"]))
    for path, names in ((inner, "'bert', 'deep', 'v.txt'"),):
        with pytest.raises(BadInput, match=f"is not one model, but holds {names}; give the path"):
            opened(path)


def test_vectors_without_words_say_what_is_missing(tmp_path: Path) -> None:
    write_matrix(tmp_path / "bare.safetensors", vectors(2))
    with pytest.raises(BadInput, match=r"has no tokenizer\.json, .* --vocabulary FILE"):
        opened(tmp_path / "bare.safetensors")
    (tmp_path / "tokenizer.model").write_bytes(b"\x0a")
    with pytest.raises(BadInput, match=r"SentencePiece.*save_pretrained"):
        opened(tmp_path / "bare.safetensors")
