"""Effect sizes: how much more of each feature pictures have with a word in the prompt than without.

The standardised mean difference with the correction for few pictures (Hedges 1981), balanced over the
other factors. Its error is the larger of two: that of pictures which are independent of each other, and
that of prompts which differ by more than their words' effects, by the residuals of an additive model of
the prompts' means. The second keeps what is peculiar to single prompts from passing for an effect of a
word.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import norm, t

from hartonomous.odds import within
from hartonomous.row_odds import MOST_EFFECT
from hartonomous.schema import MICRO
from importers.generators.prompt_grid import all_places

LEAST_SPREAD = 0.01
"""Deviation of a feature at least, a hundredth of its range: a smaller one is not seen."""

LEAST_FREEDOM = 8
"""Degrees of freedom of the prompts' residuals from which on they say anything."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Effects:
    """Effects of w words, in the order of the grid, on f features, (w, f) each.

    `effect` is g within MOST_EFFECT / 1000, `error` its standard error, `middle` midway between the
    means with and without, `spread` the deviation that g is in units of; `n` (w,) are the pictures
    with each word.
    """

    effect: Floats
    error: Floats
    middle: Floats
    spread: Floats
    n: Ints

    def shrunk(self) -> Floats:
        """Return the bounds nearer to 0 of the effects' intervals, which hold together; 0 where an
        interval contains 0.
        """
        away = np.abs(self.effect) - within(self.effect.size) * self.error
        return np.asarray(np.sign(self.effect) * np.maximum(away, 0.0))

    def columns(self) -> dict[str, Ints]:
        """Return the columns of the evidence rows, (w * f,) int64 each, words slowest.

        The weight of a row is n times the chance that a picture with the word has more of the feature
        than one without (McGraw and Wong 1992).
        """
        n = np.repeat(self.n, self.effect.shape[1])
        g = self.effect.ravel()
        return {
            "n": n,
            "weight": np.rint(MICRO * n * ndtr(g / np.sqrt(2))).astype(np.int64),
            "effect": np.rint(1000 * g).astype(np.int64),
            "error": np.ceil(1000 * self.error.ravel()).astype(np.int64),
            "middle": np.rint(MICRO * self.middle.ravel()).astype(np.int64),
            "spread": np.rint(MICRO * self.spread.ravel()).astype(np.int64),
        }


def effects(values: Floats, prompt: Ints, shape: tuple[int, ...]) -> Effects:
    """Return the effects of every value of every factor of a grid.

    `values` (m, f) are the features of pictures, `prompt` (m,) the numbers of their prompts, `shape`
    the number of values of each factor. A word without a picture, or whose pictures nothing can be
    compared with, has the effect 0 and an infinite error, written as a thousand.
    """
    places = np.array(all_places(shape), dtype=np.int64)
    means, residual, freedom = _prompt_means(values, prompt, places, shape)
    found = [
        _word(values, places[prompt, factor] == level, means, factor, level, shape)
        for factor, size in enumerate(shape)
        for level in range(size)
    ]
    n, g, analytic, middle, spread = (np.stack(one) for one in zip(*found, strict=True))
    error = analytic
    if freedom >= LEAST_FREEDOM:
        sizes = np.repeat(shape, shape) * 1.0
        seen = int(np.isfinite(means.reshape(len(places), -1)[:, 0]).sum())
        # Prompts with the word, and those without.
        apart = np.sqrt(sizes / seen + sizes / (seen * (sizes - 1)))[:, None]
        between = residual * apart / np.maximum(spread, LEAST_SPREAD)
        level = 0.025 / g.size
        between *= t.isf(level, freedom) / norm.isf(level)
        error = np.maximum(analytic, np.sqrt(between**2 + g**2 / (2 * len(values))))
    return Effects(g, np.minimum(error, 1000.0), middle, spread, n[:, 0].astype(np.int64))


def _prompt_means(
    values: Floats, prompt: Ints, places: Ints, shape: tuple[int, ...]
) -> tuple[Floats, Floats, int]:
    """Return the means of prompts, (*shape, f), the deviation of what an additive model leaves of
    them, (f,), and its degrees of freedom.
    """
    count = np.bincount(prompt, minlength=len(places))
    sums = np.zeros((len(places), values.shape[1]))
    np.add.at(sums, prompt, values)
    there = count > 0
    means = np.full_like(sums, np.nan)
    means[there] = sums[there] / count[there, None]
    levels = [places[there, factor, None] == np.arange(size) for factor, size in enumerate(shape)]
    design = np.concatenate([np.ones((int(there.sum()), 1)), *levels], axis=1)
    fitted = design @ np.linalg.pinv(design) @ means[there]
    freedom = int(there.sum()) - int(np.linalg.matrix_rank(design))
    left = ((means[there] - fitted) ** 2).sum(axis=0)
    return means.reshape(*shape, -1), np.sqrt(left / max(freedom, 1)), freedom


def _word(
    values: Floats,
    own: NDArray[np.bool_],
    means: Floats,
    factor: int,
    level: int,
    shape: tuple[int, ...],
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Return n, g, error, middle and spread of one word, (f,) each."""
    features = values.shape[1]
    by_level = np.moveaxis(means, factor, 0).reshape(shape[factor], -1, features)
    with_word, without = by_level[level], np.delete(by_level, level, axis=0)
    # A prompt all of whose pictures were left out takes its counterparts with it.
    seen = np.isfinite(without[..., 0])
    both = np.isfinite(with_word[:, 0]) & seen.any(axis=0)
    n_with, n_without = int(own.sum()), int((~own).sum())
    if not both.any() or min(n_with, n_without) < 2:
        nothing = np.zeros(features)
        return nothing + n_with, nothing, nothing + 1000.0, nothing, nothing
    low = with_word[both].mean(axis=0)
    high = np.nanmean(without[:, both], axis=0).mean(axis=0)
    pooled = (n_with - 1) * values[own].var(axis=0, ddof=1)
    pooled += (n_without - 1) * values[~own].var(axis=0, ddof=1)
    freedom = n_with + n_without - 2
    spread = np.maximum(np.sqrt(pooled / freedom), LEAST_SPREAD)
    # Rounding alone is no difference.
    apart = np.where(np.abs(low - high) < 1e-9, 0.0, low - high)
    most = MOST_EFFECT / 1000
    g = np.clip(apart / spread * (1 - 3 / (4 * freedom - 1)), -most, most)
    error = np.sqrt((n_with + n_without) / (n_with * n_without) + g**2 / (2 * (freedom + 2)))
    return np.full(features, n_with), g, error, (low + high) / 2, spread


def effect_table(found: Effects, start: Ints, end: Ints) -> dict[str, Ints]:
    """Return the columns with the rows of features (f,) as `start` and of words (w,) as `end`."""
    words, features = found.effect.shape
    ends = {"start": np.tile(start, words), "end": np.repeat(end, features)}
    return ends | found.columns()
