"""Doing a plan: rows go and ratings move in batches with a ledger, so a cut-off removal goes on.

The rows are kept outside the graph, and the journal stands in it, before the first one goes. A batch
takes all evidence that goes off its pairs and gives them the ratings the plan predicted, in one
transaction: each pair is whole at every moment, and the graph is not called settled in between.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hartonomous.errors import Conflict, NotFound, VerificationFailed
from hartonomous.evidence import DIGEST_LANES
from hartonomous.forget.plan_files import plan_digest
from hartonomous.forget.planning import Plan, plan
from hartonomous.forget.residuals import Residual, residual, watched
from hartonomous.forget.retaining import read_record, read_retained, retain
from hartonomous.forget.selecting import Selectors, subjects_of
from hartonomous.forget.undoing import expire, undo
from hartonomous.identity import canonical_json
from hartonomous.schema import FORMULA_VERSION
from hartonomous.store import logbook
from hartonomous.store.graph import Graph, Transaction, in_parts
from hartonomous.store.journal import journals, open_journal
from hartonomous.store.loading import read_source
from hartonomous.store.locking import WriterLock
from hartonomous.store.logbook import Entry
from hartonomous.store.queries import query
from hartonomous.store.removing import discard_source, finish_removal
from hartonomous.store.settling import Progress, check_formula, read_state, settle
from hartonomous.store.state_digest import state_digest
from hartonomous.store.unplacing import purge_placements

ROWS = 10_000
"""Edges a transaction takes away or rates."""

WORKERS = 2
KEEP_DAYS = 30.0

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class DeletionReport:
    """What was deleted, counted by the database; until when it can be undone; the graph after it.

    `residual` says what remains and how it could be reached; None after a resumption.
    """

    id: str
    removed: int
    lost: int
    kept: int
    shifted: int
    compositions: int
    until: str | None
    digest: str
    residual: Residual | None = None


def delete(
    graph: Graph,
    lock: WriterLock,
    selectors: Selectors,
    progress: Progress,
    days: float = KEEP_DAYS,
) -> DeletionReport:
    """Plan what the selectors stand for and do it; what goes is kept for so many days.

    An earlier removal that was cut short is finished first; if it was this very one, that is all.
    A source that never went live is discarded at once. Raises NotFound for what is not there.
    """
    if (resumed := resume(graph, lock, progress)) is not None:
        record = read_record(resumed.id)
        if record.selectors == as_json(selectors):
            return resumed
    check_formula(graph)
    settle(graph, lock, progress)
    if discarded := _discard_half_loaded(graph, lock, selectors):
        return discarded
    return apply(graph, lock, plan(graph, selectors, progress), progress, days)


def delete_source(graph: Graph, lock: WriterLock, name: str, progress: Progress) -> DeletionReport:
    """Remove a source; run again after an interruption, it goes on."""
    return delete(graph, lock, Selectors(sources=(name,)), progress)


def apply(
    graph: Graph, lock: WriterLock, planned: Plan, progress: Progress, days: float = KEEP_DAYS
) -> DeletionReport:
    """Do exactly what was planned, and keep what goes.

    Raises Conflict when the graph is not the one that was planned on.
    """
    refuse_moved(graph, planned)
    logbook.check(graph)
    deletion = secrets.token_hex(8)
    expire(graph, lock)
    before = watched(graph, planned)
    identity = lock.write(query("delete/identify_graph"))[0]["identity"]
    number = max((row["number"] for row in journals(graph)), default=0) + 1
    retain(planned, identity, deletion, number, days)
    begin(graph, lock, "delete", deletion, planned)
    report = carry_out(graph, lock, deletion, planned, progress)
    return replace(report, residual=residual(graph, planned, before))


def begin(graph: Graph, lock: WriterLock, verb: str, deletion: str, planned: Plan) -> None:
    """Open a removal's journal and log the act, in one transaction; an erasure is logged unnamed."""
    digest = planned.summary.get("digest") or plan_digest(planned.summary)
    counts = dict(planned.summary["counts"])
    entry = Entry(
        verb,
        {"plan": digest, **counts},
        subjects_of(planned.summary["selectors"]),
        key=f"{verb} {deletion}",
        named=verb != "erase",
    )

    def work(transaction: Transaction) -> None:
        lock.check(transaction)
        transaction.run(
            query("delete/open_journal"), id=deletion, verb=verb, plan=digest, facts=counts
        )
        logbook.enter(transaction, entry)

    graph.transact(work)
    logbook.seal(graph)


