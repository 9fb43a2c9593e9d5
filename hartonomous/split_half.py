"""Trust of a counted track: stated by its type, or how far one half of its source's observations
repeats the other.

Of the pairs that one half alone holds to be related, weighted by the odds it gives them, the other
half has some number of observations; by chance it would have the number that the null model expects.
Their ratio, the lift, is 1 for observations that are shuffled. A pair that one half chose is stored
whatever the other one saw, so the ratio is not biased by what was left out.
"""

from __future__ import annotations

from math import log, sqrt

import numpy as np

from hartonomous.row_odds import Columns, halves
from hartonomous.schema import EvidenceType, TrackConstants

LEAST_TRUST = 100
"""Thousandths; a track below it has none."""

LITTLE = 250
"""Trust of a track of which too little was observed to tell."""

LEAST_EXPECTED = 5.0
"""Observations to be expected by chance, from which their absence tells something."""

ERRORS = 2.0
"""Standard errors by which the lift is lowered before trust is read off it."""


class SplitHalf:
    """Sums over the rows of a track, in any order and in parts."""

    def __init__(self, evidence: EvidenceType, constants: TrackConstants) -> None:
        self._evidence, self._constants = evidence, constants
        self._sums = np.zeros(4)

    def add(self, columns: Columns) -> None:
        """Add rows, with the columns of their type."""
        if not self._evidence.halved:
            return
        found = halves(self._evidence, columns, self._constants)
        if found is None:
            return
        one, other = found
        for chosen, seen in ((one, other), (other, one)):
            weight = np.maximum(chosen.odds, 0.0)
            expected = np.where(weight > 0, seen.expected, 0.0)
            self._sums += (
                weight @ seen.observed,
                weight**2 @ seen.observed,
                weight @ expected,
                expected.sum(),
            )

    def trust(self) -> int:
        """Return the trust of the track in thousandths: that of its type, 0, or 100 to 1000."""
        if self._evidence.trust is not None:
            return self._evidence.trust
        observed, squares, expected, number = self._sums.tolist()
        least = observed - ERRORS * sqrt(squares)
        if least <= expected:
            return LITTLE if number < LEAST_EXPECTED else 0
        full = log(self._evidence.chance.full_lift)
        lift = least / expected if expected > 0 else self._evidence.chance.full_lift
        trust = min(round(1000 * log(lift) / full), 1000)
        return trust if trust >= LEAST_TRUST else 0
