"""Every importer on real models, and on every form it reads."""

from __future__ import annotations

import json
import re
from importlib.metadata import entry_points
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from gguf import GGUFReader
from gguf.quants import dequantize
from safetensors.numpy import load_file, save_file

from hartonomous.errors import BadInput, NotFound, UsageError
from hartonomous.extract.importer_protocol import (
    ENTRY_POINTS,
    importer_for,
    importers,
    own_options,
)
from hartonomous.identity import composition_key, file_digest
from tests import models
from tests.model_files import (
    TOKENS,
    kinds,
    opened,
    texts,
    vectors,
    write_gguf,
    write_matrix,
    write_safetensors,
)

ROOT = Path(__file__).parents[2]
OTHERS = {"exclude", "images", "prompts"}
"""Options of importers that open something else than words with vectors; each has tests of its own."""

MODELS = [
    name for name, one in importers().items() if not OTHERS & {o.name for o in own_options(one)}
]
"""What opens words with vectors."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A tiny BERT: safetensors and vocab.txt."""
    save_file({"bert.embeddings.word_embeddings.weight": vectors()}, tmp_path / "model.safetensors")
    (tmp_path / "vocab.txt").write_text("\n".join(TOKENS) + "\n")
    return tmp_path


# ---------------------------------------------------------------- registered


def test_every_module_with_an_importer_is_registered() -> None:
    registered = {point.value for point in entry_points(group=ENTRY_POINTS)}
    modules = (ROOT / "importers").rglob("[!_]*.py")
    here = {
        ".".join(file.relative_to(ROOT).with_suffix("").parts) + ":IMPORTER"
        for file in modules
        if re.search(r"^IMPORTER = ", file.read_text(), re.MULTILINE)
    }
    assert here == registered, "add it to pyproject.toml and run 'pip install -e .' again"


def sample(name: str, folder: Path) -> Path:
    """Return a small model of the kind an importer opens; a new importer needs one here."""
    words = ["Ġking", "ing", "Ġqueen", "Ġthe"]
    if name == "gguf":
        return write_gguf(folder / "m.gguf", vectors(4), words, [1, 1, 1, 1])
    if name == "huggingface":
        write_matrix(folder / "model.safetensors", vectors(4))
        (folder / "vocab.json").write_text(
            json.dumps({word: row for row, word in enumerate(words)})
        )
        return folder
    if name == "numpy":
        np.savez(folder / "m.npz", vectors=vectors(4), words=np.array(["king", "queen", "a", "b"]))
        return folder / "m.npz"
    assert name == "word-vectors"
    (folder / "v.txt").write_text("king 1 2\nqueen 3 4\nthe 5 6\na 7 8\n")
    return folder / "v.txt"


@pytest.mark.parametrize("name", MODELS)
def test_importers_keep_the_protocol(name: str, tmp_path: Path) -> None:
    importer = importers()[name]
    assert importer.name == name
    assert importer.summary
    assert not importer.recognises(tmp_path)
    assert not importer.recognises(tmp_path / "none")
    (tmp_path / "x.unknown").write_bytes(b"nothing")
    assert not importer.recognises(tmp_path / "x.unknown")

    path = sample(name, tmp_path)
    assert [n for n, other in importers().items() if other.recognises(path)] == [name]
    assert importer_for(path) is importer
    first, again = opened(path), opened(path)
    assert first.importer == name
    assert first.options == again.options
    assert first.options["importer"] == name
    assert first.options["limit"] is None
    assert first.files == again.files
    for file in first.files:
        held = (path if path.is_dir() else path.parent) / file.name
        assert (file.digest, file.bytes) == (file_digest(held), held.stat().st_size)
    assert first.vocabulary.compositions == again.vocabulary.compositions
    keys = first.vocabulary.compositions["key"].to_pylist()
    assert keys == sorted(set(keys))
    (track,) = first.tracks
    assert (track.evidence, track.positions) == ("EMBEDDING_EVIDENCE", ("input embedding",))
    found = track.vectors(0)
    assert found.dtype == np.float32
    assert found.flags.c_contiguous
    assert found.shape == (len(first.vocabulary), track.dimensions)
    assert first.parameters == 4 * track.dimensions

    limited = opened(path, limit=3)
    assert limited.options["limit"] == 3
    assert texts(limited) < texts(first)


