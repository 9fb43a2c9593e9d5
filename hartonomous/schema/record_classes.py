"""The records that say what a kind, an evidence type and a rated type are; all else is derived."""

from __future__ import annotations

from dataclasses import dataclass

EVIDENCE_ENDING = "_EVIDENCE"
"""How the name of every evidence type ends, and no other."""


@dataclass(frozen=True)
class Property:
    """A property in the graph: its name, its Neo4j type and what it means."""

    name: str
    type: str
    meaning: str


@dataclass(frozen=True)
class Column:
    """A property of evidence edges, and its column in bundles and plans.

    `arrow` is the Arrow type of an item: int16, int32, int64 or double. A `listed` column holds a
    list of them.
    """

    name: str
    arrow: str
    meaning: str
    listed: bool = False

    @property
    def type(self) -> str:
        """Return the type of the property in the graph."""
        item = "FLOAT" if self.arrow == "double" else "INTEGER"
        return f"LIST<{item}>" if self.listed else item


@dataclass(frozen=True)
class NodeLabel:
    """A node label; `key` names the properties that make a node unique."""

    name: str
    meaning: str
    key: tuple[str, ...] = ()
    properties: tuple[Property, ...] = ()


@dataclass(frozen=True)
class Kind:
    """A kind of composition, which is also its second label.

    A kind that `answers` is found by its text when a word is asked about. `rank` orders kinds where
    one text is several compositions: the lowest answers. A kind that is not `connected` lies on no path and in no projection. The text of a kind in `pieces` is tokens
    joined by spaces, ##ing continuing the word before it; any other text is read as words. A
    `fragment` is part of a word, which answers only when pieces are asked for. A kind with
    `phrases` has texts of several words, which are linked to them; an `identifier` is linked to
    its parts, and read by them besides as a whole. `properties` are the kind's own, besides those
    of every composition.
    """

    name: str
    meaning: str
    rank: int
    answers: bool = True
    connected: bool = True
    pieces: bool = False
    fragment: bool = False
    phrases: bool = False
    identifier: bool = False
    properties: tuple[Property, ...] = ()
    colour: str = "#4C8EDA"


@dataclass(frozen=True)
class EvidenceType:
    """What one source observed about one pair: one edge per pair, type and source.

    It `feeds` a rated type. `starts` and `ends` are the kinds that may stand there. A type that
    `votes` has odds against chance: its columns hold `directed`, `rank` and `support`, its tracks
    have trust, and a pair that such a track knows and does not list counts as `absent`. `counted`
    names the column that counts observations. With `loops`, a composition may be related to itself.
    With `contexts`, its starts are contexts that the source read on from (VISITED).
    """

    name: str
    feeds: str
    meaning: str
    starts: frozenset[str]
    ends: frozenset[str]
    columns: tuple[Column, ...]
    votes: bool = False
    counted: str = "n"
    loops: bool = False
    contexts: bool = False
    colour: str = "#D9C8AE"

    @property
    def stem(self) -> str:
        """Return the name without its ending, in lower case: what people type and read."""
        return self.name.removesuffix(EVIDENCE_ENDING).lower()


@dataclass(frozen=True)
class RatedType:
    """What all live sources together say of one pair: one edge per pair and type.

    An undirected edge runs from the lower key to the higher. With `consensus`, it carries the
    trusted odds besides its elo.
    """

    name: str
    directed: bool
    meaning: str
    consensus: bool = False
    colour: str = "#57C7E3"
