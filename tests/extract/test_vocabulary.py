"""From tokens to compositions: conventions, exclusions, merges, order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hartonomous.errors import BadInput
from hartonomous.extract.vocabulary import (
    LONGEST,
    build_vocabulary,
    byte_level,
    sentencepiece,
    whole_words,
    wordpiece,
)


def test_three_conventions_meet_in_the_same_compositions() -> None:
    bert = build_vocabulary(["king", "##ing"], wordpiece, {})
    gpt = build_vocabulary(["Ġking", "ing"], byte_level, {})
    piece = build_vocabulary(["▁king", "ing"], sentencepiece, {})
    assert bert.compositions == gpt.compositions == piece.compositions
    assert set(
        zip(*bert.compositions.select(["kind", "text"]).to_pydict().values(), strict=True)
    ) == {
        ("Token", "king"),
        ("Piece", "##ing"),
    }


def test_exclusions_are_counted_by_reason() -> None:
    entries = [
        "[CLS]", "[unused3]", "king", "", "  ", "a\x00b", "\ud800", "x" * (LONGEST + 1),
        "y" * 10_000_000, None, "zero",
    ]  # fmt: skip
    made = build_vocabulary(entries, wordpiece, {10: "zero vector"})
    assert made.compositions["text"].to_pylist() == ["king"]
    assert made.excluded == {
        "special": 1,
        "unused": 1,
        "white space": 2,
        "unprintable characters": 2,
        f"longer than {LONGEST} characters": 2,
        "no token": 1,
        "zero vector": 1,
    }


def test_equal_entries_merge_into_the_lowest_row() -> None:
    made = build_vocabulary(["queen", "café", "cafe\u0301", "king", "café"], whole_words, {})
    rows = dict(zip(made.compositions["text"].to_pylist(), made.rows.tolist(), strict=True))
    assert rows == {"queen": 0, "café": 1, "king": 3}
    assert made.merged == 2


def test_an_excluded_twin_does_not_stand_for_the_word() -> None:
    made = build_vocabulary(["king", "king"], whole_words, {0: "zero vector"})
    assert made.rows.tolist() == [1]
    assert made.merged == 0


def test_byte_fragments_are_no_compositions() -> None:
    made = build_vocabulary(["Ã", "Ã©", "<0xE2>"], byte_level, {})
    assert made.excluded == {"byte fragment": 1}
    assert build_vocabulary(["<0xE2>"], sentencepiece, {}).excluded == {"byte fragment": 1}


def test_an_empty_vocabulary_is_refused() -> None:
    with pytest.raises(BadInput, match="empty"):
        build_vocabulary([], whole_words, {})


@given(st.lists(st.text(max_size=12), min_size=1, max_size=40))
def test_nothing_is_lost_and_keys_ascend(entries: list[str]) -> None:
    made = build_vocabulary(entries, sentencepiece, {})
    keys = made.compositions["key"].to_pylist()
    assert keys == sorted(set(keys))
    assert len(made) + made.merged + sum(made.excluded.values()) == len(entries)
