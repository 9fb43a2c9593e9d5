"""Soft counts of contexts, against plain Python over the same places."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from hartonomous.extract import counting
from hartonomous.extract.counting import ALONE, LISTED, ORDERS, ExpectationCounter
from hartonomous.schema import MICRO

N = 12


@pytest.fixture(autouse=True)
def _nothing_pruned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "LEAST_SHARE", (0.0,) * 5)
    monkeypatch.setattr(counting, "LEAST_SHARE_ALONE", 0.0)


def following(rng: np.random.Generator, places: int) -> tuple[np.ndarray, np.ndarray]:
    listed = np.full((places, LISTED), -1, dtype=np.int32)
    shares = np.zeros((places, LISTED), dtype=np.float32)
    for place in range(places):
        count = rng.integers(1, 5)
        listed[place, :count] = rng.choice(N, count, replace=False)
        shares[place, :count] = rng.dirichlet(np.ones(count + 1))[:count]
    return listed, shares


def test_counts_are_those_of_plain_python(rng: np.random.Generator) -> None:
    counter = ExpectationCounter(N)
    n: dict[tuple[int, ...], int] = defaultdict(int)
    weight: dict[tuple[tuple[int, ...], int], int] = defaultdict(int)
    for _ in range(6):
        tokens = rng.integers(-1, 5, 20)
        listed, shares = following(rng, 20)
        counter.read(tokens, listed, shares, first=3)
        for place in range(3, 20):
            for order in range(ORDERS + 1):
                context = tuple(tokens[max(0, place - order + 1) : place + 1].tolist())
                if len(context) < order or -1 in context or tokens[place] < 0:
                    continue
                context = context if order else ()
                n[context] += 1
                for token, share in zip(listed[place], shares[place], strict=True):
                    if token >= 0:
                        weight[context, int(token)] += int(np.rint(MICRO * share))
    listed, shares = following(rng, N)
    counter.alone(np.arange(N), listed, shares)
    for token in range(N):
        n[token,] += ALONE
        for end, share in zip(listed[token], shares[token], strict=True):
            if end >= 0:
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
    monkeypatch.setattr(counting, "LEAST_SHARE", (0.0, 0.2, 0.2, 0.2, 0.2))
    counter = ExpectationCounter(N)
    listed = np.full((2, LISTED), -1, dtype=np.int32)
    shares = np.zeros((2, LISTED), dtype=np.float32)
    listed[:, :2], shares[:, :2] = [5, 6], [0.7, 0.1]
    counter.read(np.array([1, 2]), listed, shares)
    found = counter.counted()
    row = found.visited.tolist().index(1)
    assert (found.n[row], found.mass[row]) == (1, 300_000)
    assert found.end[found.start == 1].tolist() == [5]


def test_nothing_read_counts_nothing() -> None:
    found = ExpectationCounter(N).counted()
    assert len(found.contexts) == len(found.start) == len(found.visited) == 0
