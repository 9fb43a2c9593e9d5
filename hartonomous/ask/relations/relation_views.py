"""Relation views: the rated pairs that a query covers, and the state of the graph during it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from blake3 import blake3

from hartonomous import schema
from hartonomous.ask.relations.neighbourhood import unknown_source
from hartonomous.errors import UsageError
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.schema import DEFAULT_RELATION

EVEN = 1500
"""The rating of even odds."""


@dataclass(frozen=True)
class View:
    """A selection of rated pairs.

    Pairs of these rated types, rated above `above` (consensus, else elo), observed by at least one
    of these sources (any if empty) and by at least `min_sources`; continuation pieces only with
    `pieces`. `by_key` numbers the compositions by their keys even if a faster projection exists.
    """

    types: tuple[str, ...] = (DEFAULT_RELATION,)
    sources: tuple[str, ...] = ()
    above: int = EVEN
    pieces: bool = False
    min_sources: int = 1
    by_key: bool = False

    def __post_init__(self) -> None:
        if not self.types:
            raise UsageError("At least one rated type is required, such as RELATES.")
        for name in self.types:
            schema.rated_type(name)

    @property
    def undirected(self) -> list[str]:
        """The undirected ones of the types."""
        return [name for name in self.types if not schema.rated_type(name).directed]

    def admits(self, kind: str) -> bool:
        """Return whether compositions of a kind may lie on the view's paths."""
        record = schema.find_kind(kind)
        return record.connected and (self.pieces or not record.fragment)

    def constants(self) -> Row:
        """Return the parameters of Cypher statements over the view's pairs."""
        return {
            "above": self.above,
            "pieces": self.pieces,
            "min_sources": self.min_sources,
            "undirected": self.undirected,
        }

    def digest(self) -> str:
        """Return twelve hexadecimal digits that identify the view."""
        said = {**asdict(self), "types": sorted(self.types), "sources": sorted(self.sources)}
        return digest(said)


@dataclass(frozen=True)
class GraphState:
    """The state of the graph: equal digests mean equal ratings on the same nodes."""

    settled: bool
    digest: str
    numbers: dict[str, int]


def read_graph_state(graph: Graph) -> GraphState:
    """Return the state of the graph."""
    rows = graph.read(query("ask/read_graph_state"))
    if not rows:
        return GraphState(True, digest([]), {})
    numbers: dict[str, int] = {}
    for track in rows[0]["tracks"]:
        if track["state"] == "live":
            name = track["source"]
            numbers[name] = min(track["number"], numbers.get(name, track["number"]))
    return GraphState(rows[0]["settled"], digest(rows[0]), numbers)


def source_numbers(graph: Graph, view: View, state: GraphState | None = None) -> list[int] | None:
    """Return the numbers of a view's sources on rated edges, None for any source.

    Raises NotFound for an unknown source.
    """
    if not view.sources:
        return None
    state = state or read_graph_state(graph)
    for source in view.sources:
        if source not in state.numbers:
            raise unknown_source(graph, source)
    return [state.numbers[source] for source in view.sources]


def digest(value: object) -> str:
    """Return twelve hexadecimal digits that identify a JSON value."""
    return blake3(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]
