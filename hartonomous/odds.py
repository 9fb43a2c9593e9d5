"""What one track's observations say of a pair, as log-odds against chance.

Sources: the rating report's formulas, in milli-decades (thousandths of a power of ten).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def chance(k: int, vocabulary: int) -> float:
    """Return p0 = k / (N - 1): how often a random pair is listed in one direction.

    Held at or below one half: in a vocabulary hardly larger than k a listing says nothing, and
    the odds must stay finite.

    >>> chance(50, 501)
    0.1
    """
    return min(k / (vocabulary - 1), 0.5) if vocabulary > 1 else 0.5


def log_odds(directed: NDArray[np.int64] | float, positions: int, p0: float) -> NDArray[np.float64]:
    """Return decades of odds that a pair is listed `directed` times of 2P, over chance.

    log10((d + p0) / (2P - d + 1 - p0)) - log10(p0 / (1 - p0)).
    """
    seen = np.asarray(directed, dtype=np.float64)
    odds = np.log10((seen + p0) / (2 * positions - seen + 1 - p0))
    return np.asarray(odds - np.log10(p0 / (1 - p0)))


def support(
    directed: NDArray[np.int64], rank: NDArray[np.int64], positions: int, k: int, vocabulary: int
) -> NDArray[np.int32]:
    """Return what a track says of each pair it listed: odds, and how high it stood in the lists.

    round(1000 log_odds) + rank div directed; halves rounded to even.
    """
    odds = np.rint(1000 * log_odds(directed, positions, chance(k, vocabulary)))
    return (odds.astype(np.int64) + rank // directed).astype(np.int32)


def absent_constant(positions: int, k: int, vocabulary: int, mean_directed: float = 0.0) -> int:
    """Return what a track's silence says of a pair it knows both ends of.

    `mean_directed` is the mean number of listings among the pairs that were not stored: 0 where
    everything observed is stored.
    """
    return int(np.rint(1000 * log_odds(mean_directed, positions, chance(k, vocabulary))))


def ranks_within(
    directed: NDArray[np.int64], k: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the least and the most that ranks can add up to over so many listings among k neighbours.

    One listing at rank r counts round(1000 log10((k + 1) / r)).
    """
    last, first = (round(1000 * np.log10((k + 1) / rank)) for rank in (k, 1))
    return directed * last, directed * first


ROUNDING = 1
"""Milli-decades by which the logarithms of two machines may lead to another whole number."""


def meant_support(
    directed: NDArray[np.int64], rank: NDArray[np.int64], positions: int, k: int, vocabulary: int
) -> NDArray[np.int32]:
    """Return the support that listings and ranks give, whatever they are: of more listings than there
    can be, that of as many as there can be."""
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
    """Return which pairs have ranks that so many listings cannot add up to, or another support, `said`,
    than their listings and ranks give."""
    listed = directed.astype(np.int64)
    least, most = ranks_within(listed, max(k, 1))
    meant = meant_support(directed, rank, positions, k, vocabulary)
    away = np.abs(said.astype(np.int64) - meant) > ROUNDING
    return np.asarray(away | (rank < least) | (rank > most))
