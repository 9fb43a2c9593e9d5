"""Prompt cache: the distribution of a text's own tokens, mixed into the next-token distribution.

A linear mixture (Kuhn, De Mori 1990) of the text's tokens at large, and the continuations of its
last token and of its last two tokens earlier in the text.
"""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SHARES = (0.1, 0.1, 0.2)
"""Shares of a distribution given to the text's tokens: anywhere, after its last token, after its
last two.
"""


class PromptCache:
    """Counts of a text's tokens, by up to two tokens before them."""

    def __init__(self) -> None:
        self._followed: dict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
        self._last: tuple[int, ...] = ()

    def add(self, token: int) -> None:
        """Append a token, -1 for an unknown one."""
        if token < 0:
            self.break_off()
            return
        for before in self._ends():
            self._followed[before][token] += 1
        self._last = (*self._last, token)[1 - len(SHARES) :]

    def break_off(self) -> None:
        """Start a new passage: the next token does not follow the last one."""
        self._last = ()

    def mixed(self, shares: Floats) -> Floats:
        """Return a distribution with the text's own mixed in; `shares` and the result are (N,)
        float64, sums 1.
        """
        for share, before in zip(SHARES, self._ends(), strict=False):
            said = self._followed.get(before)
            if said:
                shares = shares * (1 - share)
                shares[list(said)] += share * np.array([*said.values()]) / said.total()
        return shares

    def _ends(self) -> list[tuple[int, ...]]:
        return [self._last[len(self._last) - order :] for order in range(len(self._last) + 1)]
