"""Questions about code: callers, callees, impact, unused, cycles, layers, hotspots."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from hartonomous.cli.completion import complete_source
from hartonomous.cli.neighbourhood import open_graph
from hartonomous.cli.output import count_option, json_option, print_json, print_rows

source_option = click.option(
    "--source", shell_complete=complete_source, help="Only what this source says."
)
relation_option = click.option(
    "--relation",
    default="IMPORTS",
    show_default=True,
    type=click.Choice(["IMPORTS", "CALLS", "INHERITS"], case_sensitive=False),
    help="What joins the symbols.",
)

_PROOF = {"place": "place", "steps": "resolved through", "source": "source"}


def _joined(row: dict[str, Any]) -> dict[str, Any]:
    return {name: ", ".join(one) if isinstance(one, list) else one for name, one in row.items()}


def _show(rows: list[dict[str, Any]], columns: dict[str, str], as_json: bool) -> None:
    if as_json:
        print_json(rows)
    else:
        print_rows([_joined(row) for row in rows], columns)


@click.command(
    epilog="""\b
Example:
  hartonomous callers load_bundle
  hartonomous callers python:shop.basket.total --json
"""
)
@click.argument("symbol")
@count_option(100)
@source_option
@json_option
def callers(symbol: str, top: int, source: str | None, as_json: bool) -> None:
    """List what calls SYMBOL, and where.

    SYMBOL is the text of a symbol, or its end: its last parts. A call is listed if
    it was resolved; 'unresolved' lists the others.
    """
    from hartonomous.ask.code.symbol_calls import callers as ask

    with open_graph() as graph:
        rows = ask(graph, symbol, top, source)
    _show(rows, {"symbol": "caller", "times": "times", **_PROOF}, as_json)


@click.command(
    epilog="""\b
Example:
  hartonomous callees load_bundle
"""
)
@click.argument("symbol")
@count_option(100)
@source_option
@json_option
def callees(symbol: str, top: int, source: str | None, as_json: bool) -> None:
    """List what SYMBOL calls, and where."""
    from hartonomous.ask.code.symbol_calls import callees as ask

    with open_graph() as graph:
        rows = ask(graph, symbol, top, source)
    _show(rows, {"symbol": "calls", "times": "times", **_PROOF}, as_json)


@click.command(
    epilog="""\b
Example:
  hartonomous impact load_bundle --hops 3
"""
)
@click.argument("symbol")
@click.option("--hops", default=5, show_default=True, type=click.IntRange(1, 50), help="Most hops.")
@source_option
@json_option
def impact(symbol: str, hops: int, source: str | None, as_json: bool) -> None:
    """List what breaks if SYMBOL changes, hop by hop.

    What calls it or inherits from it, then what does so to these; each with the
    place that proves it.
    """
    from hartonomous.ask.code.symbol_calls import impact as ask

    with open_graph() as graph:
        rows = ask(graph, symbol, hops, source)
    _show(rows, {"hop": "hop", "symbol": "symbol", "relation": "", "on": "on", **_PROOF}, as_json)


@click.command(
    epilog="""\b
Example:
  hartonomous unused shop
"""
)
@click.argument("source", shell_complete=complete_source)
@count_option(100)
@json_option
def unused(source: str, top: int, as_json: bool) -> None:
    """List definitions that nothing in SOURCE uses.

    The doubt says why one may be used all the same: entry points, tests, what is
    public, methods. What is found by a name made while running looks unused.
    """
    from hartonomous.ask.code.code_structure import unused as ask

    with open_graph() as graph:
        rows = ask(graph, source, top)
    _show(rows, {"symbol": "symbol", "place": "place", "doubt": "doubt"}, as_json)


@click.command(
    epilog="""\b
Example:
  hartonomous cycles shop --relation CALLS
"""
)
@click.argument("source", shell_complete=complete_source)
@relation_option
@json_option
def cycles(source: str, relation: str, as_json: bool) -> None:
    """List symbols of SOURCE that depend on each other."""
    from hartonomous.ask.code.code_structure import cycles as ask

    with open_graph() as graph:
        rows = ask(graph, source, relation.upper())
    _show(rows, {"size": "size", "symbols": "symbols"}, as_json)


@click.command(
    epilog="""\b
Example:
  hartonomous layers shop
"""
)
@click.argument("source", shell_complete=complete_source)
@relation_option
@json_option
def layers(source: str, relation: str, as_json: bool) -> None:
    """List the layers of SOURCE, the lowest first."""
    from hartonomous.ask.code.code_structure import layers as ask

    with open_graph() as graph:
        rows = ask(graph, source, relation.upper())
    _show(rows, {"layer": "layer", "symbols": "symbols"}, as_json)


@click.command(
    epilog="""\b
Example:
  hartonomous unresolved ./shop --top 20
"""
)
@click.argument("folder", type=click.Path(exists=True, path_type=Path))
@click.option("--rev", help="Commit, branch or tag to read, without a checkout.")
@count_option(100)
@json_option
def unresolved(folder: Path, rev: str | None, top: int, as_json: bool) -> None:
    """List the calls in FOLDER that are not resolved.

    They are no evidence: what a name alone may mean is never stored as a call.
    Needs no server.
    """
    from hartonomous.operations.unresolved_calls import unresolved_calls

    rows = unresolved_calls(folder, top, rev)
    _show(rows, {"name": "name", "place": "place", "reason": "reason"}, as_json)


@click.command(
    epilog="""\b
Example:
  hartonomous hotspots shop --top 10
"""
)
@click.argument("source", shell_complete=complete_source)
@count_option(20)
@json_option
def hotspots(source: str, top: int, as_json: bool) -> None:
    """List the symbols that most calls run through."""
    from hartonomous.ask.code.code_structure import hotspots as ask

    with open_graph() as graph:
        rows = ask(graph, source, top)
    columns = {"symbol": "symbol", "callers": "callers", "callees": "callees", "place": "place"}
    _show(rows, columns, as_json)
