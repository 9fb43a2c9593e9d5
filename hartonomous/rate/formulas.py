"""Formulas that rate a pair, in plain Python: the reference that the Cypher is tested against.

`elo` is the vision document's formula. `decades` and `consensus` are those of the rating report:
each track that knows both ends has log-odds against chance that the pair would be listed as often
and as high (`support`, or the track's absent constant without a row), weighted by the track's vote
and shrunk toward even odds. A vote is the track's trust, divided among near-copies, and 0 for an
outlier. Counted evidence has no odds against chance: it adds to elo and not to the consensus.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import floor, log10

from hartonomous.schema import MICRO

SHRINKAGE = 2_000_000
"""Prior weight of even odds, in millionths of a vote: two pseudo-sources."""


def elo(n: int, weight: int, sources: int) -> float:
    """Return the elo of a pair observed `n` times by `sources` sources; `weight` is the sum of
    weights, micro-units.

    The vision document's: 1500 + min(1000, n/10) + 500 mean weight + min(200, 20 sources).

    >>> elo(3, 1_350_000, 1)
    1745.3
    >>> elo(8627, 8627 * 910_000, 4)
    2897.7
    """
    return 1500.0 + min(0.1 * n, 1000.0) + 500.0 * (weight / MICRO / n) + min(20 * sources, 200)


def decades(terms: Iterable[tuple[int, int]]) -> int:
    """Return D in milli-decades from (vote in millionths, log-odds in milli-decades) of each track.

    D = sum(T e) / (2 + sum(T)), T the votes, rounded half up.

    >>> decades([(1_000_000, 4000), (500_000, -2000)])
    857
    """
    terms = list(terms)
    votes = sum(vote for vote, _ in terms) + SHRINKAGE
    return (2 * sum(vote * odds for vote, odds in terms) + votes) // (2 * votes)


def consensus(decades: int) -> int:
    """Return the consensus of D in milli-decades: 1500 at even odds, 400 points per factor of ten.

    >>> consensus(857), consensus(0), consensus(-5)
    (1843, 1500, 1498)
    """
    return 1500 + floor((4 * decades + 5) / 10)


def cost(decades: int) -> int:
    """Return the cost of a step over the pair, in micro-decades, at least 1.

    log10(1 + 10^(-D/1000)): minus the logarithm of the probability that the pair is related, at
    even prior odds; so the cost of a path is that of all its steps being related.

    >>> cost(857), cost(0), cost(-3000)
    (56522, 301030, 3000435)
    """
    return 1 + floor(MICRO * log10(1.0 + 10.0 ** (-0.001 * decades)))
