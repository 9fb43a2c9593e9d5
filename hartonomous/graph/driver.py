"""The connection to the database: read, write, transact. The only module that imports the driver."""

from __future__ import annotations

import logging
import random
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

import neo4j
from neo4j import exceptions

from hartonomous.errors import Conflict, HartonomousError, ServerError
from hartonomous.graph.cypher_files import query

if TYPE_CHECKING:
    from graphdatascience import GraphDataScience

T = TypeVar("T")
Row = dict[str, Any]

PATIENCE = 30.0
"""Seconds that a transient error, or an unreachable server, is waited for."""

READERS = 2

_WITHOUT_SCIENCE = (
    "neighbours, explain, affinity, analogy, compare, odd-one-out, traverse, contradictions, ingest "
    "and delete work without it. The managed server ('hartonomous up') has it."
)

FIRST_PAUSE = 0.02
LONGEST_PAUSE = 1.0
TURNS = 3
"""Times a transaction is repeated that waited too long behind another one of the same graph."""


logging.getLogger("neo4j").setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class Address:
    """The address of a server, with its credentials."""

    uri: str
    username: str
    password: str
    database: str = "neo4j"

    def __repr__(self) -> str:
        return f"Address({self.uri!r}, {self.username!r}, password hidden, {self.database!r})"


class Transaction:
    """An open transaction: statements see the writes of earlier ones."""

    def __init__(self, transaction: neo4j.Transaction) -> None:
        self._transaction = transaction

    def run(self, query: str, **parameters: Any) -> list[Row]:
        """Run one statement and return its rows."""
        return self._transaction.run(query, parameters).data()


