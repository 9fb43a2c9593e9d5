"""Learning curve: quality by number of sources, over the sources of the graph."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice, permutations
from math import factorial

import numpy as np

from hartonomous.ask.relations.word_rows import find_words
from hartonomous.errors import NotFound
from hartonomous.evaluate.advice import sharing
from hartonomous.evaluate.source_subsets import Panel, read_panel
from hartonomous.evaluate.word_similarity import GoldPairs, affinities, correlate
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from hartonomous.progress import Progress
from hartonomous.rate.source_agreement import Agreement

HELD_OUT = "held-out precision at 10"
SAMPLED_WORDS = 300
ORDERS = 24
SEED = 20
BEST = 10

Measure = Callable[[frozenset[str]], float]


@dataclass(frozen=True)
class CurvePoint:
    """Quality with a number of sources, by one measure; `low` and `high` are the range over orders."""

    measure: str
    order: str
    sources: int
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Curve:
    """Points by measure and order; `best_first` are the sources in that order."""

    best_first: tuple[str, ...]
    orders: int
    points: tuple[CurvePoint, ...]


def gain_curve(graph: Graph, gold: Sequence[GoldPairs], progress: Progress) -> Curve:
    """Return quality by number of sources: rho of affinity on each list, and held-out precision.

    The order best first adds, at each step, the source with the largest gain in the first measure;
    any order is the mean over all orders, or over 24 random ones. Held-out precision is the share
    of a word's ten best by the chosen sources that another source lists, over all sources not
    chosen. Raises NotFound for fewer than two sources.
    """
    asked = [word for pairs in gold for words in pairs.words for word in words]
    found = find_words(graph, asked)
    sampled = {row["key"]: row for row in graph.read(query("ask/sample_words"), top=SAMPLED_WORDS)}
    panel = read_panel(graph, {**found, **sampled}, [*asked, *sampled])
    names = sorted({track.source for track in panel.tracks})
    if len(names) < 2:
        raise NotFound(f"A curve needs two sources; there are {len(names)}.")
    agreements = [Agreement(**row) for row in graph.read(query("rate/read_agreements"))]
    measures = _measures(panel, names, agreements, gold, [panel.place[word] for word in sampled])
    best = _best_first(names, next(iter(measures.values())))
    orders = _orders(names)
    points: list[CurvePoint] = []
    for done, (measure, value) in enumerate(measures.items()):
        progress("curve", done, len(measures))
        points += _points(measure, "best first", [best], value)
        points += _points(measure, "any order", orders, value)
    return Curve(tuple(best), len(orders), tuple(points))


def _measures(
    panel: Panel,
    names: Sequence[str],
    agreements: Sequence[Agreement],
    gold: Sequence[GoldPairs],
    rows: Sequence[int],
) -> dict[str, Measure]:
    listed = {name: panel.listed(name) for name in names}

    def follows(pairs: GoldPairs) -> Measure:
        return lambda chosen: correlate(
            pairs, affinities(pairs, *panel.rows(sharing(sorted(chosen), agreements)))
        )

    def predicts(chosen: frozenset[str]) -> float:
        others = [name for name in names if name not in chosen]
        decades = panel.rows(sharing(sorted(chosen), agreements))[0].matrix
        hits = [_precision(panel, decades, rows, *listed[name]) for name in others]
        return float(np.mean(hits)) if hits else float("nan")

    measures: dict[str, Measure] = {pairs.name: follows(pairs) for pairs in gold}
    measures[HELD_OUT] = predicts
    return {name: _remembered(measure) for name, measure in measures.items()}


def _remembered(measure: Measure) -> Measure:
    known: dict[frozenset[str], float] = {}

    def value(chosen: frozenset[str]) -> float:
        if chosen not in known:
            known[chosen] = measure(chosen)
        return known[chosen]

    return value


def _precision(
    panel: Panel, decades: object, rows: Sequence[int], cells: np.ndarray, knows: np.ndarray
) -> float:
    """Return the share of the words' best, among the compositions that a source knows, that it
    lists.
    """
    hits = asked = 0
    for row in rows:
        if not knows[panel.own[row]]:
            continue
        one = decades[[row]].tocoo()  # type: ignore[index]
        inside = knows[one.col] & (one.data > 0)
        column, said = one.col[inside], one.data[inside]
        best = column[np.lexsort((column, -said))][:BEST].astype(np.int64)
        hits += int(np.isin(row * len(panel.key) + best, cells).sum())
        asked += len(best)
    return hits / asked if asked else float("nan")


def _best_first(names: Sequence[str], value: Measure) -> list[str]:
    chosen: list[str] = []
    while len(chosen) < len(names):
        left = [name for name in names if name not in chosen]
        chosen.append(max(left, key=lambda name: _or_least(value(frozenset([*chosen, name])))))
    return chosen


def _or_least(value: float) -> float:
    return value if value == value else float("-inf")


def _orders(names: Sequence[str]) -> list[Sequence[str]]:
    if factorial(len(names)) <= ORDERS:
        return list(permutations(names))
    rng = np.random.default_rng(SEED)
    return list(islice((rng.permutation(names).tolist() for _ in iter(int, 1)), ORDERS))


def _points(
    measure: str, order: str, orders: Iterable[Sequence[str]], value: Measure
) -> list[CurvePoint]:
    values = np.array([
        [value(frozenset(one[:count])) for count in range(1, len(one) + 1)] for one in orders
    ])  # fmt: skip
    return [
        CurvePoint(measure, order, count, *map(float, (of.mean(), of.min(), of.max())))
        for count, of in enumerate(values.T, 1)
        if not np.isnan(of).all()
    ]
