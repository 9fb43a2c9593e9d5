"""Judgements: what people accept and reject, each person a source of their own.

A person's judgements are a set: a pair, a rated type, and whether it was accepted, rejected or both.
So their order makes no difference, saying the same again changes nothing, and an acceptance and a
rejection of one pair cancel out until one of them is withdrawn. The set is loaded as every source is:
under the writer's lock, with an entry in the log, by the rows that differ.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from hartonomous.ask.pictures.known_pictures import read_file
from hartonomous.ask.relations.neighbourhood import unknown_word
from hartonomous.ask.relations.word_rows import find_words
from hartonomous.bundle import (
    Bundle,
    BundleWriter,
    OpenedFile,
    SourceDescription,
    TrackDescription,
)
from hartonomous.bundle_scan import scan
from hartonomous.counted_rows import counted_rows
from hartonomous.errors import Conflict, NotFound, UsageError
from hartonomous.evidence import COMPOSITIONS
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row, in_parts
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.identity import content_digest
from hartonomous.load.loader import check_name, read_source
from hartonomous.operations import removal
from hartonomous.operations.ingestion import begin_act, prepare, put_in
from hartonomous.progress import Progress, unseen
from hartonomous.schema import (
    DEFAULT_RELATION,
    MICRO,
    EvidenceType,
    TrackConstants,
    evidence_feeding,
    evidence_types,
    is_directed,
    rated_type,
    rated_types,
)
from hartonomous.transparency.inventory_record import inventoried

PERSON, IMPORTER = "person", "judgements"
ACCEPT, REJECT = "accept", "reject"

PAIRS = 2_000
"""Pairs whose ratings are read in one query."""

Composition = tuple[str, str, str]
"""Key, text and kind."""

Judged = tuple[str, Composition, Composition]
"""What is judged: evidence type, start and end."""


@dataclass(frozen=True)
class Judgement:
    """What a person says of a pair: `verdict` is accept or reject, `type` a rated type.

    Without a type it is the one that relates the two, RELATES before others. `line` is where it
    stands in a file.
    """

    verdict: str
    start: str
    end: str
    type: str | None = None
    line: int | None = None

    def __post_init__(self) -> None:
        if self.verdict not in (ACCEPT, REJECT):
            raise UsageError(f"A judgement is 'accept' or 'reject', not {self.verdict!r}.")
        if self.type is not None:
            rated_type(self.type)


@dataclass(frozen=True)
class JudgedPair:
    """A judged pair with its ratings before and after; None where it was or is no relation.

    `accepted` and `rejected` are what the person now says of it, with both they cancel out.
    """

    start: str
    type: str
    end: str
    accepted: bool
    rejected: bool
    elo_before: float | None
    elo: float | None
    consensus_before: int | None
    consensus: int | None

    @property
    def asleep(self) -> bool:
        """Return whether no source relates the two: the judgement counts once one does."""
        return self.consensus is None


@dataclass(frozen=True)
class JudgementReport:
    """What judging changed: the person's trust (1 where nobody else judged the same), the number of
    judgements they have, the pairs `changed`, each judged pair, and the lines left out for words
    that are not in the graph.
    """

    name: str
    trust: float
    judgements: int
    changed: int
    pairs: tuple[JudgedPair, ...]
    unknown: int = 0


@dataclass(frozen=True)
class _Placed:
    """A judgement of two compositions: what is judged, by evidence type and in its direction."""

    verdict: str
    evidence: EvidenceType
    start: Row
    end: Row

    @property
    def judged(self) -> Judged:
        return self.evidence.name, _composition(self.start), _composition(self.end)

    @property
    def ends(self) -> tuple[Row, Row]:
        return self.start, self.end


def judge(
    graph: Graph,
    name: str,
    judgements: Sequence[Judgement],
    withdraw: bool = False,
    known: bool = False,
    progress: Progress = unseen,
) -> JudgementReport:
    """Add a person's judgements, or `withdraw` them, and rate the pairs concerned.

    All or none: with a wrong one nothing is written. `known`: leave out judgements of words that are
    not in the graph. Raises NotFound for unknown words, UsageError for a pair that a type does not
    relate, Conflict while another writer is active, if the name is that of another kind of source, or
    if the person was erased.
    """
    check_name(name)
    _refuse_other_kind(graph, name)
    prepare(graph)
    with WriterLock(graph, f"judging as {name}") as lock, inventoried(graph):
        begin_act(graph, lock, name, progress)
        found = read_source(graph, name)
        placed = _place(graph, judgements, known)
        rows = _stored_rows(graph, name) if found is not None else {}
        before = _ratings(graph, placed)
        changed = _withdrawn(rows, placed) if withdraw else _added(rows, placed)
        if changed and rows:
            _write(graph, lock, name, rows, found is not None, progress)
    if changed and not rows:
        # Without judgements there is no person; as with every source, it can be undone.
        removal.delete(graph, removal.request_selectors(sources=[name]))
    after = _ratings(graph, placed)
    pairs = tuple(
        _judged(one, rows.get(one.judged, [0, 0]), was, now)
        for one, was, now in zip(placed, before, after, strict=True)
    )
    left = len(judgements) - len(placed)
    return JudgementReport(name, _trust(graph, name), _count(rows), changed, pairs, left)


def correct(
    graph: Graph,
    name: str,
    start: str,
    wrong: str,
    right: str,
    type: str | None = None,
    progress: Progress = unseen,
) -> JudgementReport:
    """Reject that a word is related to one, and accept that it is to another, in one act.

    Without a type, that of the rejected relation. Errors are those of `judge`.
    """
    if type is None:
        with_type = _place(graph, [Judgement(REJECT, start, wrong)], False)
        type = with_type[0].evidence.feeds
    both = [Judgement(REJECT, start, wrong, type), Judgement(ACCEPT, start, right, type)]
    return judge(graph, name, both, progress=progress)


def _refuse_other_kind(graph: Graph, name: str) -> None:
    found = graph.read(query("delete/read_source"), name=name)
    if found and found[0]["source"].get("kind") != PERSON:
        raise Conflict(
            f"{name!r} is a source of the kind {found[0]['source'].get('kind')}; "
            "judge under another name."
        )


def judging_type(type: str) -> EvidenceType:
    """Return the evidence type of judgements of a rated type; raises UsageError for an unknown one."""
    return next(one for one in evidence_feeding(rated_type(type).name) if one.opposes)


def _place(graph: Graph, judgements: Sequence[Judgement], known: bool) -> list[_Placed]:
    """Return judgements with their compositions and types."""
    words = find_compositions(graph, {w for one in judgements for w in (one.start, one.end)})
    kept = []
    for one in judgements:
        missing = next((word for word in (one.start, one.end) if word not in words), None)
        if missing is None:
            kept.append(one)
        elif not known:
            error = unknown_word(graph, missing)
            raise NotFound(_at(one, str(error)), error.suggestions)
    untyped = [one for one in kept if one.type is None]
    types = iter(_related(graph, [(words[one.start], words[one.end]) for one in untyped]))
    return [_placed(one, words, next(types) if one.type is None else []) for one in kept]


def find_compositions(graph: Graph, words: Iterable[str]) -> dict[str, Row]:
    """Return the composition of each word, text, or picture by its file, key or place; without those
    that are not in the graph.
    """
    asked = set(words)
    found = find_words(graph, asked)
    for word in sorted(asked - found.keys()):
        opened = read_file(word)
        keys = graph.read(query("ask/find_pictures"), picture=opened[0] if opened else word)
        if len(keys) == 1:
            picture = str(keys[0]["picture"])
            found[word] = find_words(graph, [picture])[picture]
    return found


def _placed(one: Judgement, words: Mapping[str, Row], types: Sequence[Row]) -> _Placed:
    start, end = words[one.start], words[one.end]
    type = one.type
    if type is None:
        type, forward = _only_type(one, types)
        if not forward:
            start, end = end, start
    evidence = judging_type(type)
    if not is_directed(evidence) and start["key"] > end["key"]:
        start, end = end, start
    if start["key"] == end["key"] and not evidence.loops:
        raise UsageError(_at(one, f"{start['text']!r} is not related to itself by {type}."))
    for place, allowed in ((start, evidence.starts), (end, evidence.ends)):
        if place["kind"] not in allowed:
            raise UsageError(
                _at(
                    one,
                    f"{type} does not relate a {place['kind'].lower()} there; --type names another.",
                )
            )
    return _Placed(one.verdict, evidence, start, end)


def _only_type(one: Judgement, types: Sequence[Row]) -> tuple[str, bool]:
    """Return the type that relates the two, and whether it runs from the first to the second."""
    names = sorted({row["type"] for row in types})
    if not names or DEFAULT_RELATION in names:
        return DEFAULT_RELATION, True
    if len(names) > 1:
        told = ", ".join(names)
        raise UsageError(_at(one, f"The two are related by {told}: name one with --type."))
    return names[0], any(row["forward"] for row in types)


def _composition(row: Row) -> Composition:
    return str(row["key"]), str(row["text"]), str(row["kind"])


def _at(one: Judgement, text: str) -> str:
    return text if one.line is None else f"Line {one.line}: {text} Nothing was written."


def _related(graph: Graph, pairs: Sequence[tuple[Row, Row]]) -> list[list[Row]]:
    """Return the rated edges of each pair of compositions."""
    found: list[list[Row]] = [[] for _ in pairs]
    text = query("ask/read_pair_ratings", types=tuple(one.name for one in rated_types()))
    for part in in_parts(range(len(pairs)), PAIRS):
        starts, ends = ([pairs[i][side]["id"] for i in part] for side in (0, 1))
        for row in graph.read(text, starts=starts, ends=ends):
            found[part[row["i"]]].append(row)
    return found


def _ratings(graph: Graph, placed: Sequence[_Placed]) -> list[Row | None]:
    """Return the rating of each judged pair; None where it is no relation."""
    every = _related(graph, [one.ends for one in placed])
    found: list[Row | None] = []
    for one, rows in zip(placed, every, strict=True):
        own = [row for row in rows if row["type"] == one.evidence.feeds and row["forward"]]
        found.append(own[0] if own else None)
    return found


def _stored_rows(graph: Graph, name: str) -> dict[Judged, list[int]]:
    """Return what a person accepted and rejected: 0 or 1 each, by type and pair."""
    rows: dict[Judged, list[int]] = {}
    tracks = {t["evidence"] for t in graph.read(query("rate/read_tracks")) if t["source"] == name}
    for evidence in (one for one in evidence_types() if one.opposes and one.name in tracks):
        text = query("load/read_judged", evidence=evidence.name)
        for start, end, n, against in graph.stream(text, source=name):
            rows[evidence.name, tuple(start), tuple(end)] = [min(n, 1), min(against, 1)]
    return rows


def _added(rows: dict[Judged, list[int]], placed: Sequence[_Placed]) -> int:
    """Add judgements to a person's rows; return how many of them are new."""
    changed = 0
    for one in placed:
        own = rows.setdefault(one.judged, [0, 0])
        side = 0 if one.verdict == ACCEPT else 1
        changed += 1 - own[side]
        own[side] = 1
    return changed


