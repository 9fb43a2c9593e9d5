"""Text places: where sources have a word, a sentence or a picture: the file, page, line or box."""

from __future__ import annotations

from hartonomous.ask.relations.neighbourhood import find_word, unknown_source
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row


def places(graph: Graph, text: str, top: int = 100, source: str | None = None) -> list[Row]:
    """Return the places of a text by source; columns as in cypher/ask/places.

    Of a word without places of its own, those of the sentences or pictures that a source relates to
    it, strongest first. Raises NotFound for an unknown text or source.
    """
    rows = graph.read(query("ask/places"), text=text, top=top, source=source)
    if not rows:
        find_word(graph, text)
        if source is not None and not graph.read(query("load/read_source"), name=source):
            raise unknown_source(graph, source)
    return rows
