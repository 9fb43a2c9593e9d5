"""Questions about what code does."""

from __future__ import annotations

from typing import Any

import click

from hartonomous.cli.completion import complete_source
from hartonomous.cli.neighbourhood import open_graph
from hartonomous.cli.output import count_option, json_option, print_json, print_rows, top_option


@click.command(
    "intent-to-code",
    epilog="""\b
Example:
  hartonomous intent-to-code "sort a list of numbers"
  hartonomous intent-to-code "read a file line by line" --top 3 --json
""",
)
@click.argument("text")
@top_option
@json_option
def intent_to_code(text: str, top: int, as_json: bool) -> None:
    """Find functions by what they should do.

    By the words of names, identifiers, comments and docstrings, and by the words
    that docstrings elsewhere use for these: 'numbers > int' in the path is such a
    second step. Numbers in the path are parts of the score. The licence is that of
    the source.
    """
    from hartonomous.ask.code.code_intent import intent_to_code as ask

    with open_graph() as graph:
        rows = ask(graph, text, top)
    columns = {"symbol": "symbol", "score": "score", "place": "place", "licence": "licence"}
    _print(rows, as_json, {**columns, "path": "path"}, "path")


@click.command(
    "code-to-intent",
    epilog="""\b
Example:
  hartonomous code-to-intent heapq.merge
""",
)
@click.argument("symbol")
@top_option
@json_option
def code_to_intent(symbol: str, top: int, as_json: bool) -> None:
    """List the words that tell what SYMBOL does.

    SYMBOL is the whole text, such as python:heapq.merge, or an end that only one
    has. A word that does not occur in it ('own' is no) is what docstrings use for
    the words of its path.
    """
    from hartonomous.ask.code.code_intent import code_to_intent as ask

    with open_graph() as graph:
        rows = ask(graph, symbol, top)
    columns = {"word": "word", "score": "score", "own": "own", "path": "path"}
    _print(rows, as_json, columns, "path")


@click.command(
    "same-shape",
    epilog="""\b
Example:
  hartonomous same-shape python:heapq.merge
""",
)
@click.argument("symbol")
@top_option
@json_option
def same_shape(symbol: str, top: int, as_json: bool) -> None:
    """List code that has the shape of SYMBOL.

    Of the whole function, or of a loop or branch in it, in any language; names and
    layout do not matter. 'sharing' is how many functions have the shape.
    """
    from hartonomous.ask.code.code_shapes import same_shape as ask

    with open_graph() as graph:
        rows = ask(graph, symbol, top)
    columns = {"symbol": "symbol", "shape": "shape", "whole": "whole", "sharing": "sharing"}
    shown = [{**row, "place": row["shape_place"] or row["place"]} for row in rows]
    if not as_json:
        rows = [{**row, "shape": row["shape"].rpartition(" ")[0]} for row in shown]
    _print(rows, as_json, {**columns, "place": "place", "source": "source"})


@click.command(
    "translate",
    epilog="""\b
Example:
  hartonomous translate python:heapq.merge --to go
""",
)
@click.argument("symbol")
@click.option("--to", "language", required=True, help="Language, such as go.")
@count_option(5)
@json_option
def translate(symbol: str, language: str, top: int, as_json: bool) -> None:
    """Find the likest function in another language.

    One of the same shape, else one that shares the most telling shapes, roles and
    words, by their rarity in that language. Nothing is written anew: what is found
    is code of the graph.
    """
    from hartonomous.ask.code.code_shapes import translate as ask

    with open_graph() as graph:
        rows = ask(graph, symbol, language, top)
    columns = {"symbol": "symbol", "score": "score", "same": "same shape", "words": "words"}
    _print(rows, as_json, {**columns, "roles": "roles", "place": "place"}, "words", "roles")


@click.command(
    "clones",
    epilog="""\b
Example:
  hartonomous clones shop --top 5
""",
)
@click.argument("source", shell_complete=complete_source)
@count_option(20)
@json_option
def clones(source: str, top: int, as_json: bool) -> None:
    """List functions of SOURCE that have one shape.

    Of one language, the longest first, with words that not all of them have: in what they differ.
    """
    from hartonomous.ask.code.code_shapes import clones as ask

    with open_graph() as graph:
        rows = ask(graph, source, top)
    columns = {"symbols": "symbols", "places": "places", "differ": "differ in"}
    _print(rows, as_json, columns, "symbols", "places", "differ")


def _print(rows: list[Any], as_json: bool, columns: dict[str, str], *lists: str) -> None:
    if as_json:
        print_json(rows)
        return
    shown = [{**row, **{name: ", ".join(row[name]) for name in lists}} for row in rows]
    print_rows(shown, columns)
