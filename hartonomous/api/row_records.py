"""The records of results; ratings are in points, 1500 is even odds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hartonomous.ask.relations.repetition import Repetition
from hartonomous.ask.relations.source_statistics import Stats
from hartonomous.mapping_record import Record


@dataclass(frozen=True)
class Neighbour(Record):
    """A neighbour of a word: ratings in points, numbers of sources and observations, mean similarity
    from 0 to 1; `direction` of the relation is out or in, itself, or none. `composed` has the parts of
    a word that no source knows, and is empty for others."""

    neighbour: str
    consensus: int
    elo: float
    sources: int
    times: int
    similarity: float
    kind: str
    type: str
    direction: str
    composed: tuple[str, ...]


@dataclass(frozen=True)
class ReviewedPair(Record):
    """A pair worth judging: number of `relations` of both ends, of people who `judged` it before, and
    the score that orders them."""

    start: str
    type: str
    end: str
    consensus: int
    relations: int
    judged: int
    score: float


@dataclass(frozen=True)
class Affinity(Record):
    """The similarity of two words: `affinity` and `consensus` in points, `overlap` of their neighbours
    from 0 to 1, number of `shared` neighbours. `composed` has the parts of words that no source knows,
    over which these are means."""

    start: str
    end: str
    affinity: int
    consensus: int
    related: bool
    overlap: float
    shared: int
    composed: tuple[str, ...]


@dataclass(frozen=True)
class AnalogyAnswer(Record):
    """An answer to "A is to B as C is to what": cosines of the rows of all tracks from 0 to 1, their
    score, and the sources in which it is like the second and the third."""

    answer: str
    score: float
    like_second: float
    like_third: float
    like_first: float
    sources: list[str]


@dataclass(frozen=True)
class ContestedPair(Record):
    """A pair of a word on which sources disagree; `spread` and odds in milli-decades."""

    neighbour: str
    spread: int
    consensus: int
    most: str
    most_odds: int
    least: str
    least_odds: int
    sources: int
    direction: str


@dataclass(frozen=True)
class Contradiction(Record):
    """A pair on which sources disagree; `spread` and odds in milli-decades, `most_similarity` where it
    is listed, `least_overlap` of the two words' neighbours where it is not, both from 0 to 1."""

    start: str
    end: str
    spread: int
    consensus: int | None
    most: str
    most_odds: int
    most_similarity: float | None
    least: str
    least_odds: int
    least_overlap: float | None


@dataclass(frozen=True)
class ComparedWord(Record):
    """A neighbour of "both" words or of one of them, with its consensus and elo with each."""

    related_to: str
    neighbour: str
    consensus_start: int | None
    consensus_end: int | None
    elo_start: float | None
    elo_end: float | None


@dataclass(frozen=True)
class OddWord(Record):
    """A word, its mean cosine with the others (0 to 1), and the most similar of them."""

    word: str
    likeness: float
    nearest: str | None


@dataclass(frozen=True)
class ScoredWord(Record):
    """A word of the whole graph: score, number of neighbours, strongest pairs."""

    word: str
    score: float
    related: int | None
    strongest: list[str]


@dataclass(frozen=True)
class Answer(Record):
    """An answer with its score, the stored sentences on its path, its sources, and the files and
    pages where it stands."""

    answer: str
    score: float
    elo: float | None
    sources: list[str]
    words: list[str]
    path: list[str]
    answered: bool
    places: list[str]


@dataclass(frozen=True)
class HeldPlace(Record):
    """A place where a source has a text: `place` is a file's name within what was ingested, with the
    page, line or box."""

    source: str
    place: str
    text: str


@dataclass(frozen=True)
class NearWord(Record):
    """A composition near a word on the sphere; `distance` in radians, `stale` if the graph changed
    since the placement."""

    neighbour: str
    kind: str
    distance: float
    stale: bool


@dataclass(frozen=True)
class Distance(Record):
    """The distance of two words in radians: geodesic, and between their spectral vectors."""

    start: str
    end: str
    distance: float
    spectral: float
    stale: bool


@dataclass(frozen=True)
class SphereStep(Record):
    """A word along an arc: `share` of the arc, and distance from the arc (`aside`) in radians."""

    share: float
    word: str
    aside: float
    stale: bool


@dataclass(frozen=True)
class SourceSummary(Record):
    """A source and its counts; `bytes` of its model's files, `hubness` from 0 to 1; `findings` are
    what was found on it, each with its `kind` and `text`."""

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
    findings: list[dict[str, str]]


@dataclass(frozen=True)
class TrackDetails(Record):
    """A track: one source's evidence of one type; `vote` and `trust` in millionths, `absent` in
    milli-decades."""

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
    total: int | None
    feeds: str


