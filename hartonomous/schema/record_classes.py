"""The records that say what a kind, an evidence type and a rated type are; all else is derived."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

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
    """A node label; `key` names the properties that make a node unique.

    Nodes of a `housekeeping` label hold no knowledge: they record how it came and went.
    """

    name: str
    meaning: str
    key: tuple[str, ...] = ()
    properties: tuple[Property, ...] = ()
    housekeeping: bool = False


@dataclass(frozen=True)
class Kind:
    """A kind of composition, which is also its second label.

    A kind that `answers` is found by its text when a word is asked about. `rank` orders kinds where
    one text is several compositions: the lowest answers. A kind that is not `connected` lies on no path and in no projection. The text of a kind in `pieces` is tokens
    joined by spaces, ##ing continuing the word before it; any other text is read as words. A
    `fragment` is part of a word, which answers only when pieces are asked for. The text of a
    `digested` kind is a digest that nobody can read; people are shown its caption. A kind with
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
    digested: bool = False
    phrases: bool = False
    identifier: bool = False
    properties: tuple[Property, ...] = ()
    colour: str = "#4C8EDA"


class TrackConstants(NamedTuple):
    """What a null model needs to know of a track, besides its rows.

    Positions examined, neighbours asked for, compositions searched, and observations in all.
    """

    positions: float
    k: int
    vocabulary: int
    total: float


@dataclass(frozen=True)
class NullModel:
    """What chance alone would give a pair, and the odds that its counts give against it.

    `odds`, `impossible` and `halves` name the functions of row_odds, as `module:function`, which
    reckon with the columns of a type: log-odds of rows; rows whose counts contradict each other;
    both halves of the observations, None where rows do not tell them. `full_lift` is how much
    oftener than by chance one half repeats the other at full trust. `derived` names the columns
    that follow from all rows of a track: whoever observes a part of a source leaves them out. It
    `adds_up` unless another column says something that is not a count of the part.
    """

    name: str
    formula: str
    reference: str
    columns: tuple[Column, ...]
    odds: str
    impossible: str
    halves: str | None = None
    full_lift: float = 10.0
    derived: tuple[str, ...] = ()
    adds_up: bool = True


@dataclass(frozen=True)
class EvidenceType:
    """What one source observed about one pair: one edge per pair, type and source.

    It `feeds` a rated type. `starts` and `ends` are the kinds that may stand there. `chance` is the
    null model that the column `support` is the odds against. A type whose `silence` speaks knows
    compositions: a pair that its track knows and does not list counts with the track's constant
    `absent`; a pair without a row says nothing in any other. `trust` is that of every track, in
    thousandths; None where it is measured: from the vectors, or as the agreement of the halves of
    the observations (`half`). `counted` names the column that counts observations. With `loops`, a
    composition may be related to itself. With `contexts`, its starts are contexts that the source
    read on from (VISITED). `later` are columns that rows of earlier versions lack; there, 0 is the
    same as none.
    """

    name: str
    feeds: str
    meaning: str
    starts: frozenset[str]
    ends: frozenset[str]
    columns: tuple[Column, ...]
    chance: NullModel
    silence: bool = False
    trust: int | None = None
    counted: str = "n"
    loops: bool = False
    contexts: bool = False
    later: frozenset[str] = frozenset()
    colour: str = "#D9C8AE"

    @property
    def halved(self) -> bool:
        """Return whether its tracks are trusted as far as halves of their observations agree."""
        return self.trust is None and not self.silence

    @property
    def opposes(self) -> bool:
        """Return whether its rows can speak against a pair (`against`)."""
        return any(column.name == "against" for column in self.columns)

    @property
    def stem(self) -> str:
        """Return the name without its ending, in lower case: what people type and read."""
        return self.name.removesuffix(EVIDENCE_ENDING).lower()


@dataclass(frozen=True)
class RatedType:
    """What all live sources together say of one pair: one edge per pair and type.

    An undirected edge runs from the lower key to the higher.
    """

    name: str
    directed: bool
    meaning: str
    colour: str = "#57C7E3"
