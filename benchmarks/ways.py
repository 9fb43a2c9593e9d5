"""Ways between words, prompts and analogies, in one graph of MiniLM whole, GloVe and WordLlama."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from benchmarks.measuring import Figure, seconds
from benchmarks.serving import bench
from benchmarks.together import fill
from hartonomous.ask.paths.spreading_activation import traverse, words_of
from hartonomous.ask.paths.word_paths import between, path
from hartonomous.ask.relations.affinity import affinity, analogy
from hartonomous.ask.relations.word_rows import find_words
from hartonomous.evaluate.analogies import evaluate_analogies, read_questions
from hartonomous.evaluate.word_similarity import gensim_pairs
from hartonomous.extract.extraction import open_model
from hartonomous.extract.importer_protocol import OpenOptions
from hartonomous.extract.word_matrix import WordVectors
from hartonomous.graph.driver import Graph
from hartonomous.schema import STEP_PRICE
from tests import models

PAIRS = 200
RANDOM = 1_000
QUESTIONS = 1_000
ASKED = 21
PRICES = (0, 5_000, 10_000, 20_000, 50_000)

_RELATIONS = """
MATCH (a:Token)-[r:RELATES]->(b:Token) WHERE r.decades > 0
RETURN id(a), id(b), r.decades, r.cost
"""


def run() -> list[Figure]:
    with bench() as given:
        fill(given.graph, given.address, given.scratch)
        return measure(given.graph)


def measure(graph: Graph) -> list[Figure]:
    rng = np.random.default_rng(3)
    found = find_words(graph, _nouns())
    pairs = [tuple(rng.choice(sorted(found), 2, replace=False)) for _ in range(PAIRS)]
    ends = [(found[a]["id"], found[b]["id"]) for a, b in pairs]
    return [
        *_prices(graph, ends),
        *_paths(graph, pairs),
        *_prompts(graph, rng),
        *_analogies(graph),
    ]


def _nouns() -> list[str]:
    """Return the words of WordSim-353: frequent ones, nearly all of them nouns."""
    (words,) = (pairs.words for pairs in gensim_pairs() if pairs.name == "WordSim-353")
    return sorted({word for pair in words for word in pair if word.isalpha()})


def _prices(graph: Graph, ends: list[tuple[int, int]]) -> list[Figure]:
    """Return the steps of the cheapest paths for several prices of a step, found in memory."""
    start, end, decades, cost = np.array(list(graph.stream(_RELATIONS)), dtype=np.int64).T
    ids, places = np.unique(np.concatenate([start, end]), return_inverse=True)
    rows, columns = np.split(places, 2)
    odds = _matrix(decades.astype(np.float64), rows, columns, len(ids))
    figures = []
    for price in PRICES:
        costs = _matrix((cost - STEP_PRICE + price + 1).astype(np.float64), rows, columns, len(ids))
        steps, strengths = _cheapest(costs, odds, np.searchsorted(ids, np.array(ends)))
        share = statistics.mean(count <= 5 for count in steps)
        figures.append(
            Figure(
                f"paths of {PAIRS} pairs of nouns, a step at {price:,} micro-decades and its odds",
                f"{statistics.mean(steps):.1f} steps, at most 5 in {share:.0%}",
                f"mean odds of a step 10^{statistics.mean(strengths) / 1000:.2f}",
                "at most 5 in 90 %" if price == STEP_PRICE else "-",
                share >= 0.9 if price == STEP_PRICE else None,
            )
        )
    return figures


def _matrix(
    values: np.ndarray, rows: np.ndarray, columns: np.ndarray, size: int
) -> sparse.csr_array:  # type: ignore[type-arg]
    both = np.concatenate([rows, columns]), np.concatenate([columns, rows])
    return sparse.csr_array((np.concatenate([values, values]), both), shape=(size, size))


def _cheapest(
    costs: sparse.csr_array,
    odds: sparse.csr_array,
    ends: np.ndarray,  # type: ignore[type-arg]
) -> tuple[list[int], list[float]]:
    """Return the number of steps of each path, and the odds of all steps."""
    counts, strengths = [], []
    for start, end in ends.tolist():
        _, before = csgraph.dijkstra(costs, indices=start, return_predecessors=True)
        chain = [end]
        while before[chain[-1]] >= 0:
            chain.append(int(before[chain[-1]]))
        counts.append(len(chain) - 1)
        strengths += [float(odds[a, b]) for a, b in pairwise(chain)]
    return counts, strengths


def _paths(graph: Graph, pairs: list[tuple[str, ...]]) -> list[Figure]:
    path(graph, *pairs[0], k=1)
    found = [path(graph, first, second, k=1)[0] for first, second in pairs]
    steps = [len(one.steps) for one in found]
    likeness = [affinity(graph, s.start, s.end)["affinity"] for one in found for s in one.steps]
    weakest = min(one.weakest or 0 for one in found)
    short = statistics.mean(count <= 5 for count in steps)
    one = _median(lambda pair: path(graph, *pair, k=1), pairs)
    near = _median(lambda pair: between(graph, *pair), pairs)
    return [
        Figure(
            "the same by `path`: weakest step",
            f"{weakest}",
            f"at most 5 steps in {short:.0%}, mean affinity of the words of a step {statistics.mean(likeness):,.0f}",
            "above 1500",
            weakest > 1500,
        ),
        Figure("`path`, median of 21", f"{one:.2f} s", "-", "at most 0.5 s", one <= 0.5),
        Figure("`between`, median of 21", f"{near:.2f} s", "-", "at most 2 s", near <= 2),
    ]


def _median(ask: Callable[[tuple[str, ...]], object], pairs: list[tuple[str, ...]]) -> float:
    return statistics.median(seconds(lambda pair=pair: ask(pair)) for pair in pairs[:ASKED])  # type: ignore[misc]


def _prompts(graph: Graph, rng: np.random.Generator) -> list[Figure]:
    from gensim.parsing.preprocessing import STOPWORDS

    prompts = (Path(__file__).parent / "prompts.txt").read_text("utf-8").splitlines()
    known = sorted(find_words(graph, (w for prompt in prompts for w in words_of(prompt))))
    content = [word for word in known if word.lower() not in STOPWORDS]
    random = [rng.choice(content, 2, replace=False) for _ in range(RANDOM)]
    bar = float(np.quantile([affinity(graph, *pair)["affinity"] for pair in random], 0.99))
    function, related, whole = 0, [], 0
    for prompt in prompts:
        words = [word for word in words_of(prompt) if word in content]
        answers = [one.word for one in traverse(graph, prompt).found]
        function += sum(answer.lower() in STOPWORDS for answer in answers)
        near = [
            max(affinity(graph, answer, word)["affinity"] for word in words) for answer in answers
        ]
        related.append(sum(one > bar for one in near))
        whole += sum(one > bar for one in near) >= 8
    return [
        Figure(
            f"`traverse` on {len(prompts)} prompts: function words among the first ten",
            f"{function}",
            "gensim's stop words",
            "none",
            function == 0,
        ),
        Figure(
            "the same: of ten, related to a content word of the prompt",
            f"{statistics.mean(related):.1f}, at least 8 in {whole} prompts",
            f"affinity above {bar:,.0f}, the 99th of 100 random pairs",
            "8",
            whole == len(prompts),
        ),
    ]


def _analogies(graph: Graph) -> list[Figure]:
    questions = read_questions(None)
    dense = {"MiniLM": WordVectors(open_model(str(models.MINILM), OpenOptions()), whole=True)}
    scores = evaluate_analogies(graph, questions, dense, QUESTIONS)
    beside = ", ".join(f"{one.score} {one.right:.3f}" for one in scores[1:])
    own = scores[0]
    asked = [q[:3] for q in questions if len(find_words(graph, q)) == 4][:ASKED]
    took = 1000 * _median(lambda words: analogy(graph, *words), asked)
    return [
        Figure(
            f"analogies, first answer right, {own.questions:,} of Google's in MiniLM's whole words, open vocabulary",
            f"{own.right:.3f} [{own.low:.3f}, {own.high:.3f}]",
            beside,
            "0.80",
            own.right >= 0.8,
        ),
        Figure("an analogy, median", f"{took:.0f} ms", "-", "at most 50 ms", took <= 50),
    ]
