"""Backup: a graph's knowledge, log and snapshots in one file, and its restoration.

    FILE, a zip:  manifest.json            the digest of every other part, and its own
                  knowledge.json  .rows/   the rows of all sources, as a deletion would retain them
                  books.json               the log, the journal of removals, suppressions
                  snapshots/<name>/        copies of the snapshots

Retained rows of deletions are not included: a backup does not prolong their retention window. Data
erased since is recognised by keyed hashes outside the graph, and is left out before a row is
written.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from hartonomous.atomic_files import atomic
from hartonomous.bounded_parquet import read_parquet
from hartonomous.delete.deletion_plan import Plan, plan
from hartonomous.delete.overlap_transfer import divide
from hartonomous.delete.plan_files import read_plan, write_plan
from hartonomous.delete.row_restoration import Restoration
from hartonomous.delete.selector_overlap import Coverage, Mask
from hartonomous.delete.selectors import Selectors
from hartonomous.delete.undo import without_lost_sources
from hartonomous.errors import BadInput, Conflict, NotFound, VerificationFailed
from hartonomous.evidence import DIGEST_LANES
from hartonomous.graph.cypher_files import query
from hartonomous.graph.deletion_journal import refuse_while_open
from hartonomous.graph.driver import Graph, Transaction
from hartonomous.graph.state_digest import state_digest
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.identity import canonical_json, composition_key
from hartonomous.load.suppression_list import Suppressions
from hartonomous.progress import Progress
from hartonomous.rate.rating_pass import check_formula, rate_due
from hartonomous.schema import TOKEN
from hartonomous.transparency import keys, transparency_log
from hartonomous.transparency.entry_names import entry_name
from hartonomous.transparency.inventory_record import notes_inventory
from hartonomous.versions.backup_archive import SIGNED, is_signed, pack, unpack
from hartonomous.versions.backup_register import (
    complete,
    packing_folder,
    register,
    scratch_folder,
    withdraw,
)
from hartonomous.versions.snapshots import (
    DESCRIPTION,
    Snapshot,
    list_snapshots,
    live_sources,
    made_own,
    snapshot_folder,
    write_description,
)

KNOWLEDGE, BOOKS = "knowledge.json", "books.json"
SNAPSHOTS = "snapshots"
_NEEDED = ("compositions", "visits", "places", "structure")


@dataclass(frozen=True)
class BackupReport:
    """Counts of a backup: sources, edges of evidence, entries of the log, snapshots; its digest."""

    path: Path
    sources: int
    evidence: int
    entries: int
    snapshots: int
    bytes: int
    digest: str


@dataclass(frozen=True)
class RestoreReport:
    """Counts of a restore, of rows left out because they were erased since, and the graph
    afterwards.

    `adopted` says that the log had continued after the backup, which the log records; `signed` that
    a key used here had signed the backup.
    """

    sources: int
    evidence: int
    kept_out: int
    entries: int
    snapshots: int
    adopted: bool
    digest: str
    signed: bool = False


@notes_inventory
def back_up(
    graph: Graph, lock: WriterLock, path: Path, progress: Progress, force: bool = False
) -> BackupReport:
    """Write a backup, atomically, readable by its owner only.

    Raises Conflict if the file exists and `force` is not given, or a source is partly loaded,
    NotFound if there is nothing to back up, BadInput if it cannot be written.
    """
    if path.exists() and not force:
        raise Conflict(f"{path} already exists; --force overwrites it.")
    refuse_while_open(graph)
    check_formula(graph)
    rate_due(graph, lock, progress)
    names = tuple(sorted(live_sources(graph)))
    if not names:
        raise NotFound("The graph has no source; there is nothing to back up.")
    planned = plan(graph, Selectors(sources=names), progress)
    tables = {
        name: table if name in _NEEDED or name in planned.evidence else table.slice(0, 0)
        for name, table in planned.tables.items()
    }
    # Ratings and derived values are recomputed from the evidence.
    planned = replace(planned, tables=tables, summary={**planned.summary, "top_losses": []})
    (named,) = lock.write(query("delete/identify_graph"))
    (books,) = graph.read(query("delete/read_books"))
    snapshots = [one.name for one in list_snapshots() if one.is_of(named["identity"])]
    begun = register(path, named["identity"])
    try:
        with packing_folder(path) as scratch:
            folder = Path(scratch)
            write_plan(planned, folder / KNOWLEDGE, kind=SIGNED)
            (folder / BOOKS).write_text(canonical_json(books), "utf-8")
            for name in snapshots:
                shutil.copytree(snapshot_folder() / name, folder / SNAPSHOTS / name)
            digest = pack(folder, path)
    except BaseException as error:
        withdraw(begun)
        if isinstance(error, OSError):
            raise BadInput(f"{path} cannot be written: {error.strerror or error}.") from error
        raise
    complete(begun, digest)
    return BackupReport(
        path,
        len(names),
        sum(table.num_rows for table in planned.evidence.values()),
        len(books["entries"]),
        len(snapshots),
        path.stat().st_size,
        digest,
    )


@notes_inventory
def restore(graph: Graph, lock: WriterLock, path: Path, progress: Progress) -> RestoreReport:
    """Restore a backup into a graph without sources; resumes after an interruption.

    Data erased since is left out. No source is visible before it is complete. Raises BadInput for a
    damaged file, with nothing written; Conflict for a graph with sources, or if an erasure since
    the backup cannot be repeated; VerificationFailed if the restored graph differs.
    """
    with scratch_folder() as folder:
        digest = unpack(path, folder)
        signed = is_signed(path, digest)
        planned = read_plan(folder / KNOWLEDGE, SIGNED)
        books = json.loads((folder / BOOKS).read_text("utf-8"))
        act = f"restore/{digest[:32]}"
        _refuse_filled(graph, act)
        check_formula(graph)
        adopted = _bring_books(graph, lock, books)
        known = Suppressions(graph)
        mine, masses, out = _without_erased(graph, planned, known)
        _bring_knowledge(graph, lock, act, mine, masses, progress)
        # Without the erased rows the graph differs from the backup, as intended.
        after = _verify(graph, None if out else planned.summary["graph"]["digest"])
        (named,) = lock.write(query("delete/identify_graph"))
        snapshots = _bring_snapshots(folder / SNAPSHOTS, known, named["identity"])
    evidence = sum(table.num_rows for table in mine.evidence.values())
    facts = {"backup": digest, "evidence": evidence, "kept_out": out, "state": after}
    facts["signed"] = int(signed)
    about = [f"source:{name}" for name in mine.summary["sources"]]
    _end(graph, lock, act, transparency_log.Entry("restore", facts, about))
    whole = len(mine.summary["sources"])
    entries = len(books["entries"])
    return RestoreReport(whole, evidence, out, entries, snapshots, adopted, after, signed)


def _refuse_filled(graph: Graph, act: str) -> None:
    """Raise Conflict for a graph with sources, unless this restore had begun in it."""
    begun = bool(graph.read(query("load/read_ledger"), source=act))
    refuse_while_open(graph)
    if not begun and graph.read(query("ask/sources")):
        raise Conflict(
            "The graph holds sources already; restore into an empty one: 'hartonomous purge', "
            "then 'hartonomous up', or NEO4J_URI for another server."
        )


def _bring_knowledge(
    graph: Graph,
    lock: WriterLock,
    act: str,
    mine: Plan,
    masses: Mapping[tuple[str, int], int],
    progress: Progress,
) -> None:
    """Write the rows, each batch once, and rate the affected pairs."""
    work = Restoration(graph, lock, act, mine, masses, progress)
    if not work.restored:
        # Before the first source, or an interrupted restore would be refused because of it.
        lock.write(
            query("load/open_batch"),
            key=f"{act}/begin",
            source=act,
            evidence="restore",
            rows=0,
            digest=[0] * DIGEST_LANES,
        )
        lock.write(query("rate/unsettle"))
        work.restore()
    rate_due(graph, lock, progress)


def _end(graph: Graph, lock: WriterLock, act: str, entry: transparency_log.Entry) -> None:
    """Log the act and delete its ledger, in one transaction: an interruption does not log it twice."""

    def work(transaction: Transaction) -> None:
        lock.check(transaction)
        transparency_log.enter(transaction, entry)
        transaction.run(query("delete/forget_ledger"), source=act)

    transparency_log.check(graph)
    graph.transact(work)
    transparency_log.seal(graph)


def _verify(graph: Graph, expected: str | None) -> str:
    """Return the graph's digest; raise VerificationFailed if it is not the expected one."""
    after = state_digest(graph)
    if expected is not None and after != expected:
        raise VerificationFailed(
            f"The restored graph differs from the one backed up: digest {after[:16]}, not "
            f"{expected[:16]}. 'hartonomous doctor' investigates."
        )
    return after