@dataclass(frozen=True)
class SourceDetails(Record):
    """All properties of one source; `files` are name, digest and bytes of each, or of many their
    number, bytes, Merkle root and largest file's digest."""

    name: str
    kind: str
    importer: str
    state: str
    digest: str
    options: dict[str, Any] | None
    files: list[list[Any]] | dict[str, Any] | None
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
    places: int
    tracks: tuple[TrackDetails, ...]


@dataclass(frozen=True)
class GraphCounts(Stats):
    """Counts of the graph, and the repetition of pairs under `repetition`."""

    repetition: Repetition


@dataclass(frozen=True)
class ProjectionFacts(Record):
    """A projection in the server's memory; `state` is shared, private or stale."""

    name: str
    state: str
    nodes: int
    relationships: int
    bytes: int
    created: str


@dataclass(frozen=True)
class DeletionFacts(Record):
    """A removal; `until` is the end of its retention window, None if it cannot be undone."""

    id: str
    verb: str
    state: str
    created: str
    until: str | None
    evidence: int
    what: str | None


@dataclass(frozen=True)
class SuppressionFacts(Record):
    """A suppression: data that is refused when loaded again, known by keyed hashes only."""

    id: str
    kind: str
    match: str
    words: int | None
    any_case: bool
    created: str
    deletion: str | None


@dataclass(frozen=True)
class LogEntry(Record):
    """An act in the log: index, time, kind and names, and the entry as hashed."""

    index: int
    at: str
    act: str
    names: list[str]
    entry: dict[str, Any]
    leaf: str


@dataclass(frozen=True)
class ImageFeature(Record):
    """A feature of pictures of a text: the effects of its words on it by a source, added up, in standard
    deviations, with the standard error, and the milli-decades that they stand for; `words` are those
    whose effect chance does not explain."""

    feature: str
    effect: float
    error: float
    support: int
    words: list[str]
    source: str


@dataclass(frozen=True)
class DescribedCode(Record):
    """A function that a sentence describes: a score, and in `path` the words it was found by, `asked > word`
    behind a second step, with their part of it; where it is, and its source's licence."""

    symbol: str
    language: str
    score: float
    path: list[str]
    place: str | None
    source: str | None
    licence: str | None


@dataclass(frozen=True)
class IntentWord(Record):
    """A word that tells what a function is for: a score, the function's words it stands for, and whether it
    is its own."""

    word: str
    score: float
    path: list[str]
    own: bool


@dataclass(frozen=True)
class SameShape(Record):
    """Code that shares a shape: the rarest one, whether it is of the whole function, how many symbols have
    it, where both are, and the consensus in points."""

    symbol: str
    language: str
    shape: str
    whole: bool
    sharing: int
    place: str | None
    shape_place: str | None
    source: str | None
    licence: str | None
    consensus: int


@dataclass(frozen=True)
class LikeCode(Record):
    """A function of another language that is like one: a score, whether it has the same shape, and the
    shared shapes, roles and words, the most telling first."""

    symbol: str
    score: float
    same: bool
    shapes: list[str]
    roles: list[str]
    words: list[str]
    place: str | None
    source: str | None
    licence: str | None


@dataclass(frozen=True)
class Call(Record):
    """A call in code: the symbol at its other end, how often, where first, and through what it was
    resolved."""

    symbol: str
    source: str
    times: int
    place: str
    steps: list[str]


@dataclass(frozen=True)
class Dependent(Record):
    """What calls a symbol of the hop before (`on`) or inherits from it, and where."""

    hop: int
    symbol: str
    relation: str
    on: str
    source: str
    place: str
    steps: list[str]


@dataclass(frozen=True)
class UnusedSymbol(Record):
    """A definition that nothing uses; `doubt` says why it may be used all the same."""

    symbol: str
    place: str
    doubt: str


@dataclass(frozen=True)
class DependencyCycle(Record):
    """Symbols that depend on each other."""

    size: int
    symbols: list[str]


@dataclass(frozen=True)
class CodeLayer(Record):
    """Symbols that depend only on lower layers."""

    layer: int
    symbols: list[str]


@dataclass(frozen=True)
class Hotspot(Record):
    """A symbol with its callers and callees."""

    symbol: str
    callers: int
    callees: int
    place: str


@dataclass(frozen=True)
class CloneGroup(Record):
    """Functions of one shape, where they are, and words that not all of them have."""

    shape: str
    symbols: list[str]
    places: list[str]
    differ: list[str]


@dataclass(frozen=True)
class UnresolvedCall(Record):
    """A call in code that was not resolved: the name written, file and line, and why."""

    name: str
    place: str
    reason: str
