"""Trust of a counted track: how far one half of its source's observations repeats the other.

The reliability of a test by its halves (Spearman 1910; Brown 1910): r is the cosine between the odds
that each half alone gives the pairs, and 2r / (1 + r) the reliability of both halves together. Odds
are 0 by chance, so nothing is subtracted; observations that are shuffled have r = 0.
"""

from __future__ import annotations

from math import sqrt

import numpy as np

from hartonomous.schema import Columns, EvidenceType, TrackConstants

LEAST_TRUST = 100
"""Thousandths; a track below it has none."""

LEAST_ROWS = 50
"""Rows from which halves can be told from chance."""

LITTLE = 250
"""Trust of a track whose halves cannot be compared."""

ERRORS = 2.0
"""Standard errors of r, 1 / sqrt(rows), that it has to exceed."""


class SplitHalf:
    """Sums over the rows of a track, in any order and in parts."""

    def __init__(self, evidence: EvidenceType, constants: TrackConstants) -> None:
        self._evidence, self._constants = evidence, constants
        self._rows = 0
        self._sums = np.zeros(3)

    def add(self, columns: Columns) -> None:
        """Add rows, with the columns of their type."""
        halves = self._evidence.chance.halves
        if halves is None or not self._evidence.halved:
            return
        first, second = (
            self._evidence.chance.odds(*half) for half in halves(columns, self._constants)
        )
        self._rows += len(first)
        self._sums += first @ second, first @ first, second @ second

    def trust(self) -> int:
        """Return the trust of the track in thousandths: 0, or 100 to 1000."""
        together, first, second = self._sums.tolist()
        if self._rows < LEAST_ROWS or first <= 0 or second <= 0:
            # Too little to tell, or one half has nothing to say.
            return LITTLE
        agreement = together / sqrt(first * second)
        if agreement * sqrt(self._rows) <= ERRORS:
            return 0
        trust = round(2000 * agreement / (1 + agreement))
        return min(trust, 1000) if trust >= LEAST_TRUST else 0
