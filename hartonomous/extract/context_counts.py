"""Context counts: contexts of up to four tokens, with soft counts of the next tokens by a model.

A soft count is the sum of a next token's probability over the visits to its context. Contexts of
one token are the tokens themselves; the empty context counts every position. Pruned probability,
and that of tokens that are not compositions, is stored as one number per context: its missing mass.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hartonomous.schema import MICRO, ORDERS

Ints = NDArray[np.int64]

LISTED = 64
"""Most probable next tokens taken at each position."""

LEAST_LISTED = 0.001
"""Probability below which a next token is not taken, however few there are."""

LEAST_SHARE = (0.000001, 0.00001, 0.008, 0.02, 0.02)
"""Share of a context's visits, by its order, that a soft count has to reach to be stored: all
contexts back off to single tokens, whose counts are stored almost completely.
"""

LEAST_SHARE_ALONE = 0.005
"""The same for tokens that were only run alone: their smallest counts are hardly ever used."""

ALONE = 3
"""Visits that running a token alone counts for."""


BLOCK = 1 << 16
"""Positions that are summed at once."""


@dataclass(frozen=True)
class Expectations:
    """Counts over a vocabulary of N tokens.

    `contexts` is (c, ORDERS) int64, the tokens of each context oldest first, -1 before its first; a
    start is token i for i < N, else contexts[i - N]. `visited`, `n`, `mass` (micro-units) are
    (starts,) int64; `start`, `end`, `times`, `weight` (micro-units) are (pairs,) int64, sorted by
    (start, end), `end` a token.
    """

    contexts: NDArray[np.int64]
    visited: Ints
    n: Ints
    mass: Ints
    start: Ints
    end: Ints
    times: Ints
    weight: Ints


@dataclass(frozen=True)
class Listed:
    """Next-token probabilities at t positions: entries of position i are bounds[i] to bounds[i +
    1].

    `bounds` (t + 1,) int64; `ends` (m,) int32, the tokens; `shares` (m,) int32, their probabilities
    in micro-units.
    """

    bounds: Ints
    ends: NDArray[np.int32]
    shares: NDArray[np.int32]

    def take(self, places: Ints) -> Listed:
        """Return the entries of some positions (m,) int64, in their order."""
        lengths = np.diff(self.bounds)[places]
        bounds = np.concatenate([[0], np.cumsum(lengths)])
        entries = np.repeat(self.bounds[places] - bounds[:-1], lengths) + np.arange(bounds[-1])
        return Listed(bounds, self.ends[entries], self.shares[entries])


def listed(ends: NDArray[np.int32], shares: NDArray[np.float32]) -> Listed:
    """Return the entries of (t, columns) tokens and probabilities in [0, 1]; tokens of -1 are
    missing.
    """
    there = ends >= 0
    bounds = np.concatenate([[0], np.cumsum(there.sum(axis=1))]).astype(np.int64)
    micro = np.rint(MICRO * np.clip(shares[there], 0.0, 1.0)).astype(np.int32)
    return Listed(bounds, ends[there], micro)


def joined(parts: Sequence[Listed]) -> Listed:
    """Return the positions of several parts, one after the other."""
    ends = np.concatenate([np.empty(0, np.int32), *(part.ends for part in parts)])
    shares = np.concatenate([np.empty(0, np.int32), *(part.shares for part in parts)])
    lengths = np.concatenate([np.empty(0, np.int64), *(np.diff(part.bounds) for part in parts)])
    return Listed(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64), ends, shares)


@dataclass
class ExpectationCounter:
    """Collects positions of texts, then counts them order by order."""

    vocabulary: int
    _windows: list[Ints] = field(default_factory=list)
    _listed: list[Listed] = field(default_factory=list)
    _alone: list[tuple[Ints, Listed]] = field(default_factory=list)

    def read(self, tokens: Ints, expected: Listed, first: int = 0) -> None:
        """Add a text: `tokens` (t,) int64, -1 for what is not a composition, and the next-token
        probabilities after each.

        Positions before `first` were added with the previous text and are context only. A text may
        be empty: a model may end its text at once.
        """
        if not len(tokens):
            return
        padded = np.concatenate([np.full(ORDERS - 1, -1, dtype=np.int64), tokens])
        windows = np.lib.stride_tricks.sliding_window_view(padded, ORDERS).copy()
        # A gap ends a context: no token before it may remain.
        for place in range(ORDERS - 2, -1, -1):
            windows[windows[:, place + 1] < 0, place] = -1
        keep = windows[:, -1] >= 0
        keep[:first] = False
        self._windows.append(windows[keep])
        self._listed.append(expected.take(np.flatnonzero(keep)))

    def alone(self, tokens: Ints, expected: Listed) -> None:
        """Add tokens (t,) int64 that were run alone, and the next-token probabilities after each."""
        self._alone.append((tokens, expected))

    def counted(self) -> Expectations:
        """Return the counts of all added texts."""
        windows = np.concatenate([np.empty((0, ORDERS), np.int64), *self._windows])
        expected = joined(self._listed)
        contexts: list[Ints] = []
        parts: list[tuple[Ints, ...]] = []
        offset = self.vocabulary
        for order in range(ORDERS + 1):
            inside = windows[:, ORDERS - order] >= 0 if order else np.ones(len(windows), bool)
            places = np.flatnonzero(inside)
            if order == 1:
                parts.append(self._single(windows[places, -1], expected.take(places)))
                continue
            own = np.full((len(places), ORDERS), -1, dtype=np.int64)
            own[:, ORDERS - order :] = windows[places, ORDERS - order :]
            unique, number = np.unique(own, axis=0, return_inverse=True)
            contexts.append(unique)
            visits = _Visits(
                number.ravel().astype(np.int64),
                np.ones(len(places), dtype=np.int64),
                expected.take(places),
            )
            least = np.full(len(unique), LEAST_SHARE[order])
            parts.append(_summed(visits, least, self.vocabulary, offset))
            offset += len(unique)
        return _in_order(np.concatenate(contexts), parts, self.vocabulary)

    def _single(self, tokens: Ints, expected: Listed) -> tuple[Ints, ...]:
        alone = [tokens for tokens, _ in self._alone]
        visits = _Visits(
            np.concatenate([tokens, *alone]),
            np.concatenate([np.ones(len(tokens)), *(np.full(len(t), ALONE) for t in alone)]).astype(
                np.int64
            ),
            joined([expected, *(listed for _, listed in self._alone)]),
        )
        least = np.full(self.vocabulary, LEAST_SHARE_ALONE)
        least[tokens] = LEAST_SHARE[1]
        return _summed(visits, least, self.vocabulary, 0)


@dataclass(frozen=True)
class _Visits:
    """Positions of one order: the number of each one's context, its weight, and its entries."""

    start: Ints
    times: Ints
    expected: Listed

    def blocks(self) -> Iterator[_Visits]:
        """Yield the positions by ascending context, no context in two blocks, so that sums fit into
        memory.
        """
        order = np.argsort(self.start, kind="stable")
        starts = self.start[order]
        first = 0
        while first < len(order):
            last = starts[min(first + BLOCK, len(order)) - 1]
            end = int(np.searchsorted(starts, last, side="right"))
            places = order[first:end]
            yield _Visits(self.start[places], self.times[places], self.expected.take(places))
            first = end


