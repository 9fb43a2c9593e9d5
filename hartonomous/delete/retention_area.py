"""Retention area: rows of deletions, stored outside the graph until their retention window ends.

    retained/<deletion>/  plan.json  plan.json.rows/   the removed rows and their plan
                          record.json                  times, expiry and the plan's digest, signed

A record that was not signed by a key used here is refused, so that nobody can have other rows
restored. Records of a version without signatures are signed once, when this version first opens the
area.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hartonomous import atomic_files
from hartonomous.delete.deletion_plan import Plan
from hartonomous.delete.plan_files import read_plan, write_plan
from hartonomous.errors import BadInput, HartonomousError, NotFound, VerificationFailed
from hartonomous.graph.cypher_files import query
from hartonomous.graph.deletion_journal import journals
from hartonomous.graph.driver import Graph
from hartonomous.identity import canonical_json
from hartonomous.server.home import default_home
from hartonomous.transparency import keys
from hartonomous.transparency.file_signatures import is_ours, sign_file

PLAN = "plan.json"
RECORD = "record.json"
KIND = "retained"


@dataclass(frozen=True)
class Retained:
    """A retained deletion: its id, its number in the order of deletions, its window.

    `plan` is the digest of the plan with the rows.
    """

    id: str
    graph: str
    number: int
    created: str
    until: str
    selectors: dict[str, Any]
    counts: dict[str, int]
    plan: str = ""
    signature: str = ""

    @property
    def expired(self) -> bool:
        """Return whether the window has ended."""
        return datetime.fromisoformat(self.until) <= datetime.now(UTC)


def area() -> Path:
    """Return the retention area, in the home of the managed server."""
    return default_home() / "retained"


def place(deletion: str) -> Path:
    """Return the folder of a deletion's rows."""
    return area() / deletion


def retain(plan: Plan, graph: str, deletion: str, number: int, days: float) -> Retained:
    """Store a plan's rows under a deletion's id, atomically; repeating it changes nothing.

    Raises BadInput if they cannot be written: then nothing was deleted.
    """
    target = place(deletion)
    _sign_older()
    if target.is_dir():
        return read_record(deletion)
    now = datetime.now(UTC)
    record = Retained(
        deletion,
        graph,
        number,
        now.isoformat(timespec="seconds"),
        (now + timedelta(days=days)).isoformat(timespec="seconds"),
        plan.summary["selectors"],
        plan.summary["counts"],
    )
    try:
        with atomic_files.atomic(target) as partial:
            partial.mkdir(parents=True, mode=0o700)
            summary = write_plan(plan, partial / PLAN)
            record = _write_record(partial, replace(record, plan=summary["digest"]))
    except OSError as error:
        raise BadInput(
            f"The deleted rows cannot be retained in {target}: {error.strerror or error}. "
            "Nothing was deleted; make room, then run the same command again."
        ) from error
    except BadInput as error:
        raise BadInput(
            f"{error} Nothing was deleted; make room, then run the same command again."
        ) from error
    return record


def read_record(deletion: str) -> Retained:
    """Return the record of a retained deletion.

    Raises NotFound if nothing is retained under that id, VerificationFailed if no key used here
    signed the record.
    """
    _recover()
    file = place(deletion) / RECORD
    if Path(deletion).name != deletion or not file.is_file():
        raise NotFound(
            f"Deletion {deletion!r} is not retained; 'hartonomous deletions' lists those that are."
        )
    _sign_older()
    record = Retained(**json.loads(file.read_text("utf-8")))
    try:
        ours = record.id == deletion and is_ours(KIND, _unsigned(record), record.signature)
    except VerificationFailed:
        ours = False
    if not ours:
        raise VerificationFailed(
            f"{file} was changed, or was not written with a key used here: the retained rows of "
            f"deletion {deletion} cannot be restored. Restore the original file, or remove "
            f"{file.parent}."
        )
    return record


