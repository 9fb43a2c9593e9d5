"""Checks of the graph's inventory against the one recorded at the end of the last act."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hartonomous.audit.audit_findings import Findings
from hartonomous.transparency.inventory import (
    COUNTS,
    GRAPH,
    JOURNAL,
    MIGRATION,
    PLACEMENT,
    SOURCE,
    SUPPRESSION,
    TRACK,
    Fact,
    Facts,
    Inventory,
    is_upgrade,
    same,
)
from hartonomous.transparency.inventory_record import Note, is_current

LONGEST = 160
"""Characters of a value that are shown."""

_TITLES = {
    GRAPH: "Graph",
    MIGRATION: "Migration",
    SOURCE: "Source",
    TRACK: "Track",
    JOURNAL: "Journal",
    SUPPRESSION: "Suppression",
    PLACEMENT: "Placement",
}


@dataclass(frozen=True)
class Expected:
    """The recorded facts, None if there are no reliable ones.

    `unproved` lists what cannot be checked, `unclosed` the acts without a record.
    """

    facts: Facts | None
    unproved: tuple[str, ...]
    unclosed: tuple[str, ...]


def expected_facts(note: Note | None, inventory: Inventory, older: bool) -> Expected:
    """Return the expected facts of a graph, from the record of its last act.

    `older` says that the log's last entry was written by a version without records.
    """
    if not inventory.size:
        return Expected(None, (), ())
    if note is None and older:
        return Expected(None, (_unproved("the last act was performed by an older version"),), ())
    if note is not None and inventory.size < note.size:
        return Expected(
            None,
            (_unproved(f"the log ends before entry {inventory.size}"),),
            (
                f"Entry {inventory.size} of the log is missing, and what came after it: the record of "
                f"the last act here counts {note.size} entries.",
            ),
        )
    if note is None or not is_current(note, inventory):
        first = note.size if note else 0
        return Expected(
            None,
            (_unproved(f"no inventory was recorded here after log entry {first}"),),
            (
                f"Acts from log entry {first} on were interrupted, or performed on another "
                "machine: no inventory was recorded here when they ended. The next act records "
                "the graph as it is then.",
            ),
        )
    unproved = []
    if note.closed:
        unproved.append(
            f"The keys of {note.closed} recorded sources are missing: their properties "
            "are not checked."
        )
    if inventory.unfinished:
        unproved.append(
            f"Not live: {', '.join(inventory.unfinished)}. The numbers of compositions and joins are "
            "not checked."
        )
    return Expected(note.facts, tuple(unproved), ())


def _unproved(why: str) -> str:
    return (
        f"Because {why}, these are not checked: licence, subject, files and other properties of sources "
        "and tracks, journals of removals, suppressions, the placement, and how many compositions and "
        "joins there are."
    )


def check_inventory(expected: Expected, inventory: Inventory) -> Findings:
    """Return a finding for each fact that differs from the recorded one."""
    found = Findings()
    if expected.facts is None:
        return found
    noted, now = expected.facts, inventory.facts
    away = COUNTS if inventory.unfinished else frozenset()
    wrong = sorted(
        fact
        for fact in (noted.keys() | now.keys()) - away
        if not same(noted.get(fact), now.get(fact)) and not is_upgrade(fact, noted, now)
    )
    things = {(kind, which) for kind, which, _ in wrong}
    known, present = ({fact[:2] for fact in facts} for facts in (noted, now))
    for kind, which in sorted(things):
        own = [fact for fact in wrong if fact[:2] == (kind, which)]
        what = f"findings on a {_TITLES[kind].lower()}"
        for text in _texts(kind, which, own, noted, inventory, known, present):
            found.add(what, text)
    return found


def _texts(
    kind: str,
    which: str,
    wrong: list[Fact],
    noted: Facts,
    now: Inventory,
    known: set[tuple[str, str]],
    present: set[tuple[str, str]],
) -> Iterator[str]:
    named = _TITLES[kind] + (f" {which!r}" if which else "")
    if (kind, which) not in present:
        if kind == SOURCE and which in now.unfinished:
            yield f"{named}: state is {now.unfinished[which]!r}, expected 'live'."
        elif kind != TRACK or which.partition("/")[0] not in now.unfinished:
            yield f"{named}: missing."
    elif (kind, which) not in known:
        yield f"{named}: not recorded by any act."
    else:
        for fact in wrong:
            yield f"{named}: {fact[2]} is {_value(now.facts, fact)}, expected {_value(noted, fact)}."


def _value(facts: Facts, fact: Fact) -> str:
    return _shown(facts[fact]) if fact in facts else "none"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
