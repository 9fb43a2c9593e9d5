"""Communities, central words, hubs and outliers of the whole graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hartonomous.ask.paths.projections import Projection, projection
from hartonomous.ask.paths.word_paths import DAMPING, best_first
from hartonomous.ask.relations.neighbourhood import find_word
from hartonomous.ask.relations.relation_views import View, source_numbers
from hartonomous.ask.relations.word_rows import find_words
from hartonomous.errors import NotFound, UsageError
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.mapping_record import Record

SEED = 1
"""Seed of Leiden's random choices: the same graph always has the same communities."""

Ids = NDArray[np.int64]
Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Community(Record):
    """Words that are more related to each other than to others, named by the most central one."""

    name: str
    size: int
    words: tuple[str, ...]


@dataclass(frozen=True)
class Partition:
    """Compositions by id, each with the number of its community, the largest being 0."""

    ids: Ids
    community: Ids
    centrality: Scores


def partition(graph: Graph, view: View | None = None, resolution: float = 1.0) -> Partition:
    """Return the community of each related composition (Leiden; Traag et al. 2019).

    A function of the rated graph alone: compositions are numbered by their keys, one thread, one
    seed. Higher `resolution` gives more and smaller communities. Compositions without a pair are
    left out. Raises UsageError for directed types and a resolution not above 0.
    """
    view = view or View()
    if view.undirected != list(view.types):
        raise UsageError("Communities need rated types without direction: RELATES.")
    if not 0 < resolution < float("inf"):
        raise UsageError(f"The resolution must be above 0, not {resolution}.")
    by_key = replace(view, by_key=True)
    with projection(graph, by_key) as seen:
        frame = seen.run(
            lambda client, projected: client.leiden.stream(
                projected,
                gamma=resolution,
                random_seed=SEED,
                relationship_weight_property="weight",
                concurrency=1,
            )
        )
        ids, centrality = _central(seen)
        degrees = _degrees(seen)[1]
    ids_of_leiden = frame["nodeId"].to_numpy(np.int64)
    order = np.argsort(ids_of_leiden)
    labels = frame["communityId"].to_numpy(np.int64)[order]
    related = degrees > 0
    return Partition(ids[related], _by_size(labels[related]), centrality[related])


def _by_size(labels: Ids) -> Ids:
    """Return labels renumbered by size, largest first, ties by the first composition."""
    if not len(labels):
        return labels
    _, first, inverse, counts = np.unique(
        labels, return_index=True, return_inverse=True, return_counts=True
    )
    number = np.empty(len(counts), dtype=np.int64)
    number[np.lexsort((first, -counts))] = np.arange(len(counts))
    return number[inverse]


def communities(
    graph: Graph,
    top: int = 20,
    members: int = 8,
    word: str | None = None,
    view: View | None = None,
    resolution: float = 1.0,
) -> list[Community]:
    """Return the largest communities, or the one of a word, each with its most central words.

    Raises NotFound for an empty graph, and for an unknown or unrelated word.
    """
    found = find_words(graph, [word]).get(word) if word is not None else None
    if word is not None and found is None:
        find_word(graph, word)
    parted = partition(graph, view, resolution)
    if not len(parted.ids):
        raise NotFound("No two words are related, so there are no communities.")
    if found is not None:
        place = np.flatnonzero(parted.ids == found["id"])
        if not len(place):
            raise NotFound(f"{found['text']!r} is related to nothing, so it is in no community.")
        numbers: Sequence[int] = [int(parted.community[place[0]])]
    else:
        numbers = range(min(top, int(parted.community.max()) + 1))
    return [_community(graph, parted, number, members) for number in numbers]


def _community(graph: Graph, parted: Partition, number: int, members: int) -> Community:
    inside = parted.community == number
    best = best_first(graph, parted.ids[inside], parted.centrality[inside], members)
    words = tuple(row["text"] for row, _ in best)
    return Community(words[0], int(inside.sum()), words)


