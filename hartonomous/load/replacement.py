"""Replacement by difference: writes what a new version of a source has otherwise, and nothing else.

A replacement is opened in the graph before its first row is written, and closed in the transaction
that enters the new version's facts and logs the act. While it is open the graph is not settled, no
rating pass runs and nobody else writes; the same command again compares once more and writes the
rest. The pairs that differ are on the work list of the rating pass that follows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hartonomous.bundle import Bundle, TrackDescription
from hartonomous.bundle_scan import BundleScan
from hartonomous.errors import VerificationFailed
from hartonomous.evidence import DIGEST_LANES
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row, Transaction, in_parts
from hartonomous.graph.placement_removal import purge_placements
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.load import loader
from hartonomous.load.bundle_difference import (
    BundleDifference,
    TrackDifference,
    composition_ids,
    find_difference,
)
from hartonomous.load.loader import (
    column_parameters,
    create_rows,
    create_visits,
    load_identity,
    read_source,
    source_facts,
    write_compositions,
    write_source,
)
from hartonomous.progress import Progress
from hartonomous.rate.rating_pass import (
    DUE,
    mark,
    mark_pairs,
    mark_words,
    read_state,
    schedule,
    schedule_all,
)
from hartonomous.schema import (
    DEFAULT_RELATION,
    FORMULA_VERSION,
    HOLDS,
    VISITED,
    evidence_feeding,
    evidence_type,
    evidence_types,
)
from hartonomous.transparency.transparency_log import Entry, enter

ROWS = 20_000
"""Rated edges or orphans in one transaction."""

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class ReplacementReport:
    """Counts of a replacement: rows `written`, `removed` and `same`, compositions `pruned`."""

    compositions: int
    written: int
    removed: int
    same: int
    pruned: int


def replace_rows(
    graph: Graph,
    lock: WriterLock,
    bundle: Bundle,
    scanned: BundleScan,
    name: str,
    entry: Entry,
    progress: Progress,
) -> ReplacementReport | None:
    """Turn a live source into a bundle's version of it; None, with nothing written, where it is to
    be replaced whole.

    `scanned` is what a pass over the bundle found. A rating pass is due afterwards, unless nothing
    differs.
    """
    known = read_source(graph, name)
    if known is None or known["state"] != "live":
        return None
    every = graph.read(query("rate/read_tracks"))
    tracks = [track for track in every if track["source"] == name]
    resumed = known["becomes"] is not None
    ids = composition_ids(graph, scanned)
    found = find_difference(graph, bundle, scanned, name, tracks, ids, progress)
    if resumed:
        # The version that an earlier run wrote may have had types that neither of these two has.
        expected = {track["evidence"] for track in tracks}
        expected |= {track.evidence for track in bundle.tracks} if found is not None else set()
        _discard_unexpected(graph, lock, name, expected)
    if found is None:
        return None
    others = [track["evidence"] for track in every if track["source"] != name]
    work = _Replacement(
        graph, lock, bundle, scanned, name, found, ids, tracks, others, resumed, opened=resumed
    )
    return work.carry_out(entry, progress)


def _discard_unexpected(graph: Graph, lock: WriterLock, name: str, expected: set[str]) -> None:
    """Delete a source's rows of types without a track; no rating pass has seen them."""
    for evidence in evidence_types():
        if evidence.name not in expected:
            statement = query("delete/discard_evidence", evidence=evidence.name)
            while lock.write(statement, source=name, rows=ROWS)[0]["deleted"]:
                pass