def read_retained(deletion: str) -> Plan:
    """Return the rows of a retained deletion.

    Raises Conflict if any byte has changed, VerificationFailed if the record does not name this
    plan or no key used here signed it.
    """
    record = read_record(deletion)
    planned = read_plan(place(deletion) / PLAN)
    if planned.summary["digest"] != record.plan:
        raise VerificationFailed(
            f"{place(deletion) / PLAN} is not the plan that the record beside it names: the rows "
            f"of deletion {deletion} were replaced. Restore the original files."
        )
    return replace(planned, trusted=True)


def rewrite(deletion: str, plan: Plan) -> None:
    """Replace a retained plan by another; the old one is kept until the new one is complete."""
    target = place(deletion)
    old = target.with_name(f".{deletion}.{os.getpid()}.old")
    try:
        with atomic_files.atomic(target) as partial:
            partial.mkdir(mode=0o700)
            digest = write_plan(plan, partial / PLAN)["digest"]
            # The record must not contain anything that the plan no longer contains.
            selectors = plan.summary["selectors"]
            _write_record(partial, replace(read_record(deletion), selectors=selectors, plan=digest))
            target.rename(old)
    except BaseException:
        if old.is_dir() and not target.is_dir():
            old.rename(target)
        raise
    atomic_files.dismiss(old)


def let_go(deletion: str) -> None:
    """Delete the rows of a deletion."""
    atomic_files.dismiss(place(deletion))


def kept(graph: str | None = None) -> list[Retained]:
    """Return the retained deletions, of one graph or of all, in order."""
    if not area().is_dir():
        return []
    _recover()
    found = [
        read_record(folder.name)
        for folder in area().iterdir()
        if not folder.name.startswith(".") and (folder / RECORD).is_file()
    ]
    return sorted((one for one in found if graph in (None, one.graph)), key=lambda one: one.number)


def undoable(graph: Graph) -> list[Retained]:
    """Return the deletions of a graph that can be undone, in order."""
    identity = graph.read(query("delete/read_identity"))
    done = {row["id"] for row in journals(graph) if row["state"] == "done"}
    if not identity or identity[0]["identity"] is None:
        return []
    return [one for one in kept(identity[0]["identity"]) if one.id in done]


def sweep(known: Collection[str], graph: str) -> None:
    """Delete the rows of a graph's deletions that never began, and files of dead processes."""
    for one in kept(graph):
        if one.id not in known:
            let_go(one.id)
    atomic_files.sweep(area())


def _write_record(folder: Path, record: Retained) -> Retained:
    """Write a record, signed, and return it."""
    signed = replace(record, signature=sign_file(KIND, _unsigned(record)))
    atomic_files.write_private(folder / RECORD, canonical_json(asdict(signed)) + "\n")
    return signed


def _unsigned(record: Retained) -> dict[str, Any]:
    return {name: value for name, value in asdict(record).items() if name != "signature"}


def _sign_older() -> None:
    """Sign the records of a version without signatures, once per area."""
    if keys.is_marked(KIND, area()):
        return
    for file in area().glob(f"[!.]*/{RECORD}"):
        record = Retained(**json.loads(file.read_text("utf-8")))
        if record.signature:
            continue
        # An unreadable record stays unsigned, and is refused when it is read.
        with suppress(HartonomousError):
            digest = read_plan(file.with_name(PLAN)).summary["digest"]
            _write_record(file.parent, replace(record, plan=digest))
    keys.mark(KIND, area())


def _recover() -> None:
    """Finish a replacement that was interrupted between its two renamings."""
    for old in area().glob(".*.*.old"):
        _, deletion, owner, _ = old.name.split(".")
        if atomic_files.runs(owner):
            continue
        whole = [f for f in area().glob(f".{deletion}.*.partial") if (f / RECORD).is_file()]
        if not place(deletion).is_dir():
            (whole[0] if whole else old).rename(place(deletion))
        atomic_files.dismiss(old)
