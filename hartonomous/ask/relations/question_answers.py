"""What answers a question: over its words or its vector to questions and sentences that are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from hartonomous.errors import NotFound, UsageError
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row

LONGEST = 1_000
"""Characters of a question, as of a sentence that is known."""

CANDIDATES = 500
"""Sentences that share words with a question, and questions, that are compared by their vectors."""

MATCHES = 50
"""Sentences of these, the nearest ones, that the walk to answers starts from."""

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
"""From texts to vectors of length one, (n, d)."""


def ask(graph: Graph, question: str, top: int = 5, encode: Encode | None = None) -> list[Row]:
    """Return what answers a question, best first; columns as cypher/ask/ask says.

    A row's `path` is the way from a known sentence to the answer. Without `encode` known sentences
    are matched by the words they share with the question, weighted by rarity and by how near word
    and sentence are held; words related to these count by half. With it they are matched by the
    cosine of their vectors. A near question on the way counts by how near it is held.
    Raises UsageError for an empty or overlong question, NotFound where the graph has no sentences
    or none that has anything to do with it.
    """
    question = question.strip()
    if not question or len(question) > LONGEST:
        raise UsageError(f"Ask something of 1 to {LONGEST:,} characters.")
    matches = None if encode is None else _matches(graph, question, encode)
    rows = graph.read(query("ask/ask"), question=question, top=top, matches=matches)
    if not rows:
        raise _nothing_found(graph)
    return rows


def _matches(graph: Graph, question: str, encode: Encode) -> list[Row]:
    """Return key, score and shared words of the sentences whose vectors are nearest."""
    rows = graph.read(query("ask/find_sentences"), question=question, most=CANDIDATES)
    # A sentence that shares words and is a question comes twice, with its words first.
    found = list({row["key"]: row for row in reversed(rows)}.values())
    vectors = encode([question, *(row["text"] for row in found)])
    cosines = vectors[1:] @ vectors[0]
    nearest = np.argsort(-cosines, kind="stable")[:MATCHES]
    return [
        {"key": found[place]["key"], "score": float(cosines[place]), "words": found[place]["words"]}
        for place in nearest.tolist()
        if cosines[place] > 0
    ]


def _nothing_found(graph: Graph) -> NotFound:
    if not graph.read(query("ask/any_sentence")):
        return NotFound(
            "The graph holds no sentences; "
            "'hartonomous ingest DOCUMENTS --encoder FOLDER --as NAME' brings some."
        )
    return NotFound(
        "No known sentence shares a word with this question; ask in other words, or with --encoder."
    )
