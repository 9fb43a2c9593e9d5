"""Log-odds against chance, by one track's observations of a pair.

Units are milli-decades, thousandths of a power of ten. The formulas are those of the rating report.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def chance(k: int, vocabulary: int) -> float:
    """Return p0 = k / (N - 1): the probability that a random pair is listed in one direction.

    At most one half: in a vocabulary hardly larger than k a listing carries no information, and the
    odds have to be finite.

    >>> chance(50, 501)
    0.1
    """
    return min(k / (vocabulary - 1), 0.5) if vocabulary > 1 else 0.5


def log_odds(directed: NDArray[np.int64] | float, positions: int, p0: float) -> NDArray[np.float64]:
    """Return the log-odds, in decades, of `directed` listings of 2P against chance; the shape of
    `directed`, float64.

    log10((d + p0) / (2P - d + 1 - p0)) - log10(p0 / (1 - p0)), d in [0, 2P], P positions, p0 in (0,
    1/2].
    """
    seen = np.asarray(directed, dtype=np.float64)
    odds = np.log10((seen + p0) / (2 * positions - seen + 1 - p0))
    return np.asarray(odds - np.log10(p0 / (1 - p0)))


def support(
    directed: NDArray[np.int64], rank: NDArray[np.int64], positions: int, k: int, vocabulary: int
) -> NDArray[np.int32]:
    """Return the support of pairs: their odds, plus their rank in the lists; (pairs,) int32
    milli-decades.

    `directed` and `rank` are (pairs,) int64. round(1000 log_odds) + rank div directed; halves are
    rounded to even.
    """
    odds = np.rint(1000 * log_odds(directed, positions, chance(k, vocabulary)))
    return (odds.astype(np.int64) + rank // directed).astype(np.int32)


def absent_constant(positions: int, k: int, vocabulary: int, mean_directed: float = 0.0) -> int:
    """Return the odds of a pair that a track knows but does not list, in milli-decades.

    `mean_directed` is the mean number of listings of the pairs that were not stored: 0 if
    everything observed is stored.
    """
    return int(np.rint(1000 * log_odds(mean_directed, positions, chance(k, vocabulary))))


def ranks_within(
    directed: NDArray[np.int64], k: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the least and the largest rank sums of `directed` (pairs,) listings among k
    neighbours; two (pairs,) int64.

    One listing at rank r counts round(1000 log10((k + 1) / r)).
    """
    last, first = (round(1000 * np.log10((k + 1) / rank)) for rank in (k, 1))
    return directed * last, directed * first


ROUNDING = 1
"""Milli-decades by which rounding of logarithms may differ between two machines."""


def meant_support(
    directed: NDArray[np.int64], rank: NDArray[np.int64], positions: int, k: int, vocabulary: int
) -> NDArray[np.int32]:
    """Return the support (pairs,) int32 that listings and ranks give, for any values; listings
    above the maximum count as the maximum.
    """
    listed = np.clip(directed.astype(np.int64), 1, 2 * max(positions, 1))
    return support(listed, rank.astype(np.int64), max(positions, 1), max(k, 1), vocabulary)


def impossible(
    directed: NDArray[np.int64],
    rank: NDArray[np.int64],
    said: NDArray[np.int64],
    positions: int,
    k: int,
    vocabulary: int,
) -> NDArray[np.bool_]:
    """Return the mask (pairs,) bool of pairs whose ranks are impossible for their listings, or
    whose support `said` (pairs,) does not follow from both.
    """
    listed = directed.astype(np.int64)
    least, most = ranks_within(listed, max(k, 1))
    meant = meant_support(directed, rank, positions, k, vocabulary)
    away = np.abs(said.astype(np.int64) - meant) > ROUNDING
    return np.asarray(away | (rank < least) | (rank > most))
