"""What a text has said so far, as a distribution over what it says next.

A linear mixture (Kuhn, De Mori 1990), from the text's tokens at large up to what followed its last two
tokens wherever they stood before.
"""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SHARES = (0.1, 0.1, 0.2)
"""Of a distribution, what goes to what the text has said: anywhere, after its last token, after its
last two."""


class PromptCache:
    """Counts of a text's tokens, by up to two tokens before them."""

    def __init__(self) -> None:
        self._followed: dict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
        self._last: tuple[int, ...] = ()

    def add(self, token: int) -> None:
        """Go on with a token, -1 for one that nothing is known of."""
        if token < 0:
            self.break_off()
            return
        for before in self._ends():
            self._followed[before][token] += 1
        self._last = (*self._last, token)[1 - len(SHARES) :]

    def break_off(self) -> None:
        """Go on elsewhere: what comes next did not follow what came last."""
        self._last = ()

    def mixed(self, shares: Floats) -> Floats:
        """Return a distribution with what the text has said mixed in."""
        for share, before in zip(SHARES, self._ends(), strict=False):
            said = self._followed.get(before)
            if said:
                shares = shares * (1 - share)
                shares[list(said)] += share * np.array([*said.values()]) / said.total()
        return shares

    def _ends(self) -> list[tuple[int, ...]]:
        return [self._last[len(self._last) - order :] for order in range(len(self._last) + 1)]