def refuse_moved(graph: Graph, planned: Plan) -> None:
    """Raise Conflict unless the graph is the one that was planned on."""
    was, state = planned.summary["graph"], read_state(graph)
    if (
        not state["settled"]
        or was["epoch"] != state["epoch"]
        or was["digest"] != state_digest(graph)
    ):
        raise Conflict("The graph has moved since this was planned; nothing was done. Plan again.")


def resume(graph: Graph, lock: WriterLock, progress: Progress) -> DeletionReport | None:
    """Finish a removal, or an undo, that was cut short; None when no removal was.

    Raises NotFound when its rows are kept on another machine.
    """
    found = open_journal(graph)
    if found is None:
        return None
    if found["verb"] == "erase":
        raise Conflict(
            f"Erasure {found['id']} was cut short; 'hartonomous erase --resume' finishes it."
        )
    if found["state"] == "undoing":
        undo(graph, lock, found["id"], progress)
        return None
    try:
        planned = read_retained(found["id"])
    except NotFound as error:
        raise NotFound(
            f"Removal {found['id']} was cut short, and what it needs to go on is not kept here; "
            "run 'hartonomous delete --resume' where it was begun."
        ) from error
    return carry_out(graph, lock, found["id"], planned, progress)


def carry_out(
    graph: Graph, lock: WriterLock, deletion: str, planned: Plan, progress: Progress
) -> DeletionReport:
    """Do what is left of a removal whose journal is open, and close it."""
    Removal(graph, lock, deletion, planned, progress).carry_out()
    lock.write(query("delete/close_journal"), id=deletion, state="done", formula=FORMULA_VERSION)
    return verify_outcome(graph, deletion, planned)


def verify_outcome(graph: Graph, deletion: str, planned: Plan) -> DeletionReport:
    """Return what was done; raise VerificationFailed unless the graph is now what was planned."""
    after = state_digest(graph)
    if after != planned.summary["after"]["digest"]:
        raise VerificationFailed(
            f"After removal {deletion} the graph is not what was planned: digest {after[:16]}, "
            f"not {planned.summary['after']['digest'][:16]}. 'hartonomous doctor' looks further."
        )
    counts = planned.summary["counts"]
    return DeletionReport(
        deletion,
        counts["evidence"],
        counts["lost"],
        counts["kept"],
        counts["shifted"],
        counts["compositions"],
        read_record(deletion).until,
        after,
    )


