"""Tokenizer files of every convention: which rows become which compositions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hartonomous.errors import BadInput, NotFound
from hartonomous.extract.files.tokenizer_files import TokenTable, find_tokenizer, read_tokenizer
from hartonomous.extract.vocabulary import Vocabulary, build_vocabulary

METASPACE = {"type": "Metaspace", "replacement": "▁"}
SEQUENCE = {"type": "Sequence", "pretokenizers": [{"type": "Split"}, {"type": "ByteLevel"}]}


def written(folder: Path, name: str, value: object) -> Path:
    (folder / name).write_text(value if isinstance(value, str) else json.dumps(value))
    return folder / name


def made(table: TokenTable) -> Vocabulary:
    return build_vocabulary(table.entries, table.convention, table.set_aside, table.literal)


def texts(table: TokenTable) -> list[str]:
    """Texts in the order of the rows that stand for them."""
    vocabulary = made(table)
    pairs = zip(vocabulary.rows, vocabulary.compositions["text"].to_pylist(), strict=True)
    return [text for _, text in sorted(pairs)]


@pytest.mark.parametrize(
    ("model", "around", "expected"),
    [
        ({"type": "WordPiece", "vocab": {"king": 0, "##ing": 1}}, {}, ["king", "##ing"]),
        (
            {"type": "WordPiece", "continuing_subword_prefix": "@@", "vocab": {"king": 0, "@@ing": 1}},
            {},
            ["king", "##ing"],
        ),
        ({"type": "WordLevel", "vocab": {"king": 0, "ing": 1}}, {}, ["king", "ing"]),
        (
            {"type": "BPE", "vocab": {"Ġking": 0, "ing": 1, "Ġå": 2, "åŃ": 3, "åŃĹ": 4}},
            {"pre_tokenizer": {"type": "ByteLevel"}},
            ["king", "##ing", "##字"],
        ),
        ({"type": "BPE", "vocab": {"Ġking": 0, "ing": 1}}, {"pre_tokenizer": SEQUENCE}, ["king", "##ing"]),
        ({"vocab": {"Ġking": 0, "ing": 1}, "merges": []}, {"decoder": {"type": "ByteLevel"}}, ["king", "##ing"]),
        ({"type": "BPE", "vocab": {"▁king": 0, "ing": 1, "<0x41>": 2}}, {}, ["king", "##ing"]),
        ({"type": "Unigram", "vocab": [["▁king", -1.5], ["ing", -2]]}, {"decoder": METASPACE}, ["king", "##ing"]),
        ({"vocab": [["▁king", -1.5], ["ing", -2]]}, {}, ["king", "##ing"]),
        (
            {"type": "BPE", "end_of_word_suffix": "</w>", "vocab": {"king</w>": 0, "thr": 1}},
            {"pre_tokenizer": {"type": "ByteLevel"}},
            ["king", "##thr"],
        ),
        # A heading's mark begins a word in Markdown; it is not an empty piece.
        ({"type": "BPE", "vocab": {"Ġ##": 0, "##": 1}}, {"decoder": {"type": "ByteLevel"}}, ["##", "####"]),
    ],
)  # fmt: skip
def test_conventions_are_those_the_file_names(
    tmp_path: Path, model: dict[str, Any], around: dict[str, Any], expected: list[str]
) -> None:
    path = written(tmp_path, "tokenizer.json", {"model": model, **around})
    assert texts(read_tokenizer(path)) == expected


def test_added_tokens_are_special_or_words_as_written(tmp_path: Path) -> None:
    added = [
        {"id": 1, "content": "<|im_start|>", "special": True},
        {"id": 2, "content": "<custom>", "special": True},
        {"id": 3, "content": "<h1>", "special": False},
        {"id": 4, "content": "<unused9>", "special": False},
        {"id": 5, "content": "▁▁▁", "special": False},
    ]
    model = {"type": "BPE", "vocab": {"▁king": 0, "<|im_start|>": 1}}
    table = read_tokenizer(
        written(tmp_path, "tokenizer.json", {"model": model, "added_tokens": added})
    )
    assert texts(table) == ["king", "<h1>"]
    assert made(table).excluded == {"special": 2, "unused": 1, "white space": 1}


def test_rows_without_a_token_are_counted(tmp_path: Path) -> None:
    path = written(
        tmp_path, "tokenizer.json", {"model": {"type": "BPE", "vocab": {"▁a": 0, "▁b": 3}}}
    )
    assert read_tokenizer(path).entries == ["▁a", None, None, "▁b"]
    assert made(read_tokenizer(path)).excluded == {"no token": 2}


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_vocab_txt_of_either_line_end(tmp_path: Path, ends: str) -> None:
    path = tmp_path / "vocab.txt"
    path.write_bytes(b"\xef\xbb\xbf" + ends.join(["[CLS]", "king", "##ing", ""]).encode())
    assert texts(read_tokenizer(path)) == ["king", "##ing"]
    assert made(read_tokenizer(path)).excluded == {"special": 1}


@pytest.mark.parametrize(
    ("vocabulary", "expected"),
    [
        ({"Ġking": 0, "ing": 1, "<|endoftext|>": 2, "<s>": 3}, ["king", "##ing"]),
        ({"▁king": 0, "ing": 1, "<unk>": 2}, ["king", "##ing"]),
        ({"king</w>": 0, "thr": 1}, ["king", "##thr"]),
    ],
)
def test_vocab_json_is_told_by_its_marks(
    tmp_path: Path, vocabulary: dict[str, int], expected: list[str]
) -> None:
    assert texts(read_tokenizer(written(tmp_path, "vocab.json", vocabulary))) == expected


def test_specials_beside_a_vocabulary_are_set_aside_and_named_as_opened(tmp_path: Path) -> None:
    written(tmp_path, "vocab.json", {"Ġking": 0, "Ġqueen": 1, "startoftext": 2})
    written(tmp_path, "added_tokens.json", {"<image>": 3})
    specials = {
        "bos_token": {"content": "startoftext"},
        "additional_special_tokens": ["<image>"],
        "pad_token": None,
    }
    written(tmp_path, "special_tokens_map.json", specials)
    table = find_tokenizer(tmp_path)
    assert texts(table) == ["king", "queen"]
    assert made(table).excluded == {"special": 2}
    assert [file.name for file in table.files] == [
        "vocab.json",
        "added_tokens.json",
        "special_tokens_map.json",
    ]


def test_tokenizer_json_goes_before_vocab_txt(tmp_path: Path) -> None:
    written(tmp_path, "vocab.txt", "other\n")
    written(
        tmp_path, "tokenizer.json", {"model": {"type": "WordPiece", "vocab": {"king": 0, "##s": 1}}}
    )
    assert texts(find_tokenizer(tmp_path)) == ["king", "##s"]


@pytest.mark.parametrize(
    "value",
    [
        "[]",
        "{",
        "",
        '{"model": null}',
        '{"model": {"type": "BPE"}}',
        '{"model": {"vocab": ["a", "b"]}}',
        '{"model": {"vocab": [["a"]]}}',
        '{"model": {"vocab": [[7, 1.0]]}}',
        '{"model": {"vocab": {"a": 0, "a": 1}}}',
        '{"model": {"vocab": {"a": 0, "b": 0}}}',
        '{"model": {"vocab": {"a": -1}}}',
        '{"model": {"vocab": {"a": 1e3}}}',
        '{"model": {"vocab": {"a": "0"}}}',
        '{"model": {"vocab": {"a": 99999999999999999999999}}}',
        '{"model": {"vocab": {"a": 0}}, "added_tokens": [{"id": 1, "content": ["x"]}]}',
        '{"model": {"vocab": {"a": 0}}, "added_tokens": [{"id": [], "content": "x"}]}',
        '{"model": {"vocab": {"a": 0}}, "added_tokens": [{"id": 1}]}',
        '{"model": {"vocab": {"a": 0}}, "added_tokens": 7}',
        "[" * 100_000,
    ],
)
def test_damaged_tokenizers_are_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(BadInput):
        read_tokenizer(written(tmp_path, "tokenizer.json", value))


def test_a_tokenizer_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "folder.json").mkdir()
    for name in ("none.json", "none.txt", "none.parquet", "folder.json"):
        with pytest.raises(NotFound, match="There is no"):
            read_tokenizer(tmp_path / name)
    with pytest.raises(BadInput, match=r"has no tokenizer\.json.*--vocabulary"):
        find_tokenizer(tmp_path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=8,
)


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_whatever_stands_in_the_fields_only_our_error_comes_out(
    tmp_path: Path, data: st.DataObject
) -> None:
    value: dict[str, Any] = {
        "model": {"type": "BPE", "vocab": {"a": 0, "b": 1}},
        "added_tokens": [{"id": 2, "content": "<x>", "special": True}],
        "pre_tokenizer": SEQUENCE,
    }
    places = [
        (value, "model"),
        (value["model"], "type"),
        (value["model"], "vocab"),
        (value["model"], "end_of_word_suffix"),
        (value["model"], "continuing_subword_prefix"),
        (value, "added_tokens"),
        (value["added_tokens"][0], "id"),
        (value["added_tokens"][0], "content"),
        (value["added_tokens"][0], "special"),
        (value, "pre_tokenizer"),
        (value, "decoder"),
    ]
    for holder, name in data.draw(st.lists(st.sampled_from(places), min_size=1, max_size=3)):
        holder[name] = data.draw(JSON)
    path = written(tmp_path, "tokenizer.json", value)
    try:
        made(read_tokenizer(path))
    except BadInput:
        return