@pytest.mark.parametrize("name", MODELS)
def test_what_has_no_use_is_refused_not_ignored(name: str, tmp_path: Path) -> None:
    path = sample(name, tmp_path)
    with pytest.raises((UsageError, BadInput), match=r"--tensor|no matrix called 'none'"):
        opened(path, tensor="none")
    if name in ("gguf", "word-vectors"):
        (tmp_path / "w.txt").write_text("a\nb\nc\nd")
        with pytest.raises(UsageError, match="leave --vocabulary out"):
            opened(path, vocabulary=tmp_path / "w.txt")


def test_an_importer_asked_for_by_name(tmp_path: Path) -> None:
    (tmp_path / "odd.embeddings").write_text("king 1 2\nqueen 3 4\n")
    assert texts(opened(tmp_path / "odd.embeddings", "word-vectors")) == {"king", "queen"}
    with pytest.raises(UsageError, match="No importer is called 'none'"):
        opened(tmp_path / "odd.embeddings", "none")
    for name in importers():
        with pytest.raises(NotFound, match="nothing at"):
            opened(tmp_path / "none", name)
        with pytest.raises(BadInput):
            opened(tmp_path, name)


# ---------------------------------------------------------------- real models


def test_minilm() -> None:
    model = opened(models.MINILM)
    assert len(model.vocabulary) == 29_523
    assert model.vocabulary.excluded == {"special": 5, "unused": 994}
    assert model.vocabulary.merged == 0
    assert model.options["tensor"] == "embeddings.word_embeddings.weight"
    assert [file.name for file in model.files] == ["model.safetensors", "tokenizer.json"]
    known = kinds(model)
    assert (known["king"], known["##ing"]) == ("Token", "Piece")
    found = model.tracks[0].vectors(0)
    stored = load_file(models.MINILM / "model.safetensors")["embeddings.word_embeddings.weight"]
    assert np.array_equal(found, stored[model.vocabulary.rows])


def test_glove() -> None:
    model = opened(models.GLOVE, vocabulary=models.GLOVE_WORDS, limit=50_000)
    assert len(model.vocabulary) == 50_000
    assert model.tracks[0].dimensions == 50
    assert [file.name for file in model.files] == [models.GLOVE.name, models.GLOVE_WORDS.name]
    whole = opened(models.GLOVE, vocabulary=models.GLOVE_WORDS)
    assert len(whole.vocabulary) == 400_000
    assert whole.vocabulary.excluded == {}
    assert texts(model) < texts(whole)


def test_smollm_from_quantised_gguf() -> None:
    model = opened(models.SMOLLM)
    assert len(model.vocabulary) == 48_637
    assert model.vocabulary.excluded == {
        "byte fragment": 313,
        "control": 17,
        "unprintable characters": 19,
        "white space": 166,
    }
    known = kinds(model)
    assert (known["king"], known["##ing"], known["##"]) == ("Token", "Piece", "Token")
    (stored,) = (t for t in GGUFReader(models.SMOLLM).tensors if t.name == "token_embd.weight")
    expected = dequantize(stored.data, stored.tensor_type)[model.vocabulary.rows]
    assert np.array_equal(model.tracks[0].vectors(0), expected)


def test_wordllama_with_a_tokenizer_from_elsewhere() -> None:
    model = opened(models.WORDLLAMA, vocabulary=models.WORDLLAMA_TOKENIZER)
    assert len(model.vocabulary) == 31_659
    assert model.vocabulary.merged == 30
    assert model.vocabulary.excluded == {
        "byte fragment": 256,
        "special": 3,
        "unprintable characters": 21,
        "white space": 31,
    }
    assert {"king", "##ing"} <= texts(model)
    with pytest.raises(BadInput, match="--vocabulary"):
        opened(models.WORDLLAMA)


def test_models_meet_in_their_words() -> None:
    real = [
        opened(models.MINILM),
        opened(models.GLOVE, vocabulary=models.GLOVE_WORDS, limit=50_000),
        opened(models.SMOLLM),
        opened(models.WORDLLAMA, vocabulary=models.WORDLLAMA_TOKENIZER),
    ]
    keys = [set(model.vocabulary.compositions["key"].to_pylist()) for model in real]
    assert composition_key("Token", "king") in set.intersection(*keys)
    pieces = [keys[place] for place in (0, 2, 3)]
    assert composition_key("Piece", "##ing") in set.intersection(*pieces)


# ---------------------------------------------------------------- forms


def test_vocab_txt(folder: Path) -> None:
    model = opened(folder)
    assert texts(model) == {"king", "queen", "##ing", "throne", "crown"}
    assert model.vocabulary.excluded == {"special": 1, "unused": 1}
    chosen = model.vocabulary.rows
    assert np.array_equal(model.tracks[0].vectors(0), vectors()[chosen])


