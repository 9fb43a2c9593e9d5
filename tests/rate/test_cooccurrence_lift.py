"""Words seen together in one half of a real text are together in the other half too."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import combinations
from pydoc_data.topics import topics

import numpy as np

from hartonomous.counted_rows import counted_rows, margins, track_trust
from hartonomous.rate.formulas import consensus, decades, vote
from hartonomous.schema import MICRO, TrackConstants, evidence_type

FIRST = 10
"""Neighbours of a word that are looked at."""

SEEN = 20
"""Sentences that a word has to be in for its neighbours to be told."""


def sentences() -> list[list[str]]:
    """Return the words of each sentence of Python's own manual, each sentence once."""
    texts = dict.fromkeys(re.split(r"(?<=[.!?])\s+|\n\n", " ".join(topics.values())))
    words = [sorted(set(re.findall(r"[a-z]{3,}", text.lower()))) for text in texts]
    return [one for one in words if 2 <= len(one) <= 60]


def counted(part: Sequence[list[str]]) -> tuple[Counter[str], Counter[tuple[str, str]]]:
    words, pairs = Counter[str](), Counter[tuple[str, str]]()
    for sentence in part:
        words.update(sentence)
        pairs.update(combinations(sentence, 2))
    return words, pairs


def lift(
    ratings: dict[tuple[str, str], float], part: Sequence[list[str]], common: set[str]
) -> float:
    """Return how much oftener than by chance a word's best neighbours are with it in `part`."""
    words, pairs = counted(part)
    best = defaultdict(list)
    for (low, high), rating in ratings.items():
        best[low].append((rating, high))
        best[high].append((rating, low))
    lifts = []
    for word in common:
        for _, other in sorted(best[word], reverse=True)[:FIRST]:
            expected = words[word] * words[other] / len(part)
            if expected:
                lifts.append(pairs[min(word, other), max(word, other)] / expected)
    return float(np.mean(lifts))


def test_consensus_finds_what_a_held_out_half_repeats() -> None:
    every, rng = sentences(), np.random.default_rng(0)
    held = rng.integers(0, 2, len(every)).astype(bool)
    known = [one for one, out in zip(every, held, strict=True) if not out]
    words, pairs = counted(known)
    _, of_first = counted(known[::2])
    names = sorted(words)
    row = {word: place for place, word in enumerate(names)}
    start, end = np.array([(row[low], row[high]) for low, high in pairs]).T
    n = np.array(list(pairs.values()))
    kind = evidence_type("COOCCURRENCE_EVIDENCE")
    among, total = margins(kind, start, end, n)
    counts = {"start": start, "end": end, "n": n, "weight": n * MICRO, **among}
    counts["half"] = np.array([of_first[pair] for pair in pairs])
    constants = TrackConstants(1, 0, len(names), total)
    table = counted_rows(kind, counts, constants)
    trust = track_trust(kind, table, constants)
    assert trust >= 100
    rated = {
        (names[low], names[high]): consensus(decades([(vote(trust, 1, None), odds)]))
        + (odds - 2000) / 1e6
        for low, high, odds in zip(
            *(table[name].to_pylist() for name in ("start", "end", "support")), strict=True
        )
    }
    common = {word for word, seen in words.items() if seen >= SEEN}
    out = [one for one, held_out in zip(every, held, strict=True) if held_out]
    by_consensus, by_count = lift(rated, out, common), lift(dict(pairs), out, common)
    assert by_consensus >= 8
    assert by_consensus > 2 * by_count
