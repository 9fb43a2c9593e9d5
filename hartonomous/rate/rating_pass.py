"""Rating pass: deletes evidence of sources being deleted, and rates every pair on the work list.

The work list is the label `Unrated` on compositions. One transaction deletes the evidence of
sources being deleted at a few compositions, rates their pairs, and removes their labels; so each
pair is consistent at all times, and an interrupted pass resumes with the rest of the list.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import combinations
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from hartonomous.errors import Conflict
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row, Transaction
from hartonomous.graph.open_replacement import refuse_while_replacing
from hartonomous.graph.placement_removal import purge_placements
from hartonomous.graph.source_removal import finish_removal, prune_orphans, rename_successor
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.progress import Progress
from hartonomous.rate.captions import has_digested, write_captions
from hartonomous.rate.formulas import SHRINKAGE, vote
from hartonomous.rate.person_trust import Judgements, judging, read_judgements
from hartonomous.rate.source_agreement import (
    Agreement,
    Pair,
    Verdict,
    count_agreements,
    judge,
)
from hartonomous.rate.word_links import link_words
from hartonomous.schema import (
    DEFAULT_RELATION,
    FORMULA_VERSION,
    evidence_type,
    evidence_types,
    rated_types,
)
from hartonomous.speeds import RATE, keep

WORKERS = 2
STARTS = 100
"""Compositions in one transaction; with more, two workers wait for each other's locks."""

MARKS = 10_000

DUE = 200
"""Pairs of one composition that are due by themselves; with more, all that start there are."""


T = TypeVar("T")


@dataclass
class RatingReport:
    """Counts of a pass: `pairs` rated, evidence rows `removed`, compositions `pruned`."""

    pairs: int = 0
    removed: int = 0
    pruned: int = 0

    def __add__(self, other: RatingReport) -> RatingReport:
        return RatingReport(
            self.pairs + other.pairs, self.removed + other.removed, self.pruned + other.pruned
        )


def read_state(graph: Graph) -> Row:
    """Return settled, epoch, formula and the length of the work list; settled for a graph without
    migrations.
    """
    found = graph.read(query("rate/read_state"))
    return found[0] if found else {"settled": True, "epoch": 0, "formula": None, "unrated": 0}


def check_formula(graph: Graph) -> None:
    """Raise Conflict if the graph was rated by another version's formulas."""
    rated_by = read_state(graph)["formula"]
    if rated_by not in (None, FORMULA_VERSION):
        raise Conflict(
            f"The graph was rated by formula {rated_by}, this version has {FORMULA_VERSION}; "
            "'hartonomous rate --all' converts it, then run this again."
        )


def schedule(graph: Graph, lock: WriterLock, source: str) -> None:
    """Put every composition that a source knows on the work list; of judgements, the pairs alone."""
    own = [t for t in graph.read(query("rate/read_tracks")) if t["source"] == source]
    for track in own:
        if not evidence_type(track["evidence"]).opposes:
            find = query("rate/find_known", evidence=track["evidence"])
            mark(graph, lock, _ids(graph, find, source=source))
    _schedule_judged(graph, lock, read_judgements(graph, own), [source])


def _schedule_judged(
    graph: Graph, lock: WriterLock, judgements: Judgements, sources: Collection[str]
) -> None:
    """Put the pairs that some sources judged on the work list, and their ends, which may be new."""
    starts, ends = judgements.pairs_of(sources)
    for first in range(0, len(starts), MARKS):
        part = slice(first, first + MARKS)

        def work(transaction: Transaction, part: slice = part) -> None:
            lock.check(transaction)
            mark_pairs(transaction, starts[part], ends[part])
            mark_words(transaction, np.union1d(starts[part], ends[part]))

        graph.transact(work)


def schedule_all(graph: Graph, lock: WriterLock) -> None:
    """Put every composition on the work list, and mark the graph as not settled."""
    graph.write(query("rate/unsettle"))
    mark(graph, lock, _ids(graph, query("rate/find_compositions")))


