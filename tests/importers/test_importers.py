"""Every importer on real models, on every form it reads, and on what it must refuse."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import struct
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import gguf
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from hartonomous.errors import BadInput, HartonomousError, NotFound
from hartonomous.extract.extracting import open_model
from hartonomous.extract.importing import ENTRY_POINTS, OpenedModel, OpenOptions, importers
from tests import models

TOKENS = ["[PAD]", "[unused1]", "king", "queen", "##ing", "throne", "crown"]
ROOT = Path(__file__).parents[2]


def vectors(rows: int = len(TOKENS), columns: int = 4) -> np.ndarray:
    return np.random.default_rng(3).normal(size=(rows, columns)).astype(np.float32)


def texts(model: OpenedModel) -> set[str]:
    return set(model.vocabulary.compositions["text"].to_pylist())


def opened(path: Path, **options: object) -> OpenedModel:
    return open_model(str(path), OpenOptions(**options))  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A tiny BERT: safetensors and vocab.txt."""
    save_file({"bert.embeddings.word_embeddings.weight": vectors()}, tmp_path / "model.safetensors")
    (tmp_path / "vocab.txt").write_text("\n".join(TOKENS) + "\n")
    return tmp_path


# ---------------------------------------------------------------- registered


def test_every_module_of_importers_is_registered() -> None:
    registered = {point.value.split(":")[0] for point in entry_points(group=ENTRY_POINTS)}
    here = {f"importers.{file.stem}" for file in (ROOT / "importers").glob("[!_]*.py")}
    assert here == registered, "add it to pyproject.toml and run 'pip install -e .' again"


@pytest.mark.parametrize("name", importers())
def test_importers_keep_the_protocol(name: str, tmp_path: Path) -> None:
    importer = importers()[name]
    assert importer.name == name
    assert importer.summary
    assert not importer.recognises(tmp_path)
    (tmp_path / "x.unknown").write_bytes(b"nothing")
    assert not importer.recognises(tmp_path / "x.unknown")


# ---------------------------------------------------------------- real models


def test_minilm() -> None:
    model = opened(models.MINILM)
    assert len(model.vocabulary) == 29_523
    assert model.vocabulary.excluded == {"special": 5, "unused": 994}
    assert {"king", "queen", "##ing"} <= texts(model)
    assert model.tracks[0].vectors(0).shape == (29_523, 384)


def test_glove() -> None:
    model = opened(models.GLOVE, vocabulary=models.GLOVE_WORDS, limit=50_000)
    assert len(model.vocabulary) == 50_000
    assert model.tracks[0].dimensions == 50


def test_smollm_from_quantised_gguf() -> None:
    model = opened(models.SMOLLM)
    assert len(model.vocabulary) == 48_637
    assert model.vocabulary.excluded["control"] == 17
    assert {"king", "##ing"} <= texts(model)
    assert np.isfinite(model.tracks[0].vectors(0)).all()


def test_wordllama_with_a_tokenizer_from_elsewhere() -> None:
    model = opened(models.WORDLLAMA, vocabulary=models.WORDLLAMA_TOKENIZER)
    assert model.vocabulary.excluded["byte fragment"] == 256
    assert {"king", "##ing"} <= texts(model)


# ---------------------------------------------------------------- forms


def test_vocab_txt(folder: Path) -> None:
    model = opened(folder)
    assert texts(model) == {"king", "queen", "##ing", "throne", "crown"}
    assert model.vocabulary.excluded == {"special": 1, "unused": 1}
    chosen = model.vocabulary.rows
    assert np.array_equal(model.tracks[0].vectors(0), vectors()[chosen])


@pytest.mark.parametrize("dtype", ["F16", "BF16"])
def test_half_precision_is_widened(tmp_path: Path, dtype: str) -> None:
    exact = np.array([[1.0, -2.5], [0.5, 3.0], [8.0, 0.25]], dtype=np.float32)
    stored = (
        exact.astype(np.float16) if dtype == "F16" else (exact.view(np.uint32) >> 16).astype("<u2")
    )
    write_safetensors(
        tmp_path / "model.safetensors", {"wte.weight": (dtype, (3, 2), stored.tobytes())}
    )
    (tmp_path / "vocab.txt").write_text("a\nb\nc")
    model = opened(tmp_path)
    assert np.array_equal(model.tracks[0].vectors(0), exact[model.vocabulary.rows])


