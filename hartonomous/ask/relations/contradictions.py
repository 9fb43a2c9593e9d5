"""Contradictions: the pairs of words on which sources disagree most, over the whole graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import floor

from hartonomous.ask.relations.readable_words import reads
from hartonomous.errors import NotFound
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.progress import Progress
from hartonomous.schema import DEFAULT_RELATION

STRONGEST = 2_000
"""Rows of each track that are compared with what other sources say: the strongest."""

PAIRS = 200
"""Pairs that are compared at once."""


def contradictions(
    graph: Graph, top: int, progress: Progress, everything: bool = False
) -> list[Row]:
    """Return the pairs of words with the largest disagreement of sources, widest first.

    Compared are the strongest 2,000 rows of each voting track, with every other source that knows
    both words. A source's odds are those of its tracks, weighted by vote; a source that does not list the pair disagrees by degree: its odds rise from those of its silence, by 2000
    (log10(C + 0.01) + 2) milli-decades as in affinity, C the cosine of the two words' rows in it,
    which is `least_overlap`. `most_similarity` is the mean similarity where it is listed; `spread`
    the difference of the highest and the lowest odds, in milli-decades. Words that nobody reads are
    left out unless `everything`. Raises NotFound if fewer than two sources vote.
    """
    tracks = graph.read(query("ask/read_voting_tracks"))
    if len({track["source"] for track in tracks}) < 2:
        raise NotFound(
            "Contradictions need two sources that vote; 'hartonomous sources' lists them."
        )
    pairs = _candidates(graph, tracks, top)
    found: list[Row] = []
    for done, rows in _voices(graph, pairs):
        told = (_disagreement(row, tracks) for row in rows if everything or _readable(row))
        found += [one for one in told if one is not None]
        progress("pairs", done, len(pairs))
    found.sort(key=lambda row: row["order"])
    return [{k: v for k, v in row.items() if k != "order"} for row in found[:top]]


def _candidates(graph: Graph, tracks: Sequence[Row], top: int) -> list[list[int]]:
    found: dict[tuple[int, int], None] = {}
    for track in tracks:
        statement = query("ask/read_strongest_rows", evidence=track["evidence"])
        most = max(STRONGEST, 10 * top)
        for row in graph.read(statement, source=track["source"], top=most):
            found[row["start"], row["end"]] = None
    return [list(pair) for pair in found]


def _voices(graph: Graph, pairs: list[list[int]]) -> Iterator[tuple[int, list[Row]]]:
    statement = query("ask/read_voices", rated=DEFAULT_RELATION)
    for first in range(0, len(pairs), PAIRS):
        part = pairs[first : first + PAIRS]
        yield first + len(part), graph.read(statement, pairs=part)


def _readable(row: Row) -> bool:
    return reads(row["start"]) and reads(row["end"])


def _disagreement(row: Row, tracks: Sequence[Row]) -> Row | None:
    """Return what the sources with the highest and lowest odds say of a pair; None for one voice."""
    listed = {(one["source"], one["evidence"]): one for one in row["rows"]}
    overlaps = {one["source"]: (one["overlap"], one["rise"]) for one in row["overlaps"]}
    both = set((row["start_known"] or "").split("+")) & set((row["end_known"] or "").split("+"))
    voices = []
    for source in sorted({track["source"] for track in tracks}):
        own = [track for track in tracks if track["source"] == source]
        said = [listed.get((source, track["evidence"])) for track in own]
        heard = [
            (track["vote"], one["support"] if one else track["absent"])
            for track, one in zip(own, said, strict=True)
            if one or str(track["number"]) in both
        ]
        if similarities := [one["similarity"] for one in said if one]:
            voices.append((_mean(heard), source, max(similarities), None))
        elif heard:
            overlap, rise = overlaps.get(source, (0.0, 0))
            voices.append((_mean(heard) + rise, source, None, overlap))
    if len(voices) < 2:
        return None
    voices.sort(key=lambda voice: (-voice[0], voice[1]))
    most, least = voices[0], voices[-1]
    return {
        "start": row["start"],
        "end": row["end"],
        "spread": most[0] - least[0],
        "consensus": row["consensus"],
        "most": most[1],
        "most_odds": most[0],
        "most_similarity": most[2],
        "least": least[1],
        "least_odds": least[0],
        "least_overlap": least[3],
        "order": (
            *(least[0] - most[0], -(row["consensus"] or 0), -(row["elo"] or 0)),
            *(row["start_key"], row["end_key"]),
        ),
    }


def _mean(heard: Sequence[tuple[int, int]]) -> int:
    """Return the mean of odds by votes, rounded as Cypher does; each is a vote and the odds."""
    mean = sum(vote * odds for vote, odds in heard) / sum(vote for vote, _ in heard)
    return floor(mean + 0.5)
