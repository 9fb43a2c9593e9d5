"""Word vectors as text and in word2vec's form: read right, or refused with the line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hartonomous.errors import BadInput
from hartonomous.extract.importer_protocol import OpenedModel
from tests.grouped_words import ALL_PAIRS, WORDS, grouped_matrix, within_groups
from tests.model_files import opened, texts

MATRIX = grouped_matrix()
COUNTS = f"{len(WORDS)} {MATRIX.shape[1]}"


def rows(words: list[str] = WORDS, blank: str = " ") -> list[str]:
    return [
        blank.join([word, *(f"{number:.6f}" for number in vector)])
        for word, vector in zip(words, MATRIX, strict=True)
    ]


def binary(words: list[str], end: bytes = b"", counts: str = COUNTS) -> bytes:
    """Return word2vec's binary form; the original ends each row with a line end."""
    return f"{counts}\n".encode() + b"".join(
        word.encode() + b" " + vector.tobytes() + end
        for word, vector in zip(words, MATRIX, strict=True)
    )


def vectors_of(model: OpenedModel) -> dict[str, np.ndarray]:
    words = model.vocabulary.compositions["text"].to_pylist()
    return dict(zip(words, model.tracks[0].vectors(0), strict=True))


# ---------------------------------------------------------------- text


@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("name", ["v.txt", "v.bin"])
@pytest.mark.parametrize("end", ["\n", "\r\n", " \n", "\n\n\n"])
def test_text_is_read_whatever_its_name_and_ends(
    tmp_path: Path, counts: bool, mark: str, name: str, end: str
) -> None:
    line = end[: end.index("\n") + 1]
    text = mark + line.join([COUNTS] * counts + rows()) + end
    (tmp_path / name).write_bytes(text.encode())
    model = opened(tmp_path / name)
    assert texts(model) == set(WORDS)
    assert model.vocabulary.excluded == {}
    found = vectors_of(model)
    for word, vector in zip(WORDS, MATRIX, strict=True):
        np.testing.assert_allclose(found[word], vector, atol=1e-6)


@pytest.mark.parametrize("begin", [0, 1])
@pytest.mark.parametrize("counts", [True, False])
def test_numbered_rows_are_refused(tmp_path: Path, begin: int, counts: bool) -> None:
    numbered = [f"{place} {row}" for place, row in enumerate(rows(), begin)]
    (tmp_path / "v.txt").write_text("\n".join([COUNTS] * counts + numbered))
    with pytest.raises(BadInput, match="numbers its lines before the words"):
        opened(tmp_path / "v.txt")


def test_counts_behind_words_are_refused(tmp_path: Path) -> None:
    counted = [row.replace(" ", f" {1000 - 3 * n} ", 1) for n, row in enumerate(rows())]
    (tmp_path / "v.txt").write_text("\n".join(counted))
    with pytest.raises(BadInput, match="whole numbers up to 1,000 behind the words"):
        opened(tmp_path / "v.txt")


