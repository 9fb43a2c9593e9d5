"""Null models: what chance alone would give a pair, for each way of observing one.

Each is one record: its formula with its source, the columns it needs, and the arithmetic, which is
that of hartonomous.odds. An evidence type names one; `support` and `wrong_support` serve whoever
writes or checks rows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hartonomous import odds
from hartonomous.schema.record_classes import (
    Column,
    Columns,
    EvidenceType,
    NullModel,
    TrackConstants,
)

MICRO = 1_000_000
"""One weight of 1.0, in the integer units that evidence adds up."""

SUPPORT = Column("support", "int32", "log-odds against chance, in milli-decades")

HALF = Column("half", "int32", "of n, those in the first half of the source's observations")

START_N = Column("start_n", "int64", "observations of pairs with this start, or of it in all")
END_N = Column("end_n", "int64", "observations of pairs with this end, or of it in all")

Halves = tuple[tuple[Columns, TrackConstants], tuple[Columns, TrackConstants]]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


def support(
    evidence: EvidenceType, columns: Columns, constants: TrackConstants
) -> NDArray[np.int32]:
    """Return the support of rows by the null model of their type, (rows,) int32 milli-decades."""
    decades = evidence.chance.odds(columns, constants)
    return np.asarray(np.rint(1000 * decades), dtype=np.int32)


def wrong_support(evidence: EvidenceType, columns: Columns, constants: TrackConstants) -> Mask:
    """Return the mask (rows,) of rows that contradict themselves: impossible counts, or a support
    that these do not give.
    """
    wrong = evidence.chance.impossible(columns, constants)
    meant = support(evidence, columns, constants).astype(np.int64)
    away = np.abs(columns["support"].astype(np.int64) - meant) > odds.ROUNDING
    if evidence.halved:
        half = columns["half"]
        away |= (half < 0) | (half > columns["n"])
    return np.asarray(wrong | away)


def _floats(columns: Columns, *names: str) -> list[Floats]:
    return [columns[name].astype(np.float64) for name in names]


def _listed(columns: Columns, constants: TrackConstants) -> Floats:
    directed, rank = columns["directed"].astype(np.int64), columns["rank"].astype(np.int64)
    k, vocabulary = constants.k, constants.vocabulary
    positions = max(int(constants.positions), 1)
    return odds.meant_support(directed, rank, positions, k, vocabulary) / 1000.0


def _listed_impossible(columns: Columns, constants: TrackConstants) -> Mask:
    directed, rank = columns["directed"].astype(np.int64), columns["rank"].astype(np.int64)
    least, most = odds.ranks_within(directed, max(constants.k, 1))
    return np.asarray((rank < least) | (rank > most))


LISTED = NullModel(
    "listed",
    "log10((d + p) / (2P - d + 1 - p)) - log10(p / (1 - p)) + rank / d, p = k / (N - 1): d of 2P "
    "lists have the pair",
    "log-odds ratio with one observation at the rate of chance added",
    (
        Column("directed", "int32", "listings in the 2n directions; directed - n mutual"),
        Column("rank", "int32", "sum over directions of round(1000 log10((k + 1) / rank))"),
    ),
    _listed,
    _listed_impossible,
)


def _promoted(columns: Columns, constants: TrackConstants) -> Floats:
    (n,) = _floats(columns, "n")
    return odds.listed_alone(n, constants.positions, constants.k, constants.vocabulary)


def _promoted_halves(columns: Columns, constants: TrackConstants) -> Halves:
    half = constants._replace(positions=max(constants.positions / 2, 1))
    first = {"n": columns["half"]}
    return (first, half), ({"n": columns["n"] - columns["half"]}, half)


LISTED_ONE_WAY = NullModel(
    "listed one way",
    "log10((n + p) / (P - n + 1 - p)) - log10(p / (1 - p)), p = k / (N - 1): n of P lists of the "
    "start have the end",
    "as for vectors, with one direction",
    (),
    _promoted,
    lambda columns, constants: np.asarray(columns["n"] > max(constants.positions, 1)),
    _promoted_halves,
)


def _across(columns: Columns, constants: TrackConstants) -> Floats:
    forward, backward, start, end = _floats(
        columns, "forward", "backward", "start_choices", "end_choices"
    )
    k = max(constants.k, 1)
    chances = tuple(np.clip(k / np.maximum(one, 1), 1e-12, 0.5) for one in (start, end))
    return odds.listed_across(
        forward, backward, (chances[0], chances[1]), max(constants.positions, 1)
    )


def _across_impossible(columns: Columns, constants: TrackConstants) -> Mask:
    n, forward, backward = columns["n"], columns["forward"], columns["backward"]
    outside = (forward < 0) | (backward < 0) | (forward > n) | (backward > n)
    few = (columns["start_choices"] < 1) | (columns["end_choices"] < 1)
    return np.asarray(outside | few | (forward + backward < n))


LISTED_ACROSS = NullModel(
    "listed across",
    "log10((d + p) / (2P - d + 1 - p)) - log10(p / (1 - p)): d of 2P lists have the pair; p is the "
    "mean of k / choices of the sides that list it, each side choosing among its own candidates",
    "as for vectors, with a chance for each direction",
    (
        Column("forward", "int32", "lists of the start that have the end"),
        Column("backward", "int32", "lists of the end that have the start"),
        Column("start_choices", "int32", "candidates that the start's lists chose among"),
        Column("end_choices", "int32", "candidates that the end's lists chose among"),
    ),
    _across,
    _across_impossible,
)


def _margins_impossible(observed: Floats, columns: Columns, constants: TrackConstants) -> Mask:
    start, end = _floats(columns, "start_n", "end_n")
    total = constants.total
    over = (observed > start) | (observed > end) | (start > total) | (end > total)
    return np.asarray(over | (start + end - observed > total + 0.5))


def _independent(columns: Columns, constants: TrackConstants) -> Floats:
    n, start, end = _floats(columns, "n", "start_n", "end_n")
    return odds.independence(n, start, end, constants.total)


def _independent_halves(columns: Columns, constants: TrackConstants) -> Halves:
    start, end = (column / 2 for column in _floats(columns, "start_n", "end_n"))
    half = constants._replace(total=constants.total / 2)
    first, n = _floats(columns, "half", "n")
    # A half may have more than half of what it is counted among.
    parts = [
        {"n": one, "start_n": np.maximum(start, one), "end_n": np.maximum(end, one)}
        for one in (first, n - first)
    ]
    return (parts[0], half), (parts[1], half)


INDEPENDENT = NullModel(
    "independent",
    "sign(n - E) log10(1 + G2), E = start_n end_n / total, G2 = 2 sum(O ln(O / E)) over the two by "
    "two table",
    "Dunning 1993, log-likelihood ratio against independence",
    (START_N, END_N),
    _independent,
    lambda columns, constants: _margins_impossible(_floats(columns, "n")[0], columns, constants),
    _independent_halves,
)


def _expected(columns: Columns, constants: TrackConstants) -> Floats:
    weight, start, end = _floats(columns, "weight", "start_n", "end_n")
    return odds.independence(weight / MICRO, start, end, constants.total)


EXPECTED = NullModel(
    "expected",
    "as independent, of weight / 1e6, the sum of the probabilities, instead of n",
    "Dunning 1993, of expected counts",
    (START_N, END_N),
    _expected,
    lambda columns, constants: _margins_impossible(
        _floats(columns, "weight")[0] / MICRO, columns, constants
    ),
)


def _ordered(columns: Columns, constants: TrackConstants) -> Floats:
    return odds.order(*_floats(columns, "n", "converse"))


def _ordered_halves(columns: Columns, constants: TrackConstants) -> Halves:
    n, converse, first, first_converse = _floats(columns, "n", "converse", "half", "converse_half")
    return (
        ({"n": first, "converse": first_converse}, constants),
        ({"n": n - first, "converse": converse - first_converse}, constants),
    )


ORDERED = NullModel(
    "ordered",
    "log10(p / (1 - p)), p the bound nearer to one half of the interval of n / (n + converse), one "
    "standard error wide",
    "Wilson 1927, Probable Inference",
    (
        Column("converse", "int32", "times the same was observed the other way round"),
        Column("converse_half", "int32", "of these, those in the first half of the observations"),
    ),
    _ordered,
    lambda columns, constants: np.asarray(
        (columns["converse"] < 0)
        | (columns["converse_half"] < 0)
        | (columns["converse_half"] > columns["converse"])
    ),
    _ordered_halves,
)

SAME_SHAPE = NullModel(
    "same shape",
    "-log10(p / (1 - p)), p = (alike - 1) / (N - 1), at most one half",
    "the chance that another of N symbols has the shape too",
    (Column("alike", "int32", "symbols of the source with this shape, both ends included"),),
    lambda columns, constants: odds.shared_shape(
        columns["alike"].astype(np.float64), constants.vocabulary
    ),
    lambda columns, constants: np.asarray(
        (columns["alike"] < 2) | (columns["alike"] > max(constants.vocabulary, 2))
    ),
)

JUDGED = NullModel(
    "judged",
    "log10((n + 1/2) / (against + 1/2))",
    "Krichevsky and Trofimov 1981, of even chances",
    (Column("against", "int32", "times it was rejected, or observed to be otherwise"),),
    lambda columns, constants: odds.judged(*_floats(columns, "n", "against")),
    lambda columns, constants: np.asarray(
        columns["weight"] != columns["n"].astype(np.int64) * MICRO
    ),
)
