"""Exactly once: after repetition, after kills of either side at any moment, after lost answers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import neo4j
import numpy as np
import psutil
import pytest

from hartonomous.bundle import Bundle
from hartonomous.errors import Conflict, NotFound, ServerError, UsageError, VerificationFailed
from hartonomous.graph import writer_lock
from hartonomous.graph.driver import Address, Graph, Transaction
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.load import loader
from hartonomous.operations.ingestion import load_bundle
from hartonomous.process_identity import identity
from hartonomous.server.connection import connect_managed
from hartonomous.server.managed_server import ServerAddress, running_address, start, status, stop
from tests.building import bundle_of, exported, put_in, random_bundle, silent, wipe, write_vectors
from tests.private_server import ports

LOADER = """
import os, sys
from pathlib import Path
from hartonomous.bundle import read_bundle
from hartonomous.operations.ingestion import load_bundle
from hartonomous.process_identity import identity
from hartonomous.load import loader
from hartonomous.rate import rating_pass
from hartonomous.graph.driver import Address, Graph
loader.BATCH_ROWS = rating_pass.STARTS = 20
# A server needs longer than a client waits to start again, where other tests have the machine.
with Graph(Address(os.environ["URI"], "neo4j", os.environ["PASSWORD"]), patience=120) as graph:
    print("begin", flush=True)
    load_bundle(graph, read_bundle(Path(sys.argv[1])), sys.argv[2], lambda *done: None)
"""


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches as the killed loader writes them, so that a resume finds its own."""
    monkeypatch.setattr(loader, "BATCH_ROWS", 20)


