"""The open connection behind every method of the API."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from hartonomous.api.rows import CypherRecord, Rows
from hartonomous.ask.relations.shown_texts import captions_in
from hartonomous.errors import ServerError, UsageError
from hartonomous.graph.driver import Address, Graph
from hartonomous.mapping_record import Record
from hartonomous.operations.questions import remark_unsettled
from hartonomous.progress import Progress, Say
from hartonomous.server.connection import connect

PathName = str | os.PathLike[str]
T = TypeVar("T", bound=Record)


class GraphSession:
    """The connection.

    It is closed by `close`, or at the end of a `with` block.
    """

    def __init__(self, graph: Graph, progress: Progress, say: Say) -> None:
        self._open: Graph | None = graph
        self._progress, self._say = progress, say

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        where = "closed" if self._open is None else self._open.address.uri
        return f"<{type(self).__name__} {where}>"

    def close(self) -> None:
        """Close the connection; repeated calls have no effect."""
        if self._open is not None:
            self._open.close()
            self._open = None

    @property
    def address(self) -> Address:
        """Return the server's address and credentials, for other drivers.

        `uri`, `username`, `password` and `database`; the password is hidden when printed.
        """
        return self._graph.address

    def cypher(self, statement: str, /, **parameters: Any) -> Rows[CypherRecord]:
        """Return the rows of a read-only Cypher statement; values are passed as parameters.

        `graph.cypher("MATCH (c:Composition {text: $word}) RETURN c.key AS key", word="king")`.
        Raises ServerError for a statement that writes, or that the server rejects.
        """
        rows, columns = self._graph.read_columns(statement, parameters)
        return Rows((CypherRecord(row) for row in rows), columns)

    @property
    def _graph(self) -> Graph:
        """Return the connection; raises ServerError once it is closed."""
        if self._open is None:
            raise ServerError("This graph was closed; hartonomous.open() opens it again.")
        return self._open

    @property
    def _asked(self) -> Graph:
        """Return the connection for a query; a remark is made if ratings may be outdated."""
        remark_unsettled(self._graph, self._say)
        return self._graph

    def _captioned(self, rows: Rows[T]) -> Rows[T]:
        """Return rows with the captions of the pictures in them."""
        return Rows(rows, rows.columns, captions_in(self._graph, rows, *rows.columns))


def connected(
    uri: str | None, username: str | None, password: str | None, database: str | None
) -> Graph:
    """Return an open connection to the given server, else to that of the environment.

    Raises as `hartonomous.open` says.
    """
    environment = dict(os.environ)
    if uri is None and "NEO4J_URI" not in environment and (username or password):
        raise UsageError("A user or a password needs a uri; the managed server needs neither.")
    given = {
        "NEO4J_URI": uri,
        "NEO4J_USERNAME": username,
        "NEO4J_PASSWORD": password,
        "NEO4J_DATABASE": database,
    }
    environment |= {name: value for name, value in given.items() if value is not None}
    return connect(environment)


def remark(text: str) -> None:
    """Send a remark to the logger `hartonomous`, which writes to standard error by default."""
    logging.getLogger("hartonomous").warning(text)


def path_of(given: PathName | None) -> Path | None:
    """Return an optional path."""
    return None if given is None else Path(given)
