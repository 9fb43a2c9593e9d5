"""Advice on whether a model is worth ingesting, computed without writing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hartonomous.ask.relations.word_rows import find_words
from hartonomous.bundle import Bundle
from hartonomous.bundle_scan import scan
from hartonomous.costs import disk_bytes
from hartonomous.errors import UsageError
from hartonomous.evaluate.pair_sets import PairSet, bundle_pairs, compare
from hartonomous.evaluate.source_pairs import RelatedPairs, read_related_pairs, vector_tracks
from hartonomous.evaluate.source_subsets import read_panel, with_bundle
from hartonomous.evaluate.word_similarity import Gain, GoldPairs, affinities, correlate, paired_gain
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from hartonomous.opened_files import stated_files
from hartonomous.rate.hubness import MOST_HUBNESS, find_hub
from hartonomous.rate.source_agreement import (
    LEAST_LIFT,
    LEAST_WORDS,
    SAME_LINEAGE,
    Agreement,
    judge,
)
from hartonomous.schema import DEFAULT_RELATION, evidence_type
from hartonomous.speeds import LOAD, RATE, forecast

CANDIDATE = "~candidate"
"""Name of the model among the sources; no source can have it."""

LEAST_NEW_WORDS = 0.01
LEAST_NEW_PAIRS = 0.10
"""Shares of a model's words and pairs; a model with fewer new ones of both adds nothing."""

BEST = 10


@dataclass(frozen=True)
class Likeness:
    """Comparison of a model with one source.

    `words` known to both, `overlap` of the smaller one's pairs, `lift` over chance in
    milli-decades, share of words `apart`; None if there is too little to tell.
    """

    source: str
    words: int
    overlap: float
    lift: int | None
    apart: float | None


@dataclass(frozen=True)
class Advice:
    """The expected effect of a model.

    `worth` is the verdict, `reasons` its reasons, the decisive ones first. `listed` is the share of
    each word's ten best by consensus that the model lists too, `by_chance` that of random lists;
    None without shared words. `expected` are gains of the graph with the model over the graph
    without it, `own` the model's rho alone, by list.
    """

    worth: bool
    reasons: tuple[str, ...]
    sample: tuple[str, ...]
    words: int
    new_words: int
    pairs: int
    new_pairs: int
    likeness: tuple[Likeness, ...]
    listed: float | None
    by_chance: float | None
    hub: str | None
    hubness: float | None
    reciprocity: float
    own: dict[str, float] = field(default_factory=dict)
    expected: tuple[Gain, ...] = ()
    disk_bytes: int = 0
    seconds_least: float = 0.0
    seconds_most: float = 0.0


def advise(
    graph: Graph,
    bundle: Bundle,
    gold: Sequence[GoldPairs] = (),
    sample: Sequence[str] = (),
    evidence: int | None = None,
) -> Advice:
    """Compare a bundle with the graph; nothing is written.

    `sample` names the parts of the model missing from the bundle, `evidence` the number of edges of
    the whole model if it differs. Of a bundle that only counted, agreement with the sources is not
    judged. Raises UsageError for a bundle that relates nothing by RELATES.
    """
    types = [evidence_type(track.evidence) for track in bundle.tracks]
    if not any(one.feeds == DEFAULT_RELATION for one in types):
        others = ", ".join(sorted({one.feeds for one in types})) or "nothing"
        raise UsageError(
            f"Advice compares relations of {DEFAULT_RELATION}; this one has {others} alone, which "
            "cannot be judged before it is ingested."
        )
    counted = not any(one.silence for one in types)
    tracks = vector_tracks(graph)
    keys = tuple(bundle.compositions()["key"].to_pylist())
    held = read_related_pairs(graph, tracks, keys)
    places = {key: place for place, key in enumerate(held.key)}
    own = bundle_pairs(bundle, np.array([places[key] for key in keys], np.int64), held.size)
    # As in the graph: only those that compared vectors judge each other.
    judges = () if counted else held.knows
    agreements = [compare(CANDIDATE, own, name, held.of(name)) for name in judges]
    facts = _coverage(held, own) | _quality(held, own, bundle)
    facts |= _expected(graph, bundle, gold, agreements)
    facts["likeness"] = tuple(_likeness(one) for one in agreements)
    same = _same_files(graph, bundle)
    verdict = _verdict(graph, agreements) or _chance(bundle)
    reasons_against = _against(facts, agreements, same, verdict)
    reasons = reasons_against or _for(facts, len(held.pairs) > 0)
    if counted:
        reasons = [*reasons, "it only counted: whether it agrees with the sources is not judged"]
    rows = sum(track.rows for track in bundle.tracks)
    facts |= _costs(held, own, facts["new_pairs"], rows, evidence or rows)
    return Advice(not reasons_against, tuple(reasons), tuple(sample), **facts)