def loader_process(address: ServerAddress, bundle: Bundle, name: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", LOADER, str(bundle.path), name],
        env={**os.environ, "URI": address.uri, "PASSWORD": address.password},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begin\n"
    return process


def test_ingest_twice_is_ingest_once(graph: Graph, tmp_path: Path) -> None:
    bundle = random_bundle(tmp_path, 1)
    put_in(graph, bundle, "one")
    once = exported(graph)
    report = load_bundle(graph, bundle, "one", silent)
    assert report.repeated
    assert exported(graph) == once


@pytest.mark.usefixtures("small_batches")
def test_a_killed_client_is_resumed(
    graph: Graph, server: ServerAddress, tmp_path: Path, rng: np.random.Generator
) -> None:
    bundle = random_bundle(tmp_path, 1, size=118, k=8)
    put_in(graph, bundle, "one")
    whole = exported(graph)
    cut = 0
    for delay in rng.uniform(0.0, 0.6, size=3):
        wipe(graph)
        process = loader_process(server, bundle, "one")
        time.sleep(delay)
        process.kill()
        cut += process.wait() == -signal.SIGKILL
        process.communicate()
        put_in(graph, bundle, "one")
        assert exported(graph) == whole
    assert cut > 0


@pytest.mark.usefixtures("small_batches")
def test_a_killed_server_is_started_again_and_a_load_goes_on(
    second_home: Path, second_server: ServerAddress, tmp_path: Path, rng: np.random.Generator
) -> None:
    bundle = random_bundle(tmp_path, 2, size=118, k=8)
    with connect_managed(second_server) as graph:
        wipe(graph)
        put_in(graph, bundle, "one")
        whole = exported(graph)
        wipe(graph)
    process = loader_process(second_server, bundle, "one")
    time.sleep(rng.uniform(0.05, 0.4))
    killed = psutil.Process(status(second_home).pid)
    killed.kill()
    killed.wait()
    assert not status(second_home).running and running_address(second_home) is None
    back = start(second_home, **ports(second_server), say=lambda text: None)
    _, complaint = process.communicate(timeout=180)
    assert process.returncode == 0, complaint
    assert back.password == second_server.password
    assert status(second_home).pid != killed.pid
    with connect_managed(back) as graph:
        assert exported(graph) == whole


def test_a_lost_commit_answer_writes_nothing_twice(
    graph: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    bundle = random_bundle(tmp_path, 3, size=100)
    put_in(graph, bundle, "one")
    whole = exported(graph)
    wipe(graph)
    commit = neo4j.Transaction.commit
    lost = 0

    def lose(transaction: neo4j.Transaction) -> None:
        nonlocal lost
        commit(transaction)
        if rng.random() < 0.3:
            lost += 1
            raise neo4j.exceptions.IncompleteCommit("the answer was lost")

    monkeypatch.setattr(neo4j.Transaction, "commit", lose)
    put_in(graph, bundle, "one")
    monkeypatch.undo()
    assert lost > 0
    assert exported(graph) == whole


def test_transient_errors_are_tried_again(
    graph: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    bundle = random_bundle(tmp_path, 3, size=100)
    commit = neo4j.Transaction.commit
    failed = 0

    def fail(transaction: neo4j.Transaction) -> None:
        nonlocal failed
        if rng.random() < 0.3:
            failed += 1
            transaction.rollback()
            raise neo4j.exceptions.ServiceUnavailable("the connection broke")
        commit(transaction)

    monkeypatch.setattr(neo4j.Transaction, "commit", fail)
    put_in(graph, bundle, "one")
    monkeypatch.undo()
    assert failed > 0
    again = exported(graph)
    wipe(graph)
    put_in(graph, bundle, "one")
    assert exported(graph) == again


def test_a_writer_waits_for_another_one_longer_than_for_a_stranger(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "Neo.TransientError.Transaction.LockAcquisitionTimeout"
    error = neo4j.exceptions.Neo4jError._hydrate_neo4j(code=code, message="no lock")
    holding, repeated = threading.Event(), threading.Event()
    tries = 0

    def hold(work: Transaction) -> str:
        holding.set()
        assert repeated.wait(60)
        return "held"

    def wait_too_long(work: Transaction) -> str:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise error
        repeated.set()
        return "waited"

    monkeypatch.setattr(graph, "_patience", 0.0)
    with pytest.raises(Conflict, match="holds a lock"):
        graph.transact(wait_too_long)
    tries = 0
    with ThreadPoolExecutor(1) as writers:
        other = writers.submit(graph.transact, hold)
        assert holding.wait(60)
        assert graph.transact(wait_too_long) == "waited"
        assert other.result() == "held"


def test_a_partial_load_of_other_evidence_is_discarded(graph: Graph, tmp_path: Path) -> None:
    """The same source extracted elsewhere may round otherwise; halves of two are never mixed."""
    bundle = random_bundle(tmp_path, 4, size=100)
    put_in(graph, bundle, "one")
    whole = exported(graph)
    wipe(graph)

    def stop(stage: str, done: int, total: int) -> None:
        if stage == "evidence":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_bundle(graph, bundle, "one", stop)
    graph.write("MATCH (s:Source {name: 'one'}) SET s.bundle = 'another'")
    put_in(graph, bundle, "one")
    assert exported(graph) == whole


def test_a_loading_source_is_invisible(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, random_bundle(tmp_path, 1), "one")
    ratings = [line for line in exported(graph) if '"record":"rating"' in line]
    bundle = random_bundle(tmp_path, 2)
    with WriterLock(graph, "test") as lock:
        loader.load(graph, lock, bundle, "two", silent)
    assert [line for line in exported(graph) if '"record":"rating"' in line] == ratings


def test_a_name_taken_by_other_content_is_refused(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, random_bundle(tmp_path, 1), "one")
    before = exported(graph)
    with pytest.raises(Conflict, match="--replace one"):
        put_in(graph, random_bundle(tmp_path, 2), "one")
    assert exported(graph) == before


def test_replacing_gives_what_a_fresh_ingest_gives(graph: Graph, tmp_path: Path) -> None:
    new = random_bundle(tmp_path, 2)
    put_in(graph, new, "one")
    fresh = exported(graph)
    wipe(graph)
    put_in(graph, random_bundle(tmp_path, 1), "one")
    put_in(graph, new, "one", replace=True)
    assert exported(graph) == fresh
    with pytest.raises(NotFound, match="--replace"):
        put_in(graph, new, "nobody", replace=True)


def test_two_writers_do_not_meet(graph: Graph, tmp_path: Path) -> None:
    bundle = random_bundle(tmp_path, 1)
    with WriterLock(graph, "the first"), pytest.raises(Conflict, match="the first"):
        put_in(graph, bundle, "one")
    put_in(graph, bundle, "one")


def test_the_lock_of_a_dead_writer_expires(graph: Graph) -> None:
    with WriterLock(graph, "the dead"):
        graph.write("MATCH (l:Lock) SET l.expires = datetime() - duration('PT1S')")
        with WriterLock(graph, "the next"):
            pass


def test_a_clock_set_forward_takes_no_lock_from_a_living_writer(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_lock, "RENEWAL", 0.6)
    held = (
        "MERGE (l:Lock {name: 'writer'}) SET l.token = 'its', l.owner = 'another', "
        "l.process = $process, l.since = datetime(), "
        "l.expires = datetime() + duration({seconds: $seconds})"
    )
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        about = {"process": identity(other.pid)}
        graph.write(held, seconds=-3600, **about)
        renewal = threading.Timer(0.2, graph.write, [held], {"seconds": 45, **about})
        renewal.start()
        with pytest.raises(Conflict, match="another"), WriterLock(graph, "the next"):
            pass
        renewal.join()
        # One that does not renew it was stopped.
        graph.write(held, seconds=-1, **about)
        with WriterLock(graph, "the next"):
            pass
        graph.write(held, seconds=45, **about)
        other.kill()
    with WriterLock(graph, "the next"):
        pass


def test_a_writer_that_lost_its_lock_writes_no_more(graph: Graph, tmp_path: Path) -> None:
    bundle = random_bundle(tmp_path, 1)

    def rob(stage: str, done: int, total: int) -> None:
        graph.write("MATCH (l:Lock) SET l.token = 'another'")

    with pytest.raises(Conflict, match="lock expired"):
        load_bundle(graph, bundle, "one", rob)
    graph.write("MATCH (l:Lock) REMOVE l.token")


def test_rows_that_find_no_composition_are_not_dropped_silently(
    graph: Graph, tmp_path: Path
) -> None:
    bundle = random_bundle(tmp_path, 1)

    def vanish(stage: str, done: int, total: int) -> None:
        if stage == "compositions":
            graph.write("MATCH (c:Composition) WITH c LIMIT 1 DELETE c")

    with pytest.raises(VerificationFailed, match="Nothing of it was kept"):
        load_bundle(graph, bundle, "one", vanish)
    put_in(graph, bundle, "one")


@pytest.mark.parametrize(
    "name", ["", "a b", "x'}) DETACH DELETE n //", "-x", "ä" * 3, "x" * 64, "a~new"]
)
def test_a_bad_name_is_refused(graph: Graph, tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="not a valid source name"):
        put_in(graph, random_bundle(tmp_path, 1), name)


def test_cypher_in_words_is_only_text(graph: Graph, tmp_path: Path) -> None:
    words = ["x'}) DETACH DELETE n //", "`) MATCH (n) //", "$word", "\\u0027", "a", "b", "{c}"]
    vectors = np.random.default_rng(0).normal(size=(len(words), 4))
    put_in(graph, bundle_of(write_vectors(tmp_path, words, vectors), tmp_path / "b", k=3), "odd")
    found = {row["text"] for row in graph.read("MATCH (c:Composition) RETURN c.text AS text")}
    assert found == set(words)


def test_no_server_is_told_as_such(tmp_path: Path) -> None:
    with Graph(Address("bolt://localhost:1", "neo4j", "x"), patience=0.2) as nobody:
        with pytest.raises(ServerError, match="hartonomous up"):
            nobody.verify()
        with pytest.raises(ServerError, match="resumes when it is run again"):
            nobody.read("RETURN 1")


def test_a_wrong_password_is_told_as_such(server: ServerAddress) -> None:
    with (
        Graph(Address(server.uri, "neo4j", "wrong")) as stranger,
        pytest.raises(ServerError, match="wrong password"),
    ):
        stranger.verify()


def test_a_stopped_server_ends_a_load_clearly_and_it_goes_on(
    second_home: Path, second_server: ServerAddress, tmp_path: Path
) -> None:
    bundle = random_bundle(tmp_path, 5, size=100)
    address = second_server
    with Graph(Address(address.uri, "neo4j", address.password), patience=0.5) as graph:
        wipe(graph)

        def pull(stage: str, done: int, total: int) -> None:
            if stage == "compositions":
                stop(second_home)

        with pytest.raises(ServerError, match="resumes when it is run again"):
            load_bundle(graph, bundle, "one", pull)
    back = start(second_home, **ports(address), say=lambda text: None)
    with connect_managed(back) as graph:
        put_in(graph, bundle, "one")
        assert len(exported(graph)) > 300


def test_nothing_is_renewed_while_the_connection_moves(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_lock, "RENEWAL", 0.05)

    def expires() -> object:
        return graph.read("MATCH (l:Lock) RETURN l.expires AS expires")[0]["expires"]

    with WriterLock(graph, "test") as lock:
        with lock.unrenewed():
            before = expires()
            time.sleep(0.5)
            assert expires() == before
        until = time.monotonic() + 30
        while expires() == before and time.monotonic() < until:
            time.sleep(0.05)
        assert expires() != before
