"""What a plan predicts is what then happens, to the last rating; an unfit plan is refused."""

from __future__ import annotations

from pathlib import Path

import networkx
import numpy as np
import pytest

from hartonomous.delete.deletion import apply
from hartonomous.delete.deletion_plan import plan
from hartonomous.delete.plan_files import read_plan, write_plan
from hartonomous.delete.selectors import Selectors, evidence_range
from hartonomous.errors import Conflict, NotFound, UsageError
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from tests.building import (
    bundle_of,
    causal_bundle,
    exported,
    put_in,
    random_bundle,
    silent,
    write_vectors,
)
from tests.histories import take_back
from tests.honest_models import SIZE, honest, source
from tests.predicted_deletions import check_prediction, random_selectors


@pytest.mark.parametrize("case", range(6))
def test_predicted_is_actual(
    graph: Graph, tmp_path: Path, rng: np.random.Generator, case: int
) -> None:
    rng = np.random.default_rng([int(rng.integers(2**31)), case])
    for number in range(int(rng.integers(1, 5))):
        seed = int(rng.integers(2**31))
        put_in(graph, random_bundle(tmp_path, seed, size=int(rng.integers(20, 118))), f"s{number}")
    for _ in range(2):
        selectors = random_selectors(graph, rng)
        # A source may have lost its last row, and a range may hold none.
        if not plan(graph, selectors, silent).summary["counts"]["evidence"]:
            continue
        check_prediction(graph, selectors)
        if not graph.read("MATCH (c:Composition)-[:EMBEDDING_EVIDENCE]-() RETURN c LIMIT 1"):
            break


VOTES = [
    Selectors(sources=("honest12",)),
    Selectors(concepts=("w0007", "w0100"), sources=("copy",)),
    Selectors(evidence=(evidence_range("copy", "EMBEDDING_EVIDENCE", None, 0.8),
                        evidence_range("honest11", "EMBEDDING_EVIDENCE", 0.8, None))),
    Selectors(evidence=(evidence_range("shuffled", "EMBEDDING_EVIDENCE", 0.5, None),)),
]  # fmt: skip


def test_votes_that_change_are_predicted_and_come_back(graph: Graph, tmp_path: Path) -> None:
    """Near-copies that part, a gate that opens when the sources that could tell are gone."""
    for seed in (11, 12):
        source(graph, tmp_path, f"honest{seed}", honest(seed))
    source(graph, tmp_path, "copy", honest(11))
    shuffled = honest(14)[np.random.default_rng(5).permutation(SIZE)]
    source(graph, tmp_path, "shuffled", shuffled)
    before = exported(graph)
    for selectors in VOTES:
        planned, deletion = check_prediction(graph, selectors)
        if "honest11" in planned.summary["sources"] or "honest12" in planned.summary["sources"]:
            assert planned.summary["votes"]
        take_back(graph, deletion)
        assert exported(graph) == before, selectors


def test_what_models_expect_next_goes_with_a_word(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, causal_bundle(tmp_path, 1), "causal")
    put_in(graph, random_bundle(tmp_path, 2, size=100), "words")
    word = graph.read(
        "MATCH (c:Context) WITH split(c.text, ' ')[0] AS word RETURN word ORDER BY word LIMIT 1"
    )[0]["word"]
    totals = _totals(graph)
    check_prediction(graph, Selectors(concepts=(word,)))
    left = {row["text"] for row in graph.read("MATCH (c:Composition) RETURN c.text AS text")}
    assert not [text for text in left if word in text.split()]
    after = _totals(graph)
    assert after
    assert after.items() <= totals.items()
    check_prediction(graph, Selectors(sources=("causal",)))
    assert not graph.read("MATCH (c:Context) RETURN c")


