"""The order in which members of a class are looked up among its bases (C3, Barrett et al. 1996)."""

from __future__ import annotations

from collections.abc import Mapping


def method_order(bases: Mapping[int, list[int]]) -> dict[int, list[int]]:
    """Return for each class with bases the class and all it inherits from, nearest first.

    Where the bases contradict each other or go in a circle, depth first.

    >>> method_order({4: [2, 3], 3: [1], 2: [1]})[4]
    [4, 2, 3, 1]
    >>> method_order({1: [2], 2: [1]})[1]
    [1, 2]
    """
    known: dict[int, list[int]] = {}
    for one in bases:
        if one not in known:
            _order(one, bases, known)
    return {one: known[one] for one in bases}


def _order(start: int, bases: Mapping[int, list[int]], known: dict[int, list[int]]) -> None:
    waiting, open_ones = [start], set[int]()
    while waiting:
        one = waiting[-1]
        if one in known:
            waiting.pop()
            continue
        left = [base for base in bases.get(one, ()) if base not in known and base not in open_ones]
        if left and one not in open_ones:
            open_ones.add(one)
            waiting.extend(left)
            continue
        waiting.pop()
        own = [base for base in bases.get(one, ()) if base in known]
        known[one] = [one, *_merged([*(known[base] for base in own), own])]


def _merged(lists: list[list[int]]) -> list[int]:
    merged: list[int] = []
    rest = [list(one) for one in lists if one]
    while rest:
        tails = {base for one in rest for base in one[1:]}
        first = next((one[0] for one in rest if one[0] not in tails), rest[0][0])
        merged.append(first)
        rest = [[base for base in one if base != first] for one in rest]
        rest = [one for one in rest if one]
    return merged