def _summed(
    visits: _Visits, least: NDArray[np.float64], vocabulary: int, offset: int
) -> tuple[Ints, ...]:
    """Return visited, n, mass and start, end, times, weight of one order's positions."""
    blocks = [_summed_block(block, least, vocabulary, offset) for block in visits.blocks()]
    nothing = (np.empty(0, dtype=np.int64),) * 7
    return tuple(np.concatenate(column) for column in zip(*(blocks or [nothing]), strict=True))


def _summed_block(
    visits: _Visits, least: NDArray[np.float64], vocabulary: int, offset: int
) -> tuple[Ints, ...]:
    visited, place = np.unique(visits.start, return_inverse=True)
    n = np.bincount(place, visits.times, len(visited)).astype(np.int64)
    row = np.repeat(np.arange(len(place)), np.diff(visits.expected.bounds))
    pair, number = np.unique(place[row] * vocabulary + visits.expected.ends, return_inverse=True)
    times = visits.times[row]
    counted = np.bincount(number, times, len(pair)).astype(np.int64)
    # Sums stay far below 2**53, where float64 begins to round.
    weight = np.bincount(number, times * visits.expected.shares, len(pair)).astype(np.int64)
    begin, end = pair // vocabulary, pair % vocabulary
    starts = visited + offset
    # A relation joins two compositions: a token's probability after itself is missing mass, like
    # rare tokens.
    kept = (weight >= least[visited[begin]] * MICRO * n[begin]) & (starts[begin] != end)
    begin, end, counted, weight = begin[kept], end[kept], counted[kept], weight[kept]
    stored = np.bincount(begin, weight, len(visited)).astype(np.int64)
    mass = np.maximum(0, n * MICRO - stored)
    return starts, n, mass, starts[begin], end, counted, weight


def _in_order(contexts: Ints, parts: list[tuple[Ints, ...]], vocabulary: int) -> Expectations:
    """Return the counts of all orders, starts ascending: tokens first, then contexts."""
    parts = sorted(parts, key=lambda part: int(part[0][0]) if len(part[0]) else vocabulary)
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    pairs = np.lexsort((columns[4], columns[3]))
    visits = np.argsort(columns[0])
    return Expectations(
        contexts, *(c[visits] for c in columns[:3]), *(c[pairs] for c in columns[3:])
    )  # fmt: skip
