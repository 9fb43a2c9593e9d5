"""Taking a deletion back: what it kept returns, and everything concerned is rated anew.

Deletions may be undone out of order. Rows that a later deletion stands for as well do not return but
pass to what that one keeps; where its window has ended, they are gone with it. Rows of a source that
is there no more, or is another one of the same name, are gone too, and counted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hartonomous.errors import Conflict
from hartonomous.evidence import DIGEST_LANES
from hartonomous.forget.covering import Coverage, divide
from hartonomous.forget.planning import COMPOSITIONS, Plan, removed_by_track
from hartonomous.forget.removed_rows import IDS
from hartonomous.forget.retaining import (
    Retained,
    kept,
    let_go,
    read_record,
    read_retained,
    rewrite,
)
from hartonomous.identity import canonical_json
from hartonomous.schema import FORMULA_VERSION, KINDS, evidence_type
from hartonomous.store.graph import Graph, Row, Transaction, in_parts
from hartonomous.store.journal import journals
from hartonomous.store.locking import WriterLock
from hartonomous.store.queries import query, query_for_kind
from hartonomous.store.settling import (
    Progress,
    check_formula,
    mark,
    recount_agreements,
    schedule,
    settle,
)
from hartonomous.store.state_digest import state_digest

ROWS = 10_000

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class UndoReport:
    """What an undo brought back, what passed to later deletions, what is gone for good."""

    id: str
    restored: int
    passed: int
    gone: int
    digest: str


def undo(graph: Graph, lock: WriterLock, deletion: str, progress: Progress) -> UndoReport:
    """Take a deletion back; run again after an interruption, it goes on.

    Raises NotFound for one that is not kept, Conflict when its window has ended or a source of the
    same name stands in the way.
    """
    record = read_record(deletion)
    journal = next((row for row in journals(graph) if row["id"] == deletion), None)
    if journal is None or journal["state"] not in ("done", "undoing"):
        raise Conflict(f"Deletion {deletion!r} is not one of this graph that can be undone.")
    if journal["state"] == "done":
        check_formula(graph)
        settle(graph, lock, progress)
        if record.expired:
            expire(graph, lock)
            raise Conflict(f"Deletion {deletion} could be undone until {record.until}.")
    planned = read_retained(deletion)
    if journal["state"] == "done":
        refuse_taken_names(graph, planned)
        lock.write(query("delete/set_journal_state"), id=deletion, state="undoing")
        lock.write(query("rate/unsettle"))
    return bring_back(graph, lock, record, planned, progress)


def bring_back(
    graph: Graph, lock: WriterLock, record: Retained, planned: Plan, progress: Progress
) -> UndoReport:
    """Do what is left of an undo whose journal is open, and close it."""
    everything = _rows(planned)
    mine, passed = _pass_on(graph, record, planned)
    mine, masses = _without_lost_sources(graph, mine, planned)
    work = Restoration(graph, lock, record.id, mine, masses, progress)
    if not work.restored:
        work.restore()
    settle(graph, lock, progress)
    if recount_agreements(graph, lock, work.partial):
        settle(graph, lock, progress)
    lock.write(query("delete/close_journal"), id=record.id, state="undone", formula=FORMULA_VERSION)
    let_go(record.id)
    restored = _rows(mine)
    return UndoReport(
        record.id, restored, passed, everything - restored - passed, state_digest(graph)
    )


def deletions(graph: Graph) -> list[Row]:
    """Return every removal the graph has had; `until` is None where nothing is kept to undo it."""
    known = {one.id: one for one in kept()}
    rows = []
    for journal in journals(graph):
        record = known.get(journal["id"])
        undoable = record is not None and journal["state"] == "done" and not record.expired
        rows.append(
            {
                **{name: journal[name] for name in ("id", "verb", "state", "created", "evidence")},
                "until": record.until if record is not None and undoable else None,
                "what": canonical_json(record.selectors) if record is not None else None,
            }
        )
    return rows


def refuse_taken_names(graph: Graph, planned: Plan) -> None:
    """Raise Conflict when a source that would return finds its name taken."""
    for name, source in planned.summary["sources"].items():
        if source["whole"] and graph.read(query("load/read_source"), name=name):
            raise Conflict(
                f"There is a source {name!r} again; delete it first, or leave this one out."
            )


def expire(graph: Graph, lock: WriterLock) -> int:
    """Let go of deletions whose window has ended; return how many.

    What they stand for is remembered while an earlier one can still be undone; their rows are not.
    """
    (identity,) = lock.write(query("delete/identify_graph"))
    every = kept(identity["identity"])
    ended = [one for one in every if one.expired]
    for one in ended:
        if any(not other.expired and other.number < one.number for other in every):
            emptied = read_retained(one.id)
            tables = {name: table.slice(0, 0) for name, table in emptied.tables.items()}
            rewrite(one.id, replace(emptied, tables=tables))
        else:
            let_go(one.id)
        lock.write(query("delete/set_journal_state"), id=one.id, state="expired")
    return len(ended)


def _pass_on(graph: Graph, record: Retained, planned: Plan) -> tuple[Plan, int]:
    """Give later deletions the rows they stand for; return what is left, and how many were given."""
    passed = 0
    for later in kept(record.graph):
        if later.number <= record.number:
            continue
        other = read_retained(later.id)
        coverage = Coverage(other.summary)
        covered = coverage.sources(planned)
        planned, given = divide(planned, coverage)
        sources = planned.summary["sources"]
        left = {n: one for n, one in sources.items() if not (one["whole"] and n in covered)}
        if not _rows(given) and not given.tables["visits"].num_rows and left == sources:
            continue
        planned = replace(planned, summary={**planned.summary, "sources": left})
        # What an ended one stands for is gone with it.
        if not later.expired:
            rewrite(later.id, joined(other, given, sources, covered))
            passed += _rows(given)
    return planned, passed


def joined(plan: Plan, more: Plan, sources: Mapping[str, Any], covered: Collection[str]) -> Plan:
    """Return a plan with another's rows besides its own; those it has already are not doubled.

    `sources` are what the rows came from; those `covered` come back whole with the plan.
    """
    compositions, place = _united(plan.tables["compositions"], more.tables["compositions"])
    tables = {**plan.tables, "compositions": compositions}
    added: dict[tuple[str, int], int] = {}
    for name in more.evidence:
        rows = _renumbered(more.tables[name], place)
        own = plan.tables.get(name, rows.slice(0, 0))
        fresh = _not_in(rows, own, ("start", "end", "source"))
        tables[name] = pa.concat_tables([own, fresh]).sort_by(
            [("start", "ascending"), ("end", "ascending"), ("source", "ascending")]
        )
        if name == "NEXT_EVIDENCE":
            for source, start, weight in zip(
                *(fresh[c].to_pylist() for c in ("source", "start", "weight")), strict=True
            ):
                added[source, start] = added.get((source, start), 0) + weight
    tables["visits"] = pa.concat_tables(
        [
            # The visits it keeps count as not stored what now comes back with them.
            with_mass(plan.tables["visits"], {key: -w for key, w in added.items()}),
            _not_in(
                _renumbered(more.tables["visits"], place),
                plan.tables["visits"],
                ("source", "composition"),
            ),
        ]
    )
    structure = _renumbered(more.tables["structure"], place)
    tables["structure"] = pa.concat_tables([plan.tables["structure"], structure])
    known = dict(plan.summary["sources"])
    for name, source in sources.items():
        if name in covered and source["whole"]:
            known[name] = source
        known.setdefault(name, {**source, "whole": False})
    return Plan({**plan.summary, "sources": known}, tables)


def _united(own: pa.Table, more: pa.Table) -> tuple[pa.Table, Ints]:
    """Return both tables' compositions, own ones first, and where each of `more` stands."""
    place = {key: row for row, key in enumerate(own["key"].to_pylist())}
    fresh = [row for row, key in enumerate(more["key"].to_pylist()) if key not in place]
    for row in fresh:
        place[more["key"][row].as_py()] = len(place)
    table = pa.concat_tables([own, more.take(pa.array(fresh, pa.int64()))]).cast(COMPOSITIONS)
    return table, np.array([place[key] for key in more["key"].to_pylist()], dtype=np.int32)


