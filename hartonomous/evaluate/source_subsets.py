"""Source subsets: the consensus of chosen words by any set of sources, computed from their
evidence.

In the integers of a rating pass, for a few rows: sources can be left out, and a bundle outside the
graph added, without writing anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from hartonomous.ask.relations.word_rows import WORDS_AT_ONCE, WordRows
from hartonomous.bundle import Bundle
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.rate.formulas import SHRINKAGE
from hartonomous.schema import DEFAULT_RELATION, evidence_type

Ints = NDArray[np.int64]
Silence = Callable[[str, str], int]
ROWS = 1 << 17


@dataclass(frozen=True)
class PanelTrack:
    """One track's evidence of the chosen words.

    `row`, `column`, `support` and `times` (m,) int64, support in milli-decades; `knows` (columns,)
    bool is the mask of known compositions, for a track whose silence says nothing those it has rows
    of.
    """

    source: str
    evidence: str
    trust: int
    absent: int
    row: Ints
    column: Ints
    support: Ints
    times: Ints
    knows: NDArray[np.bool_]

    @property
    def silence(self) -> bool:
        """Return whether it says something of pairs that it has no row of."""
        return evidence_type(self.evidence).silence

    def row_vote(self, vote: int) -> int:
        """Return what each row adds to the votes of its pair, as rate/rating_pass.row_vote."""
        return 0 if self.silence or evidence_type(self.evidence).opposes else vote


@dataclass(frozen=True)
class Panel:
    """Chosen words as rows over all compositions, with the evidence of each track.

    `place[word]` is a word's row, `own` (rows,) int64 the column of its composition, `key` each
    column's.
    """

    asked: tuple[str, ...]
    place: dict[str, int]
    own: Ints
    key: tuple[str, ...]
    tracks: tuple[PanelTrack, ...]

    def rows(self, sharing: Mapping[str, int]) -> tuple[WordRows, Silence]:
        """Return the words' decades by the sources of `sharing`, and those of pairs that no source
        lists.

        The values of `sharing` are the number of sources that share a trust, 0 for a source without
        a vote.
        """
        voting = [
            (track, (2000 * track.trust + divisor) // (2 * divisor))
            for track in self.tracks
            if (divisor := sharing.get(track.source, 0))
        ]
        size = len(self.key)
        every = [track.row * size + track.column for track, _ in voting]
        # What was only rejected is no relation.
        seen = [listed[track.times > 0] for (track, _), listed in zip(voting, every, strict=True)]
        cells = np.unique(np.concatenate([*seen, np.empty(0, dtype=np.int64)]))
        row, column = np.divmod(cells, size)
        votes, said = _silent_terms(voting, self.own[row], column)
        for (track, vote), listed in zip(voting, every, strict=True):
            there = np.isin(listed, cells)
            at = np.searchsorted(cells, listed[there])
            said[at] += vote * (track.support[there] - track.absent)
            votes[at] += track.row_vote(vote)
        shape = len(self.own), size
        matrix = sparse.csr_array((_decades(votes, said), (row, column)), shape=shape)
        related = sparse.csr_array((np.ones(len(row), np.int8), (row, column)), shape=shape)

        def silence(first: str, second: str) -> int:
            ends = self.own[[self.place[first]]], self.own[[self.place[second]]]
            return int(_decades(*_silent_terms(voting, *ends))[0])

        return WordRows(self.place, self.own, matrix, related), silence

    def listed(self, source: str) -> tuple[Ints, NDArray[np.bool_]]:
        """Return the cells (m,) int64, row * columns + column, that a source lists, and the mask
        (columns,) of compositions it knows.
        """
        own = [track for track in self.tracks if track.source == source]
        cells = np.concatenate([t.row * len(self.key) + t.column for t in own])
        knows = np.logical_or.reduce([track.knows for track in own])
        return np.unique(cells), np.asarray(knows)


def _silent_terms(
    voting: Iterable[tuple[PanelTrack, int]], first: Ints, second: Ints
) -> tuple[Ints, Ints]:
    """Return the votes of tracks that know both ends, and their absent constants."""
    votes, said = np.zeros(len(first), np.int64), np.zeros(len(first), np.int64)
    for track, vote in voting:
        if not track.silence:
            continue
        both = track.knows[first] & track.knows[second]
        votes += vote * both
        said += vote * track.absent * both
    return votes, said


def _decades(votes: Ints, said: Ints) -> Ints:
    """Return D as rate/formulas.decades does, over columns."""
    return np.asarray((2 * said + votes + SHRINKAGE) // (2 * (votes + SHRINKAGE)))


def read_panel(graph: Graph, found: Mapping[str, Row], asked: Iterable[str]) -> Panel:
    """Return the panel of words (as of find_words), from all live sources: their tracks that feed
    RELATES.
    """
    vocabulary = sorted(graph.stream(query("ask/read_vocabulary")))
    ids = np.array([row[0] for row in vocabulary], dtype=np.int64)
    keys = tuple(row[1] for row in vocabulary)
    column = {key: place for place, key in enumerate(keys)}
    known = {word: row["key"] for word, row in found.items() if row["key"] in column}
    rows = {key: place for place, key in enumerate(sorted(set(known.values())))}
    own = np.array([column[key] for key in rows], dtype=np.int64)
    tracks = []
    for track in graph.read(query("rate/read_tracks")):
        evidence = evidence_type(track["evidence"])
        if track["state"] == "live" and evidence.feeds == DEFAULT_RELATION:
            parts = _read_rows(graph, track, rows, ids)
            tracks.append(_track(track, parts, own, _knows(track["number"], vocabulary)))
    place = {word: rows[key] for word, key in known.items()}
    return Panel(tuple(asked), place, own, keys, tuple(tracks))


def _knows(number: int, vocabulary: list[tuple[int, str, str]]) -> NDArray[np.bool_]:
    classes = {row[2] for row in vocabulary}
    inside = {name: str(number) in name.split("+") for name in classes}
    return np.array([inside[row[2]] for row in vocabulary], dtype=bool)


Part = tuple[Ints, Ints, Ints, Ints]
"""Row, column, support and times of some of a track's rows."""


