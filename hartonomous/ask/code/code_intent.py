"""Code by intent, and intent by code: functions that a sentence describes, words that tell a function."""

from __future__ import annotations

from hartonomous.ask.code.symbol_names import symbol_named
from hartonomous.errors import NotFound, UsageError
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row


def intent_to_code(graph: Graph, text: str, top: int = 10) -> list[Row]:
    """Return the functions that a sentence describes, the likeliest first.

    Each has `symbol`, `language`, `score` (the sum of BM25 weights of the sentence's words and of the words
    that docstrings use for those), `path` (the words it was found by, `asked > word` behind a second step,
    with their part of the score), `place`, `source` and its `licence`. Raises UsageError for a sentence
    without words, NotFound if no code is described by any of them.
    """
    if not any(character.isalnum() for character in text):
        raise UsageError("A sentence without words describes no code; say what it should do.")
    found = graph.read(query("ask/intent_to_code"), text=text, top=top)
    if not found:
        raise NotFound(
            f"No code in the graph is described by a word of {text!r}; 'hartonomous ingest DIR --as NAME' "
            "takes a code base in."
        )
    return found


def code_to_intent(graph: Graph, symbol: str, top: int = 10) -> list[Row]:
    """Return the words that tell what a function is for, the most telling first.

    Each has `word`, `score`, `path` (the function's words that it stands for) and `own` (whether it occurs
    there itself). Raises NotFound for an unknown symbol, UsageError for a name of several.
    """
    return graph.read(query("ask/code_to_intent"), symbol=symbol_named(graph, symbol), top=top)
