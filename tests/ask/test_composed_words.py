"""Composed words: answers for a phrase from its words, for a word from its pieces."""

from __future__ import annotations

import itertools
from math import floor, log10

import networkx as nx
import numpy as np
import pytest

from hartonomous.ask.paths.spreading_activation import traverse
from hartonomous.ask.paths.word_paths import between, bridge, path, reach
from hartonomous.ask.relations.affinity import affinity, contested
from hartonomous.ask.relations.asked_words import COMPOSED
from hartonomous.ask.relations.composed_words import parts_of
from hartonomous.ask.relations.neighbourhood import neighbours
from hartonomous.ask.relations.readable_words import readable
from hartonomous.ask.relations.relation_views import View
from hartonomous.errors import NotFound, UsageError
from hartonomous.graph.driver import Graph, Row
from hartonomous.rate.formulas import cost
from hartonomous.schema import STEP_PRICE
from tests.building import WORDS
from tests.made_graph import OTHER, make

PAIRS = {
    "climate weather": 1800,
    "climate warming": 1500,
    "change warming": 1300,
    "change alter": 1900,
    "crypto cipher": 1000,
    "currency money": 1400,
    "currency cipher": 600,
}


def shown(rows: list[Row]) -> list[tuple[str, int]]:
    return [(row["neighbour"], row["consensus"]) for row in rows]


def points(decades: float) -> int:
    return 1500 + floor(0.4 * decades + 0.5)


def test_a_phrase_is_composed_of_its_words(graph: Graph) -> None:
    make(graph, PAIRS)
    rows = neighbours(graph, "Climate change")
    assert all(row["composed"] == ("climate", "change") for row in rows)
    # What both lead to comes first; what one leads to counts half, by half.
    assert shown(rows) == [
        ("warming", points((1500 + 1300) / 2)),
        ("alter", points(1900 / 4)),
        ("weather", points(1800 / 4)),
    ]
    assert neighbours(graph, "climate")[0]["composed"] == ()
    assert [row["neighbour"] for row in neighbours(graph, "climate change", top=1)] == ["warming"]


def test_a_word_is_composed_of_its_pieces(graph: Graph) -> None:
    make(graph, PAIRS)
    graph.write(
        "MATCH (c {text: 'currency'}) SET c.text = '##currency', c.folded = '##currency', "
        "c.kind = 'Piece', c:Piece REMOVE c:Token"
    )
    assert [part["text"] for part in parts_of(graph, "cryptocurrency")] == ["crypto", "##currency"]
    rows = neighbours(graph, "Cryptocurrency")
    assert rows[0]["composed"] == ("crypto", "##currency")
    # A piece weighs as much as its letters: six and eight of fourteen.
    assert shown(rows) == [
        ("cipher", points((6 * 1000 + 8 * 600) / 14)),
        ("money", points(8 / 14 * 8 / 14 * 1400)),
    ]


@pytest.mark.parametrize("text", ["climate nowhere", "ab", "...", "climatechang", "x" * 40])
def test_what_has_an_unknown_part_is_not_composed(graph: Graph, text: str) -> None:
    make(graph, PAIRS)
    assert parts_of(graph, text) == []
    with pytest.raises(NotFound, match="No source knows"):
        neighbours(graph, text)


def test_a_misspelt_word_is_not_composed(graph: Graph) -> None:
    make(graph, {**PAIRS, "rec ieve": 1000})
    assert [part["text"] for part in parts_of(graph, "recieve")] == ["rec", "ieve"]
    assert neighbours(graph, "recieve")[0:1] == []
    graph.write(
        "CREATE (:Composition:Token {key: 'k', text: 'receive', folded: 'receive', kind: 'Token'})"
    )
    with pytest.raises(NotFound, match="Did you mean receive"):
        neighbours(graph, "recieve")


def test_the_error_of_another_question_offers_the_parts(graph: Graph) -> None:
    make(graph, PAIRS)
    with pytest.raises(
        NotFound, match="'climate' and 'change' are known; 'hartonomous neighbours'"
    ):
        contested(graph, "climate change")


def test_readable_words_are_known_to_two_of_several_sources(graph: Graph) -> None:
    make(graph, PAIRS)
    rows = [
        {"id": 1, "text": "king", "known": "1+2"},
        {"id": 2, "text": "alone", "known": "1"},
        {"id": 3, "text": "k", "known": "1+2"},
        {"id": 4, "text": "3f9a", "known": None},
    ]
    assert [row["id"] for row in readable(graph, rows)] == [1, 4]
    # One that only counts is no vocabulary.
    graph.write("MATCH (t:Track {source: $name}) SET t.evidence = 'CALLS_EVIDENCE'", name=OTHER)
    assert [row["id"] for row in readable(graph, rows)] == [1, 2, 4]


