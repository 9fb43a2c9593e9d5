"""Taking knowledge out for good: nothing is kept, and it is kept from coming back.

First as a deletion, by the same plan and in the same steps. Then what earlier deletions kept of it,
bundles that wait to be loaded and projections in the server's memory go; suppressions, which stand
from the first step on, refuse it on every later way in. No word of it, and no hash of one that needs
no key, is left in the graph or in what is kept beside it.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from hartonomous.ask.projecting import need_projections, purge_projections
from hartonomous.errors import HartonomousError
from hartonomous.forget import deleting
from hartonomous.forget.attesting import Scan, draft
from hartonomous.forget.covering import Coverage
from hartonomous.forget.deleting import as_json, begin, refuse_moved, verify_outcome
from hartonomous.forget.passing import divide
from hartonomous.forget.planning import Plan, plan
from hartonomous.forget.removal import Removal
from hartonomous.forget.residuals import Residual, Watched, residual, watched
from hartonomous.forget.retaining import (
    kept,
    let_go,
    place,
    read_retained,
    retain,
    rewrite,
)
from hartonomous.forget.selecting import Selectors, subjects_of
from hartonomous.forget.snapshots import drop_snapshots_of
from hartonomous.forget.undoing import expire
from hartonomous.identity import canonical_json
from hartonomous.schema import FORMULA_VERSION
from hartonomous.signing import canonical
from hartonomous.store import logbook
from hartonomous.store.assembly import Say
from hartonomous.store.compaction import (
    SMALLEST_CANARY,
    check_room,
    compact,
    compaction_due,
    find_bytes,
    managed_home,
)
from hartonomous.store.graph import Graph
from hartonomous.store.holding import holds, needles
from hartonomous.store.inventory_note import notes_inventory
from hartonomous.store.journal import COMPACTING, ERASED, journals, open_journal
from hartonomous.store.locking import WriterLock
from hartonomous.store.queries import query
from hartonomous.store.settling import Progress, check_formula, settle
from hartonomous.store.suppressing import COMPOSITION, CONCEPT, SOURCE, SUBJECT, Entry, suppress


@dataclass(frozen=True)
class ErasureReport:
    """What was erased, what was purged of it, and where copies may remain that are out of reach.

    `found_in` are files of the home that still hold an erased text, with it, and `scan` how many
    texts were looked for; None where the store is not ours to copy.
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


ELSEWHERE = (
    "backups and dumps of the server made before",
    "exports, plans and reports that were written to files",
    "projections of Graph Data Science that somebody else holds in the server's memory",
)
STORE = "transaction logs and freed space of the server's store, until it is compacted"
DISK = "blocks of deleted files that the file system has not used again"
"""Copies that erasing does not reach; STORE only until the managed server's store is copied."""


@notes_inventory
def erase(
    graph: Graph,
    lock: WriterLock,
    selectors: Selectors,
    cache: Path,
    progress: Progress,
    certified: bool = False,
    ways: int = 0,
    say: Say = lambda text: None,
) -> ErasureReport:
    """Plan what the selectors stand for and erase it; bundles below `cache` go too.

    On the managed server the store is copied then, so that nothing is left in freed space. With
    `certified` what a certificate says is worked out before it is too late, for
    `attesting.certify_erasure` to issue; `ways` as `deleting.delete` says. Raises ServerError,
    nothing erased, when there is no room to copy the store.
    """
    if (found := open_journal(graph)) is not None and found["verb"] == "erase":
        planned = read_retained(found["id"]) if place(found["id"]).is_dir() else None
        resumed = resume(graph, lock, cache, progress, certified, say)
        if resumed and planned and planned.summary["selectors"] == as_json(selectors):
            return resumed
    deleting.resume(graph, lock, progress)
    check_formula(graph)
    settle(graph, lock, progress)
    planned = plan(graph, selectors, progress)
    return apply(graph, lock, planned, cache, progress, certified, ways, say)