def _read_rows(graph: Graph, track: Row, rows: Mapping[str, int], ids: Ints) -> list[Part]:
    keys, statement = list(rows), query("ask/read_track_rows", evidence=track["evidence"])
    parts: list[Part] = []
    for first in range(0, len(keys), WORDS_AT_ONCE):
        part = keys[first : first + WORDS_AT_ONCE]
        for row in graph.read(statement, keys=part, source=track["source"]):
            others = np.searchsorted(ids, np.asarray(row["others"], dtype=np.int64))
            supports, times = (np.asarray(row[name], np.int64) for name in ("supports", "times"))
            parts.append((np.full(len(others), rows[row["key"]]), others, supports, times))
    return parts


def _track(track: Row, parts: list[Part], own: Ints, knows: NDArray[np.bool_]) -> PanelTrack:
    none = np.empty(0, dtype=np.int64)
    row, column, support, times = (
        np.concatenate([*(part[i] for part in parts), none]) for i in range(4)
    )
    if not evidence_type(track["evidence"]).silence:
        knows = np.zeros(len(knows), dtype=bool)
        knows[column] = knows[own[row]] = True
    names = ("source", "evidence", "trust", "absent")
    source, evidence, trust, absent = (track[name] for name in names)
    return PanelTrack(source, evidence, trust or 0, absent or 0, row, column, support, times, knows)


def with_bundle(panel: Panel, bundle: Bundle, name: str) -> Panel:
    """Return the panel with one more source, from outside the graph; its new words come last."""
    table = bundle.compositions()
    keys, texts = table["key"].to_pylist(), table["text"].to_pylist()
    column = {key: place for place, key in enumerate(panel.key)}
    new = [key for key in keys if key not in column]
    column |= {key: len(panel.key) + place for place, key in enumerate(new)}
    columns = np.array([column[key] for key in keys], dtype=np.int64)
    place, own = _placed(panel, columns, texts)
    size = len(panel.key) + len(new)
    row_of = np.full(size, -1, dtype=np.int64)
    row_of[own] = np.arange(len(own))
    tracks = [replace(t, knows=np.pad(t.knows, (0, len(new)))) for t in panel.tracks]
    for track in bundle.tracks:
        if evidence_type(track.evidence).feeds == DEFAULT_RELATION:
            parts, knows = _bundle_rows(bundle, track.evidence, columns, row_of)
            tracks.append(_track({**vars(track), "source": name}, parts, own, knows))
    return Panel(panel.asked, place, own, (*panel.key, *new), tuple(tracks))


def _placed(panel: Panel, columns: Ints, texts: list[str]) -> tuple[dict[str, int], Ints]:
    """Return rows for the requested words, including those of the bundle alone."""
    inside = dict(zip(texts, columns.tolist(), strict=True))
    place, own = dict(panel.place), panel.own.tolist()
    for word in panel.asked:
        if word not in place and word in inside:
            place[word] = len(own)
            own.append(inside[word])
    return place, np.array(own, dtype=np.int64)


def _bundle_rows(
    bundle: Bundle, evidence: str, columns: Ints, row_of: Ints
) -> tuple[list[Part], NDArray[np.bool_]]:
    (track,) = (one for one in bundle.tracks if one.evidence == evidence)
    knows = np.zeros(len(row_of), dtype=bool)
    parts = []
    for batch in bundle.evidence(track, ROWS):
        ends = [columns[batch[name].to_numpy()] for name in ("start", "end")]
        support, times = (batch[name].to_numpy().astype(np.int64) for name in ("support", "n"))
        for one, other in (ends, ends[::-1]):
            knows[one] = True
            chosen = row_of[one] >= 0
            parts.append((row_of[one[chosen]], other[chosen], support[chosen], times[chosen]))
    return parts, knows
