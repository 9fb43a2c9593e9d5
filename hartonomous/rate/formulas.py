"""Formulas that rate a pair, in plain Python: the reference that the Cypher is tested against.

`elo` is the vision document's formula; what was rejected enters its mean with weight 0, and nothing
else. `decades` and `consensus` are those of the rating report: each row has log-odds against chance
(`support`, by the null model of its type), weighted by its track's vote and shrunk toward even odds.
A track whose silence speaks has a part for every pair of which it knows both ends: its absent
constant, without a row. Any other has one for its rows alone. What people judge adds to the odds and
not to the votes, so that an acceptance lowers nothing. A vote is the track's trust, divided among
near-copies, and 0 for an outlier; that of a person is how far the others agree with them
(`person_trust`), and may be below 0: then what they accept speaks against a pair, and what they
reject says nothing, because a rejection raises nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import floor, log10

from hartonomous.schema import MICRO, STEP_PRICE

SHRINKAGE = 2_000_000
"""Prior weight of even odds, in millionths of a vote: two pseudo-sources."""


def elo(n: int, weight: int, sources: int, against: int = 0) -> float:
    """Return the elo of a pair observed `n` times by `sources` sources, and rejected `against`
    times; `weight` is the sum of weights, micro-units.

    The vision document's: 1500 + min(1000, n/10) + 500 mean weight + min(200, 20 sources); a
    rejection is a weight of 0 in the mean.

    >>> elo(3, 1_350_000, 1)
    1745.3
    >>> elo(8627, 8627 * 910_000, 4)
    2897.7
    >>> elo(3, 1_350_000, 1, against=1)
    1689.05
    """
    mean = weight / MICRO / (n + against)
    return 1500.0 + min(0.1 * n, 1000.0) + 500.0 * mean + min(20 * sources, 200)


def decades(terms: Iterable[tuple[int, int]], judgements: Iterable[tuple[int, int]] = ()) -> int:
    """Return D in milli-decades from (vote in millionths, log-odds in milli-decades) of each track.

    D = sum(T e) / (2 + sum(T)), T the votes, rounded half up. Those of `judgements` are summed above
    and not below; a rejection adds at most 0.

    >>> decades([(1_000_000, 4000), (500_000, -2000)])
    857
    >>> decades([(1_000_000, 4000)], [(1_000_000, 477)])
    1492
    >>> decades([], [(-1_000_000, 477)]), decades([], [(-1_000_000, -477)])
    (-238, 0)
    """
    terms = list(terms)
    votes = sum(vote for vote, _ in terms) + SHRINKAGE
    odds = sum(vote * each for vote, each in terms)
    odds += sum(0 if vote < 0 and each < 0 else vote * each for vote, each in judgements)
    return (2 * odds + votes) // (2 * votes)


def vote(trust: int, divisor: int, distrusted: str | None) -> int:
    """Return a track's vote in millionths: its trust in thousandths, shared by `divisor`
    near-copies; 0 for an outlier. As in rate/write_votes.

    >>> vote(500, 2, None), vote(500, 1, "disagrees"), vote(-1200, 1, None)
    (250000, 0, -1200000)
    """
    return 0 if distrusted else (2000 * trust + divisor) // (2 * divisor)


def consensus(decades: int) -> int:
    """Return the consensus of D in milli-decades: 1500 at even odds, 400 points per factor of ten.

    >>> consensus(857), consensus(0), consensus(-5)
    (1843, 1500, 1498)
    """
    return 1500 + floor((4 * decades + 5) / 10)


def cost(decades: int) -> int:
    """Return the cost of a step over the pair, in micro-decades.

    The price of any step, and log10(1 + 10^(-D/1000)): minus the logarithm of the probability that
    the pair is related, at even prior odds.

    >>> cost(857), cost(0), cost(-3000)
    (66521, 311029, 3010434)
    """
    return STEP_PRICE + floor(MICRO * log10(1.0 + 10.0 ** (-0.001 * decades)))