def test_words_that_are_numbers_and_vectors_of_whole_numbers_are_read(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("\n".join(f"{n} {n % 7} {90 * n} {n % 3}" for n in range(40)))
    assert opened(tmp_path / "v.txt").vocabulary.excluded == {"zero vector": 1}


def test_neighbours_are_those_of_the_words(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("\ufeff" + "\n".join([COUNTS, *rows()]) + "\n\n")
    assert within_groups(opened(tmp_path / "v.txt"), tmp_path / "b") == ALL_PAIRS


@pytest.mark.parametrize("blank", ["\t", "   "])
def test_numbers_between_tabs_or_in_columns(tmp_path: Path, blank: str) -> None:
    (tmp_path / "v.txt").write_text("\n".join(rows(blank=blank)) + "\n")
    assert texts(opened(tmp_path / "v.txt")) == set(WORDS)
    words = [*WORDS[:3], "route 66", *WORDS[4:]]
    behind = [row.partition(" ")[2].replace(" ", blank) for row in rows()]
    lines = [f"{word}\t{numbers}" for word, numbers in zip(words, behind, strict=True)]
    (tmp_path / "v.txt").write_text("\n".join(lines) + "\n")
    assert texts(opened(tmp_path / "v.txt")) == {*WORDS, "route 66"} - {WORDS[3]}


@pytest.mark.parametrize(
    ("spoilt", "line"),
    [
        (lambda lines: [f"{len(WORDS)} 8", *lines], 2),
        (lambda lines: [f"{len(WORDS)} 17", *lines], 2),
        (lambda lines: [*lines[:7], lines[7] + " 0.5", *lines[8:]], 8),
        (lambda lines: [*lines[:7], lines[7].rpartition(" ")[0], *lines[8:]], 8),
        (lambda lines: [COUNTS, *lines[:7], lines[7] + " 0.5", *lines[8:]], 9),
        (lambda lines: [lines[0] + " 0.5", *lines[1:]], 2),
        (lambda lines: [*lines[:7], "route 66 " + lines[7].partition(" ")[2], *lines[8:]], 8),
        (lambda lines: [*lines[:7], lines[7].replace("0.", "0_0.", 1), *lines[8:]], 8),
        (lambda lines: [*lines[:7], "", *lines[8:]], 8),
        (lambda lines: ["# my vectors", *lines], 1),
        (lambda lines: [str(len(WORDS)), *lines], 1),
        (lambda lines: [*lines[:7], lines[7] + lines[8], *lines[9:]], 8),
    ],
    ids=["half", "more", "long", "short", "counted", "first", "number", "underscore", "gap", "title", "count", "two"],
)  # fmt: skip
def test_rows_that_disagree_are_refused_with_the_line(
    tmp_path: Path, spoilt: object, line: int
) -> None:
    for name in ("v.txt", "v.bin"):
        (tmp_path / name).write_text("\n".join(spoilt(rows())) + "\n")  # type: ignore[operator]
        for limit in (None, 20):
            with pytest.raises(BadInput, match=rf"line {line}\b"):
                opened(tmp_path / name, limit=limit)


def test_counts_are_those_of_the_file_even_where_it_is_not_read_whole(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("\n".join([f"41 {MATRIX.shape[1]}", *rows()]) + "\n")
    for limit in (None, 5):
        with pytest.raises(BadInput, match="promises 41 words and has 40"):
            opened(tmp_path / "v.txt", limit=limit)


@pytest.mark.parametrize("counts", [True, False])
def test_what_is_beyond_the_limit_is_counted(tmp_path: Path, counts: bool) -> None:
    (tmp_path / "v.txt").write_text("\n".join([COUNTS] * counts + rows()) + "\n\n")
    (tmp_path / "v.bin").write_bytes(binary(WORDS))
    for name in ("v.txt", "v.bin"):
        model = opened(tmp_path / name, limit=10)
        assert texts(model) == set(WORDS[:10])
        assert model.vocabulary.excluded == {"beyond the limit": 30}
        assert opened(tmp_path / name, limit=40).vocabulary.excluded == {}


# ---------------------------------------------------------------- binary


@pytest.mark.parametrize("end", [b"", b"\n"])
@pytest.mark.parametrize("name", ["v.bin", "v.vec"])
def test_binary_is_read_whatever_its_name_and_row_ends(
    tmp_path: Path, end: bytes, name: str
) -> None:
    (tmp_path / name).write_bytes(binary(WORDS, end))
    model = opened(tmp_path / name)
    found = vectors_of(model)
    assert all(
        np.array_equal(found[word], vector) for word, vector in zip(WORDS, MATRIX, strict=True)
    )
    assert within_groups(model, tmp_path / "b") == ALL_PAIRS


@pytest.mark.parametrize("end", [b"", b"\n"])
@pytest.mark.parametrize("phrase", ["new york", "new yor", "new abc", "a b c", "x yz", "abc d"])
@pytest.mark.parametrize("place", [0, 5, len(WORDS) - 1])
def test_words_that_hold_blanks_are_read_right(
    tmp_path: Path, end: bytes, phrase: str, place: int
) -> None:
    words = [*WORDS[:place], phrase, *WORDS[place + 1 :]]
    (tmp_path / "v.bin").write_bytes(binary(words, end))
    found = vectors_of(opened(tmp_path / "v.bin"))
    assert found.keys() == set(words)
    assert all(
        np.array_equal(found[word], vector) for word, vector in zip(words, MATRIX, strict=True)
    )
    limited = opened(tmp_path / "v.bin", limit=6)
    assert texts(limited) == set(words[:6])


@pytest.mark.parametrize(
    "counts",
    [f"{len(WORDS)} 15", f"{len(WORDS)} 17", "39 16", "41 16", f"{len(WORDS)} 8", "20 33"],
)
def test_counts_that_disagree_are_refused(tmp_path: Path, counts: str) -> None:
    for end in (b"", b"\n"):
        (tmp_path / "v.bin").write_bytes(binary(WORDS, end, counts))
        with pytest.raises(BadInput):
            opened(tmp_path / "v.bin")


def test_rows_of_another_length_are_refused(tmp_path: Path) -> None:
    whole = binary(WORDS)
    for row in range(len(WORDS)):
        place = whole.index(MATRIX[row].tobytes()) + 5 + row
        for raw in (whole[:place] + whole[place + 1 :], whole[:place] + b"\x3f" + whole[place:]):
            (tmp_path / "v.bin").write_bytes(raw)
            with pytest.raises(BadInput):
                opened(tmp_path / "v.bin")


def test_a_word_in_another_encoding_is_left_out_and_its_neighbours_stay(tmp_path: Path) -> None:
    raw = binary(WORDS, b"\n").replace(b"\n" + WORDS[9].encode(), b"\ncaf\xe9")
    (tmp_path / "v.bin").write_bytes(raw)
    model = opened(tmp_path / "v.bin")
    assert model.vocabulary.excluded == {"not UTF-8": 1}
    found = vectors_of(model)
    assert found.keys() == set(WORDS) - {WORDS[9]}
    assert np.array_equal(found[WORDS[8]], MATRIX[8])
    assert np.array_equal(found[WORDS[10]], MATRIX[10])


def test_an_empty_file_given_by_name_is_refused(tmp_path: Path) -> None:
    for name in ("v.bin", "v.txt"):
        (tmp_path / name).write_bytes(b"")
        with pytest.raises(BadInput):
            opened(tmp_path / name, "word-vectors")
