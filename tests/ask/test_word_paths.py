"""Paths, trees, reach, communities and traversal on made-up graphs, beside NetworkX."""

from __future__ import annotations

import itertools

import networkx as nx
import numpy as np
import pytest

from hartonomous.ask.paths.communities import central, communities, hubs, outliers, resolution_of
from hartonomous.ask.paths.projections import drop_all
from hartonomous.ask.paths.spreading_activation import traverse, words_of
from hartonomous.ask.paths.word_paths import between, bridge, path, reach
from hartonomous.ask.relations.affinity import affinity
from hartonomous.ask.relations.relation_views import View
from hartonomous.errors import NotFound, UsageError
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from hartonomous.rate.formulas import cost
from tests.building import WORDS
from tests.made_graph import OTHER, SOURCE, make

SQUARE = {
    "king queen": 1800,
    "queen throne": 1500,
    "king crown": 1200,
    "crown throne": 1700,
    "throne chair": 900,
}


def random_pairs(rng: np.random.Generator, words: int, pairs: int) -> dict[str, int]:
    chosen = [word for word in WORDS if word.isalpha()][:words]
    every = list(itertools.combinations(chosen, 2))
    picked = rng.choice(len(every), size=pairs, replace=False)
    return {" ".join(every[i]): int(rng.integers(100, 2000)) for i in picked}


def as_networkx(pairs: dict[str, int]) -> nx.Graph:
    seen = nx.Graph()
    for pair, d in pairs.items():
        seen.add_edge(*pair.split(), cost=cost(d), weight=d)
    return seen


def test_paths_are_the_cheapest_and_explained_edge_by_edge(graph: Graph) -> None:
    make(graph, SQUARE, by_other=["crown throne"])
    first, second = path(graph, "king", "chair", k=5)
    assert first.words == ("king", "queen", "throne", "chair")
    assert second.words == ("king", "crown", "throne", "chair")
    assert first.cost == pytest.approx((cost(1800) + cost(1500) + cost(900)) / 1e6)
    assert first.weakest == 1860 == min(step.rating or 0 for step in first.steps)
    assert [(s.start, s.end, s.rating, s.sources) for s in second.steps] == [
        ("king", "crown", 1980, (SOURCE,)),
        ("crown", "throne", 2180, (OTHER,)),
        ("throne", "chair", 1860, (SOURCE,)),
    ]


def test_paths_that_cost_the_same_come_by_their_words(graph: Graph) -> None:
    joints = ["queen", "crown", "prince", "throne", "heir", "duke"]
    make(graph, {f"{end} {joint}": 1000 for joint in joints for end in ("king", "chair")})
    found = [one.words[1] for one in path(graph, "king", "chair", k=2)]
    assert found == ["crown", "duke"]


def test_paths_over_the_same_words_are_one(graph: Graph) -> None:
    types = View(types=("RELATES", "PRECEDES"))
    precedes = {"king queen": 1900.0, "queen throne": 1950.0, "throne chair": 1990.0}
    make(graph, SQUARE, precedes=precedes)
    first, second = path(graph, "king", "chair", k=2, view=types)
    assert [first.words[1], second.words[1]] == ["queen", "crown"]
    assert [step.type for step in first.steps] == ["RELATES", "RELATES", "PRECEDES"]
    assert len(path(graph, "king", "chair", k=9, view=types)) == 2


def test_paths_are_those_of_networkx(graph: Graph, rng: np.random.Generator) -> None:
    pairs = random_pairs(rng, 30, 80)
    make(graph, pairs)
    seen = as_networkx(pairs)
    for start, end in list(itertools.combinations(sorted(seen), 2))[::60]:
        if not nx.has_path(seen, start, end):
            with pytest.raises(NotFound):
                path(graph, start, end)
            continue
        expected = itertools.islice(nx.shortest_simple_paths(seen, start, end, "cost"), 4)
        found = path(graph, start, end, k=4)
        assert [round(one.cost * 1e6) for one in found] == [
            nx.path_weight(seen, words, "cost") for words in expected
        ]


def test_views_keep_types_sources_and_ratings(graph: Graph) -> None:
    make(graph, SQUARE, by_other=["king queen"], precedes={"chair king": 1900.0})
    assert path(graph, "king", "queen")[0].words == ("king", "queen")
    only = View(sources=(SOURCE,))
    assert path(graph, "king", "queen", view=only)[0].words == ("king", "crown", "throne", "queen")
    assert path(graph, "king", "queen", view=View(above=2219))
    for above, rated in ((2220, "above 2220"), (2219, "above 2219")):
        with pytest.raises(NotFound, match=rated):
            path(graph, "king", "queen" if above == 2220 else "throne", view=View(above=above))
    there = View(types=("PRECEDES",))
    (step,) = path(graph, "chair", "king", view=there)[0].steps
    assert (step.type, step.rating) == ("PRECEDES", 1900)
    with pytest.raises(NotFound, match="PRECEDES"):
        path(graph, "king", "chair", view=there)
    both = View(types=("RELATES", "PRECEDES"))
    assert path(graph, "chair", "king", k=1, view=both)[0].words == ("chair", "king")
    with pytest.raises(NotFound, match="There are made-0, made-1"):
        path(graph, "king", "queen", view=View(sources=("nobody",)))
    with pytest.raises(UsageError, match="No rated type"):
        View(types=("LIKES",))


