"""Word paths: shortest paths, Steiner trees, and random walks with restart between words.

Every result has its rated edges as the reason, each with rating and sources.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from hartonomous.ask.paths.path_steps import (
    Path,
    Step,
    explain_chains,
    explain_steps,
    from_asked,
    joined,
    marked,
    texts_of,
    turned,
)
from hartonomous.ask.paths.projections import Projection, projection
from hartonomous.ask.relations.asked_words import COMPOSED, AskedWord, find_asked
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
    """The cheapest tree found that connects words: `joints` are its other words, `composed` the parts of
    words that no source knows."""

    words: tuple[str, ...]
    joints: tuple[str, ...]
    cost: float
    steps: tuple[Step, ...]
    composed: tuple[str, ...]


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

    What no source knows leads to its parts: a step to one costs the more the smaller its share is.
    Raises NotFound for an unknown word or if there is no path, UsageError for the same word twice.
    """
    view = view or View()
    first, last = _distinct(graph, [start, end], view)
    found: list[Path] = []
    with projection(graph, view) as seen:
        for cost, a, b in _pairs_of_parts(seen, first, last):
            if len(found) == k and cost > round(found[-1].cost * MICRO):
                break
            chains = [[a]] if a == b else _cheapest_chains(seen, a, b, k)
            for one in explain_chains(graph, chains, view):
                ending = turned(from_asked(turned(one), last, b))
                found.append(marked(from_asked(ending, first, a), first, last))
            found = sorted(found, key=lambda one: (one.cost, len(one.words), one.words))[:k]
    if not found:
        raise NotFound(
            f"There is no path from {first.text!r} to {last.text!r} over "
            f"{' and '.join(view.types)} rated above {view.above}; try a lower --above, or more "
            "--types."
        )
    return found


