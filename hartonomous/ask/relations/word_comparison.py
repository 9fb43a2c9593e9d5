"""Comparisons of words, and of sources over the whole graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from hartonomous.ask.relations.neighbourhood import find_word, unknown_word
from hartonomous.ask.relations.word_rows import consensus_rows, find_words
from hartonomous.errors import NotFound, UsageError
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.progress import Progress
from hartonomous.schema import DEFAULT_RELATION

STARTS = 1_000
"""Words whose evidence is read at once."""

UNHEARD = np.iinfo(np.int64).min

Integers = NDArray[np.int64]


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


def contradictions(graph: Graph, top: int, progress: Progress) -> list[Row]:
    """Return the pairs of words with the largest disagreement of sources over the whole graph,
    widest first.

    A source has odds for a pair if it knows both words: the support of its tracks, weighted by
    vote, or their absent constants for tracks that do not list the pair. `spread` is the difference
    between the highest and lowest odds by a source, in milli-decades; `contested` covers the pairs
    of one word. Raises NotFound if fewer than two sources vote.
    """
    tracks = graph.read(query("ask/read_voting_tracks"))
    sources = sorted({track["source"] for track in tracks})
    if len(sources) < 2:
        raise NotFound(
            "Contradictions need two sources that vote; 'hartonomous sources' lists them."
        )
    voices = _Voices(tracks, sources)
    ids, knows = _known(graph, tracks)
    best: list[tuple[int, int, int, Integers]] = []
    for done, (starts, ends, said) in _said(graph, tracks, ids, knows):
        odds = voices.odds(said)
        heard = odds != UNHEARD
        spread = np.where(heard, odds, np.iinfo(np.int64).min // 2).max(axis=1) - np.where(
            heard, odds, np.iinfo(np.int64).max // 2
        ).min(axis=1)
        spread = np.where(heard.sum(axis=1) > 1, spread, -1)
        chosen = np.flatnonzero(spread >= _bar(spread, top))
        best += [(int(spread[i]), int(starts[i]), int(ends[i]), odds[i]) for i in chosen]
        best = _widest(best, top)
        progress("pairs", done, len(ids))
    return _told(graph, sources, best, top)


class _Voices:
    """The odds of pairs by source, from those of the tracks."""

    def __init__(self, tracks: Sequence[Row], sources: Sequence[str]) -> None:
        self._votes = np.array([track["vote"] for track in tracks], dtype=np.float64)
        self._of = np.array([sources.index(track["source"]) for track in tracks])
        self._count = len(sources)

    def odds(self, said: Integers) -> Integers:
        """Return (pairs, sources) int64 odds in milli-decades, UNHEARD where a source has none."""
        heard = said != UNHEARD
        odds = np.full((len(said), self._count), UNHEARD, dtype=np.int64)
        for source in range(self._count):
            mine = self._of == source
            votes = np.where(heard[:, mine], self._votes[mine], 0.0).sum(axis=1)
            total = (np.where(heard[:, mine], said[:, mine], 0) * self._votes[mine]).sum(axis=1)
            speaks = votes > 0
            odds[speaks, source] = np.floor(total[speaks] / votes[speaks] + 0.5).astype(np.int64)
        return odds


def _known(graph: Graph, tracks: Sequence[Row]) -> tuple[Integers, NDArray[np.bool_]]:
    """Return the words by id, and (words, tracks) bool, whether a track knows a word."""
    rows = sorted((id, known or "") for id, known in graph.stream(query("ask/read_token_classes")))
    classes = {known: set(known.split("+")) for _, known in rows}
    table = {
        known: [str(track["number"]) in members for track in tracks]
        for known, members in classes.items()
    }
    ids = np.array([id for id, _ in rows], dtype=np.int64)
    return ids, np.array([table[known] for _, known in rows], dtype=bool).reshape(-1, len(tracks))


def _said(
    graph: Graph, tracks: Sequence[Row], ids: Integers, knows: NDArray[np.bool_]
) -> Iterator[tuple[int, tuple[Integers, Integers, Integers]]]:
    """Yield the number of words done, and the pairs that start at some: starts, ends, said.

    `said` is (pairs, tracks): the support, the absent constant, or UNHEARD.
    """
    column = {(track["source"], track["evidence"]): i for i, track in enumerate(tracks)}
    absent = np.array([track["absent"] for track in tracks], dtype=np.int64)
    for first in range(0, len(ids), STARTS):
        part = ids[first : first + STARTS].tolist()
        rows = [
            (row["id"], column[row["source"], row["evidence"]], row["others"], row["supports"])
            for row in graph.read(query("ask/read_supports", rated=DEFAULT_RELATION), ids=part)
            if (row["source"], row["evidence"]) in column
        ]
        if not rows:
            continue
        counts = [len(others) for _, _, others, _ in rows]
        starts = np.searchsorted(ids, np.repeat([id for id, *_ in rows], counts))
        ends = np.searchsorted(ids, np.concatenate([np.array(others) for _, _, others, _ in rows]))
        pairs, inverse = np.unique(starts * len(ids) + ends, return_inverse=True)
        low, high = pairs // len(ids), pairs % len(ids)
        said = np.where(knows[low] & knows[high], absent, UNHEARD)
        supports = np.concatenate([np.array(supports) for *_, supports in rows])
        said[inverse, np.repeat([place for _, place, *_ in rows], counts)] = supports
        yield min(first + STARTS, len(ids)), (ids[low], ids[high], said)


def _bar(spread: Integers, top: int) -> int:
    """Return the spread of the `top`th widest pair, at least 0."""
    return max(0, int(np.sort(spread)[::-1][min(top, len(spread)) - 1]))


def _widest(
    best: list[tuple[int, int, int, Integers]], top: int
) -> list[tuple[int, int, int, Integers]]:
    """Return the widest pairs, with all ties with the last one."""
    ordered = sorted(best, key=lambda pair: -pair[0])
    return [pair for pair in ordered if len(ordered) <= top or pair[0] >= ordered[top - 1][0]]


def _told(
    graph: Graph, sources: Sequence[str], best: list[tuple[int, int, int, Integers]], top: int
) -> list[Row]:
    rows = graph.read(query("ask/read_consensus"), pairs=[[low, high] for _, low, high, _ in best])
    told = []
    for row in rows:
        spread, _, _, odds = best[row["i"]]
        voices = sorted(
            (-int(value), sources[i]) for i, value in enumerate(odds) if value != UNHEARD
        )
        told.append(
            {
                "start": row["start"],
                "end": row["end"],
                "spread": spread,
                "consensus": row["consensus"],
                "most": voices[0][1],
                "most_odds": -voices[0][0],
                "least": voices[-1][1],
                "least_odds": -voices[-1][0],
                "keys": (row["start_key"], row["end_key"]),
            }
        )
    told.sort(key=lambda row: (-row["spread"], -row["consensus"], row["keys"]))
    return [{k: v for k, v in row.items() if k != "keys"} for row in told[:top]]
