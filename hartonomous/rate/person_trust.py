"""Trust of people: how far what each of them judged agrees with what the others judged of the same pairs.

One pass over all judgements, in any order. A person is compared with the sum of the others, each with
one voice a pair, so that nobody's trust enters another's; `a` agreements and `d` disagreements give
log10((a + 6) / (d + 2)) in units of log10(3). Somebody whose pairs nobody else judged has a trust of
1, the odds of 3 to 1 that one judgement states; these count as eight pairs compared before, so that
one quarrel takes little from either. Log-odds are what votes on one question are best weighted by
(Nitzan and Paroush 1982, Optimal Decision Rules in Uncertain Dichotomous Choice Situations). A trust
below 0 is that of somebody who judges against the others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log10

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.schema import evidence_type

MOST_TRUST = 2_000
"""Thousandths: odds of 9 to 1. Agreement with others, who err too, does not tell of more."""

STEP = 100
"""Thousandths that a trust is rounded to: most judgements then change nobody's, and a pass rates only
the pairs that were judged."""

AHEAD = (6, 2)
"""Agreements and disagreements that everybody is taken to have had."""

Ints = NDArray[np.int64]


def person_trust(agreed: int, disagreed: int) -> int:
    """Return the trust of a person in thousandths, from the pairs on which the others agreed and
    disagreed with them.

    >>> person_trust(0, 0), person_trust(0, 1), person_trust(1, 29), person_trust(900, 0)
    (1000, 600, -1400, 2000)
    """
    odds = log10((agreed + AHEAD[0]) / (disagreed + AHEAD[1])) / log10(3)
    rounded = STEP * round(1000 * odds / STEP)
    return max(-MOST_TRUST, min(MOST_TRUST, rounded))


def judging(tracks: Iterable[Row]) -> list[Row]:
    """Return the tracks whose rows are judgements of people."""
    return [track for track in tracks if evidence_type(track["evidence"]).opposes]


@dataclass
class Judgements:
    """What sources judged: rows by evidence type and source, added in any order and in parts.

    `start` and `end` are numbers of compositions, the same for every part.
    """

    _parts: list[tuple[str, str, Ints, Ints, Ints]] = field(default_factory=list)

    def add(
        self, evidence: str, source: str, start: Ints, end: Ints, n: Ints, against: Ints
    ) -> None:
        """Add rows of one type and source, (rows,) int64 each."""
        if len(start):
            self._parts.append((evidence, source, start, end, np.sign(n - against)))

    def without(self, rows: Mapping[str, pa.Table], leaving: Collection[str]) -> Judgements:
        """Return the judgements that are left when sources leave, and rows by type with them."""
        left = Judgements()
        for evidence, source, start, end, stance in self._parts:
            if source in leaving:
                continue
            kept = np.ones(len(start), dtype=bool)
            if evidence in rows:
                table = rows[evidence]
                gone = table.filter(pc.equal(table["source"], source))
                ends = np.stack([gone[name].to_numpy() for name in ("start", "end")])
                pair = _numbered(np.concatenate([np.stack([start, end]), ends], axis=1))
                kept = ~np.isin(pair[: len(start)], pair[len(start) :])
            if kept.any():
                left._parts.append((evidence, source, start[kept], end[kept], stance[kept]))
        return left

    def pairs_of(self, sources: Collection[str]) -> tuple[Ints, Ints]:
        """Return the ends of all pairs that some sources judged, (rows,) int64 each."""
        own = [part for part in self._parts if part[1] in sources]
        none = np.empty(0, dtype=np.int64)
        start, end = (np.concatenate([none, *(part[i] for part in own)]) for i in (2, 3))
        return start, end

    def trusts(self) -> dict[str, int]:
        """Return the trust of each source that judged, in thousandths."""
        names = sorted({part[1] for part in self._parts})
        if not names:
            return {}
        types = sorted({part[0] for part in self._parts})
        kind = np.concatenate([np.full(len(p[2]), types.index(p[0])) for p in self._parts])
        who = np.concatenate([np.full(len(p[2]), names.index(p[1])) for p in self._parts])
        start, end, stance = (
            np.concatenate([part[i] for part in self._parts]).astype(np.int64) for i in (2, 3, 4)
        )
        pair = _numbered(np.stack([kind, start, end]))
        total = np.bincount(pair, weights=stance).astype(np.int64)
        others = np.sign(total[pair] - stance)
        counted = [
            np.bincount(who[stance * others == sign], minlength=len(names)).tolist()
            for sign in (1, -1)
        ]
        return {name: person_trust(*both) for name, *both in zip(names, *counted, strict=True)}


def _numbered(columns: Ints) -> Ints:
    """Return a number for each of (k, n) columns, the same for equal ones, (n,) int64."""
    _, numbers = np.unique(columns, axis=1, return_inverse=True)
    return np.asarray(numbers, dtype=np.int64).reshape(-1)


def read_judgements(graph: Graph, live: Sequence[Row]) -> Judgements:
    """Return what live sources judged, by database ids; `live` are their tracks."""
    found = Judgements()
    sources: dict[str, list[str]] = {}
    for track in judging(live):
        sources.setdefault(track["evidence"], []).append(track["source"])
    for evidence, names in sorted(sources.items()):
        text = query("rate/read_judgements", evidence=evidence)
        for name in sorted(names):
            rows = np.array(list(graph.stream(text, source=name)), dtype=np.int64)
            found.add(evidence, name, *rows.reshape(-1, 4).T)
    return found