PRICE = STEP_PRICE + floor(50_000 * log10(2))
"""What the step to one of two words of a phrase costs."""


def test_paths_lead_through_the_parts_of_a_phrase(graph: Graph, rng: np.random.Generator) -> None:
    words = [word for word in WORDS if word.isalpha() and len(word) > 2][:24]
    ends = list(itertools.combinations(words, 2))
    picked = rng.choice(len(ends), size=60, replace=False)
    pairs = {" ".join(ends[i]): int(rng.integers(100, 2000)) for i in picked}
    make(graph, pairs)
    known = [word for word in words if any(word in pair.split() for pair in pairs)]
    first, last, alone = " ".join(known[:2]), " ".join(known[1:3]), known[5]
    seen = nx.Graph()
    for pair, decades in pairs.items():
        seen.add_edge(*pair.split(), cost=cost(decades))
    for phrase in (first, last):
        for part in phrase.split():
            seen.add_edge(phrase, part, cost=PRICE)
    for start, end in ((first, alone), (alone, last), (first, last)):
        expected = [
            nx.path_weight(seen, words, "cost")
            for words in itertools.islice(nx.shortest_simple_paths(seen, start, end, "cost"), 30)
            if not {first, last} & set(words[1:-1])
        ][:5]
        found = path(graph, start, end, k=5)
        assert [round(one.cost * 1e6) for one in found] == expected
        assert {(one.words[0], one.words[-1]) for one in found} == {(start, end)}
        for one in found:
            assert [(s.start, s.end) for s in one.steps] == list(itertools.pairwise(one.words))
            composed = [s for s in one.steps if s.type == COMPOSED]
            assert len(composed) == (start == first) + (end == last)
            assert all(s.rating is None and s.sources == () for s in composed)
            parts = [part for phrase in (start, end) for part in phrase.split() if " " in phrase]
            assert one.composed == tuple(parts)


def test_a_phrase_and_a_part_of_it(graph: Graph) -> None:
    make(graph, PAIRS)
    (only,) = path(graph, "climate change", "Climate", k=1)
    assert (only.words, only.weakest) == (("climate change", "climate"), None)
    assert only.cost == pytest.approx(PRICE / 1e6)
    with pytest.raises(UsageError, match="two different"):
        path(graph, "climate change", "Climate Change")
    with pytest.raises(NotFound, match="No source knows 'nowhere known'"):
        path(graph, "climate change", "nowhere known")


def test_the_affinity_of_a_phrase_is_the_mean_over_its_words(graph: Graph) -> None:
    make(graph, PAIRS)
    (a, b) = (affinity(graph, part, "warming") for part in ("climate", "change"))
    found = affinity(graph, "climate change", "warming")
    assert found["composed"] == ("climate", "change") and a["composed"] == ()
    assert (found["start"], found["related"]) == ("climate change", True)
    assert found["overlap"] == pytest.approx((a["overlap"] + b["overlap"]) / 2)
    for name in ("affinity", "consensus", "shared"):
        assert found[name] == round((a[name] + b[name]) / 2)
    ends = [
        affinity(graph, p, q)["affinity"]
        for p in ("climate", "change")
        for q in ("crypto", "currency")
    ]
    assert affinity(graph, "climate change", "crypto currency")["affinity"] == round(sum(ends) / 4)


def test_between_a_phrase_and_a_word(graph: Graph) -> None:
    make(graph, {**PAIRS, "warming ice": 1600, "weather ice": 1000})
    found = between(graph, "climate change", "ice")
    assert {one.word for one in found} == {"warming", "weather"}
    for one in found:
        of_parts = [affinity(graph, part, one.word)["overlap"] for part in ("climate", "change")]
        assert one.like_start == pytest.approx(sum(of_parts) / 2)
        assert one.like_end == pytest.approx(affinity(graph, "ice", one.word)["overlap"])
        assert one.path.words[0] == "climate change" and one.path.words[-1] == "ice"
        assert one.path.composed == ("climate", "change")


