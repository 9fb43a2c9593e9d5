"""Loader: a bundle into the graph, exactly once, in batches with a ledger, by two writers.

A source is `loading`, invisible to ratings, until its last batch is written. A batch and its ledger
node are one transaction, so a killed load resumes, and a repeated one changes nothing.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hartonomous import schema
from hartonomous.bundle import Bundle, TrackDescription, describe_options
from hartonomous.bundle_scan import BundleScan, scan
from hartonomous.errors import Conflict, UsageError, VerificationFailed
from hartonomous.evidence import (
    DIGEST_LANES,
    digest,
    key_columns,
    own_properties,
    summed,
    visit_digest,
)
from hartonomous.graph.cypher_files import COLUMN, query
from hartonomous.graph.driver import Graph, Row, Transaction
from hartonomous.graph.source_removal import discard_source
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.held_places import NO_PLACES, place_digest
from hartonomous.identity import canonical_json
from hartonomous.opened_files import files_property
from hartonomous.progress import Progress
from hartonomous.rate.hubness import find_hub
from hartonomous.schema import HOLDS, VISITED, evidence_type
from hartonomous.speeds import LOAD, keep
from hartonomous.transparency.transparency_log import Entry, enter

BATCH_ROWS = 10_000
"""Rows in one transaction. Part of a batch's name: after a change, a partial load starts again."""

WRITERS = 2
IN_FLIGHT = 2 * WRITERS
"""Batches queued for the writers: they never wait, and memory is bounded."""

COMPOSITION_ROWS = 10_000


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,62}")
_SUCCESSOR = "~new"


@dataclass(frozen=True)
class LoadReport:
    """Counts of a load: `rows` written now, `already` by an earlier run."""

    name: str
    compositions: int
    rows: int
    already: int


def check_name(name: str) -> str:
    """Return a source's name if it is a valid slug, else raise UsageError."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is not a valid source name: letters, digits and . _ + - only, a letter or "
            "digit first, at most 63 characters."
        )
    return name


def successor(name: str) -> str:
    """Return the name under which a new version is loaded until it replaces the old one."""
    return check_name(name) + _SUCCESSOR


def read_source(graph: Graph, name: str) -> Row | None:
    """Return a source's name, digest, state and bundle; None if there is no such source."""
    return next(iter(graph.read(query("load/read_source"), name=name)), None)


def load(
    graph: Graph,
    lock: WriterLock,
    bundle: Bundle,
    name: str,
    progress: Progress,
    replaces: str | None = None,
    scanned: BundleScan | None = None,
) -> LoadReport:
    """Write a bundle's compositions and evidence; the source is not live yet.

    `scanned` is what a pass over this very bundle found, where there was one.

    Raises Conflict if the name is used for other content or the source is being deleted.
    """
    known = read_source(graph, name)
    if known is not None:
        _refuse_other(known, bundle)
        if known["state"] == "live":
            return LoadReport(name, 0, 0, sum(track.rows for track in bundle.tracks))
        if known["bundle"] != load_identity(bundle):
            discard_source(graph, lock, name)
    scanned = scanned or scan(bundle, verify=False)
    facts = {"replaces": replaces, **source_facts(bundle, scanned)}
    graph.transact(lambda work: _create_source(work, lock, bundle, name, facts))
    keys = scanned.compositions
    ids = write_compositions(graph, lock, keys, scanned.used, progress)
    _write_visits(graph, lock, scanned, name, ids, progress)
    _write_places(graph, lock, bundle, name, scanned, ids, progress)
    began = time.perf_counter()
    rows, already = _write_evidence(graph, lock, bundle, name, keys, ids, progress)
    keep(LOAD, rows, time.perf_counter() - began)
    return LoadReport(name, int((ids >= 0).sum()), rows, already)


def go_live(
    graph: Graph, lock: WriterLock, name: str, entry: Entry, replaces: str | None = None
) -> None:
    """Make a loaded source live and log it; the graph is not settled until a rating pass is
    complete.

    With `replaces`, the predecessor stops counting in the same transaction.
    """

    def change(work: Transaction) -> None:
        lock.check(work)
        work.run(query("load/number_tracks"), name=name)
        work.run(query("load/go_live"), name=name, replaced=replaces)
        enter(work, entry)

    graph.transact(change)


