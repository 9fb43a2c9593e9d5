"""A concept takes the names that contain it: labels by their words, identifiers by their parts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from hartonomous.bundle import Bundle
from hartonomous.cli import main
from hartonomous.delete.deletion import delete
from hartonomous.delete.selectors import Selectors, find_concept
from hartonomous.errors import NotFound
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.load.suppression_list import lift, suppressions
from tests.building import exported, put_in, silent
from tests.histories import History, take_back
from tests.made_names import SENTENCE, SYMBOL, TOKEN, Name, bundle_of_pairs

TOKENS = (
    "user",
    "User",
    "user manual",
    "traffic light",
    "dog",
    "dogma",
    "hot dog",
    "hotdog",
    "C++",
)
SYMBOLS = (
    *("get_user", "UserName", "app::user", "userland", "trafficLight", "traffic_light", "c_api"),
    *("hotDog", "hotdog", "dogma", "user_12345", "lightTraffic", "TRAFFIC_LIGHTS"),
)
SENTENCES = ("The user left.", "user_12345 left.", "A traffic light is red.")


def bundle(folder: Path, seed: int = 0) -> Bundle:
    """Return a bundle in which every name has evidence."""
    symbols: list[Name] = [(SYMBOL, text) for text in SYMBOLS]
    texts: list[Name] = [(TOKEN, t) for t in TOKENS] + [(SENTENCE, t) for t in SENTENCES]
    related = {
        "CALLS_EVIDENCE": [((SYMBOL, "main"), one) for one in symbols],
        "SENTENCE_EVIDENCE": [((TOKEN, "word"), one) for one in texts],
    }
    return bundle_of_pairs(folder / "named", related, seed)


def texts(graph: Graph) -> dict[str, set[str]]:
    """Return the texts in the graph by kind."""
    found: dict[str, set[str]] = {}
    for row in graph.read("MATCH (c:Composition) RETURN c.kind AS kind, c.text AS text"):
        found.setdefault(row["kind"], set()).add(row["text"])
    return found


TAKEN = [
    (
        Selectors(concepts=("user",)),
        {
            "user",
            "user manual",
            "get_user",
            "UserName",
            "app::user",
            "user_12345",
            "The user left.",
        },
    ),
    (
        # A word of a text keeps its case; parts of an identifier have none.
        Selectors(concepts=("User",)),
        {"User", "get_user", "UserName", "app::user", "user_12345"},
    ),
    (
        Selectors(concepts=("User",), any_case=True),
        {"User", "user", "user manual", "get_user", "UserName", "app::user", "user_12345"}
        | {"The user left."},
    ),
    (Selectors(concepts=("user",), exact=True), {"user"}),
    (
        Selectors(concepts=("traffic light",)),
        {"traffic light", "trafficLight", "traffic_light", "A traffic light is red."},
    ),
    (Selectors(concepts=("trafficLight",)), {"trafficLight", "traffic_light"}),
    (Selectors(concepts=("dog",)), {"dog", "hot dog", "hotDog"}),
    (Selectors(concepts=("hotdog",)), {"hotdog"}),
    (Selectors(concepts=("C++",)), {"C++"}),
    (Selectors(concepts=("user_12345",)), {"user_12345", "user_12345 left."}),
]


@pytest.mark.parametrize(("selectors", "taken"), TAKEN, ids=[str(one.named()) for one, _ in TAKEN])
def test_a_concept_takes_the_names_that_contain_it(
    graph: Graph, tmp_path: Path, selectors: Selectors, taken: set[str]
) -> None:
    put_in(graph, bundle(tmp_path), "named")
    before, lines = texts(graph), exported(graph)
    found = find_concept(graph, selectors.concepts[0], selectors.exact, selectors.any_case)
    assert {one.text for one in found} == taken
    with WriterLock(graph, "test") as lock:
        made = delete(graph, lock, selectors, silent)
    after = texts(graph)
    assert {text for kind in before for text in before[kind] - after.get(kind, set())} == taken
    take_back(graph, made.id)
    assert exported(graph) == lines


@pytest.mark.parametrize("place", [0, 1, 2, 4, 5, 6])
def test_what_was_erased_by_its_parts_is_suppressed_by_them(
    graph: Graph, tmp_path: Path, place: int
) -> None:
    selectors, taken = TAKEN[place]
    put_in(graph, bundle(tmp_path), "named")
    everything = texts(graph)
    history = History(graph)
    history.erase(selectors)
    left = texts(graph)
    history.erase(Selectors(sources=("named",)))
    for row in suppressions(graph):
        if row["kind"] == "source":
            with WriterLock(graph, "test") as lock:
                lift(graph, lock, row["id"])
    put_in(graph, bundle(tmp_path / "again"), "named")
    assert texts(graph) == left
    with WriterLock(graph, "test") as lock:
        for row in suppressions(graph):
            lift(graph, lock, row["id"])
    put_in(graph, bundle(tmp_path / "third", seed=1), "named", replace=True)
    assert texts(graph) == everything
    assert {text for kind in everything.values() for text in kind} >= taken


def test_the_preview_lists_the_names(served: Graph, tmp_path: Path) -> None:
    put_in(served, bundle(tmp_path), "named")
    plan = str(tmp_path / "plan.json")
    done = CliRunner().invoke(
        main, ["delete", "concept", "traffic light", "--plan", plan, "--json"]
    )
    assert done.exit_code == 0, done.output
    listed = {one["text"] for one in json.loads(done.stdout)["compositions"]}
    assert listed == {"traffic light", "trafficLight", "traffic_light", "A traffic light is red."}
    shown = CliRunner().invoke(main, ["delete", "concept", "traffic light", "--plan", f"{plan}2"])
    assert "trafficLight" in shown.output and "traffic_light" in shown.output


def test_a_concept_that_nothing_contains_is_not_found(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, bundle(tmp_path), "named")
    with pytest.raises(NotFound):
        find_concept(graph, "land", exact=False, any_case=True)
