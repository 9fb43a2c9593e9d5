"""Word paths: shortest paths, Steiner trees, and random walks with restart between words.

Every result has its rated edges as the reason, each with rating and sources.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from hartonomous.ask.paths.projections import Projection, projection
from hartonomous.ask.relations.neighbourhood import unknown_word
from hartonomous.ask.relations.readable_words import readable
from hartonomous.ask.relations.relation_views import View, source_numbers
from hartonomous.ask.relations.word_rows import find_words
from hartonomous.errors import Conflict, NotFound, UsageError
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
class Step(Record):
    """One rated edge of a path, in the direction of the path.

    `rating` is the consensus, or elo for types without one; `times` the number of observations.
    From a word to a name that contains it, of type HAS_WORD, there is neither.
    """

    start: str
    end: str
    type: str
    rating: int | None
    times: int | None
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Path(Record):
    """A path between words: `cost` in decades, the sum over its steps, and the rating of its `weakest`
    step, None without a rated one.

    A step costs a hundredth and log10(1 + 10^(-D)), D the odds of its pair in decades.
    """

    words: tuple[str, ...]
    cost: float
    weakest: int | None
    steps: tuple[Step, ...]


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
        joined = {ids[0]} | {node for edge in edges for node in edge}
        if apart := [row["text"] for row in found if row["id"] not in joined]:
            raise NotFound(
                f"No path connects {', '.join(map(repr, apart))} to {found[0]['text']!r} over "
                f"{' and '.join(view.types)} rated above {view.above}."
            )
        texts = _texts(graph, joined)
        steps, cost = _steps(graph, edges, view)
    asked = tuple(row["text"] for row in found)
    joints = sorted(texts[id] for id in joined - set(ids))
    return Tree(asked, tuple(joints), cost / MICRO, tuple(sorted(steps, key=_by_words)))


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
            _joined(halves[0][row["id"]], halves[1][row["id"]]),
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


def explain_chains(graph: Graph, chains: Sequence[Sequence[int]], view: View) -> list[Path]:
    """Return chains of composition ids as paths, each step with its rating and sources.

    Raises Conflict if a pair is no longer rated.
    """
    texts = _texts(graph, {id for chain in chains for id in chain})
    pairs = sorted({pair for chain in chains for pair in pairwise(chain)})
    explained = dict(zip(pairs, _explained(graph, pairs, view), strict=True))
    found = []
    for chain in chains:
        rows = [explained[pair] for pair in pairwise(chain)]
        cost = sum(row["cost"] for row in rows) / MICRO
        words = tuple(texts[id] for id in chain)
        found.append(Path(words, cost, _weakest(rows), tuple(map(_step, rows))))
    return found


def _weakest(steps: Iterable[Row | Step]) -> int | None:
    return min((step["rating"] for step in steps if step["rating"] is not None), default=None)


def _joined(there: Path, back: Path) -> Path:
    """Return a path to a middle word, continued by the reverse of another path to it."""
    cost = there.cost + back.cost
    turned = tuple(
        Step(step.end, step.start, step.type, step.rating, step.times, step.sources)
        for step in reversed(back.steps)
    )
    words = there.words + tuple(reversed(back.words))[1:]
    steps = there.steps + turned
    return Path(words, cost, _weakest(steps), steps)


def _steps(graph: Graph, pairs: Sequence[tuple[int, int]], view: View) -> tuple[list[Step], int]:
    rows = _explained(graph, pairs, view)
    return [_step(row) for row in rows], sum(row["cost"] for row in rows)


def _explained(graph: Graph, pairs: Sequence[tuple[int, int]], view: View) -> list[Row]:
    rows = graph.read(
        query("ask/read_steps", types=view.types),
        pairs=[list(pair) for pair in pairs],
        **view.constants(),
    )
    if len(rows) < len(pairs):
        raise Conflict("The graph changed during the query. Ask again.")
    return rows


def _step(row: Row) -> Step:
    return Step(
        row["start"], row["end"], row["type"], row["rating"], row["times"], tuple(row["sources"])
    )


def _by_words(step: Step) -> tuple[str, str]:
    return step.start, step.end


def _texts(graph: Graph, ids: Iterable[int]) -> dict[int, str]:
    rows = graph.read(query("ask/read_compositions_by_id"), ids=list(ids))
    return {row["id"]: row["text"] for row in rows}


def find_compositions(graph: Graph, words: Sequence[str], view: View) -> list[Row]:
    """Return the compositions of words; raises NotFound for an unknown one."""
    found = find_words(graph, words)
    for word in words:
        if word not in found:
            raise unknown_word(graph, word)
        if not view.admits(found[word]["kind"]):
            raise UsageError(
                f"{word!r} exists only as a {found[word]['kind'].lower()}; --pieces includes "
                "continuation pieces in paths."
            )
    return [found[word] for word in words]


def _distinct(graph: Graph, words: Sequence[str], view: View) -> list[Row]:
    found = list({row["id"]: row for row in find_compositions(graph, words, view)}.values())
    if len(found) < 2:
        raise UsageError("At least two different words are required.")
    return found