def rate_due(graph: Graph, lock: WriterLock, progress: Progress) -> RatingReport:
    """Rate the work list, complete unfinished replacements, and mark the graph settled.

    Sources in state `deleting` are removed afterwards, and successors have their names. Raises
    Conflict while a source has rows of two versions.
    """
    refuse_while_replacing(graph)
    tracks = graph.read(query("rate/read_tracks"))
    live = _live(tracks)
    leaving = sorted({track["source"] for track in tracks if track["state"] == "deleting"})
    starts = _work_list(graph)
    if not len(starts) and not leaving and read_state(graph)["settled"]:
        return RatingReport()
    graph.write(query("rate/unsettle"))
    if leaving:
        # Before any evidence of the source is removed: coordinates must not outlive it.
        purge_placements(graph, lock)
    _derive_classes(graph, lock, starts, live, progress)
    if apply_votes(graph, lock, live):
        tracks = graph.read(query("rate/read_tracks"))
        live = _live(tracks)
    report = _rate(graph, lock, _work_list(graph), tracks, leaving, progress)
    for name in leaving:
        finish_removal(graph, lock, name, _evidence_types(tracks, name))
    # The agreements of a new source are known only now; if they change a vote, its words are due
    # again.
    if count_missing(graph, lock, live) and apply_votes(graph, lock, live):
        tracks = graph.read(query("rate/read_tracks"))
        report += _rate(graph, lock, _work_list(graph), tracks, [], progress)
    if leaving:
        report.pruned = prune_orphans(graph, lock)
    for successor in {track["source"]: track["replaces"] for track in live if track["replaces"]}:
        rename_successor(graph, lock, successor, _evidence_types(live, successor))
    link_words(graph, lock, starts)
    graph.write(query("rate/settle"), formula=FORMULA_VERSION)
    return report


def apply_votes(graph: Graph, lock: WriterLock, live: Sequence[Row]) -> bool:
    """Set each track's vote, its trust after outliers, lineages and what people judged; return
    whether any changed.

    The words of sources with changed votes are put on the work list first, of people the pairs that
    they judged.
    """
    names = sorted(vector_tracks(live))
    known = [Agreement(**row) for row in graph.read(query("rate/read_agreements"))]
    judged = judge(names, [one for one in known if {one.low, one.high} <= set(names)])
    judgements = read_judgements(graph, live)
    new = {t["source"] for t in live if t["vote"] is None}
    changed = changed_verdicts(live, judged, judgements.trusts(), new)
    moved = changed.keys() - new
    people = {track["source"] for track in judging(live)}
    for name in sorted(moved - people):
        schedule(graph, lock, name)
    _schedule_judged(graph, lock, judgements, moved & people)
    if changed:
        write_votes(lock, {name: list(verdict) for name, verdict in changed.items()})
    return bool(changed)


def write_votes(lock: WriterLock, votes: Mapping[str, Sequence[object]]) -> None:
    """Write the votes that verdicts give the tracks of sources."""
    judged = [each.name for each in evidence_types() if each.opposes]
    lock.write(query("rate/write_votes"), votes=votes, judged=judged)


def changed_verdicts(
    live: Sequence[Row],
    judged: Mapping[str, tuple[int, str | None]],
    trusts: Mapping[str, int],
    new: Collection[str] = (),
) -> dict[str, Verdict]:
    """Return the verdicts of sources that differ from those their tracks have, and of the `new`.

    `judged` is what `source_agreement.judge` says of vector sources, `trusts` the trust of people.
    """
    meant = {t["source"]: Verdict(*judged.get(t["source"], ())) for t in live}
    changed = {
        t["source"] for t in live if meant[t["source"]][:2] != (t["lineage"], t["distrusted"])
    }
    for track in judging(live):
        name = track["source"]
        meant[name] = meant[name]._replace(trust=trusts.get(name, track["trust"]))
        if track["vote"] != vote_of(track, meant[name]):
            changed.add(name)
    return {name: meant[name] for name in sorted(changed.union(new))}


def vote_of(track: Row, verdict: Sequence[Any]) -> int:
    """Return the vote that a verdict gives a track with evidence and trust, in millionths."""
    divisor, distrusted, *person = verdict
    trust = track["trust"]
    if person and person[0] is not None and evidence_type(track["evidence"]).opposes:
        trust = person[0]
    return vote(trust, divisor, distrusted)


def count_missing(graph: Graph, lock: WriterLock, live: Sequence[Row]) -> bool:
    """Count the agreements of sources that were never compared, or whose rows changed since; return
    whether there were any.
    """
    tracks = vector_tracks(live)
    known = {(row["low"], row["high"]) for row in graph.read(query("rate/read_agreements"))}
    known -= {(row["low"], row["high"]) for row in graph.read(query("rate/find_stale_agreements"))}
    missing = set(combinations(sorted(tracks), 2)) - known
    if missing:
        _count(graph, lock, tracks, missing)
    return bool(missing)