def _withdrawn(rows: dict[Judged, list[int]], placed: Sequence[_Placed]) -> int:
    """Take judgements out of a person's rows; return how many there were."""
    changed = 0
    for one in placed:
        own = rows.get(one.judged, [0, 0])
        side = 0 if one.verdict == ACCEPT else 1
        if not own[side]:
            raise NotFound(
                f"{one.start['text']!r} and {one.end['text']!r} were not {one.verdict}ed by this "
                "person; nothing was changed."
            )
        own[side] = 0
        changed += 1
        if own == [0, 0]:
            del rows[one.judged]
    return changed


def _count(rows: dict[Judged, list[int]]) -> int:
    return sum(map(sum, rows.values()))


def _judged(one: _Placed, said: Sequence[int], was: Row | None, now: Row | None) -> JudgedPair:
    texts = [str(end["text"]) for end in one.ends]
    return JudgedPair(
        texts[0],
        one.evidence.feeds,
        texts[1],
        bool(said[0]),
        bool(said[1]),
        *(
            None if row is None else row[name]
            for name in ("elo", "consensus")
            for row in (was, now)
        ),
    )


def _trust(graph: Graph, name: str) -> float:
    own = [t for t in graph.read(query("rate/read_tracks")) if t["source"] == name]
    return next((track["vote"] / MICRO for track in own if track["vote"] is not None), 1.0)


