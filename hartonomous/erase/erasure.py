"""Erasure: permanent removal, with suppression of the same data afterwards.

First it runs as a deletion, by the same plan and steps. Then it purges the data from retained
deletions, waiting bundles, snapshots, thumbnails, projections in the server's memory and names in the log.
Suppressions, written before the first step, refuse the data on every later import. No word of it,
and no unkeyed hash, remains in the graph or in files beside it. Data that exists only in those
files is erased there. Copies out of reach are reported: backups, bundles in use, other graphs of
the home.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from hartonomous.ask.paths.projections import need_projections, purge_projections
from hartonomous.delete import deletion
from hartonomous.delete.deletion import as_json, begin, refuse_moved, verify_outcome
from hartonomous.delete.deletion_plan import Plan
from hartonomous.delete.picture_thumbnails import drop_unheld
from hartonomous.delete.removal_executor import Removal
from hartonomous.delete.residuals import Residual, Watched, residual, watched
from hartonomous.delete.retention_area import let_go, place, read_retained, retain
from hartonomous.delete.selectors import Selectors
from hartonomous.delete.undo import expire
from hartonomous.erase.bundle_search import FoundBundle, bundles_of, purge_bundles
from hartonomous.erase.compaction import (
    SMALLEST_CANARY,
    check_room,
    compact,
    compaction_due,
    find_bytes,
    managed_home,
)
from hartonomous.erase.erasure_plan import plan_erasure, reached, traces_of
from hartonomous.erase.erasure_target import ErasureTarget, Reach
from hartonomous.erase.outside_copies import OutsideCopy
from hartonomous.erase.redaction import purge_deletions
from hartonomous.errors import HartonomousError
from hartonomous.graph.cypher_files import query
from hartonomous.graph.deletion_journal import COMPACTING, ERASED, journals, open_journal
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.load.concept_match import name_parts, word_sequences
from hartonomous.load.suppression_list import (
    COMPOSITION,
    CONCEPT,
    NAME,
    SOURCE,
    SUBJECT,
    Entry,
    suppress,
)
from hartonomous.progress import Progress, Say, unheard, unseen
from hartonomous.proof.claims import Scan, draft
from hartonomous.rate.rating_pass import check_formula, rate_due
from hartonomous.schema import FORMULA_VERSION, IMAGE
from hartonomous.transparency import transparency_log
from hartonomous.transparency.inventory_record import notes_inventory
from hartonomous.transparency.signing import canonical
from hartonomous.versions.backup_register import forget_gone, known_backups
from hartonomous.versions.snapshots import drop_snapshots, drop_snapshots_of


@dataclass(frozen=True)
class ErasureReport:
    """Counts of an erasure, of purged copies, and the remaining copies out of reach.

    `found_in` are files of the home that still contain an erased text, with the text, and `scan`
    the number of texts searched for; None if the store is not managed here. `names_purged` counts
    names in the log and their keys; `still_held` lists remaining copies, their expiry, and the
    remedy.
    """

    id: str
    removed: int
    lost: int
    compositions: int
    suppressed: int
    deletions_purged: int
    snapshots_dropped: int
    bundles_purged: int
    projections_dropped: int
    remaining_copies: tuple[str, ...]
    digest: str
    residual: Residual | None = None
    found_in: tuple[tuple[str, str], ...] = ()
    scan: Scan | None = None
    names_purged: int = 0
    still_held: tuple[OutsideCopy, ...] = ()


MOST_PICTURES = 100
"""Erased pictures whose keys are searched for in the store's bytes; each makes the search longer."""

ELSEWHERE = (
    "earlier backups and dumps of the server",
    "exports, plans and reports written to files",
    "projections of other users in the memory of Graph Data Science",
)
STORE = "transaction logs and freed space of the server's store, until it is compacted"
DISK = "blocks of deleted files that the file system has not reused"
"""Copies that an erasure does not reach; STORE only until the managed server's store is copied."""


@dataclass(frozen=True)
class ErasureOptions:
    """How an erasure is executed.

    `cache` is the folder with bundles of earlier versions. With `certified` the claims of a
    certificate are computed while that is possible, for `claims.certify_erasure` to issue; `ways` as
    in `deletion.delete`.
    """

    cache: Path
    progress: Progress = unseen
    certified: bool = False
    ways: int = 0
    say: Say = unheard


@notes_inventory
def erase(
    graph: Graph,
    lock: WriterLock,
    selectors: Selectors,
    options: ErasureOptions,
) -> ErasureReport:
    """Plan the erasure of the selected data and execute it, in the graph and in all copies within
    reach.

    On the managed server the store is copied afterwards, so that nothing remains in freed space.
    Raises ServerError, with nothing erased, if there is no room to copy the store, NotFound if a
    selector matches nothing.
    """
    if (found := open_journal(graph)) is not None and found["verb"] == "erase":
        planned = read_retained(found["id"]) if place(found["id"]).is_dir() else None
        resumed = resume(graph, lock, options)
        if resumed and planned and planned.summary["selectors"] == as_json(selectors):
            return resumed
    deletion.resume(graph, lock, options.progress)
    check_formula(graph)
    rate_due(graph, lock, options.progress)
    planned = plan_erasure(graph, selectors, options.cache, options.progress)
    return apply(graph, lock, planned, options)


