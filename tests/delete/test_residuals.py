"""What remains after a removal is said: by whom, by which ways, and what can still be drawn out."""

from __future__ import annotations

import re
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from hartonomous.ask.generation.next_token_model import NextTokenModel
from hartonomous.ask.generation.text_generator import GenerateOptions, Generator
from hartonomous.ask.generation.token_sampling import Filters
from hartonomous.ask.relations.neighbourhood import neighbours
from hartonomous.cli.residuals import print_residual
from hartonomous.delete import deletion, residuals
from hartonomous.delete.deletion import delete
from hartonomous.delete.residuals import PAIRS, TOKENS, TOP
from hartonomous.delete.selectors import Selectors
from hartonomous.errors import NotFound, ServerError
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.proof.claims import certify
from hartonomous.proof.verify_certificate import verify
from hartonomous.transparency import keys
from tests.building import causal_bundle, put_in, random_bundle, silent


@pytest.fixture
def filled(graph: Graph, tmp_path: Path) -> Graph:
    put_in(graph, causal_bundle(tmp_path, 1, words=40, length=900), "causal")
    put_in(graph, causal_bundle(tmp_path, 2, words=40, length=900), "other")
    put_in(graph, random_bundle(tmp_path, 3, size=118), "one")
    put_in(graph, random_bundle(tmp_path, 4, size=118), "two")
    return graph


def removed(graph: Graph, selectors: Selectors, ways: int = 0) -> dict[str, Any]:
    with WriterLock(graph, "test") as lock:
        found = delete(graph, lock, selectors, silent, ways=ways).residual
    assert found is not None
    return found


def continuation(expecting: NextTokenModel, word: str) -> str | None:
    """How a text goes on from a word, by what is expected alone."""
    prompt = expecting.spelt(word)
    if min(prompt) < 0 or not expecting.visited([prompt[-1:]])[0]:
        return None
    options = GenerateOptions(TOKENS, Filters(temperature=0))
    steps = Generator(expecting, None).stream(prompt, options)
    return "".join(step.text for step in steps).strip()


def test_what_can_be_drawn_out_is_that_of_the_others(filled: Graph) -> None:
    every, others = NextTokenModel(filled), NextTokenModel(filled, without_sources=["causal"])
    words = [str(row["t"]) for row in filled.read("MATCH (c:Token) RETURN c.text AS t")]
    drawn: dict[str, tuple[str | None, str | None]] = {
        word: (continuation(every, word), continuation(others, word)) for word in words
    }
    found = removed(filled, Selectors(sources=("causal",)))["continuations"]
    assert found
    for word, seen in found.items():
        assert (seen["before"], seen["after"]) == drawn.get(word, drawn.get(word.split()[-1]))
    assert any(seen["before"] != seen["after"] for seen in found.values())


def test_a_word_taken_out_is_drawn_out_no_more(filled: Graph) -> None:
    (row,) = filled.read(
        "MATCH (a:Token)-[r:RELATES]-(:Token) WHERE (a)-[:NEXT_EVIDENCE]-() "
        "RETURN a.text AS word ORDER BY r.elo DESC, word LIMIT 1"
    )
    word = row["word"]
    near = [row["neighbour"] for row in neighbours(filled, word, top=TOP)]
    found = removed(filled, Selectors(concepts=(word,)))
    assert found["neighbours"][word] == {"before": near, "after": []}
    assert found["continuations"][word]["before"] is not None
    assert found["continuations"][word]["after"] is None
    for kind in ("neighbours", "continuations"):
        for seen in found[kind].values():
            said = seen["after"] or []
            assert word not in (said.split() if isinstance(said, str) else said)
    for other, seen in found["neighbours"].items():
        if other != word:
            assert seen["after"] == [row["neighbour"] for row in neighbours(filled, other, top=TOP)]


def sources_of(graph: Graph, start: str, end: str) -> set[str]:
    rows = graph.read(
        "MATCH (a:Composition {text: $start})-[e:EMBEDDING_EVIDENCE]-(b:Composition {text: $end}) "
        "RETURN DISTINCT e.source AS s",
        start=start,
        end=end,
    )
    return {row["s"] for row in rows}


