"""Token sampling: temperature, top-k, top-p, and a draw from the remaining distribution."""

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
    """Filters of a distribution, applied in this order: temperature, the `top_k` most probable
    tokens, the fewest of them whose probabilities sum to `top_p` (nucleus sampling, Holtzman et al.
    2020).

    A temperature of 0 keeps the most probable token alone. Raises UsageError for invalid values.
    """

    temperature: float = 0.8
    top_k: int | None = None
    top_p: float = 0.92

    def __post_init__(self) -> None:
        if not (math.isfinite(self.temperature) and self.temperature >= 0):
            raise UsageError(
                "The temperature must be 0 (always the most probable token) or more, not "
                f"{self.temperature}."
            )
        if self.top_k is not None and self.top_k < 1:
            raise UsageError(f"Top-k must be at least 1, not {self.top_k}.")
        if not 0 < self.top_p <= 1:
            raise UsageError(f"Top-p must be above 0 and at most 1, not {self.top_p}.")

    def apply(self, shares: Floats) -> tuple[Ints, Floats]:
        """Return the remaining tokens and their probabilities, most probable first, ties by number.

        `shares` (N,) float64, at least 0, need not sum to 1; tokens of share 0 are never kept. The
        result is (m,) int64 and (m,) float64, sum 1; it may be empty.
        """
        if not shares.any():
            return np.empty(0, dtype=np.int64), shares[:0]
        if self.temperature == 0:
            return likeliest(shares, 1), np.ones(1)
        # The largest share becomes 1, so that no power overflows.
        weights = (shares / shares.max()) ** (1.0 / self.temperature)
        if self.top_k is not None:
            order = likeliest(weights, self.top_k)
            whole = weights[order].sum()
        else:
            whole = weights.sum()
            # Everything below this sums to less than what top-p discards; half of it, so that
            # rounding does not matter.
            least = (1 - self.top_p) * whole / (2 * len(weights))
            order = np.flatnonzero(weights > least)
            order = order[np.argsort(-weights[order], kind="stable")]
        left = weights[order] / whole
        kept = (np.cumsum(left) - left < self.top_p) & (left > 0)
        return order[kept], left[kept] / left[kept].sum()


def likeliest(shares: Floats, most: int) -> Ints:
    """Return the indices (most,) int64 of the largest shares (N,), largest first, ties by index."""
    if most >= len(shares):
        return np.argsort(-shares, kind="stable")
    # Each block has one entry no less than this, so the largest ones are at least this.
    # Partitioning takes many times as long if many entries are equal, as most are here.
    least = np.maximum.reduceat(shares, np.arange(most) * (len(shares) // most)).min()
    places = np.flatnonzero(shares >= least)
    return places[np.argsort(-shares[places], kind="stable")][:most]


def draw(shares: Floats, chance: float) -> int:
    """Return the index into `shares` (m,), which sum to 1, that a number `chance` in [0, 1)
    selects.
    """
    place = int(np.searchsorted(np.cumsum(shares), chance, side="right"))
    return min(place, len(shares) - 1)
