"""What the heads of a real causal model promote, beside pairs drawn at random.

Two things tell whether the circuits know anything: whether a promoted token is among those that the
model itself expects after the token, run alone, and how near the two stand in the embedding. The
null keeps every token as often promoted as it is: ends are dealt out anew among the starts.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring import Figure, seconds
from hartonomous.extract.extraction import open_model
from hartonomous.extract.importer_protocol import OpenedModel, OpenOptions
from hartonomous.extract.search.nearest_neighbours import centred, normalised
from importers.transformers.causal_model import CausalRunner
from importers.transformers.head_promotions import Promotions
from importers.transformers.transformer_tracks import HEAD_SUPPORT
from importers.transformers.transformer_weights import Transformer, load_transformer
from tests import models

HEAD = 130
"""The one head that all tokens go through, to be timed; of 270, near the middle."""

STARTS = 1_024
"""Tokens whose promotions through all heads are looked at."""

ALONE = 256
"""Of them, those run at once."""

DEALT = 20
"""Times that the ends are dealt out."""

RESAMPLES, SEED = 2_000, 7

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Measure = Callable[[Ints, Ints], Floats]


def run() -> list[Figure]:
    model = open_model(str(models.SMOLLM), OpenOptions())
    transformer = load_transformer(models.SMOLLM, "cpu")
    promotions = Promotions(transformer, model.vocabulary)
    n, heads = len(model.vocabulary), len(promotions.track().positions)
    took = seconds(lambda: promotions.promoted(HEAD, lambda done, total: None))
    starts = np.sort(np.random.default_rng(SEED).choice(n, STARTS, replace=False))
    ends = listed(promotions, starts)
    figures = [Figure(f"one head's promotions of {n:,} tokens", f"{took:.1f} s", "-", "-", None)]
    for what, measure in measures(model, transformer, starts).items():
        for least in (1, HEAD_SUPPORT):
            pairs = pairs_of(starts, ends, n, least)
            which = f"by {least} of {heads} heads or more" if least > 1 else "by a head"
            figures.append(beside_chance(f"promoted {which}: {what}", measure, *pairs))
    return figures


def listed(promotions: Promotions, starts: Ints) -> Ints:
    """Return what each start promotes through all heads, (starts, heads * k), -1 for none."""
    heads = range(len(promotions.track().positions))
    found = [promotions.promoted_by(head, starts, lambda done, total: None) for head in heads]
    return np.concatenate([one.indices for one in found], axis=1).astype(np.int64)


def pairs_of(starts: Ints, ends: Ints, n: int, least: int) -> tuple[Ints, Ints]:
    """Return start and end of each pair that so many heads list."""
    row, column = np.nonzero(ends >= 0)
    pair, heads = np.unique(starts[row] * n + ends[row, column], return_counts=True)
    start, end = np.divmod(pair[heads >= least], n)
    return start, end


def measures(model: OpenedModel, transformer: Transformer, starts: Ints) -> dict[str, Measure]:
    """Return what is measured of pairs, by name."""
    expected = _expected(model, transformer, starts)
    unit = normalised(centred(model.tracks[0].vectors(0)))

    def expecting(start: Ints, end: Ints) -> Floats:
        return np.isin(start * len(unit) + end, expected).astype(np.float64)

    def nearness(start: Ints, end: Ints) -> Floats:
        return np.einsum("ij,ij->i", unit[start], unit[end]).astype(np.float64)

    return {"expected next by the model": expecting, "mean cosine in the embedding": nearness}


def _expected(model: OpenedModel, transformer: Transformer, starts: Ints) -> Ints:
    """Return the pairs (start * N + end) of what the model lists after each start, run alone."""
    runner = CausalRunner(transformer, model.vocabulary)
    pairs = []
    for first in range(0, len(starts), ALONE):
        part = starts[first : first + ALONE]
        told = runner.alone(part).expected
        pairs.append(np.repeat(part, np.diff(told.bounds)) * len(model.vocabulary) + told.ends)
    return np.unique(np.concatenate(pairs))


def beside_chance(what: str, measure: Measure, start: Ints, end: Ints) -> Figure:
    rng = np.random.default_rng(SEED)
    found = measure(start, end)
    dealt = np.mean([measure(start, rng.permutation(end)) for _ in range(DEALT)], axis=0)
    # Pairs of one start hang together: starts are drawn, with all of their pairs.
    starts, row = np.unique(start, return_inverse=True)
    count, gain = np.bincount(row), np.bincount(row, found - dealt)
    drawn = rng.integers(0, len(starts), (RESAMPLES, len(starts)))
    low, high = np.percentile(gain[drawn].sum(axis=1) / count[drawn].sum(axis=1), [2.5, 97.5])
    return Figure(
        f"{what}, {len(end):,} pairs",
        f"{found.mean():.4f}",
        f"the same ends dealt out anew {dealt.mean():.4f}; gain {low:+.4f} to {high:+.4f}",
        "above chance",
        bool(low > 0),
    )