@notes_inventory
def apply(
    graph: Graph,
    lock: WriterLock,
    planned: Plan,
    options: ErasureOptions,
) -> ErasureReport:
    """Execute a plan exactly, as `erase` does.

    Raises Conflict if the graph changed since the plan.
    """
    refuse_moved(graph, planned)
    if (home := managed_home(graph)) is not None:
        check_room(home)
    if options.ways:
        need_projections(graph)
    transparency_log.check(graph)
    expire(graph, lock)
    before = watched(graph, planned)
    planned = reached(graph, planned, options.cache)
    erasure = secrets.token_hex(8)
    identity = lock.write(query("delete/identify_graph"))[0]["identity"]
    number = max((row["number"] for row in journals(graph)), default=0) + 1
    retain(planned, identity, erasure, number, days=0)
    begin(graph, lock, "erase", erasure, planned)
    done = carry_out(graph, lock, erasure, planned, before, options)
    return _out_of_the_store(graph, lock, done, texts_of(planned), options)


@notes_inventory
def resume(
    graph: Graph,
    lock: WriterLock,
    options: ErasureOptions,
) -> ErasureReport | None:
    """Finish an interrupted erasure; None if there is none, or if only its last step was missing."""
    found = open_journal(graph)
    if found is None or found["verb"] != "erase":
        _finish(graph, lock, options)
        return None
    if found["state"] == "erasing" and not place(found["id"]).is_dir():
        _close(graph, lock, found["id"])
        _finish(graph, lock, options)
        return None
    planned = read_retained(found["id"])
    done = carry_out(graph, lock, found["id"], planned, {}, options)
    return _out_of_the_store(graph, lock, done, texts_of(planned), options)


def _finish(graph: Graph, lock: WriterLock, options: ErasureOptions) -> None:
    """Copy the managed server's store if something was erased since the last copy."""
    if (home := managed_home(graph)) is not None and compaction_due(graph):
        check_room(home)
        compact(home, graph, lock, options.say, options.progress)


def _close(graph: Graph, lock: WriterLock, erasure: str) -> None:
    """Remove the thumbnails of erased pictures; mark an erasure as complete, or as waiting for the copy
    of the managed store.
    """
    # After the erasure's own rows went, which name its pictures.
    drop_unheld(graph)
    state = ERASED if managed_home(graph) is None else COMPACTING
    lock.write(query("delete/set_journal_state"), id=erasure, state=state)


def _out_of_the_store(
    graph: Graph,
    lock: WriterLock,
    done: ErasureReport,
    texts: Sequence[str],
    options: ErasureOptions,
) -> ErasureReport:
    """Return the report of an erasure after the managed server's store was copied and searched."""
    home = managed_home(graph)
    if home is None:
        return done
    try:
        compact(home, graph, lock, options.say, options.progress)
    except HartonomousError as error:
        raise type(error)(
            f"Erasure {done.id} is done, but the store was not copied, so its freed space may "
            f"still contain erased data: {error} 'hartonomous erase --resume' or the next "
            "'hartonomous up' copies it."
        ) from error
    found = find_bytes(home, texts)
    return replace(
        done,
        remaining_copies=(DISK, *done.remaining_copies[1:]),
        found_in=tuple((str(file), text) for file, text in found),
        scan=scanned(texts, found),
    )


def texts_of(planned: Plan) -> tuple[str, ...]:
    """Return the texts of a plan that are searched for in the store's bytes after the erasure."""
    given, reach = planned.summary["selectors"], planned.summary.get("reach", {})
    kinds = ("concepts", "people", "sources")
    named = [*(one for kind in kinds for one in given.get(kind, ()))]
    named += [one for part in ("words", "names", "people") for one in reach.get(part, ())]
    pictures = (one["text"] for one in planned.summary["compositions"] if one["kind"] == IMAGE)
    return tuple(dict.fromkeys([*named, *islice(pictures, MOST_PICTURES)]))


def carry_out(
    graph: Graph,
    lock: WriterLock,
    erasure: str,
    planned: Plan,
    before: Watched,
    options: ErasureOptions,
) -> ErasureReport:
    """Execute the remaining steps of an erasure with an open journal, and close it.

    `before` are the watched words before the erasure, empty if they were not read.
    """
    suppressed = _suppress(graph, lock, erasure, planned)
    state = next(row["state"] for row in journals(graph) if row["id"] == erasure)
    if state == "removing":
        if _takes_rows(planned):
            Removal(graph, lock, erasure, planned, options.progress).carry_out()
        lock.write(
            query("delete/close_journal"), id=erasure, state="erasing", formula=FORMULA_VERSION
        )
    report, summary = verify_outcome(graph, erasure, planned), planned.summary
    identity = lock.write(query("delete/identify_graph"))[0]["identity"]
    deletions = purge_deletions(graph, lock, erasure, Reach.of(summary))
    bundles, left = purge_bundles(bundles_of(identity, options.cache), ErasureTarget.of(summary))
    names = traces_of(summary)
    done = ErasureReport(
        erasure,
        report.removed,
        report.lost,
        report.compositions,
        suppressed,
        deletions,
        _drop_snapshots(planned, identity),
        bundles,
        len(purge_projections(graph)),
        (STORE, *ELSEWHERE, *(f"{one.what}: {one.advice}" for one in known_backups(identity))),
        report.digest,
        residual(graph, planned, before, options.ways),
        names_purged=len(names),
        still_held=_still_held(summary, left),
    )
    if options.certified:
        _keep_claims(graph, lock, planned, done)
    transparency_log.erase_names(graph, lock, names)
    forget_gone(identity)
    let_go(erasure)
    _close(graph, lock, erasure)
    return done


