"""Snapshots: the rated relations of one moment, stored outside the graph for comparison.

    snapshots/<name>/   snapshot.json  compositions.parquet  relations.parquet

A snapshot is written under a temporary name and renamed when complete. It contains relations of the
graph, so an erasure drops every snapshot that may contain erased data.
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

from hartonomous.atomic_files import atomic, dismiss, sweep
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
from hartonomous.mapping_record import Record
from hartonomous.progress import Progress
from hartonomous.schema import rated_types
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

FORMAT = 2
"""Relations by the name of their type; format 1 held its place in the list of then, ORDER_1."""

ORDER_1 = (
    "RELATES",
    "PRECEDES",
    "PROMOTES",
    "ANSWERED_BY",
    "DEPICTS",
    "LEFT_OF",
    "ABOVE",
    "INSIDE",
    "OVERLAPS",
    "NEAR",
    "CALLS",
    "IMPORTS",
    "CONTAINS",
    "INHERITS",
    "DESCRIBES",
)
DESCRIPTION = "snapshot.json"
KIND = "snapshot"
FILES = ("compositions.parquet", "relations.parquet")


@dataclass(frozen=True)
class Snapshot(Record):
    """A snapshot's description: its time, the state of the graph, and its content.

    `sources` maps the name of each live source to its digest, `files` the two files to theirs;
    `removals` is the number of the last removal of the graph, `standing` maps the deletions that
    could be undone then to their selectors. A rollback restores both. `graph` is the identity of
    its graph, empty for a snapshot of an earlier version.
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
        """Return whether it is of the graph with this identity, as far as is known."""
        return self.graph in ("", graph)


def snapshot_folder() -> Path:
    """Return the folder of snapshots, in the home of the managed server."""
    return default_home() / "snapshots"


@notes_inventory
def create_snapshot(graph: Graph, lock: WriterLock, name: str, progress: Progress) -> Snapshot:
    """Take a snapshot of every rated relation, atomically, and log it.

    Raises Conflict if the name is in use or the graph changes meanwhile, BadInput for a full disk.
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
            parts = (table.compositions, _with_names(table.relations))
            for file, part in zip(FILES, parts, strict=True):
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
        raise BadInput(
            f"The snapshot cannot be stored below {target}: {error.strerror}."
        ) from error
    figures = {"relations": snapshot.relations, "state": snapshot.state}
    append(graph, lock, Entry("snapshot", figures, (f"snapshot:{name}",)))
    return snapshot


def live_sources(graph: Graph) -> dict[str, str]:
    """Return the digest of each live source by its name."""
    return {row["name"]: row["digest"] for row in graph.read(query("audit/read_live"))}


def list_snapshots() -> list[Snapshot]:
    """Return every stored snapshot, oldest first."""
    return sorted(map(describe_snapshot, snapshot_names()), key=lambda one: (one.created, one.name))


def snapshot_names() -> list[str]:
    """Return the names of the stored snapshots, including damaged ones."""
    folder = snapshot_folder()
    return sorted(path.name for path in folder.glob("[!.]*")) if folder.is_dir() else []


def describe_snapshot(name: str) -> Snapshot:
    """Return a snapshot's description; its files are not read.

    Raises NotFound, listing the snapshots, or BadInput for a damaged or changed one.
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
        if described["format"] not in (1, FORMAT):
            raise BadInput(
                f"{file} is of format {described['format']}, this version reads 1 to {FORMAT}."
            )
        snapshot = Snapshot(**described)
        is_own(snapshot)
        return snapshot
    except VerificationFailed as error:
        raise BadInput(f"{file} is not authentic: {error} Drop the snapshot.") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{file} is damaged: {error}. Drop the snapshot.") from error


def is_own(snapshot: Snapshot) -> bool:
    """Return whether a key used here signed a snapshot's description.

    Raises VerificationFailed if such a key signed another description.
    """
    return is_ours(KIND, _unsigned(snapshot), snapshot.signature)