def test_a_bridge_joins_all_words(graph: Graph) -> None:
    star = {f"hub leaf{i}": 1500 for i in range(5)} | {"leaf0 leaf1": 300, "leaf4 tail": 1000}
    make(graph, star, alone=["lonely"])
    tree = bridge(graph, ["leaf0", "leaf1", "leaf2"])
    assert tree.joints == ("hub",)
    assert {(s.start, s.end) for s in tree.steps} == {
        ("leaf0", "hub"),
        ("hub", "leaf1"),
        ("hub", "leaf2"),
    }
    assert tree.cost == pytest.approx(3 * cost(1500) / 1e6)
    with pytest.raises(NotFound, match="'lonely'"):
        bridge(graph, ["leaf0", "lonely"])
    with pytest.raises(UsageError, match="two different"):
        bridge(graph, ["leaf0", "LEAF0"])


def test_reach_is_personalised_pagerank(graph: Graph, rng: np.random.Generator) -> None:
    pairs = random_pairs(rng, 25, 70)
    make(graph, pairs)
    seen = as_networkx(pairs)
    start = max(seen, key=seen.degree)
    expected = nx.pagerank(seen, 0.85, {start: 1.0}, weight="weight", tol=1e-9)
    found = reach(graph, start, top=8)
    best = sorted((score for word, score in expected.items() if word != start), reverse=True)
    # Graph Data Science stops after twenty rounds; what is left is below 0.85^20.
    assert [one.score for one in found] == pytest.approx(best[:8], abs=0.02)
    for one in found:
        assert one.path.words[0] == start
        assert one.path.words[-1] == one.word
        assert one.path.cost == pytest.approx(
            nx.shortest_path_length(seen, start, one.word, "cost") / 1e6
        )


def test_between_is_near_both(graph: Graph) -> None:
    chain = {"bread baker": 1500, "baker king": 1500, "bread flour": 1500, "king crown": 1500}
    make(graph, chain, alone=["lonely"])
    found = between(graph, "bread", "king")
    assert found[0].word == "baker"
    assert found[0].path.words == ("bread", "baker", "king")
    assert [(s.start, s.end) for s in found[0].path.steps] == [
        ("bread", "baker"),
        ("baker", "king"),
    ]
    for one in found:
        for end, like in (("bread", one.like_start), ("king", one.like_end)):
            assert like == pytest.approx(affinity(graph, end, one.word)["overlap"])
        assert one.score == pytest.approx((one.like_start * one.like_end) ** 0.5)
    with pytest.raises(NotFound, match="no word between"):
        between(graph, "bread", "lonely")
    with pytest.raises(UsageError):
        between(graph, "bread", "bread")


CLIQUES = {
    " ".join(pair): 1500
    for names in ("abcde", "vwxyz", "mno")
    for pair in itertools.combinations([f"w{name}" for name in names], 2)
} | {"wa wv": 50, "wb wm": 50}
CROSSING = {"wa", "wb", "wv", "wm"}


def test_communities_are_found_named_and_stable(graph: Graph) -> None:
    make(graph, CLIQUES, alone=["lonely"])
    found = communities(graph)
    assert [(one.size, set(one.words)) for one in found][2] == (3, {"wm", "wn", "wo"})
    assert {frozenset(one.words) for one in found[:2]} == {
        frozenset(f"w{name}" for name in names) for names in ("abcde", "vwxyz")
    }
    assert all(one.name == ", ".join(one.words[:3]) for one in found)
    # Those with a relation outside tell less of their community.
    assert all(one.words[-1] in CROSSING for one in found)
    (own,) = communities(graph, word="WX")
    assert set(own.words) == {f"w{name}" for name in "vwxyz"}
    drop_all(graph)
    assert communities(graph) == found
    with pytest.raises(NotFound, match="related to nothing"):
        communities(graph, word="lonely")
    with pytest.raises(UsageError, match="without direction"):
        communities(graph, view=View(types=("PRECEDES",)))
    with pytest.raises(UsageError, match="resolution"):
        communities(graph, resolution=float("nan"))