def _suppress(graph: Graph, lock: WriterLock, erasure: str, planned: Plan) -> int:
    """Suppress the data of a plan, and return the number of hashes."""
    entries, summary = list(kept_out(planned)), planned.summary
    by_rows = summary["selectors"].get("relations") or summary["evidence_ranges"]
    complete = not (by_rows or summary.get("reach", {}).get("blind", False))
    suppress(graph, lock, erasure, entries, complete)
    return len(entries)


def _takes_rows(planned: Plan) -> bool:
    """Return whether anything of the live graph is removed, including a source without evidence."""
    counts, sources = planned.summary["counts"], planned.summary["sources"]
    gone = ("evidence", "visits", "compositions", "shifted")
    return any(counts[name] for name in gone) or any(one["whole"] for one in sources.values())


def _still_held(summary: Mapping[str, Any], left: Sequence[FoundBundle]) -> tuple[OutsideCopy, ...]:
    """Return the remaining copies of erased data, and remaining data of its subjects."""
    found = [OutsideCopy(**one) for one in summary.get("held", ()) if one["do"] is not None]
    kept = [one for one in found if one.where not in ("backup", "bundle")]
    bundles = [OutsideCopy("bundle", one.described, None, one.advice) for one in left]
    return (*kept, *bundles)


def _keep_claims(graph: Graph, lock: WriterLock, planned: Plan, done: ErasureReport) -> None:
    """Store the claims of the certificate beside the journal, while names have keys; once."""
    rows = graph.read(query("delete/read_claims"))
    if any(row["id"] == done.id and row["claims"] is not None for row in rows):
        return
    purged = {
        "deletions": done.deletions_purged,
        "snapshots": done.snapshots_dropped,
        "bundles": done.bundles_purged,
        "projections": done.projections_dropped,
        "names": done.names_purged,
        "suppressions": done.suppressed,
    }
    in_use = sum(one.where == "bundle" for one in done.still_held)
    claims = draft(graph, planned, done.id, done.residual or {}, purged, in_use)
    if claims is not None:
        text = canonical(claims).decode()
        lock.write(query("delete/keep_claims"), id=done.id, claims=text, logged=None)


def scanned(canaries: Iterable[str], found: Sequence[tuple[Path, str]]) -> Scan:
    """Return the result of a search for texts, for a certificate; texts too short to be found do
    not count.
    """
    texts = sum(len(text) >= SMALLEST_CANARY for text in canaries)
    return Scan(texts, len({file for file, _ in found}))


def kept_out(planned: Plan) -> Iterable[Entry]:
    """Return what to suppress after an erasure: sources, people, words, reached compositions."""
    summary = planned.summary
    selectors = summary["selectors"]
    sought = ErasureTarget.of(summary)
    for digest in sorted(sought.digests):
        yield Entry(SOURCE, digest)
    for person in selectors.get("people", ()):
        yield Entry(SUBJECT, person)
    if not selectors.get("exact"):
        fold = bool(selectors.get("any_case"))
        for word in sorted(sought.words):
            sequences = word_sequences(word.lower() if fold else word)
            for sequence in sorted(sequences):
                yield Entry(CONCEPT, "\0".join(sequence), len(sequence), fold)
            if (parts := name_parts(word)) and parts not in sequences:
                yield Entry(NAME, "\0".join(parts), len(parts))
    elif not any(one["why"] == "concept" for one in summary["compositions"]):
        # Data outside the graph has no composition that would determine its kind.
        for key in sorted(sought.own_keys):
            yield Entry(COMPOSITION, key)
    for one in summary["compositions"]:
        if one["why"] != "holds it":
            yield Entry(COMPOSITION, one["key"])


def _drop_snapshots(planned: Plan, graph: str) -> int:
    """Drop the snapshots of a graph that may contain erased data; return their number."""
    summary = planned.summary
    rows = bool(summary["pairs"] or summary["evidence_ranges"])
    sources = [name for name, one in summary["sources"].items() if one["whole"] or rows]
    keys = [one["key"] for one in summary["compositions"]]
    elsewhere = drop_snapshots(summary.get("reach", {}).get("snapshots", ()))
    return len(drop_snapshots_of(sources, keys, graph)) + elsewhere