@dataclass
class _Replacement:
    """The steps of one replacement; each can be repeated after an interruption.

    `ids` (N,) int64 are the database ids of the bundle's compositions, -1 until they are created;
    `tracks` the source's before it, `others` the evidence types of all other tracks. `resumed` is
    whether an earlier run opened it.
    """

    graph: Graph
    lock: WriterLock
    bundle: Bundle
    scanned: BundleScan
    name: str
    difference: BundleDifference
    ids: Ints
    tracks: list[Row]
    others: list[str]
    resumed: bool
    opened: bool
    batches: int = 0

    @property
    def new(self) -> dict[str, TrackDescription]:
        """Return the tracks it has afterwards, by evidence type."""
        return {track.evidence: track for track in self.bundle.tracks}

    def carry_out(self, entry: Entry, progress: Progress) -> ReplacementReport:
        """Write everything, and close the replacement."""
        pruned = 0
        moved = self._moved()
        if self.opened or self.difference.size or moved:
            self._open()
            self._write(progress)
            pruned = self._prune()
            self._schedule(moved)
            self._discard_relations()
        self._close(entry, bool(moved))
        found = self.difference.tracks
        written = sum(len(one.rows) + len(one.added) for one in found)
        removed = sum(len(one.removed) for one in found)
        same = sum(track.rows for track in self.bundle.tracks) - written
        return ReplacementReport(int(self.scanned.used.sum()), written, removed, same, pruned)

    def _moved(self) -> list[str]:
        """Return the evidence types whose track comes, goes, or has other constants of rating."""
        old, new = {track["evidence"]: track for track in self.tracks}, self.new
        moved = [*(old.keys() ^ new.keys())]
        for evidence in old.keys() & new.keys():
            was, now = old[evidence], new[evidence]
            if (was["trust"], was["absent"]) != (now.trust, now.absent):
                moved.append(evidence)
        return sorted(moved)

    def _open(self) -> None:
        self.lock.write(
            query("load/open_replacement"), name=self.name, bundle=load_identity(self.bundle)
        )
        self.opened = True
        if self._takes_away():
            # Before any evidence of the source is removed: coordinates must not outlive it.
            purge_placements(self.graph, self.lock)

    def _takes_away(self) -> bool:
        """Return whether anything of the earlier version goes; an earlier run may have seen that."""
        found = self.difference
        rows = any(len(one.removed) + len(one.changed) for one in found.tracks)
        gone = len(found.visits.removed) + found.places.removed.num_rows
        old = {track["evidence"] for track in self.tracks}
        return self.resumed or rows or gone > 0 or bool(old - self.new.keys())

    def _write(self, progress: Progress) -> None:
        """Write the rows that differ."""
        missing = self.scanned.used & (self.ids < 0)
        made = write_compositions(
            self.graph, self.lock, self.scanned.compositions, missing, progress
        )
        self.ids = np.where(missing, made, self.ids)
        # All of them are on the work list, so that names and words find each other.
        mark(self.graph, self.lock, made[missing])
        done = 0

        def note(rows: int) -> None:
            nonlocal done
            done += rows
            progress("difference", done, self.difference.size)

        for one in self.difference.tracks:
            self._remove(one, note)
            for parts in self._differing(one):
                rows = parts[0].num_rows + parts[2].num_rows
                self._once(one.evidence, rows, partial(self._write_rows, one.evidence, *parts))
                note(rows)
        self._write_visits(note)
        self._write_places(note)

    def _remove(self, one: TrackDifference, note: Callable[[int], None]) -> None:
        for first in range(0, len(one.removed), loader.BATCH_ROWS):
            ids = one.removed[first : first + loader.BATCH_ROWS]
            self._once(one.evidence, len(ids), partial(self._remove_rows, one.evidence, ids))
            note(len(ids))

    def _remove_rows(self, evidence: str, ids: Ints, work: Transaction) -> None:
        starts, ends = ids[:, 1], ids[:, 2]
        (row,) = work.run(
            query("delete/remove_evidence", evidence=evidence),
            **_edges(ids),
            sources=[self.name] * len(ids),
        )
        _same(row["deleted"], len(ids), evidence)
        self._mark(work, evidence, starts, ends)
        both = np.union1d(starts, ends)
        work.run(query("load/mark_unreferenced"), ids=both.tolist())

    def _mark(self, work: Transaction, evidence: str, starts: Ints, ends: Ints) -> None:
        """Put pairs on the work list, and words that a track may newly know, or know no more."""
        mark_pairs(work, starts, ends)
        if evidence_type(evidence).silence and len(ends):
            mark_words(work, np.union1d(starts, ends))

    def _differing(self, one: TrackDifference) -> Iterator[tuple[pa.Table, Ints, pa.Table]]:
        """Yield the changed rows of a track, the database ids of their edges, and the added rows, a
        batch at a time.
        """
        if not len(one.rows) + len(one.added):
            return
        changed, ids, added, held, first = [], [], [], 0, 0
        for batch in self.bundle.evidence(self.new[one.evidence], loader.BATCH_ROWS):
            last = first + batch.num_rows
            low, high = np.searchsorted(one.rows, (first, last))
            changed.append(batch.take(pa.array(one.rows[low:high] - first)))
            ids.append(one.changed[low:high])
            low, high = np.searchsorted(one.added, (first, last))
            added.append(batch.take(pa.array(one.added[low:high] - first)))
            held += changed[-1].num_rows + added[-1].num_rows
            first = last
            if held >= loader.BATCH_ROWS:
                yield _joined(changed), np.concatenate(ids), _joined(added)
                changed, ids, added, held = [], [], [], 0
        if held:
            yield _joined(changed), np.concatenate(ids), _joined(added)

    def _write_rows(
        self, evidence: str, changed: pa.Table, ids: Ints, added: pa.Table, work: Transaction
    ) -> None:
        if changed.num_rows:
            (row,) = work.run(
                query("load/change_evidence", evidence=evidence),
                source=self.name,
                **_edges(ids),
                **column_parameters(evidence, changed),
            )
            _same(row["changed"], len(ids), evidence)
        if added.num_rows:
            create_rows(work, self.name, evidence, added, self.ids)
        mark_pairs(work, ids[:, 1], ids[:, 2])
        ends = (self.ids[added[end].to_numpy()] for end in ("start", "end"))
        self._mark(work, evidence, *ends)

    def _write_visits(self, note: Callable[[int], None]) -> None:
        """Write the visits that differ; a changed one is removed first."""
        visits, contexts = self.difference.visits, self.scanned.contexts
        for gone in in_parts(visits.removed.tolist(), loader.BATCH_ROWS):
            self._once(VISITED, len(gone), partial(self._remove_visits, gone))
        for part in in_parts(visits.added.tolist(), loader.BATCH_ROWS):
            rows = contexts.take(pa.array(part))
            self._once(VISITED, len(part), partial(self._create_visits, rows))
            note(len(part))

    def _remove_visits(self, contexts: Sequence[int], work: Transaction) -> None:
        gone = list(contexts)
        (row,) = work.run(query("delete/remove_visits"), source=self.name, contexts=gone)
        _same(row["deleted"], len(gone), VISITED)
        work.run(query("load/mark_unreferenced"), ids=gone)

    def _create_visits(self, rows: pa.Table, work: Transaction) -> None:
        create_visits(work, self.name, rows, self.scanned.compositions, self.ids)

    def _write_places(self, note: Callable[[int], None]) -> None:
        """Write the places that differ."""
        places = self.difference.places
        for table, write in (
            (places.removed, self._remove_places),
            (places.added, self._create_places),
        ):
            for first in range(0, table.num_rows, loader.BATCH_ROWS):
                part = table.slice(first, loader.BATCH_ROWS)
                self._once(HOLDS, part.num_rows, partial(write, part))
                note(part.num_rows)

    def _remove_places(self, part: pa.Table, work: Transaction) -> None:
        ids = part["id"].to_pylist()
        places = part["place"].to_pylist()
        (row,) = work.run(query("delete/remove_held"), source=self.name, ids=ids, places=places)
        _same(row["deleted"], len(ids), HOLDS)
        self._mark_captions(work, ids)

    def _create_places(self, part: pa.Table, work: Transaction) -> None:
        ids = self.ids[part["row"].to_numpy()].tolist()
        places = part["place"].to_pylist()
        (row,) = work.run(query("load/create_held"), source=self.name, ids=ids, places=places)
        _same(row["created"], len(ids), HOLDS)
        self._mark_captions(work, ids)

    def _mark_captions(self, work: Transaction, ids: list[int]) -> None:
        """Put compositions on the work list whose caption may be another one now."""
        own = sorted(set(ids))
        work.run(query("rate/mark_pairs"), starts=own, ends=[[] for _ in own], most=DUE)

    def _once(self, evidence: str, rows: int, work: Callable[[Transaction], None]) -> None:
        """Do the work of a batch in a transaction with its entry in the ledger."""
        # Another run compares anew, so its batches are others: its token is in their names.
        key = f"{self.name}~{self.lock.token}/{self.batches:08d}"
        self.batches += 1

        def run(transaction: Transaction) -> None:
            self.lock.check(transaction)
            (opened,) = transaction.run(
                query("load/open_batch"),
                key=key,
                source=self.name,
                evidence=evidence,
                rows=rows,
                digest=[0] * DIGEST_LANES,
            )
            if opened["fresh"]:
                work(transaction)

        self.graph.transact(run)

    def _prune(self) -> int:
        """Delete the compositions that lost their last reference; return their number."""
        # An earlier run may have created compositions for a version that this one is not.
        find = "delete/find_orphans" if self.resumed else "rate/find_unrated"
        due = np.setdiff1d(self._ids(query(find)), self.ids)
        pruned = 0
        for part in in_parts(due.tolist(), ROWS):
            pruned += self.lock.write(query("delete/delete_orphans"), ids=part)[0]["deleted"]
        return pruned

    def _schedule(self, moved: list[str]) -> None:
        """Put on the work list what other rows, or none, are rated otherwise by now: pairs of words
        that a track newly knows, and all that a track with other constants knows.
        """
        numbers = {track["evidence"]: track["number"] for track in self.tracks}
        for evidence in sorted({*numbers, *self.new}):
            if evidence_type(evidence).silence:
                find = query("load/find_newly_known", evidence=evidence, rated=DEFAULT_RELATION)
                number = numbers.get(evidence)
                mark(self.graph, self.lock, self._ids(find, source=self.name, number=number))
        if read_state(self.graph)["formula"] not in (None, FORMULA_VERSION):
            schedule_all(self.graph, self.lock)
        elif numbers.keys() != self.new.keys():
            # The number that stands for the source on rated edges may be another one.
            schedule(self.graph, self.lock, self.name)
        else:
            for evidence in moved:
                find = query("rate/find_known", evidence=evidence)
                mark(self.graph, self.lock, self._ids(find, source=self.name))

    def _discard_relations(self) -> None:
        """Delete the rated edges that no track feeds any more; a rating pass would not see them."""
        fed = {evidence_type(each).feeds for each in (*self.others, *self.new)}
        left = {evidence_type(track["evidence"]).feeds for track in self.tracks} - fed
        for rated in sorted(left):
            statement = query("load/discard_relations", rated=rated)
            while self.lock.write(statement, rows=ROWS)[0]["deleted"]:
                pass

    def _close(self, entry: Entry, moved: bool) -> None:
        """Enter the new version's facts, and log the act, in one transaction."""
        facts = {"replaces": None, **source_facts(self.bundle, self.scanned)}
        kept = list(self.new)
        agreeing = {each.name for each in evidence_feeding(DEFAULT_RELATION)}
        differing = any(one.size for one in self.difference.tracks if one.evidence in agreeing)

        def change(work: Transaction) -> None:
            self.lock.check(work)
            work.run(query("delete/forget_ledger"), source=self.name)
            work.run(query("load/drop_tracks"), name=self.name, kept=kept)
            write_source(work, self.bundle, self.name, facts)
            work.run(query("load/number_tracks"), name=self.name)
            work.run(
                query("load/close_replacement"),
                name=self.name,
                tracks=[self._counts(each) for each in kept],
                batches=list(self.difference.ledger),
                revote=moved,
                stale=moved or differing or self.resumed,
                votes=any(evidence_type(each).silence for each in kept),
                opened=self.opened,
            )
            enter(work, entry)

        self.graph.transact(change)

    def _counts(self, evidence: str) -> Row:
        """Return the rows and the digest of a track, as its ledger adds up."""
        entries = [one for one in self.difference.ledger if one["evidence"] == evidence]
        lanes = zip(*(one["digest"] for one in entries), strict=True)
        summed = [sum(lane) for lane in lanes] or [0] * DIGEST_LANES
        return {
            "evidence": evidence,
            "rows": sum(one["rows"] for one in entries),
            "digest": summed,
        }

    def _ids(self, find: str, **parameters: object) -> Ints:
        found = self.graph.stream(find, **parameters)
        return np.fromiter((row[0] for row in found), dtype=np.int64)


def _edges(ids: Ints) -> dict[str, list[int]]:
    return {name: ids[:, place].tolist() for place, name in enumerate(("edges", "starts", "ends"))}


def _joined(batches: list[pa.RecordBatch]) -> pa.Table:
    return pa.Table.from_batches(batches).combine_chunks()


def _same(found: int, expected: int, what: str) -> None:
    if found != expected:
        raise VerificationFailed(
            f"A batch found {found} of {expected} edges {what} of the version to replace; nothing "
            "of it was kept. Another program writes to this graph; run the same command again."
        )
