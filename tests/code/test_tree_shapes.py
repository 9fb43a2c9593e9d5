"""Shapes: what languages write differently is one, what does something else is another."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.code_idioms import CHANGES, HELD_OUT, NINE, SUFFIXES, WRITTEN, functions, idioms, shape


@pytest.mark.parametrize("folder", [WRITTEN, HELD_OUT])
def test_an_idiom_has_one_shape_in_nine_languages(folder: str) -> None:
    texts = {language: idioms(language, folder) for language in NINE}
    for name in texts["python"]:
        found = {
            language: shape(language, own[name]) for language, own in texts.items() if name in own
        }
        assert len(set(found.values())) == 1, (name, found)


def test_ruby_shares_them() -> None:
    assert {name: shape("ruby", text) for name, text in idioms("ruby").items()} == {
        name: shape("python", text) for name, text in idioms("python").items()
    }


def test_idioms_differ_from_each_other_and_from_near_misses() -> None:
    texts = {language: idioms(language) for language in NINE}
    whole = {name: shape("python", text) for name, text in texts["python"].items()}
    assert len(set(whole.values())) == len(whole)
    missed = [
        (name, language, change)
        for language, own in texts.items()
        for name, text in own.items()
        for change in CHANGES
        if change[0] in text and shape(language, text.replace(*change, 1)) == whole[name]
    ]
    assert missed == []


def test_loops_are_shapes_by_themselves() -> None:
    inside = """
def f(rows):
    log(rows)
    for row in rows:
        if row > 0:
            kept.append(row)
    log(kept)
"""
    alone = """
function g(kept, xs) {
  start();
  xs.forEach((x) => { if (x > 0) { kept.push(x); } });
}
"""
    one, other = (
        {one.text for one in functions(language, text)[0].shapes() if not one.whole}
        for language, text in (("python", inside), ("javascript", alone))
    )
    assert one == other
    assert {text.rpartition(" ")[0] for text in one} == {"foreach if append", "if append"}


NAMES = st.lists(
    st.from_regex(r"[a-z][a-z_]{3,8}z", fullmatch=True), min_size=3, max_size=3, unique=True
)


@given(NAMES, st.integers(1, 7), st.sampled_from(["", "# a remark", "    # another one"]))
def test_names_layout_and_comments_change_nothing(
    names: list[str], indent: int, remark: str
) -> None:
    values, value, total = names
    margin = " " * indent
    text = (
        f"def f({values}):\n{margin}{total} = 0\n{remark}\n{margin}for {value} in {values}:\n"
        f"{margin}{margin}{total} += {value}\n{margin}return {total}\n"
    )
    assert shape("python", text) == shape("python", idioms("python")["loop over a collection"])


def test_different_names_are_told_apart() -> None:
    one = shape("python", "def f(a, b):\n    if a < b:\n        return a - b\n    return b - a\n")
    same = shape("python", "def f(x, y):\n    if x < y:\n        return x - y\n    return y - x\n")
    other = shape("python", "def f(a, b):\n    if a < b:\n        return a - a\n    return b - a\n")
    assert one == same != other


@pytest.mark.parametrize("language", sorted(SUFFIXES))
def test_half_of_a_file_is_read_as_far_as_it_goes(language: str) -> None:
    whole = "".join(idioms(language).values())
    picked = random.Random(5)
    for _ in range(20):
        first, last = sorted(picked.choices(range(len(whole)), k=2))
        assert all(one.shapes() is not None for one in functions(language, whole[first:last]))


def test_code_nested_ten_thousand_deep_is_read() -> None:
    deep = "def f(x):\n    return " + "(" * 10_000 + "x" + ")" * 10_000 + "\n"
    assert len(functions("python", deep)) <= 1
    assert len(functions("javascript", "function f(x) {" + "if (x) {" * 5_000 + "}" * 5_001)) <= 1
