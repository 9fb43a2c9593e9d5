"""Snapshots: the rated relations of a moment, kept outside the graph to be compared with.

    snapshots/<name>/   snapshot.json  compositions.parquet  relations.parquet

A snapshot is written under a temporary name and renamed when whole. It holds what the graph said, so
an erasure drops every snapshot that could still say what was erased.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hartonomous.atomic import atomic, dismiss, sweep
from hartonomous.bounded_parquet import read_parquet
from hartonomous.delete.retention_area import undoable
from hartonomous.errors import BadInput, Conflict, NotFound, VerificationFailed
from hartonomous.graph.cypher_files import query
from hartonomous.graph.deletion_journal import journals
from hartonomous.graph.driver import Graph
from hartonomous.graph.state_digest import state_digest
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.identity import canonical_json, file_digest
from hartonomous.load.loader import check_name
from hartonomous.progress import Progress
from hartonomous.record import Record
from hartonomous.server.home import default_home
from hartonomous.transparency.file_signatures import is_ours, sign_file
from hartonomous.transparency.inventory_record import notes_inventory
from hartonomous.transparency.transparency_log import Entry, append, check
from hartonomous.versions.relation_tables import (
    COMPOSITIONS,
    RELATIONS,
    RelationTable,
    graph_relations,
)

FORMAT = 1
DESCRIPTION = "snapshot.json"
KIND = "snapshot"
FILES = ("compositions.parquet", "relations.parquet")


@dataclass(frozen=True)
class Snapshot(Record):
    """What a snapshot is: when it was taken, of what state of the graph, and what it holds.

    `sources` maps the name of each live source to its digest, `files` the two files to theirs;
    `removals` is the number of the last removal the graph had had, `standing` maps the deletions that
    could then be undone to what was selected. Both are what a rollback leads back to. `graph` is the
    identity of the graph that it is of; empty in one that an earlier version took.
    """

    name: str
    created: str
    state: str
    removals: int
    standing: dict[str, dict[str, Any]]
    sources: dict[str, str]
    compositions: int
    relations: int
    files: dict[str, str]
    format: int = FORMAT
    graph: str = ""
    signature: str = ""

    def is_of(self, graph: str) -> bool:
        """Return whether it is of the graph of this identity, as far as is known."""
        return self.graph in ("", graph)


def snapshot_folder() -> Path:
    """Return where snapshots lie, beside what the managed server keeps."""
    return default_home() / "snapshots"


@notes_inventory
def create_snapshot(graph: Graph, lock: WriterLock, name: str, progress: Progress) -> Snapshot:
    """Take a snapshot of every rated relation, and log it; it appears whole or not at all.

    Raises Conflict when the name is taken or the graph moves meanwhile, BadInput for a full disk.
    """
    target = snapshot_folder() / check_name(name)
    if target.exists():
        raise Conflict(f"There is a snapshot {name!r} already; drop it, or give another name.")
    check(graph)
    identity = str(lock.write(query("delete/identify_graph"))[0]["identity"])
    table = graph_relations(graph, progress)
    try:
        with atomic(target) as partial:
            partial.mkdir(parents=True, mode=0o700)
            for file, part in zip(FILES, (table.compositions, table.relations), strict=True):
                pq.write_table(part, partial / file, compression="zstd")
            snapshot = Snapshot(
                name,
                datetime.now(UTC).isoformat(timespec="seconds"),
                state_digest(graph),
                max((row["number"] for row in journals(graph)), default=-1),
                {one.id: one.selectors for one in undoable(graph)},
                live_sources(graph),
                table.compositions.num_rows,
                table.relations.num_rows,
                {file: file_digest(partial / file) for file in FILES},
                graph=identity,
            )
            snapshot = replace(snapshot, signature=sign_file(KIND, _unsigned(snapshot)))
            write_description(partial, snapshot)
    except OSError as error:
        raise BadInput(f"The snapshot cannot be kept below {target}: {error.strerror}.") from error
    figures = {"relations": snapshot.relations, "state": snapshot.state}
    append(graph, lock, Entry("snapshot", figures, (f"snapshot:{name}",)))
    return snapshot


def live_sources(graph: Graph) -> dict[str, str]:
    """Return the digest of each live source by its name."""
    return {row["name"]: row["digest"] for row in graph.read(query("audit/read_live"))}


def list_snapshots() -> list[Snapshot]:
    """Return every snapshot kept here, oldest first."""
    return sorted(map(describe_snapshot, snapshot_names()), key=lambda one: (one.created, one.name))


def snapshot_names() -> list[str]:
    """Return the names of the snapshots kept here, damaged ones among them."""
    folder = snapshot_folder()
    return sorted(path.name for path in folder.glob("[!.]*")) if folder.is_dir() else []


def describe_snapshot(name: str) -> Snapshot:
    """Return what a snapshot is; its files are not read.

    Raises NotFound, naming those there are, or BadInput for one that is damaged or was changed.
    """
    file = snapshot_folder() / name / DESCRIPTION
    if not is_snapshot(name):
        known = snapshot_names()
        raise NotFound(
            f"No snapshot is called {name!r}. "
            + (f"There are {', '.join(known)}." if known else "There is none yet."),
            suggestions=tuple(known),
        )
    try:
        described = json.loads(file.read_text("utf-8"))
        if described["format"] != FORMAT:
            raise BadInput(
                f"{file} is of format {described['format']}, this version reads {FORMAT}."
            )
        snapshot = Snapshot(**described)
        is_own(snapshot)
        return snapshot
    except VerificationFailed as error:
        raise BadInput(f"{file} is not to be trusted: {error} Drop the snapshot.") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{file} is damaged: {error}. Drop the snapshot.") from error


def is_own(snapshot: Snapshot) -> bool:
    """Return whether a key used here signed a snapshot's description.

    Raises VerificationFailed when such a key signed another description.
    """
    return is_ours(KIND, _unsigned(snapshot), snapshot.signature)


def made_own(snapshot: Snapshot, graph: str) -> Snapshot:
    """Return a snapshot as one of the graph of this identity, signed where a key used here had signed
    it.

    Raises VerificationFailed when it was changed after it was signed.
    """
    trusted, moved = is_own(snapshot), replace(snapshot, graph=graph, signature="")
    return replace(moved, signature=sign_file(KIND, _unsigned(moved))) if trusted else moved


def write_description(folder: Path, snapshot: Snapshot) -> None:
    """Write what a snapshot is into its folder."""
    (folder / DESCRIPTION).write_text(canonical_json(asdict(snapshot)) + "\n", "utf-8")


def _unsigned(snapshot: Snapshot) -> dict[str, Any]:
    return {name: value for name, value in asdict(snapshot).items() if name != "signature"}


def is_snapshot(name: str) -> bool:
    """Return whether a snapshot of this name is kept here."""
    return bool(name) and Path(name).name == name and (snapshot_folder() / name).is_dir()


def read_snapshot(name: str) -> RelationTable:
    """Return the relations of a snapshot.

    Raises NotFound, or BadInput when a file differs from its digest.
    """
    described = describe_snapshot(name)
    tables = []
    for file, schema in zip(FILES, (COMPOSITIONS, RELATIONS), strict=True):
        path = snapshot_folder() / name / file
        try:
            if file_digest(path) != described.files[file]:
                raise BadInput(f"{path} is damaged (its digest differs); drop the snapshot.")
            tables.append(read_parquet(path).cast(schema))
        except (OSError, pa.ArrowException, KeyError) as error:
            raise BadInput(f"{path} cannot be read: {error}; drop the snapshot.") from error
    return RelationTable(*tables)


def drop_snapshot(graph: Graph, lock: WriterLock, name: str) -> None:
    """Remove a snapshot, and log it; raises NotFound, naming those there are."""
    if not is_snapshot(name):
        describe_snapshot(name)
    check(graph)
    dismiss(snapshot_folder() / name)
    append(graph, lock, Entry("snapshot", {"dropped": 1}, (f"snapshot:{name}",)))


def drop_snapshots(names: Iterable[str]) -> int:
    """Remove snapshots for an erasure; return how many of them there were."""
    there = [name for name in names if is_snapshot(name)]
    for name in there:
        dismiss(snapshot_folder() / name)
    return len(there)


def drop_snapshots_of(
    sources: Iterable[str], keys: Iterable[str], graph: str | None = None
) -> list[str]:
    """Remove every snapshot that holds one of these sources or compositions; return their names.

    With `graph`, those of this identity alone. For erasures: a rating cannot be told apart from the
    evidence that went into it. A snapshot that cannot be read goes too, for nobody can say what it
    holds, and so does an unfinished one.
    """
    sweep(snapshot_folder())
    gone_sources, gone_keys = set(sources), pa.array(list(keys), pa.string())
    dropped = []
    for name in snapshot_names():
        try:
            described = describe_snapshot(name)
            if graph is not None and not described.is_of(graph):
                continue
            held = bool(gone_sources & described.sources.keys())
            if not held and len(gone_keys):
                found = read_snapshot(name).compositions["key"]
                held = bool(pc.any(pc.is_in(found, value_set=gone_keys)).as_py())
        except BadInput:
            held = True
        if held:
            dismiss(snapshot_folder() / name)
            dropped.append(name)
    return dropped
