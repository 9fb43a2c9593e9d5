"""Explanation of a rating: every term, every source, and the rating without each."""

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
    """A rated edge with its terms, and the odds by each track that knows both words.

    The columns of `relation` and of `tracks` are those of cypher/ask/relation and ask/explain;
    `shrinkage` is the prior weight of even odds in the consensus.
    """

    relation: Row
    tracks: list[Row]
    shrinkage: int = SHRINKAGE


def explain(graph: Graph, start: str, end: str) -> Explanation:
    """Return the explanation of two words' relation.

    Raises NotFound for an unknown word, or if no live source relates them.
    """
    relation = graph.read(query("ask/relation"), start=start, end=end)
    if not relation:
        first, second = find_word(graph, start), find_word(graph, end)
        raise NotFound(f"No live source relates {first.text!r} and {second.text!r}.")
    tracks = graph.read(query("ask/explain", rated=DEFAULT_RELATION), start=start, end=end)
    return Explanation(relation[0], tracks)