def recount_agreements(graph: Graph, lock: WriterLock, names: Iterable[str]) -> bool:
    """Count the agreements of sources with changed evidence again.

    Returns whether a vote changes; then words are on the work list.
    """
    live = _live(graph.read(query("rate/read_tracks")))
    tracks, chosen = vector_tracks(live), set(names)
    pairs = {pair for pair in combinations(sorted(tracks), 2) if chosen & set(pair)}
    if not pairs:
        return False
    _count(graph, lock, tracks, pairs)
    return apply_votes(graph, lock, live)


def _count(
    graph: Graph, lock: WriterLock, tracks: Mapping[str, frozenset[int]], pairs: set[Pair]
) -> None:
    scans = [query(name, rated=DEFAULT_RELATION) for name in ("rate/count_seen", "rate/count_met")]
    # Each goes once over all pairs, on one core.
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="agree") as readers:
        seen, met = readers.map(graph.read, scans)
    found = count_agreements(tracks, graph.read(query("rate/read_classes")), seen, met, pairs)
    lock.write(query("rate/write_agreements"), rows=[one.row() for one in found])


def _live(tracks: Iterable[Row]) -> list[Row]:
    return [track for track in tracks if track["state"] == "live"]


def vector_tracks(live: Iterable[Row]) -> dict[str, frozenset[int]]:
    """Return the numbers of the tracks of each source with one whose silence speaks."""
    tracks = list(live)
    names = {t["source"] for t in tracks if evidence_type(t["evidence"]).silence}
    return {name: frozenset(t["number"] for t in tracks if t["source"] == name) for name in names}


def _work_list(graph: Graph) -> NDArray[np.int64]:
    return np.sort(_ids(graph, query("rate/find_unrated")))


def source_numbers(live: Iterable[Row]) -> dict[str, int]:
    """Return the number of a source on rated edges: its tracks' lowest."""
    numbers: dict[str, int] = {}
    for track in live:
        numbers[track["source"]] = min(track["number"], numbers.get(track["source"], 1 << 62))
    return numbers


def rating_constants(live: Iterable[Row], numbers: Mapping[str, int]) -> dict[str, Any]:
    """Return the rating constants of each track, by evidence type and source: its vote, vote times
    absent constant, its source's number, and the vote that a row of it has below the line.
    """
    return {
        "tracks": _by_evidence(
            live,
            lambda t: [t["vote"], t["vote"] * t["absent"], numbers[t["source"]], row_vote(t)],
        )
    }


def row_vote(track: Row) -> int:
    """Return the vote that each row of a track adds to the votes of its pair, in millionths.

    None where silence speaks: such a track votes on every pair it knows, in `class_table`. None for
    judgements either, which only add to the odds.
    """
    evidence = evidence_type(track["evidence"])
    return 0 if evidence.silence or evidence.opposes else track["vote"] or 0


def class_table(live: Iterable[Row], classes: Sequence[str]) -> dict[str, dict[str, list[int]]]:
    """Return, for each pair of classes of words, the sums over the tracks that know both of the
    votes and of vote times absent constant.

    A class is the numbers of its tracks joined by '+', as stored on compositions.
    """
    constants = {track["number"]: (track["vote"], track["absent"]) for track in silent(live)}
    members = {name: {int(number) for number in name.split("+") if number} for name in classes}

    def silence(tracks: set[int]) -> list[int]:
        terms = [constants[number] for number in tracks if number in constants]
        return [sum(vote for vote, _ in terms), sum(vote * absent for vote, absent in terms)]

    return {
        low: {high: silence(members[low] & members[high]) for high in classes} for low in classes
    }


def silent(tracks: Iterable[Row]) -> list[Row]:
    """Return the tracks whose silence speaks: those that words are known to."""
    return [track for track in tracks if evidence_type(track["evidence"]).silence]


def _derive_classes(
    graph: Graph,
    lock: WriterLock,
    starts: NDArray[np.int64],
    live: Sequence[Row],
    progress: Progress,
) -> None:
    numbers = _by_evidence(silent(live), lambda track: track["number"])
    derive = query("rate/derive_known")

    def visit(work: Transaction, ids: list[int]) -> None:
        work.run(derive, ids=ids, numbers=numbers)

    _visit(
        graph,
        lock,
        starts,
        10 * STARTS,
        visit,
        lambda done, _: progress("classes", done, len(starts)),
    )


