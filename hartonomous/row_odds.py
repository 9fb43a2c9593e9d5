"""Odds of rows against chance: the arithmetic of the null models, by the columns of a type.

A null model names its functions here: `odds(columns, constants)` returns the log-odds of rows in
decades, (rows,) float64; `impossible`, of the same arguments, the mask (rows,) bool of rows whose
counts contradict each other; `halves` both halves of the observations. The formulas are those of
hartonomous.odds.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pkgutil import resolve_name
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hartonomous import odds
from hartonomous.schema import MICRO, EvidenceType, TrackConstants

Columns = Mapping[str, NDArray[Any]]
"""Columns of evidence rows, (rows,) each."""

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


MOST_EFFECT = 5000
"""Thousandths from which on an effect says no more: groups so far apart overlap by a hundredth."""


class Half(NamedTuple):
    """One half of the observations of rows, (rows,) float64 each.

    The odds that it gives a pair by itself, how often it observed it, and how often by chance.
    """

    odds: Floats
    observed: Floats
    expected: Floats


def support(
    evidence: EvidenceType, columns: Columns, constants: TrackConstants
) -> NDArray[np.int32]:
    """Return the support of rows by the null model of their type, (rows,) int32 milli-decades."""
    decades = _function(evidence.chance.odds)(columns, constants)
    return np.asarray(np.rint(1000 * decades), dtype=np.int32)


def wrong_support(evidence: EvidenceType, columns: Columns, constants: TrackConstants) -> Mask:
    """Return the mask (rows,) of rows that contradict themselves: impossible counts, or a support
    that these do not give.
    """
    wrong = _function(evidence.chance.impossible)(columns, constants)
    meant = support(evidence, columns, constants).astype(np.int64)
    away = np.abs(columns["support"].astype(np.int64) - meant) > odds.ROUNDING
    if evidence.halved:
        half = columns["half"]
        away |= (half < 0) | (half > columns["n"])
    return np.asarray(wrong | away)


def halves(
    evidence: EvidenceType, columns: Columns, constants: TrackConstants
) -> tuple[Half, Half] | None:
    """Return both halves of the observations of rows; None where the rows do not tell them."""
    if evidence.chance.halves is None:
        return None
    one, other = _function(evidence.chance.halves)(columns, constants)
    return one, other


@cache
def _function(name: str) -> Any:
    return resolve_name(name)


def _floats(columns: Columns, *names: str) -> list[Floats]:
    return [columns[name].astype(np.float64) for name in names]


def listed(columns: Columns, constants: TrackConstants) -> Floats:
    directed, rank = columns["directed"].astype(np.int64), columns["rank"].astype(np.int64)
    k, vocabulary = constants.k, constants.vocabulary
    positions = max(int(constants.positions), 1)
    return odds.meant_support(directed, rank, positions, k, vocabulary) / 1000.0


def listed_impossible(columns: Columns, constants: TrackConstants) -> Mask:
    directed, rank = columns["directed"].astype(np.int64), columns["rank"].astype(np.int64)
    least, most = odds.ranks_within(directed, max(constants.k, 1))
    return np.asarray((rank < least) | (rank > most))


def listed_one_way(columns: Columns, constants: TrackConstants) -> Floats:
    (n,) = _floats(columns, "n")
    return odds.listed_alone(n, constants.positions, constants.k, constants.vocabulary)


def listed_one_way_halves(columns: Columns, constants: TrackConstants) -> tuple[Half, Half]:
    n, first = _floats(columns, "n", "half")
    even = np.ceil(constants.positions / 2)
    return (
        _promoted_half(first, constants._replace(positions=even)),
        _promoted_half(n - first, constants._replace(positions=constants.positions - even)),
    )


def _promoted_half(n: Floats, constants: TrackConstants) -> Half:
    chance = odds.chance(max(constants.k, 1), constants.vocabulary)
    expected = np.full(len(n), constants.positions * chance)
    return Half(listed_one_way({"n": n}, constants), n, expected)


def listed_across(columns: Columns, constants: TrackConstants) -> Floats:
    forward, backward, start, end = _floats(
        columns, "forward", "backward", "start_choices", "end_choices"
    )
    k = max(constants.k, 1)
    chances = tuple(np.clip(k / np.maximum(one, 1), 1e-12, 0.5) for one in (start, end))
    return odds.listed_across(
        forward, backward, (chances[0], chances[1]), max(constants.positions, 1)
    )


def listed_across_impossible(columns: Columns, constants: TrackConstants) -> Mask:
    n, forward, backward = columns["n"], columns["forward"], columns["backward"]
    outside = (forward < 0) | (backward < 0) | (forward > n) | (backward > n)
    few = (columns["start_choices"] < 1) | (columns["end_choices"] < 1)
    return np.asarray(outside | few | (forward + backward < n))


def _margins_impossible(observed: Floats, columns: Columns, constants: TrackConstants) -> Mask:
    start, end = _floats(columns, "start_n", "end_n")
    total = constants.total
    return np.asarray((observed > start) | (observed > end) | (start > total) | (end > total))


def independent(columns: Columns, constants: TrackConstants) -> Floats:
    n, start, end = _floats(columns, "n", "start_n", "end_n")
    return odds.independence(n, start, end, constants.total)


def independent_halves(columns: Columns, constants: TrackConstants) -> tuple[Half, Half]:
    start, end, first, n = _floats(columns, "start_n", "end_n", "half", "n")
    start, end, total = start / 2, end / 2, constants.total / 2
    expected = start * end / max(total, 1.0)
    # A half may have more than half of what it is counted among.
    one, other = (
        Half(
            odds.independence(seen, np.maximum(start, seen), np.maximum(end, seen), total),
            seen,
            expected,
        )
        for seen in (first, n - first)
    )
    return one, other


def expected(columns: Columns, constants: TrackConstants) -> Floats:
    weight, start, end = _floats(columns, "weight", "start_n", "end_n")
    return odds.independence(weight / MICRO, start, end, constants.total)


def ordered(columns: Columns, constants: TrackConstants) -> Floats:
    return odds.order(*_floats(columns, "n", "converse"))


def ordered_halves(columns: Columns, constants: TrackConstants) -> tuple[Half, Half]:
    n, converse, first, first_converse = _floats(columns, "n", "converse", "half", "converse_half")
    one, other = (
        Half(odds.order(this, that), this, (this + that) / 2)
        for this, that in ((first, first_converse), (n - first, converse - first_converse))
    )
    return one, other


def listed_one_way_impossible(columns: Columns, constants: TrackConstants) -> Mask:
    return np.asarray(columns["n"] > max(constants.positions, 1))


def independent_impossible(columns: Columns, constants: TrackConstants) -> Mask:
    return _margins_impossible(_floats(columns, "n")[0], columns, constants)


def expected_impossible(columns: Columns, constants: TrackConstants) -> Mask:
    return _margins_impossible(_floats(columns, "weight")[0] / MICRO, columns, constants)


def ordered_impossible(columns: Columns, constants: TrackConstants) -> Mask:
    converse, half = columns["converse"], columns["converse_half"]
    return np.asarray((converse < 0) | (half < 0) | (half > converse))


def judged(columns: Columns, constants: TrackConstants) -> Floats:
    return odds.judged(*_floats(columns, "n", "against"))


def judged_impossible(columns: Columns, constants: TrackConstants) -> Mask:
    return np.asarray(columns["weight"] != columns["n"].astype(np.int64) * MICRO)


def effect(columns: Columns, constants: TrackConstants) -> Floats:
    g, error = _floats(columns, "effect", "error")
    return odds.effect(g / 1000, error / 1000, constants.total)


def effect_impossible(columns: Columns, constants: TrackConstants) -> Mask:
    g, error, spread = columns["effect"], columns["error"], columns["spread"]
    return np.asarray((np.abs(g) > MOST_EFFECT) | (error < 0) | (spread < 0))