def _likeness(one: Agreement) -> Likeness:
    return Likeness(one.low, one.words, round(one.overlap, 4), one.lift, one.apart)


def _coverage(held: RelatedPairs, own: PairSet) -> dict[str, Any]:
    known = np.logical_or.reduce([*held.knows.values(), np.zeros(held.size, dtype=bool)])
    for ends in np.divmod(held.pairs, held.size):
        known[ends] = True
    shared = np.isin(own.pairs, held.pairs, assume_unique=True)
    return {
        "words": int(own.knows.sum()),
        "new_words": int((own.knows & ~known).sum()),
        "pairs": len(own.pairs),
        "new_pairs": int((~shared).sum()),
    }


def _quality(held: RelatedPairs, own: PairSet, bundle: Bundle) -> dict[str, Any]:
    hub = find_hub(bundle, scan(bundle, verify=False))
    listed, chance = _best_listed(held, own)
    return {
        "listed": listed,
        "by_chance": chance,
        "hub": hub.text if hub else None,
        "hubness": hub.share if hub else None,
        "reciprocity": reciprocity(bundle),
    }


def reciprocity(bundle: Bundle) -> float:
    """Return the share of a bundle's listings that are mutual: 2 mutual / directed."""
    mutual = directed = 0
    for track in bundle.tracks:
        if evidence_type(track.evidence).silence:
            for batch in bundle.evidence(track, 1 << 17):
                both = int(batch["directed"].to_numpy().sum())
                mutual += 2 * (both - int(batch["n"].to_numpy().sum()))
                directed += both
    return round(mutual / directed, 4) if directed else 0.0


def _best_listed(held: RelatedPairs, own: PairSet) -> tuple[float | None, float | None]:
    """Return the numbers of each shared word's ten best by consensus that the source lists, and by
    chance.
    """
    low, high = np.divmod(held.pairs, held.size)
    inside = own.knows[low] & own.knows[high] & (held.decades > 0)
    if not inside.any():
        return None, None
    ends = np.concatenate([low[inside], high[inside]])
    codes, said = np.tile(held.pairs[inside], 2), np.tile(held.decades[inside], 2)
    order = np.lexsort((codes, -said, ends))
    first = np.flatnonzero(np.diff(ends[order], prepend=-1))
    rank = np.arange(len(order)) - np.repeat(first, np.diff(np.append(first, len(order))))
    best = codes[order][rank < BEST]
    words = max(int(own.knows.sum()), 2)
    chance = len(own.pairs) / (words * (words - 1) / 2)
    return round(float(np.isin(best, own.pairs).mean()), 4), round(chance, 5)


def _expected(
    graph: Graph, bundle: Bundle, gold: Sequence[GoldPairs], agreements: Sequence[Agreement]
) -> dict[str, Any]:
    """Return the model's own rho on each list, and the gain of the graph with it."""
    if not gold or not agreements:
        return {"own": {}, "expected": ()}
    asked = [word for pairs in gold for words in pairs.words for word in words]
    panel = with_bundle(read_panel(graph, find_words(graph, asked), asked), bundle, CANDIDATE)
    between = [Agreement(**row) for row in graph.read(query("rate/read_agreements"))]
    names = [one.low for one in agreements]
    without = sharing(names, between)
    together = sharing([*names, CANDIDATE], [*between, *agreements])
    alone, before, after = (panel.rows(s) for s in ({CANDIDATE: 1}, without, together))
    own, gains = {}, []
    for pairs in gold:
        own[pairs.name] = round(correlate(pairs, affinities(pairs, *alone)), 4)
        scores = affinities(pairs, *after), affinities(pairs, *before)
        gains.append(paired_gain(pairs, "with it", scores[0], "as it is", scores[1]))
    return {"own": own, "expected": tuple(gains)}


def sharing(names: Sequence[str], agreements: Sequence[Agreement]) -> dict[str, int]:
    """Return the number that share each source's trust, 0 for those without a vote, if these were
    all.
    """
    inside = [one for one in agreements if {one.low, one.high} <= set(names)]
    verdicts = judge(sorted(names), inside)
    return {name: divisor if reason is None else 0 for name, (divisor, reason) in verdicts.items()}


