"""Paths, communities and hubs, computed in the server as Python computes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from hartonomous.ask.paths.communities import communities, hubs
from hartonomous.ask.paths.projections import projections, sweep_projections
from hartonomous.ask.paths.word_paths import path
from hartonomous.ask.relations.relation_views import View
from hartonomous.errors import ServerError
from hartonomous.graph.driver import Graph
from hartonomous.graph.procedures import install
from tests.building import put_in, random_bundle
from tests.called_rows import as_called, called, rounded

VIEW = View(above=1000)


@pytest.fixture
def asked(graph: Graph, tmp_path: Path) -> Graph:
    """Two sources over some of the same words."""
    for seed in (1, 2):
        put_in(graph, random_bundle(tmp_path, seed, size=80), f"s{seed}")
    install(graph)
    return graph


def test_paths_are_those_of_python(asked: Graph) -> None:
    words = [row["w"] for row in asked.read("MATCH (c:Token) RETURN c.text AS w ORDER BY c.key")]
    for start, end in zip(words[:4], words[40:44], strict=True):
        found = path(asked, start, end, 3, VIEW)
        call = "path($start, $end, 3, 1000)"
        rows = called(asked, "ask/path", call, start=start, end=end)
        assert [row["cost"] for row in rows] == [rounded(one.cost, 3) for one in found]
        assert [tuple(row["words"]) for row in rows] == [one.words for one in found]
        assert [row["ratings"] for row in rows] == [[s.rating for s in o.steps] for o in found]
        assert [row["weakest"] for row in rows] == [one.weakest for one in found]
    (row, *_) = asked.read(f"CALL custom.hartonomous.{call}", start=start, end=end)
    assert [node["text"] for node in row["path_nodes"]] == row["words"]
    assert [edge[1] for edge in row["path_relations"]] == ["RELATES"] * (len(row["words"]) - 1)
    assert called(asked, "ask/path", call, start=start, end="nobody knows") == []
    assert called(asked, "ask/path", call, start=start, end=start) == []


def test_hubs_and_communities_are_those_of_python(asked: Graph) -> None:
    rows = called(asked, "ask/hubs", "hubs(7, 1000)")
    assert rows == as_called(hubs(asked, 7, VIEW))
    rows = called(asked, "ask/hubs", "hubs(7, 1000, true)")
    assert rows == as_called(hubs(asked, 7, VIEW, everything=True))
    found = communities(asked, 5, 4, view=VIEW)
    rows = called(asked, "ask/communities", "communities(5, 4, null, null, null, false, 1000)")
    assert rows == [{**one, "words": list(one.words)} for one in found]
    word = found[1].words[-1]
    call = "communities(5, 4, $word, null, null, false, 1000)"
    assert called(asked, "ask/communities", call, word=word) == [rows[1]]
    assert called(asked, "ask/communities", call, word="nobody knows") == []
    asked.write(
        "CREATE (:Composition:Piece {key: 'p', text: '##ing', folded: '##ing', kind: 'Piece'})"
    )
    for call in ("communities(5, 4, '##ing')", "communities(5, 4, null, '##ing')"):
        with pytest.raises(ServerError, match="##ing is a piece, and only words"):
            asked.read(f"CALL custom.hartonomous.{call}")


def test_a_projection_is_reused_until_the_graph_changes(asked: Graph, tmp_path: Path) -> None:
    def called_ones() -> list[str]:
        return [one["name"] for one in projections(asked) if "-called-" in one["name"]]

    asked.read("CALL custom.hartonomous.communities(1)")
    first = called_ones()
    asked.read("CALL custom.hartonomous.communities(2)")
    assert called_ones() == first and len(first) == 1
    put_in(asked, random_bundle(tmp_path, 3, size=20), "s3")
    assert {one["state"] for one in projections(asked) if one["name"] in first} <= {"stale"}
    asked.read("CALL custom.hartonomous.communities(1)")
    assert len(called_ones()) == 1 and called_ones() != first
    sweep_projections(asked)
    assert called_ones() == []
