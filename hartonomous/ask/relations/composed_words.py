"""Composed words: what can be said of a word or phrase that no source has, from its parts.

A phrase is composed of its words and the names among them, a word of the pieces it is spelt with.
Nothing composed is stored or takes part in a rating.
"""

from __future__ import annotations

from collections.abc import Sequence

from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.name_words import text_words
from hartonomous.schema import CONTINUATION, PIECE

LONGEST = 32
"""Most characters of a word that is split, and most words of a phrase."""

MOST_PARTS = 4
"""Most pieces of one word."""

SHORTEST = 3
"""Fewest characters of a piece: shorter ones are in too many words to tell anything."""


def parts_of(graph: Graph, text: str) -> list[Row]:
    """Return the compositions a text is composed of, in order, distinct; none if a part is unknown.

    Each has id, key, text, kind and folded.
    """
    words = text_words(text)
    if not words or len(words) > LONGEST:
        return []
    known = _find(graph, _spans(words))
    parts: list[Row] = []
    place = 0
    while place < len(words):
        taken = next(
            (end for end in range(len(words), place, -1) if _folded(words[place:end]) in known), 0
        )
        found = [known[_folded(words[place:taken])]] if taken else _pieces(graph, words[place])
        if not found:
            return []
        parts += found
        place = taken or place + 1
    return list({part["key"]: part for part in parts}.values())


def composed_neighbours(
    graph: Graph,
    parts: Sequence[Row],
    types: tuple[str, ...],
    conditions: Row,
) -> list[Row]:
    """Return the relations of a composed word, strongest first; columns and conditions as those of
    `neighbours`.

    The odds of a pair are the mean over the parts, by share, times the share of the parts that are
    related: what all parts lead to comes first.
    """
    return graph.read(
        query("ask/composed_neighbours", types=types),
        keys=[part["key"] for part in parts],
        weights=shares_of(graph, parts),
        **conditions,
    )


def shares_of(graph: Graph, parts: Sequence[Row]) -> list[float]:
    """Return the share of each part in what is composed of them, 1 in all: words by what they tell, so
    that "the price of oil" is price and oil; where pieces spell a word, by their letters.
    """
    if any(part["kind"] == PIECE for part in parts):
        weights = [float(len(part["text"].removeprefix(CONTINUATION))) for part in parts]
    else:
        rows = graph.read(query("ask/read_telling"), ids=[part["id"] for part in parts])
        telling = {row["id"]: row["telling"] for row in rows}
        weights = [telling[part["id"]] for part in parts]
    return [weight / sum(weights) for weight in weights]


def _spans(words: Sequence[str]) -> list[str]:
    """Return the words, and the runs of them, in lower case."""
    count = len(words)
    return [_folded(words[i:j]) for i in range(count) for j in range(i + 1, count + 1)]


def _folded(words: Sequence[str]) -> str:
    return " ".join(words).lower()


def _find(graph: Graph, texts: Sequence[str]) -> dict[str, Row]:
    rows = graph.read(query("ask/find_parts"), texts=sorted(set(texts)))
    return {row["folded"]: row for row in rows}


def _pieces(graph: Graph, word: str) -> list[Row]:
    """Return the fewest pieces that spell a word, of several ways the one with the longest first."""
    folded = word.lower()
    size = len(folded)
    if not 2 * SHORTEST <= size <= LONGEST:
        return []
    spelt = {
        (i, j): (folded[i:j], CONTINUATION + folded[i:j])
        for i in range(size)
        for j in range(i + SHORTEST, size + 1)
    }
    known = _find(graph, [text for texts in spelt.values() for text in texts])
    ways: dict[int, list[Row]] = {0: []}
    for end in range(SHORTEST, size + 1):
        # From the left, so that of equally many pieces the way with the longest first one stays.
        for begin in sorted((b for b in ways if b <= end - SHORTEST), reverse=True):
            plain, continuing = spelt[begin, end]
            part = known.get(continuing) if begin else None
            part = part or _word(known.get(plain))
            way = [*ways[begin], part] if part else None
            if way and len(way) <= MOST_PARTS and len(way) <= len(ways.get(end, way)):
                ways[end] = way
    return ways.get(size, [])


def _word(part: Row | None) -> Row | None:
    return None if part is None or part["kind"] == PIECE else part
