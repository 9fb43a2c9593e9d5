"""Calls of symbols: who calls one, what it calls, and what a change of it reaches, each with proof.

A row says where: the file and line of the call, and through what it was resolved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hartonomous.ask.code.symbol_names import symbol_named
from hartonomous.ask.relations.neighbourhood import unknown_source
from hartonomous.code_steps import step_names
from hartonomous.errors import UsageError
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row

MOST_HOPS = 50


def callers(graph: Graph, symbol: str, top: int = 100, source: str | None = None) -> list[Row]:
    """Return what calls a symbol: `symbol`, `place` of the call, `times`, `steps`, `source`.

    Raises NotFound for an unknown symbol or source, UsageError for a name of several symbols.
    """
    return _calls(graph, "ask/callers", symbol, top, source)


def callees(graph: Graph, symbol: str, top: int = 100, source: str | None = None) -> list[Row]:
    """Return what a symbol calls, as `callers` does."""
    return _calls(graph, "ask/callees", symbol, top, source)


def impact(graph: Graph, symbol: str, hops: int = 5, source: str | None = None) -> list[Row]:
    """Return what calls a symbol or inherits from it, and what does so to these, hop by hop.

    Columns: `hop`, `symbol`, `relation`, `on` (a symbol of the hop before), `place`, `steps`,
    `source`. Each symbol stands in its first hop alone, with each relation that reaches it.
    """
    if not 1 <= hops <= MOST_HOPS:
        raise UsageError(f"hops is 1 to {MOST_HOPS}, not {hops}.")
    _known(graph, source)
    start = symbol_named(graph, symbol)
    reached, edge, rows = {start}, [start], list[Row]()
    for hop in range(1, hops + 1):
        found = graph.read(query("ask/dependents"), symbols=edge, source=source)
        fresh = [row for row in found if row["symbol"] not in reached]
        rows += [{"hop": hop, **proven(row)} for row in fresh]
        edge = list(dict.fromkeys(row["symbol"] for row in fresh))
        reached.update(edge)
        if not edge:
            break
    return rows


def call_place(places: Sequence[str], line: int) -> str:
    """Return file and line of a call, from the places of what calls; of several files, all.

    >>> call_place(["a/b.py:3"], 12), call_place(["a.go:1", "b.go:1"], 4), call_place([], 4)
    ('a/b.py:12', 'a.go, b.go (line 4 of one)', '')
    """
    files = sorted({place.rpartition(":")[0] for place in places})
    if len(files) == 1:
        return f"{files[0]}:{line}" if line else files[0]
    return f"{', '.join(files)} (line {line} of one)" if files and line else ", ".join(files)


def proven(row: Mapping[str, Any]) -> Row:
    """Return a row with `place`, file and line, and `steps` in words, in place of `line`, `places` and
    the bits of `steps`.
    """
    rest = {name: row[name] for name in row if name not in ("line", "places", "steps")}
    place = call_place(row["places"], row["line"])
    return {**rest, "place": place, "steps": step_names(row["steps"])}


def _calls(graph: Graph, statement: str, symbol: str, top: int, source: str | None) -> list[Row]:
    _known(graph, source)
    asked = symbol_named(graph, symbol)
    return [
        proven(row) for row in graph.read(query(statement), symbol=asked, top=top, source=source)
    ]


def _known(graph: Graph, source: str | None) -> None:
    if source is not None and not graph.read(query("load/read_source"), name=source):
        raise unknown_source(graph, source)
