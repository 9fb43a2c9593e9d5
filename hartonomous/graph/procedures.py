"""Procedures for analysts, installed in the server through APOC Extended.

Each is a file of cypher/ whose header has a signature. Python runs the same text, except for
traverse, which it computes itself, because a long prompt takes much memory in one statement. A
procedure with the name `x` is called as `custom.hartonomous.x`.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Mapping
from functools import cache

from blake3 import blake3

from hartonomous.errors import ServerError
from hartonomous.graph.cypher_files import Statement, fractions, names, query, statement
from hartonomous.graph.driver import Graph
from hartonomous.schema import DEFAULT_RELATION, rated_types
from hartonomous.schema.registry import generation

PREFIX = "custom.hartonomous."
INSTALLER = "apoc.custom.installProcedure"
PATIENCE = 120.0
"""Seconds for the server to list an installed procedure; APOC refreshes at an interval."""
AGAIN = 5.0
"""Seconds after which a procedure that is still absent is installed again."""


def callable_statements() -> tuple[Statement, ...]:
    """Return the statements installed as procedures, sorted by name."""
    return tuple(s for s in map(statement, names()) if s.signature is not None)


def columns(statement: Statement) -> tuple[tuple[str, str], ...]:
    """Return the columns of a procedure, each with its type; those that are drawn come last."""
    fractional = fractions(statement.name)
    listed = f"{statement.outputs}, {statement.drawn or ''}"
    return tuple(
        (name, "FLOAT" if name in fractional else kind)
        for name, kind in re.findall(r"(\w+) ([A-Z<>]+)", listed)
    )


def signature(statement: Statement) -> str:
    """Return a statement's full signature in APOC's syntax, with the columns of the header."""
    outputs = ", ".join(f"{name}::{_apoc_type(kind)}" for name, kind in columns(statement))
    return f"hartonomous.{statement.signature} :: ({outputs})"


def help_of(statement: Statement) -> dict[str, str]:
    """Return name, signature, purpose and an example of a procedure."""
    return {
        "name": _listed_name(statement),
        "signature": f"custom.{signature(statement)}",
        "purpose": statement.purpose,
        "example": f"CALL {PREFIX}{statement.example}",
    }


def available(graph: Graph) -> bool:
    """Return whether the server has APOC Extended, which installing needs."""
    return bool(graph.read(query("graph/list_procedures"), prefix=INSTALLER))


def installed(graph: Graph) -> tuple[str, ...]:
    """Return the names of our procedures in the server's list."""
    return tuple(row["name"] for row in graph.read(query("graph/list_procedures"), prefix=PREFIX))


def missing(graph: Graph) -> tuple[str, ...]:
    """Return the names of our procedures that are not in the server's list."""
    return tuple(map(_listed_name, _absent(graph)))


def procedures_digest() -> str:
    """Return the digest of this version's procedures."""
    return _digest(generation())


@cache
def _digest(records: int) -> str:
    items = callable_statements()
    return blake3("\0".join(signature(i) + body(i) for i in items).encode()).hexdigest()


def install(graph: Graph) -> bool:
    """Install changed procedures; return whether analysts can CALL them.

    False means that the server lacks APOC Extended; everything still works from Python. Raises
    ServerError if the server accepts them but does not list them.
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
            body=body(item),
            database=graph.address.database,
            description=item.purpose,
        )


def _await_listing(graph: Graph) -> None:
    # APOC timestamps an installation before it commits it. A refresh in between does not see it,
    # and later ones skip it as older than the last refresh: only another installation is noticed.
    started = tried = time.monotonic()
    while absent := _absent(graph):
        now = time.monotonic()
        if now - started > PATIENCE:
            raise ServerError(
                f"The server accepted {', '.join(map(_listed_name, absent))} but does not list "
                f"them after {PATIENCE:.0f} s; is apoc.custom.procedures.refresh set in "
                "conf/apoc.conf?"
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


def body(item: Statement) -> str:
    """Return the text that is installed as a procedure."""
    # A procedure is told its types when it is called, so its text has them all.
    every = tuple(one.name for one in rated_types())
    text = query(item.name, rated=DEFAULT_RELATION, types=every, called=True)
    return re.sub(r"\bPROCEDURES\b", lambda _: _literal(map(help_of, callable_statements())), text)


def _literal(rows: Iterable[Mapping[str, str]]) -> str:
    """Return rows of texts as a list of maps in Cypher."""
    maps = (", ".join(f"{name}: {json.dumps(text)}" for name, text in row.items()) for row in rows)
    return "[\n  {" + "},\n  {".join(maps) + "}\n]"


def _apoc_type(kind: str) -> str:
    return re.sub(r"LIST<(\w+)>", r"LIST OF \1", kind)