def _totals(graph: Graph) -> dict[str, int]:
    """Return, for each context, what is stored and what is not: always the times it was visited."""
    rows = graph.read(
        "MATCH (s:Source)-[v:VISITED]->(c) "
        "OPTIONAL MATCH (c)-[e:NEXT_EVIDENCE {source: s.name}]->() "
        "WITH c, v, sum(e.weight) AS stored RETURN c.text AS text, stored + v.mass AS total, v.n AS n"
    )
    assert all(row["total"] == row["n"] * 1_000_000 for row in rows)
    return {row["text"]: row["total"] for row in rows}


@pytest.fixture
def two(graph: Graph, tmp_path: Path) -> Graph:
    for seed in (1, 2):
        put_in(graph, random_bundle(tmp_path, seed, size=60), f"s{seed}")
    return graph


def test_a_plan_is_done_only_as_it_was_written(two: Graph, tmp_path: Path) -> None:
    before = exported(two)
    path = tmp_path / "plan.json"
    write_plan(plan(two, Selectors(sources=("s1",)), silent), path)
    sound = read_plan(path)
    text = path.read_bytes()
    for edited in (text.replace(b'"lost":', b'"lost":1', 1), text.replace(b"s1", b"s2", 1)):
        path.write_bytes(edited)
        with pytest.raises(Conflict, match="plan again"):
            read_plan(path)
    path.write_bytes(text)
    rows = tmp_path / "plan.json.rows" / "relations.parquet"
    rows.write_bytes(rows.read_bytes()[:-9] + b"x" + rows.read_bytes()[-8:])
    with pytest.raises(Conflict, match="changed after"):
        read_plan(path)
    with WriterLock(two, "test") as lock:
        take_away = plan(two, Selectors(sources=("s2",)), silent)
        apply(two, lock, take_away, silent)
        with pytest.raises(Conflict, match="has changed since the plan"):
            apply(two, lock, sound, silent)
    put_in(two, random_bundle(tmp_path / "again", 2, size=60), "s2")
    assert exported(two) == before


@pytest.mark.parametrize(
    "name", ["%", "*", "'); MATCH (n) DETACH DELETE n //", "user_12345", "user-12345"]
)
def test_odd_concepts_are_only_text(graph: Graph, tmp_path: Path, name: str) -> None:
    words = ["%", "*", "'); MATCH (n) DETACH DELETE n //", "user_12345", "user_123456"]
    words += ["user-12345", "user_1234", "a", "b", "c"]
    vectors = np.random.default_rng(0).normal(size=(len(words), 4))
    put_in(graph, bundle_of(write_vectors(tmp_path, words, vectors), tmp_path / "b", k=3), "odd")
    planned = plan(graph, Selectors(concepts=(name,), exact=True), silent)
    assert [one["text"] for one in planned.summary["compositions"]] == [name]
    check_prediction(graph, Selectors(concepts=(name,), exact=True))
    left = {row["text"] for row in graph.read("MATCH (c:Composition) RETURN c.text AS text")}
    assert left == set(words) - {name}


def test_nothing_is_chosen_by_an_empty_or_unknown_name(two: Graph) -> None:
    before = exported(two)
    wrong = {
        UsageError: [Selectors(), Selectors(concepts=("",)), Selectors(concepts=(" ",)),
                     Selectors(people=("",)), Selectors(reach="depth:2", sources=("s1",))],
        NotFound: [Selectors(sources=("s9",)), Selectors(concepts=("nowhere-to-be-found",)),
                   Selectors(people=("user_1",)), Selectors(licences=("MIT",)),
                   Selectors(relations=(("nowhere", "else"),))],
    }  # fmt: skip
    for kind, every in wrong.items():
        for selectors in every:
            with pytest.raises(kind):
                plan(two, selectors, silent)
    with pytest.raises(UsageError):
        evidence_range("s1", "EMBEDDING_EVIDENCE", 0.9, 0.1)
    assert exported(two) == before