@notes_inventory
def apply(
    graph: Graph,
    lock: WriterLock,
    planned: Plan,
    cache: Path,
    progress: Progress,
    certified: bool = False,
    ways: int = 0,
    say: Say = lambda text: None,
) -> ErasureReport:
    """Erase exactly what was planned, as `erase` does.

    Raises Conflict when the graph is not the one that was planned on.
    """
    refuse_moved(graph, planned)
    if (home := managed_home(graph)) is not None:
        check_room(home)
    if ways:
        need_projections(graph)
    logbook.check(graph)
    expire(graph, lock)
    before = watched(graph, planned)
    erasure = secrets.token_hex(8)
    identity = lock.write(query("delete/identify_graph"))[0]["identity"]
    number = max((row["number"] for row in journals(graph)), default=0) + 1
    retain(planned, identity, erasure, number, days=0)
    begin(graph, lock, "erase", erasure, planned)
    done = carry_out(graph, lock, erasure, planned, cache, progress, before, certified, ways)
    return _out_of_the_store(graph, lock, done, texts_of(planned), say)


@notes_inventory
def resume(
    graph: Graph,
    lock: WriterLock,
    cache: Path,
    progress: Progress,
    certified: bool = False,
    say: Say = lambda text: None,
) -> ErasureReport | None:
    """Finish an erasure that was cut short; None when there is none, or only its end was missing."""
    found = open_journal(graph)
    if found is None or found["verb"] != "erase":
        _finish(graph, lock, say)
        return None
    if found["state"] == "erasing" and not place(found["id"]).is_dir():
        _close(graph, lock, found["id"])
        _finish(graph, lock, say)
        return None
    planned = read_retained(found["id"])
    done = carry_out(graph, lock, found["id"], planned, cache, progress, {}, certified)
    return _out_of_the_store(graph, lock, done, texts_of(planned), say)


def _finish(graph: Graph, lock: WriterLock, say: Say) -> None:
    """Copy the managed server's store where an erasure was done since it was copied last."""
    if (home := managed_home(graph)) is not None and compaction_due(graph):
        check_room(home)
        compact(home, graph, lock, say)


def _close(graph: Graph, lock: WriterLock, erasure: str) -> None:
    """Say that nothing of an erasure is left to do, but to copy the store where it is ours."""
    state = ERASED if managed_home(graph) is None else COMPACTING
    lock.write(query("delete/set_journal_state"), id=erasure, state=state)


def _out_of_the_store(
    graph: Graph, lock: WriterLock, done: ErasureReport, texts: Sequence[str], say: Say
) -> ErasureReport:
    """Return the report of an erasure once the managed server's store was copied and looked through."""
    home = managed_home(graph)
    if home is None:
        return done
    try:
        compact(home, graph, lock, say)
    except HartonomousError as error:
        raise type(error)(
            f"Erasure {done.id} is done, but the store was not copied, so its freed space may still "
            f"tell: {error} 'hartonomous erase --resume' makes it up, and so does the next "
            "'hartonomous up'."
        ) from error
    found = find_bytes(home, texts)
    return replace(
        done,
        remaining_copies=(DISK, *ELSEWHERE),
        found_in=tuple((str(file), text) for file, text in found),
        scan=scanned(texts, found),
    )


def texts_of(planned: Plan) -> tuple[str, ...]:
    """Return the texts of a plan that are looked for in the store's bytes once they were erased."""
    selectors = planned.summary["selectors"]
    named = [*selectors.get("concepts", ()), *selectors.get("people", ())]
    return (*named, *selectors.get("sources", ()))


