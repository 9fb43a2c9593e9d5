"""A store and its copy: at every moment one of them is the graph, and no commit is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hartonomous.erase import compaction
from hartonomous.erase.compaction import compact, find_bytes
from hartonomous.errors import Conflict, ServerError
from hartonomous.graph.driver import Address, Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.operations.ingestion import prepare
from hartonomous.server import store_choice, store_swap
from hartonomous.server.connection import connect_managed
from hartonomous.server.managed_server import ServerAddress, running_address, start, status, stop
from hartonomous.server.store_choice import choose_store
from tests.building import exported, put_in, random_bundle, wipe
from tests.private_server import ports
from tests.seed import drawn


def silent(text: str) -> None:
    """Say nothing."""


def store(place: Path, what: str) -> None:
    (place / "databases" / "neo4j").mkdir(parents=True)
    (place / "databases" / "neo4j" / "neostore").write_text(what)


def held(home: Path) -> dict[str, str]:
    """What lies in a home that could be taken for a store."""
    return {
        place.name: (place / "databases" / "neo4j" / "neostore").read_text()
        for place in home.glob("data*")
    }


def test_cut_short_while_copying_the_old_store_stays(tmp_path: Path) -> None:
    store(store_swap.data(tmp_path), "old")
    store_swap.begin(tmp_path)
    store(store_swap.successor(tmp_path), "new")
    store_swap.workplace(tmp_path).mkdir()
    found = store_swap.pending(tmp_path)
    assert found is not None and found.phase == store_swap.COPYING
    assert "is unchanged" in str(store_swap.recover(tmp_path))
    assert held(tmp_path) == {"data": "old"}
    assert store_swap.recover(tmp_path) is None


@pytest.mark.parametrize("renamed", [0, 1, 2, 3])
def test_cut_short_while_replacing_the_copy_is_served(tmp_path: Path, renamed: int) -> None:
    store(store_swap.data(tmp_path), "old")
    store_swap.begin(tmp_path)
    store(store_swap.successor(tmp_path), "new")
    (tmp_path / "logs").mkdir()
    store_swap._mark(tmp_path, store_swap.REPLACING)
    steps: list[Callable[[], Any]] = [
        lambda: store_swap.data(tmp_path).rename(store_swap.predecessor(tmp_path)),
        lambda: store_swap.successor(tmp_path).rename(store_swap.data(tmp_path)),
        lambda: (store_swap.predecessor(tmp_path) / "databases" / "neo4j" / "neostore").unlink(),
    ]
    for step in steps[:renamed]:
        step()
    assert "has replaced it" in str(store_swap.recover(tmp_path))
    assert held(tmp_path) == {"data": "new"}
    assert store_swap.recover(tmp_path) is None and not store_swap.unexplained(tmp_path)


OLD = {"log": "a", "sources": 1, "compositions": 9, "identity": "x"}
EMPTY = {"log": None, "sources": 0, "compositions": 0, "identity": "y"}
OTHER = {"log": "b", "sources": 2, "compositions": 5, "identity": "z"}


@pytest.mark.parametrize(
    ("old", "now", "left"),
    [
        ((OLD, ["1", "2"]), (EMPTY, []), "old"),
        ((OLD, ["1", "2"]), None, "old"),
        ((OLD, ["1", "2"]), (OLD, ["1"]), "old"),
        ((OLD, ["1", "2"]), (OLD, ["1", "2"]), "now"),
        ((OLD, ["1", "2"]), (OLD, ["1", "2", "3"]), "now"),
        (None, (OLD, ["1"]), "now"),
        ((OLD, ["1", "2"]), (OTHER, ["7"]), None),
        ((OLD, ["1", "2"]), (OLD, ["1", "9"]), None),
        (None, (EMPTY, []), None),
        (None, None, None),
    ],
)
def test_of_two_stores_the_one_that_continues_the_other_is_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: Any, now: Any, left: str | None
) -> None:
    seen = {"data.old": old, "data": now}

    def look(home: Path, data: Path, say: object) -> Any:
        facts = seen[data.name]
        return None if facts is None else store_choice._Store(*facts)

    monkeypatch.setattr(store_choice, "_look", look)
    store(store_swap.predecessor(tmp_path), "old")
    store(store_swap.data(tmp_path), "now")
    if left is None:
        with pytest.raises(ServerError, match="Neither continues"):
            choose_store(tmp_path, silent)
        assert held(tmp_path) == {"data": "now", "data.old": "old"}
    else:
        choose_store(tmp_path, silent)
        assert held(tmp_path) == {"data": left}


def test_a_home_that_an_earlier_version_left_with_two_stores_is_healed(
    second_home: Path, second_server: ServerAddress, tmp_path: Path
) -> None:
    with connect_managed(second_server) as graph:
        wipe(graph)
        put_in(graph, random_bundle(tmp_path, 1), "a")
        before = exported(graph)
    stop(second_home)
    # Killed while it wrote the store anew; the next start then served an empty one.
    store_swap.data(second_home).rename(store_swap.predecessor(second_home))
    said: list[str] = []
    address = start(second_home, say=said.append, **ports(second_server))
    with connect_managed(address) as graph:
        prepare(graph)
        assert exported(graph) == before
    assert any("The graph is back: 1 sources" in line for line in said)
    assert not store_swap.predecessor(second_home).exists()


COPIER = """
import os, signal, sys
from pathlib import Path
from hartonomous.erase import compaction
from hartonomous.server import store_swap
from hartonomous.server.connection import connect
from hartonomous.graph.writer_lock import WriterLock
module, name = sys.argv[1].split(".")
def killed(*rest):
    os.kill(os.getpid(), signal.SIGKILL)
