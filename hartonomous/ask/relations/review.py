"""Review: the pairs whose judgement by a person would change most answers."""

from __future__ import annotations

from hartonomous.ask.relations.neighbourhood import find_word, unknown_source
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.schema import DEFAULT_RELATION, rated_type


def review(
    graph: Graph,
    word: str | None = None,
    top: int = 10,
    source: str | None = None,
    type: str = DEFAULT_RELATION,
) -> list[Row]:
    """Return the pairs of a rated type most worth judging, first of all; columns as in the Cypher file.

    The score is 4 p (1 - p) log10(relations) / (1 + judged): p is the probability of the consensus,
    `relations` the number of relations of both ends, `judged` that of people who judged the pair
    (Settles and Craven 2008, An Analysis of Active Learning Strategies: information density). Raises
    NotFound for an unknown word or source.
    """
    rated = rated_type(type).name
    if word is not None:
        word = find_word(graph, word).text
    if source is not None and not graph.read(query("load/read_source"), name=source):
        raise unknown_source(graph, source)
    asked = {"word": word, "source": source, "top": top, "type": rated}
    return graph.read(query("ask/review", types=(rated,)), **asked)
