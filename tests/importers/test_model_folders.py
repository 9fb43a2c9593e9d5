"""Folders of every layout, and tokenizers of every mark: all words, each with its own vector."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hartonomous.errors import BadInput, NotFound
from hartonomous.extract.extraction import ExtractOptions, extract, open_model
from hartonomous.extract.importer_protocol import OpenedModel, OpenOptions
from hartonomous.extract.search.nearest_neighbours import NeighbourOptions
from tests import models
from tests.building import silent
from tests.grouped_words import ALL_PAIRS, WORDS, grouped_matrix, listings_within, within_groups
from tests.model_files import kinds, opened, texts, write_matrix, write_safetensors
from tests.tiny_transformers import tiny

SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
TOKENS = [*SPECIALS, *WORDS, "##ing"]
MATRIX = grouped_matrix(TOKENS)


def wordpiece_json(tokens: list[str] = TOKENS) -> str:
    vocab = {token: row for row, token in enumerate(tokens)}
    return json.dumps({"model": {"type": "WordPiece", "vocab": vocab}})


def stored(matrix: np.ndarray) -> tuple[str, tuple[int, ...], bytes]:
    kind = {"float32": "F32", "int64": "I64", "int8": "I8", "float16": "F16"}[matrix.dtype.name]
    return kind, matrix.shape, np.ascontiguousarray(matrix).tobytes()


def check(model: OpenedModel, output: Path) -> None:
    """Check that every word is there as a word, and nearest to the words of its group."""
    known = kinds(model)
    assert {word: known.get(word) for word in WORDS} == dict.fromkeys(WORDS, "Token")
    assert within_groups(model, output) == ALL_PAIRS


# ---------------------------------------------------------------- parts


@pytest.mark.parametrize("kind", ["Transformer", "StaticEmbedding"])
@pytest.mark.parametrize("list_at", ["part", "top"])
def test_a_part_in_a_folder_of_its_own(tmp_path: Path, kind: str, list_at: str) -> None:
    path = tmp_path / "m"
    part = path / f"0_{kind}"
    part.mkdir(parents=True)
    modules = [
        {"idx": 0, "name": "0", "path": part.name, "type": f"sentence_transformers.models.{kind}"},
        {
            "idx": 1,
            "name": "1",
            "path": "1_Pooling",
            "type": "sentence_transformers.models.Pooling",
        },
    ]
    (path / "modules.json").write_text(json.dumps(modules))
    (path / "config.json").write_text('{"__version__": "0.2.5.1"}')
    write_matrix(part / "model.safetensors", MATRIX, "embedding.weight")
    ((part if list_at == "part" else path) / "tokenizer.json").write_text(wordpiece_json())
    check(opened(path), tmp_path / "b")
    names = [file.name for file in opened(path).files]
    assert names == ["model.safetensors", "tokenizer.json"]


def test_layers_of_a_part_in_a_folder_of_its_own(tmp_path: Path) -> None:
    whole = tiny(tmp_path / "whole", "bert")
    part = tmp_path / "m" / "0_Transformer"
    shutil.copytree(whole, part)
    modules = [{"path": "0_Transformer", "type": "sentence_transformers.models.Transformer"}]
    (tmp_path / "m" / "modules.json").write_text(json.dumps(modules))

    def digest(path: Path, name: str) -> str:
        model = open_model(str(path), OpenOptions(tracks=frozenset({"layers"})))
        return extract(model, ExtractOptions(NeighbourOptions(k=5)), tmp_path / name, silent).digest

    assert digest(tmp_path / "m", "parts") == digest(whole, "one")


@pytest.mark.parametrize("path", ["..", "/etc", "../other", "0_Transformer/../../other"])
def test_a_part_outside_of_the_folder_is_not_read(tmp_path: Path, path: str) -> None:
    other, inner = tmp_path / "other", tmp_path / "m"
    for folder in (other, inner / "0_Transformer"):
        folder.mkdir(parents=True)
    for folder in (other, tmp_path):
        write_matrix(folder / "model.safetensors", MATRIX)
        (folder / "tokenizer.json").write_text(wordpiece_json())
    (inner / "modules.json").write_text(json.dumps([{"path": path, "type": "x"}]))
    with pytest.raises(BadInput):
        opened(inner)


# ---------------------------------------------------------------- model2vec


def static(folder: Path, rows: np.ndarray, **others: np.ndarray) -> Path:
    tensors = {"embeddings": stored(rows), **{name: stored(each) for name, each in others.items()}}
    write_safetensors(folder / "model.safetensors", tensors)
    (folder / "tokenizer.json").write_text(wordpiece_json())
    (folder / "config.json").write_text('{"model_type": "model2vec"}')
    return folder


@pytest.mark.parametrize("same", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_tokens_lead_to_rows_through_the_mapping(
    tmp_path: Path, same: bool, weighted: bool
) -> None:
    order = np.random.default_rng(4).permutation(len(TOKENS))
    rows = MATRIX[order]
    mapping = np.argsort(order)
    if not same:
        # A row more than there are tokens, and two tokens that share one.
        rows = np.concatenate([rows, rows[:1]])
        mapping[0] = mapping[1]
    weights = np.linspace(0.5, 2.0, len(TOKENS)).astype(np.float32)
    others = {"mapping": mapping, **({"weights": weights} if weighted else {})}
    model = opened(static(tmp_path, rows, **others))
    check(model, tmp_path / "b")
    expected = rows[mapping] * (weights[:, None] if weighted else 1)
    found = model.tracks[0].vectors(0)
    np.testing.assert_array_equal(found, expected[model.vocabulary.rows])


def test_integers_of_a_quantised_one_are_read(tmp_path: Path) -> None:
    whole = np.rint(MATRIX * 127 / np.abs(MATRIX).max()).astype(np.int8)
    check(opened(static(tmp_path, whole)), tmp_path / "b")


@pytest.mark.parametrize(
    ("others", "fault"),
    [
        ({"mapping": np.arange(len(TOKENS)) + 1}, "missing rows"),
        ({"mapping": np.arange(len(TOKENS)) - 1}, "missing rows"),
        ({"mapping": np.zeros((2, 2), np.int64)}, "missing rows"),
        ({"mapping": np.arange(len(TOKENS) - 9)}, "37 rows but tokenizer.json has 46"),
        ({"weights": np.ones(3, np.float32)}, r"shape \(3,\) for 46 tokens"),
        ({"mapping": np.ones(len(TOKENS), np.float16)}, "'mapping' is F16"),
    ],
)
def test_a_mapping_that_lies_is_refused(
    tmp_path: Path, others: dict[str, np.ndarray], fault: str
) -> None:
    with pytest.raises(BadInput, match=fault):
        opened(static(tmp_path, MATRIX, **others))


# ---------------------------------------------------------------- types beside


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("F4", 8),
        ("F6_E2M3", 12),
        ("F8_E4M3FNUZ", 16),
        ("F8_E5M2FNUZ", 16),
        ("F8_E8M0", 16),
        ("I2", 5),
    ],
)
def test_types_that_are_not_read_are_no_fault_of_an_embedding(
    tmp_path: Path, kind: str, raw: int
) -> None:
    tensors = {"embed_tokens.weight": stored(MATRIX), "experts.w1": (kind, (4, 4), bytes(raw))}
    write_safetensors(tmp_path / "model.safetensors", tensors)
    (tmp_path / "tokenizer.json").write_text(wordpiece_json())
    check(opened(tmp_path), tmp_path / "b")
    with pytest.raises(BadInput, match=f"'experts.w1' is {kind}; F64"):
        opened(tmp_path, tensor="experts.w1")
    if kind != "I2":
        tensors["experts.w1"] = (kind, (4, 4), bytes(raw + 1))
        write_safetensors(tmp_path / "model.safetensors", tensors)
        with pytest.raises(BadInput, match=r"header is wrong about 'experts\.w1'"):
            opened(tmp_path)


# ---------------------------------------------------------------- GGUF


def write_shards(folder: Path, parts: int) -> list[Path]:
    """Write a GGUF model in parts as llama.cpp does: the first has the tokenizer and no embedding."""
    paths = [folder / f"m-{part:05d}-of-{parts:05d}.gguf" for part in range(1, parts + 1)]
    for place, path in enumerate(paths):
        writer = gguf.GGUFWriter(path, "llama")
        writer.add_uint16("split.no", place)
        writer.add_uint16("split.count", parts)
        if place == 0:
            writer.add_tokenizer_model("llama")
            writer.add_token_list([*SPECIALS, *(f"▁{word}" for word in WORDS), "ing"])
            writer.add_token_types([3] * len(SPECIALS) + [1] * (len(WORDS) + 1))
            writer.add_tensor("output_norm.weight", MATRIX[0])
        elif place == 1:
            writer.add_tensor("token_embd.weight", MATRIX)
        else:
            writer.add_tensor(f"blk.{place}.ffn_up.weight", MATRIX[:8])
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
    return paths


def test_a_model_in_parts_is_read_by_any_of_them(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    shards = write_shards(tmp_path / "m", 3)
    for path in (*shards, tmp_path / "m"):
        model = opened(path)
        assert [file.name for file in model.files] == [shards[1].name, shards[0].name]
        assert model.vocabulary.excluded == {"control": 5}
    check(model, tmp_path / "b")
    with pytest.raises(BadInput, match="in 3 files, which is not run; join them"):
        opened(shards[0], tracks=frozenset({"layers"}))
    with pytest.raises(BadInput, match="no matrix called 'none'"):
        opened(shards[0], tensor="none")
    shards[1].unlink()
    for path in (shards[0], tmp_path / "m"):
        with pytest.raises(BadInput, match=r"one of 3 parts .* 'm-00002-of-00003\.gguf'"):
            opened(path)


def write_gguf_tokens(path: Path, tokens: list[str], model: str, **added: Any) -> Path:
    writer = gguf.GGUFWriter(path, "new")
    writer.add_tokenizer_model(model)
    writer.add_token_list(tokens)
    if types := added.get("types"):
        writer.add_token_types(types)
    if kind := added.get("kind"):
        writer.add_type(kind)
    writer.add_tensor("token_embd.weight", grouped_matrix([t.strip("▁Ġ#") for t in tokens]))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.mark.parametrize("model", ["gemma4", "llama", "gpt2", "bert", "not yet made"])
@pytest.mark.parametrize("mark", ["▁", "Ġ"])
def test_a_tokenizers_marks_tell_its_words_whatever_it_is_called(
    tmp_path: Path, model: str, mark: str
) -> None:
    tokens = [*(f"{mark}{word}" for word in WORDS), "ing", "s"]
    found = opened(write_gguf_tokens(tmp_path / "m.gguf", tokens, model))
    assert kinds(found)["##ing"] == "Piece"
    check(found, tmp_path / "b")


@pytest.mark.parametrize("model", ["bert", "new"])
def test_wordpiece_that_was_not_rewritten(tmp_path: Path, model: str) -> None:
    found = opened(write_gguf_tokens(tmp_path / "m.gguf", [*WORDS, "##ing"], model))
    assert kinds(found)["##ing"] == "Piece"
    check(found, tmp_path / "b")


@pytest.mark.parametrize("spare", ["[PAD{}]", "<unk{}>", "<|pad_{}|>", "<pad_{}>", "▁[PAD{}]"])
@pytest.mark.parametrize("kind", [None, 1, 4, 5])
def test_rows_that_a_converter_numbered_are_unused(
    tmp_path: Path, spare: str, kind: int | None
) -> None:
    tokens = [*(f"▁{word}" for word in WORDS), *(spare.format(40 + place) for place in range(8))]
    types = [1] * len(WORDS) + [kind] * 8 if kind else None
    found = opened(write_gguf_tokens(tmp_path / "m.gguf", tokens, "llama", types=types))
    assert texts(found) == set(WORDS)
    assert found.vocabulary.excluded == {"unused": 8}
    check(found, tmp_path / "b")


@pytest.mark.parametrize(
    ("tokens", "model", "added", "fault"),
    [
        (WORDS, "rwkv", {}, "the kind 'rwkv', and its tokens do not show"),
        (WORDS, "new", {}, "the kind 'new', and its tokens do not show"),
        ([f"▁{word}" for word in WORDS], "llama", {"types": [1, 1]}, "40 tokens and types of 2"),
        ([f"▁{word}" for word in WORDS], "llama", {"kind": "adapter"}, "the kind 'adapter'"),
    ],
)
def test_gguf_that_is_no_model_or_unknown_is_refused(
    tmp_path: Path, tokens: list[str], model: str, added: dict[str, Any], fault: str
) -> None:
    with pytest.raises(BadInput, match=fault):
        opened(write_gguf_tokens(tmp_path / "m.gguf", tokens, model, **added))


def test_a_folder_with_one_gguf_model_opens_as_it(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    file = write_gguf_tokens(tmp_path / "m" / "m.gguf", [f"▁{word}" for word in WORDS], "llama")
    shutil.copy(file, tmp_path / "m" / "mmproj-m.gguf")
    check(opened(tmp_path / "m"), tmp_path / "b")
    assert [one.name for one in opened(tmp_path / "m").files] == ["m.gguf"]
    shutil.copy(file, tmp_path / "m" / "other.gguf")
    with pytest.raises(BadInput, match=r"holds 2 GGUF models; give one of them: 'm\.gguf', 'other"):
        opened(tmp_path / "m")


# ---------------------------------------------------------------- tokenizers


def bpe(vocab: list[str], **around: Any) -> str:
    model = {"type": "BPE", "vocab": {token: row for row, token in enumerate(vocab)}, "merges": []}
    return json.dumps({"model": model, **around})


@pytest.mark.parametrize(
    "around",
    [
        {"pre_tokenizer": {"type": "Whitespace"}},
        {"pre_tokenizer": {"type": "BertPreTokenizer"}, "decoder": None},
        {},
        {"pre_tokenizer": {"type": "ByteLevel"}},
    ],
)
def test_bpe_without_marks_yields_words(tmp_path: Path, around: dict[str, Any]) -> None:
    tokens = [*SPECIALS, *WORDS, "ing"]
    added = [{"id": row, "content": text, "special": True} for row, text in enumerate(SPECIALS)]
    (tmp_path / "tokenizer.json").write_text(bpe(tokens, added_tokens=added, **around))
    write_matrix(tmp_path / "model.safetensors", grouped_matrix(tokens))
    model = opened(tmp_path)
    assert set(kinds(model).values()) == {"Token"}
    assert model.vocabulary.excluded == {"special": 5}
    check(model, tmp_path / "b")


def test_tiktoken_ranks_beside_the_weights(tmp_path: Path) -> None:
    tokens = [f" {word}".encode() for word in WORDS] + [b"ing", b"\xe5"]
    lines = [f"{base64.b64encode(token).decode()} {rank}" for rank, token in enumerate(tokens)]
    (tmp_path / "qwen.tiktoken").write_text("\n".join(lines) + "\n")
    # What is special stands in no file, and the rest is padding.
    write_matrix(tmp_path / "model.safetensors", grouped_matrix([*WORDS, *("?" * 21)]))
    for model in (opened(tmp_path), opened(tmp_path, vocabulary=tmp_path / "qwen.tiktoken")):
        assert model.vocabulary.excluded == {"byte fragment": 1, "padding": 19}
        assert kinds(model)["##ing"] == "Piece"
        check(model, tmp_path / "b")
        shutil.rmtree(tmp_path / "b")


@pytest.mark.parametrize(
    ("name", "form"),
    [("vocab.json", "{}"), ("vocab.json", "Ġ{}"), ("vocab.txt", "{}"), ("vocab.txt", "▁{}")],
)
def test_lists_beside_the_weights(tmp_path: Path, name: str, form: str) -> None:
    tokens = [form.format(word) for word in WORDS] + ["ing"]
    vocabulary = json.dumps({token: row for row, token in enumerate(tokens)})
    text = "\ufeff" * (name == "vocab.txt")
    text += vocabulary if name == "vocab.json" else "\n".join(tokens) + "\n\n"
    (tmp_path / name).write_text(text)
    write_matrix(tmp_path / "model.safetensors", grouped_matrix([*WORDS, "ing"]))
    check(opened(tmp_path), tmp_path / "b")


@pytest.mark.parametrize("lost", [0, 17, len(TOKENS) - 1])
def test_a_list_that_lost_a_line_is_refused(tmp_path: Path, lost: int) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"vocab_size": len(TOKENS)}))
    write_matrix(tmp_path / "model.safetensors", MATRIX)
    (tmp_path / "vocab.txt").write_text("\n".join([*TOKENS[:lost], *TOKENS[lost + 1 :]]) + "\n")
    for given in ({}, {"vocabulary": tmp_path / "vocab.txt"}):
        with pytest.raises(BadInput, match=r"46 rows but vocab\.txt has 45 tokens"):
            opened(tmp_path, **given)


def test_a_configuration_of_another_model_is_refused(tmp_path: Path) -> None:
    tokens = TOKENS[:-1]
    write_matrix(tmp_path / "model.safetensors", grouped_matrix([*tokens, "", "", ""]))
    (tmp_path / "tokenizer.json").write_text(wordpiece_json(tokens))
    assert opened(tmp_path).vocabulary.excluded == {"padding": 3, "special": 5}
    (tmp_path / "config.json").write_text('{"text_config": {"vocab_size": 48}}')
    assert opened(tmp_path).vocabulary.excluded == {"padding": 3, "special": 5}
    (tmp_path / "config.json").write_text('{"vocab_size": 50}')
    with pytest.raises(BadInput, match=r"config\.json says 50"):
        opened(tmp_path)


# ---------------------------------------------------------------- a matrix and its words


@pytest.mark.parametrize("place", ["", "data"])
@pytest.mark.parametrize("words", ["w.txt", "w.parquet", "w.csv", "w.json"])
def test_a_folder_with_a_matrix_and_its_words_opens_as_one(
    tmp_path: Path, place: str, words: str
) -> None:
    folder = tmp_path / "m"
    (folder / place).mkdir(parents=True)
    np.save(folder / place / "glove.npy", grouped_matrix())
    (folder / "__init__.py").write_text("")
    (folder / place / "LICENSE.txt").write_text("Do what you like.\n")
    file = folder / place / words
    if words == "w.parquet":
        pq.write_table(pa.table({"index": WORDS}), file)
    elif words == "w.json":
        file.write_text(json.dumps(WORDS))
    else:
        lines = WORDS if words == "w.txt" else [f"{row},{word}" for row, word in enumerate(WORDS)]
        file.write_text("\n".join(lines) + "\n")
    model = opened(folder)
    assert [one.name for one in model.files] == ["glove.npy", words]
    check(model, tmp_path / "b")
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(BadInput, match="which words they stand for is not clear"):
        opened(folder)


def test_a_folder_in_which_it_is_not_clear_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", grouped_matrix())
    (tmp_path / "one.txt").write_text("\n".join(WORDS))
    (tmp_path / "two.csv").write_text("\n".join(f"{row},{word}" for row, word in enumerate(WORDS)))
    assert texts(opened(tmp_path)) == set(WORDS)
    (tmp_path / "two.csv").write_text("\n".join(reversed(WORDS)))
    with pytest.raises(BadInput, match=r"'one\.txt', 'two\.csv' have as many, and differ"):
        opened(tmp_path)
    check(opened(tmp_path, vocabulary=tmp_path / "one.txt"), tmp_path / "b")
    np.save(tmp_path / "b.npy", grouped_matrix())
    with pytest.raises(BadInput, match=r"holds 2 matrices \('a\.npy', 'b\.npy'\)"):
        opened(tmp_path)


def test_a_real_folder_with_a_matrix_and_its_words() -> None:
    whole = opened(models.GLOVE.parents[1], limit=1_000)
    given = opened(models.GLOVE, vocabulary=models.GLOVE_WORDS, limit=1_000)
    assert whole.files == given.files
    assert whole.vocabulary.compositions == given.vocabulary.compositions
    assert whole.vocabulary.excluded == {"beyond the limit": 399_000}


def test_a_matrix_that_is_gone_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "w.txt").write_text("\n".join(WORDS))
    with pytest.raises(NotFound, match="holds no"):
        opened_by_numpy(tmp_path)


def opened_by_numpy(path: Path) -> OpenedModel:
    from importers.vectors.numpy_matrix import IMPORTER

    return IMPORTER.open(path, OpenOptions())


def test_groups_are_told_from_others(tmp_path: Path) -> None:
    """The measure itself: words at the wrong rows are hardly ever within a group."""
    np.save(tmp_path / "m.npy", grouped_matrix())
    (tmp_path / "w.txt").write_text("\n".join([*WORDS[1:], WORDS[0]]))
    bundle = extract(
        opened(tmp_path), ExtractOptions(NeighbourOptions(k=5)), tmp_path / "b", silent
    )
    assert listings_within(bundle) < ALL_PAIRS // 2


@pytest.mark.parametrize("beside", [(), ("vocab.txt",), ("README.md", "LICENSE", "vocab.txt")])
def test_a_folder_with_one_file_of_word_vectors(tmp_path: Path, beside: tuple[str, ...]) -> None:
    matrix = grouped_matrix()
    folder = tmp_path / "glove"
    folder.mkdir()
    lines = [f"{word} {' '.join(map(str, row))}" for word, row in zip(WORDS, matrix, strict=True)]
    (folder / "vectors.txt").write_text("\n".join(lines) + "\n")
    for name in beside:
        counted = [f"{word} {900 - place}" for place, word in enumerate(WORDS)]
        (folder / name).write_text("\n".join(counted) + "\n")
    model = opened(folder)
    assert model.importer == "word-vectors"
    assert [one.name for one in model.files] == ["vectors.txt"]
    assert model.files == opened(folder / "vectors.txt").files
    assert texts(model) == set(WORDS)
    (folder / "vectors.100d.txt").write_text("\n".join(lines) + "\n")
    with pytest.raises(BadInput, match=r"holds 'vectors\.100d\.txt', 'vectors\.txt'"):
        opened(folder)


@pytest.mark.parametrize("name", ["vocab", "words.lst", "Words"])
def test_a_list_of_words_may_have_no_usual_ending(tmp_path: Path, name: str) -> None:
    np.save(tmp_path / "vectors.npy", grouped_matrix())
    (tmp_path / name).write_text("\n".join(WORDS) + "\n")
    model = opened(tmp_path)
    assert [one.name for one in model.files] == ["vectors.npy", name]
    assert texts(model) == set(WORDS)