def made_own(snapshot: Snapshot, graph: str) -> Snapshot:
    """Return a snapshot as one of the graph with this identity, signed if a key used here had
    signed it.

    Raises VerificationFailed if it was changed after it was signed.
    """
    trusted, moved = is_own(snapshot), replace(snapshot, graph=graph, signature="")
    return replace(moved, signature=sign_file(KIND, _unsigned(moved))) if trusted else moved


def write_description(folder: Path, snapshot: Snapshot) -> None:
    """Write a snapshot's description into its folder."""
    (folder / DESCRIPTION).write_text(canonical_json(asdict(snapshot)) + "\n", "utf-8")


def _unsigned(snapshot: Snapshot) -> dict[str, Any]:
    return {name: value for name, value in asdict(snapshot).items() if name != "signature"}


def is_snapshot(name: str) -> bool:
    """Return whether a snapshot with this name is stored."""
    return bool(name) and Path(name).name == name and (snapshot_folder() / name).is_dir()


def read_snapshot(name: str) -> RelationTable:
    """Return the relations of a snapshot.

    Raises NotFound, or BadInput if a file differs from its digest.
    """
    described = describe_snapshot(name)
    tables = []
    for file, schema in zip(FILES, (COMPOSITIONS, RELATIONS), strict=True):
        path = snapshot_folder() / name / file
        try:
            if file_digest(path) != described.files[file]:
                raise BadInput(f"{path} is damaged (its digest differs); drop the snapshot.")
            table = read_parquet(path)
            if schema == RELATIONS:
                table = _with_places(table, path)
            tables.append(table.cast(schema))
        except (OSError, pa.ArrowException, KeyError) as error:
            raise BadInput(f"{path} cannot be read: {error}; drop the snapshot.") from error
    return RelationTable(*tables)


def _with_names(relations: pa.Table) -> pa.Table:
    """Return relations with the names of their types, as files hold them."""
    names = pa.array([each.name for each in rated_types()])
    place = relations.schema.get_field_index("type")
    named = names.take(relations["type"].combine_chunks())
    return relations.set_column(place, "type", named)


def _with_places(relations: pa.Table, path: Path) -> pa.Table:
    """Return relations of a file with the places of their types among those at hand.

    Raises BadInput when a type is none of them.
    """
    place, types = relations.schema.get_field_index("type"), relations["type"].combine_chunks()
    if pa.types.is_integer(types.type):
        types = pa.array(ORDER_1).take(types)
    found = pc.index_in(types, value_set=pa.array([each.name for each in rated_types()]))
    if found.null_count:
        unknown = types.filter(pc.is_null(found))[0].as_py()
        raise BadInput(
            f"{path} holds relations of type {unknown}, which this version does not know; use the "
            "version that wrote it."
        )
    return relations.set_column(place, "type", found.cast(pa.int16()))


def drop_snapshot(graph: Graph, lock: WriterLock, name: str) -> None:
    """Remove a snapshot, and log it; raises NotFound, listing the snapshots."""
    if not is_snapshot(name):
        describe_snapshot(name)
    check(graph)
    dismiss(snapshot_folder() / name)
    append(graph, lock, Entry("snapshot", {"dropped": 1}, (f"snapshot:{name}",)))


def drop_snapshots(names: Iterable[str]) -> int:
    """Remove snapshots for an erasure; return their number."""
    there = [name for name in names if is_snapshot(name)]
    for name in there:
        dismiss(snapshot_folder() / name)
    return len(there)


def drop_snapshots_of(
    sources: Iterable[str], keys: Iterable[str], graph: str | None = None
) -> list[str]:
    """Remove every snapshot with one of these sources or compositions; return their names.

    With `graph`, those of this identity alone. For erasures: a rating cannot be separated from its
    evidence. An unreadable snapshot is removed too, because its content is unknown, and so is an
    unfinished one.
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
