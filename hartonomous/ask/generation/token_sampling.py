"""Choosing the next token from a distribution: temperature, top-k, top-p, draws."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hartonomous.errors import UsageError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Filters:
    """What is left of a distribution, in this order: temperature, the `top_k` likeliest, then the
    fewest that hold `top_p` of it.

    A temperature of 0 leaves the likeliest token alone. Raises UsageError for what makes no sense.
    """

    temperature: float = 0.8
    top_k: int | None = None
    top_p: float = 0.92

    def __post_init__(self) -> None:
        if not (math.isfinite(self.temperature) and self.temperature >= 0):
            raise UsageError(
                f"A temperature is 0 (the likeliest token, always) or more, not {self.temperature}."
            )
        if self.top_k is not None and self.top_k < 1:
            raise UsageError(f"Top-k keeps at least 1 token, not {self.top_k}.")
        if not 0 < self.top_p <= 1:
            raise UsageError(f"Top-p is above 0 and at most 1, not {self.top_p}.")

    def apply(self, shares: Floats) -> tuple[Ints, Floats]:
        """Return the tokens that are left and their probabilities, likeliest first, ties by number.

        `shares` (N,) need not sum to 1; tokens of no share are never left. No token may be left.
        """
        if not shares.any():
            return np.empty(0, dtype=np.int64), shares[:0]
        if self.temperature == 0:
            return likeliest(shares, 1), np.ones(1)
        # The likeliest at 1, so that no power can overflow.
        weights = (shares / shares.max()) ** (1.0 / self.temperature)
        if self.top_k is not None:
            order = likeliest(weights, self.top_k)
            whole = weights[order].sum()
        else:
            whole = weights.sum()
            # All below this hold less than what top-p leaves out; by half, so that no rounding tells.
            least = (1 - self.top_p) * whole / (2 * len(weights))
            order = np.flatnonzero(weights > least)
            order = order[np.argsort(-weights[order], kind="stable")]
        left = weights[order] / whole
        kept = (np.cumsum(left) - left < self.top_p) & (left > 0)
        return order[kept], left[kept] / left[kept].sum()


def likeliest(shares: Floats, most: int) -> Ints:
    """Return the places of the largest shares, largest first, ties by place."""
    if most >= len(shares):
        return np.argsort(-shares, kind="stable")
    # Each of so many blocks holds one that is no less than this, so the likeliest are none of the rest.
    # Partitioning takes many times as long where many shares are equal, as most are here.
    least = np.maximum.reduceat(shares, np.arange(most) * (len(shares) // most)).min()
    places = np.flatnonzero(shares >= least)
    return places[np.argsort(-shares[places], kind="stable")][:most]


def draw(shares: Floats, chance: float) -> int:
    """Return the place that a number in [0, 1) falls on, in probabilities that sum to 1."""
    place = int(np.searchsorted(np.cumsum(shares), chance, side="right"))
    return min(place, len(shares) - 1)
