"""Recomputed from the evidence edges: rows, observations and digest of each track, and `known` of
each composition.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hartonomous.audit.audit_findings import LISTED, Findings, names_of
from hartonomous.audit.composition_checks import Compositions
from hartonomous.audit.edge_columns import Edges, Fault
from hartonomous.evidence import DIGEST_LANES, digest
from hartonomous.graph.driver import Graph, Row
from hartonomous.row_odds import support, wrong_support
from hartonomous.schema import (
    EvidenceType,
    TrackConstants,
    evidence_type,
)

Ints = NDArray[np.int64]
TrackName = tuple[str, str]
"""Source and evidence type."""


@dataclass(frozen=True)
class Odd:
    """An edge, by the database ids of its ends, whose support does not follow from its counts."""

    start: int
    end: int
    counts: dict[str, int]
    meant: int


@dataclass
class Counted:
    """Totals of the edges of one track."""

    rows: int = 0
    observations: int = 0
    digest: list[int] = field(default_factory=lambda: [0] * DIGEST_LANES)


class EvidenceTally:
    """Totals of evidence edges, part by part."""

    def __init__(self, compositions: Compositions, live: Sequence[Row]) -> None:
        self.compositions = compositions
        self.counted: dict[TrackName, Counted] = {}
        self.faults: list[tuple[str, Fault]] = []
        self.edges: dict[str, int] = {}
        numbers = {
            (t["source"], t["evidence"]): t["number"]
            for t in live
            if evidence_type(t["evidence"]).silence
        }
        self._live = {(t["source"], t["evidence"]): t for t in live}
        self.odd: dict[TrackName, list[Odd]] = {}
        self._numbers = sorted(set(numbers.values()))
        self._place = {track: self._numbers.index(number) for track, number in numbers.items()}
        size = len(compositions.ids)
        self._bits = np.zeros((size, max(1, -(-len(self._numbers) // 64))), dtype=np.uint64)
        self.touched = np.zeros(size, dtype=bool)

    def take(self, evidence: EvidenceType, edges: Edges) -> None:
        """Count edges of one type and source."""
        track = (edges.source, evidence.name)
        self.edges[evidence.name] = self.edges.get(evidence.name, 0) + edges.count
        self.faults += [(evidence.name, fault) for fault in edges.faults]
        counted = self.counted.setdefault(track, Counted())
        counted.rows += edges.count
        (start, no_start), (end, no_end) = map(self.compositions.rows, (edges.start, edges.end))
        whole = ~(no_start | no_end)
        start, end = start[whole], end[whole]
        columns = {each.name: edges.columns[each.name] for each in evidence.columns}
        mask = pa.array(whole)
        table = pa.table(
            {"start": start, "end": end}
            | {
                name: column.filter(mask) if isinstance(column, pa.Array) else column[whole]
                for name, column in columns.items()
            }
        )
        if track in self._live:
            self._find_odd(evidence, track, edges)
        counted.observations += int(columns[evidence.counted].sum())
        more = digest(table, self.compositions.keys, evidence.later)
        counted.digest = [a + b for a, b in zip(counted.digest, more, strict=True)]
        if track in self._live:
            self.touched[start] = self.touched[end] = True
            self._know(self._place.get(track), start, end)

    def _find_odd(self, evidence: EvidenceType, track: TrackName, edges: Edges) -> None:
        """Keep edges whose support does not follow from their counts; a sound track has none."""
        said = {n: one for n, one in edges.columns.items() if isinstance(one, np.ndarray)}
        constants = TrackConstants(
            *(
                value if isinstance(value := self._live[track].get(name), int) else 1
                for name in ("positions", "k", "vocabulary", "total")
            )
        )
        wrong = wrong_support(evidence, said, constants)
        if evidence.later:
            # Of a row that an earlier version wrote, the odds are not stated.
            wrong &= np.logical_or.reduce([said[name] != 0 for name in sorted(evidence.later)])
        odd = self.odd.setdefault(track, [])
        shown = [evidence.counted, *(each.name for each in evidence.chance.columns), "support"]
        rows = np.flatnonzero(wrong)[: LISTED - len(odd)]
        meant = support(evidence, {name: one[rows] for name, one in said.items()}, constants)
        for row, right in zip(rows.tolist(), meant.tolist(), strict=True):
            ends = int(edges.start[row]), int(edges.end[row])
            counts = {name: int(said[name][row]) for name in shown}
            odd.append(Odd(*ends, counts, right))

    def _know(self, place: int | None, start: Ints, end: Ints) -> None:
        if place is not None:
            rows = np.union1d(start, end)
            self._bits[rows, place // 64] |= np.uint64(1 << place % 64)

    def known(self) -> tuple[NDArray[np.int32], tuple[str, ...]]:
        """Return the class of each composition, (N,) int32, an index into the returned names."""
        rows, which = np.unique(self._bits, axis=0, return_inverse=True)
        classes = tuple(
            "".join(
                f"+{number}"
                for place, number in enumerate(self._numbers)
                if int(row[place // 64]) >> place % 64 & 1
            )
            for row in rows
        )
        return which.reshape(-1).astype(np.int32), classes


def check_known(graph: Graph, tally: EvidenceTally, found: Findings) -> bool:
    """Report compositions whose `known` does not follow from their evidence; return whether there
    are any.
    """
    compositions = tally.compositions
    right, classes = tally.known()
    said = np.array([*compositions.classes, ""], dtype=object)[compositions.known]
    meant = np.array([*classes, ""], dtype=object)[right]
    # Without evidence it is either empty or was never derived.
    never = ~tally.touched & np.array([one is None for one in said], dtype=bool)
    wrong = np.flatnonzero((said != meant) & ~never)
    ids = compositions.ids[wrong[:LISTED]].tolist()
    named = names_of(graph, ids)
    texts = [
        f"Composition {named[id]}: known is {said[row]!r}, expected {meant[row]!r} from its evidence."
        for id, row in zip(ids, wrong, strict=False)
    ]
    found.add_many("compositions with a wrong `known`", texts, len(wrong))
    return bool(len(wrong))


def check_tracks(
    tally: EvidenceTally, stored: Mapping[TrackName, Row], found: Findings
) -> list[Row]:
    """Return rows and soundness of each track; report tracks that differ from their evidence."""
    tracks = []
    for source, evidence in sorted(stored.keys() | tally.counted.keys(), key=str):
        counted = tally.counted.get((source, evidence), Counted())
        faults = _faults(source, evidence, stored.get((source, evidence)), counted)
        tracks.append(
            {"source": source, "evidence": evidence, "rows": counted.rows, "sound": not faults}
        )
        for fault in faults:
            found.add("tracks that differ from their evidence", fault)
    return tracks


def tell_odd(graph: Graph, tally: EvidenceTally, tracks: Sequence[Row], found: Findings) -> None:
    """Report the edges of unsound tracks whose support does not follow from their counts."""
    for track in tracks:
        odd = tally.odd.get((track["source"], track["evidence"]), [])
        if track["sound"] or not odd:
            continue
        named = names_of(graph, [end for one in odd for end in (one.start, one.end)])
        for one in odd:
            counts = ", ".join(
                f"{name} {count}" for name, count in one.counts.items() if name != "support"
            )
            found.add(
                "evidence edges that contradict themselves",
                f"{track['evidence']} of {track['source']!r} {named[one.start]} → "
                f"{named[one.end]}: support is {one.counts['support']}, expected {one.meant} from "
                f"{counts}.",
            )


def _faults(source: str, evidence: str, track: Row | None, counted: Counted) -> list[str]:
    edges = f"{counted.rows:,} edges {evidence}"
    if track is None:
        return [f"{edges} are of {source!r}, which is no source of the graph."]
    if track["state"] != "live":
        return []
    faults = []
    if counted.rows != track["rows"]:
        faults.append(f"{source!r} has {edges}, its track says {_said(track['rows'])}.")
    elif counted.digest != _numbers(track["digest"]):
        faults.append(
            f"Evidence {evidence} of {source!r} was changed by hand: its digest is another."
        )
    if counted.observations != track["observations"]:
        faults.append(
            f"{source!r} has {counted.observations:,} observations {evidence}, its track says "
            f"{_said(track['observations'])}."
        )
    return faults


def _said(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else repr(value)


def _numbers(value: object) -> list[object] | None:
    return list(value) if isinstance(value, list) else None


def tell_faults(graph: Graph, tally: EvidenceTally, found: Findings) -> None:
    """Report evidence edges with missing or mistyped values."""
    listed = tally.faults[:LISTED]
    named = names_of(graph, [end for _, one in listed for end in (one.start, one.end)])
    texts = [
        f"{evidence} of {one.source!r} {named[one.start]} → {named[one.end]}: {one.name} is "
        f"{one.value!r}, which is not valid."
        for evidence, one in listed
    ]
    found.add_many("evidence edges with invalid values", texts, len(tally.faults))