@dataclass(frozen=True)
class _Erased(Coverage):
    """The data erased from a graph, recognised by keyed hashes."""

    known: Suppressions

    def sources(self, planned: Plan) -> set[str]:
        return {
            name
            for name, one in planned.summary["sources"].items()
            if self.known.keeps_out(one["digest"], one["source"].get("subject"))
        }

    def compositions(self, planned: Plan) -> Mask:
        return self.known.mask(planned.tables["compositions"])


def _without_erased(
    graph: Graph, planned: Plan, known: Suppressions
) -> tuple[Plan, dict[tuple[str, int], int], int]:
    """Return the rows to restore, the change in visits' missing mass, and the number of rows left
    out.
    """
    erased = _Erased({"selectors": {}, "pairs": [], "evidence_ranges": []}, known)
    left, given = divide(planned, erased)
    covered = erased.sources(planned)
    sources = {n: one for n, one in left.summary["sources"].items() if n not in covered}
    left = replace(left, summary={**left.summary, "sources": sources})
    mine, masses = without_lost_sources(graph, left)
    return mine, masses, sum(table.num_rows for table in given.evidence.values())


def _bring_books(graph: Graph, lock: WriterLock, books: Mapping[str, Any]) -> bool:
    """Restore log, journal and suppressions if the graph has no log; return whether the log had
    continued since the backup.

    Raises Conflict, with nothing written, if an erasure since cannot be recognised by its hashes.
    """
    (now,) = graph.read(query("delete/read_books"))
    outside = [keys.kept_erasures(one) for one in {books["identity"], now["identity"]} if one]
    done = {row["id"] for row in books["journals"]}
    blind = sorted(
        erasure
        for kept in outside
        for erasure, complete in kept["erasures"].items()
        if not complete and erasure not in done
    )
    if blind:
        raise Conflict(
            "Relations or ranges of evidence were erased after this backup "
            f"({', '.join(blind)}); no hash tells their rows from others, so it would restore "
            "them. Use a later backup."
        )
    lifted = {one for kept in outside for one in kept["lifted"]}
    rows = {row["id"]: row for kept in outside for row in kept["rows"]}
    rows |= {row["id"]: row for row in books["suppressions"]}
    subjects = set(keys.known_hashes().values())
    fresh = not now["entries"]
    lock.write(
        query("delete/restore_books"),
        log=books["log"] if fresh else now["log"],
        identity=books["identity"] if fresh or not now["identity"] else now["identity"],
        entries=[_unnamed(row, subjects) for row in books["entries"]] if fresh else [],
        journals=books["journals"] if fresh else [],
        suppressions=[row for id, row in sorted(rows.items()) if id not in lifted],
    )
    if not books["entries"] and fresh:
        return False
    try:
        transparency_log.check(graph)
    except VerificationFailed:
        transparency_log.adopt(graph, lock)
        return True
    return False