setattr({"compaction": compaction, "store_swap": store_swap}[module], name, killed)
with connect() as graph, WriterLock(graph, "copying") as lock:
    compaction.compact(Path(os.environ["HARTONOMOUS_HOME"]), graph, lock, print, lambda *seen: None)
"""


KILLS = ("compaction.schema_statements", "store_swap._finish")
"""Before the copy is made, and when it is whole."""


def test_a_killed_copier_leaves_one_store_that_is_found(
    second_home: Path,
    second_server: ServerAddress,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    rng: np.random.Generator,
) -> None:
    monkeypatch.setenv("HARTONOMOUS_HOME", str(second_home))
    with connect_managed(second_server) as graph:
        wipe(graph)
        put_in(graph, random_bundle(tmp_path, 1), "a")
        before = exported(graph)
    for at in drawn(rng, range(len(KILLS)), 1):
        done = subprocess.run(
            [sys.executable, "-c", COPIER, KILLS[at]], capture_output=True, text=True, check=False
        )
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert not status(second_home).running
        assert store_swap.pending(second_home) is not None
        address = start(second_home, say=silent, **ports(second_server))
        with connect_managed(address) as graph:
            assert exported(graph) == before
            prepare(graph)
            # Its lock died with it.
            with WriterLock(graph, "the next"):
                pass
        assert sorted(place.name for place in second_home.glob("data*")) == ["data"]


ODD = """
CREATE (n:Odd:`Odd one` {name: 'x', empty: [], none: ['', 'a'], at: datetime(), p: point({x: 1, y: 2}),
  big: 9007199254740993, real: -0.0, flags: [true, false], text: $text, inf: 1.0 / 0.0})
  -[:OWN {since: date('2020-01-01'), list: []}]->(n)
"""


def properties(graph: Graph) -> list[str]:
    """Return everything that every node and relationship says, but what the writer beside adds."""
    rows = graph.read(
        "MATCH (n) WHERE NOT n:Lock AND NOT n:Own "
        "RETURN labels(n) AS l, n {.*, procedures: null} AS p"
    )
    rows += graph.read("MATCH ()-[r]->() RETURN [type(r)] AS l, properties(r) AS p")
    return sorted(f"{sorted(row['l'])} {sorted(row['p'].items())}" for row in rows)


TIMES = (
    "MATCH (n:Source|Migration) RETURN toString(coalesce(n.created, n.applied)) AS at ORDER BY at"
)
"""What the graph says of times; the driver would name their zone."""


def test_the_copy_is_the_same_and_nothing_that_was_acknowledged_meanwhile_is_lost(
    second_home: Path,
    second_server: ServerAddress,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HARTONOMOUS_HOME", str(second_home))
    written: list[int] = []
    through = threading.Event()

    def write_on() -> None:
        where = Address(second_server.uri, second_server.username, second_server.password)
        with Graph(where, patience=300) as other:
            number = 0
            while not through.is_set():
                other.write("CREATE (:Own {number: $n})", n=number)
                written.append(number)
                number += 1

    with connect_managed(second_server) as graph:
        wipe(graph)
        put_in(graph, random_bundle(tmp_path, 1), "a")
        times = graph.read(TIMES)
        graph.write(ODD, text='a " , \\ \n\r b\u2028')
        everything = properties(graph)
        writer = threading.Thread(target=write_on)
        writer.start()
        try:
            with WriterLock(graph, "copying") as lock:
                compact(second_home, graph, lock, silent, lambda *seen: None)
                with pytest.raises(Conflict, match="copying"), WriterLock(graph, "another"):
                    pass
        finally:
            through.set()
            writer.join()
        assert properties(graph) == everything
        rows = graph.read("MATCH (n:Own) RETURN DISTINCT n.number AS n")
        assert set(written) <= {row["n"] for row in rows}
        assert len(written) > 10
        assert graph.read(TIMES) == times
        wipe(graph)


def test_a_lock_that_another_took_stops_the_copy(
    second_home: Path, second_server: ServerAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARTONOMOUS_HOME", str(second_home))
    stopping = compaction.stop_held

    with connect_managed(second_server) as graph:
        wipe(graph)

        def robbed(home: Path) -> bool:
            graph.write("MATCH (l:Lock) SET l.token = 'another'")
            return stopping(home)

        monkeypatch.setattr(compaction, "stop_held", robbed)
        with pytest.raises(Conflict, match="another took its lock"), WriterLock(graph, "x") as lock:
            compact(second_home, graph, lock, silent, lambda *seen: None)
        assert running_address(second_home) is not None
        graph.write("MATCH (l:Lock) DELETE l")
    assert sorted(place.name for place in second_home.glob("data*")) == ["data"]


def test_texts_are_found_across_the_parts_of_a_large_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "_CHUNK", 16)
    text = "zq-canary-ö"
    for place in range(0, 40, 3):
        (tmp_path / "file").write_bytes(b"." * place + text.encode("utf-16-le") + b"." * 9)
        assert find_bytes(tmp_path, [text, "not there"]) == [(tmp_path / "file", text)]
    (tmp_path / "file").write_bytes(os.urandom(64))
    assert find_bytes(tmp_path, [text]) == []
