"""Taking a source out: its evidence goes, every pair concerned is rated anew, orphans are pruned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hartonomous.ask.neighbourhood import unknown_source
from hartonomous.schema import evidence_type
from hartonomous.store.graph import Graph, Transaction
from hartonomous.store.loading import read_source
from hartonomous.store.locking import WriterLock
from hartonomous.store.queries import query
from hartonomous.store.removing import discard_source
from hartonomous.store.settling import SettleReport, check_formula, schedule, settle

STARTS = 500

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class SourcePlan:
    """What removing a source would do.

    `lost` relations have evidence from it alone, `kept` ones from others too; `state` is the
    source's, `deleting` when an earlier removal was cut short.
    """

    name: str
    state: str
    evidence: int
    lost: int
    kept: int


def plan_source(graph: Graph, name: str, progress: Progress) -> SourcePlan:
    """Return what removing a source would do; nothing is written.

    Raises NotFound, listing the sources there are.
    """
    known = read_source(graph, name)
    if known is None:
        raise unknown_source(graph, name)
    ids = [row[0] for row in graph.stream(query("rate/find_compositions"))]
    tracks = [t for t in graph.read(query("rate/read_tracks")) if t["source"] == name]
    fed = sorted({evidence_type(track["evidence"]).feeds for track in tracks})
    plans = [query("delete/plan_source", rated=rated) for rated in fed]
    evidence = lost = kept = 0
    for first in range(0, len(ids), STARTS):
        for plan in plans:
            (row,) = graph.read(plan, ids=ids[first : first + STARTS], source=name)
            evidence, lost = evidence + row["evidence"], lost + row["lost"]
            kept += row["kept"]
        progress("planning", min(first + STARTS, len(ids)), len(ids))
    return SourcePlan(name, known["state"], evidence, lost, kept)


def delete_source(graph: Graph, lock: WriterLock, name: str, progress: Progress) -> SettleReport:
    """Remove a source; run again after an interruption, it goes on.

    Raises NotFound, listing the sources there are.
    """
    known = read_source(graph, name)
    if known is None:
        raise unknown_source(graph, name)
    if known["state"] == "loading":
        discard_source(graph, lock, name)
        return SettleReport()
    check_formula(graph)
    schedule(graph, lock, name)

    def mark(work: Transaction) -> None:
        lock.check(work)
        work.run(query("delete/mark_deleting"), name=name)

    graph.transact(mark)
    return settle(graph, lock, progress)
