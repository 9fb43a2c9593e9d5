"""Why two words are related: every term of the rating, every source, what each one changes."""

from __future__ import annotations

from dataclasses import dataclass

from hartonomous.ask.relations.neighbourhood import find_word
from hartonomous.errors import NotFound
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.rate.formulas import SHRINKAGE
from hartonomous.schema import DEFAULT_RELATION


@dataclass(frozen=True)
class Explanation:
    """A rated edge with its terms, and what each track that knows both words says.

    The columns of `relation` and of `tracks` are those of cypher/ask/relation and ask/explain;
    `shrinkage` is the trust of no evidence that the consensus counts besides.
    """

    relation: Row
    tracks: list[Row]
    shrinkage: int = SHRINKAGE


def explain(graph: Graph, start: str, end: str) -> Explanation:
    """Return why two words are related.

    Raises NotFound for a word that is not there, or when no live source holds them related.
    """
    relation = graph.read(query("ask/relation"), start=start, end=end)
    if not relation:
        first, second = find_word(graph, start), find_word(graph, end)
        raise NotFound(f"No live source holds {first.text!r} and {second.text!r} to be related.")
    tracks = graph.read(query("ask/explain", rated=DEFAULT_RELATION), start=start, end=end)
    return Explanation(relation[0], tracks)