def _write(
    graph: Graph,
    lock: WriterLock,
    name: str,
    rows: dict[Judged, list[int]],
    replace: bool,
    progress: Progress,
) -> None:
    """Put a person's judgements in the place of those they had."""
    with tempfile.TemporaryDirectory(prefix="hartonomous-") as folder:
        bundle = judgement_bundle(Path(folder) / "bundle", name, rows)
        put_in(graph, lock, bundle, scan(bundle), name, replace, progress)


def judgement_bundle(folder: Path, name: str, rows: dict[Judged, list[int]]) -> Bundle:
    """Return the bundle of a person's judgements, the same whatever order they were made in."""
    ends = sorted({end for _, *both in rows for end in both})
    place = {end[0]: row for row, end in enumerate(ends)}
    tables = dict(_tables(rows, place))
    said = sorted((row[0], row[1][0], row[2][0], *counts) for row, counts in rows.items())
    file = OpenedFile("judgements", content_digest("judgements", {"rows": said}), len(said))
    source = SourceDescription(PERSON, IMPORTER, (file,), {"person": name}, 0, subject=name)
    with BundleWriter(folder) as writer:
        columns = [list(column) for column in zip(*ends, strict=True)]
        writer.write_compositions(pa.table(columns, schema=COMPOSITIONS))
        tracks = []
        for evidence, table in tables.items():
            writer.write_evidence(evidence.name, iter([table]))
            tracks.append(_track(evidence, table))
        return writer.finish(source, tuple(tracks))


def _tables(
    rows: dict[Judged, list[int]], place: dict[str, int]
) -> Iterator[tuple[EvidenceType, pa.Table]]:
    of_type: dict[str, list[tuple[int, ...]]] = defaultdict(list)
    for (name, start, end), (n, against) in rows.items():
        of_type[name].append((place[start[0]], place[end[0]], n, against))
    for evidence in evidence_types():
        if evidence.name in of_type:
            start, end, n, against = np.array(of_type[evidence.name], dtype=np.int64).T
            counts = {"start": start, "end": end, "n": n, "weight": n * MICRO, "against": against}
            yield evidence, counted_rows(evidence, counts, TrackConstants(0, 0, 0, 0))


def _track(evidence: EvidenceType, table: pa.Table) -> TrackDescription:
    counted = int(table["n"].to_numpy().sum())
    trust = evidence.trust or 0
    return TrackDescription(evidence.name, (), 0, 0, 0, trust, 0, 1.0, table.num_rows, counted)
