"""Edits of a graph as somebody with a browser would make them, each with the way back.

Every label, type and property that a graph really has is met: what is looked for is read off the
graph and the schema, not off a list that could forget one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import numpy as np

from hartonomous import schema
from hartonomous.graph.driver import Graph

STRUCTURE = [name for name, _ in schema.STRUCTURE]
TYPES = {
    **{
        one.name: ("Composition", "Composition")
        for one in (*schema.evidence_types(), *schema.rated_types())
    },
    **dict.fromkeys(STRUCTURE, ("Composition", "Composition")),
    schema.HAS_TRACK: ("Source", "Track"),
    schema.VISITED: ("Source", "Composition"),
    schema.HOLDS: ("Source", "Composition"),
    schema.AGREES_WITH: ("Source", "Source"),
    schema.NEXT: ("LogEntry", "LogEntry"),
}
"""Every type of relationship, and the labels that it joins."""

ALONE = {"State", "LogEntry", "NEXT", "Source"}
"""What others are told by: changed one at a time."""

UNTOLD = {(one.name, name) for one in schema.evidence_types() for name in one.later}
"""Properties that may be missing where they are 0: edges of an earlier version lack them."""

_KEYS = {node.name: node.key for node in schema.NODES}
_PROPERTIES = {node.name: {one.name for one in node.properties} for node in schema.NODES}


@dataclass(frozen=True)
class Edit:
    """One edit: `what` for people, `named` what a finding has to hold all of, `meant` what it should
    have been; `do` makes it and returns the way back."""

    what: str
    subject: str
    named: tuple[str, ...]
    do: Callable[[], Callable[[], object]]
    meant: str | None = None


@dataclass(frozen=True)
class Choice:
    """An edit that `choose` chooses once it is to be made; `alone` where others hang on the thing."""

    subject: str
    alone: bool
    choose: Callable[[], Edit]


@dataclass
class Editor:
    """Chooses what to edit at random, seeded."""

    graph: Graph
    rng: np.random.Generator

    def every(self) -> Iterator[Choice]:
        """Yield an edit of each kind for each label, type and property, of different things in turn;
        those that are made one at a time come last."""
        for alone in (False, True):
            kinds = [self._of_label(one) for one in _PROPERTIES if (one in ALONE) == alone]
            kinds += [self._of_type(*one) for one in TYPES.items() if (one[0] in ALONE) == alone]
            while kinds:
                for kind in list(kinds):
                    try:
                        yield next(kind)
                    except StopIteration:
                        kinds.remove(kind)

    def _of_label(self, label: str) -> Iterator[Choice]:
        alone = label in ALONE
        for name in self._names(f"MATCH (x:{label}) UNWIND keys(x) AS name"):
            if name in _PROPERTIES[label]:
                found = f"MATCH (x:{label}) WHERE x.{name} IS NOT NULL"
                yield Choice(label, alone, partial(self._change, found, label, name))
                yield Choice(label, alone, partial(self._remove, found, label, name))
        yield Choice(label, True, partial(self._delete_node, label))
        yield Choice(label, alone, partial(self._copy_node, label))
        if label == "Composition":
            yield Choice(label, alone, self._relabel)

    def _of_type(self, type: str, ends: tuple[str, str]) -> Iterator[Choice]:
        found, alone = f"MATCH ()-[x:{type}]->()", type in ALONE
        if not self.graph.read(f"{found} RETURN 1 LIMIT 1"):
            return
        for name in self._names(f"{found} UNWIND keys(x) AS name"):
            held = f"{found} WHERE x.{name} IS NOT NULL"
            yield Choice(type, alone, partial(self._change, held, type, name))
            if (type, name) in UNTOLD:
                held = f"{found} WHERE x.{name} <> 0"
            if self.graph.read(f"{held} RETURN 1 LIMIT 1"):
                yield Choice(type, alone, partial(self._remove, held, type, name))
        yield Choice(type, True, partial(self._delete_edge, type))
        yield Choice(type, alone, partial(self._copy_edge, type))
        yield Choice(type, alone, partial(self._add_edge, type, ends))

    def _names(self, statement: str) -> list[str]:
        return [
            r["name"] for r in self.graph.read(f"{statement} RETURN DISTINCT name ORDER BY name")
        ]

    def _one(self, statement: str) -> dict[str, Any]:
        """Return one of what a statement matches as x, at random but the same for the same seed."""
        rows = self.graph.read(
            f"{statement} WITH x ORDER BY toString(coalesce(x.key, x.name, x.source, x.id, x.index, '')), "
            "elementId(x) RETURN elementId(x) AS id, properties(x) AS said"
        )
        return rows[int(self.rng.integers(len(rows)))]

    def _change(self, found: str, subject: str, name: str) -> Edit:
        one = self._one(found)
        value = one["said"][name]
        other = self._other(value, unique=name in _KEYS.get(subject, ()))
        what = f"{subject} {one['said'].get('name') or ''} {name}: {value!r:.40} -> {other!r:.40}"
        return self._set(subject, one, name, other, what)

    def _remove(self, found: str, subject: str, name: str) -> Edit:
        one = self._one(found)
        return self._set(
            subject, one, name, None, f"{subject} {name}: {one['said'][name]!r:.40} removed"
        )

    def _set(self, subject: str, one: dict[str, Any], name: str, value: Any, what: str) -> Edit:
        element = "()-[x]->()" if subject in TYPES else "(x)"
        text = f"MATCH {element} WHERE elementId(x) = $id SET x.{name} = $value"

        def do() -> Callable[[], object]:
            self.graph.write(text, id=one["id"], value=value)
            return lambda: self.graph.write(text, id=one["id"], value=one["said"][name])

        named = self._named(subject, one)
        if name == "spectral":
            # Beyond what the quaternion follows from, places are told together.
            named = ("compositions",)
        return Edit(what, subject, named, do, _text(one["said"][name]))

    def _named(self, subject: str, one: dict[str, Any]) -> tuple[str, ...]:
        """Return what a finding about a thing has to name."""
        if subject in TYPES:
            return self._named_edge(subject, one["id"])
        said = one["said"]
        return {
            "Composition": lambda: (said["text"],),
            "Source": lambda: (repr(said["name"]),),
            "Track": lambda: (said["source"], said["evidence"]),
            "Batch": lambda: (said["source"],),
            "Migration": lambda: ("igration", str(said["version"])),
            "Lock": lambda: ("ock",),
            "State": lambda: (),
            "Deletion": lambda: (said["id"],),
            "Suppression": lambda: (said["id"],),
            "Placement": lambda: ("lacement",),
            "LogEntry": lambda: (f"ntry {said['index']}",),
        }[subject]()

    def _named_edge(self, type: str, id: str) -> tuple[str, ...]:
        (row,) = self.graph.read(
            "MATCH (a)-[x]->(b) WHERE elementId(x) = $id RETURN coalesce(a.text, a.name) AS a, "
            "coalesce(b.text, b.evidence, b.name) AS b, x.source AS source, b.index AS next",
            id=id,
        )
        if type.endswith("_EVIDENCE"):
            return (type, row["source"])
        if type in (schema.VISITED, schema.HOLDS):
            return (row["a"],)
        if type == schema.HAS_TRACK:
            return (row["a"], row["b"])
        if type == schema.NEXT:
            return ("ntry", str(row["next"]))
        if type in STRUCTURE:
            return (type,)
        return (type, repr(row["a"]), repr(row["b"]))

    def _relabel(self) -> Edit:
        one = self._one("MATCH (x:Token)")

        def do() -> Callable[[], object]:
            self.graph.write(
                "MATCH (x) WHERE elementId(x) = $id REMOVE x:Token SET x:Symbol", id=one["id"]
            )
            return lambda: self.graph.write(
                "MATCH (x) WHERE elementId(x) = $id REMOVE x:Symbol SET x:Token", id=one["id"]
            )

        return Edit(
            "Composition: another kind's label", "Composition", self._named("Composition", one), do
        )

    def _delete_node(self, label: str) -> Edit:
        one = self._one(f"MATCH (x:{label})")
        named = {"Composition": ("compositions",), "State": ()}.get(label) or self._named(
            label, one
        )

        def do() -> Callable[[], object]:
            (node,) = self.graph.read(
                "MATCH (x) WHERE elementId(x) = $id RETURN labels(x) AS labels, "
                "COLLECT { MATCH (x)-[r]->(b) RETURN [type(r), properties(r), elementId(b)] } AS out, "
                "COLLECT { MATCH (x)<-[r]-(a) RETURN [type(r), properties(r), elementId(a)] } AS into",
                id=one["id"],
            )
            self.graph.write("MATCH (x) WHERE elementId(x) = $id DETACH DELETE x", id=one["id"])
            return lambda: self._make(node["labels"], one["said"], node["out"], node["into"])

        return Edit(f"{label}: a node deleted", label, named, do)

    def _copy_node(self, label: str) -> Edit:
        one = self._one(f"MATCH (x:{label})")
        (key,) = [node.key for node in schema.NODES if node.name == label]
        said = {
            **one["said"],
            **({"key": "added"} if label == "LogEntry" else {}),
            key[-1]: self._other(one["said"][key[-1]], unique=True),
        }
        named = {"Composition": (repr(one["said"]["text"]),)} if label == "Composition" else {}
        (row,) = self.graph.read(
            "MATCH (x) WHERE elementId(x) = $id RETURN labels(x) AS labels", id=one["id"]
        )

        def do() -> Callable[[], object]:
            made = self._make(row["labels"], said, [], [])
            return lambda: self.graph.write(
                "MATCH (x) WHERE elementId(x) = $id DETACH DELETE x", id=made
            )

        copied = self._named(label, {"id": one["id"], "said": said})
        return Edit(f"{label}: a node added", label, named.get(label, copied), do)

    def _make(
        self, labels: Sequence[str], said: dict[str, Any], out: list[Any], into: list[Any]
    ) -> str:
        (row,) = self.graph.write(
            f"CREATE (x:{':'.join(labels)}) SET x = $said RETURN elementId(x) AS id", said=said
        )
        for arrow, edges in (("(x)-[r:%s]->(y)", out), ("(x)<-[r:%s]-(y)", into)):
            for type, properties, other in edges:
                self.graph.write(
                    "MATCH (x) WHERE elementId(x) = $id MATCH (y) WHERE elementId(y) = $other "
                    f"CREATE {arrow % type} SET r = $said",
                    id=row["id"], other=other, said=properties,
                )  # fmt: skip
        return str(row["id"])

    def _delete_edge(self, type: str) -> Edit:
        one = self._one(f"MATCH ()-[x:{type}]->()")
        ends = self._ends(one["id"])

        def do() -> Callable[[], object]:
            self.graph.write("MATCH ()-[x]->() WHERE elementId(x) = $id DELETE x", id=one["id"])
            return lambda: self._join(type, *ends, one["said"])

        return Edit(f"{type}: an edge deleted", type, self._named_edge(type, one["id"]), do)

    def _copy_edge(self, type: str) -> Edit:
        one = self._one(f"MATCH ()-[x:{type}]->()")
        ends = self._ends(one["id"])
        return self._add(
            f"{type}: an edge twice", type, ends, one, self._named_edge(type, one["id"])
        )

    def _add_edge(self, type: str, labels: tuple[str, str]) -> Edit:
        one = self._one(f"MATCH ()-[x:{type}]->()")
        ends = self.graph.read(
            f"MATCH (a:{labels[0]}), (b:{labels[1]}) WHERE a <> b AND NOT (a)-[:{type}]-(b) "
            "WITH a, b ORDER BY a.key, b.key, a.name, b.name LIMIT 500 "
            "RETURN elementId(a) AS a, elementId(b) AS b, coalesce(a.text, a.name) AS first, "
            "coalesce(b.text, b.name) AS second"
        )
        if not ends:
            # All are joined; the other way round they are not.
            start, end = self._ends(one["id"])
            return self._add(f"{type}: an edge back", type, (end, start), one, (type,))
        chosen = ends[int(self.rng.integers(len(ends)))]
        named: tuple[str, ...] = self._named_edge(type, one["id"])
        if type in {r.name for r in schema.rated_types()} or type in STRUCTURE:
            named = (type, repr(chosen["first"]), repr(chosen["second"]))
        elif type == schema.VISITED:
            named = (chosen["first"],)
        elif type in (schema.HAS_TRACK, schema.AGREES_WITH):
            named = (type,)
        elif type == schema.NEXT:
            named = ("ntry",)
        pair = (chosen["a"], chosen["b"])
        return self._add(f"{type}: an edge added", type, pair, one, named)

    def _add(
        self, what: str, type: str, ends: tuple[str, str], one: dict[str, Any], named: tuple[str, ...]
    ) -> Edit:  # fmt: skip
        def do() -> Callable[[], object]:
            made = self._join(type, *ends, one["said"])
            return lambda: self.graph.write(
                "MATCH ()-[x]->() WHERE elementId(x) = $id DELETE x", id=made
            )

        return Edit(what, type, named, do)

    def _ends(self, id: str) -> tuple[str, str]:
        (row,) = self.graph.read(
            "MATCH (a)-[x]->(b) WHERE elementId(x) = $id RETURN elementId(a) AS a, elementId(b) AS b",
            id=id,
        )
        return row["a"], row["b"]

    def _join(self, type: str, start: str, end: str, said: dict[str, Any]) -> str:
        (row,) = self.graph.write(
            "MATCH (a) WHERE elementId(a) = $start MATCH (b) WHERE elementId(b) = $end "
            f"CREATE (a)-[x:{type}]->(b) SET x = $said RETURN elementId(x) AS id",
            start=start, end=end, said=said,
        )  # fmt: skip
        return str(row["id"])

    def _other(self, value: Any, unique: bool = False) -> Any:
        """Return another value of the same type that nobody would wonder at."""
        if unique and isinstance(value, int):
            return value + 100
        if isinstance(value, bool):
            return not value
        if isinstance(value, int):
            return value + int(self.rng.integers(1, 4))
        if isinstance(value, float):
            return value + float(self.rng.uniform(0.01, 0.5))
        if isinstance(value, str):
            return _other_text(value, self.rng)
        if isinstance(value, list):
            place = int(self.rng.integers(len(value))) if value else 0
            return (
                [*value[:place], self._other(value[place]), *value[place + 1 :]] if value else [1]
            )
        return value + timedelta(hours=int(self.rng.integers(1, 9)))


def _other_text(value: str, rng: np.random.Generator) -> str:
    if not value:
        return "+1"
    place = int(rng.integers(len(value)))
    letters = "0123456789abcdef" if value[place] in "0123456789abcdef" else "xyzq"
    new = next(one for one in letters if one != value[place])
    return value[:place] + new + value[place + 1 :]


def _text(value: Any) -> str:
    """Return what a finding shows of a value; of a moment, to the second."""
    return str(value.iso_format()[:19]) if hasattr(value, "iso_format") else str(value)
