"""Word completion: the words of the graph that begin as a person typed."""

from __future__ import annotations

from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph


def words_beginning(graph: Graph, start: str, top: int) -> list[str]:
    """Return at most `top` words that begin with `start` in whatever case, the shortest first."""
    rows = graph.read(query("ask/complete_words"), folded=start.lower(), top=top)
    return [row["text"] for row in rows]
