"""Word lists beside a matrix: text and Parquet, and what is no list."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hartonomous.errors import BadInput, NotFound
from hartonomous.extract.files import word_lists
from hartonomous.extract.files.word_lists import WordList, read_words
from tests.grouped_words import WORDS


def test_a_word_a_line(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_bytes("\ufeffking\r\nnew york\n\nqueen\x00\n".encode() + b"\xff\n")
    assert read_words(path).words == ["king", "new york", "", "queen\x00", "\udcff"]
    path.write_bytes(b"king\nqueen")
    assert read_words(path) == WordList(["king", "queen"])


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["king", None, "queen"]),
        pa.array(["king", None, "queen"], pa.large_string()),
        pa.array(["king", None, "queen"]).dictionary_encode(),
    ],
    ids=["string", "large", "dictionary"],
)
def test_the_column_that_is_called_after_words(tmp_path: Path, column: pa.Array) -> None:
    table = pa.table({"id": [1, 2, 3], "word": column, "other": ["x", "y", "z"]})
    pq.write_table(table, tmp_path / "words.parquet")
    assert read_words(tmp_path / "words.parquet").words == ["king", None, "queen"]


def test_a_text_repeated_a_million_times_is_held_once(tmp_path: Path) -> None:
    places = pa.array(np.zeros(1_000_000, dtype=np.int32))
    column = pa.DictionaryArray.from_arrays(places, pa.array(["x" * 100_000]))
    pq.write_table(pa.table({"word": column}), tmp_path / "words.parquet")
    words = read_words(tmp_path / "words.parquet").words
    assert len(words) == 1_000_000
    assert len({id(word) for word in words}) == 1


def test_what_is_no_list_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotFound, match="no word list"):
        read_words(tmp_path / "none.txt")
    with pytest.raises(NotFound, match="no word list"):
        read_words(tmp_path)
    (tmp_path / "empty.txt").write_bytes(b"")
    with pytest.raises(BadInput, match="empty word list"):
        read_words(tmp_path / "empty.txt")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1" + bytes(64) + b"PAR1")
    with pytest.raises(BadInput, match="cannot be read as Parquet"):
        read_words(tmp_path / "broken.parquet")
    pq.write_table(pa.table({"id": [1, 2]}), tmp_path / "numbers.parquet")
    with pytest.raises(BadInput, match="no column of strings"):
        read_words(tmp_path / "numbers.parquet")
    monkeypatch.setattr(word_lists, "MOST_WORDS", 2)
    monkeypatch.setattr(word_lists, "LIST_LIMIT", 4)
    pq.write_table(pa.table({"word": ["a", "b", "c"]}), tmp_path / "long.parquet")
    with pytest.raises(BadInput, match="not a vocabulary"):
        read_words(tmp_path / "long.parquet")
    (tmp_path / "long.txt").write_text("a\nb\nc\n")
    with pytest.raises(BadInput, match="larger than"):
        read_words(tmp_path / "long.txt")


# ---------------------------------------------------------------- lists that are more than words

N = len(WORDS)
SHUFFLED = np.random.default_rng(5).permutation(N).tolist()
COUNTS = [int(9e5 // (place + 1)) for place in range(N)]
FALLING = [f"{word} {count}" for word, count in zip(WORDS, COUNTS, strict=True)]


def lines(form: str, numbers: list[int] | range = range(N)) -> list[str]:
    return [form.format(w=word, n=number) for word, number in zip(WORDS, numbers, strict=True)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("vocab.txt", FALLING),
        ("vocab.txt", ["word count", *FALLING]),
        ("vocab.txt", [*FALLING, "", ""]),
        ("vocab.txt", lines("{w}\t{n}", COUNTS)),
        ("vocab.txt", lines("{w} -{n}.5", COUNTS)),
        ("vocab.txt", lines("{w} {n} 0.25", COUNTS)),
        ("vocab.txt", lines("{n} {w}")),
        ("vocab.txt", lines("{n}\t{w}")),
        ("vocab.txt", lines("{n}. {w}", range(1, N + 1))),
        ("vocab.txt", lines("({n}) {w}", range(1, N + 1))),
        ("vocab.txt", lines("  {n} {w}", COUNTS)),
        ("vocab.txt", lines('{n},"{w}"')),
        ("vocab.txt", lines("{w},{n}", COUNTS)),
        ("vocab.txt", lines('"{w}"')),
        ("vocab.txt", lines("{w} 0.1 0.2 0.3")),
        ("vocab.txt", lines('"{w}",')),
        ("vocab.txt", lines("'{w}'")),
        ("vocab.txt", lines("- {w}")),
        ("vocab.txt", lines("{w}: {n}", COUNTS)),
        ("vocab.txt", lines("{n}|{w}")),
        ("vocab.txt", lines('{{"id": {n}, "word": "{w}"}}')),
        ("vocab.txt", ["[", *lines('"{w}",')[:-1], f'"{WORDS[-1]}"', "]"]),
        ("vocab.csv", ["id;word", *lines("{n};{w}")]),
        ("vocab.csv", lines('{n},"{w}"')),
        ("vocab.csv", ["id,word,count", *lines("{n},{w},17")]),
        ("vocab.csv", ["word,pos", *lines("{w},NOUN")]),
        ("vocab.csv", ["word", *WORDS]),
        ("vocab.csv", WORDS),
        ("vocab.tsv", ["token\tnotes", *lines("{w}\tx{n}")]),
        ("vocab.txt", ["word", *WORDS]),
        ("vocab.txt", [*WORDS, "", ""]),
        ("vocab.txt", WORDS),
    ],
)
def test_the_words_are_taken_from_among_what_stands_with_them(
    tmp_path: Path, name: str, text: list[str]
) -> None:
    for mark, end in (("", "\n"), ("\ufeff", "\r\n")):
        (tmp_path / name).write_bytes((mark + end.join(text) + end).encode())
        assert read_words(tmp_path / name, N).words == WORDS


@pytest.mark.parametrize("form", ["{n} {w}", "{w} {n}", "{w}\t{n}", "{n},{w}"])
@pytest.mark.parametrize("first", [0, 1])
def test_a_numbering_says_whose_row_is_whose(tmp_path: Path, form: str, first: int) -> None:
    numbers = [number + first for number in SHUFFLED]
    (tmp_path / "v.txt").write_text("\n".join(lines(form, numbers)))
    found = read_words(tmp_path / "v.txt", N)
    assert found.placed
    assert [found.words[row] for row in SHUFFLED] == WORDS
    if first:
        # With a row more, the numbers are rows as they stand, and row 0 has no word.
        found = read_words(tmp_path / "v.txt", N + 1)
        assert found.words[0] is None
        assert [found.words[row] for row in numbers] == WORDS


@pytest.mark.parametrize(
    "value",
    [
        WORDS,
        {word: row for row, word in enumerate(WORDS)},
        {str(row): word for row, word in enumerate(WORDS)},
        [[word, count] for word, count in zip(WORDS, COUNTS, strict=True)],
        [{"word": word, "count": count} for word, count in zip(WORDS, COUNTS, strict=True)],
        [{"id": row, "token": word} for row, word in reversed(list(enumerate(WORDS)))],
    ],
)
def test_json(tmp_path: Path, value: object) -> None:
    (tmp_path / "v.json").write_text(json.dumps(value))
    assert read_words(tmp_path / "v.json", N).words == WORDS


def test_parquet_with_rows_in_another_order(tmp_path: Path) -> None:
    table = pa.table({"idx": SHUFFLED, "entry": WORDS, "n": COUNTS})
    pq.write_table(table, tmp_path / "v.parquet")
    found = read_words(tmp_path / "v.parquet", N)
    assert [found.words[row] for row in SHUFFLED] == WORDS


def test_tiktoken_ranks_are_decoded(tmp_path: Path) -> None:
    tokens = [b" king", b"ing", b"\xe5\xad", b" "]
    text = "".join(
        f"{base64.b64encode(token).decode()} {rank}\n" for rank, token in enumerate(tokens)
    )
    for name in ("x.tiktoken", "x.txt"):
        (tmp_path / name).write_text(text)
        found = read_words(tmp_path / name)
        assert found == WordList(["Ġking", "ing", "åŃ", "Ġ"], placed=True, ranks=True)
    for broken in ("IGtpbmc 0\n", "IGtpbmc= 0\naW5n 0\n", "king\n", "IGtpbmc= 99999999999\n"):
        (tmp_path / "x.tiktoken").write_text(broken)
        with pytest.raises(BadInput):
            read_words(tmp_path / "x.tiktoken")


@pytest.mark.parametrize(
    "words",
    [
        ["area 51", "route 66", "king", "queen", "catch 22"],
        [f"chapter {number}" for number in range(60)],
        [f"{number} kings" for number in (3, 3, 4)] + ["queens", "thrones", "crowns"],
        ["Paris, France", "Rome, Italy", "Bern, Switzerland"],
        ["7,000", "1,000", "2,500"],
        ["new york", "los angeles", "san jose"],
        [str(number) for number in range(20)],
        [",", ".", "the", '"', "'"],
        ["king", "", "queen", " "],
        ["word", "token", "term"],
        ["[", "]", "{", "king"],
        [f"king|{kind}" for kind in ("NOUN", "PROPN", "X", "Y")],
        [f"/c/en/{word}" for word in WORDS],
        ["10:30", "9:45", "23:59"],
    ],
)
def test_words_that_only_look_like_more_stay_whole(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "v.txt").write_text("\n".join(words) + "\n")
    assert read_words(tmp_path / "v.txt").words == words


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("v.txt", [*FALLING[:9], "king", *FALLING[10:]], "line 10"),
        ("v.txt", [f"{N} 16", *lines("{w} 0.1 0.2")], "line 1"),
        ("v.txt", lines("{w} {n}", range(N - 1, -1, -1)), "may be rows or counts"),
        ("v.txt", lines("{w} {n}", [900 + (7 * place) % 41 for place in range(N)]), "counts, or part"),
        ("v.csv", ["a,b", *lines("{w},{w}s")], "2 columns of text"),
        ("v.csv", ["a,b", "c", "d,e"], "row 2"),
        ("v.csv", ["id,word", *lines("7,{w}")], "duplicate or negative number"),
        ("v.txt", ["word", *WORDS[:-1]], "looks like a header"),
        ("merges.txt", ["i n", "t h"], "merges, not tokens"),
        ("v.txt", ["#version: 0.2", "i n"], "merges, not tokens"),
        ("v.json", ["7"], "not a supported word list"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_refused(
    tmp_path: Path, name: str, text: list[str], fault: str
) -> None:
    (tmp_path / name).write_text("\n".join(text) + "\n")
    with pytest.raises(BadInput, match=fault):
        read_words(tmp_path / name, N)


def test_utf_16_is_named(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("\n".join(WORDS), "utf-16")
    with pytest.raises(BadInput, match="UTF-16; convert"):
        read_words(tmp_path / "v.txt")
