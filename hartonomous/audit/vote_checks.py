"""Recomputed agreements of sources, with the resulting lineages, outliers and votes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from hartonomous.audit.agreement_tally import AgreementTally
from hartonomous.audit.audit_findings import Findings
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.rate.person_trust import Judgements
from hartonomous.rate.rating_pass import vector_tracks, vote_of
from hartonomous.rate.source_agreement import (
    Agreement,
    Pair,
    Verdict,
    count_agreements,
    judge,
)
from hartonomous.transparency.inventory import same


def check_votes(
    graph: Graph,
    tally: AgreementTally,
    judgements: Judgements,
    live: Sequence[Row],
    stored: Sequence[Row],
    found: Findings,
) -> None:
    """Report agreements, lineages and votes that differ from those of the evidence.

    `judgements` are what people judged by it, `live` the expected live tracks, `stored` those in
    the graph.
    """
    tracks = vector_tracks(live)
    pairs = set(combinations(sorted(tracks), 2))
    agreements = count_agreements(
        tracks, tally.classes_of_words(), tally.seen(), tally.met(), pairs
    )
    rows = graph.read(query("audit/read_agreements"))
    for fault in _agreement_faults(agreements, rows):
        found.add("agreements that differ from the evidence", fault)
    verdicts = judge(sorted(tracks), agreements)
    trust = {(t["source"], t["evidence"]): t["trust"] for t in live}
    people = judgements.trusts()
    for track in stored:
        source = track["source"]
        verdict = Verdict(*verdicts.get(source, (1, None)), people.get(source))
        for fault in _vote_faults(track, verdict, trust.get((source, track["evidence"]))):
            found.add("votes that differ from the evidence", fault)


def _agreement_faults(expected: Sequence[Agreement], rows: Sequence[Row]) -> Iterator[str]:
    wanted = {(one.low, one.high): one.row() for one in expected}
    there: dict[Pair, Mapping[str, Any]] = {}
    for row in rows:
        pair = (row["low"], row["high"])
        named = f"AGREES_WITH {pair[0]!r} → {pair[1]!r}"
        if pair in there:
            yield f"{named}: stored more than once."
        elif pair not in wanted:
            yield f"{named}: these two sources are not compared in this direction."
        there.setdefault(pair, row["said"])
    for pair, meant in wanted.items():
        named = f"AGREES_WITH {pair[0]!r} → {pair[1]!r}"
        if pair not in there:
            yield f"{named}: missing."
            continue
        for name in sorted(meant.keys() - {"low", "high"}):
            if not same(there[pair].get(name), meant[name]):
                yield f"{named}: {name} is {there[pair].get(name)!r}, expected {meant[name]!r}."


def _vote_faults(track: Row, verdict: Verdict, trust: Any) -> Iterator[str]:
    divisor, reason, _ = verdict
    source = f"Source {track['source']!r}"
    if not same(track["lineage"], divisor):
        yield f"{source}: lineage is {track['lineage']!r}, expected {divisor}."
    if not same(track["distrusted"], reason):
        yield f"{source}: distrusted is {track['distrusted']!r}, expected {reason!r}."
    if isinstance(trust, int):
        meant = vote_of({**track, "trust": trust}, verdict)
        if not same(track["vote"], meant):
            yield (
                f"Track {track['source']}/{track['evidence']}: vote is {track['vote']!r}, expected {meant}."
            )