def central(
    graph: Graph, top: int = 10, view: View | None = None, everything: bool = False
) -> list[Row]:
    """Return the words of highest PageRank, of those that people read unless `everything`.

    Each has `score`, its share of the walk's time multiplied by the number of words, and
    `strongest`, its strongest pairs.
    """
    with projection(graph, view) as seen:
        ids, scores = _central(seen)
        best = best_first(graph, ids, scores, top, everything)
        return _with_reasons(graph, seen.view, best, {})


def hubs(
    graph: Graph, top: int = 10, view: View | None = None, everything: bool = False
) -> list[Row]:
    """Return the words of highest degree, of those that people read unless `everything`.

    `related` is the degree, `score` its ratio to the mean; `strongest` as in `central`.
    """
    with projection(graph, view) as seen:
        ids, degrees, _ = _degrees(seen)
        best = best_first(graph, ids, degrees / max(degrees.mean(), 1.0), top, everything)
        return _with_reasons(graph, seen.view, best, dict(zip(ids.tolist(), degrees, strict=True)))


def outliers(
    graph: Graph, top: int = 10, view: View | None = None, everything: bool = False
) -> list[Row]:
    """Return the words with the weakest pairs, or none, of those that people read unless `everything`.

    `score` is the sum of the odds of a word's pairs, in decades; least first, ties by key.
    `related` is the degree, `strongest` as in `central`.
    """
    with projection(graph, view) as seen:
        ids, degrees, strengths = _degrees(seen)
        weakness = strengths.max(initial=0.0) + 1.0 - strengths
        lowest = best_first(graph, ids, weakness, top, everything)
        place = {id: i for i, id in enumerate(ids.tolist())}
        found = [(row, float(strengths[place[row["id"]]]) / 1000) for row, _ in lowest]
        return _with_reasons(graph, seen.view, found, dict(zip(ids.tolist(), degrees, strict=True)))


def _central(seen: Projection) -> tuple[Ids, Scores]:
    frame = seen.run(
        lambda client, projected: client.page_rank.stream(
            projected,
            damping_factor=DAMPING,
            relationship_weight_property="weight",
            concurrency=1,
        )
    )
    order = np.argsort(frame["nodeId"].to_numpy(np.int64))
    return (
        frame["nodeId"].to_numpy(np.int64)[order],
        frame["score"].to_numpy(np.float64)[order],
    )


def _degrees(seen: Projection) -> tuple[Ids, Ids, Scores]:
    """Return compositions by id, the degree of each, and the sum of its weights."""
    counted = seen.run(lambda client, projected: client.degree_centrality.stream(projected))
    weighed = seen.run(
        lambda client, projected: client.degree_centrality.stream(
            projected, relationship_weight_property="weight"
        )
    )
    order = np.argsort(counted["nodeId"].to_numpy(np.int64))
    again = np.argsort(weighed["nodeId"].to_numpy(np.int64))
    return (
        counted["nodeId"].to_numpy(np.int64)[order],
        counted["score"].to_numpy(np.int64)[order],
        weighed["score"].to_numpy(np.float64)[again],
    )


def _with_reasons(
    graph: Graph, view: View, best: Sequence[tuple[Row, float]], degrees: dict[int, int]
) -> list[Row]:
    """Return words with their scores and their strongest pairs."""
    rows = graph.read(
        query("ask/expand", types=view.types),
        ids=[row["id"] for row, _ in best],
        breadth=3,
        numbers=source_numbers(graph, view),
        **view.constants(),
    )
    strongest: dict[int, list[str]] = {}
    for row in rows:
        strongest.setdefault(row["id"], []).append(f"{row['text']} {row['rating']}")
    return [
        {"word": row["text"], "score": score}
        | ({"related": int(degrees[row["id"]])} if degrees else {})
        | {"strongest": strongest.get(row["id"], [])}
        for row, score in best
    ]
