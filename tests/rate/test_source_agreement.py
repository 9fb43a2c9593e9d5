"""The gate against sources that disagree with everyone, and lineages of near-copies."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from hartonomous.delete.deletion import delete_source
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.operations.ingestion import rate
from hartonomous.rate.source_agreement import Agreement, judge, lineages
from tests.building import exported, silent
from tests.honest_models import SIZE, honest, source


def decades(graph: Graph) -> dict[tuple[str, str], int]:
    rows = graph.read(
        "MATCH (a)-[r:RELATES]->(b) RETURN a.text AS a, b.text AS b, r.decades AS decades"
    )
    return {(row["a"], row["b"]): row["decades"] for row in rows}


def standing(graph: Graph) -> dict[str, tuple[int, bool]]:
    rows = graph.read(
        "MATCH (s:Source) RETURN s.name AS name, s.lineage AS shared, s.distrusted AS why"
    )
    return {row["name"]: (row["shared"], row["why"] is not None) for row in rows}


@pytest.fixture
def three(graph: Graph, tmp_path: Path) -> Graph:
    """Three honest sources."""
    for seed in (11, 12, 13):
        source(graph, tmp_path, f"honest{seed}", honest(seed))
    return graph


def test_liars_are_named_and_change_nothing(three: Graph, tmp_path: Path) -> None:
    before = decades(three)
    rng = np.random.default_rng(5)
    source(three, tmp_path, "shuffled", honest(14)[rng.permutation(SIZE)])
    source(three, tmp_path, "random", rng.normal(size=(SIZE, 10)))
    found = standing(three)
    assert {name for name, (_, distrusted) in found.items() if distrusted} == {"shuffled", "random"}
    after = decades(three)
    assert {pair: after[pair] for pair in before} == before
    why = three.read("MATCH (s:Source {name: 'shuffled'}) RETURN s.distrusted AS why")[0]["why"]
    assert "expected by chance" in why


def test_a_liar_that_came_first_loses_its_vote_when_others_can_tell(
    graph: Graph, tmp_path: Path
) -> None:
    rng = np.random.default_rng(6)
    source(graph, tmp_path, "shuffled", honest(14)[rng.permutation(SIZE)])
    source(graph, tmp_path, "honest11", honest(11))
    assert not any(distrusted for _, distrusted in standing(graph).values())
    source(graph, tmp_path, "honest12", honest(12))
    # One voice says that it agrees with neither, of each of the two others the same is said.
    source(graph, tmp_path, "honest13", honest(13))
    assert [name for name, (_, why) in standing(graph).items() if why] == ["shuffled"]
    settled = exported(graph)
    rate(graph, silent, everything=True)
    assert exported(graph) == settled


def test_a_copy_shares_one_trust_and_moves_nothing(three: Graph, tmp_path: Path) -> None:
    before = decades(three)
    source(three, tmp_path, "copy", honest(11))
    assert standing(three) == {
        "copy": (2, False), "honest11": (2, False), "honest12": (1, False), "honest13": (1, False)
    }  # fmt: skip
    assert decades(three) == before
    votes = {json.loads(line)["source"]: json.loads(line)["vote"]
             for line in exported(three) if '"record":"track"' in line}  # fmt: skip
    assert votes["copy"] == votes["honest11"] == votes["honest12"] // 2


def test_votes_are_those_of_the_sources_that_are_left(three: Graph, tmp_path: Path) -> None:
    before = exported(three)
    source(three, tmp_path, "copy", honest(12))
    rng = np.random.default_rng(7)
    source(three, tmp_path, "shuffled", honest(14)[rng.permutation(SIZE)])
    for name in ("copy", "shuffled"):
        with WriterLock(three, "test") as lock:
            delete_source(three, lock, name, silent)
    assert exported(three) == before


def agreement(low: str, high: str, shared: int, met: int = 900) -> Agreement:
    return Agreement(low, high, 1000, 20_000, 20_000, shared, met)


def test_near_copies_join_through_any_member() -> None:
    found = [agreement("a", "b", 19_000), agreement("b", "c", 18_500), agreement("a", "d", 9_000)]
    assert lineages("abcd", found) == [["a", "b", "c"], ["d"]]


def test_near_copies_of_a_liar_do_not_vouch_for_it() -> None:
    pairs = [agreement("liar", "twin", 20_000)]
    for liar in ("liar", "twin"):
        pairs += [agreement(liar, name, 800) for name in ("x", "y", "z")]
    pairs += [agreement(*pair, 9_000) for pair in (("x", "y"), ("x", "z"), ("y", "z"))]
    verdicts = judge(["liar", "twin", "x", "y", "z"], pairs)
    assert {name for name, (_, why) in verdicts.items() if why} == {"liar", "twin"}
    assert verdicts["liar"][0] == 2


def test_liars_that_are_as_many_do_not_outvote_honest_ones() -> None:
    names = ["a", "b", "liar", "other"]
    pairs = [agreement("a", "b", 9_000)]
    pairs += [agreement(*pair, 800) for pair in (("a", "liar"), ("b", "liar"), ("liar", "other"))]
    pairs += [agreement("a", "other", 800), agreement("b", "other", 800)]
    verdicts = judge(names, pairs)
    assert {name for name, (_, why) in verdicts.items() if why} == {"liar", "other"}


def test_the_gate_stays_open_where_nobody_can_tell() -> None:
    few = [Agreement("a", name, 30, 20, 20, 0, 0) for name in ("b", "c", "d")]
    assert all(why is None for _, why in judge("abcd", few).values())
    two = [agreement("a", "b", 800)]
    assert all(why is None for _, why in judge("ab", two).values())


def test_words_whose_neighbours_never_meet_close_the_gate() -> None:
    names = ["a", "x", "y", "z"]
    pairs = [agreement("a", name, 9_000, met=500) for name in "xyz"]
    pairs += [agreement(*pair, 9_000) for pair in (("x", "y"), ("x", "z"), ("y", "z"))]
    verdicts = judge(names, pairs)
    assert "50%" in str(verdicts["a"][1])
    assert verdicts["x"] == (1, None)