def _unnamed(row: Mapping[str, Any], subjects: set[str]) -> dict[str, Any]:
    """Return an entry without the names of subjects whose keys were destroyed since."""
    names = [name for name in row["names"] if name in subjects]
    kept = {name: value for name, value in row.items() if name != "title"}
    return {**kept, "names": names, "name": entry_name(row["index"], row["act"], names)}


def _bring_snapshots(folder: Path, known: Suppressions, graph: str) -> int:
    """Restore, for this graph, the missing snapshots without erased data; return their number."""
    brought = 0
    for source in sorted(folder.iterdir()) if folder.is_dir() else ():
        target = snapshot_folder() / source.name
        described = json.loads((source / DESCRIPTION).read_text("utf-8"))
        held = described["sources"].values()
        table = read_parquet(source / "compositions.parquet")
        erased = any(known.keeps_out(digest, None) for digest in held)
        erased = erased or any(_names_erased(one, known) for one in described["standing"].values())
        if target.exists() or erased or known.mask(table).any():
            continue
        target.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
        with atomic(target) as partial:
            shutil.copytree(source, partial)
            write_description(partial, made_own(Snapshot(**described), graph))
        brought += 1
    return brought


def _names_erased(selectors: Mapping[str, Any], known: Suppressions) -> bool:
    """Return whether the selectors of a recorded deletion name a person or a word erased since."""
    words = list(selectors.get("concepts", ()))
    rows = {"key": [composition_key(TOKEN, word) for word in words], "text": words}
    table = pa.table({**rows, "kind": [TOKEN] * len(words)})
    people = selectors.get("people", ())
    return any(known.keeps_out("", one) for one in people) or bool(known.mask(table).any())