class _Starting:
    """Rows sorted by where they start."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table.combine_chunks()
        self.starts: NDArray[np.int32] = self.table["start"].to_numpy()

    def between(self, first: int, end: int) -> pa.Table:
        """Return the rows whose start lies in [first, end)."""
        low, high = np.searchsorted(self.starts, [first, end])
        return self.table.slice(low, high - low)


class Removal:
    """The steps of a removal; each may be repeated after it was cut short."""

    def __init__(
        self, graph: Graph, lock: WriterLock, deletion: str, planned: Plan, progress: Progress
    ) -> None:
        self.graph, self.lock, self.deletion, self.progress = graph, lock, deletion, progress
        self.summary, self.tables = planned.summary, planned.tables
        self.evidence = {name: _Starting(table) for name, table in planned.evidence.items()}
        relations = self.tables["relations"]
        self.relations = {
            rated: _Starting(relations.filter(pc.equal(relations["type"], rated)))
            for rated in sorted(relations["type"].unique().to_pylist())
        }
        self.ids: Ints = planned.tables["compositions"]["id"].to_numpy()
        ledger = graph.read(query("load/read_ledger"), source=deletion)
        self.ledger = {row["key"] for row in ledger}

    def carry_out(self) -> None:
        """Do every step that is not done yet."""
        # First: what places say of the rows that go must not outlive them.
        purge_placements(self.graph, self.lock)
        self.remove_rows()
        self.shift_ratings()
        self.remove_visits()
        self.finish_sources()
        self.prune()

    def remove_rows(self) -> None:
        """Take evidence off its pairs and give these the ratings predicted, pair by pair."""
        batches = _start_ranges([*self.evidence.values(), *self.relations.values()])
        self._in_batches("rows", batches, self._remove_range)

    def shift_ratings(self) -> None:
        """Move the consensus of pairs that keep their evidence."""
        shifts = self.tables["shifts"]
        self._in_batches("shifts", _ranges(shifts.num_rows), self._shift_range)

    def remove_visits(self) -> None:
        """Take visits away, and tell those that stay what they store no more."""
        for name, statement, column in (
            ("visits", "delete/remove_visits", None),
            ("masses", "delete/add_mass", "added"),
        ):
            table = self.tables[name]
            for source in sorted(table["source"].unique().to_pylist()):
                part = table.filter(pc.equal(table["source"], source))

                def run(
                    work: Transaction,
                    first: int,
                    end: int,
                    part: pa.Table = part,
                    statement: str = statement,
                    source: str = source,
                    column: str | None = column,
                ) -> None:
                    rows = part.slice(first, end - first)
                    more = {column: rows[column].to_pylist()} if column else {}
                    contexts = self.ids[rows["composition"].to_numpy()].tolist()
                    (row,) = work.run(query(statement), source=source, contexts=contexts, **more)
                    if not column:
                        _same(row["deleted"], rows.num_rows, "visits")

                self._in_batches(f"{name}:{source}", _ranges(part.num_rows), run)

    def finish_sources(self) -> None:
        """Say what is left of each source, and let go of those of which nothing is."""
        known = self.tables["known"]
        for part in in_parts(range(known.num_rows), ROWS):
            rows = known.slice(part[0], len(part))
            self.lock.write(
                query("delete/set_known"),
                ids=self.ids[rows["composition"].to_numpy()].tolist(),
                known=rows["known"].to_pylist(),
            )
        if renamed := self.summary["renamed"]:
            found = self.graph.stream(query("delete/find_classes"), classes=list(renamed))
            for part in in_parts([row[0] for row in found], ROWS):
                self.lock.write(query("delete/rename_known"), ids=part, renamed=renamed)
        for name, source in self.summary["sources"].items():
            if source["whole"]:
                types = [track["evidence"] for track in source["tracks"]]
                finish_removal(self.graph, self.lock, name, types)
            else:
                self.lock.write(query("delete/set_tracks"), source=name, left=source["left"])
        self.lock.write(query("rate/write_agreements"), rows=self.summary["agreements"])
        self.lock.write(query("rate/write_votes"), votes=self.summary["votes"])

    def prune(self) -> None:
        """Delete the compositions that nothing refers to any more."""
        orphans = self.ids[self.tables["orphans"]["composition"].to_numpy()].tolist()
        for part in in_parts(orphans, ROWS):
            self.lock.write(query("delete/delete_orphans"), ids=part)

    def _remove_range(self, work: Transaction, first: int, end: int) -> None:
        for evidence, table in self.evidence.items():
            rows = table.between(first, end)
            if not rows.num_rows:
                continue
            (row,) = work.run(
                query("delete/remove_evidence", evidence=evidence),
                **self._edges(rows),
                sources=rows["source"].to_pylist(),
            )
            _same(row["deleted"], rows.num_rows, f"edges {evidence}")
        for rated, relations in self.relations.items():
            self._rerate(work, rated, relations.between(first, end))

    def _rerate(self, work: Transaction, rated: str, rows: pa.Table) -> None:
        lost = rows.filter(pc.equal(rows["n"], 0))
        kept = rows.filter(pc.not_equal(rows["n"], 0))
        if lost.num_rows:
            (row,) = work.run(query("delete/remove_relations", rated=rated), **self._edges(lost))
            _same(row["deleted"], lost.num_rows, f"relations {rated}")
        if kept.num_rows:
            ends = self._edges(kept)
            columns = [*ends.values(), *(kept[c].to_pylist() for c in ("elo", "n", "weight"))]
            seen = kept["seen"].to_pylist()
            columns += [[len(numbers) for numbers in seen]]
            decades = kept["decades"]
            statement = "delete/rerate_relations"
            consensus: dict[str, Any] = {
                "decades": decades.to_pylist(),
                "consensus": consensus_of(decades).to_pylist(),
            }
            # Directed relations have neither the numbers of their sources nor a consensus.
            columns += [seen if decades.null_count == 0 else [None] * len(seen)]
            rates = list(map(list, zip(*columns, strict=True)))
            (row,) = work.run(query(statement, rated=rated), rows=rates, **consensus)
            _same(row["rated"], kept.num_rows, f"relations {rated}")

    def _shift_range(self, work: Transaction, first: int, end: int) -> None:
        rows = self.tables["shifts"].slice(first, end - first)
        (row,) = work.run(
            query("delete/shift_relations", rated="RELATES"),
            edges=rows["edge"].to_pylist(),
            decades=rows["decades"].to_pylist(),
            consensus=consensus_of(rows["decades"]).to_pylist(),
        )
        _same(row["rated"], rows.num_rows, "relations RELATES")

    def _edges(self, rows: pa.Table) -> dict[str, list[int]]:
        return {
            "edges": rows["edge"].to_pylist(),
            "starts": self.ids[rows["start"].to_numpy()].tolist(),
            "ends": self.ids[rows["end"].to_numpy()].tolist(),
        }

    def _in_batches(
        self,
        stage: str,
        ranges: Sequence[tuple[int, int]],
        run: Callable[[Transaction, int, int], None],
    ) -> None:
        """Call `run` for each range in a transaction with its entry in the ledger, two at a time."""

        def do(number: int, first: int, end: int) -> None:
            key = f"{self.deletion}/{stage}/{number:08d}"
            if key in self.ledger:
                return

            def work(transaction: Transaction) -> None:
                self.lock.check(transaction)
                entry = {
                    "key": key,
                    "source": self.deletion,
                    "evidence": stage,
                    "rows": end - first,
                }
                (opened,) = transaction.run(
                    query("load/open_batch"), **entry, digest=[0] * DIGEST_LANES
                )
                if opened["fresh"]:
                    run(transaction, first, end)

            self.graph.transact(work)

        with ThreadPoolExecutor(WORKERS, thread_name_prefix="remove") as workers:
            futures = [workers.submit(do, i, *each) for i, each in enumerate(ranges)]
            try:
                for done, future in enumerate(futures):
                    future.result()
                    self.progress(stage.partition(":")[0], done + 1, len(futures))
            except BaseException:
                workers.shutdown(cancel_futures=True)
                raise


def consensus_of(decades: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the consensus of each number of milli-decades, as `rating.consensus` has it."""
    four = pc.add(pc.multiply(pc.cast(decades, pa.int64()), 4), 5)
    return pc.add(pc.cast(pc.floor(pc.divide(pc.cast(four, pa.float64()), 10.0)), pa.int64()), 1500)