def _rate(
    graph: Graph,
    lock: WriterLock,
    starts: NDArray[np.int64],
    tracks: Sequence[Row],
    leaving: list[str],
    progress: Progress,
) -> RatingReport:
    report = RatingReport()
    live = _live(tracks)
    fed = {evidence_type(track["evidence"]).feeds for track in tracks}
    classes = [row["known"] for row in graph.read(query("rate/read_classes"))]
    constants = {
        **rating_constants(live, source_numbers(live)),
        "classes": class_table(live, classes),
        "shrinkage": SHRINKAGE,
        "leaving": leaving,
    }
    statements = [
        query("rate/rate_pairs", rated=rated.name) for rated in rated_types() if rated.name in fed
    ]

    captioned = has_digested(graph)

    def visit(work: Transaction, ids: list[int]) -> tuple[int, int]:
        counted = [work.run(statement, ids=ids, **constants)[0] for statement in statements]
        if captioned:
            write_captions(work, ids)
        work.run(query("rate/unmark_unrated"), ids=ids)
        return sum(row["pairs"] for row in counted), sum(row["removed"] for row in counted)

    def note(done: int, result: tuple[int, int]) -> None:
        report.pairs += result[0]
        report.removed += result[1]
        progress("rating", done, len(starts))

    began = time.perf_counter()
    _visit(graph, lock, starts, STARTS, visit, note)
    keep(RATE, report.pairs, time.perf_counter() - began)
    return report


def _visit(
    graph: Graph,
    lock: WriterLock,
    ids: NDArray[np.int64],
    size: int,
    visit: Callable[[Transaction, list[int]], T],
    note: Callable[[int, T], None],
) -> None:
    """Call `visit` in one transaction per `size` ids, two at a time, and `note` after each."""

    def run(part: list[int]) -> T:
        def work(transaction: Transaction) -> T:
            lock.check(transaction)
            return visit(transaction, part)

        return graph.transact(work)

    parts = [ids[first : first + size].tolist() for first in range(0, len(ids), size)]
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="settle") as workers:
        futures = {workers.submit(run, part): len(part) for part in parts}
        done = 0
        try:
            for future in as_completed(futures):
                done += futures[future]
                note(done, future.result())
        except BaseException:
            workers.shutdown(cancel_futures=True)
            raise


def mark(graph: Graph, lock: WriterLock, ids: NDArray[np.int64]) -> None:
    """Put compositions, database ids (n,) int64, on the work list of the next pass."""
    text = query("rate/mark_unrated")
    _visit(graph, lock, ids, MARKS, lambda work, part: work.run(text, ids=part), lambda *_: None)


def mark_pairs(work: Transaction, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> None:
    """Put pairs, database ids (n,) int64 each, on the work list of the next pass, in a transaction."""
    order = np.argsort(starts, kind="stable")
    every, first = np.unique(starts[order], return_index=True)
    lists = [part.tolist() for part in np.split(ends[order], first[1:])] if len(every) else []
    work.run(query("rate/mark_pairs"), starts=every.tolist(), ends=lists, most=DUE)


def mark_words(work: Transaction, words: NDArray[np.int64]) -> None:
    """Put compositions, database ids (n,) int64, on the work list without any of their pairs, in a
    transaction: for their class, their caption and their links.
    """
    none: list[list[int]] = [[]] * len(words)
    work.run(query("rate/mark_pairs"), starts=words.tolist(), ends=none, most=DUE)


def _ids(graph: Graph, find: str, **parameters: str) -> NDArray[np.int64]:
    return np.fromiter((row[0] for row in graph.stream(find, **parameters)), dtype=np.int64)


def _by_evidence(
    tracks: Iterable[Row], value: Callable[[Row], object]
) -> dict[str, dict[str, object]]:
    table: dict[str, dict[str, object]] = {}
    for track in tracks:
        table.setdefault(track["evidence"], {})[track["source"]] = value(track)
    return table


def _evidence_types(tracks: Iterable[Row], source: str) -> list[str]:
    return [track["evidence"] for track in tracks if track["source"] == source]
