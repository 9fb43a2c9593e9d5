"""A traversal, beside the same rounds done over the pairs in memory; from Python and as a procedure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from hartonomous import schema
from hartonomous.ask.paths.spreading_activation import SHARPNESS, traverse, words_of
from hartonomous.ask.relations.relation_views import View
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from hartonomous.graph.procedures import install
from hartonomous.rate.formulas import consensus, cost
from tests.called_rows import rounded
from tests.made_graph import OTHER, SOURCE, key, make

WIDTH = 200

Way = tuple[int, tuple[str, ...]]
"""What it costs, and the words it goes over."""


def expected(
    pairs: Mapping[str, int], starts: Sequence[str], depth: int, breadth: int, above: int = 1500
) -> list[tuple[float, str, list[str], Way]]:
    """Return score, word, the starts that lead there, and the best way, of all within reach."""
    related: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
    for pair, decades in pairs.items():
        for a, b in (pair.split(), reversed(pair.split())):
            if consensus(decades) > above:
                related[a].append((cost(decades), key(b), b))
    leads = {word: sorted(others)[:breadth] for word, others in related.items()}

    def order(way: Way) -> tuple[int, list[str]]:
        return way[0], [key(word) for word in way[1]]

    ways: dict[str, dict[str, Way]] = {start: {start: (0, (start,))} for start in starts}
    frontier = set(starts)
    for _ in range(depth):
        better: dict[str, int] = {}
        for start, reached in ways.items():
            found = dict(reached)
            for word in frontier & reached.keys():
                for step, _, other in leads.get(word, ()):
                    way = reached[word][0] + step, (*reached[word][1], other)
                    if other not in found or order(way) < order(found[other]):
                        found[other] = way
                        better[other] = min(way[0], better.get(other, way[0]))
            ways[start] = found
        frontier = set(sorted(better, key=lambda word: (better[word], key(word)))[:WIDTH])
    answers = []
    for word in {word for reached in ways.values() for word in reached} - set(starts):
        led = [start for start in starts if word in ways[start]]
        score = sum(10 ** (-SHARPNESS * ways[start][word][0] / 1e6) for start in led)
        best = min((ways[start][word] for start in led), key=order)
        answers.append((round(score, 9), word, led, best))
    return sorted(answers, key=lambda one: (-one[0], key(one[1])))


def random_pairs(rng: np.random.Generator, words: int, pairs: int) -> dict[str, int]:
    """Return pairs with few different ratings, so that ways tie."""
    ends = rng.integers(0, words, (pairs, 2))
    ends = ends[ends[:, 0] < ends[:, 1]]
    return {f"word{a} word{b}": 200 * int(rng.integers(-2, 8)) for a, b in ends}


@pytest.mark.parametrize(
    ("words", "pairs", "starts", "depth", "breadth", "above"),
    [
        (30, 120, 1, 1, 3, 1500),
        (30, 120, 3, 4, 2, 1500),
        (60, 200, 5, 20, 1, 1500),
        (60, 400, 2, 3, 5, 1600),
        (60, 400, 2, 3, 100, 1400),
        (900, 6000, 24, 3, 7, 1500),
    ],
)
def test_a_traversal_finds_what_rounds_in_memory_find(
    graph: Graph,
    rng: np.random.Generator,
    words: int,
    pairs: int,
    starts: int,
    depth: int,
    breadth: int,
    above: int,
) -> None:
    related = random_pairs(rng, words, pairs)
    make(graph, related)
    install(graph)
    there = sorted({word for pair in related for word in pair.split()})
    known = rng.choice(there, starts, replace=False).tolist()
    wanted = expected(related, known, depth, breadth, above)
    prompt = " ".join([*known, "nobody"])
    answer = traverse(graph, prompt, depth, breadth, top=10_000, view=View(above=above))
    assert [one.word for one in answer.found] == [word for _, word, _, _ in wanted]
    assert [list(one.led_by) for one in answer.found] == [led for _, _, led, _ in wanted]
    assert [one.path.words for one in answer.found] == [way for *_, (_, way) in wanted]
    assert [one.path.cost * 1e6 for one in answer.found] == pytest.approx(
        [total for *_, (total, _) in wanted]
    )
    assert [one.score for one in answer.found] == pytest.approx([one[0] for one in wanted])
    rows = graph.read(
        "CALL custom.hartonomous.traverse($prompt, $depth, $breadth, 10000, $above)",
        prompt=prompt, depth=depth, breadth=breadth, above=above,
    )  # fmt: skip
    assert [tuple(row["path"]) for row in rows] == [one.path.words for one in answer.found]
    assert [row["led_by"] for row in rows] == [list(one.led_by) for one in answer.found]
    assert [row["score"] for row in rows] == [rounded(one.score, 4) for one in answer.found]
    assert [row["cost"] for row in rows] == [rounded(one.path.cost, 3) for one in answer.found]
    assert [[n["text"] for n in row["path_nodes"]] for row in rows] == [row["path"] for row in rows]
    assert all(len(row["path_relations"]) == len(row["steps"]) for row in rows)


def test_each_step_of_a_way_tells_its_rating_and_its_sources(graph: Graph) -> None:
    make(graph, {"king queen": 1800, "queen throne": 1500}, by_other=["queen throne"])
    install(graph)
    found = {one.word: one.path for one in traverse(graph, "king").found}
    assert [(s.start, s.end, s.type, s.rating, s.times, s.sources) for s in found["throne"].steps] == [
        ("king", "queen", "RELATES", consensus(1800), 1, (SOURCE,)),
        ("queen", "throne", "RELATES", consensus(1500), 1, (OTHER,)),
    ]  # fmt: skip
    rows = graph.read(
        "CALL custom.hartonomous.traverse('king', 3, 5, 10, 1500, 1, $only)", only=[SOURCE]
    )
    assert [row["path"] for row in rows] == [["king", "queen"]]
    assert graph.read("CALL custom.hartonomous.traverse('nobody knows')") == []


def test_of_several_types_the_cheapest_counts_and_directions_hold(graph: Graph) -> None:
    pairs = {"king queen": 200, "queen throne": 1500}
    make(graph, pairs, precedes={"king queen": 2300.0, "chair king": 2300.0})
    both = View(types=("RELATES", "PRECEDES"))
    found = {one.word: one.path for one in traverse(graph, "king", breadth=1, view=both).found}
    assert [step.type for step in found["queen"].steps] == ["PRECEDES"]
    wide = {one.word: one.path for one in traverse(graph, "king", breadth=9, view=both).found}
    assert set(wide) == {"queen", "throne"}
    assert traverse(graph, "chair", view=both).found[0].path.words == ("chair", "king")


def test_the_procedure_tells_words_apart_as_python_does(graph: Graph) -> None:
    asked = ["The", "king's", "so-called", "Müller", "x_1", "naïve", "don\u2019t", "a", "b", "42"]
    make(graph, {f"{word} end": 1000 for word in asked})
    install(graph)
    prompt = "\u201cThe king's (so-called) M\u00fcller\u201d: x_1; na\u00efve,\tdon\u2019t -- a--b '- 'The' \u00ab42\u00bb!"
    assert words_of(prompt) == asked
    (row,) = graph.read("CALL custom.hartonomous.traverse($prompt, 1)", prompt=prompt)
    assert (row["word"], row["led_by"]) == ("end", asked)


def test_types_without_a_direction_go_both_ways() -> None:
    both_ways = "|".join(type.name for type in schema.rated_types() if not type.directed)
    assert f"(r:{both_ways} OR startNode(r) = c)" in query("ask/traverse")
