"""How near any two words are, adjacent or not; analogies; what sources disagree on."""

from __future__ import annotations

from hartonomous.ask.relations.neighbourhood import find_word
from hartonomous.errors import NotFound
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.schema import DEFAULT_RELATION


def affinity(graph: Graph, start: str, end: str) -> Row:
    """Return the affinity of two words with its terms; columns as cypher/ask/affinity says.

    consensus + 800 (log10(C + 0.01) + 2), C the cosine of the two words' rows of decades. Raises
    NotFound for a word that is not there.
    """
    rows = graph.read(query("ask/affinity"), start=start, end=end)
    if not rows:
        find_word(graph, start)
        find_word(graph, end)
    return rows[0]


def analogy(graph: Graph, first: str, second: str, third: str, top: int = 10) -> list[Row]:
    """Return what is to `third` as `second` is to `first`, best first.

    3CosAdd (Mikolov et al. 2013) over rows of decades; of all words, the 200 nearest by dot product
    are scored. Raises NotFound for a word that is not there or that nothing is related to.
    """
    rows = graph.read(query("ask/analogy"), first=first, second=second, third=third, top=top)
    if not rows:
        for word in (first, second, third):
            find_word(graph, word)
        raise NotFound("No word is related to these three.")
    return rows


def contested(graph: Graph, word: str, top: int = 10) -> list[Row]:
    """Return a word's pairs on which the sources disagree most, widest first.

    `spread` is the distance, in milli-decades, between the source that holds a pair likeliest and
    the one that holds it least likely. Raises NotFound for a word that is not there.
    """
    rows = graph.read(query("ask/contested", rated=DEFAULT_RELATION), word=word, top=top)
    if not rows:
        find_word(graph, word)
    return rows
