"""Vote eligibility: outliers get no vote, near-copies share one.

Two sources are compared by their pairs among the words both know. `lift` is the ratio of the shared
pairs to those expected by chance; `overlap` the share of the smaller one's pairs that the other has
too; `met` the number of words with a common neighbour. The counts belong to the two sources alone
and are stored, so adding or removing a third one changes none of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import log10
from typing import NamedTuple

from hartonomous.graph.driver import Row

LEAST_LIFT = 300
"""Milli-decades: honest models share at least 30 times the pairs expected by chance, shuffled ones
once.
"""

MOST_APART = 0.30
"""Share of words without a common neighbour of two sources; honest models stay below 0.16."""

SAME_LINEAGE = 0.9
"""Overlap from which two sources are near-copies, which share one trust."""

LEAST_WORDS = 200
"""Words that two sources must both know; among fewer, neighbour lists cover too large a share."""

LEAST_EXPECTED = 0.5
"""Pairs that two sources must share by chance; with fewer, honest ones share too few to tell."""

LEAST_NEIGHBOURS = 20
"""Mean number of neighbours among the shared words from which `met` is informative."""

VOTERS = 2
"""Other sources needed to judge one."""


Pair = tuple[str, str]


class Verdict(NamedTuple):
    """What the votes of a source's tracks follow from: the near-copies that share its trust, why it
    has no vote, if so, and of a person the trust in thousandths.
    """

    divisor: int = 1
    distrusted: str | None = None
    trust: int | None = None


@dataclass(frozen=True)
class Agreement:
    """Common words of two sources, and their pairs among these."""

    low: str
    high: str
    words: int
    pairs_low: int
    pairs_high: int
    shared: int
    met: int

    @property
    def expected(self) -> float:
        """Return the number of shared pairs expected by chance: product of both numbers over all
        pairs.
        """
        possible = self.words * (self.words - 1) / 2
        return self.pairs_low * self.pairs_high / possible if possible else 0.0

    @property
    def lift(self) -> int | None:
        """Return log10(shared / expected) in milli-decades, None if there is too little to tell."""
        if self.words < LEAST_WORDS or self.expected < LEAST_EXPECTED:
            return None
        return round(1000 * log10(max(self.shared, 0.5) / self.expected))

    @property
    def apart(self) -> float | None:
        """Return the share of words without a common neighbour, None if there are too few."""
        fewest = min(self.pairs_low, self.pairs_high)
        if self.words < LEAST_WORDS or 2 * fewest < LEAST_NEIGHBOURS * self.words:
            return None
        return 1 - self.met / self.words

    @property
    def overlap(self) -> float:
        """Return the share of the smaller source's pairs that the other has, 0 for too few words."""
        if self.words < LEAST_WORDS:
            return 0.0
        fewest = min(self.pairs_low, self.pairs_high)
        return self.shared / fewest if fewest else 0.0

    def row(self) -> Row:
        """Return the properties of the edge between the two sources."""
        counts = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {**counts, "lift": self.lift, "overlap": self.overlap}


def count_agreements(
    tracks: Mapping[str, frozenset[int]],
    classes: Iterable[Row],
    seen: Iterable[Row],
    met: Iterable[Row],
    missing: Iterable[Pair],
) -> list[Agreement]:
    """Return the agreement of each missing pair of sources, names sorted, from counts over the
    graph.

    `tracks` are the numbers of each source's tracks; the rows are those of rate/read_classes,
    count_seen and count_met.
    """
    owner = {min(numbers): name for name, numbers in tracks.items()}
    wanted = set(missing)
    words: dict[Pair, int] = defaultdict(int)
    pairs: dict[tuple[Pair, str], int] = defaultdict(int)
    shared: dict[Pair, int] = defaultdict(int)
    meeting: dict[Pair, int] = defaultdict(int)
    for row in classes:
        for pair in _pairs(_knowing(row["known"], tracks), wanted):
            words[pair] += row["words"]
    for row in seen:
        both = _knowing(row["low"], tracks) & _knowing(row["high"], tracks)
        holders = {owner[number] for number in row["seen"] if number in owner}
        for pair in _pairs(both, wanted):
            for name in holders.intersection(pair):
                pairs[pair, name] += row["pairs"]
            shared[pair] += row["pairs"] if holders.issuperset(pair) else 0
    for row in met:
        together: set[Pair] = set()
        for numbers in row["met"]:
            holders = {owner[number] for number in numbers if number in owner}
            together |= set(_pairs(holders, wanted))
        for pair in together:
            meeting[pair] += row["words"]
    return [
        Agreement(
            low=pair[0],
            high=pair[1],
            words=words[pair],
            pairs_low=pairs[pair, pair[0]],
            pairs_high=pairs[pair, pair[1]],
            shared=shared[pair],
            met=meeting[pair],
        )
        for pair in sorted(wanted)
    ]


