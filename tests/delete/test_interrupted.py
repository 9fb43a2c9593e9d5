"""Killed at any step, a removal or an undo goes on to the same bytes; nothing else writes meanwhile."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import psutil
import pytest

from hartonomous.delete.deletion import delete, resume
from hartonomous.delete.retention_area import area
from hartonomous.delete.selectors import Selectors
from hartonomous.delete.undo import undo
from hartonomous.erase import erasure
from hartonomous.erase.erasure import ErasureOptions
from hartonomous.errors import Conflict
from hartonomous.graph.deletion_journal import open_journal
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.load.bundle_cache import waiting_bundles
from hartonomous.operations.health import doctor
from hartonomous.server.connection import connect_managed
from hartonomous.server.managed_server import ServerAddress, start, status
from hartonomous.transparency import keys
from hartonomous.versions.rollback import plan_rollback
from hartonomous.versions.snapshots import create_snapshot, drop_snapshot, snapshot_names
from tests.building import exported, fill, put_in, random_bundle, silent, wait, wipe
from tests.command_line import run
from tests.killed_processes import act, killed_at
from tests.private_server import ports
from tests.seed import drawn


@pytest.mark.usefixtures("small_steps")
def test_a_client_killed_at_any_commit_is_resumed(
    graph: Graph, server: ServerAddress, tmp_path: Path, rng: np.random.Generator
) -> None:
    fill(graph, tmp_path / "1")
    before = exported(graph)
    with WriterLock(graph, "test") as lock:
        made = delete(graph, lock, Selectors(sources=("a", "causal")), silent)
        left = exported(graph)
        undo(graph, lock, made.id, silent)
    assert exported(graph) == before
    killed = 0
    for last in drawn(rng, range(2, 40), 2):
        killed += killed_at(server, "delete", "a causal", last)
        found = open_journal(graph)
        if found is not None:
            with pytest.raises(Conflict, match="--resume"):
                put_in(graph, random_bundle(tmp_path / f"{last}", 9), "other")
        with WriterLock(graph, "test") as lock:
            report = (
                delete(graph, lock, Selectors(sources=("a", "causal")), silent)
                if (found is not None or exported(graph) == before)
                else None
            )
        assert exported(graph) == left
        deletion = report.id if report else next(area().iterdir()).name
        killed += killed_at(server, "undo", deletion, last)
        with WriterLock(graph, "test") as lock:
            resume(graph, lock, silent)
            if exported(graph) != before:
                undo(graph, lock, deletion, silent)
        assert exported(graph) == before
    assert killed > 0


@pytest.mark.usefixtures("small_steps")
def test_an_erasure_killed_at_any_commit_is_resumed(
    graph: Graph, server: ServerAddress, tmp_path: Path, rng: np.random.Generator
) -> None:
    for last in drawn(rng, range(4, 50), 2):
        fill(graph, tmp_path / f"{last}")
        # The same is held elsewhere: by a deletion, a snapshot, a bundle, and under keys.
        with WriterLock(graph, "test") as lock:
            create_snapshot(graph, lock, f"before-{last}", silent)
            delete(graph, lock, Selectors(sources=("a",)), silent)
        put_in(graph, random_bundle(tmp_path / f"{last}", 4, size=60), "a")
        wait(graph, random_bundle(tmp_path / f"{last}", 5, size=60), "a")
        killed_at(server, "erase", "a causal", last)
        with WriterLock(graph, "test") as lock:
            erasure.resume(graph, lock, ErasureOptions(tmp_path / "none", silent))
            if graph.read("MATCH (s:Source {name: 'a'}) RETURN s"):
                chosen = Selectors(sources=("a", "causal"))
                erasure.erase(graph, lock, chosen, ErasureOptions(tmp_path / "none", silent))
        assert open_journal(graph) is None
        found = exported(graph)
        wipe(graph)
        put_in(graph, random_bundle(tmp_path / f"{last}-again", 3, size=60), "b")
        assert found == exported(graph)
        assert not [place for place in area().iterdir() if not place.name.startswith(".")]
        assert (snapshot_names(), waiting_bundles()) == ([], [])
        assert not {"source:a", "source:causal"} & set(keys.known_hashes().values())


@pytest.mark.usefixtures("small_steps")
def test_a_server_killed_in_the_middle_is_resumed(
    second_home: Path, second_server: ServerAddress, tmp_path: Path, rng: np.random.Generator
) -> None:
    with connect_managed(second_server) as graph:
        fill(graph, tmp_path)
    process = act(second_server, "delete", "a causal", 10_000)
    while True:
        with connect_managed(second_server) as graph:
            if open_journal(graph) is not None or process.poll() is not None:
                break
    killed = psutil.Process(status(second_home).pid)
    killed.kill()
    killed.wait()
    back = start(second_home, **ports(second_server), say=lambda text: None)
    _, complaint = process.communicate(timeout=120)
    with connect_managed(back) as graph:
        with WriterLock(graph, "test") as lock:
            resume(graph, lock, silent)
        found = exported(graph)
        wipe(graph)
        put_in(graph, random_bundle(tmp_path / "again", 3, size=60), "b")
        assert found == exported(graph), complaint


def test_doctor_shows_an_open_journal(
    served: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_in(served, random_bundle(tmp_path, 2, size=60), "a")

    class Stop(Exception):
        pass

    def stop(stage: str, done: int, total: int) -> None:
        if stage == "rows":
            raise Stop

    with pytest.raises(Stop), WriterLock(served, "test") as lock:
        delete(served, lock, Selectors(sources=("a",)), stop)
    (found,) = [check for check in doctor() if check.name == "ratings"]
    assert found.verdict == "warning"
    assert "delete --resume" in found.advice


def test_a_rollback_cut_short_goes_on_with_the_same_command(
    served: Graph, server: ServerAddress, tmp_path: Path
) -> None:
    fill(served, tmp_path)
    before = exported(served)
    with WriterLock(served, "test") as lock:
        create_snapshot(served, lock, "then", silent)
        made = delete(served, lock, Selectors(sources=("a", "causal")), silent)
    # An undo, which is the rollback's first act, dies behind its fourth commit.
    assert killed_at(server, "undo", made.id, 4)
    with pytest.raises(Conflict, match="--resume"):
        plan_rollback(served, "then")
    done = run("rollback", "then", "--yes")
    assert done.exit_code == 0, done.output
    assert exported(served) == before
    with WriterLock(served, "test") as lock:
        drop_snapshot(served, lock, "then")
