"""Repetition: how often pairs are observed again, within one model and by several models."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.rate.rating_pass import source_numbers
from hartonomous.schema import DEFAULT_RELATION, evidence_type

ASSUMPTIONS = (
    "An observation is one listing at one position: B among the k nearest of A. A pair can be "
    "observed at most twice at each position.",
    "Within a model, the same pair is one evidence edge per kind (embedding, layer, head), however "
    "many positions list it; observations per pair are those that are stored, over these edges.",
    "Pairs listed by fewer positions than the minimum are not stored; 'left out' is their "
    "number, and their observations are not counted.",
    "Heads and layers of one model are not independent: a high ratio is repetition, not confirmation.",
    "Across models only comparable pairs count: those both of whose words at least two sources "
    "know. Other pairs are not evidence about redundancy.",
    "Only live sources and RELATES count; next tokens are counted by visits.",
    "Bytes of the graph are those of the store's files, with indexes, without logs.",
)


@dataclass(frozen=True)
class TrackRepetition:
    """Repetition in one track; `left_out` pairs are listed by fewer than `minimum` positions."""

    source: str
    evidence: str
    positions: int
    minimum: int
    pairs: int
    observations: int
    left_out: int

    @property
    def observations_per_pair(self) -> float:
        return self.observations / self.pairs if self.pairs else 0.0


@dataclass
class SourceRepetition:
    """Repetition over one source's tracks: distinct `pairs`, and those that another source has too."""

    source: str
    evidence: int = 0
    observations: int = 0
    pairs: int = 0
    held_by_others: int = 0
    could_be_held: int = 0

    @property
    def observations_per_pair(self) -> float:
        return self.observations / self.pairs if self.pairs else 0.0

    @property
    def shared(self) -> float:
        """Of the pairs that another source could have, the share that one has."""
        return self.held_by_others / self.could_be_held if self.could_be_held else 0.0


@dataclass
class Repetition:
    """Repetition over sources.

    `by_sources[n]` pairs are in n sources; `comparable` pairs could be in at least two, and
    `comparable_evidence` is the number of sources' evidence of these.
    """

    tracks: list[TrackRepetition] = field(default_factory=list)
    sources: list[SourceRepetition] = field(default_factory=list)
    by_sources: dict[int, int] = field(default_factory=dict)
    comparable: int = 0
    comparable_evidence: int = 0
    assumptions: tuple[str, ...] = ASSUMPTIONS

    @property
    def sources_per_comparable_pair(self) -> float:
        return self.comparable_evidence / self.comparable if self.comparable else 0.0


def repetition(graph: Graph) -> Repetition:
    """Return the repetition of pairs, by track, by source, and across sources."""
    tracks = [t for t in graph.read(query("rate/read_tracks")) if t["state"] == "live"]
    found = Repetition()
    sources: dict[str, SourceRepetition] = {}
    for row in graph.read(query("ask/track_ratios")):
        left_out = row.pop("below") or 0
        found.tracks.append(TrackRepetition(**row, left_out=left_out))
        source = sources.setdefault(row["source"], SourceRepetition(row["source"]))
        if row["evidence"] in _compared(tracks, row["source"]):
            source.evidence += row["pairs"]
            source.observations += row["observations"]
    names = {number: name for name, number in source_numbers(tracks).items()}
    owner = {str(track["number"]): track["source"] for track in tracks}
    by_sources: dict[int, int] = defaultdict(int)
    for row in graph.read(query("rate/count_seen", rated=DEFAULT_RELATION)):
        holders = {names[number] for number in row["seen"] if number in names}
        able = _knowing(row["low"], owner) & _knowing(row["high"], owner)
        by_sources[len(holders)] += row["pairs"]
        _add(sources, holders, len(able) > 1, row["pairs"])
        if len(able) > 1:
            found.comparable += row["pairs"]
            found.comparable_evidence += len(holders) * row["pairs"]
    found.by_sources = dict(sorted(by_sources.items()))
    found.sources = [sources[name] for name in sorted(sources)]
    return found


def _add(sources: dict[str, SourceRepetition], holders: set[str], able: bool, pairs: int) -> None:
    for name in holders:
        sources[name].pairs += pairs
        sources[name].held_by_others += pairs if len(holders) > 1 else 0
        sources[name].could_be_held += pairs if able else 0


def _compared(tracks: list[Row], source: str) -> set[str]:
    """Return the source's evidence types that feed the compared relation."""
    return {
        track["evidence"]
        for track in tracks
        if track["source"] == source and evidence_type(track["evidence"]).feeds == DEFAULT_RELATION
    }


def _knowing(known: str | None, owner: dict[str, str]) -> set[str]:
    return {owner[number] for number in (known or "").split("+") if number in owner}
