"""Names of symbols as people give them: the whole text, without the language, or its last parts."""

from __future__ import annotations

from hartonomous.errors import NotFound, UsageError
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph

LANGUAGES = (
    "bash", "c", "cpp", "csharp", "go", "java", "javascript", "kotlin", "php", "python", "ruby",
    "rust", "scala", "swift", "typescript",
)  # fmt: skip
"""Languages whose symbols are found at once by a name without the language."""

SHOWN = 10
_BORDERS = ".:/\\#"


def symbol_named(graph: Graph, name: str) -> str:
    """Return the text of the symbol that a name stands for.

    A name that is the whole of one is that; else the one that ends with it. Raises NotFound if there
    is none, UsageError, listing them, if there are several.
    """
    texts = [name, *(f"{language}:{name}" for language in LANGUAGES)]
    found = [row["symbol"] for row in graph.read(query("ask/find_symbols"), texts=texts, name=name)]
    whole = [one for one in found if one in texts]
    meant = whole or [one for one in found if ends_with(one, name)]
    if not meant:
        raise NotFound(
            f"No symbol is called {name!r}, or ends with it; 'hartonomous hotspots SOURCE' lists some."
        )
    if len(meant) > 1:
        shown = ", ".join(meant[:SHOWN]) + (", ..." if len(meant) > SHOWN else "")
        raise UsageError(f"{len(meant)} symbols end with {name!r}; name one of them: {shown}.")
    return str(meant[0])


def ends_with(text: str, name: str) -> bool:
    """Return whether a symbol's name ends with another, at the border of a part.

    >>> ends_with("python:shop.basket.total", "basket.total"), ends_with("python:a.subtotal", "total")
    (True, False)
    >>> ends_with("java:a.B.c(int, a.D)", "c"), ends_with("java:a.B.c(int)", "B.c(int)")
    (True, True)
    """
    given = text if "(" in name else text.partition("(")[0]
    before = given[: len(given) - len(name)]
    return given.endswith(name) and (not before or before[-1] in _BORDERS or name[0] in _BORDERS)