def _same(found: int, planned: int, what: str) -> None:
    if found != planned:
        raise VerificationFailed(
            f"A batch found {found} of {planned} {what} that were to go; it was taken back. "
            "Something else writes to this graph; 'hartonomous doctor' looks further."
        )


def _start_ranges(tables: Iterable[_Starting]) -> list[tuple[int, int]]:
    """Return ranges of starts [first, end) that hold about ROWS rows of all tables together."""
    starts = [table.starts for table in tables]
    every = np.sort(np.concatenate([np.empty(0, np.int32), *starts]))
    if not len(every):
        return []
    cuts = [every[0], *(each for each in every[ROWS::ROWS]), every[-1] + 1]
    cuts = sorted(set(map(int, cuts)))
    return list(pairwise(cuts))


def _ranges(rows: int) -> list[tuple[int, int]]:
    return [(first, min(first + ROWS, rows)) for first in range(0, rows, ROWS)]


def _discard_half_loaded(
    graph: Graph, lock: WriterLock, selectors: Selectors
) -> DeletionReport | None:
    if selectors.described().keys() != {"sources"} or len(selectors.sources) != 1:
        return None
    known = read_source(graph, selectors.sources[0])
    if known is None or known["state"] != "loading":
        return None
    discard_source(graph, lock, selectors.sources[0])
    return DeletionReport("", 0, 0, 0, 0, 0, None, state_digest(graph))


def as_json(selectors: Selectors) -> Mapping[str, Any]:
    """Return selectors as a plan that was written and read again has them."""
    described: Mapping[str, Any] = json.loads(canonical_json(selectors.described()))
    return described