def test_a_person_is_chosen_by_equality(graph: Graph, tmp_path: Path) -> None:
    people = {"a": "user_12345", "b": "user_123456", "c": "user-12345", "d": "USER_12345"}
    for number, (name, subject) in enumerate(people.items()):
        put_in(graph, random_bundle(tmp_path, number, size=30), name)
        graph.write("MATCH (s:Source {name: $n}) SET s.subject = $p", n=name, p=subject)
    planned = plan(graph, Selectors(people=("user_12345",)), silent)
    assert {name: one["whole"] for name, one in planned.summary["sources"].items()} == {"a": True}
    check_prediction(graph, Selectors(people=("user_12345",)))


def test_a_source_is_not_deleted_while_another_writes(two: Graph) -> None:
    planned = plan(two, Selectors(sources=("s1",)), silent)
    with (
        WriterLock(two, "an ingest"),
        pytest.raises(Conflict, match="an ingest"),
        WriterLock(two, "a deletion") as lock,
    ):
        apply(two, lock, planned, silent)
    two.write("MATCH (s:Source {name: 's2'}) SET s.state = 'loading'")
    with pytest.raises(Conflict, match="loading"):
        plan(two, Selectors(evidence=(evidence_range("s1", "EMBEDDING_EVIDENCE", 0, 1),)), silent)


def test_what_is_cut_off_is_said(graph: Graph, tmp_path: Path) -> None:
    """Two rings of words that only one word joins: without it, one of them is cut off."""
    angles = np.linspace(0, 2 * np.pi, 9, endpoint=False)
    ring = np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1)
    other = np.stack([0 * angles, np.cos(angles), np.sin(angles)], axis=1)
    words = [f"a{i}" for i in range(9)] + [f"b{i}" for i in range(5)] + ["bridge"]
    vectors = np.concatenate([ring, 4 + other[:5], [[1.0, 2.0, 1.0]]])
    put_in(graph, bundle_of(write_vectors(tmp_path, words, vectors), tmp_path / "b", k=2), "rings")
    for text in graph.read("MATCH (c:Composition) RETURN c.text AS t ORDER BY t"):
        edges = graph.read(
            "MATCH (a)-[:RELATES]->(b) WHERE a.text <> $t AND b.text <> $t "
            "RETURN a.text AS a, b.text AS b",
            t=text["t"],
        )
        left = networkx.Graph([(row["a"], row["b"]) for row in edges])
        whole = networkx.Graph(
            [
                (row["a"], row["b"])
                for row in graph.read("MATCH (a)-[:RELATES]->(b) RETURN a.text AS a, b.text AS b")
            ]
        )
        found = plan(graph, Selectors(concepts=(text["t"],)), silent, with_cut=True).summary["cut"]
        count = networkx.number_connected_components
        assert found["parts"] == [count(whole), count(left)]
        points = [len(list(networkx.articulation_points(each))) for each in (whole, left)]
        assert found["articulation_points"] == points
    assert not graph.read("CALL gds.graph.list() YIELD graphName RETURN graphName")


def test_what_is_reached_goes_too_and_why_is_said(two: Graph) -> None:
    (start,) = two.read("MATCH (c)-[:RELATES]-() RETURN c.text AS t ORDER BY t LIMIT 1")
    near = {
        row["t"]
        for row in two.read(
            "MATCH (c:Composition {text: $t})-[:RELATES]-(d) RETURN DISTINCT d.text AS t", **start
        )
    }
    chosen = Selectors(concepts=(start["t"],), exact=True, reach="depth:1")
    planned = plan(two, chosen, silent)
    why = {one["text"]: one["why"] for one in planned.summary["compositions"]}
    assert why == {start["t"]: "concept"} | dict.fromkeys(near, "reached over 1 rated edges")
    ranked = plan(two, Selectors(concepts=(start["t"],), exact=True, reach="pagerank:.03"), silent)
    reached = {one["text"]: one["why"] for one in ranked.summary["compositions"]}
    assert near & reached.keys()
    assert all("PageRank" in how for word, how in reached.items() if word != start["t"])
    for wrong in ("depth:0", "depth:9", "pagerank:2", "far"):
        with pytest.raises(UsageError, match="--reach"):
            plan(two, Selectors(concepts=(start["t"],), reach=wrong), silent)
    check_prediction(two, chosen)
