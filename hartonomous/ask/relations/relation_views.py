"""Which rated pairs a question is asked of, and how the graph stands while it is."""

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
"""The rating that says as much as chance."""


@dataclass(frozen=True)
class View:
    """What of the graph a projection shows.

    Pairs of these rated types, rated `above` so much (consensus, else elo), that at least one of
    these sources observed (any when empty) and `min_sources` in all; continuation pieces only with
    `pieces`. `by_key` numbers the compositions by their keys where there is a faster way.
    """

    types: tuple[str, ...] = (DEFAULT_RELATION,)
    sources: tuple[str, ...] = ()
    above: int = EVEN
    pieces: bool = False
    min_sources: int = 1
    by_key: bool = False

    def __post_init__(self) -> None:
        if not self.types:
            raise UsageError("At least one rated type is needed, such as RELATES.")
        for name in self.types:
            schema.rated_type(name)

    @property
    def undirected(self) -> list[str]:
        """The types whose pairs have no direction."""
        return [name for name in self.types if not schema.rated_type(name).directed]

    def admits(self, kind: str) -> bool:
        """Return whether compositions of a kind may lie on the view's paths."""
        record = schema.kind_of(kind)
        return record.connected and (self.pieces or not record.fragment)

    def constants(self) -> Row:
        """Return what Cypher statements over the view's pairs need to be told."""
        return {
            "above": self.above,
            "pieces": self.pieces,
            "min_sources": self.min_sources,
            "undirected": self.undirected,
        }

    def digest(self) -> str:
        """Return twelve hexadecimal digits that stand for the view."""
        said = {**asdict(self), "types": sorted(self.types), "sources": sorted(self.sources)}
        return digest(said)


@dataclass(frozen=True)
class Standing:
    """How the graph stands: equal digests mean equal ratings on the same nodes."""

    settled: bool
    digest: str
    numbers: dict[str, int]


def read_standing(graph: Graph) -> Standing:
    """Return how the graph stands."""
    rows = graph.read(query("ask/read_standing"))
    if not rows:
        return Standing(True, digest([]), {})
    numbers: dict[str, int] = {}
    for track in rows[0]["tracks"]:
        if track["state"] == "live":
            name = track["source"]
            numbers[name] = min(track["number"], numbers.get(name, track["number"]))
    return Standing(rows[0]["settled"], digest(rows[0]), numbers)


def source_numbers(graph: Graph, view: View, standing: Standing | None = None) -> list[int] | None:
    """Return the numbers of a view's sources on rated edges, None where any source will do.

    Raises NotFound for a source that is not there.
    """
    if not view.sources:
        return None
    standing = standing or read_standing(graph)
    for source in view.sources:
        if source not in standing.numbers:
            raise unknown_source(graph, source)
    return [standing.numbers[source] for source in view.sources]


def digest(value: object) -> str:
    """Return twelve hexadecimal digits that stand for a value, which JSON can write."""
    return blake3(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]