def carry_out(
    graph: Graph,
    lock: WriterLock,
    erasure: str,
    planned: Plan,
    cache: Path,
    progress: Progress,
    before: Watched,
    certified: bool = False,
    ways: int = 0,
) -> ErasureReport:
    """Do what is left of an erasure whose journal is open, and close it.

    `before` is what was seen of the words that lose most, empty where nobody looked.
    """
    entries = list(kept_out(planned))
    summary = planned.summary
    complete = not (summary["pairs"] or summary["evidence_ranges"])
    suppress(graph, lock, erasure, entries, complete)
    state = next(row["state"] for row in journals(graph) if row["id"] == erasure)
    if state == "removing":
        Removal(graph, lock, erasure, planned, progress).carry_out()
        lock.write(
            query("delete/close_journal"), id=erasure, state="erasing", formula=FORMULA_VERSION
        )
    report = verify_outcome(graph, erasure, planned)
    done = ErasureReport(
        erasure,
        report.removed,
        report.lost,
        report.compositions,
        len(entries),
        _purge_deletions(graph, lock, erasure, planned),
        _drop_snapshots(planned),
        _purge_cache(cache),
        len(purge_projections(graph)),
        (STORE, *ELSEWHERE),
        report.digest,
        residual(graph, planned, before, ways),
    )
    if certified:
        _keep_claims(graph, lock, planned, done)
    whole = [name for name, source in planned.summary["sources"].items() if source["whole"]]
    about = subjects_of(planned.summary["selectors"]) + [f"source:{name}" for name in whole]
    logbook.erase_names(graph, lock, about)
    let_go(erasure)
    _close(graph, lock, erasure)
    return done


def _keep_claims(graph: Graph, lock: WriterLock, planned: Plan, done: ErasureReport) -> None:
    """Keep what the certificate will say beside the journal, while names have keys; once."""
    rows = graph.read(query("delete/read_claims"))
    if any(row["id"] == done.id and row["claims"] is not None for row in rows):
        return
    purged = {
        "deletions": done.deletions_purged,
        "snapshots": done.snapshots_dropped,
        "bundles": done.bundles_purged,
        "projections": done.projections_dropped,
        "suppressions": done.suppressed,
    }
    claims = draft(graph, planned, done.id, done.residual or {}, purged)
    if claims is not None:
        text = canonical(claims).decode()
        lock.write(query("delete/keep_claims"), id=done.id, claims=text, logged=None)


def scanned(canaries: Iterable[str], found: Sequence[tuple[Path, str]]) -> Scan:
    """Return what a certificate says of a look for texts; those too short to be found do not count."""
    texts = sum(len(text) >= SMALLEST_CANARY for text in canaries)
    return Scan(texts, len({file for file, _ in found}))


def kept_out(planned: Plan) -> Iterable[Entry]:
    """Return what is to stay out after an erasure: sources, people, words, compositions reached."""
    summary = planned.summary
    selectors = summary["selectors"]
    for source in summary["sources"].values():
        if source["whole"]:
            yield Entry(SOURCE, source["digest"])
    for person in selectors.get("people", ()):
        yield Entry(SUBJECT, person)
    if not selectors.get("exact"):
        fold = bool(selectors.get("any_case"))
        for word in selectors.get("concepts", ()):
            for needle in sorted(needles(word.lower() if fold else word)):
                yield Entry(CONCEPT, "\0".join(needle), len(needle), fold)
    for one in summary["compositions"]:
        if one["why"] != "holds it":
            yield Entry(COMPOSITION, one["key"])


def _purge_deletions(graph: Graph, lock: WriterLock, erasure: str, planned: Plan) -> int:
    """Take what is erased out of what deletions keep; return how many kept some of it."""
    (identity,) = lock.write(query("delete/identify_graph"))
    coverage = Coverage(planned.summary)
    purged = 0
    every = [one for one in kept(identity["identity"]) if one.id != erasure]
    for one in every:
        other = read_retained(one.id)
        covered = coverage.sources(other)
        left, gone = divide(other, coverage)
        held = coverage.compositions(other)
        if not held.any() and not covered and not any(t.num_rows for t in gone.evidence.values()):
            continue
        purged += 1
        scrubbed = _scrubbed(left, held, covered, planned)
        rows = any(table.num_rows for table in (*left.evidence.values(), left.tables["visits"]))
        # Without a row of its own it still stands for rows that an earlier one would bring back.
        earlier = any(other.number < one.number for other in every)
        if rows or (earlier and _stands_for_something(scrubbed)):
            rewrite(one.id, scrubbed)
            continue
        let_go(one.id)
        lock.write(query("delete/set_journal_state"), id=one.id, state="erased")
    return purged


