"""Neighbourhoods as graphs of NetworkX and of py2neo, beside what the database says."""

from __future__ import annotations

import builtins
from typing import Any

import networkx as nx
import pytest

from hartonomous.ask.paths.graph_libraries import to_networkx, to_py2neo
from hartonomous.ask.paths.word_paths import path
from hartonomous.ask.relations.relation_views import View
from hartonomous.errors import NotFound, ServerError, UsageError
from hartonomous.graph.driver import Graph
from hartonomous.rate.formulas import consensus, cost
from tests.made_graph import OTHER, SOURCE, key, make

PAIRS = {
    "king queen": 1800,
    "queen throne": 1500,
    "king throne": 900,
    "king crown": 1200,
    "throne chair": 700,
    "king far": -200,
}


@pytest.fixture
def made(graph: Graph) -> Graph:
    return make(graph, PAIRS, by_other=["king crown"], precedes={"chair king": 1900.0})


def pairs_of(found: nx.MultiGraph[str]) -> set[tuple[str, ...]]:
    return {tuple(sorted(pair)) for pair in found.edges()}


def test_networkx_sees_all_pairs_of_a_neighbourhood(made: Graph) -> None:
    near = to_networkx(made, "KING", breadth=2)
    assert set(near) == {"king", "queen", "crown"}
    around = to_networkx(made, "king")
    assert not around.is_directed()
    assert pairs_of(around) == {
        ("king", "queen"),
        ("king", "throne"),
        ("crown", "king"),
        ("queen", "throne"),
    }
    assert around.nodes["crown"] == {"key": key("crown"), "kind": "Token"}
    assert around.edges["king", "crown", "RELATES"] == {
        "rating": consensus(1200),
        "elo": 1700.0,
        "cost": cost(1200),
        "times": 1,
        "sources": 1,
    }
    further = to_networkx(made, "king", depth=2)
    assert set(further) - set(around) == {"chair"}
    best = nx.shortest_path(further, "crown", "chair", "cost")
    assert tuple(best) == path(made, "crown", "chair", k=1)[0].words
    assert "far" in to_networkx(made, "king", view=View(above=0))


def test_networkx_keeps_directions_sources_and_limits(made: Graph) -> None:
    both = to_networkx(made, "chair", view=View(types=("RELATES", "PRECEDES")))
    assert both.is_directed()
    assert both.has_edge("chair", "king", "PRECEDES")
    assert not both.has_edge("king", "chair")
    assert both.has_edge("throne", "chair", "RELATES")
    assert both.has_edge("chair", "throne", "RELATES")
    assert both.edges["chair", "king", "PRECEDES"]["cost"] == cost(1000)
    assert set(to_networkx(made, "king", view=View(sources=(OTHER,)))) == {"king", "crown"}
    assert "crown" not in to_networkx(made, "king", view=View(sources=(SOURCE,)))
    with pytest.raises(NotFound, match="There are made-0, made-1"):
        to_networkx(made, "king", view=View(sources=("nobody",)))
    with pytest.raises(NotFound, match="Did you mean king"):
        to_networkx(made, "kings")
    for words, limits in (((), {}), (("king",), {"depth": 0}), (("king",), {"breadth": 0})):
        with pytest.raises(UsageError):
            to_networkx(made, *words, **limits)


def test_one_text_of_two_kinds_is_two_nodes(made: Graph) -> None:
    made.write(
        "MATCH (c:Composition {text: 'crown'}) "
        "CREATE (d:Composition:Piece {key: $key, text: 'crown', folded: 'crown', kind: 'Piece'})"
        "-[:RELATES {elo: 1700.0, n: 1, weight: 500000, sources: 1, seen: [1], decades: 500, "
        "consensus: 1700, cost: 1}]->(c)",
        key=key("##crown"),
    )
    found = to_networkx(made, "crown", view=View(pieces=True))
    assert {"crown (Token)", "crown (Piece)"} <= set(found)


def test_py2neo_has_the_same_nodes_and_pairs(made: Graph) -> None:
    found = to_py2neo(made, "king", depth=2)
    seen = to_networkx(made, "king", depth=2)
    assert {node["text"] for node in found.nodes} == set(seen)
    assert {node["key"] for node in found.nodes} == {key(word) for word in seen}
    assert all(set(node.labels) == {"Composition", "Token"} for node in found.nodes)
    assert {
        tuple(sorted((one.start_node["text"], one.end_node["text"]))) for one in found.relationships
    } == pairs_of(seen)
    one = next(one for one in found.relationships if one["times"])
    assert type(one).__name__ == "RELATES"
    assert dict(one) == seen.edges[one.start_node["text"], one.end_node["text"], "RELATES"]


def test_without_py2neo_it_says_how_to_get_it(made: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *rest: Any, **more: Any) -> Any:
        if name == "py2neo":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ServerError, match=r"hartonomous\[py2neo\]"):
        to_py2neo(made, "king")
