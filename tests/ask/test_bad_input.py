"""Every verb that asks, where there is nothing to say: exit code and message, never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from graphdatascience.query_runner.neo4j_query_runner import Neo4jQueryRunner

from hartonomous.ask.paths.projections import drop_all
from hartonomous.cli import main
from hartonomous.errors import NotFound, ServerError, UsageError
from hartonomous.graph.driver import Graph
from tests.called_rows import called
from tests.made_graph import make

OVER_SCIENCE = (
    "path king queen",
    "bridge king queen throne",
    "between king queen",
    "reach king",
    "communities",
    "communities --of king",
    "central",
    "hubs",
    "outliers",
)
WITHOUT_IT = (
    "neighbours king",
    "explain king queen",
    "affinity king queen",
    "analogy king queen throne",
    "contested king",
    "compare king queen",
    "odd-one-out king queen throne",
    "traverse king",
)
ELSEWHERE = (
    "near-on-sphere king",
    "distance king queen",
    "slerp king queen",
    "generate king",
    "place",
)
PAIRS = {"king queen": 1800, "queen throne": 1500, "throne chair": 700, "bread baker": 1600}


def run(question: str) -> Result:
    result = CliRunner().invoke(main, question.split())
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def refused(code: int, question: str) -> str:
    result = run(question)
    assert (result.exit_code, result.stdout) == (code, ""), question
    return result.stderr


def test_an_empty_graph(served: Graph) -> None:
    drop_all(served)
    for question in (*OVER_SCIENCE, *WITHOUT_IT, *ELSEWHERE):
        assert "hartonomous" in refused(NotFound.exit_code, question), question
    assert "two sources" in refused(NotFound.exit_code, "contradictions")


def test_words_that_nobody_knows(served: Graph) -> None:
    make(served, PAIRS)
    for question in (*OVER_SCIENCE, *WITHOUT_IT, *ELSEWHERE[:3]):
        if "king" in question:
            told = refused(NotFound.exit_code, question.replace("king", "kingg"))
            assert "No source knows 'kingg'. Did you mean king" in told, question


def test_one_word_alone(served: Graph) -> None:
    make(served, {}, alone=["alone"])
    drop_all(served)
    for question in ("path alone alone", "bridge alone alone", "between alone alone"):
        assert "two different words" in refused(UsageError.exit_code, question)
    for question in ("communities", "communities --of alone", "reach alone", "central", "hubs"):
        assert "The graph has no relations of type" in refused(NotFound.exit_code, question)
    for question in ("neighbours alone", "contested alone", "traverse alone"):
        assert run(question).exit_code == 0, question


def test_words_that_nothing_joins(served: Graph) -> None:
    make(served, PAIRS, alone=["lonely"])
    drop_all(served)
    assert "There is no path from" in refused(NotFound.exit_code, "path king bread")
    assert "No path connects 'bread'" in refused(NotFound.exit_code, "bridge king queen bread")
    assert "There is no word between" in refused(NotFound.exit_code, "between king bread")
    reached = run("reach bread").stdout
    assert "baker" in reached
    assert "king" not in reached
    assert "king" not in run("traverse bread --depth 20").stdout
    compared = run("compare king bread").stdout
    assert "both" not in compared
    assert {"queen", "baker"} <= set(compared.split())
    listed = run("communities --json").stdout
    assert listed.count('"size"') == 2
    assert run("odd-one-out king throne lonely --json").stdout.index("lonely") < 30


def test_a_deletion_between_two_questions(served: Graph) -> None:
    make(served, PAIRS, by_other=["queen throne"])
    drop_all(served)
    assert "throne" in run("path king throne").stdout
    served.write(
        "MATCH ()-[r:RELATES {seen: [2]}]->() DELETE r WITH count(*) AS gone "
        "MATCH (s:Source {name: 'made-1'})-[:HAS_TRACK]->(t) DETACH DELETE s, t"
    )
    served.write("MATCH (g:State) SET g.epoch = g.epoch + 1")
    assert "There is no path from" in refused(NotFound.exit_code, "path king throne")
    assert "throne" not in run("reach king").stdout


def test_without_graph_data_science(served: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    make(served, PAIRS)

    def unknown(*_: object, **__: object) -> None:
        raise RuntimeError("Unknown function 'gds.version'")

    monkeypatch.setattr(Neo4jQueryRunner, "call_function", unknown)
    for question in OVER_SCIENCE:
        told = refused(ServerError.exit_code, question)
        assert "compare, odd-one-out, traverse" in told, question
    for question in WITHOUT_IT:
        assert run(question).exit_code in (0, NotFound.exit_code), question
    assert run("traverse king").exit_code == 0
    assert run("compare king throne").exit_code == 0


def test_comparing_tells_shared_from_distinct(served: Graph, tmp_path: Path) -> None:
    pairs = {"king crown": 900, "queen crown": 800, "king queen": 1500, "king beard": 700}
    make(served, pairs | {"queen dress": 600, "king cold": -100, "queen cold": 300})
    rows = called(served, "ask/compare", "compare('king', 'queen')")
    assert [tuple(row.values()) for row in rows] == [
        ("both", "crown", 1860, 1820, 1700.0, 1700.0),
        ("king", "beard", 1780, None, 1700.0, None),
        ("queen", "dress", None, 1740, None, 1700.0),
        ("queen", "cold", None, 1620, None, 1700.0),
    ]
    assert "two different" in refused(UsageError.exit_code, "compare king KING").lower()
    assert "three different" in refused(UsageError.exit_code, "odd-one-out king KING queen").lower()