def _stands_for_something(planned: Plan) -> bool:
    return any(
        values for values in planned.summary["selectors"].values() if isinstance(values, list)
    )


def _scrubbed(left: Plan, held: Any, covered: set[str], planned: Plan) -> Plan:
    """Return a plan that names nothing of what was erased."""
    table = left.tables["compositions"]
    keys = set(table.filter(pa.array(held))["key"].to_pylist())
    # An empty text and key stand where one was; no row refers to them any more.
    blank = {"id": -1, "key": "0" * 32, "text": "", "kind": "Token"}
    rows = [blank if out else row for row, out in zip(table.to_pylist(), held, strict=True)]
    joins = left.tables["structure"]
    away = np.array([token in keys for token in joins["token"].to_pylist()], dtype=bool)
    for end in ("start", "end"):
        away |= held[joins[end].to_numpy()]
    summary = {
        **left.summary,
        "selectors": _unnamed(left.summary["selectors"], planned.summary["selectors"], covered),
        "top_losses": [],
        "compositions": [c for c in left.summary["compositions"] if c["key"] not in keys],
        "pairs": [pair for pair in left.summary["pairs"] if not keys & set(pair)],
        "evidence_ranges": [
            one for one in left.summary["evidence_ranges"] if one["source"] not in covered
        ],
        **{
            name: {n: one for n, one in left.summary[name].items() if n not in covered}
            for name in ("sources", "survivors", "votes")
        },
        "agreements": [
            one for one in left.summary["agreements"] if not {one["low"], one["high"]} & covered
        ],
    }
    tables = {
        **left.tables,
        "compositions": pa.Table.from_pylist(rows, schema=table.schema),
        "structure": joins.filter(pa.array(~away)),
        **{
            name: left.tables[name].slice(0, 0)
            for name in ("relations", "shifts", "orphans", "known", "masses")
        },
    }
    return replace(left, summary=summary, tables=tables)


def _unnamed(
    selectors: Mapping[str, Any], given: Mapping[str, Any], covered: Collection[str]
) -> dict[str, Any]:
    """Return a deletion's selectors without what names something that an erasure, given by its own
    selectors, takes; `covered` are the sources it takes whole."""
    erased = json.loads(canonical_json(given))
    fold = str.lower if erased.get("any_case") else str
    words = [fold(word) for word in erased.get("concepts", ())]
    wanted = frozenset().union(*(needles(word) for word in words))

    def goes(word: str) -> bool:
        return fold(word) in words or (
            not erased.get("exact") and holds(fold(word), "Sentence", wanted)
        )

    tests: dict[str, Callable[[Any], bool]] = {
        "sources": lambda name: name in covered,
        "concepts": goes,
        "relations": lambda pair: any(map(goes, pair)),
        "evidence": lambda one: one["source"] in covered,
    }
    return {
        kind: [
            value
            for value in values
            if value not in erased.get(kind, ()) and not (kind in tests and tests[kind](value))
        ]
        if isinstance(values, list)
        else values
        for kind, values in selectors.items()
    }


def _drop_snapshots(planned: Plan) -> int:
    """Drop the snapshots that could still say what is erased; return how many."""
    summary = planned.summary
    rows = bool(summary["pairs"] or summary["evidence_ranges"])
    sources = [name for name, one in summary["sources"].items() if one["whole"] or rows]
    keys = [one["key"] for one in summary["compositions"]]
    return len(drop_snapshots_of(sources, keys))


def _purge_cache(cache: Path) -> int:
    """Delete every bundle that waits to be loaded; extracting makes it again."""
    if not cache.is_dir():
        return 0
    found = [folder for folder in cache.iterdir() if folder.is_dir()]
    for folder in found:
        shutil.rmtree(folder)
    return len(found)
