"""The inventory of a graph as recorded when the last act ended: signed, and kept outside the graph.

An act takes the inventory before its first write and after its last one, and records what it
changed. What differed before it began is not recorded, so no act vouches for an earlier edit by
hand. The record lies beside the heads of the log, one for each log, and names the log's size. What
it says of a source is encrypted under the source's key, so erasing the source destroys it.
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

    `closed` counts the sources whose part cannot be decrypted, because their keys are not here.
    """

    size: int
    facts: Facts
    closed: int


def read_note(log: str | None) -> Note | None:
    """Return the inventory recorded for a log, None when there is none.

    Raises VerificationFailed when the record was changed.
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
            f"The inventory recorded beside the log's heads cannot be relied on: {error} Put it back, or "
            "run 'hartonomous log adopt' to accept the graph as it is."
        ) from error


def is_current(note: Note | None, inventory: Inventory) -> bool:
    """Return whether no act came after the record; the inventory's `acts` are those since."""
    return note is not None and note.size <= inventory.size and QUIET.issuperset(inventory.acts)


def look(graph: Graph) -> tuple[Note | None, Inventory]:
    """Return the recorded inventory of a graph and the present one, with the acts since the record."""
    (state,) = graph.read(query("transparency/read_log_state"))
    note = read_note(state["log"])
    return note, take_inventory(graph, note.size if note else 0)


_noting: set[int] = set()


@contextmanager
def inventoried(graph: Graph) -> Iterator[None]:
    """Record what an act changes when it ends; nested acts are recorded with the outer one.

    An act that raises one of our errors has ended. One that was interrupted has not: its changes are
    recorded with the next act. Raises VerificationFailed, before the act, when the existing record
    cannot be relied on.
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
    """Record what an act changed; `note` was read before it, because the act may have destroyed keys."""
    now = take_inventory(graph)
    if not now.at_rest or now.log is None:
        return
    if before is None or now.log != before.log:
        note = None
    _write(now, now.facts if note is None or before is None else _changed(note.facts, before, now))


def _changed(noted: Facts, before: Inventory, now: Inventory) -> Facts:
    """Return the facts to record: those the act changed as they are now, all others as recorded."""
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