def _knowing(known: str | None, tracks: Mapping[str, frozenset[int]]) -> set[str]:
    numbers = {int(number) for number in (known or "").split("+") if number}
    return {name for name, own in tracks.items() if own & numbers}


def _pairs(names: Iterable[str], wanted: set[Pair]) -> list[Pair]:
    return [pair for pair in combinations(sorted(names), 2) if pair in wanted]


def lineages(names: Iterable[str], agreements: Iterable[Agreement]) -> list[list[str]]:
    """Return the sources in groups of near-copies, each group sorted; near-copies of a member are
    members.
    """
    group = {name: {name} for name in names}
    for found in agreements:
        joined = group.get(found.low, set()) | group.get(found.high, set())
        if found.overlap >= SAME_LINEAGE and {found.low, found.high} <= group.keys():
            for name in joined:
                group[name] = joined
    return [list(members) for members in sorted({tuple(sorted(m)) for m in group.values()})]


def judge(
    names: Sequence[str], agreements: Sequence[Agreement]
) -> dict[str, tuple[int, str | None]]:
    """Return, for each source, the number of sources that share its trust, and why it has no vote,
    if so.

    Only other lineages judge a source, each with one vote; with fewer than two informative ones, it
    keeps its vote. The upper median of their lifts decides, and the lower median of their shares
    apart. Sources lose their vote one at a time, the one with the lowest best agreement first, and
    then no longer judge others: so many disagreeing outliers do not outvote honest sources that
    agree.
    """
    between = {frozenset((found.low, found.high)): found for found in agreements}
    families = lineages(names, agreements)
    reasons: dict[str, str] = {}
    while True:
        found = {}
        for name in sorted(set(names) - reasons.keys()):
            others = [set(family) - reasons.keys() for family in families if name not in family]
            if fault := _fault(name, others, between):
                found[name] = fault
        if not found:
            break
        worst = min(found, key=lambda name: (found[name][0], name))
        reasons[worst] = found[worst][1]
    return {name: (len(family), reasons.get(name)) for family in families for name in family}


def _fault(
    name: str, families: Iterable[set[str]], between: Mapping[frozenset[str], Agreement]
) -> tuple[tuple[int, float], str] | None:
    """Return why a source may not vote, if so, after its severity, the worst lowest."""
    lifts: list[int] = []
    apart: list[float] = []
    for family in families:
        found = [between[pair] for other in family if (pair := frozenset((name, other))) in between]
        family_lifts = [one.lift for one in found if one.lift is not None]
        family_apart = [one.apart for one in found if one.apart is not None]
        lifts += [max(family_lifts)] if family_lifts else []
        apart += [min(family_apart)] if family_apart else []
    if len(lifts) >= VOTERS and (lift := sorted(lifts)[len(lifts) // 2]) < LEAST_LIFT:
        reason = (
            f"shares 10^{lift / 1000:z.2f} times the pairs expected by chance with the other "
            "sources"
        )
        return (0, max(lifts)), reason
    if len(apart) >= VOTERS and (share := sorted(apart)[(len(apart) - 1) // 2]) > MOST_APART:
        reason = f"has no common neighbour with the other sources for {share:.0%} of the words"
        return (1, -min(apart)), reason
    return None
