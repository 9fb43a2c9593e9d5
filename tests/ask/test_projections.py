"""Projections: shared while the graph stands, private and dropped otherwise, refused when too big."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphdatascience.query_runner.neo4j_query_runner import Neo4jQueryRunner

from hartonomous.ask.paths.projections import OWNER, PREFIX, drop_all, projection, projections
from hartonomous.ask.relations.relation_views import View
from hartonomous.delete.deletion import delete_source
from hartonomous.delete.undo import undo
from hartonomous.errors import Conflict, ServerError
from hartonomous.graph.driver import Address, Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.process_identity import machine
from tests.building import put_in, random_bundle, silent
from tests.made_graph import make

PAIRS = {"king queen": 1800, "queen throne": 1500}


@pytest.fixture
def made(graph: Graph) -> Graph:
    drop_all(graph)
    return make(graph, PAIRS)


def names(graph: Graph) -> list[str]:
    return [row["name"] for row in projections(graph)]


def move_on(graph: Graph) -> None:
    graph.write("MATCH (g:State) SET g.epoch = g.epoch + 1")


def test_shared_while_the_graph_stands_and_dropped_when_it_moved(made: Graph) -> None:
    with projection(made) as first:
        assert (first.nodes, first.relationships) == (3, 4)
    with projection(made) as second:
        assert second.name == first.name
    with projection(made, View(above=2200)) as other:
        assert other.name != first.name
        assert other.relationships == 2
    assert {row["state"] for row in projections(made)} == {"shared"}
    move_on(made)
    assert {row["state"] for row in projections(made)} == {"stale"}
    with projection(made) as third:
        assert third.name != first.name
        assert names(made) == [third.name]


def test_both_ways_of_projecting_show_the_same(made: Graph) -> None:
    with projection(made) as whole, projection(made, View(by_key=True)) as by_key:
        shown = [
            one.run(
                lambda client, projected: client.graph.relationships.stream(
                    projected, relationship_properties=["cost", "weight"]
                )
            )
            for one in (whole, by_key)
        ]
    first, second = (sorted(map(str, frame.to_numpy().tolist())) for frame in shown)
    assert first == second
    assert first


def test_private_ones_go_with_their_block_however_it_ends(made: Graph) -> None:
    with projection(made, share=False) as mine:
        assert [row["state"] for row in projections(made)] == ["private"]
    with pytest.raises(KeyboardInterrupt), projection(made, share=False):
        raise KeyboardInterrupt
    made.write("MATCH (g:State) SET g.settled = false")
    with projection(made) as unsettled:
        assert unsettled.name != mine.name
    assert names(made) == []


def test_what_a_dead_process_left_is_dropped(made: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    left = f"{PREFIX}view-standing.0badcafe{OWNER}{machine()}:{2**22 - 1}:1"
    elsewhere = f"{PREFIX}view-standing.0badcafe{OWNER}another.1:{2**22 - 1}:1"
    for name in (left, elsewhere):
        made.science(
            lambda client, name=name: client.graph.project.native(name, "Token", "RELATES")
        )
    with projection(made) as mine:
        assert sorted(names(made)) == sorted([elsewhere, mine.name])


def test_what_does_not_fit_is_refused(made: Graph) -> None:
    with (
        pytest.raises(ServerError, match="HARTONOMOUS_HEAP"),
        projection(made, budget=1000),
    ):
        pass
    assert names(made) == []


def test_a_change_in_between_is_told(made: Graph) -> None:
    with pytest.raises(Conflict, match="Ask again"), projection(made):
        move_on(made)
    assert names(made) == []
    with pytest.raises(Conflict, match="Ask again"), projection(made) as seen:
        move_on(made)
        drop_all(made)
        seen.run(lambda client, projected: client.page_rank.stream(projected))
    with pytest.raises(ServerError), projection(made) as seen:
        drop_all(made)
        seen.run(lambda client, projected: client.page_rank.stream(projected))


def test_a_deletion_and_its_undo_leave_no_projection(graph: Graph, tmp_path: Path) -> None:
    drop_all(graph)
    for seed in (1, 2):
        put_in(graph, random_bundle(tmp_path, seed, size=20), f"m{seed}")
    with projection(graph) as both:
        assert names(graph) == [both.name]
    with WriterLock(graph, "test") as lock:
        deletion = delete_source(graph, lock, "m1", silent).id
        assert names(graph) == []
        with projection(graph) as one:
            assert one.relationships < both.relationships
        undo(graph, lock, deletion, silent)
        assert names(graph) == []
    with projection(graph) as again:
        assert (again.nodes, again.relationships) == (both.nodes, both.relationships)


def test_without_graph_data_science(made: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise RuntimeError("Unknown function 'gds.version'")

    monkeypatch.setattr(Neo4jQueryRunner, "call_function", unknown)
    address: Address = made.address
    with (
        Graph(address) as graph,
        pytest.raises(ServerError, match="compare, odd-one-out, traverse"),
        projection(graph),
    ):
        pass