def _renumbered(table: pa.Table, place: Ints) -> pa.Table:
    for column, name in enumerate(table.schema.names):
        if name in ("start", "end", "composition"):
            array = pa.array(place[table[name].to_numpy()], pa.int32())
            table = table.set_column(column, table.schema.field(name), array)
    return table


def _not_in(rows: pa.Table, own: pa.Table, names: Sequence[str]) -> pa.Table:
    known = set(zip(*(own[name].to_pylist() for name in names), strict=True))
    keys = zip(*(rows[name].to_pylist() for name in names), strict=True)
    return rows.filter(pa.array([key not in known for key in keys], pa.bool_()))


def with_mass(visits: pa.Table, added: Mapping[tuple[str, int], int]) -> pa.Table:
    """Return visits with something added to the mass of some."""
    keys = zip(visits["source"].to_pylist(), visits["composition"].to_pylist(), strict=True)
    masses = [
        mass + added.get(key, 0) for key, mass in zip(keys, visits["mass"].to_pylist(), strict=True)
    ]
    place = visits.schema.get_field_index("mass")
    return visits.set_column(place, visits.schema.field("mass"), pa.array(masses, pa.int64()))


def _without_lost_sources(
    graph: Graph, mine: Plan, whole: Plan
) -> tuple[Plan, dict[tuple[str, int], int]]:
    """Leave out rows of sources that are gone or are others now; adjust what visits do not store.

    Returns the rows that come back, and what to add to the mass of visits that are there already.
    """
    lost = []
    for name, source in mine.summary["sources"].items():
        found = graph.read(query("delete/read_source"), name=name)
        if not source["whole"] and (not found or found[0]["created"] != source["created"]):
            lost.append(name)
    tables = {
        name: table.filter(pa.array(~np.isin(table["source"].to_pylist(), lost)))
        if "source" in table.schema.names and table.num_rows
        else table
        for name, table in mine.tables.items()
    }
    back, all_rows = _weights(tables), _weights(whole.tables)
    own = set(
        zip(
            tables["visits"]["source"].to_pylist(),
            tables["visits"]["composition"].to_pylist(),
            strict=True,
        )
    )
    held_back = {key: w - back.get(key, 0) for key, w in all_rows.items() if key in own}
    tables["visits"] = with_mass(tables["visits"], held_back)
    masses = {key: -weight for key, weight in back.items() if key not in own}
    return replace(mine, tables=tables), masses


