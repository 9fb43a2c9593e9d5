"""Senses: the groups of a word's neighbours, with the sources and positions that relate them."""

from __future__ import annotations

import itertools

import pytest

from hartonomous.ask.relations.word_senses import senses
from hartonomous.errors import NotFound
from hartonomous.graph.driver import Graph
from tests.made_graph import OTHER, SOURCE, make

RIVER, MONEY = ("river", "shore", "water"), ("money", "loan", "credit", "savings")


def test_the_senses_of_a_word_are_told_apart(graph: Graph) -> None:
    pairs = {f"bank {word}": 1500 for word in RIVER} | {f"bank {word}": 1700 for word in MONEY}
    for group in (RIVER, MONEY):
        pairs |= {f"{a} {b}": 1200 for a, b in itertools.combinations(group, 2)}
    make(graph, pairs | {"bank 32.8": 1900, "bank alone": 400}, by_other=["bank river"])
    money, river = senses(graph, "Bank")
    assert (set(money.words), set(river.words)) == (set(MONEY), set(RIVER))
    assert money.name == money.words[0]
    assert (money.size, river.size) == (4, 3)
    # What is no word, and what is in no group, is in neither; the latter counts in the whole.
    whole = 4 * 1700 + 3 * 1500 + 400
    assert money.share == pytest.approx(4 * 1700 / whole, abs=1e-4)
    assert (money.sources, set(river.sources)) == ((SOURCE,), {SOURCE, OTHER})
    assert senses(graph, "bank", members=1)[0].words == (money.name,)
    assert senses(graph, "alone") == []
    with pytest.raises(NotFound, match="nobody"):
        senses(graph, "nobody")


def test_senses_name_the_positions_that_list_them(graph: Graph) -> None:
    make(graph, {"bank river": 1500, "bank shore": 1500, "river shore": 1500})
    graph.write(
        "MATCH (s:Source {name: $name})-[:HAS_TRACK]->(t) "
        "SET t.evidence = 'LAYER_EVIDENCE', t.names = ['layer 0', 'layer 1'], t.absent = -400",
        name=SOURCE,
    )
    graph.write(
        "MATCH (a {text: 'bank'})-[r:RELATES]-(b) "
        "CREATE (a)-[:LAYER_EVIDENCE {source: $name, positions: "
        "CASE b.text WHEN 'river' THEN [0, 1] ELSE [1] END, support: 1500, n: 1}]->(b)",
        name=SOURCE,
    )
    (sense,) = senses(graph, "bank")
    assert sense.positions == (f"{SOURCE} layer 1", f"{SOURCE} layer 0")
