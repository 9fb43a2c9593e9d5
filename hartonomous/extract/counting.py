"""What a model expects next, counted: contexts of up to four tokens, with soft counts of what follows.

A soft count is the sum of a next token's probability over the times its context was read. Contexts
of one token are the tokens themselves; the context of none holds what follows anything. What is
pruned, or falls on what is no composition, is kept as one number a context: its missing mass.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hartonomous.schema import MICRO

Ints = NDArray[np.int64]

ORDERS = 4
"""Longest context, in tokens."""

LISTED = 64
"""Most likely next tokens taken at each place."""

LEAST_LISTED = 0.001
"""Probability below which a next token is not taken, however few there are."""

LEAST_SHARE = (0.00001, 0.002, 0.01, 0.01, 0.01)
"""Share of a context's visits, by its order, that a soft count must reach to be stored."""

LEAST_SHARE_ALONE = 0.003
"""The same for tokens that were only run alone."""

ALONE = 3
"""Visits that running a token alone counts for."""


@dataclass(frozen=True)
class Expectations:
    """What was counted, over a vocabulary of N tokens.

    `contexts` is (c, ORDERS), the tokens of each context oldest first, -1 before its first; starts
    are token i for i < N and contexts[i - N] from there. `visited`, `n`, `mass` are a row a start;
    `start`, `end`, `times`, `weight` a row a pair, sorted by (start, end), `end` a token.
    """

    contexts: NDArray[np.int64]
    visited: Ints
    n: Ints
    mass: Ints
    start: Ints
    end: Ints
    times: Ints
    weight: Ints


@dataclass
class ExpectationCounter:
    """Collects places of texts, then counts them order by order."""

    vocabulary: int
    _windows: list[Ints] = field(default_factory=list)
    _listed: list[NDArray[np.int32]] = field(default_factory=list)
    _shares: list[NDArray[np.int32]] = field(default_factory=list)
    _alone: list[tuple[Ints, NDArray[np.int32], NDArray[np.int32]]] = field(default_factory=list)

    def read(
        self, tokens: Ints, listed: NDArray[np.int32], shares: NDArray[np.float32], first: int = 0
    ) -> None:
        """Take in a text: `tokens` (t,), -1 for what is no composition, and what follows each.

        `listed` and `shares` are (t, LISTED), -1 where fewer follow. Places before `first` were
        taken in with the text before this one and are context only.
        """
        padded = np.concatenate([np.full(ORDERS - 1, -1, dtype=np.int64), tokens])
        windows = np.lib.stride_tricks.sliding_window_view(padded, ORDERS).copy()
        # A gap ends a context: nothing before it may stay.
        for place in range(ORDERS - 2, -1, -1):
            windows[windows[:, place + 1] < 0, place] = -1
        keep = windows[:, -1] >= 0
        keep[:first] = False
        self._windows.append(windows[keep])
        self._listed.append(listed[keep])
        self._shares.append(_micro(shares[keep]))

    def alone(self, tokens: Ints, listed: NDArray[np.int32], shares: NDArray[np.float32]) -> None:
        """Take in tokens that were run alone, (t,), and what follows each."""
        self._alone.append((tokens, listed, _micro(shares)))

    def counted(self) -> Expectations:
        """Return the counts of everything taken in."""
        windows = np.concatenate([np.empty((0, ORDERS), np.int64), *self._windows])
        nothing = np.empty((0, LISTED), np.int32)
        listed = np.concatenate([nothing, *self._listed])
        shares = np.concatenate([nothing, *self._shares])
        contexts: list[Ints] = []
        parts: list[tuple[Ints, ...]] = []
        offset = self.vocabulary
        for order in range(ORDERS + 1):
            inside = windows[:, ORDERS - order] >= 0 if order else np.ones(len(windows), bool)
            seen = windows[inside]
            if order == 1:
                parts.append(self._single(seen[:, -1], listed[inside], shares[inside]))
                continue
            own = np.full((len(seen), ORDERS), -1, dtype=np.int64)
            own[:, ORDERS - order :] = seen[:, ORDERS - order :]
            unique, number = np.unique(own, axis=0, return_inverse=True)
            contexts.append(unique)
            times = np.ones(len(seen), dtype=np.int64)
            least = np.full(len(unique), LEAST_SHARE[order])
            start = number.ravel().astype(np.int64)
            parts.append(
                _summed(
                    start, times, listed[inside], shares[inside], least, self.vocabulary, offset
                )
            )
            offset += len(unique)
        return _in_order(np.concatenate(contexts), parts, self.vocabulary)

    def _single(
        self, tokens: Ints, listed: NDArray[np.int32], shares: NDArray[np.int32]
    ) -> tuple[Ints, ...]:
        times = np.concatenate(
            [np.ones(len(tokens)), *(np.full(len(alone), ALONE) for alone, _, _ in self._alone)]
        )
        least = np.full(self.vocabulary, LEAST_SHARE_ALONE)
        least[tokens] = LEAST_SHARE[1]
        return _summed(
            np.concatenate([tokens, *(t for t, _, _ in self._alone)]),
            times.astype(np.int64),
            np.concatenate([listed, *(following for _, following, _ in self._alone)]),
            np.concatenate([shares, *(share for _, _, share in self._alone)]),
            least,
            self.vocabulary,
            0,
        )


def _micro(shares: NDArray[np.float32]) -> NDArray[np.int32]:
    return np.rint(MICRO * np.clip(shares, 0.0, 1.0)).astype(np.int32)


def _summed(
    start: Ints,
    times: Ints,
    listed: NDArray[np.int32],
    shares: NDArray[np.int32],
    least: NDArray[np.float64],
    vocabulary: int,
    offset: int,
) -> tuple[Ints, ...]:
    """Return visited, n, mass and start, end, times, weight of one order's places."""
    visited, place = np.unique(start, return_inverse=True)
    n = np.bincount(place, times, len(visited)).astype(np.int64)
    row, column = np.nonzero(listed >= 0)
    pair = place[row] * vocabulary + listed[row, column]
    order = np.argsort(pair, kind="stable")
    pair = pair[order]
    first = np.flatnonzero(np.diff(pair, prepend=-1))
    if len(first):
        counted = np.add.reduceat(times[row][order], first)
        weight = np.add.reduceat((times[row] * shares[row, column].astype(np.int64))[order], first)
    else:
        counted = weight = pair
    begin, end = pair[first] // vocabulary, pair[first] % vocabulary
    kept = weight >= least[visited[begin]] * MICRO * n[begin]
    begin, end, counted, weight = begin[kept], end[kept], counted[kept], weight[kept]
    stored = np.bincount(begin, weight, len(visited)).astype(np.int64)
    mass = np.maximum(0, n * MICRO - stored)
    starts = visited + offset
    return starts, n, mass, starts[begin], end, counted, weight


def _in_order(contexts: Ints, parts: list[tuple[Ints, ...]], vocabulary: int) -> Expectations:
    """Return the orders' counts put together, starts ascending: tokens first, then contexts."""
    parts = sorted(parts, key=lambda part: int(part[0][0]) if len(part[0]) else vocabulary)
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    pairs = np.lexsort((columns[4], columns[3]))
    visits = np.argsort(columns[0])
    return Expectations(
        contexts, *(c[visits] for c in columns[:3]), *(c[pairs] for c in columns[3:])
    )  # fmt: skip