def test_shards(tmp_path: Path) -> None:
    save_file({"model.embed_tokens.weight": vectors()}, tmp_path / "a.safetensors")
    save_file({"lm_head.weight": vectors() + 1}, tmp_path / "b.safetensors")
    index = {
        "weight_map": {
            "model.embed_tokens.weight": "a.safetensors",
            "lm_head.weight": "b.safetensors",
        }
    }
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    (tmp_path / "vocab.txt").write_text("\n".join(TOKENS))
    model = opened(tmp_path)
    assert model.options["tensor"] == "model.embed_tokens.weight"
    other = opened(tmp_path, tensor="lm_head.weight")
    assert np.allclose(other.tracks[0].vectors(0), model.tracks[0].vectors(0) + 1)


@pytest.mark.parametrize(
    ("tokenizer", "expected"),
    [
        ({"model": {"type": "WordPiece", "vocab": {"king": 0, "##ing": 1, "[PAD]": 2}}}, {"king", "##ing"}),
        (
            {"model": {"type": "BPE", "vocab": {"Ġking": 0, "ing": 1, "Ã": 2}}, "decoder": {"type": "ByteLevel"}},
            {"king", "##ing"},
        ),
        (
            {"model": {"type": "Unigram", "vocab": [["▁king", -1.0], ["ing", -2.0], ["<0x0A>", -3.0]]}},
            {"king", "##ing"},
        ),
        ({"model": {"type": "WordLevel", "vocab": {"king": 0, "ing": 1, "it": 2}}}, {"king", "ing", "it"}),
        (
            {
                "model": {"type": "BPE", "vocab": {"▁king": 0, "ing": 1}},
                "added_tokens": [{"id": 2, "content": "<im_start>", "special": True}],
            },
            {"king", "##ing"},
        ),
    ],
)  # fmt: skip
def test_tokenizer_json(tmp_path: Path, tokenizer: dict, expected: set[str]) -> None:
    save_file({"wte.weight": vectors(3)}, tmp_path / "model.safetensors")
    (tmp_path / "tokenizer.json").write_text(json.dumps(tokenizer))
    assert texts(opened(tmp_path)) == expected


def test_padding_rows_are_counted(tmp_path: Path) -> None:
    save_file({"wte.weight": vectors(10)}, tmp_path / "model.safetensors")
    (tmp_path / "vocab.txt").write_text("\n".join(TOKENS))
    assert opened(tmp_path).vocabulary.excluded["padding"] == 3


@pytest.mark.parametrize("form", ["F32", "Q8_0"])
def test_gguf(tmp_path: Path, form: str) -> None:
    matrix = vectors(4, 32)
    write_gguf(tmp_path / "m.gguf", matrix, ["Ġking", "ing", "<s>", "Ġqueen"], [1, 1, 3, 1], form)
    model = opened(tmp_path / "m.gguf")
    assert texts(model) == {"king", "##ing", "queen"}
    assert model.vocabulary.excluded == {"control": 1}
    found = model.tracks[0].vectors(0)
    assert np.allclose(found, matrix[model.vocabulary.rows], atol=0.02 if form == "Q8_0" else 0)


@pytest.mark.parametrize("words", ["txt", "parquet"])
def test_npy_with_words(tmp_path: Path, words: str) -> None:
    np.save(tmp_path / "m.npy", vectors(3))
    if words == "txt":
        (tmp_path / "w.txt").write_text("a\nb c\nd\n")
    else:
        pq.write_table(pa.table({"id": [1, 2, 3], "w": ["a", "b c", "d"]}), tmp_path / "w.parquet")
    assert texts(opened(tmp_path / "m.npy", vocabulary=tmp_path / f"w.{words}")) == {
        "a",
        "b c",
        "d",
    }


@pytest.mark.parametrize("header", [False, True])
def test_text_vectors(tmp_path: Path, header: bool) -> None:
    lines = ["king 1 2 3", "new york 4 5 6", "7 8 9 10"]
    (tmp_path / "v.txt").write_text("\n".join(["3 3"] * header + lines) + "\n")
    model = opened(tmp_path / "v.txt")
    assert texts(model) == {"king", "new york", "7"}
    assert sorted(model.tracks[0].vectors(0).sum(axis=1).tolist()) == [6, 15, 27]


def test_word2vec_binary(tmp_path: Path) -> None:
    rows = b"".join(
        w.encode() + b" " + v.tobytes() + b"\n" for w, v in zip("abc", vectors(3), strict=True)
    )
    (tmp_path / "v.bin").write_bytes(b"3 4\n" + rows)
    model = opened(tmp_path / "v.bin")
    assert texts(model) == {"a", "b", "c"}
    assert np.array_equal(model.tracks[0].vectors(0), vectors(3)[model.vocabulary.rows])
    (tmp_path / "v.bin").write_bytes(b"3 4\n" + rows[:-6])
    with pytest.raises(BadInput, match="truncated"):
        opened(tmp_path / "v.bin")


