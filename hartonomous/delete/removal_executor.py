"""Executor of a removal: removes rows and writes predicted ratings, in batches with a ledger.

A batch removes the evidence of its pairs and writes their predicted ratings in one transaction, so
that every pair is consistent at all times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hartonomous.delete.deletion_plan import Plan
from hartonomous.delete.place_changes import by_source, gone
from hartonomous.errors import VerificationFailed
from hartonomous.evidence import DIGEST_LANES
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Transaction, in_parts
from hartonomous.graph.placement_removal import purge_placements
from hartonomous.graph.source_removal import finish_removal
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.progress import Progress
from hartonomous.rate.captions import write_captions
from hartonomous.rate.formulas import cost
from hartonomous.rate.rating_pass import write_votes
from hartonomous.schema import DEFAULT_RELATION, kinds
from hartonomous.speeds import REMOVE, measured

ROWS = 3_000
"""Edges that a transaction removes or rates: with more or fewer, deleting a million is slower."""

WORKERS = 2

Ints = NDArray[np.int64]


class _Starting:
    """Rows sorted by their start."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table.combine_chunks()
        self.starts: NDArray[np.int32] = self.table["start"].to_numpy()

    def between(self, first: int, end: int) -> pa.Table:
        """Return the rows with a start in [first, end)."""
        low, high = np.searchsorted(self.starts, [first, end])
        return self.table.slice(low, high - low)