def _weights(tables: Mapping[str, pa.Table]) -> dict[tuple[str, int], int]:
    if "NEXT_EVIDENCE" not in tables:
        return {}
    sums = tables["NEXT_EVIDENCE"].group_by(["source", "start"]).aggregate([("weight", "sum")])
    return {(row["source"], row["start"]): row["weight_sum"] for row in sums.to_pylist()}


def _rows(planned: Plan) -> int:
    return sum(table.num_rows for table in planned.evidence.values())


class Restoration:
    """Rows back into the graph; each step may be repeated after it was cut short."""

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
        sources = planned.summary["sources"]
        self.whole = [name for name, one in sources.items() if one["whole"]]
        touched = {source for source, _ in self.removed}
        self.partial = sorted(touched - set(self.whole))
        ledger = graph.read(query("load/read_ledger"), source=deletion)
        self.ledger = {row["key"] for row in ledger}

    @property
    def restored(self) -> bool:
        """Return whether everything is back and only ratings are due."""
        return f"{self.deletion}/undo/finish" in self.ledger

    def restore(self) -> None:
        """Bring everything back and put what it concerns on the work list."""
        self.ids = self._merge_compositions()
        for name in self.whole:
            self._create_source(name)
        for evidence, table in self.planned.evidence.items():
            for source in sorted(table["source"].unique().to_pylist()):
                self._create_rows(evidence, source, table.filter(pc.equal(table["source"], source)))
        self._create_visits()
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
        kinds = np.array(table["kind"].to_pylist(), dtype=object)
        for kind in (kind.name for kind in KINDS):
            for part in in_parts(np.flatnonzero(used & (kinds == kind)).tolist(), ROWS):
                rows = table.take(pa.array(part))
                found = self.lock.write(
                    query_for_kind("load/merge_compositions", kind),
                    keys=rows["key"].to_pylist(),
                    texts=rows["text"].to_pylist(),
                )
                for row in found:
                    ids[part[row["i"]]] = row["id"]
        # What is joined to them may be there without being used.
        others = np.flatnonzero(~used).tolist()
        for part in in_parts(others, IDS):
            keys = table.take(pa.array(part))["key"].to_pylist()
            for row in self.graph.read(query("delete/find_keys"), keys=keys):
                ids[part[row["i"]]] = row["id"]
        return ids

    def _create_source(self, name: str) -> None:
        kept_source = self.planned.summary["sources"][name]
        tracks = []
        for track in kept_source["tracks"]:
            back = self.removed.get((name, track["evidence"]))
            counts = back or {"rows": 0, "observations": 0, "digest": [0] * DIGEST_LANES}
            tracks.append({**track, **counts, "vote": None})
        self.lock.write(
            query("delete/restore_source"),
            name=name,
            properties={**kept_source["source"], "lineage": None, "distrusted": None},
            created=kept_source["created"],
            tracks=tracks,
        )

    def _create_rows(self, evidence: str, source: str, table: pa.Table) -> None:
        names = {"n": "n", "weight": "weights"}
        create = "load/create_counted_evidence"
        if evidence_type(evidence).vector:
            create = "load/create_vector_evidence"
            names |= {"directed": "directed", "rank": "ranks", "support": "supports"}
            names |= {"positions": "positions"}
        for number, first in enumerate(range(0, table.num_rows, ROWS)):
            rows = table.slice(first, ROWS)
            starts = self.ids[rows["start"].to_numpy()]
            begin = np.flatnonzero(np.diff(starts, prepend=-1))
            end = np.append(begin[1:], len(starts))
            columns = {theirs: rows[ours].to_pylist() for ours, theirs in names.items()}
            self._once(
                f"{evidence}:{source}/{number:08d}",
                query(create, evidence=evidence),
                rows.num_rows,
                source=source,
                groups=np.stack([starts[begin], begin, end], axis=1).tolist(),
                ends=self.ids[rows["end"].to_numpy()].tolist(),
                **columns,
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

    def _schedule(self) -> None:
        """Put on the work list what starts where rows came back, and what ends in a word that some
        track knows again."""
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
            if track["number"] is not None:
                numbers.setdefault(track["evidence"], {})[track["source"]] = track["number"]
        for part in in_parts(touched.tolist(), IDS):
            found = self.graph.stream(
                query("delete/find_starts_of_new", rated="RELATES"), ids=part, numbers=numbers
            )
            mark(self.graph, self.lock, np.fromiter((row[0] for row in found), dtype=np.int64))

    def _finish(self) -> None:
        """Let tracks count what came back, and sources be live, in one transaction."""
        gained = {
            source: {
                evidence: counts for (s, evidence), counts in self.removed.items() if s == source
            }
            for source in self.partial
        }
        for name in self.whole:
            self.lock.write(query("load/number_tracks"), name=name)
        self._once("finish", query("delete/restore_tracks"), 0, gained=gained, whole=self.whole)

    def _once(self, stage: str, statement: str, rows: int, **parameters: Any) -> None:
        """Run a statement in a transaction with its entry in the ledger."""
        key = f"{self.deletion}/undo/{stage}"
        if key in self.ledger:
            return

        def work(transaction: Transaction) -> list[Row]:
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
                return transaction.run(statement, **parameters)
            return []

        self.graph.transact(work)
