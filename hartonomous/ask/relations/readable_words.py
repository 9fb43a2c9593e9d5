"""Readable words: which texts a survey of the graph shows."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row

IDEOGRAPHS = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL SYLLABLE")
"""Beginnings of the names of characters one of which is a word or a syllable."""


INSIDE = frozenset("'\u2019 ._-")
"""Marks that words have."""


def reads(text: str) -> bool:
    """Return whether people read a text as a word: it begins with a letter, has another one or a vowel sign, and no
    marks but those in words; or one ideograph or syllable. As READABLE in Cypher.

    >>> [text for text in ("king", "k", "263", "32.8", "}`);", "don't", "B2B", "\u738b") if reads(text)]
    ['king', "don't", 'B2B', '\u738b']
    """
    if len(text) == 1:
        return unicodedata.name(text, "").startswith(IDEOGRAPHS)
    kinds = [unicodedata.category(one)[0] for one in text]
    fits = all(kind in "LMN" or one in INSIDE for one, kind in zip(text, kinds, strict=True))
    return fits and kinds[:1] == ["L"] and kinds.count("L") + kinds.count("M") >= 2


def readable(graph: Graph, rows: Sequence[Row]) -> list[Row]:
    """Return those of some compositions that people read and that more than one source knows, where
    several sources have vocabularies.

    `rows` have id, text and known. What no vocabulary holds, such as a picture, is kept.
    """
    numbers = [set(row["numbers"]) for row in graph.read(query("ask/read_vocabularies"))]
    found = []
    for row in rows:
        known = {int(number) for number in (row["known"] or "").split("+") if number}
        spoken = not known or len(numbers) < 2 or sum(bool(known & one) for one in numbers) > 1
        if spoken and (not known or reads(row["text"])):
            found.append(row)
    return found


def best_first(
    graph: Graph,
    ids: NDArray[np.int64],
    scores: NDArray[np.float64],
    top: int,
    everything: bool = True,
) -> list[tuple[Row, float]]:
    """Return the compositions of the highest scores above 0, best first, ties by key; only those that
    people read unless `everything`.

    `ids` (n,) int64 database ids, `scores` (n,) float64.
    """
    rounded = np.round(scores, 9)
    falling = np.sort(rounded[rounded > 0])[::-1]
    asked = top
    while len(falling):
        # All ties with the last one are included, so that keys decide.
        limit = falling[min(asked, len(falling)) - 1]
        chosen = np.flatnonzero(rounded >= limit)
        rows = graph.read(query("ask/read_compositions_by_id"), ids=ids[chosen].tolist())
        kept = rows if everything else readable(graph, rows)
        if len(kept) >= top or len(chosen) == len(falling):
            score = dict(zip(ids[chosen].tolist(), rounded[chosen].tolist(), strict=True))
            ranked = [(row, score[row["id"]]) for row in kept]
            return sorted(ranked, key=lambda pair: (-pair[1], pair[0]["key"]))[:top]
        asked *= 8
    return []