def _pairs_of_parts(
    seen: Projection, first: AskedWord, last: AskedWord
) -> list[tuple[float, int, int]]:
    """Return the parts of two asked words that are connected, by the cost of the cheapest path from
    word to word over them, in micro-decades.
    """
    if len(first.parts) == len(last.parts) == 1:
        return [(0, first.ids[0], last.ids[0])]
    begins, ends = first.prices(), last.prices()
    return sorted(
        (begins[a] + cost + ends[b], a, b)
        for a in first.ids
        for b, (cost, _) in _cheapest_to(seen, a, last.ids).items()
    )


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

    It is grown from the first word. What no source knows is connected by one of its parts: of the
    first by that which is nearest to the others, of these by that nearest to it. Raises NotFound for an
    unknown word or one not connected to the first, UsageError for fewer than two words.
    """
    view = view or View()
    found = _distinct(graph, words, view)
    with projection(graph, view) as seen:
        ids = _terminals(seen, found)
        edges = _grown(seen, ids[0], sorted(set(ids[1:]) - {ids[0]}, key=ids.index))
        met = {ids[0]} | {node for edge in edges for node in edge}
        if apart := [one.text for one, id in zip(found, ids, strict=True) if id not in met]:
            raise NotFound(
                f"No path connects {', '.join(map(repr, apart))} to {found[0].text!r} over "
                f"{' and '.join(view.types)} rated above {view.above}."
            )
        texts = texts_of(graph, met)
        steps, cost = explain_steps(graph, edges, view)
    for one, id in zip(found, ids, strict=True):
        if one.composed:
            steps.append(Step(one.text, texts[id], COMPOSED, None, None, ()))
            cost += one.prices()[id]
    known = {id for one, id in zip(found, ids, strict=True) if not one.composed}
    return Tree(
        tuple(one.text for one in found),
        tuple(sorted(texts[id] for id in met - known)),
        cost / MICRO,
        tuple(sorted(steps, key=lambda step: (step.start, step.end))),
        tuple(part for one in found for part in one.composed),
    )


def _terminals(seen: Projection, found: Sequence[AskedWord]) -> list[int]:
    """Return the part by which each asked word is connected."""
    first, *others = found
    if not any(one.composed for one in found):
        return [one.ids[0] for one in found]
    ways = []
    for begin, price in first.prices().items():
        cheapest = _cheapest_to(seen, begin, [id for one in others for id in one.ids])
        ends = [
            min((cheapest[id][0] + cost if id in cheapest else inf, id) for id, cost in each)
            for each in (one.prices().items() for one in others)
        ]
        total = price + sum(cost for cost, _ in ends)
        ways.append((total, [begin, *(id for _, id in ends)]))
    return min(ways)[1]


def _grown(seen: Projection, first: int, others: Sequence[int]) -> list[tuple[int, int]]:
    """Return the edges of a tree from one composition to others, as pairs of ids."""
    if not others:
        return []
    frame = seen.run(
        lambda client, projected: client.steiner_tree.stream(
            projected,
            first,
            list(others),
            relationship_weight_property="cost",
            delta=MICRO / 10,
            apply_rerouting=not set(seen.view.types) - set(seen.view.undirected),
            concurrency=1,
        )
    )
    return [
        (int(parent), int(node))
        for node, parent in zip(frame["nodeId"], frame["parentId"], strict=True)
        if node != parent
    ]


def reach(graph: Graph, word: str, top: int = 10, view: View | None = None) -> list[Reached]:
    """Return the words of highest personalised PageRank from one word.

    The walk chooses pairs in proportion to their strength, and restarts with probability 0.15. The
    reason for each word is the cheapest path to it. What no source knows is walked from its parts, by
    share. Raises NotFound for an unknown word.
    """
    view = view or View()
    (asked,) = find_asked(graph, [word], view)
    with projection(graph, view) as seen:
        walks = [_walk(seen, id) for id in asked.ids]
        ids = walks[0][0]
        # PageRank is linear in where the walk restarts.
        scores = sum(share * walk for share, (_, walk) in zip(asked.shares, walks, strict=True))
        best = best_first(graph, ids, np.where(np.isin(ids, asked.ids), 0.0, scores), top)
        paths = _paths_to(seen, asked, [row for row, _ in best])
    return [
        Reached(row["text"], score, marked(paths[row["id"]], asked))
        for row, score in best
        if row["id"] in paths
    ]


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
    that a word near one of them alone has none; with what no source knows, the mean of those with its
    parts, by share. Only words that people read are listed unless
    `everything`. Raises NotFound for an unknown word or if there is none, UsageError for the same word
    twice.
    """
    view = view or View()
    first, last = _distinct(graph, [start, end], view)
    with projection(graph, view) as seen:
        rows = graph.read(
            query("ask/between", types=view.types),
            given=[
                [side, id, share]
                for side, one in enumerate((first, last))
                for id, share in zip(one.ids, one.shares, strict=True)
            ],
            most=max(CANDIDATES, 10 * top),
            numbers=source_numbers(graph, view),
            **{name: value for name, value in view.constants().items() if name != "undirected"},
        )
        best = (rows if everything else readable(graph, rows))[: 2 * top]
        if not best:
            raise NotFound(f"There is no word between {first.text!r} and {last.text!r}.")
        halves = [_paths_to(seen, one, best) for one in (first, last)]
    found = [
        Between(
            row["text"],
            row["score"],
            row["like_start"],
            row["like_end"],
            marked(joined(halves[0][row["id"]], halves[1][row["id"]]), first, last),
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


def _paths_to(seen: Projection, asked: AskedWord, targets: Sequence[Row]) -> dict[int, Path]:
    """Return the cheapest path from an asked word to each of some compositions, by id; none where there
    is none.
    """
    cheapest: dict[int, tuple[float, int, list[int]]] = {}
    for start, price in asked.prices().items():
        for id, (cost, chain) in _cheapest_to(seen, start, [row["id"] for row in targets]).items():
            way = price + cost, start, chain
            cheapest[id] = min(cheapest.get(id, way), way)
    chains = [chain for _, _, chain in cheapest.values()]
    found = explain_chains(seen.graph, chains, seen.view)
    return {
        chain[-1]: from_asked(one, asked, chain[0])
        for chain, one in zip(chains, found, strict=True)
    }


def _cheapest_to(
    seen: Projection, start: int, targets: Sequence[int]
) -> dict[int, tuple[float, list[int]]]:
    """Return cost in micro-decades and ids of the cheapest path from a composition to each of some."""
    if not targets:
        return {}
    frame = seen.run(
        lambda client, projected: client.shortest_path.dijkstra.stream(
            projected,
            start,
            list(targets),
            relationship_weight_property="cost",
            concurrency=1,
        )
    )
    chains = [[int(id) for id in chain] for chain in frame["nodeIds"]]
    costs = frame["totalCost"].tolist()
    return {chain[-1]: (cost, chain) for chain, cost in zip(chains, costs, strict=True)}


def _distinct(graph: Graph, words: Sequence[str], view: View) -> list[AskedWord]:
    asked = find_asked(graph, words, view)
    found = list({(bool(one.composed), *sorted(one.ids)): one for one in asked}.values())
    if len(found) < 2:
        raise UsageError("At least two different words are required.")
    return found
