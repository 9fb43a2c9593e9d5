"""Log-odds against chance, by one track's observations of a pair.

Units are milli-decades, thousandths of a power of ten. The formulas are those of the rating report.
"""

from __future__ import annotations

from math import log, pi, sqrt
from statistics import NormalDist

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


def listed_alone(
    n: NDArray[np.float64], positions: float, k: int, vocabulary: int
) -> NDArray[np.float64]:
    """Return the log-odds, in decades, of `n` (rows,) listings of P in one direction.

    log10((n + p0) / (P - n + 1 - p0)) - log10(p0 / (1 - p0)), p0 as in `chance`.
    """
    p0 = chance(max(k, 1), vocabulary)
    seen = np.minimum(n, positions)
    odds = np.log10((seen + p0) / (positions - seen + 1 - p0)) - np.log10(p0 / (1 - p0))
    return np.asarray(odds, dtype=np.float64)


def listed_across(
    forward: NDArray[np.float64],
    backward: NDArray[np.float64],
    chances: tuple[NDArray[np.float64], NDArray[np.float64]],
    positions: float,
) -> NDArray[np.float64]:
    """Return the log-odds, in decades, of listings between two vocabularies, (rows,) float64.

    As `log_odds`, with a chance for each direction: p is their mean weighted by the listings of
    each, so that both being one vocabulary's gives the same.
    """
    listings = np.maximum(forward + backward, 1)
    p = (forward * chances[0] + backward * chances[1]) / listings
    seen = np.minimum(forward + backward, 2 * positions)
    odds = np.log10((seen + p) / (2 * positions - seen + 1 - p)) - np.log10(p / (1 - p))
    return np.asarray(odds, dtype=np.float64)


def independence(
    observed: NDArray[np.float64],
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    total: float,
) -> NDArray[np.float64]:
    """Return sign * log10(1 + G2) of pairs, (rows,) float64 decades.

    G2 = 2 sum(O ln(O / E)) over the two by two table of `total` observations, of which `start` and
    `end` (rows,) have the one and the other, and `observed` both (Dunning 1993, Accurate Methods for
    the Statistics of Surprise and Coincidence). It is negative where fewer are seen than expected.
    The logarithm keeps the order of G2 and puts counts of millions on the scale of other odds.

    >>> independence(np.array([20.0, 5.0, 0.0]), np.full(3, 50.0), np.full(3, 100.0), 1000.0).round(2)
    array([ 1.54,  0.  , -1.07])
    """
    # What chance is reckoned by may be rounded up, so that the rest of the table is below 0.
    neither = np.maximum(total - start - end + observed, 0.0)
    cells = np.stack([observed, start - observed, end - observed, neither])
    rows = np.stack([start, start, total - start, total - start])
    columns = np.stack([end, total - end, end, total - end])
    expected = rows * columns / max(total, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(cells > 0, cells * np.log(cells / expected), 0.0)
    # Of counts that contradict each other nothing is said; they are refused elsewhere.
    terms = np.where(np.isfinite(terms), terms, 0.0)
    g2 = np.maximum(2.0 * terms.sum(axis=0), 0.0)
    more = np.sign(observed - start * end / max(total, 1.0))
    return np.asarray(more * np.log10(1.0 + g2), dtype=np.float64)


def order(n: NDArray[np.float64], converse: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log-odds, in decades, that a relation runs this way and not the other, (rows,)
    float64.

    Of `n` observations this way and `converse` the other way: log10(p / (1 - p)), p the bound of the
    Wilson interval of one standard error that is nearer to one half (Wilson 1927); 0 where the
    interval contains one half.

    >>> order(np.array([1.0, 2.0, 10.0, 3.0]), np.array([0.0, 0.0, 0.0, 9.0])).round(3).tolist()
    [0.0, 0.301, 1.0, -0.193]
    """
    trials = np.maximum(n + converse, 1.0)
    share = n / trials
    centre = (share + 0.5 / trials) / (1.0 + 1.0 / trials)
    half = np.sqrt(share * (1.0 - share) / trials + 0.25 / trials**2) / (1.0 + 1.0 / trials)
    low, high = centre - half, centre + half
    bound = np.where(low > 0.5, low, np.where(high < 0.5, high, 0.5))
    return np.asarray(np.log10(bound / (1.0 - bound)), dtype=np.float64)


def judged(n: NDArray[np.float64], against: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log-odds, in decades, of `n` votes for and `against` votes against, (rows,).

    log10((n + 1/2) / (against + 1/2)): the estimator of Krichevsky and Trofimov (1981).

    >>> judged(np.array([1.0, 0.0, 3.0]), np.array([0.0, 1.0, 3.0])).round(3).tolist()
    [0.477, -0.477, 0.0]
    """
    return np.asarray(np.log10((n + 0.5) / (against + 0.5)), dtype=np.float64)


def effect(
    effect: NDArray[np.float64], error: NDArray[np.float64], comparisons: float
) -> NDArray[np.float64]:
    """Return the log-odds, in decades, that standardised mean differences stand for, (rows,) float64.

    Of each the bound of its interval that is nearer to 0, and 0 where that contains 0, times
    pi / sqrt(3) (Hasselblad and Hedges 1995, Meta-analysis of screening and diagnostic tests). The
    intervals of `comparisons` effects hold together at 95 % (Bonferroni).

    >>> effect(np.array([1.0, -1.0, 0.1]), np.full(3, 0.1), 1).round(3).tolist()
    [0.633, -0.633, 0.0]
    """
    away = np.maximum(np.abs(effect) - within(comparisons) * error, 0.0)
    return np.asarray(np.sign(effect) * away * pi / (sqrt(3) * log(10)) + 0.0, dtype=np.float64)


def within(comparisons: float) -> float:
    """Return how many errors wide an interval is to either side, for so many to hold together.

    >>> round(within(1), 3), round(within(100), 3)
    (1.96, 3.481)
    """
    return NormalDist().inv_cdf(1 - 0.025 / max(comparisons, 1.0))


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