def _verdict(graph: Graph, agreements: Sequence[Agreement]) -> str | None:
    """Return why the model would have no vote, if so."""
    between = [Agreement(**row) for row in graph.read(query("rate/read_agreements"))]
    names = [one.low for one in agreements]
    inside = [one for one in between if {one.low, one.high} <= set(names)]
    return judge(sorted([*names, CANDIDATE]), [*inside, *agreements])[CANDIDATE][1]


def _chance(bundle: Bundle) -> str | None:
    """Return why a bundle that only counted would have no vote, if halves of it do not agree."""
    related = [t for t in bundle.tracks if evidence_type(t.evidence).feeds == DEFAULT_RELATION]
    if any(track.trust for track in related):
        return None
    names = ", ".join(track.evidence for track in related)
    return f"repeats in one half of its observations nothing of the other ({names})"


def _same_files(graph: Graph, bundle: Bundle) -> list[str]:
    """Return the sources opened from the model's largest file."""
    if not bundle.source.files:
        return []
    largest = max(bundle.source.files, key=lambda file: file.bytes)
    return [
        row["name"]
        for row in graph.read(query("ask/read_files"))
        if stated_files(row["files"]).share_file(largest)
    ]


def _against(
    facts: dict[str, Any], agreements: Sequence[Agreement], same: list[str], distrust: str | None
) -> list[str]:
    """Return the reasons against ingesting the model."""
    reasons = [f"{name} was opened from the same file" for name in same]
    for one in agreements:
        if one.overlap >= SAME_LINEAGE:
            reasons.append(
                f"{one.overlap:.0%} of its pairs, or of {one.low}'s, are in both: a copy"
            )
    lifts = [one.lift for one in agreements if one.lift is not None]
    if distrust is not None:
        reasons.append(f"it would have no vote: it {distrust}")
    elif lifts and max(lifts) < LEAST_LIFT:
        reasons.append(
            f"it shares 10^{max(lifts) / 1000:z.2f} times the pairs expected by chance with the "
            "sources; with so few sources, the outlier is unknown"
        )
    if agreements and max(one.words for one in agreements) < LEAST_WORDS:
        reasons.append(
            f"no source has {LEAST_WORDS} words in common with it: it is not connected to the graph"
        )
    if facts["hubness"] is not None and facts["hubness"] > MOST_HUBNESS:
        reasons.append(f"{facts['hub']!r} is in {facts['hubness']:.1%} of its lists: a hub")
    if agreements and _adds_nothing(facts):
        reasons.append(
            f"{facts['new_words'] / facts['words']:.1%} of its words and "
            f"{facts['new_pairs'] / facts['pairs']:.1%} of its pairs are new: it adds nothing"
        )
    for gain in facts["expected"]:
        if gain.high < 0:
            reasons.append(
                f"the correlation of the graph with {gain.gold} would be lower: {_interval(gain)}"
            )
    return reasons


def _adds_nothing(facts: dict[str, Any]) -> bool:
    if not facts["pairs"]:
        return False
    few_words = facts["new_words"] < LEAST_NEW_WORDS * facts["words"]
    return bool(few_words and facts["new_pairs"] < LEAST_NEW_PAIRS * facts["pairs"])


def _interval(gain: Gain) -> str:
    return f"{gain.gain:+.3f}, 95 % between {gain.low:+.3f} and {gain.high:+.3f}"


def _for(facts: dict[str, Any], others: bool) -> list[str]:
    """Return the reasons for ingesting the model, if there is none against it."""
    if not others:
        return ["it is the first source; there is nothing to compare it with"]
    reasons = [
        f"{facts['new_words']:,} new words and {facts['new_pairs']:,} new pairs, "
        f"{facts['new_pairs'] / max(facts['pairs'], 1):.0%} of its own"
    ]
    lifts = sorted(one.lift for one in facts["likeness"] if one.lift is not None)
    if lifts:
        lift = lifts[len(lifts) // 2] / 1000
        reasons.append(
            f"it agrees with the sources 10^{lift:z.2f} times as often as expected by chance"
        )
    reasons += [f"{gain.gold}: {_interval(gain)}" for gain in facts["expected"]]
    return reasons


def _costs(
    held: RelatedPairs, own: PairSet, new_pairs: int, rows: int, evidence: int
) -> dict[str, Any]:
    """Return disk and time of loading and rating, extrapolated from a sample."""
    scale = evidence / rows
    low, _ = np.divmod(held.pairs, held.size)
    rated = int(own.knows[low].sum()) + round(scale * new_pairs)
    takes = forecast({LOAD: evidence, RATE: rated})
    return {
        "disk_bytes": disk_bytes(evidence, round(scale * new_pairs)),
        "seconds_least": takes.least,
        "seconds_most": takes.most,
    }
