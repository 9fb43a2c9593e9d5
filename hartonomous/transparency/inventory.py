"""Inventory: the facts of a graph that no digest of rows, no formula and no text determines.

A fact is (kind of object, which one, property) and its value: properties of sources and tracks,
journals, suppressions, migrations, the placement and the state, and some counts. Evidence, visits,
places and ratings are not part of it: digests and formulas determine them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hartonomous.graph.cypher_files import query
from hartonomous.graph.deletion_journal import OPEN
from hartonomous.graph.driver import Graph, Row
from hartonomous.graph.procedures import procedures_digest
from hartonomous.identity import canonical_json
from hartonomous.schema import NODES

Fact = tuple[str, str, str]
Facts = dict[Fact, Any]

GRAPH, MIGRATION, SOURCE, TRACK = "graph", "migration", "source", "track"
JOURNAL, SUPPRESSION, PLACEMENT = "journal", "suppression", "placement"

COUNTS = frozenset(
    (GRAPH, "", name) for name in ("compositions", "BACKS_OFF_TO edges", "EXTENDS_TO edges")
)
"""Counts that an interrupted load has changed before its source is live."""

_PROPERTIES = {node.name: {one.name for one in node.properties} for node in NODES}
_TIMES = {one.name for node in NODES for one in node.properties if one.type == "DATETIME"}
_COUNTED = {"visits", "places", "batches"}
_PASSING = {"settled"}
"""Properties of the state that every act changes temporarily."""
_DERIVED = {"name"}
"""Of tracks, journals and suppressions: determined by their other properties."""
NAMES = (MIGRATION, "22", "version")
"""There since nodes have names."""

PROCEDURES = (GRAPH, "", "procedures")
"""Changed by an upgrade, which is not an act; so are migrations."""


@dataclass(frozen=True)
class Inventory:
    """The facts of a graph, the name of its log and the number of its entries.

    `at_rest` unless an act is under way or was interrupted; `unfinished` maps sources that are not
    live to their state; `acts` are those of the log's entries from the requested one on.
    """

    log: str | None
    size: int
    facts: Facts
    at_rest: bool
    unfinished: dict[str, Any]
    acts: tuple[str, ...]


def take_inventory(graph: Graph, since: int = 0) -> Inventory:
    """Return the inventory of a graph; `acts` are those of the log's entries from `since` on."""
    (row,) = graph.read(query("audit/read_inventory"), since=since)
    state = row["state"] or {}
    facts = dict(_facts(row, state))
    busy = [one for one in row["journals"] if one.get("state") in OPEN]
    return Inventory(
        log=state.get("log"),
        size=row["entries"],
        facts=facts,
        at_rest=state.get("settled") is True and not busy,
        unfinished={
            str(one.get("name")): one.get("state")
            for one in row["sources"]
            if one.get("state") != "live"
        },
        acts=tuple(map(str, row["acts"])),
    )


def same(one: object, other: object) -> bool:
    """Return whether two values are equal and of the same JSON type.

    >>> same(1, 1.0), same([1], [1]), same(None, None)
    (False, True, True)
    """
    return canonical_json(one) == canonical_json(other)


def is_upgrade(fact: Fact, noted: Mapping[Fact, Any], now: Mapping[Fact, Any]) -> bool:
    """Return whether an upgrade explains that a fact differs from the recorded one."""
    if fact == PROCEDURES:
        return same(now.get(fact), procedures_digest())
    return fact[0] == MIGRATION and fact not in noted


def owner(fact: Fact) -> str | None:
    """Return the source of a fact, None if it concerns no source."""
    return fact[1].partition("/")[0] if fact[0] in (SOURCE, TRACK) else None


def nested(facts: Mapping[Fact, Any]) -> dict[str, dict[str, dict[str, Any]]]:
    """Return facts as maps of maps, as JSON can have them."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for (kind, which, name), value in facts.items():
        found.setdefault(kind, {}).setdefault(which, {})[name] = value
    return found


def flat(maps: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Facts:
    """Return the facts from the maps of `nested`."""
    return {
        (kind, which, name): value
        for kind, things in maps.items()
        for which, properties in things.items()
        for name, value in properties.items()
    }


def _facts(row: Row, state: Row) -> Iterator[tuple[Fact, Any]]:
    yield from _of(GRAPH, "", "State", state, _PASSING)
    counts = (row["compositions"], row["backing"], row["extending"])
    names = ("compositions", "BACKS_OFF_TO edges", "EXTENDS_TO edges")
    yield from (((GRAPH, "", name), n) for name, n in zip(names, counts, strict=True))
    for one in row["sources"]:
        if one.get("state") == "live":
            name = str(one.get("name"))
            yield from _of(SOURCE, name, "Source", one)
            for track in one["tracks"]:
                yield from _of(TRACK, f"{name}/{track.get('evidence')}", "Track", track, _DERIVED)
    for kind, label, key, rows, but in (
        (MIGRATION, "Migration", "version", row["migrations"], ()),
        (JOURNAL, "Deletion", "id", row["journals"], _DERIVED),
        (SUPPRESSION, "Suppression", "id", row["suppressions"], _DERIVED),
        (PLACEMENT, "Placement", "name", row["placements"], ()),
    ):
        for one in rows:
            yield from _of(kind, str(one.get(key)), label, one, but)


def _of(
    kind: str, which: str, label: str, row: Mapping[str, Any], but: Iterable[str] = ()
) -> Iterator[tuple[Fact, Any]]:
    """Yield the facts of a node: its properties in the schema."""
    wanted = (_PROPERTIES[label] | (_COUNTED if label == "Source" else set())) - set(but)
    for name in sorted(wanted & row.keys()):
        if row[name] is not None:
            value = _plain(row[name])
            # UTC may be stored as an offset or as a named zone; the moment is the same.
            yield (kind, which, name), _moment(value) if name in _TIMES else value


def _moment(value: Any) -> Any:
    return value.removesuffix("[UTC]") if isinstance(value, str) else value


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value if isinstance(value, str | int | float) else str(value)
