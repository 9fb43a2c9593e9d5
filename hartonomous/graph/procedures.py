"""The statements analysts may CALL, installed in the server through APOC Extended.

Each is a file of cypher/ whose header gives a signature; Python runs the same text, but for traverse,
which it walks itself: within a statement a long prompt takes much memory. A procedure of the name
`x` is called as `custom.hartonomous.x`.
"""

from __future__ import annotations

import re
import time

from blake3 import blake3

from hartonomous.errors import ServerError
from hartonomous.graph.cypher_files import Statement, names, query, statement
from hartonomous.graph.driver import Graph
from hartonomous.schema import DEFAULT_RELATION

PREFIX = "custom.hartonomous."
INSTALLER = "apoc.custom.installProcedure"
PATIENCE = 120.0
"""Seconds for the server to list what was installed; APOC refreshes at an interval."""
AGAIN = 5.0
"""Seconds after which what is still absent is installed once more."""


def callable_statements() -> tuple[Statement, ...]:
    """Return the statements that are installed as procedures, sorted by name."""
    return tuple(s for s in map(statement, names()) if s.signature is not None)


def signature(statement: Statement) -> str:
    """Return a statement's full signature as APOC reads it, outputs taken from the header."""
    outputs = ", ".join(
        f"{name}::{_apoc_type(kind)}"
        for name, kind in re.findall(r"(\w+) ([A-Z<>]+)", statement.outputs)
    )
    return f"hartonomous.{statement.signature} :: ({outputs})"


def available(graph: Graph) -> bool:
    """Return whether the server has APOC Extended, without which nothing can be installed."""
    return bool(graph.read(query("graph/list_procedures"), prefix=INSTALLER))


def installed(graph: Graph) -> tuple[str, ...]:
    """Return the names of our procedures that the server lists."""
    return tuple(row["name"] for row in graph.read(query("graph/list_procedures"), prefix=PREFIX))


def missing(graph: Graph) -> tuple[str, ...]:
    """Return the names of our procedures that the server does not list."""
    return tuple(map(_listed_name, _absent(graph)))


def procedures_digest() -> str:
    """Return what tells this version's procedures from another's."""
    items = callable_statements()
    return blake3("\0".join(signature(i) + _body(i) for i in items).encode()).hexdigest()


def install(graph: Graph) -> bool:
    """Install what changed; return whether analysts can CALL our procedures.

    False means that the server lacks APOC Extended; everything still works from Python.
    Raises ServerError when the server takes them but does not list them.
    """
    digest = procedures_digest()
    (state,) = graph.read(query("graph/read_installed")) or [{"digest": None}]
    if state["digest"] == digest and not missing(graph):
        return True
    if not available(graph):
        return False
    _install(graph, callable_statements())
    _await_listing(graph)
    graph.write(query("graph/record_installed"), digest=digest)
    return True


def _install(graph: Graph, items: tuple[Statement, ...]) -> None:
    for item in items:
        graph.system(
            query("graph/install_procedure"),
            signature=signature(item),
            body=_body(item),
            database=graph.address.database,
            description=item.purpose,
        )


def _await_listing(graph: Graph) -> None:
    # APOC stamps an installation before it commits it. A refresh between the two does not see it,
    # is younger than the stamp, and so no later refresh looks: only another installation is noticed.
    started = tried = time.monotonic()
    while absent := _absent(graph):
        now = time.monotonic()
        if now - started > PATIENCE:
            raise ServerError(
                f"The server took {', '.join(map(_listed_name, absent))} but does not list them after "
                f"{PATIENCE:.0f} s; is apoc.custom.procedures.refresh set in conf/apoc.conf?"
            )
        if now - tried > AGAIN:
            _install(graph, absent)
            tried = now
        time.sleep(0.2)


def _absent(graph: Graph) -> tuple[Statement, ...]:
    present = set(installed(graph))
    return tuple(s for s in callable_statements() if _listed_name(s) not in present)


def _listed_name(item: Statement) -> str:
    return PREFIX + str(item.signature).split("(")[0]


def _body(item: Statement) -> str:
    return query(item.name, rated=DEFAULT_RELATION)


def _apoc_type(kind: str) -> str:
    return re.sub(r"LIST<(\w+)>", r"LIST OF \1", kind)
