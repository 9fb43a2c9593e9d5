"""Inventory record: the inventory at the end of the last act, signed and stored outside the graph.

An act takes the inventory before its first write and after its last one, and records its own
changes. Earlier differences are not recorded, so no act confirms an edit by hand before it. The
record is beside the heads of the log, one per log, and contains the log's size. Facts of a source
are encrypted under the source's key, so erasing the source destroys them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from hartonomous.errors import HartonomousError, VerificationFailed
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from hartonomous.identity import canonical_json
from hartonomous.transparency import keys
from hartonomous.transparency.inventory import (
    COUNTS,
    Facts,
    Inventory,
    flat,
    is_upgrade,
    nested,
    owner,
    same,
    take_inventory,
)

FORMAT = 1

QUIET = frozenset({"adopt", "deleted", "snapshot"})
"""Acts that change nothing but the log."""

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Note:
    """A recorded inventory: the size of the log, and the facts.

    `closed` counts the sources whose facts cannot be decrypted, because their keys are missing.
    """

    size: int
    facts: Facts
    closed: int


def read_note(log: str | None) -> Note | None:
    """Return the recorded inventory of a log, None if there is none.

    Raises VerificationFailed if the record was changed.
    """
    kept = keys.kept_inventory(log) if log else None
    if kept is None:
        return None
    try:
        first, text = keys.opened(kept).split("\n", 1)
        payload = json.loads(text)
        if first != _heading(str(log)) or payload["format"] != FORMAT:
            raise VerificationFailed("It is of another log, or another version wrote it.")
        parts = keys.unlock(payload["locked"])
        facts = flat(payload["facts"])
        for part in parts.values():
            facts |= flat(json.loads(part))
        return Note(payload["size"], facts, len(payload["locked"]) - len(parts))
    except (HartonomousError, ValueError, KeyError, TypeError) as error:
        raise VerificationFailed(
            f"The inventory recorded beside the log's heads is not reliable: {error} Restore the "
            "file, or run 'hartonomous log adopt' to accept the graph as it is."
        ) from error


def is_current(note: Note | None, inventory: Inventory) -> bool:
    """Return whether no act followed the record; the inventory's `acts` are those since."""
    return note is not None and note.size <= inventory.size and QUIET.issuperset(inventory.acts)


def look(graph: Graph) -> tuple[Note | None, Inventory]:
    """Return the recorded and the present inventory of a graph, with the acts since the record."""
    (state,) = graph.read(query("transparency/read_log_state"))
    note = read_note(state["log"])
    return note, take_inventory(graph, note.size if note else 0)


_noting: set[int] = set()


@contextmanager
def inventoried(graph: Graph) -> Iterator[None]:
    """Record the changes of an act when it ends; nested acts are recorded with the outer one.

    An act that raises one of our errors has ended. An interrupted one has not: its changes are
    recorded with the next act. Raises VerificationFailed, before the act, if the existing record is
    not reliable.
    """
    if id(graph) in _noting:
        yield
        return
    note, before = look(graph)
    known = before.at_rest and (is_current(note, before) or not before.size)
    _noting.add(id(graph))
    try:
        yield
    except HartonomousError:
        with suppress(HartonomousError):
            _close(graph, note, before if known else None)
        raise
    else:
        _close(graph, note, before if known else None)
    finally:
        _noting.discard(id(graph))


def notes_inventory(
    act: Callable[Concatenate[Graph, P], T],
) -> Callable[Concatenate[Graph, P], T]:
    """Wrap an act, a function of a graph, in `inventoried`."""

    @wraps(act)
    def noted(graph: Graph, /, *arguments: P.args, **named: P.kwargs) -> T:
        with inventoried(graph):
            return act(graph, *arguments, **named)

    return noted


def accept(graph: Graph) -> None:
    """Record the inventory of a graph as it is, whoever changed it."""
    _write(take_inventory(graph), None)


def _close(graph: Graph, note: Note | None, before: Inventory | None) -> None:
    """Record the changes of an act; `note` was read before it, because the act may have destroyed
    keys.
    """
    now = take_inventory(graph)
    if not now.at_rest or now.log is None:
        return
    if before is None or now.log != before.log:
        note = None
    _write(now, now.facts if note is None or before is None else _changed(note.facts, before, now))


def _changed(noted: Facts, before: Inventory, now: Inventory) -> Facts:
    """Return the facts to record: the present values of those changed by the act, the recorded
    values of all others.
    """
    facts = dict(noted)
    for fact in noted.keys() | now.facts.keys():
        was, value = before.facts.get(fact), now.facts.get(fact)
        # Counts that an interrupted load had changed before this act belong to it.
        late = before.unfinished and fact in COUNTS
        if late or not same(was, value) or is_upgrade(fact, noted, now.facts):
            facts.pop(fact, None)
            facts |= {} if value is None else {fact: value}
    return facts


def _write(inventory: Inventory, facts: Facts | None) -> None:
    if inventory.log is None:
        return
    facts = inventory.facts if facts is None else facts
    of_sources: dict[str, Facts] = {}
    for fact, value in facts.items():
        if (name := owner(fact)) is not None:
            of_sources.setdefault(name, {})[fact] = value
    texts = {f"source:{name}": canonical_json(nested(own)) for name, own in of_sources.items()}
    payload: dict[str, Any] = {
        "format": FORMAT,
        "size": inventory.size,
        "facts": nested({fact: value for fact, value in facts.items() if owner(fact) is None}),
        "locked": keys.lock_away(texts),
    }
    text = f"{_heading(inventory.log)}\n{canonical_json(payload)}\n"
    keys.keep_inventory(inventory.log, keys.signed(text))


def _heading(log: str) -> str:
    return f"hartonomous/{log}/inventory"