def _refuse_other(known: Row, bundle: Bundle) -> None:
    name = known["name"]
    if known["state"] == "deleting":
        raise Conflict(
            f"Source {name!r} is being deleted; finish it with 'hartonomous delete source {name}'."
        )
    if known["digest"] != bundle.source.digest:
        raise Conflict(
            f"The name {name!r} is used for other content (another model, or other options). "
            f"Choose another name, or --replace {name} to replace that source."
        )


def load_identity(bundle: Bundle) -> str:
    return f"{bundle.digest}/{BATCH_ROWS}"


def _create_source(
    work: Transaction, lock: WriterLock, bundle: Bundle, name: str, facts: Row
) -> None:
    lock.check(work)
    write_source(work, bundle, name, facts)


def source_facts(bundle: Bundle, scanned: BundleScan) -> Row:
    """Return the properties of a source that follow from its rows: its hub, its visits, its places."""
    hub = find_hub(bundle, scanned)
    return {
        "hubness": hub.share if hub else None,
        "visited": _visited(scanned),
        "held": _held(bundle, scanned),
    }


def write_source(work: Transaction, bundle: Bundle, name: str, facts: Row) -> None:
    """Write a source's properties, `facts` included, and its tracks with their constants."""
    source = bundle.source
    properties = {
        "kind": source.kind,
        "importer": source.importer,
        "digest": source.digest,
        "options": describe_options(source),
        "files": files_property(source.files),
        "subject": source.subject,
        "licence": source.licence,
        "family": source.family,
        "bytes": source.bytes,
        "parameters": source.parameters,
        "excluded": canonical_json(source.excluded),
        "merged": source.merged,
        "bundle": load_identity(bundle),
        **facts,
    }
    tracks = [_track_properties(track) for track in bundle.tracks]
    work.run(query("load/create_source"), name=name, properties=properties, tracks=tracks)


def _visited(scanned: BundleScan) -> list[int]:
    contexts = scanned.contexts
    keys = key_columns(scanned.compositions["key"])[contexts["composition"].to_numpy()]
    return visit_digest(keys, contexts["n"].to_numpy(), contexts["mass"].to_numpy())


def used_places(bundle: Bundle, used: NDArray[np.bool_]) -> Iterator[pa.RecordBatch]:
    """Yield the places of compositions with evidence, in batches that are always the same."""
    for batch in bundle.places(BATCH_ROWS):
        kept = batch.filter(pa.array(used[batch["composition"].to_numpy()]))
        if kept.num_rows:
            yield kept


def _held(bundle: Bundle, scanned: BundleScan) -> list[int] | None:
    keys, total = key_columns(scanned.compositions["key"]), NO_PLACES
    for batch in used_places(bundle, scanned.used):
        own = keys[batch["composition"].to_numpy()]
        total = summed(total, place_digest(own, batch["place"]))
    return total if total[0] else None


def _track_properties(track: TrackDescription) -> Row:
    return {
        "evidence": track.evidence,
        "positions": len(track.positions),
        "names": list(track.positions),
        "minimum": track.minimum,
        "below": track.below,
        "k": track.k,
        "vocabulary": track.vocabulary,
        "dimensions": track.dimensions,
        "trust": track.trust,
        "absent": track.absent,
        "recall": track.recall,
        "observations": track.observations,
        "total": track.total or None,
    }


def write_compositions(
    graph: Graph,
    lock: WriterLock,
    table: pa.Table,
    used: NDArray[np.bool_],
    progress: Progress,
) -> NDArray[np.int64]:
    """Find or create the compositions that are `used`, (N,) bool; return the database id of each,
    (N,) int64, -1 for the others.
    """
    ids = np.full(table.num_rows, -1, dtype=np.int64)
    kinds = np.array(table["kind"].to_pylist())
    total, done = int(used.sum()), 0
    for kind in (kind.name for kind in schema.kinds()):
        rows = np.flatnonzero(used & (kinds == kind))
        for first in range(0, len(rows), COMPOSITION_ROWS):
            part = rows[first : first + COMPOSITION_ROWS]
            ids[part] = _merge_compositions(graph, lock, kind, table.take(pa.array(part)))
            done += len(part)
            progress("compositions", done, total)
    return ids


