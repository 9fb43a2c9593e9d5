"""Communities, central words, hubs and outliers of the whole graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hartonomous.ask.paths.projections import Projection, projection
from hartonomous.ask.paths.word_paths import DAMPING
from hartonomous.ask.relations.asked_words import find_compositions
from hartonomous.ask.relations.readable_words import best_first
from hartonomous.ask.relations.relation_views import View, source_numbers
from hartonomous.errors import NotFound, UsageError
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.mapping_record import Record


def resolution_of(level: int | None) -> float | None:
    """Return the resolution of a level of communities: 1, 4, 16, 64; four times finer each."""
    return None if level is None else 4.0 ** (level - 1)


Ids = NDArray[np.int64]
Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Community(Record):
    """Words that are more related to each other than to others: those that distinguish it first, of
    which its name consists.
    """

    name: str
    size: int
    words: tuple[str, ...]


def communities(
    graph: Graph,
    top: int = 20,
    members: int = 8,
    word: str | None = None,
    view: View | None = None,
    resolution: float | None = None,
    within: str | None = None,
    everything: bool = False,
) -> list[Community]:
    """Return the largest communities, or the one of a word (Leiden; Traag et al. 2019).

    `resolution` of Leiden: the higher, the more and the smaller; by default one that gives sizes to
    survey, four times as high for every factor of four in words above 4,000. `within` returns those
    inside the community of a word at a quarter of the resolution, one level down. Of the most central
    words of a community, those lead whose odds stay in it: PageRank times the square of the share of
    their odds inside; only what people read unless `everything`. A function of the rated graph alone:
    compositions are numbered by their keys, one thread, one seed. Raises NotFound for an empty graph,
    and for an unknown or unrelated word; UsageError for directed types, a resolution not above 0, a
    word that the view leaves out, and for both a word and `within`.
    """
    view = view or View()
    if view.undirected != list(view.types):
        raise UsageError("Communities need rated types without direction: RELATES.")
    if resolution is not None and not 0 < resolution < float("inf"):
        raise UsageError(f"The resolution must be above 0, not {resolution}.")
    if word is not None and within is not None:
        raise UsageError("Either the community of a word, or those within it, not both.")
    asked = word if word is not None else within
    known = find_compositions(graph, [asked], view)[0] if asked is not None else None
    with projection(graph, replace(view, by_key=True)) as seen:
        rows = graph.read(
            query("ask/survey_communities", types=view.types),
            projected=seen.name,
            top=top,
            members=members,
            word=word,
            within=within,
            resolution=resolution,
            all=everything,
        )
    if not rows and known is not None:
        raise NotFound(f"{known['text']!r} is related to nothing, so it is in no community.")
    if not rows:
        raise NotFound("No two words are related, so there are no communities.")
    return [Community(row["name"], row["size"], tuple(row["words"])) for row in rows]


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
