"""Ablation of a source: the quality of the consensus with and without it.

The side without it is predicted by the plan of its deletion; nothing is written.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hartonomous.ask.relations.neighbourhood import unknown_source
from hartonomous.delete.deletion_plan import Plan, plan
from hartonomous.delete.selectors import Selectors
from hartonomous.errors import Conflict, UsageError
from hartonomous.evaluate.advice import LEAST_NEW_PAIRS, LEAST_NEW_WORDS
from hartonomous.evaluate.planned_consensus import (
    Consensus,
    consensus_after,
    consensus_now,
    consensus_relations,
    known_words,
    relations_of,
)
from hartonomous.evaluate.source_pairs import related_tracks
from hartonomous.evaluate.word_similarity import Floats, GoldPairs, bounds, resampled, resamples
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from hartonomous.progress import Progress
from hartonomous.rate.rating_pass import read_state
from hartonomous.rate.source_findings import read_findings
from hartonomous.schema import DEFAULT_RELATION, evidence_type

KEEP, REMOVE, UNDECIDED = "keep", "remove", "undecided"
AFFINITY, CONSENSUS, COVERAGE = "affinity", "consensus", "coverage"

LEAST_PAIRS = 20
"""Least number of covered pairs of a list, with the source; an interval over fewer is not
informative.
"""

LEAST_WORDS = 20
"""Least number of words of the lists known to the source and others, for an agreement."""

BEST = 10


@dataclass(frozen=True)
class Effect:
    """One measure on one list, with and without the source, and the 95 % interval of the
    difference.

    `affinity` and `consensus` are Spearman's rho over all pairs, `coverage` the share of pairs
    whose words both have relations. The bootstrap draws the same pairs for both sides.
    """

    gold: str
    measure: str
    pairs: int
    with_it: float
    without: float
    gain: float
    low: float
    high: float


@dataclass(frozen=True)
class Listing:
    """Agreement of the source with the consensus of the others, over the `words` of the lists that
    it knows.

    It lists the share `listed` of their ten best by that consensus; `by_chance` is the share for
    random lists of the same lengths; `low` and `high` are the 95 % interval of listed, resampled by
    word.
    """

    words: int
    listed: float
    by_chance: float
    low: float
    high: float


@dataclass(frozen=True)
class Trial:
    """The verdict on a source, and the reasons, the decisive ones first.

    `take_out` is the command that deletes the source. `only_words` and `only_pairs` would be lost
    with it; `agreement` is None if too few words are shared.
    """

    source: str
    verdict: str
    reasons: tuple[str, ...]
    take_out: str
    words: int
    only_words: int
    pairs: int
    only_pairs: int
    distrusted: str | None
    agreement: Listing | None
    effects: tuple[Effect, ...]


def trial(graph: Graph, name: str, gold: Sequence[GoldPairs], progress: Progress) -> Trial:
    """Return the quality of the consensus with a source and without it; nothing is written.

    Raises NotFound for an unknown source, UsageError for one that has no part in RELATES, is the only
    one, or if the lists cover too little; Conflict if the graph changes.
    """
    epoch = read_state(graph)["epoch"]
    distrusted = _check(graph, name)
    words = sorted({word for pairs in gold for pair in pairs.words for word in pair})
    before = consensus_now(graph, words)
    told = [pairs for pairs in gold if _covered(before, pairs).sum() >= LEAST_PAIRS]
    if not told:
        raise _too_few(before, gold)
    planned = plan(graph, Selectors(sources=(name,)), progress)
    after = consensus_after(graph, planned, words)
    if read_state(graph)["epoch"] != epoch:
        raise Conflict("The graph changed during the trial; run it again.")
    effects = tuple(one for pairs in told for one in _effects(pairs, before, after))
    agreement = _agreement(planned, after)
    lost = int((consensus_relations(planned)["n"].to_numpy() == 0).sum())
    counts = {
        "words": len(known_words(planned)),
        "only_words": planned.tables["orphans"].num_rows,
        "pairs": consensus_relations(planned).num_rows,
        "only_pairs": lost,
    }
    verdict, reasons = judge(effects, agreement, distrusted, **counts)
    take_out = f"hartonomous delete source {shlex.quote(name)}"
    return Trial(
        name, verdict, tuple(reasons), take_out, **counts,
        distrusted=distrusted, agreement=agreement, effects=effects,
    )  # fmt: skip


def _check(graph: Graph, name: str) -> str | None:
    """Return why the source has no vote, if it has none."""
    sources = {row["name"]: row for row in graph.read(query("ask/sources"))}
    if name not in sources:
        raise unknown_source(graph, name)
    if sources[name]["state"] != "live":
        raise Conflict(f"Source {name!r} is {sources[name]['state']}; finish its ingest first.")
    related = related_tracks(graph)
    voting = {track["source"] for track in related}
    if name not in voting:
        rated = sorted({evidence_type(e).feeds for e in _evidence_of(graph, name)})
        raise UsageError(
            f"{name!r} has {', '.join(rated) or 'no evidence'} alone; a trial measures "
            f"{DEFAULT_RELATION} with word pairs, and cannot judge it."
        )
    if len(voting) == 1:
        raise UsageError(
            f"{name!r} is the only source in the consensus: without it there is nothing to compare. "
            "Ingest another, or see 'hartonomous evaluate'."
        )
    reason: str | None = sources[name]["distrusted"]
    if reason is None and not any(t["vote"] for t in related if t["source"] == name):
        found = [one for one in read_findings(graph) if one.source == name and one.kind == "chance"]
        return "repeats in one half of its observations nothing of the other" if found else None
    return reason


def _evidence_of(graph: Graph, name: str) -> list[str]:
    tracks = graph.read(query("rate/read_tracks"))
    return [track["evidence"] for track in tracks if track["source"] == name]


def _covered(said: Consensus, pairs: GoldPairs) -> NDArray[np.bool_]:
    return ~np.isnan(said.affinities(pairs))


def _too_few(before: Consensus, gold: Sequence[GoldPairs]) -> UsageError:
    found = [
        f"{_covered(before, one).sum()} of {len(one.words)} pairs of {one.name}" for one in gold
    ]
    return UsageError(
        f"Too few pairs are covered: {', '.join(found) or 'no list was given'}; at least "
        f"{LEAST_PAIRS} are required. Give a list of words that the graph knows with --pairs."
    )


def _effects(pairs: GoldPairs, before: Consensus, after: Consensus) -> list[Effect]:
    scores = {
        AFFINITY: (before.affinities(pairs), after.affinities(pairs)),
        CONSENSUS: (before.direct(pairs), after.direct(pairs)),
    }
    found = []
    for measure, sides in scores.items():
        (one, drawn), (other, drawn_without) = (resampled(pairs, side) for side in sides)
        found.append(_effect(pairs, measure, one, other, drawn - drawn_without))
    covered, without = (~np.isnan(side) for side in scores[AFFINITY])
    shares = covered.astype(float) - without
    drawn = shares[resamples(len(shares))].mean(axis=1)
    return [
        *found,
        _effect(pairs, COVERAGE, float(covered.mean()), float(without.mean()), drawn),
    ]


def _effect(
    pairs: GoldPairs, measure: str, with_it: float, without: float, drawn: Floats
) -> Effect:
    gain = with_it - without
    return Effect(pairs.name, measure, len(pairs.words), with_it, without, gain, *bounds(drawn))


def _agreement(planned: Plan, after: Consensus) -> Listing | None:
    """Return the numbers of each word's best, by the consensus of the others, that the source
    lists.
    """
    known = known_words(planned)
    ids = after.ids
    start, end = relations_of(planned, np.array(sorted(ids.values()), dtype=np.int64))
    listed, chance = [], []
    for key, others, decades in after.said:
        inside = np.isin(others, known) & (decades > 0)
        best = others[inside][np.lexsort((others[inside], -decades[inside]))][:BEST]
        own = slice(*np.searchsorted(start, [ids[key], ids[key] + 1]))
        if len(best) and np.isin(ids[key], known):
            listed.append(float(np.isin(best, end[own]).mean()))
            chance.append(len(end[own]) / (len(known) - 1))
    if len(listed) < LEAST_WORDS:
        return None
    drawn = np.array(listed)[resamples(len(listed))].mean(axis=1)
    means = float(np.mean(listed)), float(np.mean(chance))
    return Listing(len(listed), *means, *bounds(drawn))


def judge(
    effects: Sequence[Effect],
    agreement: Listing | None,
    distrusted: str | None,
    words: int,
    only_words: int,
    pairs: int,
    only_pairs: int,
) -> tuple[str, list[str]]:
    """Return the verdict and its reasons.

    The affinity on the lists decides; if no interval excludes 0, a source that is an outlier, or
    adds nothing, is to be removed.
    """
    measured = [one for one in effects if one.measure == AFFINITY]
    better = [
        (f"with it, the correlation with {one.gold} is higher: {_said(one)}")
        for one in measured
        if one.low > 0
    ]
    worse = [
        (f"with it, the correlation with {one.gold} is lower: {_said(one)}")
        for one in measured
        if one.high < 0
    ]
    open_ = [
        f"{one.gold} is undecided: {_said(one)}" for one in measured if one.low <= 0 <= one.high
    ]
    against = [f"it has no vote: it {distrusted}"] if distrusted else []
    if agreement is not None and agreement.low <= agreement.by_chance:
        against.append(
            f"it lists {agreement.listed:.1%} of the others' strongest relations; by chance, "
            f"{agreement.by_chance:.1%}"
        )
    if only_words < LEAST_NEW_WORDS * words and only_pairs < LEAST_NEW_PAIRS * pairs:
        against.append(
            f"only {only_words / words:.1%} of its words and {only_pairs / pairs:.1%} of its "
            "pairs are in no other source: it adds nothing"
        )
    brings = f"without it, {only_words:,} words and {only_pairs:,} pairs would be lost"
    if better and worse:
        return UNDECIDED, [*worse, *better, *open_, *against]
    if worse:
        return REMOVE, [*worse, *against, *open_]
    if better:
        return KEEP, [*better, *open_, *against, brings]
    if against:
        return REMOVE, [*against, *open_]
    return UNDECIDED, [*open_, brings]


def _said(effect: Effect) -> str:
    return f"{effect.gain:+.3f}, 95 % between {effect.low:+.3f} and {effect.high:+.3f}"
