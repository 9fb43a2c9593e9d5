"""Word paths: shortest paths, Steiner trees, and random walks with restart between words.

Every result has its rated edges as the reason, each with rating and sources.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hartonomous.ask.paths.path_steps import (
    Path,
    Step,
    explain_chains,
    explain_steps,
    joined,
    texts_of,
)
from hartonomous.ask.paths.projections import Projection, projection
from hartonomous.ask.relations.asked_words import find_compositions
from hartonomous.ask.relations.readable_words import best_first, readable
from hartonomous.ask.relations.relation_views import View, source_numbers
from hartonomous.errors import NotFound, UsageError
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.mapping_record import Record
from hartonomous.schema import MICRO

MOST_TIED = 16
"""Most extra paths requested, so that ties at the end of the list are ordered by words."""

MOST_COPIES = 16
"""Most times that many are requested where relations of several types join the same words: each choice
among them is a path of its own to Graph Data Science.
"""

SPURS = 4
"""Deviations from a path searched at once: the limit of Graph Data Science without a licence. The
costs found are the same in any order.
"""

CANDIDATES = 300
"""Words that share the most with both of two, of which the ones between them are chosen."""

DAMPING = 0.85
"""Damping of PageRank: Brin and Page 1998."""


@dataclass(frozen=True)
class Tree(Record):
    """The cheapest tree found that connects words: `joints` are its other words."""

    words: tuple[str, ...]
    joints: tuple[str, ...]
    cost: float
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Reached(Record):
    """A word, its share of the walk's time, and the cheapest path to it as the reason."""

    word: str
    score: float
    path: Path


@dataclass(frozen=True)
class Between(Record):
    """A word near both of two words, and the cheapest path between these through it as the reason.

    `like_start` and `like_end` are the cosines of its row of odds with those of the two words, as in
    affinity; `score` is their geometric mean.
    """

    word: str
    score: float
    like_start: float
    like_end: float
    path: Path


def path(graph: Graph, start: str, end: str, k: int = 3, view: View | None = None) -> list[Path]:
    """Return the k cheapest loopless paths between two words, cheapest first (Yen 1971).

    Raises NotFound for an unknown word or if there is no path, UsageError for the same word twice.
    """
    view = view or View()
    first, last = _distinct(graph, [start, end], view)
    with projection(graph, view) as seen:
        chains = _cheapest_chains(seen, first["id"], last["id"], k)
        found = explain_chains(graph, chains, view)
    if not found:
        raise NotFound(
            f"There is no path from {first['text']!r} to {last['text']!r} over "
            f"{' and '.join(view.types)} rated above {view.above}; try a lower --above, or more "
            "--types."
        )
    return sorted(found, key=lambda one: (one.cost, len(one.words), one.words))[:k]


def _cheapest_chains(seen: Projection, first: int, last: int, k: int) -> list[list[int]]:
    """Return the node ids of the k cheapest paths, and of those with the cost of the k-th; of paths
    over the same words, by relations of other types, the cheapest.
    """
    asked, most = k + 1, k + MOST_TIED
    limit = most if len(seen.view.types) == 1 else MOST_COPIES * most
    while True:
        frame = seen.run(
            lambda client, projected: client.shortest_path.yens.stream(
                projected,
                first,
                last,
                asked,  # noqa: B023
                relationship_weight_property="cost",
                concurrency=SPURS,
            )
        )
        costs: dict[tuple[int, ...], float] = {}
        for chain, cost in zip(frame["nodeIds"], frame["totalCost"].tolist(), strict=True):
            costs.setdefault(tuple(map(int, chain)), cost)
        ranked = list(costs.values())
        # Costs are integers in micro-decades, so equal sums tie exactly.
        through = len(ranked) >= most or (len(ranked) > k and ranked[-1] > ranked[k - 1])
        if len(frame) < asked or through or asked == limit:
            return [list(chain) for chain in costs]
        asked = min(2 * asked, limit)


