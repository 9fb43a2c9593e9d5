"""Row restoration: writes retained rows into the graph, in batches with a ledger, as a load does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hartonomous.delete.deletion_plan import Plan, removed_by_track
from hartonomous.delete.place_changes import by_source, held_by
from hartonomous.delete.removed_rows import IDS
from hartonomous.delete.visit_changes import visited, visits_by_source
from hartonomous.evidence import (
    DIGEST_LANES,
    key_columns,
    mass_digest,
    own_properties,
    summed,
    visit_digest,
    with_later_columns,
)
from hartonomous.graph.cypher_files import COLUMN, query
from hartonomous.graph.driver import Graph, Transaction, in_parts
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.progress import Progress
from hartonomous.rate.rating_pass import mark, schedule
from hartonomous.schema import DEFAULT_RELATION, evidence_type, kinds

ROWS = 10_000

Ints = NDArray[np.int64]

NO_VISITS = visit_digest(np.empty((0, 2), np.uint64), *2 * (np.empty(0, np.int64),))


class Restoration:
    """Restores rows; each step can be repeated after an interruption."""

    def __init__(
        self,
        graph: Graph,
        lock: WriterLock,
        deletion: str,
        planned: Plan,
        masses: Mapping[tuple[str, int], int],
        progress: Progress,
    ) -> None:
        self.graph, self.lock, self.deletion, self.progress = graph, lock, deletion, progress
        self.planned, self.masses = planned, masses
        self.removed = removed_by_track(planned.tables)
        self.visits = visits_by_source(planned.tables)
        sources = planned.summary["sources"]
        self.whole = [name for name, one in sources.items() if one["whole"]]
        touched = {source for source, _ in self.removed}
        self.partial = sorted(touched - set(self.whole))
        ledger = graph.read(query("load/read_ledger"), source=deletion)
        self.ledger = {row["key"] for row in ledger}

    @property
    def restored(self) -> bool:
        """Return whether all rows are restored and only ratings are due."""
        return f"{self.deletion}/undo/finish" in self.ledger

    def restore(self) -> None:
        """Restore all rows and put the affected compositions on the work list."""
        self.ids = self._merge_compositions()
        for name in self.whole:
            self._create_source(name)
        for evidence, table in self.planned.evidence.items():
            for source in sorted(table["source"].unique().to_pylist()):
                self._create_rows(evidence, source, table.filter(pc.equal(table["source"], source)))
        self._create_visits()
        self._create_places()
        self._schedule()
        self._finish()

    def _merge_compositions(self) -> Ints:
        table = self.planned.tables["compositions"]
        used = np.zeros(table.num_rows, dtype=bool)
        for name in (*self.planned.evidence, "visits"):
            for column in ("start", "end", "composition"):
                rows = self.planned.tables[name]
                if column in rows.schema.names:
                    used[rows[column].to_numpy()] = True
        ids = np.full(table.num_rows, -1, dtype=np.int64)
        kind_of_row = np.array(table["kind"].to_pylist(), dtype=object)
        for kind in (kind.name for kind in kinds()):
            for part in in_parts(np.flatnonzero(used & (kind_of_row == kind)).tolist(), ROWS):
                rows = table.take(pa.array(part))
                found = self.lock.write(
                    query("load/merge_compositions", kind=kind),
                    keys=rows["key"].to_pylist(),
                    texts=rows["text"].to_pylist(),
                    own=own_properties(rows),
                )
                for row in found:
                    ids[part[row["i"]]] = row["id"]
        # Compositions at the other end of an edge may exist without any use.
        others = np.flatnonzero(~used).tolist()
        for part in in_parts(others, IDS):
            keys = table.take(pa.array(part))["key"].to_pylist()
            for row in self.graph.read(query("delete/find_keys"), keys=keys):
                ids[part[row["i"]]] = row["id"]
        return ids

    def _create_source(self, name: str) -> None:
        kept_source = self.planned.summary["sources"][name]
        places = by_source(self.planned.tables["places"]).get(name)
        held = None if places is None else held_by(self.planned.tables, places)
        tracks = []
        for track in kept_source["tracks"]:
            back = self.removed.get((name, track["evidence"]))
            counts = back or {"rows": 0, "observations": 0, "digest": [0] * DIGEST_LANES}
            tracks.append({**track, **counts, "vote": None})
        self.lock.write(
            query("delete/restore_source"),
            name=name,
            properties={
                **kept_source["source"],
                "lineage": None,
                "distrusted": None,
                "visited": self.visits.get(name, NO_VISITS),
                "held": held,
            },
            created=kept_source["created"],
            tracks=tracks,
        )

    def _create_rows(self, evidence: str, source: str, table: pa.Table) -> None:
        table = with_later_columns(table, evidence_type(evidence))
        names = [each.name for each in evidence_type(evidence).columns]
        for number, first in enumerate(range(0, table.num_rows, ROWS)):
            rows = table.slice(first, ROWS)
            starts = self.ids[rows["start"].to_numpy()]
            begin = np.flatnonzero(np.diff(starts, prepend=-1))
            end = np.append(begin[1:], len(starts))
            self._once(
                f"{evidence}:{source}/{number:08d}",
                query("load/create_evidence", evidence=evidence),
                rows.num_rows,
                source=source,
                groups=np.stack([starts[begin], begin, end], axis=1).tolist(),
                ends=self.ids[rows["end"].to_numpy()].tolist(),
                **{f"{COLUMN}{name}": rows[name].to_pylist() for name in names},
            )
            self.progress("evidence", first + rows.num_rows, table.num_rows)

    def _create_visits(self) -> None:
        table = self.planned.tables["visits"]
        for source in sorted(table["source"].unique().to_pylist()):
            part = table.filter(pc.equal(table["source"], source))
            for number, first in enumerate(range(0, part.num_rows, ROWS)):
                rows = part.slice(first, ROWS)
                self._once(
                    f"visits:{source}/{number:08d}",
                    query("delete/restore_visits"),
                    rows.num_rows,
                    source=source,
                    ids=self.ids[rows["composition"].to_numpy()].tolist(),
                    n=rows["n"].to_pylist(),
                    masses=rows["mass"].to_pylist(),
                )
        for source in sorted({source for source, _ in self.masses}):
            changed = [(c, w) for (name, c), w in sorted(self.masses.items()) if name == source]
            for number, part in enumerate(in_parts(changed, ROWS)):
                self._once(
                    f"masses:{source}/{number:08d}",
                    query("delete/add_mass"),
                    len(part),
                    source=source,
                    contexts=[int(self.ids[c]) for c, _ in part],
                    added=[w for _, w in part],
                )
        joins = self.planned.tables["structure"]
        starts, ends = (self.ids[joins[end].to_numpy()] for end in ("start", "end"))
        there = (starts >= 0) & (ends >= 0)
        for kind in ("BACKS_OFF_TO", "EXTENDS_TO"):
            chosen = np.flatnonzero(there & (np.array(joins["type"].to_pylist()) == kind)).tolist()
            for part in in_parts(chosen, ROWS):
                tokens = joins.take(pa.array(part))["token"].to_pylist()
                name = "delete/restore_backing_off" if kind == "BACKS_OFF_TO" else None
                self.lock.write(
                    query(name or "delete/restore_extending"),
                    starts=starts[part].tolist(),
                    ends=ends[part].tolist(),
                    **({} if name else {"tokens": tokens}),
                )

    def _create_places(self) -> None:
        """Restore the places of restored rows; another deletion's undo may have restored some."""
        for source, places in by_source(self.planned.tables["places"]).items():
            for number, first in enumerate(range(0, places.num_rows, ROWS)):
                rows = places.slice(first, ROWS)
                self._in_ledger(
                    f"places:{source}/{number:08d}",
                    rows.num_rows,
                    partial(self._create_some_places, source, rows),
                )

    def _create_some_places(self, source: str, rows: pa.Table, work: Transaction) -> None:
        created = work.run(
            query("delete/restore_held"),
            source=source,
            ids=self.ids[rows["composition"].to_numpy()].tolist(),
            places=rows["place"].to_pylist(),
        )
        # A whole source was created with the digest of all its places.
        if created and source not in self.whole:
            new = rows.take(pa.array(sorted(row["i"] for row in created)))
            more = held_by(self.planned.tables, new)
            work.run(query("delete/add_held"), source=source, more=more)

    def _schedule(self) -> None:
        """Put on the work list the starts of restored rows, and the starts of relations to words
        that become known to a track again.
        """
        for name in self.whole:
            schedule(self.graph, self.lock, name)
        ends = [
            self.ids[table[end].to_numpy()]
            for table in self.planned.evidence.values()
            for end in ("start", "end")
        ]
        touched = np.unique(np.concatenate([np.empty(0, np.int64), *ends]))
        mark(self.graph, self.lock, touched)
        numbers: dict[str, dict[str, int]] = {}
        for track in self.graph.read(query("rate/read_tracks")):
            if track["number"] is not None and evidence_type(track["evidence"]).silence:
                numbers.setdefault(track["evidence"], {})[track["source"]] = track["number"]
        for part in in_parts(touched.tolist(), IDS):
            found = self.graph.stream(
                query("delete/find_starts_of_new", rated=DEFAULT_RELATION),
                ids=part,
                numbers=numbers,
            )
            mark(self.graph, self.lock, np.fromiter((row[0] for row in found), dtype=np.int64))

    def _finish(self) -> None:
        """Add restored counts to tracks, and make sources live, in one transaction."""
        gained = {
            source: {
                evidence: counts for (s, evidence), counts in self.removed.items() if s == source
            }
            for source in self.partial
        }
        for name in self.whole:
            self.lock.write(query("load/number_tracks"), name=name)
        self._once(
            "finish",
            query("delete/restore_tracks"),
            0,
            gained=gained,
            visited=self._visits_gained(),
            whole=self.whole,
        )

    def _visits_gained(self) -> dict[str, list[int]]:
        """Return the change of each source's digest of visits, without sources that are restored
        whole.
        """
        keys = key_columns(self.planned.tables["compositions"]["key"])
        gained = {name: own for name, own in self.visits.items() if name not in self.whole}
        there = visited(self.graph, sorted({int(self.ids[c]) for _, c in self.masses}))
        masses = {(s, c): w for (s, c), w in self.masses.items() if (s, int(self.ids[c])) in there}
        for source in sorted({source for source, _ in masses}):
            changed = [(c, w) for (name, c), w in masses.items() if name == source]
            rows, added = np.array(changed, dtype=np.int64).T
            more = mass_digest(keys[rows], added)
            gained[source] = summed(gained.get(source, NO_VISITS), more)
        return gained

    def _once(self, stage: str, statement: str, rows: int, **parameters: Any) -> None:
        """Run a statement in a transaction with its entry in the ledger."""
        self._in_ledger(stage, rows, lambda work: work.run(statement, **parameters))

    def _in_ledger(self, stage: str, rows: int, act: Callable[[Transaction], object]) -> None:
        """Call `act` in a transaction with its entry in the ledger."""
        key = f"{self.deletion}/undo/{stage}"
        if key in self.ledger:
            return

        def work(transaction: Transaction) -> None:
            self.lock.check(transaction)
            (opened,) = transaction.run(
                query("load/open_batch"),
                key=key,
                source=self.deletion,
                evidence="undo",
                rows=rows,
                digest=[0] * DIGEST_LANES,
            )
            if opened["fresh"]:
                act(transaction)

        self.graph.transact(work)