@pytest.mark.parametrize("dtype", ["F64", "F16", "BF16"])
def test_other_floats_become_float32(tmp_path: Path, dtype: str) -> None:
    exact = np.array([[1.0, -2.5], [0.5, 3.0], [8.0, 0.25]], dtype=np.float32)
    stored = {
        "F64": exact.astype("<f8"),
        "F16": exact.astype("<f2"),
        "BF16": (exact.view(np.uint32) >> 16).astype("<u2"),
    }[dtype]
    tensors = {"wte.weight": (dtype, (3, 2), stored.tobytes())}
    write_safetensors(tmp_path / "model.safetensors", tensors)
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
    # Only what was opened makes the source what it is; the other shard may change.
    opened_names = ["a.safetensors", "model.safetensors.index.json", "vocab.txt"]
    assert [file.name for file in model.files] == opened_names
    other = opened(tmp_path, tensor="lm_head.weight")
    assert np.allclose(other.tracks[0].vectors(0), model.tracks[0].vectors(0) + 1)


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["lm_head.weight", "model.embed_tokens.weight"], "model.embed_tokens.weight"),
        (["decoder.embed_tokens.weight", "encoder.embed_tokens.weight"], "encoder.embed_tokens.weight"),
        (["model.decoder.embed_tokens.weight", "model.shared.weight"], "model.shared.weight"),
        (
            ["bert.embeddings.position_embeddings.weight", "bert.embeddings.word_embeddings.weight"],
            "bert.embeddings.word_embeddings.weight",
        ),
        (["whatever"], "whatever"),
    ],
)  # fmt: skip
def test_the_input_embedding_is_taken(tmp_path: Path, names: list[str], chosen: str) -> None:
    save_file({name: vectors() for name in names}, tmp_path / "model.safetensors")
    (tmp_path / "vocab.txt").write_text("\n".join(TOKENS))
    assert opened(tmp_path).options["tensor"] == chosen


def test_padding_rows_are_counted(tmp_path: Path) -> None:
    write_matrix(tmp_path / "model.safetensors", vectors(8))
    vocabulary = {token: row for row, token in enumerate(TOKENS)}
    (tmp_path / "vocab.json").write_text(json.dumps(vocabulary))
    assert opened(tmp_path).vocabulary.excluded["padding"] == 1
    limited = opened(tmp_path, limit=4).vocabulary.excluded
    assert "padding" not in limited
    assert limited["beyond the limit"] == 4


@pytest.mark.parametrize("model", ["llama", "t5", "bert"])
def test_gguf_of_other_tokenizers(tmp_path: Path, model: str) -> None:
    tokens = ["▁king", "ing", "<0x0A>", "▁", "user", "[unused3]"]
    types = [1, 1, 6, 1, 4, 1]
    path = write_gguf(tmp_path / "m.gguf", vectors(8, 32), tokens, types, model=model)
    assert kinds(opened(path)) == {"king": "Token", "##ing": "Piece", "user": "Token"}
    counted = {"byte fragment": 1, "padding": 2, "unused": 1, "white space": 1}
    assert opened(path).vocabulary.excluded == counted


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


def test_word_vectors_are_those_gensim_reads(tmp_path: Path) -> None:
    from gensim.models import KeyedVectors

    written = KeyedVectors(4)
    written.add_vectors(["king", "queen", "café", "new_york"], vectors(4))
    for name, binary in (("v.bin", True), ("v.txt", False)):
        written.save_word2vec_format(tmp_path / name, binary=binary)
        model = opened(tmp_path / name)
        words = model.vocabulary.compositions["text"].to_pylist()
        assert np.allclose(model.tracks[0].vectors(0), written[words], atol=1e-6)


def test_words_inside_an_archive(tmp_path: Path) -> None:
    np.savez_compressed(
        tmp_path / "m.npz",
        left=vectors(3),
        right=vectors(3) + 1,
        words=np.array(["a", "b", "c"]),
        ids=np.arange(3),
    )
    with pytest.raises(BadInput, match="'left', 'right'; name the embedding with --tensor"):
        opened(tmp_path / "m.npz")
    model = opened(tmp_path / "m.npz", tensor="right")
    assert model.options["tensor"] == "right"
    assert np.array_equal(model.tracks[0].vectors(0), (vectors(3) + 1)[model.vocabulary.rows])


def test_marks_among_words_are_special(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("</s> 1 2\nking 3 4\nqueen 5 6\n<unk> 7 8\n## 9 1\n")
    model = opened(tmp_path / "v.txt")
    assert texts(model) == {"king", "queen", "##"}
    assert model.vocabulary.excluded == {"special": 2}
