"""Tables and facts in a terminal: nothing cut, no name broken, wide tables turned."""

from __future__ import annotations

import json

import pytest

from hartonomous.cli.layout import fact_lines, table_lines
from hartonomous.cli.output import print_json

DIGEST = "6901fea9db82a1c4e9c7f580419532ac0abe6cb2a0517dbbffc0a1cc203c018a"


def test_a_table_that_fits_stands_in_columns() -> None:
    rows = [["king", "1,888.7"], ["日本", "3"]]
    assert table_lines(["word", "elo"], rows, [False, True], 80) == [
        "word      elo",
        "king  1,888.7",
        "日本        3",
    ]


def test_a_wide_text_is_wrapped_between_words() -> None:
    rows = [["numpy", "a matrix of numbers, with the list of its words beside it"]]
    lines = table_lines(["importer", "opens"], rows, [False, False], 40)
    assert lines == [
        "importer  opens",
        "numpy     a matrix of numbers, with the",
        "          list of its words beside it",
    ]


def test_a_table_of_long_names_is_turned() -> None:
    rows = [["glove", DIGEST, "5"], ["minilm", DIGEST, "1,234"]]
    lines = table_lines(["name", "digest", "rows"], rows, [False, False, True], 60)
    assert lines == [
        "name    glove",
        "digest",
        f"  {DIGEST}",
        "rows    5",
        "",
        "name    minilm",
        "digest",
        f"  {DIGEST}",
        "rows    1,234",
    ]


def test_without_a_terminal_nothing_is_wrapped_or_turned() -> None:
    rows = [["a " * 300, DIGEST]]
    assert len(table_lines(["text", "digest"], rows, [False, False])) == 2
    assert len(fact_lines([("text", "a " * 300)])) == 1


def test_facts_are_wrapped_between_words_alone() -> None:
    path = "/home/somebody/with-hyphens/in-a-path/graph.backup"
    assert fact_lines([("path", path), ("n", "1")], 40) == ["path", f"  {path}", "n     1"]
    assert fact_lines([("sources", "all-MiniLM-L6-v2, glove-6B-50d")], 30) == [
        "sources  all-MiniLM-L6-v2,",
        "         glove-6B-50d",
    ]


def test_json_has_no_number_that_json_has_not(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"rho": float("nan"), "rows": [1.5, (float("inf"), None)], "text": "NaN"})
    assert json.loads(capsys.readouterr().out, parse_constant=pytest.fail) == {
        "rho": None,
        "rows": [1.5, [None, None]],
        "text": "NaN",
    }