def bridge(graph: Graph, words: Sequence[str], view: View | None = None) -> Tree:
    """Return a cheap tree that connects all the words (Steiner tree, heuristic).

    It is grown from the first word. Raises NotFound for an unknown word or one not connected to the
    first, UsageError for fewer than two words.
    """
    view = view or View()
    found = _distinct(graph, words, view)
    ids = [row["id"] for row in found]
    with projection(graph, view) as seen:
        frame = seen.run(
            lambda client, projected: client.steiner_tree.stream(
                projected,
                ids[0],
                ids[1:],
                relationship_weight_property="cost",
                delta=MICRO / 10,
                apply_rerouting=not set(view.types) - set(view.undirected),
                concurrency=1,
            )
        )
        edges = [
            (int(parent), int(node))
            for node, parent in zip(frame["nodeId"], frame["parentId"], strict=True)
            if node != parent
        ]
        met = {ids[0]} | {node for edge in edges for node in edge}
        if apart := [row["text"] for row in found if row["id"] not in met]:
            raise NotFound(
                f"No path connects {', '.join(map(repr, apart))} to {found[0]['text']!r} over "
                f"{' and '.join(view.types)} rated above {view.above}."
            )
        texts = texts_of(graph, met)
        steps, cost = explain_steps(graph, edges, view)
    asked = tuple(row["text"] for row in found)
    joints = sorted(texts[id] for id in met - set(ids))
    return Tree(
        asked,
        tuple(joints),
        cost / MICRO,
        tuple(sorted(steps, key=lambda step: (step.start, step.end))),
    )


def reach(graph: Graph, word: str, top: int = 10, view: View | None = None) -> list[Reached]:
    """Return the words of highest personalised PageRank from one word.

    The walk chooses pairs in proportion to their strength, and restarts with probability 0.15. The
    reason for each word is the cheapest path to it. Raises NotFound for an unknown word.
    """
    view = view or View()
    (found,) = find_compositions(graph, [word], view)
    with projection(graph, view) as seen:
        ids, scores = _walk(seen, found["id"])
        return _reached(seen, found["id"], ids, scores, {found["id"]}, top)


def between(
    graph: Graph,
    start: str,
    end: str,
    top: int = 10,
    view: View | None = None,
    everything: bool = False,
) -> list[Between]:
    """Return the words near both of two words, best first.

    The score of a word is the geometric mean of the cosines of its row of odds with either word's, so
    that a word near one of them alone has none. Only words that people read are listed unless
    `everything`. Raises NotFound for an unknown word or if there is none, UsageError for the same word
    twice.
    """
    view = view or View()
    first, last = _distinct(graph, [start, end], view)
    with projection(graph, view) as seen:
        rows = graph.read(
            query("ask/between", types=view.types),
            start=first["id"],
            end=last["id"],
            most=max(CANDIDATES, 10 * top),
            numbers=source_numbers(graph, view),
            **{name: value for name, value in view.constants().items() if name != "undirected"},
        )
        best = (rows if everything else readable(graph, rows))[: 2 * top]
        if not best:
            raise NotFound(f"There is no word between {first['text']!r} and {last['text']!r}.")
        halves = [_paths_to(seen, one["id"], best) for one in (first, last)]
    found = [
        Between(
            row["text"],
            row["score"],
            row["like_start"],
            row["like_end"],
            joined(halves[0][row["id"]], halves[1][row["id"]]),
        )
        for row in best
        if row["id"] in halves[0] and row["id"] in halves[1]
    ]
    return found[:top]


def _walk(seen: Projection, start: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return compositions by id, and their shares of a walk's time."""
    frame = seen.run(
        lambda client, projected: client.page_rank.stream(
            projected,
            damping_factor=DAMPING,
            source_nodes=[start],
            relationship_weight_property="weight",
            concurrency=1,
        )
    )
    ids = frame["nodeId"].to_numpy(np.int64)
    order = np.argsort(ids)
    return ids[order], frame["score"].to_numpy(np.float64)[order]


def _reached(
    seen: Projection,
    start: int,
    ids: NDArray[np.int64],
    scores: NDArray[np.float64],
    left_out: Iterable[int],
    top: int,
) -> list[Reached]:
    """Return the highest scores without those excluded, each with the cheapest path from `start`."""
    scores = np.where(np.isin(ids, list(left_out)), 0.0, scores)
    best = best_first(seen.graph, ids, scores, top)
    if not best:
        return []
    paths = _paths_to(seen, start, [row for row, _ in best])
    return [
        Reached(row["text"], score, paths[row["id"]]) for row, score in best if row["id"] in paths
    ]


def _paths_to(seen: Projection, start: int, targets: Sequence[Row]) -> dict[int, Path]:
    """Return the cheapest path from a composition to each of some, by id; none where there is none."""
    frame = seen.run(
        lambda client, projected: client.shortest_path.dijkstra.stream(
            projected,
            start,
            [row["id"] for row in targets],
            relationship_weight_property="cost",
            concurrency=1,
        )
    )
    chains = [[int(id) for id in chain] for chain in frame["nodeIds"]]
    found = explain_chains(seen.graph, chains, seen.view)
    return {chain[-1]: one for chain, one in zip(chains, found, strict=True)}


def _distinct(graph: Graph, words: Sequence[str], view: View) -> list[Row]:
    found = list({row["id"]: row for row in find_compositions(graph, words, view)}.values())
    if len(found) < 2:
        raise UsageError("At least two different words are required.")
    return found