def test_centres_hubs_and_outliers_are_those_of_networkx(
    graph: Graph, rng: np.random.Generator
) -> None:
    pairs = random_pairs(rng, 30, 90)
    make(graph, pairs, alone=["lonely"])
    seen = as_networkx(pairs)
    ranks = nx.pagerank(seen, 0.85, weight="weight", tol=1e-9)
    first = central(graph, top=1)[0]["word"]
    # Graph Data Science stops after twenty rounds.
    assert ranks[first] == pytest.approx(max(ranks.values()), rel=0.02)
    degrees, strengths = dict(seen.degree()), dict(seen.degree(weight="weight"))
    found = hubs(graph, top=5)
    assert [row["related"] for row in found] == sorted(degrees.values(), reverse=True)[:5]
    assert all(row["related"] == degrees[row["word"]] for row in found)
    best = max(seen[found[0]["word"]].items(), key=lambda other: other[1]["weight"])
    assert found[0]["strongest"][0].split()[0] == best[0]
    lowest = outliers(graph, top=4)
    assert lowest[0] == {"word": "lonely", "score": 0.0, "related": 0, "strongest": []}
    assert [row["score"] for row in lowest[1:]] == pytest.approx(
        [value / 1000 for value in sorted(strengths.values())[:3]]
    )


OF_NOBODY = {
    "top": 9, "members": 9, "word": None, "within": "nobody", "resolution": None, "all": True,
    "above": 1500,
}  # fmt: skip


def test_communities_by_level(graph: Graph) -> None:
    pairs = {}
    for start, names in enumerate(("abcdef", "ghijkl")):
        for half in (names[:3], names[3:]):
            pairs |= {f"w{a} w{b}": 1800 for a, b in itertools.combinations(half, 2)}
        pairs |= {f"w{a} w{b}": 900 for a in names[:3] for b in names[3:]}
        pairs |= {f"w{names[0]} other{start}": 20}
    make(graph, pairs)
    wide = communities(graph, resolution=resolution_of(1))
    assert [one.size for one in wide[:2]] == [7, 7]
    inside = communities(graph, within="wa", resolution=resolution_of(2))
    # Those inside are of the finer level, and hold what the wide one holds and nothing else.
    (around,) = communities(graph, word="wa", members=99, resolution=resolution_of(1))
    finer = communities(graph, top=99, members=99, resolution=resolution_of(2))
    assert {word for one in inside for word in one.words} == set(around.words)
    assert len(inside) > 1 and {frozenset(one.words) for one in inside} <= {
        frozenset(one.words) for one in finer
    }
    rows = graph.read(query("ask/communities", rated="RELATES"), **OF_NOBODY)
    assert rows == []
    with pytest.raises(UsageError, match="not both"):
        communities(graph, word="wa", within="wb")


CHAIN = {
    "king queen": 1800,
    "queen throne": 1500,
    "throne chair": 1400,
    "king weak": 100,
    "bread queen": 1000,
}


def test_a_traversal_follows_the_best_and_keeps_its_limits(graph: Graph) -> None:
    make(graph, CHAIN, by_other=["king weak"])
    answer = traverse(graph, "The King, and bread!", max_depth=2, breadth=1)
    assert answer.unknown == ("The", "and")
    # What queen leads on to first is king, from where one walk came.
    assert [one.word for one in answer.found] == ["queen"]
    assert answer.found[0].path.words == ("king", "queen")
    assert answer.found[0].led_by == ("king", "bread")
    assert answer.found[0].score == pytest.approx(
        10 ** (-20 * cost(1800) / 1e6) + 10 ** (-20 * cost(1000) / 1e6)
    )
    wide = traverse(graph, "king", max_depth=3, breadth=5).found
    words = {one.word: one.path.words for one in wide}
    assert set(words) == {"queen", "throne", "bread", "chair", "weak"}
    assert words["chair"] == ("king", "queen", "throne", "chair")
    assert [one.score for one in wide] == sorted((one.score for one in wide), reverse=True)
    assert len(traverse(graph, "king", max_depth=1, breadth=5).found) == 2
    assert len(traverse(graph, "king", max_depth=3, breadth=5, top=2).found) == 2
    only = traverse(graph, "king", max_depth=1, breadth=5, view=View(sources=(OTHER,)))
    assert [one.word for one in only.found] == ["weak"]


def test_prompts_of_any_length_and_of_nothing(graph: Graph) -> None:
    make(graph, CHAIN)
    assert traverse(graph, "king " + "unheard of " * 50_000).unknown == ("unheard", "of")
    many = traverse(graph, " ".join(["king", *(f"w{i}" for i in range(100))]))
    assert (len(many.unknown), many.left_out) == (63, 37)
    assert words_of("a" * 100_000) == ["a" * 100_000]
    with pytest.raises(NotFound, match="nobody"):
        traverse(graph, "nobody knows")
    for prompt, depth, breadth in (("", 1, 1), ("...", 1, 1), ("king", 0, 1), ("king", 1, 0)):
        with pytest.raises(UsageError):
            traverse(graph, prompt, depth, breadth)
