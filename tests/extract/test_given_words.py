"""Lists of words: what a line may be, what is refused with which exit code, and wordfreq's lists."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from hartonomous.errors import BadInput, UsageError
from hartonomous.extract.given_words import read_given_words
from hartonomous.extract.importer_options import OpenOptions
from hartonomous.extract.importer_protocol import importers, open_with
from tests.building import write_vectors
from tests.command_line import failed


def written(folder: Path, content: str | bytes) -> Path:
    file = folder / "list.txt"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def test_a_line_is_a_word_or_a_phrase_with_its_frequency(tmp_path: Path) -> None:
    file = written(
        tmp_path, "\ufeffking\t12.5\r\n\n  traffic   light \nCafe\u0301\t3e2\nking\n   \n"
    )
    given = read_given_words(file)
    assert given.texts == ("king", "traffic light", "Café", "king")
    assert given.frequencies.tolist() == [12.5, 0.0, 300.0, 0.0]
    assert (given.file.name, given.file.bytes) == ("words/list.txt", file.stat().st_size)


def test_the_commonest_are_chosen_in_the_order_of_the_list(tmp_path: Path) -> None:
    given = read_given_words(written(tmp_path, "a\t1\nb\t9\nc\t2\nd\t9\ne\n"))
    assert given.commonest(None) == given.commonest(5) == ("a", "b", "c", "d", "e")
    assert given.commonest(3) == ("b", "c", "d")
    assert given.commonest(1) == ("b",)
    assert read_given_words(written(tmp_path, "x\ny\nz\n")).commonest(2) == ("x", "y")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "is empty"),
        ("\n \n\n", "is empty"),
        (b"king\nqu\xe9en\n", "line 2, byte 7"),
        ("king\n" + "long " * 52, "line 2 has 259 characters"),
        ("king\tmany\n", "line 1: 'many' behind the tab is not a frequency"),
        ("king\t-1\n", "is not a frequency"),
        ("king\tnan\n", "is not a frequency"),
        ("king\t1\t2\n", "is not a frequency"),
        ("king\nqueen\n\t7\n", "line 3 has a frequency and no word"),
        ("king\0queen\n", "NUL"),
    ],
)
def test_what_is_no_list_is_refused_by_its_line(
    tmp_path: Path, content: str | bytes, complaint: str
) -> None:
    with pytest.raises(BadInput, match=complaint):
        read_given_words(written(tmp_path, content))


def test_the_longest_word_is_read(tmp_path: Path) -> None:
    assert read_given_words(written(tmp_path, "x" * 256)).texts == ("x" * 256,)


def test_exit_codes_say_what_is_wrong_with_a_list(tmp_path: Path) -> None:
    vectors = write_vectors(tmp_path / "v", ["a", "b", "c"], np.eye(3, dtype=np.float32))
    out = ("--output", tmp_path / "bundle")
    file = written(tmp_path, "king\nqueen\n")
    complaint = failed(2, "extract", vectors, "--words", file, *out)
    assert "cannot be run on words" in complaint and "'huggingface'" in complaint


def test_the_commonest_words_of_a_language() -> None:
    given = read_given_words(Path("en:3000"))
    assert len(given.texts) == 3000
    assert {"the", "king", "water"} < set(given.texts)
    # In order of frequency, so a limit takes the first.
    assert (np.diff(given.frequencies) <= 0).all() and given.frequencies[-1] > 0
    assert given.commonest(100) == read_given_words(Path("en:100")).texts
    assert given.file.name == "words/en:3000"
    with pytest.raises(UsageError, match="no list of the language 'xx'; there are ar, "):
        read_given_words(Path("xx:10"))


def test_without_the_package_a_file_is_still_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "wordfreq", None)
    with pytest.raises(UsageError, match=r"hartonomous\[words\]"):
        read_given_words(Path("en:10"))
    # A file of such a name is a file.
    monkeypatch.chdir(tmp_path)
    (tmp_path / "en:10").write_text("king\n")
    assert read_given_words(Path("en:10")).texts == ("king",)


def test_only_importers_that_run_a_model_have_words() -> None:
    owners = [
        name
        for name, one in importers().items()
        if "words" in {option.name for option in getattr(one, "options", ())}
    ]
    assert owners == ["gguf", "huggingface"]
    with pytest.raises(UsageError, match="no option --words"):
        open_with(importers()["numpy"], Path("x.npy"), OpenOptions(words=Path("en:10")))
