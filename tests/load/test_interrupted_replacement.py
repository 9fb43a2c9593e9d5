"""Killed at any step, a replacement by difference goes on to the same bytes; nothing else writes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import psutil
import pytest

from hartonomous.delete.deletion import delete_source
from hartonomous.errors import Conflict
from hartonomous.graph.driver import Graph
from hartonomous.graph.open_replacement import open_replacement
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.load import bundle_difference, loader
from hartonomous.operations.health import doctor
from hartonomous.operations.ingestion import load_bundle, rate
from hartonomous.server.connection import connect_managed
from hartonomous.server.managed_server import ServerAddress, start, status
from tests.building import (
    causal_bundle,
    exported,
    put_in,
    random_bundle,
    silent,
    wipe,
    with_counted,
)
from tests.killed_processes import act, killed_at
from tests.private_server import ports
from tests.seed import drawn

COMMITS = range(3, 43)
"""Commits of the process that replaces, but for the first: its lock."""


@pytest.fixture(autouse=True)
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """By difference, however much differs, in batches as the killed process writes them."""
    monkeypatch.setattr(bundle_difference, "MOST_DIFFERING", 100.0)
    monkeypatch.setattr(loader, "BATCH_ROWS", 20)


class Stop(Exception):
    """A replacement is to stop here."""


def stop(stage: str, done: int, total: int) -> None:
    if stage == "difference" and 0 < done < total:
        raise Stop


def begin(graph: Graph, folder: Path) -> None:
    """Fill a graph with the version to replace and another source."""
    wipe(graph)
    put_in(graph, random_bundle(folder / "b", 2, size=60), "two")
    put_in(graph, random_bundle(folder / "a", 1, size=60), "one")


def interrupt(graph: Graph, folder: Path) -> None:
    begin(graph, folder)
    with pytest.raises(Stop):
        load_bundle(graph, causal_bundle(folder / "c", 3), "one", stop, replace=True)
    assert open_replacement(graph) == "one"


def test_a_client_killed_at_any_commit_goes_on(
    graph: Graph, server: ServerAddress, tmp_path: Path, rng: np.random.Generator
) -> None:
    new = with_counted(random_bundle(tmp_path, 9, size=60), tmp_path / "new", 4)
    begin(graph, tmp_path / "whole")
    put_in(graph, new, "one", replace=True)
    whole = exported(graph)
    killed = opened = 0
    for last in drawn(rng, COMMITS, 3):
        begin(graph, tmp_path / f"{last}")
        killed += killed_at(server, "replace", str(new.path), last)
        if open_replacement(graph) is not None:
            opened += 1
            with pytest.raises(Conflict, match="two versions"):
                put_in(graph, random_bundle(tmp_path / f"{last}", 7, size=60), "three")
            with pytest.raises(Conflict, match="two versions"):
                rate(graph, silent, everything=True)
        put_in(graph, new, "one", replace=True)
        assert exported(graph) == whole
    assert killed > 0


def test_a_killed_server_is_started_again_and_it_goes_on(
    second_home: Path, second_server: ServerAddress, tmp_path: Path
) -> None:
    new = causal_bundle(tmp_path, 3)
    with connect_managed(second_server) as graph:
        begin(graph, tmp_path / "whole")
        put_in(graph, new, "one", replace=True)
        whole = exported(graph)
        begin(graph, tmp_path / "cut")
    process = act(second_server, "replace", str(new.path), 10_000)
    while True:
        with connect_managed(second_server) as graph:
            if open_replacement(graph) is not None or process.poll() is not None:
                break
    killed = psutil.Process(status(second_home).pid)
    killed.kill()
    killed.wait()
    back = start(second_home, **ports(second_server), say=lambda text: None)
    _, complaint = process.communicate(timeout=180)
    with connect_managed(back) as graph:
        put_in(graph, new, "one", replace=True)
        assert exported(graph) == whole, complaint


def test_nothing_else_writes_while_it_is_open(served: Graph, tmp_path: Path) -> None:
    interrupt(served, tmp_path)
    (found,) = [check for check in doctor() if check.name == "ratings"]
    assert (found.verdict, "one" in found.seen) == ("warning", True)
    assert "--replace" in found.advice
    for name in ("one", "three"):
        with pytest.raises(Conflict, match="two versions"):
            put_in(served, random_bundle(tmp_path / name, 1, size=60), name)
    for act_of in (
        lambda lock: delete_source(served, lock, "two", silent),
        lambda lock: delete_source(served, lock, "one", silent),
    ):
        with pytest.raises(Conflict, match="two versions"), WriterLock(served, "test") as lock:
            act_of(lock)
    for everything in (False, True):
        with pytest.raises(Conflict, match="two versions"):
            rate(served, silent, everything)
    assert not served.read("MATCH (g:State) RETURN g.settled AS settled")[0]["settled"]


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("seed", [1, 8])
def test_any_version_finishes_it(
    graph: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, whole: bool
) -> None:
    """The earlier one included; by difference, or whole."""
    interrupt(graph, tmp_path)
    if whole:
        monkeypatch.setattr(bundle_difference, "MOST_ROWS", 1)
    other = random_bundle(tmp_path / "other", seed, size=60)
    put_in(graph, other, "one", replace=True)
    finished = exported(graph)
    wipe(graph)
    put_in(graph, random_bundle(tmp_path / "b-again", 2, size=60), "two")
    put_in(graph, other, "one")
    assert finished == exported(graph)


def test_another_version_of_the_formulas_finishes_it(graph: Graph, tmp_path: Path) -> None:
    interrupt(graph, tmp_path)
    graph.write(
        "MATCH (g:State) SET g.formula = 1 WITH g MATCH ()-[r:RELATES]->() SET r.decades = 0"
    )
    new = causal_bundle(tmp_path / "d", 3)
    put_in(graph, new, "one", replace=True)
    finished = exported(graph)
    wipe(graph)
    put_in(graph, random_bundle(tmp_path / "b-again", 2, size=60), "two")
    put_in(graph, new, "one")
    assert finished == exported(graph)
