"""Soft counts of contexts, against plain Python over the same places."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from hartonomous.extract import context_counts
from hartonomous.extract.context_counts import ALONE, LISTED, ExpectationCounter, listed
from hartonomous.schema import MICRO, ORDERS

N = 12


@pytest.fixture(autouse=True)
def _nothing_pruned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context_counts, "LEAST_SHARE", (0.0,) * 5)
    monkeypatch.setattr(context_counts, "LEAST_SHARE_ALONE", 0.0)


def following(rng: np.random.Generator, places: int) -> tuple[np.ndarray, np.ndarray]:
    ends = np.full((places, LISTED), -1, dtype=np.int32)
    shares = np.zeros((places, LISTED), dtype=np.float32)
    for place in range(places):
        count = rng.integers(1, 5)
        ends[place, :count] = rng.choice(N, count, replace=False)
        shares[place, :count] = rng.dirichlet(np.ones(count + 1))[:count]
    return ends, shares


def test_counts_are_those_of_plain_python(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context_counts, "BLOCK", 7)
    counter = ExpectationCounter(N)
    n: dict[tuple[int, ...], int] = defaultdict(int)
    weight: dict[tuple[tuple[int, ...], int], int] = defaultdict(int)
    for _ in range(6):
        tokens = rng.integers(-1, 5, 20)
        ends, shares = following(rng, 20)
        counter.read(tokens, listed(ends, shares), first=3)
        for place in range(3, 20):
            for order in range(ORDERS + 1):
                context = tuple(tokens[max(0, place - order + 1) : place + 1].tolist())
                if len(context) < order or -1 in context or tokens[place] < 0:
                    continue
                context = context if order else ()
                n[context] += 1
                for token, share in zip(ends[place], shares[place], strict=True):
                    if token >= 0 and context != (token,):
                        weight[context, int(token)] += int(np.rint(MICRO * share))
    ends, shares = following(rng, N)
    counter.alone(np.arange(N), listed(ends, shares))
    for token in range(N):
        n[token,] += ALONE
        for end, share in zip(ends[token], shares[token], strict=True):
            if end >= 0 and end != token:
                weight[(token,), int(end)] += ALONE * int(np.rint(MICRO * share))

    found = counter.counted()

    def context_of(start: int) -> tuple[int, ...]:
        if start < N:
            return (start,)
        return tuple(token for token in found.contexts[start - N].tolist() if token >= 0)

    assert {context_of(s): int(c) for s, c in zip(found.visited, found.n, strict=True)} == n
    pairs = zip(found.start, found.end, found.weight, strict=True)
    assert {(context_of(s), int(e)): int(w) for s, e, w in pairs} == weight
    assert (np.diff(found.start * N + found.end) > 0).all()
    stored = defaultdict(int)
    for (context, _), value in weight.items():
        stored[context] += value
    for start, count, mass in zip(found.visited, found.n, found.mass, strict=True):
        assert mass == max(0, count * MICRO - stored[context_of(start)])


def test_what_is_pruned_is_missing_mass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context_counts, "LEAST_SHARE", (0.0, 0.2, 0.2, 0.2, 0.2))
    counter = ExpectationCounter(N)
    ends = np.array([[5, 6], [5, 6]], dtype=np.int32)
    shares = np.array([[0.7, 0.1], [0.7, 0.1]], dtype=np.float32)
    counter.read(np.array([1, 2]), listed(ends, shares))
    found = counter.counted()
    row = found.visited.tolist().index(1)
    assert (found.n[row], found.mass[row]) == (1, 300_000)
    assert found.end[found.start == 1].tolist() == [5]


def test_a_token_that_follows_itself_is_missing_mass() -> None:
    counter = ExpectationCounter(N)
    expected = listed(np.array([[5, 6]], dtype=np.int32), np.array([[0.6, 0.3]], dtype=np.float32))
    counter.alone(np.array([5]), expected)
    counter.read(np.array([5]), expected)
    found = counter.counted()
    row = found.visited.tolist().index(5)
    of_token = found.start == 5
    assert found.end[of_token].tolist() == [6]
    assert found.n[row] * MICRO == found.weight[of_token].sum() + found.mass[row]
    anything = found.start == found.visited[found.visited >= N][0]
    assert found.end[anything].tolist() == [5, 6]


def test_nothing_read_counts_nothing() -> None:
    found = ExpectationCounter(N).counted()
    assert len(found.contexts) == len(found.start) == len(found.visited) == 0


def test_a_text_of_no_tokens_counts_nothing(rng: np.random.Generator) -> None:
    counter = ExpectationCounter(N)
    counter.read(np.empty(0, dtype=np.int64), listed(*following(rng, 0)))
    found = counter.counted()
    assert len(found.contexts) == len(found.start) == 0
