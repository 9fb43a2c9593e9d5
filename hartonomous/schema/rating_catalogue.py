"""Rated types: what all live sources together say of a pair."""

from __future__ import annotations

from hartonomous.schema.record_classes import Property, RatedType

FORMULA_VERSION = 5
"""The version of the rating formulas; it stands in the graph, and `rate --all` moves a graph to it."""

DEFAULT_RELATION = "RELATES"
"""The rated type that questions are asked of where they name none."""

ELO_NOISE = 2.0
"""Points by which an elo moves though nothing was learnt, 0.004 of a cosine: of MiniLM no relation moves
further, of GloVe one in 900 at most, when vectors are rounded to 8 bits or words are left out."""

CONSENSUS_NOISE = 10.0
"""Points by which a consensus so moves, a fortieth of a decade: rounding to 8 bits, or leaving out a
hundredth of the words, moves one in 140 further, most of them at the end of a list."""

STEP_PRICE = 10_000
"""What every step of a path costs besides its odds, in micro-decades. Of 0, 5,000, 10,000, 20,000 and
50,000 the least by which nine of ten pairs of frequent nouns are at most five steps apart, so that
the steps are the strongest there are (`python -m benchmarks ways`)."""

RATED: tuple[RatedType, ...] = (
    RatedType(
        DEFAULT_RELATION,
        False,
        "related; stored from the lower key to the higher",
    ),
    RatedType("PRECEDES", True, "comes before"),
    RatedType("PROMOTES", True, "makes more likely in the output"),
    RatedType("ANSWERED_BY", True, "is answered by"),
    RatedType("DEPICTS", True, "shows"),
    RatedType("LEFT_OF", True, "is left of"),
    RatedType("ABOVE", True, "is above"),
    RatedType("INSIDE", True, "is inside"),
    RatedType("OVERLAPS", False, "overlaps; stored from the lower key to the higher"),
    RatedType("NEAR", False, "is near; stored from the lower key to the higher"),
    RatedType("CALLS", True, "calls"),
    RatedType("IMPORTS", True, "imports"),
    RatedType("CONTAINS", True, "contains"),
    RatedType("INHERITS", True, "inherits from"),
    RatedType("DESCRIBES", True, "describes"),
    RatedType("EXPRESSED_BY", True, "is expressed in code by"),
)

RATED_PROPERTIES: tuple[Property, ...] = (
    Property(
        "elo",
        "FLOAT",
        "1500 + min(1000, n/10) + 500 weight / (n + against) + min(200, 20 sources)",
    ),
    Property("n", "INTEGER", "sum over live sources"),
    Property("weight", "INTEGER", "sum over live sources, micro-units"),
    Property("sources", "INTEGER", "live sources that observed it"),
    Property(
        "seen", "LIST<INTEGER>", "those sources, by the lowest number of their tracks; derived"
    ),
    Property(
        "decades",
        "INTEGER",
        "D: log-odds against chance, weighted by vote and shrunk, milli-decades",
    ),
    Property("consensus", "INTEGER", "1500 + 0.4 D; 400 points are odds of 10 to 1"),
    Property(
        "cost",
        "INTEGER",
        "of a step over it, micro-decades: 10,000 + 10^6 log10(1 + 10^(-D/1000)); derived",
    ),
)
"""On every rated edge."""

AGAINST = Property("against", "INTEGER", "sum over live sources of what speaks against it, if any")
"""Besides, on rated edges that something speaks against."""
