"""Comparisons of words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hartonomous.ask.relations.neighbourhood import find_word, unknown_word
from hartonomous.ask.relations.word_rows import consensus_rows, find_words
from hartonomous.errors import UsageError
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row


def compare(graph: Graph, start: str, end: str, top: int = 10) -> list[Row]:
    """Return the common neighbours of two words, then those of the first only, then of the second
    only.

    Columns as in cypher/ask/compare. Raises NotFound for an unknown word, UsageError for the same
    word twice.
    """
    first, second = find_word(graph, start), find_word(graph, end)
    if first.key == second.key:
        raise UsageError("A comparison needs two different words.")
    return graph.read(query("ask/compare"), start=start, end=end, top=top)


def odd_one_out(graph: Graph, words: Sequence[str]) -> list[Row]:
    """Return the words ordered by similarity to the others, the least similar first.

    `likeness` is the mean, over the other words, of the cosine of the two rows of decades, as in
    affinity; `nearest` is the most similar other word. Raises NotFound for an unknown word,
    UsageError for fewer than three distinct ones.
    """
    found = find_words(graph, words)
    for word in words:
        if word not in found:
            raise unknown_word(graph, word)
    distinct = list({row["key"]: row["text"] for row in (found[word] for word in words)}.items())
    if len(distinct) < 3:
        raise UsageError("At least three different words are required.")
    rows = consensus_rows(graph, found)
    overlap = rows.overlap()
    of_key = {found[word]["key"]: place for word, place in rows.place.items()}
    places = np.array([of_key[key] for key, _ in distinct])
    cosine = np.round((overlap @ overlap.T).toarray()[np.ix_(places, places)], 9)
    np.fill_diagonal(cosine, 0.0)
    likeness = cosine.sum(axis=1) / (len(distinct) - 1)
    order = sorted(range(len(distinct)), key=lambda i: (likeness[i], distinct[i][0]))
    return [
        {
            "word": distinct[i][1],
            "likeness": float(likeness[i]),
            "nearest": distinct[int(cosine[i].argmax())][1] if cosine[i].any() else None,
        }
        for i in order
    ]
