"""Null models: what chance alone would give a pair, for each way of observing one.

Each is one record: its formula with its source, the columns it needs, and the names of the functions
that reckon with them. An evidence type names one.
"""

from __future__ import annotations

from hartonomous.schema.record_classes import Column, NullModel

MICRO = 1_000_000
"""One weight of 1.0, in the integer units that evidence adds up."""

SUPPORT = Column("support", "int32", "log-odds against chance, in milli-decades")

HALF = Column("half", "int32", "of n, those in the first half of the source's observations")

START_N = Column("start_n", "int64", "observations of pairs with this start, or of it in all")
END_N = Column("end_n", "int64", "observations of pairs with this end, or of it in all")

LISTED = NullModel(
    "listed",
    "log10((d + p) / (2P - d + 1 - p)) - log10(p / (1 - p)) + rank / d, p = k / (N - 1): d of 2P "
    "lists have the pair",
    "log-odds ratio with one observation at the rate of chance added",
    (
        Column("directed", "int32", "listings in the 2n directions; directed - n mutual"),
        Column("rank", "int32", "sum over directions of round(1000 log10((k + 1) / rank))"),
    ),
    "hartonomous.row_odds:listed",
    "hartonomous.row_odds:listed_impossible",
)

LISTED_ONE_WAY = NullModel(
    "listed one way",
    "log10((n + p) / (P - n + 1 - p)) - log10(p / (1 - p)), p = k / (N - 1): n of P lists of the "
    "start have the end",
    "as for vectors, with one direction",
    (),
    "hartonomous.row_odds:listed_one_way",
    "hartonomous.row_odds:listed_one_way_impossible",
    "hartonomous.row_odds:listed_one_way_halves",
)

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
    "hartonomous.row_odds:listed_across",
    "hartonomous.row_odds:listed_across_impossible",
    adds_up=False,
)

INDEPENDENT = NullModel(
    "independent",
    "sign(n - E) log10(1 + G2), E = start_n end_n / total, G2 = 2 sum(O ln(O / E)) over the two by "
    "two table",
    "Dunning 1993, log-likelihood ratio against independence",
    (START_N, END_N),
    "hartonomous.row_odds:independent",
    "hartonomous.row_odds:independent_impossible",
    "hartonomous.row_odds:independent_halves",
    derived=("start_n", "end_n"),
)

EXPECTED = NullModel(
    "expected",
    "as independent, of weight / 1e6, the sum of the probabilities, instead of n",
    "Dunning 1993, of expected counts",
    (START_N, END_N),
    "hartonomous.row_odds:expected",
    "hartonomous.row_odds:expected_impossible",
    derived=("start_n", "end_n"),
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
    "hartonomous.row_odds:ordered",
    "hartonomous.row_odds:ordered_impossible",
    "hartonomous.row_odds:ordered_halves",
    full_lift=2.0,
    derived=("converse", "converse_half"),
)

JUDGED = NullModel(
    "judged",
    "log10((n + 1/2) / (against + 1/2))",
    "Krichevsky and Trofimov 1981, of even chances",
    (Column("against", "int32", "times it was rejected, or observed to be otherwise"),),
    "hartonomous.row_odds:judged",
    "hartonomous.row_odds:judged_impossible",
)

EFFECT = NullModel(
    "effect",
    "sign(g) max(0, |g| - z e) pi / (sqrt(3) ln 10), z = Phi^-1(1 - 0.05 / (2 total)): the bound nearer "
    "to 0 of the interval of the effect g with error e, of `total` effects at once",
    "Hasselblad and Hedges 1995, log-odds of a standardised difference; Bonferroni",
    (
        Column("effect", "int32", "standardised mean difference g with the word, in thousandths"),
        Column("error", "int32", "standard error of the effect, in thousandths"),
        Column("middle", "int32", "midway between the means with and without, in millionths"),
        Column("spread", "int32", "standard deviation that g is in units of, in millionths"),
    ),
    "hartonomous.row_odds:effect",
    "hartonomous.row_odds:effect_impossible",
    adds_up=False,
)
