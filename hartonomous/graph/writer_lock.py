"""The writer's lock: a node in the graph, renewed by its holder, that expires with it."""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType

from hartonomous.errors import Conflict, HartonomousError
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row, Transaction
from hartonomous.graph.migrations import migrate
from hartonomous.process_identity import is_of_this_machine, own_identity, runs

LIFETIME = 45
"""Seconds without renewal after which a lock may be taken."""

RENEWAL = 10.0

_HELD: set[str] = set()
"""Tokens of the locks of this process, which may take back one that it could not release."""


class WriterLock:
    """The writer's lock, held inside a `with` block; taking it completes the graph's schema."""

    def __init__(self, graph: Graph, purpose: str) -> None:
        self._graph = graph
        self._owner = f"{purpose} (process {os.getpid()} on {socket.gethostname()})"
        self.token = secrets.token_hex(16)
        self._released = threading.Event()
        self._renewing = threading.Lock()
        self._renewer = threading.Thread(target=self._renew, name="writer-lock", daemon=True)

    def __enter__(self) -> WriterLock:
        # Without its constraints a graph accepts duplicates, and a look-up reads everything.
        migrate(self._graph)
        _await_renewal(self._graph)
        answer = self._take()
        if not answer["held"] and _abandoned(answer["process"], answer["token"]):
            self._graph.write(query("graph/release_lock"), token=answer["token"])
            answer = self._take()
        if not answer["held"]:
            raise Conflict(
                f"Another writer is active: {answer['owner']}, since {answer['since']}. Wait for "
                f"it; if it is dead, its lock expires at {answer['expires']}."
            )
        _HELD.add(self.token)
        self._renewer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _HELD.discard(self.token)
        self._released.set()
        self._renewer.join()
        try:
            self._graph.write(query("graph/release_lock"), token=self.token)
        except HartonomousError:
            # The server is not reachable; the lock expires by itself. The first error is the one to
            # report.
            if error is None:
                raise

    @contextmanager
    def unrenewed(self) -> Iterator[None]:
        """Suspend renewal while the connection moves to another server.

        A renewal during the move waited on a dead connection.
        """
        with self._renewing:
            yield

    def check(self, transaction: Transaction) -> None:
        """Raise Conflict, inside the writing transaction, if another writer took the lock."""
        if not transaction.run(query("graph/check_lock"), token=self.token):
            raise Conflict(
                "This writer was suspended so long that its lock expired and another took it; "
                "run the same command again to resume."
            )

    def write(self, statement: str, **parameters: object) -> list[Row]:
        """Run one statement in a transaction that commits only while this lock is held."""

        def work(transaction: Transaction) -> list[Row]:
            self.check(transaction)
            return transaction.run(statement, **parameters)

        return self._graph.transact(work)

    def _take(self) -> Row:
        return self._graph.write(
            query("graph/take_lock"),
            token=self.token,
            owner=self._owner,
            process=own_identity(),
            seconds=LIFETIME,
        )[0]

    def _renew(self) -> None:
        while not self._released.wait(RENEWAL):
            # One missed renewal does no harm; `check` detects a lost lock.
            with self._renewing, suppress(HartonomousError):
                self._graph.write(query("graph/renew_lock"), token=self.token, seconds=LIFETIME)


def _abandoned(holder: str | None, token: str) -> bool:
    """Return whether a lock's holder was a process of this machine that no longer holds it."""
    if holder is None or not is_of_this_machine(holder):
        return False
    ours = holder == own_identity() and token not in _HELD
    return ours or not runs(holder)


def _await_renewal(graph: Graph) -> None:
    """Give a living holder of this machine, with an expired lock, time to renew it.

    A clock that is set forward makes every lock seem expired until its next renewal.
    """
    found = lock_holder(graph)
    if found is None or not found["dead"] or found["token"] in _HELD:
        return
    if not is_of_this_machine(found["process"] or "") or not runs(found["process"]):
        return
    until = time.monotonic() + 1.5 * RENEWAL
    while time.monotonic() < until:
        time.sleep(RENEWAL / 20)
        now = lock_holder(graph)
        if now is None or now["token"] != found["token"] or not now["dead"]:
            return


def lock_holder(graph: Graph) -> Row | None:
    """Return the holder of the writer's lock, with `dead` true after its expiry; None if there is
    none.
    """
    return next(iter(graph.read(query("graph/read_lock"))), None)
