"""Code asked for by intent and by shape, through the whole path of an ingest."""

from __future__ import annotations

from pathlib import Path

import pytest

import hartonomous
from hartonomous.ask.code.code_intent import code_to_intent, intent_to_code
from hartonomous.ask.code.code_shapes import clones, same_shape, translate
from hartonomous.errors import NotFound, UsageError
from hartonomous.graph.driver import Graph
from hartonomous.operations.ingestion import ingest_model
from hartonomous.operations.model_request import request_model
from importers.code.code_files import find_code
from importers.code.code_reader import read_files
from importers.code.trait_evidence import TraitEvidence
from tests.code_idioms import idioms, write_base
from tests.command_line import failed, run

DOCUMENTED = '''
def order_numbers(values):
    """Sort a list of numbers, smallest first."""
    return sorted(values)


def order_names(names):
    """Sort names by the alphabet."""
    return sorted(names)


def read_lines(path):
    """Read the lines of a text file."""
    with open(path) as file:
        return file.readlines()


def rank_sorted_items(items):
    return sorted(items)
'''


def ingested(graph: Graph, folder: Path) -> None:
    python = {"pkg/loops.py": "\n".join(idioms("python").values()), "pkg/texts.py": DOCUMENTED}
    write_base(folder / "one", python)
    go = [text.replace("package a\n", "") for text in idioms("go").values()]
    other = {
        "loops/all.go": "package loops\n" + "\n".join(go),
        "web/loops.js": "\n".join(idioms("javascript").values()),
    }
    write_base(folder / "two", other)
    for name in ("one", "two"):
        ingest_model(graph, request_model(folder / name), name)


def test_code_is_found_by_intent_and_by_shape(graph: Graph, tmp_path: Path) -> None:
    ingested(graph, tmp_path)
    found = intent_to_code(graph, "sort a list of numbers")
    assert found[0]["symbol"] == "python:pkg.texts.order_numbers"
    assert found[0]["place"] == "pkg/texts.py:2" and found[0]["source"] == "one"
    assert any(word.startswith("numbers ") for word in found[0]["path"])
    lines = intent_to_code(graph, "Read the lines of a file.", 1)
    assert lines[0]["symbol"] == "python:pkg.texts.read_lines"

    words = [row["word"] for row in code_to_intent(graph, "texts.read_lines")]
    assert {"read", "lines"} <= set(words[:4])

    likes = same_shape(graph, "python:pkg.loops.total")
    whole = {row["symbol"] for row in likes if row["whole"]}
    assert whole == {"go:loops.Total", "javascript:web/loops.sumOf"}
    assert {row["shape"].rpartition(" ")[0] for row in likes if row["whole"]} == {
        "function assign foreach add return"
    }
    (best, *_) = translate(graph, "loops.total", "go")
    assert best["symbol"] == "go:loops.Total" and best["same"]
    assert best["shapes"] and best["roles"] and best["place"].startswith("loops/all.go:")

    copied = clones(graph, "two")
    assert copied == []
    write_base(
        tmp_path / "two", {"web/more.js": idioms("javascript")["maximum"].replace("xs", "rows")}
    )
    ingest_model(graph, request_model(tmp_path / "two"), "three")
    (pair,) = clones(graph, "three", 1)
    assert pair["symbols"] == ["javascript:web/loops.maxOf", "javascript:web/more.maxOf"]
    assert pair["places"][1] == "web/more.js:1" and {"rows", "xs"} <= set(pair["differ"])
    with pytest.raises(NotFound, match="No source"):
        clones(graph, "nothing")

    for name, error in (("no_such_function", NotFound), ("loops.", NotFound)):
        with pytest.raises(error):
            same_shape(graph, name)
    with pytest.raises(UsageError, match="without words"):
        intent_to_code(graph, "?!")
    with pytest.raises(NotFound, match="ingest DIR"):
        intent_to_code(graph, "zymurgy")


def test_removing_a_code_base_removes_its_shapes(served: Graph, tmp_path: Path) -> None:
    ingested(served, tmp_path)
    with hartonomous.open() as opened:
        assert opened.translate("python:pkg.loops.total", "go")[0].same
        assert opened.intent_to_code("sort numbers", 1)[0].symbol.startswith("python:")
        opened.delete(sources=["two"])
        assert not [row for row in opened.same_shape("loops.total") if row.source == "two"]
        assert not opened.translate("python:pkg.loops.total", "go")


def test_the_command_line_shows_them(served: Graph, tmp_path: Path) -> None:
    ingested(served, tmp_path)
    for words, shown in (
        (["intent-to-code", "sort a list of numbers", "--top", "3"], "order_numbers"),
        (["code-to-intent", "order_numbers"], "sort"),
        (["same-shape", "python:pkg.loops.total"], "go:loops.Total"),
        (["translate", "python:pkg.loops.total", "--to", "javascript"], "sumOf"),
        (["clones", "two"], ""),
    ):
        plain, as_json = run(*words), run(*words, "--json")
        assert plain.exit_code == as_json.exit_code == 0, plain.output + as_json.output
        assert shown in plain.output and shown in as_json.output
    assert "No symbol is called" in failed(3, "same-shape", "nothing.like.this")


def test_what_files_under_one_licence_say_goes_alone(tmp_path: Path) -> None:
    free = "# SPDX-License-Identifier: MIT\n" + idioms("python")["maximum"]
    bound = "# SPDX-License-Identifier: GPL-3.0-only\n" + idioms("python")["count words"]
    write_base(tmp_path / "both", {"free.py": free, "bound.py": bound})
    base = read_files(tmp_path / "both", find_code(tmp_path / "both"))
    (alone,) = (number for number, file in enumerate(base.files) if file.name == "free.py")
    said = TraitEvidence(base, {alone})
    assert {"largest", "best"} <= set(said.texts)
    assert not {"frequencies", "word"} & set(said.texts)
    assert all(place.startswith("free.py:") for _, place in said.places)
