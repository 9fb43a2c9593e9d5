"""Judgements of people: how fast they are settled, hostile people among honest ones, and raters of
word pairs.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from benchmarks.measuring import Figure, seconds
from benchmarks.serving import bench
from hartonomous.bundle import Bundle
from hartonomous.counted_rows import counted_rows, margins
from hartonomous.evaluate.planned_consensus import Consensus, consensus_now
from hartonomous.evaluate.word_similarity import GoldPairs, gensim_pairs, paired_gain
from hartonomous.extract.extraction import open_model
from hartonomous.extract.importer_protocol import OpenOptions
from hartonomous.graph.driver import Graph
from hartonomous.operations.ingestion import load_bundle
from hartonomous.operations.judgements import Judgement, judge
from hartonomous.rate.formulas import decades
from hartonomous.schema import MICRO, TrackConstants, evidence_type
from tests import models
from tests.building import bundle_of, silent, wipe, write_vectors
from tests.counted_evidence import counted_source
from tests.paired_bundles import made_pairs, paired_bundle
from tests.real_words import GLOVE_WORDS

WORDS, ROWS = 20_000, 2_000_000
"""Of the graph that judgements are settled in: as many relations again, 4 million edges."""

ROUNDS = 7
BATCH = 10_000

PEOPLE, HOSTILE = 12, 3
PLANTED_WORDS, PLANTED = 80, 1_200
COVER, RIGHT = 0.4, 0.85
"""Share of the pairs that a person judges, and of these that an honest one judges rightly."""

RATERS, JUDGING = 13, 3
SPREAD = 1.8
"""Standard deviation of one rater's score around the mean, of 10 points; WordSim-353's lies there."""
RELATED, UNRELATED = 7.0, 3.0
OTHER_WORDS = 2_000

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def run() -> list[Figure]:
    with bench() as given:
        figures = settled(given.graph, given.scratch, WORDS, ROWS)
        for hostile in (HOSTILE, PEOPLE - 1):
            wipe(given.graph)
            figures.append(planted(given.graph, given.scratch / f"{hostile}", hostile))
        wipe(given.graph)
        return [*figures, *raters(given.graph, given.scratch)]


def settled(graph: Graph, scratch: Path, words: int, rows: int) -> list[Figure]:
    """Return how long one judgement takes, and a batch, in a graph of so many rows of evidence."""
    rng = np.random.default_rng(1)
    pairs = made_pairs(words, rows, rng)
    n = rng.integers(1, 6, len(pairs))
    load_bundle(
        graph,
        paired_bundle(scratch / "pairs", "SENTENCE_EVIDENCE", words, pairs, n),
        "pairs",
        silent,
    )
    named = _names(graph)
    judged = pairs[rng.permutation(len(pairs))]
    texts = [(named[a], named[b]) for a, b in judged[: BATCH + ROUNDS + 100].tolist()]
    judge(graph, "one", [Judgement("accept", *pair) for pair in texts[:100]])
    after = iter(texts[100:])
    once = [
        seconds(lambda: judge(graph, "one", [Judgement("reject", *next(after))]))
        for _ in range(ROUNDS)
    ]
    many = [Judgement("accept", *pair) for pair in texts[-BATCH:]]
    took, batch = statistics.median(once), seconds(lambda: judge(graph, "many", many))
    edges = f"among {2 * len(pairs):,} edges"
    return [
        Figure(
            f"one judgement settled {edges}",
            f"{took:.2f} s (first {once[0]:.2f} s, least {min(once):.2f} s)",
            "-",
            "at most 1 s",
            took <= 1,
        ),
        Figure(
            f"{BATCH:,} judgements in one batch {edges}",
            f"{batch:.1f} s",
            "-",
            "at most 60 s",
            batch <= 60,
        ),
    ]


def _names(graph: Graph) -> list[str]:
    """Return the texts of all words, in order of their keys, as made pairs number them."""
    rows = graph.read("MATCH (c:Composition) RETURN c.text AS text ORDER BY c.key")
    return [row["text"] for row in rows]


def planted(graph: Graph, scratch: Path, hostile: int) -> Figure:
    """Return how well the consensus tells planted relations from others, some people judging against
    the truth.
    """
    rng = np.random.default_rng(3)
    pairs = made_pairs(PLANTED_WORDS, PLANTED, rng)
    related = rng.random(len(pairs)) < 0.5
    n = 1 + rng.poisson(np.where(related, 7.0, 4.5))
    kind = evidence_type("SENTENCE_EVIDENCE")
    among, total = margins(kind, pairs[:, 0], pairs[:, 1], n)
    counts = {"start": pairs[:, 0], "end": pairs[:, 1], "n": n, "weight": n * MICRO, **among}
    constants = TrackConstants(1, 0, PLANTED_WORDS, total)
    words = [f"word{number}" for number in range(PLANTED_WORDS)]
    table = counted_rows(kind, counts, constants)
    load_bundle(graph, counted_source(scratch, kind, table, constants, words), "machine", silent)
    named = _names(graph)
    stances = np.zeros((PEOPLE, len(pairs)), dtype=np.int64)
    for person in range(PEOPLE):
        says = np.where(rng.random(len(pairs)) < RIGHT, related, ~related)
        says = ~says if person < hostile else says
        stances[person] = np.where(rng.random(len(pairs)) < COVER, np.where(says, 1, -1), 0)
    machine = _consensus(graph, pairs, named)
    for person, stance in enumerate(stances):
        said = [
            Judgement(
                "accept" if stance[at] > 0 else "reject", *(named[i] for i in pairs[at].tolist())
            )
            for at in np.flatnonzero(stance).tolist()
        ]
        judge(graph, f"person{person}", said)
    trusted = _auc(_consensus(graph, pairs, named), related)
    # What the same judgements give when everybody's count alike: 477 is the support of one.
    alike = [
        decades([(MICRO // 2, support)], [(MICRO, 477 * int(stance))])
        for support, stance in zip(_supports(graph, pairs, named), stances.sum(axis=0), strict=True)
    ]
    beside = f"machine alone {_auc(machine, related):.3f}, everybody trusted alike {_auc(np.array(alike), related):.3f}"
    most = hostile == HOSTILE
    return Figure(
        f"{PEOPLE} people of whom {hostile} hostile, {len(pairs):,} planted pairs: AUC",
        f"{trusted:.3f}",
        beside,
        "at least .97, aim .985" if most else "reported",
        trusted >= 0.97 if most else None,
    )


def _of_pairs(graph: Graph, pairs: NDArray[np.int64], named: list[str], text: str) -> Floats:
    found = {frozenset((row["a"], row["b"])): row["value"] for row in graph.read(text)}
    return np.array([found[frozenset(named[i] for i in pair)] for pair in pairs.tolist()])


def _consensus(graph: Graph, pairs: NDArray[np.int64], named: list[str]) -> Floats:
    text = "MATCH (a)-[r:RELATES]->(b) RETURN a.text AS a, b.text AS b, r.decades AS value"
    return _of_pairs(graph, pairs, named, text)


def _supports(graph: Graph, pairs: NDArray[np.int64], named: list[str]) -> list[int]:
    text = (
        "MATCH (a)-[e:SENTENCE_EVIDENCE]->(b) RETURN a.text AS a, b.text AS b, e.support AS value"
    )
    return [int(each) for each in _of_pairs(graph, pairs, named, text)]


def _auc(scores: Floats, related: Flags) -> float:
    """Return the share of pairs of a related and another one that are in order (Mann and Whitney 1947)."""
    ranks, many = rankdata(scores), int(related.sum())
    return float((ranks[related].sum() - many * (many + 1) / 2) / (many * (len(ranks) - many)))


def _vectors(folder: Path, name: str, model: str, words: Iterable[str]) -> Bundle:
    """Return the bundle of a model's vectors of some words, and of a few thousand others."""
    options = OpenOptions()
    if name == "glove":
        options = OpenOptions(models.GLOVE_WORDS, None, GLOVE_WORDS)
    opened = open_model(model, options)
    texts = opened.vocabulary.compositions["text"].to_pylist()
    row = {text: at for at, text in enumerate(texts)}
    plain = [text for text in texts if text.isalpha()]
    every = plain[:: max(1, len(plain) // OTHER_WORDS)]
    chosen = list(dict.fromkeys([*(word for word in words if word in row), *every]))
    vectors = opened.tracks[0].vectors(0)[[row[text] for text in chosen]]
    return bundle_of(write_vectors(folder, chosen, vectors), folder / "bundle", k=50)


def raters(graph: Graph, scratch: Path) -> Iterator[Figure]:
    """Yield the correlation with WordSim-353 on pairs that some raters judged, and on the others.

    The list comes with its means alone, so raters are drawn around them.
    """
    gold = gensim_pairs()[0]
    words = dict.fromkeys(word for pair in gold.words for word in pair)
    for name, model in (("minilm", str(models.MINILM)), ("glove", str(models.GLOVE))):
        load_bundle(graph, _vectors(scratch / name, name, model, words), name, silent)
    before = consensus_now(graph, list(words))
    rng = np.random.default_rng(5)
    judged = rng.random(len(gold.words)) < 0.5
    for rater in range(JUDGING):
        scores = np.clip(gold.scores + rng.normal(0, SPREAD, len(gold.scores)), 0, 10)
        said = [
            Judgement("accept" if scores[at] >= RELATED else "reject", *gold.words[at])
            for at in np.flatnonzero(
                judged & ((scores >= RELATED) | (scores <= UNRELATED))
            ).tolist()
        ]
        judge(graph, f"rater{rater}", said, known=True)
    after = consensus_now(graph, list(words))
    scored: dict[str, Callable[[Consensus, GoldPairs], Floats]] = {
        "consensus": Consensus.direct,
        "affinity": Consensus.affinities,
    }
    for which, chosen in (("judged", judged), ("other", ~judged)):
        part = replace(
            gold,
            words=tuple(gold.words[at] for at in np.flatnonzero(chosen)),
            scores=gold.scores[chosen],
        )
        for name, score in scored.items():
            gain = paired_gain(part, name, score(after, part), "before", score(before, part))
            met = gain.low > 0 if which == "judged" else gain.high >= 0 and gain.gain > -0.005
            yield Figure(
                f"WordSim-353, {JUDGING} of {RATERS} raters judge half the pairs; {len(part.words)} "
                f"{which} pairs by {name}: gain in rho",
                f"{gain.gain:+.3f} ({gain.low:+.3f} to {gain.high:+.3f})",
                "before the judgements",
                "raised" if which == "judged" else "not lowered",
                met,
            )