def _merge_compositions(
    graph: Graph, lock: WriterLock, kind: str, part: pa.Table
) -> NDArray[np.int64]:
    texts = part["text"].to_pylist()

    def merge(work: Transaction) -> list[Row]:
        lock.check(work)
        return work.run(
            query("load/merge_compositions", kind=kind),
            keys=part["key"].to_pylist(),
            texts=texts,
            own=own_properties(part),
        )

    found = np.empty(len(texts), dtype=np.int64)
    for row in graph.transact(merge):
        found[row["i"]] = row["id"]
    return found


def _write_visits(
    graph: Graph,
    lock: WriterLock,
    scanned: BundleScan,
    name: str,
    ids: NDArray[np.int64],
    progress: Progress,
) -> None:
    """Write the visited contexts; with one writer, because every visit is an edge of the source's
    node.
    """
    contexts, compositions = scanned.contexts, scanned.compositions
    ledger = {row["key"] for row in graph.read(query("load/read_ledger"), source=name)}
    for first in range(0, contexts.num_rows, BATCH_ROWS):
        part = contexts.slice(first, BATCH_ROWS)
        key = f"{name}/{VISITED}/{first // BATCH_ROWS:08d}"
        if key not in ledger:
            graph.transact(partial(_write_visit_batch, lock, name, key, part, compositions, ids))
        progress("contexts", min(first + BATCH_ROWS, contexts.num_rows), contexts.num_rows)


def _write_visit_batch(
    lock: WriterLock,
    name: str,
    key: str,
    part: pa.Table,
    compositions: pa.Table,
    ids: NDArray[np.int64],
    work: Transaction,
) -> None:
    lock.check(work)
    entry = {"key": key, "source": name, "evidence": VISITED, "rows": part.num_rows}
    if not work.run(query("load/open_batch"), **entry, digest=[0] * DIGEST_LANES)[0]["fresh"]:
        return
    create_visits(work, name, part, compositions, ids)


def create_visits(
    work: Transaction, name: str, part: pa.Table, compositions: pa.Table, ids: NDArray[np.int64]
) -> None:
    """Create a source's visits, columns of `evidence.CONTEXTS`, and the edges between contexts.

    `ids` (N,) int64 are the database ids of the compositions.
    """
    rows = {column: part[column].to_numpy() for column in part.schema.names}
    joined = {name: np.where(rows[name] >= 0, ids[rows[name]], -1) for name in ("prefix", "suffix")}
    tokens = np.where(rows["token"] >= 0, rows["token"], 0)
    work.run(
        query("load/create_visits"),
        source=name,
        ids=ids[rows["composition"]].tolist(),
        n=rows["n"].tolist(),
        masses=rows["mass"].tolist(),
        prefixes=joined["prefix"].tolist(),
        suffixes=joined["suffix"].tolist(),
        tokens=compositions["key"].take(pa.array(tokens)).to_pylist(),
    )


def _write_places(
    graph: Graph,
    lock: WriterLock,
    bundle: Bundle,
    name: str,
    scanned: BundleScan,
    ids: NDArray[np.int64],
    progress: Progress,
) -> None:
    """Write where the source has its compositions; with one writer, as visits."""
    ledger = {row["key"] for row in graph.read(query("load/read_ledger"), source=name)}
    done = 0
    for number, part in enumerate(used_places(bundle, scanned.used)):
        key = f"{name}/{HOLDS}/{number:08d}"
        if key not in ledger:
            graph.transact(partial(_write_place_batch, lock, name, key, part, ids))
        done += part.num_rows
        progress("places", done, done)


def _write_place_batch(
    lock: WriterLock,
    name: str,
    key: str,
    part: pa.RecordBatch,
    ids: NDArray[np.int64],
    work: Transaction,
) -> None:
    lock.check(work)
    entry = {"key": key, "source": name, "evidence": HOLDS, "rows": part.num_rows}
    if not work.run(query("load/open_batch"), **entry, digest=[0] * DIGEST_LANES)[0]["fresh"]:
        return
    (answer,) = work.run(
        query("load/create_held"),
        source=name,
        ids=ids[part["composition"].to_numpy()].tolist(),
        places=part["place"].to_pylist(),
    )
    if answer["created"] != part.num_rows:
        raise VerificationFailed(_vanished(key, answer["created"], part.num_rows))


