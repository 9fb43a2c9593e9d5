"""Ingest A, ingest B, delete B gives the bytes of ingest A; in any order."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hartonomous.delete.deletion import delete_source
from hartonomous.errors import Conflict, NotFound
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from tests.building import exported, put_in, random_bundle, silent, wipe
from tests.seed import WHOLE


def take_out(graph: Graph, name: str) -> None:
    with WriterLock(graph, "test") as lock:
        delete_source(graph, lock, name, silent)


acts = st.lists(
    st.tuples(st.sampled_from(["put", "delete", "replace"]), st.integers(0, 3)),
    min_size=2,
    max_size=8,
)


@settings(
    max_examples=12 if WHOLE else 6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(history=acts)
def test_any_history_equals_the_plain_ingest_of_what_is_left(
    graph: Graph, tmp_path_factory: pytest.TempPathFactory, history: list[tuple[str, int]]
) -> None:
    wipe(graph)
    folder = tmp_path_factory.mktemp("history")
    bundles = {seed: random_bundle(folder, seed, size=30) for seed in range(8)}
    live: dict[str, int] = {}
    for act, number in history:
        name = f"s{number}"
        if act == "put" and name not in live:
            put_in(graph, bundles[number], name)
            live[name] = number
        elif act == "delete" and name in live:
            take_out(graph, name)
            del live[name]
        elif act == "replace" and name in live:
            live[name] = 4 + number if live[name] < 4 else number
            put_in(graph, bundles[live[name]], name, replace=True)
    after = exported(graph)
    wipe(graph)
    for name, seed in sorted(live.items(), reverse=True):
        put_in(graph, bundles[seed], name)
    assert after == exported(graph)


def test_nothing_is_left_of_the_only_source(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, random_bundle(tmp_path, 1), "one")
    take_out(graph, "one")
    assert exported(graph) == []
    assert (
        graph.read(
            "MATCH (n) WHERE NOT n:Migration AND NOT n:State AND NOT n:Lock AND NOT n:Deletion AND NOT n:LogEntry RETURN n"
        )
        == []
    )


def test_an_unknown_source_is_not_found_and_the_known_are_named(
    graph: Graph, tmp_path: Path
) -> None:
    put_in(graph, random_bundle(tmp_path, 1), "known")
    with pytest.raises(NotFound, match="known") as error:
        take_out(graph, "unknown")
    assert error.value.suggestions == ("known",)


def test_a_deletion_cut_short_goes_on(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, random_bundle(tmp_path, 1, size=118), "a")
    before = exported(graph)
    put_in(graph, random_bundle(tmp_path, 2, size=118), "b")

    class Stop(Exception):
        pass

    def stop(stage: str, done: int, total: int) -> None:
        if stage == "rows":
            raise Stop

    with pytest.raises(Stop), WriterLock(graph, "test") as lock:
        delete_source(graph, lock, "b", stop)
    assert exported(graph) != before
    with pytest.raises(Conflict, match="delete --resume"):
        put_in(graph, random_bundle(tmp_path, 3), "c")
    take_out(graph, "b")
    assert exported(graph) == before
