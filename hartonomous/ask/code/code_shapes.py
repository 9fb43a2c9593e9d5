"""Code by shape: the same loop or function elsewhere, and the likest function of another language."""

from __future__ import annotations

from hartonomous.ask.code.symbol_names import symbol_named
from hartonomous.ask.relations.neighbourhood import unknown_source
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row


def same_shape(graph: Graph, symbol: str, top: int = 10) -> list[Row]:
    """Return code that has the shape of a function, or of a loop or branch in it.

    Whole functions come first, then those that share most parts, by the rarest of these. Each has `symbol`,
    `language`, `shape` (the rarest shared one), `whole` (whether it is of the whole function), `sharing` (how
    many symbols have it), `place`, `shape_place` (where in that file), `source`, `licence` and `consensus`.
    Raises NotFound for an unknown symbol, UsageError for a name of several.
    """
    return graph.read(query("ask/same_shape"), symbol=symbol_named(graph, symbol), top=top)


def translate(graph: Graph, symbol: str, language: str, top: int = 5) -> list[Row]:
    """Return the functions of another language that are likest to a function.

    Those of the same shape come first (`same`); the others by the shapes and the roles within roles that both
    have, each weighed by its rarity among the functions of that language, and by their words. Each has
    `symbol`, `score`, `same`, the shared `shapes`, `roles` and `words`, the most telling first, `place`,
    `source` and `licence`. Raises NotFound for an unknown symbol, UsageError for a name of several.
    """
    known = symbol_named(graph, symbol)
    return graph.read(query("ask/translate"), symbol=known, language=language, top=top)


def clones(graph: Graph, source: str, top: int = 20) -> list[Row]:
    """Return functions of a code base, of one language, that have one shape, the longest first.

    Each group has `shape`, `symbols`, their `places`, and `differ`, words that not all of them have. Raises
    NotFound for an unknown source.
    """
    found = graph.read(query("ask/clones"), source=source, top=top)
    if not found and all(row["name"] != source for row in graph.read(query("ask/sources"))):
        raise unknown_source(graph, source)
    return found