# ---------------------------------------------------------------- refused


def test_not_a_model(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("hello there\n")
    for path in (tmp_path, tmp_path / "readme.txt"):
        with pytest.raises(BadInput, match="not a model that any importer reads"):
            opened(path)
    with pytest.raises(NotFound, match="nothing at"):
        opened(tmp_path / "missing.gguf")


def test_a_hub_id_without_a_network_fails_clearly() -> None:
    probe = (
        "from hartonomous.extract.extracting import open_model;"
        "from hartonomous.extract.importing import OpenOptions;"
        "open_model('some-org/some-model', OpenOptions())"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe],
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "NotFound" in done.stderr
    assert "cannot be downloaded" in done.stderr


@pytest.mark.parametrize(
    "name", ["pytorch_model.bin", "m.pt", "m.pth", "m.ckpt", "m.pkl", "m.joblib"]
)
def test_pickles_are_refused_by_name_with_the_reason(tmp_path: Path, name: str) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return os.mkdir, (str(tmp_path / "sprung"),)

    (tmp_path / name).write_bytes(pickle.dumps(Trap()))
    for path in (tmp_path, tmp_path / name):
        with pytest.raises(BadInput, match=r"(?s)refused.*unpickling runs.*safetensors"):
            opened(path)
    assert not (tmp_path / "sprung").exists()


def test_a_numpy_file_with_objects_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "m.npy", np.array([["a", 1]], dtype=object), allow_pickle=True)
    (tmp_path / "w.txt").write_text("a")
    with pytest.raises(BadInput, match="Python objects"):
        opened(tmp_path / "m.npy", vocabulary=tmp_path / "w.txt")
    np.savez(tmp_path / "m.npz", a=np.array([["a", 1]], dtype=object))
    with pytest.raises(BadInput, match="Python objects"):
        opened(tmp_path / "m.npz", vocabulary=tmp_path / "w.txt")


def test_an_unknown_layout_names_the_choices(tmp_path: Path) -> None:
    save_file({"enc.a": vectors(), "enc.b": vectors()}, tmp_path / "model.safetensors")
    (tmp_path / "vocab.txt").write_text("\n".join(TOKENS))
    with pytest.raises(BadInput, match=r"--tensor.*'enc\.a' 7x4.*'enc\.b' 7x4"):
        opened(tmp_path)
    with pytest.raises(BadInput, match=r"no matrix called 'enc\.c'"):
        opened(tmp_path, tensor="enc.c")
    assert len(texts(opened(tmp_path, tensor="enc.b"))) == 5


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_rows_that_are_not_finite_are_refused(folder: Path, value: float) -> None:
    matrix = vectors()
    matrix[3, 1] = value
    save_file({"embeddings.word_embeddings.weight": matrix}, folder / "model.safetensors")
    with pytest.raises(BadInput, match=r"row 3 \('queen'\) is not finite"):
        opened(folder)
    matrix[3, 1], matrix[0, 0] = 1.0, value
    save_file({"embeddings.word_embeddings.weight": matrix}, folder / "model.safetensors")
    assert len(texts(opened(folder))) == 5  # only the excluded [PAD] is not finite


def test_zero_vectors_are_excluded_and_counted(folder: Path) -> None:
    matrix = vectors()
    matrix[2] = 0
    save_file({"embeddings.word_embeddings.weight": matrix}, folder / "model.safetensors")
    model = opened(folder)
    assert model.vocabulary.excluded["zero vector"] == 1
    assert "king" not in texts(model)


def test_lengths_that_differ_are_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "vocab.txt").write_text("\n".join([*TOKENS, "more", "words"]))
    with pytest.raises(BadInput, match=r"7 rows .* 9 tokens"):
        opened(folder)
    np.save(tmp_path / "m.npy", vectors(3))
    (tmp_path / "w.txt").write_text("a\nb\n")
    with pytest.raises(BadInput, match=r"3 rows .* 2 words"):
        opened(tmp_path / "m.npy", vocabulary=tmp_path / "w.txt")
    with pytest.raises(BadInput, match="--vocabulary"):
        opened(tmp_path / "m.npy")