class Removal:
    """The steps of a removal; each can be repeated after an interruption."""

    def __init__(
        self, graph: Graph, lock: WriterLock, deletion: str, planned: Plan, progress: Progress
    ) -> None:
        self.graph, self.lock, self.deletion, self.progress = graph, lock, deletion, progress
        self.summary, self.tables = planned.summary, dict(planned.tables)
        shifts = self.tables["shifts"]
        if "type" not in shifts.schema.names:
            # Planned by a version that knew the consensus of one type only.
            types = pa.array([DEFAULT_RELATION] * shifts.num_rows)
            self.tables["shifts"] = shifts.append_column("type", types)
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
        """Execute the remaining steps."""
        # First: coordinates must not outlive the rows they were computed from.
        purge_placements(self.graph, self.lock)
        rows = sum(table.table.num_rows for table in self.evidence.values())
        with measured(REMOVE, rows + self.tables["shifts"].num_rows):
            self.remove_rows()
            self.shift_ratings()
        self.remove_visits()
        self.remove_places()
        self.finish_sources()
        self.prune()
        self.write_captions()

    def remove_rows(self) -> None:
        """Remove evidence and write the predicted ratings, pair by pair."""
        batches = _start_ranges([*self.evidence.values(), *self.relations.values()])
        self._in_batches("rows", batches, self._remove_range)

    def shift_ratings(self) -> None:
        """Write the changed consensus of pairs that keep their evidence."""
        shifts = self.tables["shifts"]
        self._in_batches("shifts", _ranges(shifts.num_rows), self._shift_range)

    def remove_visits(self) -> None:
        """Remove visits, and add to the missing mass of those that remain."""
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

    def remove_places(self) -> None:
        """Remove the places of compositions of which a source keeps no row."""
        for source, part in by_source(gone(self.tables)).items():

            def run(
                work: Transaction,
                first: int,
                end: int,
                part: pa.Table = part,
                source: str = source,
            ) -> None:
                rows = part.slice(first, end - first)
                (row,) = work.run(
                    query("delete/remove_held"),
                    source=source,
                    ids=self.ids[rows["composition"].to_numpy()].tolist(),
                    places=rows["place"].to_pylist(),
                )
                _same(row["deleted"], rows.num_rows, "places")

            self._in_batches(f"places:{source}", _ranges(part.num_rows), run)

    def finish_sources(self) -> None:
        """Write the remaining counts of each source, and delete sources without rows."""
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
                if visited := source.get("visited"):
                    self.lock.write(query("delete/set_visited"), source=name, visited=visited)
                if held := source.get("held"):
                    self.lock.write(query("delete/set_held"), source=name, held=held)
        self.lock.write(query("rate/write_agreements"), rows=self.summary["agreements"])
        write_votes(self.lock, self.summary["votes"])

    def prune(self) -> None:
        """Delete the compositions without references."""
        orphans = self.ids[self.tables["orphans"]["composition"].to_numpy()].tolist()
        for part in in_parts(orphans, ROWS):
            self.lock.write(query("delete/delete_orphans"), ids=part)

    def write_captions(self) -> None:
        """Write the captions of the remaining compositions that lost rows."""
        digested = [kind.name for kind in kinds() if kind.digested]
        own = pc.is_in(self.tables["compositions"]["kind"], pa.array(digested, pa.string()))
        ids = np.setdiff1d(
            self.ids[own.to_numpy()], self.ids[self.tables["orphans"]["composition"].to_numpy()]
        )
        for part in in_parts(ids.tolist(), ROWS):

            def work(transaction: Transaction, part: Sequence[int] = part) -> None:
                self.lock.check(transaction)
                write_captions(transaction, part)

            self.graph.transact(work)

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
            (row,) = work.run(
                query("delete/rerate_relations", rated=rated),
                **self._edges(kept),
                elos=_list(kept["elo"]),
                times=_list(kept["n"]),
                weights=_list(kept["weight"]),
                **_standing(kept),
            )
            _same(row["rated"], kept.num_rows, f"relations {rated}")

    def _shift_range(self, work: Transaction, first: int, end: int) -> None:
        rows = self.tables["shifts"].slice(first, end - first)
        for rated in sorted(rows["type"].unique().to_pylist()):
            part = rows.filter(pc.equal(rows["type"], rated))
            (row,) = work.run(
                query("delete/shift_relations", rated=rated),
                edges=_list(part["edge"]),
                **_consensus(part["decades"]),
            )
            _same(row["rated"], part.num_rows, f"relations {rated}")

    def _edges(self, rows: pa.Table) -> dict[str, list[int]]:
        return {
            "edges": _list(rows["edge"]),
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
    """Return the consensus of decades in milli-decades, as `formulas.consensus` computes it; both
    int64.
    """
    four = pc.add(pc.multiply(pc.cast(decades, pa.int64()), 4), 5)
    return pc.add(pc.cast(pc.floor(pc.divide(pc.cast(four, pa.float64()), 10.0)), pa.int64()), 1500)


def _standing(kept: pa.Table) -> dict[str, list[Any]]:
    """Return the remaining counts of relations, as columns."""
    lists = kept["seen"].combine_chunks()
    lengths = lists.value_lengths().to_numpy()
    flat, ends = _list(lists.flatten()), np.cumsum(lengths).tolist()
    seen = [flat[first:end] for first, end in zip([0, *ends], ends, strict=False)]
    said = {"sources": lengths.tolist(), "seen": seen, "against": _against(kept)}
    if kept["decades"].null_count:
        # Directed relations had no consensus when an earlier version planned this.
        return said | dict.fromkeys(("decades", "consensus", "costs"), [None] * len(lengths))
    return said | _consensus(kept["decades"])


def _against(kept: pa.Table) -> list[int | None]:
    """Return what speaks against each relation, None where nothing does."""
    if "against" not in kept.schema.names:
        return [None] * kept.num_rows
    return [count or None for count in _list(kept["against"])]


def _consensus(decades: pa.ChunkedArray) -> dict[str, list[int]]:
    """Return decades in milli-decades, and the values derived from them, as columns."""
    found, which = np.unique(decades.to_numpy(), return_inverse=True)
    costs = np.array([cost(each) for each in found.tolist()], dtype=np.int64)
    return {
        "decades": _list(decades),
        "consensus": _list(consensus_of(decades)),
        "costs": costs[which].tolist(),
    }


def _list(column: pa.ChunkedArray | pa.Array) -> list[Any]:
    """Return a column of numbers without nulls as a list; many times as fast as `to_pylist`."""
    values: list[Any] = np.asarray(column).tolist()
    return values


def _same(found: int, planned: int, what: str) -> None:
    if found != planned:
        raise VerificationFailed(
            f"A batch found {found} of {planned} {what} to remove; it was rolled back. Another "
            "program writes to this graph; 'hartonomous doctor' investigates."
        )


def _start_ranges(tables: Iterable[_Starting]) -> list[tuple[int, int]]:
    """Return ranges of starts [first, end) with about ROWS rows of all tables together."""
    starts = [table.starts for table in tables]
    every = np.sort(np.concatenate([np.empty(0, np.int32), *starts]))
    if not len(every):
        return []
    cuts = [every[0], *(each for each in every[ROWS::ROWS]), every[-1] + 1]
    cuts = sorted(set(map(int, cuts)))
    return list(pairwise(cuts))


def _ranges(rows: int) -> list[tuple[int, int]]:
    return [(first, min(first + ROWS, rows)) for first in range(0, rows, ROWS)]
