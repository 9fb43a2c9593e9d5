"""A rating pass: evidence that is on its way out goes, every pair on the work list is rated.

The work list is the label `Unrated` on compositions. One transaction takes the evidence of sources
being deleted off a few compositions, rates their pairs, and takes them off the list; so each pair
is whole at every moment, and a pass that was cut short goes on with what is left of the list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from hartonomous.errors import Conflict
from hartonomous.schema import FORMULA_VERSION
from hartonomous.store.graph import Graph, Row, Transaction
from hartonomous.store.locking import WriterLock
from hartonomous.store.queries import query
from hartonomous.store.rating import SHRINKAGE
from hartonomous.store.removing import finish_removal, prune_orphans, rename_successor

WORKERS = 2
STARTS = 100
"""Compositions in one transaction; more lets two workers wait for each other's locks."""

MARKS = 10_000

CONSENSUS_TYPE = "RELATES"

T = TypeVar("T")
Progress = Callable[[str, int, int], None]


@dataclass
class SettleReport:
    """What a pass did: `pairs` looked at, evidence rows `removed`, compositions `pruned`."""

    pairs: int = 0
    removed: int = 0
    pruned: int = 0


def read_state(graph: Graph) -> Row:
    """Return settled, epoch, formula and the length of the work list; settled if never migrated."""
    found = graph.read(query("rate/read_state"))
    return found[0] if found else {"settled": True, "epoch": 0, "formula": None, "unrated": 0}


def check_formula(graph: Graph) -> None:
    """Raise Conflict when the graph was rated by another version of the formulas."""
    rated_by = read_state(graph)["formula"]
    if rated_by not in (None, FORMULA_VERSION):
        raise Conflict(
            f"The graph was rated by formula {rated_by}, this version has {FORMULA_VERSION}; "
            "'hartonomous rate --all' moves it, then run this again."
        )


def schedule(graph: Graph, lock: WriterLock, source: str) -> None:
    """Put every composition that a source knows on the work list."""
    for track in graph.read(query("rate/read_tracks")):
        if track["source"] == source:
            find = query("rate/find_known", evidence=track["evidence"])
            _mark(graph, lock, _ids(graph, find, source=source))


def schedule_all(graph: Graph, lock: WriterLock) -> None:
    """Put every composition on the work list, and say that the graph is not settled."""
    graph.write(query("rate/unsettle"))
    _mark(graph, lock, _ids(graph, query("rate/find_compositions")))


def settle(graph: Graph, lock: WriterLock, progress: Progress) -> SettleReport:
    """Rate what the work list names, finish what was begun, and call the graph settled.

    Sources in state `deleting` are gone afterwards, and successors have taken their names.
    """
    tracks = graph.read(query("rate/read_tracks"))
    live = [track for track in tracks if track["state"] == "live"]
    leaving = sorted({track["source"] for track in tracks if track["state"] == "deleting"})
    starts = np.sort(_ids(graph, query("rate/find_unrated")))
    if not len(starts) and not leaving and read_state(graph)["settled"]:
        return SettleReport()
    graph.write(query("rate/unsettle"))
    _derive_classes(graph, lock, starts, live, progress)
    report = _rate(graph, lock, starts, live, leaving, progress)
    for name in leaving:
        finish_removal(graph, lock, name, _evidence_types(tracks, name))
    if leaving:
        report.pruned = prune_orphans(graph, lock)
    for successor in {track["source"]: track["replaces"] for track in live if track["replaces"]}:
        rename_successor(graph, lock, successor, _evidence_types(live, successor))
    graph.write(query("rate/settle"), formula=FORMULA_VERSION)
    return report


def class_table(live: Iterable[Row], classes: Sequence[str]) -> dict[str, dict[str, list[int]]]:
    """Return, for each pair of classes of words, what the tracks that know both say by silence.

    A class is the numbers of its tracks joined by '+', as compositions carry it; the value is the
    sum of the tracks' trust and the sum of trust times absent constant.
    """
    constants = {track["number"]: (track["trust"], track["absent"]) for track in live}
    members = {name: {int(number) for number in name.split("+") if number} for name in classes}

    def silence(tracks: set[int]) -> list[int]:
        terms = [constants[number] for number in tracks if number in constants]
        return [sum(trust for trust, _ in terms), sum(trust * absent for trust, absent in terms)]

    return {
        low: {high: silence(members[low] & members[high]) for high in classes} for low in classes
    }


def _derive_classes(
    graph: Graph,
    lock: WriterLock,
    starts: NDArray[np.int64],
    live: Sequence[Row],
    progress: Progress,
) -> None:
    numbers = _by_evidence(live, lambda track: track["number"])
    derive = query("rate/derive_known", rated=CONSENSUS_TYPE)

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
    live: Sequence[Row],
    leaving: list[str],
    progress: Progress,
) -> SettleReport:
    report = SettleReport()
    classes = [row["known"] for row in graph.read(query("rate/read_classes"))]
    constants = {
        "tracks": _by_evidence(live, lambda t: [t["trust"], t["trust"] * t["absent"]]),
        "classes": class_table(live, classes),
        "shrinkage": SHRINKAGE,
    }
    remove = query("rate/remove_evidence", rated=CONSENSUS_TYPE)
    rate = query("rate/rate_pairs", rated=CONSENSUS_TYPE)

    def visit(work: Transaction, ids: list[int]) -> tuple[int, int]:
        removed = work.run(remove, ids=ids, sources=leaving)[0]["removed"] if leaving else 0
        pairs = work.run(rate, ids=ids, **constants)[0]["pairs"]
        work.run(query("rate/unmark_unrated"), ids=ids)
        return pairs, removed

    def note(done: int, result: tuple[int, int]) -> None:
        report.pairs += result[0]
        report.removed += result[1]
        progress("rating", done, len(starts))

    _visit(graph, lock, starts, STARTS, visit, note)
    return report


def _visit(
    graph: Graph,
    lock: WriterLock,
    ids: NDArray[np.int64],
    size: int,
    visit: Callable[[Transaction, list[int]], T],
    note: Callable[[int, T], None],
) -> None:
    """Call `visit` in a transaction per `size` ids, two at a time, and `note` after each."""

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


def _mark(graph: Graph, lock: WriterLock, ids: NDArray[np.int64]) -> None:
    mark = query("rate/mark_unrated")
    _visit(graph, lock, ids, MARKS, lambda work, part: work.run(mark, ids=part), lambda *_: None)


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