def _vanished(key: str, created: int, rows: int) -> str:
    return (
        f"Batch {key} wrote {created} of {rows} rows: compositions "
        "vanished while it ran. Nothing of it was kept; run the same command again."
    )


@dataclass(frozen=True)
class _Batch:
    key: str
    track: TrackDescription
    rows: pa.RecordBatch


def _batches(bundle: Bundle, name: str) -> Iterator[_Batch]:
    for track in bundle.tracks:
        for number, rows in enumerate(bundle.evidence(track, BATCH_ROWS)):
            yield _Batch(f"{name}/{track.evidence}/{number:08d}", track, rows)


def _write_evidence(
    graph: Graph,
    lock: WriterLock,
    bundle: Bundle,
    name: str,
    compositions: pa.Table,
    ids: NDArray[np.int64],
    progress: Progress,
) -> tuple[int, int]:
    ledger = {row["key"] for row in graph.read(query("load/read_ledger"), source=name)}
    keys = key_columns(compositions["key"])
    total = sum(track.rows for track in bundle.tracks)
    written = already = 0

    def write(batch: _Batch) -> int:
        return graph.transact(lambda work: _write_batch(work, lock, name, batch, keys, ids))

    flying: deque[tuple[int, Future[int]]] = deque()

    def land() -> None:
        nonlocal written, already
        rows, future = flying.popleft()
        now = future.result()
        written += now
        already += rows - now
        progress("evidence", written + already, total)

    with ThreadPoolExecutor(WRITERS, thread_name_prefix="writer") as writers:
        for batch in _batches(bundle, name):
            if batch.key in ledger:
                already += batch.rows.num_rows
                progress("evidence", written + already, total)
                continue
            flying.append((batch.rows.num_rows, writers.submit(write, batch)))
            if len(flying) == IN_FLIGHT:
                land()
        while flying:
            land()
    return written, already


def _write_batch(
    work: Transaction,
    lock: WriterLock,
    name: str,
    batch: _Batch,
    keys: NDArray[np.uint64],
    ids: NDArray[np.int64],
) -> int:
    """Return the number of rows written: none if the ledger has the batch."""
    lock.check(work)
    rows, evidence = batch.rows, batch.track.evidence
    (entry,) = work.run(
        query("load/open_batch"),
        key=batch.key,
        source=name,
        evidence=evidence,
        rows=rows.num_rows,
        digest=digest(rows, keys, evidence_type(evidence).later),
    )
    if not entry["fresh"]:
        return 0
    create_rows(work, name, evidence, rows, ids)
    return int(rows.num_rows)


def create_rows(
    work: Transaction, name: str, evidence: str, rows: pa.RecordBatch, ids: NDArray[np.int64]
) -> None:
    """Create evidence edges of a source from rows sorted by start, `ids` as in `create_visits`.

    Raises VerificationFailed if one of their compositions is missing.
    """
    columns = {
        "source": name,
        "groups": _groups(rows, ids),
        "ends": ids[rows["end"].to_numpy()].tolist(),
        **column_parameters(evidence, rows),
    }
    (answer,) = work.run(query("load/create_evidence", evidence=evidence), **columns)
    if answer["created"] != rows.num_rows:
        batch = f"of {evidence} of {name!r}"
        raise VerificationFailed(_vanished(batch, answer["created"], rows.num_rows))


def column_parameters(evidence: str, rows: pa.RecordBatch) -> Row:
    """Return the columns of a type's rows as the parameters that statements read."""
    own = evidence_type(evidence).columns
    return {f"{COLUMN}{each.name}": rows[each.name].to_pylist() for each in own}


def _groups(rows: pa.RecordBatch, ids: NDArray[np.int64]) -> list[list[int]]:
    """Return (id, first, end) for each run of rows with the same start."""
    start = rows["start"].to_numpy()
    first = np.flatnonzero(np.diff(start, prepend=-1))
    end = np.append(first[1:], len(start))
    return list(
        map(list, zip(ids[start[first]].tolist(), first.tolist(), end.tolist(), strict=True))
    )