def test_reach_walks_from_all_parts(graph: Graph) -> None:
    make(graph, PAIRS)
    seen = nx.Graph()
    for pair, decades in PAIRS.items():
        seen.add_edge(*pair.split(), weight=decades)
    ranks = nx.pagerank(seen, 0.85, {"climate": 1.0, "change": 1.0}, weight="weight", max_iter=999)
    found = reach(graph, "climate change")
    assert {one.word for one in found} == {"warming", "weather", "alter"}
    # Graph Data Science stops after twenty rounds; what is left is below 0.85^20.
    assert [one.score for one in found] == pytest.approx(
        [ranks[one.word] for one in found], abs=0.04
    )
    assert found[0].path.words == ("climate change", "climate", "warming")
    assert found[0].path.cost == pytest.approx((PRICE + cost(1500)) / 1e6)


def test_a_bridge_joins_a_phrase_by_one_of_its_parts(graph: Graph) -> None:
    make(graph, PAIRS)
    for words in (
        ["climate change", "weather", "warming"],
        ["weather", "climate change", "warming"],
    ):
        tree = bridge(graph, words)
        assert tree.words == tuple(words)
        assert (tree.joints, tree.composed) == (("climate",), ("climate", "change"))
        assert tree.cost == pytest.approx((PRICE + cost(1800) + cost(1500)) / 1e6)
        assert ("climate change", "climate", COMPOSED) in [
            (s.start, s.end, s.type) for s in tree.steps
        ]
    with pytest.raises(NotFound, match="No path connects 'money' to 'climate change'"):
        bridge(graph, ["climate change", "money"])


def test_a_prompt_leads_from_the_pieces_of_a_word(graph: Graph) -> None:
    make(graph, PAIRS)
    found = traverse(graph, "weather cryptocurrency nowhere")
    assert found.composed == {"cryptocurrency": ("crypto", "currency")}
    assert (found.unknown, list(found.weights)) == (("nowhere",), ["weather", "crypto", "currency"])
    (cipher,) = (one for one in found.found if one.word == "cipher")
    assert (cipher.path.words, cipher.led_by) == (
        ("cryptocurrency", "crypto", "cipher"),
        ("crypto", "currency"),
    )
    assert cipher.path.steps[0].type == COMPOSED
    assert cipher.path.cost == pytest.approx((PRICE + cost(1000)) / 1e6)
    score = sum(10 ** (-20 * (PRICE + cost(decades)) / 1e6) for decades in (1000, 600))
    assert cipher.score == pytest.approx(score, abs=1e-6)
    # A word of the prompt is its own start, not that of a part.
    assert traverse(graph, "crypto cryptocurrency").found[0].path.words == ("crypto", "cipher")
    with pytest.raises(NotFound, match="No source knows 'nowhere'"):
        traverse(graph, "nowhere")


def test_pieces_are_parts_where_the_view_has_them(graph: Graph) -> None:
    make(graph, PAIRS)
    graph.write(
        "MATCH (c {text: 'currency'}) SET c.text = '##currency', c.folded = '##currency', "
        "c.kind = 'Piece', c:Piece REMOVE c:Token"
    )
    (alone,) = path(graph, "cryptocurrency", "cipher", k=5)
    assert alone.words == ("cryptocurrency", "crypto", "cipher")
    assert (alone.composed, alone.steps[0].rating) == (("crypto",), None)
    assert alone.cost == pytest.approx((STEP_PRICE + cost(1000)) / 1e6)
    both = path(graph, "cryptocurrency", "cipher", k=5, view=View(pieces=True))
    assert [one.words[1] for one in both] == ["crypto", "##currency"]
    # By letters, six and eight of fourteen.
    for one, letters, decades in zip(both, (6, 8), (1000, 600), strict=True):
        price = STEP_PRICE + floor(50_000 * log10(14 / letters))
        assert one.cost == pytest.approx((price + cost(decades)) / 1e6)


def test_a_phrase_is_what_its_words_tell(graph: Graph) -> None:
    marks = {f"of {mark}": 1500 for mark in ("a", "b", "c", "d")}
    make(graph, {"price cost": 1500, "of ing": 1500, "price oil": 100, **marks})
    telling = {"price": 1.0, "of": (2 / 6) ** 8}
    whole = sum(telling.values())
    found = neighbours(graph, "price of")
    assert found[0]["neighbour"] == "cost"
    assert found[0]["consensus"] == points(1500 * (telling["price"] / whole) ** 2)
    first, last = path(graph, "price of", "cost")[0], path(graph, "price of", "ing")[0]
    assert (first.words[1], last.words[1]) == ("price", "of")
    assert last.cost * 1e6 == pytest.approx(
        STEP_PRICE + floor(50_000 * log10(whole / telling["of"])) + cost(1500)
    )