@pytest.mark.parametrize("ways", [0, 2])
def test_a_way_that_is_left_names_who_says_so(filled: Graph, ways: int) -> None:
    before = {
        frozenset((row["a"], row["b"]))
        for row in filled.read("MATCH (a)-[:RELATES]->(b) RETURN a.text AS a, b.text AS b")
    }
    paths = removed(filled, Selectors(sources=("two",)), ways)["paths"]
    assert 0 < len(paths) <= PAIRS * max(ways, 1)
    for path in paths:
        assert (path["way"][0], path["way"][-1]) == (path["start"], path["end"])
        assert frozenset((path["start"], path["end"])) in before
        assert len(path["way"]) > 2
        steps = [sources_of(filled, *pair) for pair in pairwise(path["way"])]
        assert all(steps)
        assert set(path["sources"]) == set.union(*steps) == {"one"}
        assert (path["weakest"] is None) == (ways == 0)


def test_without_graph_data_science_likeliest_ways_are_refused_first(
    filled: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(graph: Graph) -> None:
        raise ServerError("no Graph Data Science")

    monkeypatch.setattr(deletion, "need_projections", missing)
    with pytest.raises(ServerError):
        removed(filled, Selectors(sources=("two",)), ways=1)
    assert filled.read("MATCH (d:Deletion) RETURN d") == []


def test_no_room_for_a_projection_hides_no_way(
    filled: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise ServerError("no room")

    monkeypatch.setattr(residuals.word_paths, "path", full)
    paths = removed(filled, Selectors(sources=("two",)), ways=2)["paths"]
    assert paths and all(path["weakest"] is None for path in paths)


def test_the_certificate_counts_what_the_report_says(filled: Graph) -> None:
    with WriterLock(filled, "test") as lock:
        done = delete(filled, lock, Selectors(sources=("two", "causal")), silent)
        certificate = certify(filled, lock, done.id, done.residual)
    claims = verify(certificate, str(keys.signing_key().public))["claims"]
    found = done.residual
    assert found is not None
    hashes = keys.keyed_hashes(["source:one"])
    assert {"kind": "path", "source": hashes["source:one"], "count": len(found["paths"])} in claims[
        "residual"
    ]
    near, ways_on = found["neighbours"], found["continuations"]
    assert claims["extraction"] == {
        "words": len({*near, *ways_on}),
        "neighbours_before": sum(len(seen["before"]) for seen in near.values()),
        "neighbours_after": sum(len(seen["after"]) for seen in near.values()),
        "neighbours_kept": sum(
            one in seen["after"] for seen in near.values() for one in seen["before"]
        ),
        "continuations_before": sum(seen["before"] is not None for seen in ways_on.values()),
        "continuations_after": sum(seen["after"] is not None for seen in ways_on.values()),
        "continuations_kept": sum(seen["before"] == seen["after"] for seen in ways_on.values()),
    }
    assert claims["extraction"]["neighbours_before"] > 0


def test_it_is_readable_in_eighty_columns(
    filled: Graph, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = removed(filled, Selectors(sources=("two", "causal")), ways=1)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    print_residual(filled, found)
    shown = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert max(map(len, shown.splitlines())) <= 80
    for heading in ("residual paths", "neighbours of", "continuations of", "before", "after"):
        assert heading in shown
    for word in {*found["neighbours"], *found["continuations"]}:
        assert word in shown
    print_residual(filled, {name: [] for name in found})
    assert capsys.readouterr().out == ""


def test_a_graph_without_next_tokens_says_nothing_of_them(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, random_bundle(tmp_path, 3), "one")
    put_in(graph, random_bundle(tmp_path, 4), "two")
    with pytest.raises(NotFound):
        NextTokenModel(graph)
    found = removed(graph, Selectors(sources=("two",)))
    assert found["continuations"] == {}
    assert found["neighbours"]
