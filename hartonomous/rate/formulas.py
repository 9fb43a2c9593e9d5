"""The formulas that rate a pair, in plain Python: the reference the Cypher is tested against.

`elo` is the vision document's formula. `decades` and `consensus` are those of the consensus over
many sources: each track that knows both ends states its log-odds against chance that the pair would
be listed as often and as high (`support`, or the track's absent constant where it has no row),
weighted by the track's vote and shrunk toward no evidence. A vote is the track's trust, divided
among near-copies, none for a source that disagrees with all others. Evidence that is counted, not
searched among vectors, has no odds against chance: it adds to elo and leaves the consensus alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import floor, log10

from hartonomous.schema import MICRO

SHRINKAGE = 2_000_000
"""Votes, in millionths, of two pseudo-sources that say nothing."""


def elo(n: int, weight: int, sources: int) -> float:
    """Return the elo of a pair observed `n` times by `sources` sources, weights summing to `weight`.

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
    """Return the consensus: 1500 at even odds, 400 points for each factor of ten.

    >>> consensus(857), consensus(0), consensus(-5)
    (1843, 1500, 1498)
    """
    return 1500 + floor((4 * decades + 5) / 10)


def cost(decades: int) -> int:
    """Return what a step over the pair costs, in micro-decades, at least 1.

    log10(1 + 10^(-D/1000)): minus the logarithm of the probability that the pair is related, were it
    as likely as not before; so the cost of a path is that of all its steps being related.

    >>> cost(857), cost(0), cost(-3000)
    (56522, 301030, 3000435)
    """
    return 1 + floor(MICRO * log10(1.0 + 10.0 ** (-0.001 * decades)))