def test_too_few_compositions_are_refused(tmp_path: Path) -> None:
    save_file({"wte.weight": vectors(3)}, tmp_path / "model.safetensors")
    (tmp_path / "vocab.txt").write_text("[PAD]\n[CLS]\nking")
    with pytest.raises(BadInput, match="it takes two"):
        opened(tmp_path)


def test_links_out_of_the_folder_are_not_followed(folder: Path, tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "model.safetensors").symlink_to(folder / "model.safetensors")
    (inner / "vocab.txt").write_text("\n".join(TOKENS))
    with pytest.raises(BadInput, match="leads out"):
        opened(inner)
    (inner / "model.safetensors").unlink()
    index = {"weight_map": {"wte.weight": "../model.safetensors"}}
    (inner / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(BadInput, match="not a file beside it"):
        opened(inner)


GOOD = {"wte.weight": ("F32", (2, 2), bytes(16))}


@pytest.mark.parametrize(
    "damage",
    [
        lambda b: b[:4],
        lambda b: b[:20],
        lambda b: b[:-1],
        lambda b: b + b"x",
        lambda b: struct.pack("<Q", 1 << 62) + b[8:],
        lambda b: struct.pack("<Q", 200 << 20) + b[8:],
        lambda b: b.replace(b"[2,2]", b"[3,2]"),
        lambda b: b.replace(b"[2,2]", b"[-2,2]".ljust(5)),
        lambda b: b.replace(b"[0,16]", b"[8,16]"),
        lambda b: b.replace(b'"F32"', b'"F99"'),
        lambda b: b.replace(b'"F32"', b'"I32"'),
        lambda b: b[:8] + b"[" * (len(b) - 8),
    ],
)
def test_damaged_safetensors_are_refused(tmp_path: Path, damage) -> None:
    write_safetensors(tmp_path / "model.safetensors", GOOD)
    (tmp_path / "vocab.txt").write_text("a\nb")
    whole = (tmp_path / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(damage(whole))
    with pytest.raises(BadInput):
        opened(tmp_path)


def test_overlapping_tensors_and_keys_given_twice_are_refused(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text("a\nb")
    entry = '"dtype":"F32","shape":[2,2],"data_offsets":[0,16]'
    for header in ('{"a":{%s},"b":{%s}}' % (entry, entry), '{"a":{%s},"a":{%s}}' % (entry, entry)):  # noqa: UP031
        raw = header.encode()
        (tmp_path / "model.safetensors").write_bytes(struct.pack("<Q", len(raw)) + raw + bytes(16))
        with pytest.raises(BadInput):
            opened(tmp_path)


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """One small sound file of each binary form."""
    place = tmp_path_factory.mktemp("samples")
    write_safetensors(place / "model.safetensors", GOOD)
    write_gguf(place / "m.gguf", vectors(4, 32), ["Ġa", "b", "c", "Ġd"], [1, 1, 1, 1], "Q8_0")
    np.save(place / "m.npy", vectors(2))
    (place / "v.bin").write_bytes(b"2 2\n" + b"a " + bytes(8) + b"b " + bytes(8))
    return {file.name: file.read_bytes() for file in place.iterdir()}


@settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_whatever_is_damaged_only_our_error_comes_out(
    samples: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(samples)))
    raw = bytearray(samples[name])
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(raw)))
    place = tmp_path_factory.mktemp("damaged")
    (place / name).write_bytes(bytes(raw[:cut]) if data.draw(st.booleans()) else bytes(raw))
    (place / "vocab.txt").write_text("a\nb")
    path = place if name == "model.safetensors" else place / name
    with contextlib.suppress(HartonomousError):
        opened(path, vocabulary=place / "vocab.txt" if name.endswith("npy") else None)


def write_safetensors(path: Path, tensors: dict[str, tuple[str, tuple[int, ...], bytes]]) -> None:
    header, data = {}, b""
    for name, (dtype, shape, raw) in tensors.items():
        header[name] = {
            "dtype": dtype,
            "shape": shape,
            "data_offsets": [len(data), len(data) + len(raw)],
        }
        data += raw
    encoded = json.dumps(header, separators=(",", ":")).encode()
    path.write_bytes(struct.pack("<Q", len(encoded)) + encoded + data)


def write_gguf(
    path: Path, matrix: np.ndarray, tokens: list[str], types: list[int], form: str
) -> None:
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    kind = gguf.GGMLQuantizationType[form]
    stored = gguf.quants.quantize(matrix, kind)
    writer.add_tensor("token_embd.weight", stored, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