class Graph:
    """A connection to one database; a context manager that closes itself."""

    def __init__(self, address: Address, patience: float = PATIENCE) -> None:
        self.address = address
        self._patience = patience
        self._science: GraphDataScience | None = None
        self._writing: set[object] = set()
        self._driver = _driver(address)

    def __enter__(self) -> Graph:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._driver.close()

    def move(self, address: Address) -> None:
        """Reconnect to a server that was restarted, possibly at another address."""
        self._driver.close()
        self.address, self._science = address, None
        self._driver = _driver(address)

    def verify(self) -> None:
        """Raise ServerError unless the server answers and accepts the credentials."""
        self._guard(self._driver.verify_connectivity)

    def read(self, query: str, **parameters: Any) -> list[Row]:
        """Run one statement that only reads, with retries after transient errors; return its rows."""

        # As one auto-commit round trip; an explicit transaction would need two more.
        def run() -> list[Row]:
            with self._session(neo4j.READ_ACCESS) as session:
                return session.run(query, parameters).data()

        return self._again(run)

    def read_columns(
        self, query: str, parameters: Mapping[str, Any]
    ) -> tuple[list[Row], tuple[str, ...]]:
        """Run one statement that only reads, as `read` does; return its rows and their columns."""

        def run() -> tuple[list[Row], tuple[str, ...]]:
            with self._session(neo4j.READ_ACCESS) as session:
                result = session.run(query, dict(parameters))
                return result.data(), tuple(result.keys())

        return self._again(run)

    def write(self, query: str, **parameters: Any) -> list[Row]:
        """Run one statement in a write transaction of its own; it has to be idempotent."""
        return self._transact(lambda work: work.run(query, **parameters), neo4j.WRITE_ACCESS)

    def transact(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in one write transaction.

        It is repeated after a transient error and after a commit with an unknown outcome, so it has
        to be idempotent: guarded by a ledger node, or with the same result twice.
        """
        return self._transact(work, neo4j.WRITE_ACCESS)

    def stream(self, query: str, **parameters: Any) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a read statement as tuples, in bounded memory.

        It is repeated after transient errors until its first row has arrived; afterwards an error
        is raised, because rows have been handed on.
        """

        def begin() -> tuple[neo4j.Session, neo4j.Result, neo4j.Record | None]:
            session = self._session(neo4j.READ_ACCESS)
            try:
                result = session.run(query, parameters)
                return session, result, next(iter(result), None)
            except BaseException:
                session.close()
                raise

        session, rest, first = self._again(begin)
        try:
            with session:
                if first is not None:
                    yield tuple(first.values())
                for record in rest:
                    yield tuple(record.values())
        except (exceptions.Neo4jError, exceptions.DriverError) as error:
            raise self._translated(error) from error

    def stream_parts(
        self, query: str, name: str, parts: Iterable[Sequence[Any]], **parameters: Any
    ) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the rows of a read statement that runs once for each part, given as parameter
        `name`.

        Two run at a time; results are in the order of the parts, and few are in memory at once.
        """
        remaining = iter(parts)

        def run(part: Sequence[Any]) -> list[tuple[Any, ...]]:
            return list(self.stream(query, **{name: list(part)}, **parameters))

        with ThreadPoolExecutor(READERS, thread_name_prefix="reader") as readers:
            pending = deque(readers.submit(run, part) for part in islice(remaining, 2 * READERS))
            while pending:
                rows = pending.popleft().result()
                pending.extend(readers.submit(run, part) for part in islice(remaining, 1))
                yield rows

    def change_schema(self, query: str, database: str | None = None) -> None:
        """Run one statement that changes the schema, or that concerns another database."""

        def change() -> None:
            with self._driver.session(database=database or self.address.database) as session:
                session.run(query).consume()

        self._guard(change)

    def system(self, query: str, **parameters: Any) -> list[Row]:
        """Run one statement against the system database, repeated after transient errors: it must
        do the same when run again.
        """

        def run() -> list[Row]:
            with self._driver.session(database="system") as session:
                return session.run(query, parameters).data()

        return self._again(run)

    def science(self, work: Callable[[GraphDataScience], T]) -> T:
        """Return the result of `work`, called with the Graph Data Science client on this
        connection.

        Raises ServerError, naming what works without it, if the server does not have it.
        """
        if self._science is None:
            self._science = self._guard(self._meet_science)
        client = self._science
        return self._guard(lambda: work(client))

    def _meet_science(self) -> GraphDataScience:
        from graphdatascience import GraphDataScience
        from graphdatascience.error.gds_not_installed import GdsNotFound
        from graphdatascience.error.unable_to_connect import UnableToConnectError

        try:
            return GraphDataScience(
                self._driver, database=self.address.database, arrow=False, show_progress=False
            )
        except GdsNotFound as error:
            raise ServerError(
                f"{self.address.uri} has no Graph Data Science, which this needs; {_WITHOUT_SCIENCE}"
            ) from error
        except UnableToConnectError as error:
            raise self._translated(error.__context__ or error) from error

    def _holders(self) -> str:
        """Return the open transactions, and how to end one."""
        try:
            with self._session(neo4j.READ_ACCESS) as session:
                rows = session.run(query("server/read_transactions")).data()
        except (exceptions.Neo4jError, exceptions.DriverError):
            return ""
        if not rows:
            return ""
        first = rows[0]
        return (
            f"The oldest one is {first['id']} of user {first['user']} at {first['client']}, open for "
            f"{first['seconds']} s: commit or close it there (in Browser, :rollback), or end it with "
            f"TERMINATE TRANSACTION '{first['id']}'. "
        )

    def _session(self, access: str) -> neo4j.Session:
        return self._driver.session(database=self.address.database, default_access_mode=access)

    def _transact(self, work: Callable[[Transaction], T], access: str) -> T:
        mine = object()

        def run() -> T:
            self._writing.add(mine)
            try:
                with self._session(access) as session, session.begin_transaction() as transaction:
                    result = work(Transaction(transaction))
                    transaction.commit()
                    return result
            except exceptions.Neo4jError as error:
                # On a busy machine another writer of this graph holds what many edges end at for
                # longer than a transaction waits.
                if _is_lock_timeout(error) and len(self._writing) > 1:
                    raise _Behind from error
                raise
            finally:
                self._writing.discard(mine)

        return self._again(run)

    def _again(self, run: Callable[[], T]) -> T:
        """Return the result of `run`, repeated after transient errors."""
        deadline = time.monotonic() + self._patience
        pause, behind = FIRST_PAUSE, 0
        while True:
            try:
                return run()
            except _Behind as error:
                behind += 1
                if behind > TURNS and error.__cause__ is not None:
                    raise self._translated(error.__cause__) from error.__cause__
            except (exceptions.Neo4jError, exceptions.DriverError) as error:
                if not _may_repeat(error) or time.monotonic() + pause > deadline:
                    raise self._translated(error) from error
            time.sleep(pause * random.uniform(0.5, 1.5))
            pause = min(2 * pause, LONGEST_PAUSE)

    def _guard(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except (exceptions.Neo4jError, exceptions.DriverError, ValueError) as error:
            raise self._translated(error) from error

    def _translated(self, error: BaseException) -> HartonomousError:
        where = self.address.uri
        if _is_lock_timeout(error):
            return Conflict(
                f"{where}: another transaction holds a lock on the data to write. "
                f"{self._holders()}The interrupted command resumes when it is run again."
            )
        if isinstance(error, exceptions.AuthError):
            return ServerError(
                f"{where} refuses user {self.address.username!r}: wrong password? Set "
                "NEO4J_USERNAME and NEO4J_PASSWORD, or unset NEO4J_URI for the managed server."
            )
        if isinstance(error, exceptions.ServiceUnavailable | exceptions.SessionExpired):
            return ServerError(
                f"No server answers at {where}. 'hartonomous up' starts the managed one, "
                "'hartonomous status' shows its state; the interrupted command resumes when it "
                "is run again."
            )
        return ServerError(f"{where}: {_first_line(error)}")


class _Behind(Exception):
    """A transaction waited too long for a lock, while another one of this graph was at work."""


def _is_lock_timeout(error: BaseException) -> bool:
    return str(getattr(error, "code", None)).endswith(".LockAcquisitionTimeout")


def _driver(address: Address) -> neo4j.Driver:
    return neo4j.GraphDatabase.driver(
        address.uri,
        auth=(address.username, address.password),
        connection_timeout=10.0,
        notifications_min_severity="OFF",
        user_agent="hartonomous",
    )


def _may_repeat(error: exceptions.Neo4jError | exceptions.DriverError) -> bool:
    # IncompleteCommit: the commit's answer was lost; on repetition a ledger shows whether it
    # succeeded. A deadlock or a server shutting down has a transient code, which is_retryable
    # recognises.
    return isinstance(error, exceptions.IncompleteCommit) or error.is_retryable()


def _first_line(error: BaseException) -> str:
    message = getattr(error, "message", None) or str(error)
    return f"{type(error).__name__}: {str(message).splitlines()[0]}"


def in_parts(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield a sequence in parts of at most `size`."""
    for first in range(0, len(items), size):
        yield items[first : first + size]


def columns(rows: list[Row]) -> Mapping[str, list[Any]]:
    """Return rows as columns."""
    return {name: [row[name] for row in rows] for name in rows[0]} if rows else {}
