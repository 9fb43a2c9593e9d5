"""Asked symbols: which symbol of the graph a name means."""

from __future__ import annotations

from hartonomous.errors import NotFound, UsageError
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph

MOST = 20
"""Symbols that a name of several is told to mean."""


def find_symbol(graph: Graph, name: str) -> str:
    """Return the text of the symbol that a name means: the whole one, or how only one of them ends.

    `python:pkg.list.sort` is whole, `list.sort` its end. Raises NotFound if there is none, UsageError for
    a name of several.
    """
    found = graph.read(query("ask/find_symbols"), name=name, most=MOST)
    if not found:
        raise NotFound(
            f"No code in the graph has the symbol {name!r}; 'hartonomous ingest DIR --as NAME' takes a "
            "code base in, and 'hartonomous complete' lists names that begin so."
        )
    if found[0]["exact"] or len(found) == 1:
        return str(found[0]["symbol"])
    several = ", ".join(row["symbol"] for row in found[:5])
    more = " and others" if len(found) > 5 else ""
    raise UsageError(f"{name!r} is the end of several symbols: {several}{more}; name one whole.")
