"""Word lists beside a matrix: text and Parquet, and what is no list."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hartonomous.errors import BadInput, NotFound
from hartonomous.extract import word_lists
from hartonomous.extract.word_lists import read_words


def test_a_word_a_line(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_bytes("\ufeffking\r\nnew york\n\nqueen\x00\n".encode() + b"\xff\n")
    assert read_words(path) == ["king", "new york", "", "queen\x00", "\udcff"]
    path.write_bytes(b"king\nqueen")
    assert read_words(path) == ["king", "queen"]


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["king", None, "queen"]),
        pa.array(["king", None, "queen"], pa.large_string()),
        pa.array(["king", None, "queen"]).dictionary_encode(),
    ],
    ids=["string", "large", "dictionary"],
)
def test_the_first_column_of_strings(tmp_path: Path, column: pa.Array) -> None:
    table = pa.table({"id": [1, 2, 3], "word": column, "other": ["x", "y", "z"]})
    pq.write_table(table, tmp_path / "words.parquet")
    assert read_words(tmp_path / "words.parquet") == ["king", None, "queen"]


def test_a_text_repeated_a_million_times_is_held_once(tmp_path: Path) -> None:
    places = pa.array(np.zeros(1_000_000, dtype=np.int32))
    column = pa.DictionaryArray.from_arrays(places, pa.array(["x" * 100_000]))
    pq.write_table(pa.table({"word": column}), tmp_path / "words.parquet")
    words = read_words(tmp_path / "words.parquet")
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
    with pytest.raises(BadInput, match="no vocabulary"):
        read_words(tmp_path / "long.parquet")
    (tmp_path / "long.txt").write_text("a\nb\nc\n")
    with pytest.raises(BadInput, match="larger than"):
        read_words(tmp_path / "long.txt")
