"""Relations of the same consensus: by elo, wherever relations are listed strongest first."""

from __future__ import annotations

import pytest

from hartonomous.ask.paths.communities import central, hubs
from hartonomous.ask.paths.graph_libraries import to_networkx
from hartonomous.ask.paths.spreading_activation import traverse
from hartonomous.ask.relations.neighbourhood import neighbours
from hartonomous.ask.relations.word_comparison import compare
from hartonomous.ask.relations.word_senses import senses
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from tests.made_graph import make

ELO = {"lord": 1900.0, "prince": 1850.0, "queen": 1800.0, "duke": 1750.0}
"""From the strongest to the weakest; not in the order of their keys or names."""


@pytest.fixture
def tied(graph: Graph) -> Graph:
    """Four neighbours of king of one consensus, one of which has a little more of the odds."""
    pairs = {f"king {word}": 1800 + (word == "duke") for word in ELO}
    make(
        graph,
        pairs | {f"crown {word}": 1800 for word in ELO} | {"lord prince": 900, "queen duke": 900},
    )
    for word, elo in ELO.items():
        graph.write("MATCH ({text: $w})-[r:RELATES]-({text: 'king'}) SET r.elo = $e", w=word, e=elo)
    return graph


def test_neighbours_of_one_consensus_are_ordered_by_elo(tied: Graph) -> None:
    rows = neighbours(tied, "king")
    assert {row["consensus"] for row in rows} == {2220}
    assert [(row["neighbour"], row["elo"]) for row in rows] == list(ELO.items())
    assert [row["neighbour"] for row in neighbours(tied, "king", by="elo")] == list(ELO)


def test_compared_words_are_ordered_by_the_weaker_relation(tied: Graph) -> None:
    rows = compare(tied, "king", "crown")
    # Both have the same consensus with all four; the weaker elo is that of crown, of which all are even.
    assert {(row["consensus_start"], row["consensus_end"]) for row in rows} == {(2220, 2220)}
    assert {row["neighbour"]: row["elo_start"] for row in rows} == ELO
    assert {row["elo_end"] for row in rows} == {1700.0}
    tied.write("MATCH ({text: 'crown'})-[r:RELATES]-() SET r.elo = 2000.0")
    assert [row["neighbour"] for row in compare(tied, "king", "crown")] == list(ELO)
    tied.write("MATCH ({text: 'crown'})-[r:RELATES]-() DELETE r")
    rows = compare(tied, "king", "crown", top=3)
    assert [(row["related_to"], row["neighbour"], row["elo_end"]) for row in rows] == [
        ("king", word, None) for word in list(ELO)[:3]
    ]


def test_surveys_and_ways_prefer_the_higher_elo(tied: Graph) -> None:
    tied.write("MATCH ()-[r:RELATES]-({text: 'duke'}) SET r.decades = 1800, r.cost = 15749")
    tied.write("MATCH ()-[r:RELATES {decades: 1800}]->() SET r.cost = 15749")
    strongest = [f"{word} 2220" for word in list(ELO)[:3]]
    for survey in (hubs, central):
        (row,) = (row for row in survey(tied, top=9) if row["word"] == "king")
        assert row["strongest"] == strongest
    (row,) = (
        row
        for row in tied.read(query("ask/hubs"), top=9, above=1500, all=True)
        if row["word"] == "king"
    )
    assert row["strongest"] == strongest
    found = traverse(tied, "king", max_depth=1, breadth=2)
    assert {one.word for one in found.found} == {"lord", "prince"}
    called = tied.read(
        query("ask/traverse", types=("RELATES",)),
        prompt="king", depth=1, breadth=2, top=9, above=1500, min_sources=1, sources=None,
        pieces=False, types=None,
    )  # fmt: skip
    assert {row["word"] for row in called} == {"lord", "prince"}
    assert set(to_networkx(tied, "king", breadth=2)) == {"king", "lord", "prince"}
    assert [one.words for one in senses(tied, "king")] == [("lord", "prince"), ("queen", "duke")]
