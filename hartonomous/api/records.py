"""The records that questions are answered with, a kind each; ratings are points, 1500 is even."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hartonomous.ask.relations.repetition import Repetition
from hartonomous.ask.relations.source_statistics import Stats
from hartonomous.record import Record


@dataclass(frozen=True)
class Neighbour(Record):
    """A composition related to a word: ratings in points, sources and times it was observed, mean
    similarity from 0 to 1."""

    neighbour: str
    consensus: int
    elo: float
    sources: int
    times: int
    similarity: float
    kind: str


@dataclass(frozen=True)
class Affinity(Record):
    """How near two words are: `affinity` and `consensus` in points, `overlap` from 0 to 1 of what
    they are related to, `shared` words related to both."""

    start: str
    end: str
    affinity: int
    consensus: int
    related: bool
    overlap: float
    shared: int


@dataclass(frozen=True)
class AnalogyAnswer(Record):
    """An answer to "A is to B as C is to what": cosines, of -1 to 1, and their score."""

    answer: str
    score: float
    like_second: float
    like_third: float
    like_first: float


@dataclass(frozen=True)
class ContestedPair(Record):
    """A pair of a word that sources disagree on; `spread` and odds in thousandths of a decade."""

    neighbour: str
    spread: int
    consensus: int
    most: str
    most_odds: int
    least: str
    least_odds: int
    sources: int


@dataclass(frozen=True)
class Contradiction(Record):
    """A pair that sources disagree on; `spread` and odds in thousandths of a decade."""

    start: str
    end: str
    spread: int
    consensus: int
    most: str
    most_odds: int
    least: str
    least_odds: int


@dataclass(frozen=True)
class ComparedWord(Record):
    """A word related to "both" or to one of two words, with its consensus with each."""

    related_to: str
    neighbour: str
    consensus_start: int | None
    consensus_end: int | None


@dataclass(frozen=True)
class OddWord(Record):
    """A word, how like the others it is (mean cosine, 0 to 1), and the one it is most like."""

    word: str
    likeness: float
    nearest: str | None


@dataclass(frozen=True)
class ScoredWord(Record):
    """A word of the whole graph with its score, how many it is related to, its strongest pairs."""

    word: str
    score: float
    related: int | None
    strongest: list[str]


@dataclass(frozen=True)
class Answer(Record):
    """An answer with its score, the known sentences on the way to it, and who says so."""

    answer: str
    score: float
    elo: float | None
    sources: list[str]
    words: list[str]
    path: list[str]
    answered: bool


@dataclass(frozen=True)
class NearWord(Record):
    """A composition near a word on the sphere; `distance` in radians, `stale` once the graph moved."""

    neighbour: str
    kind: str
    distance: float
    stale: bool


@dataclass(frozen=True)
class Distance(Record):
    """How far two words lie apart, in radians: along the sphere, and between spectral vectors."""

    start: str
    end: str
    distance: float
    spectral: float
    stale: bool


@dataclass(frozen=True)
class SphereStep(Record):
    """A word on the way between two: the share of the way, and how far aside it lies, in radians."""

    share: float
    word: str
    aside: float
    stale: bool


@dataclass(frozen=True)
class SourceSummary(Record):
    """A source and what it put in; `bytes` of its model's files, `hubness` from 0 to 1."""

    name: str
    kind: str
    state: str
    vocabulary: int | None
    evidence: int
    observations: int
    bytes: int | None
    parameters: int | None
    family: str | None
    licence: str | None
    subject: str | None
    created: str
    lineage: int | None
    distrusted: str | None
    hubness: float | None


@dataclass(frozen=True)
class TrackDetails(Record):
    """One kind of evidence of a source; `vote` and `trust` in millionths, `absent` in thousandths of
    a decade."""

    evidence: str
    positions: list[str] | None
    k: int | None
    vocabulary: int | None
    dimensions: int | None
    trust: int | None
    vote: int | None
    absent: int | None
    recall: float | None
    rows: int
    observations: int


@dataclass(frozen=True)
class SourceDetails(Record):
    """Everything one source is known by; `files` are name, digest and bytes of each."""

    name: str
    kind: str
    importer: str
    state: str
    digest: str
    options: dict[str, Any] | None
    files: list[list[Any]] | None
    subject: str | None
    licence: str | None
    family: str | None
    bytes: int | None
    parameters: int | None
    excluded: dict[str, int] | None
    merged: int
    created: str
    lineage: int | None
    distrusted: str | None
    hubness: float | None
    tracks: tuple[TrackDetails, ...]


@dataclass(frozen=True)
class GraphCounts(Stats):
    """What the graph holds, counted, and under `repetition` how often the same is said."""

    repetition: Repetition


@dataclass(frozen=True)
class ProjectionFacts(Record):
    """A projection that the server keeps in memory; `state` is shared, private or stale."""

    name: str
    state: str
    nodes: int
    relationships: int
    bytes: int
    created: str


@dataclass(frozen=True)
class DeletionFacts(Record):
    """A removal the graph has had; `until` when it can be undone, None where it cannot."""

    id: str
    verb: str
    state: str
    created: str
    until: str | None
    evidence: int
    what: str | None


@dataclass(frozen=True)
class SuppressionFacts(Record):
    """What an erasure keeps out of the graph; the text itself is known to nobody."""

    id: str
    kind: str
    match: str
    words: int | None
    any_case: bool
    created: str
    deletion: str | None


@dataclass(frozen=True)
class LogEntry(Record):
    """An act in the log: its number, time, kind and names, and the entry as it was hashed."""

    index: int
    at: str
    act: str
    names: list[str]
    entry: dict[str, Any]
    leaf: str


@dataclass(frozen=True)
class ImporterFacts(Record):
    """A kind of model that can be opened."""

    importer: str
    opens: str
