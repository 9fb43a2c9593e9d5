"""Question answering: from a question's words or vector over known questions and sentences to
answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from hartonomous.errors import NotFound, UsageError
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row

LONGEST = 1_000
"""Most characters of a question, as of a stored sentence."""

CANDIDATES = 500
"""Sentences with common words, and questions, whose vectors are compared."""

MATCHES = 50
"""Nearest of these sentences from which answers are searched."""

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
"""From texts to vectors of length one, (n, d)."""


def ask(graph: Graph, question: str, top: int = 5, encode: Encode | None = None) -> list[Row]:
    """Return answers to a question, best first; columns as in cypher/ask/ask.

    A row's `path` leads from a stored sentence to the answer. Without `encode`, stored sentences
    are matched by the words they share with the question, weighted by rarity and by the relation of
    word and sentence; related words count half. With it they are matched by the cosine of their
    vectors. A near question on the path counts by its similarity. Raises UsageError for an empty or
    overlong question, NotFound if the graph has no sentences or none that matches.
    """
    question = question.strip()
    if not question or len(question) > LONGEST:
        raise UsageError(f"The question must have 1 to {LONGEST:,} characters.")
    matches = None if encode is None else _matches(graph, question, encode)
    rows = graph.read(query("ask/ask"), question=question, top=top, matches=matches)
    if not rows:
        raise _nothing_found(graph)
    return rows


def _matches(graph: Graph, question: str, encode: Encode) -> list[Row]:
    """Return key, score and shared words of the sentences with the nearest vectors."""
    rows = graph.read(query("ask/find_sentences"), question=question, most=CANDIDATES)
    # A question with common words is returned twice, the row with its words first.
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
            "The graph holds no sentences; 'hartonomous ingest DOCUMENTS --encoder FOLDER --as "
            "NAME' adds some."
        )
    return NotFound(
        "No known sentence shares a word with this question; rephrase it, or use --encoder."
    )
