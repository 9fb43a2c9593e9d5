"""Source statistics: the sources, and counts of the graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hartonomous.ask.relations.neighbourhood import unknown_source
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.rate.source_findings import read_findings
from hartonomous.schema import rated_types


def sources(graph: Graph) -> list[Row]:
    """Return every source with its counts; columns as in cypher/ask/sources.

    `findings` are what was found on it, each with its `kind` and `text`.
    """
    found: dict[str, list[Row]] = {}
    for one in read_findings(graph):
        found.setdefault(one.source, []).append({"kind": one.kind, "text": one.text})
    rows = graph.read(query("ask/sources"))
    return [{**row, "findings": found.get(row["name"], [])} for row in rows]


def source(graph: Graph, name: str) -> dict[str, Any]:
    """Return all properties of one source, its tracks under `tracks`.

    Raises NotFound, listing the sources.
    """
    rows = graph.read(query("ask/source"), name=name)
    if not rows:
        raise unknown_source(graph, name)
    return {**rows[0]["source"], "tracks": [row["track"] for row in rows if row["track"]]}


@dataclass(frozen=True)
class Stats:
    """Counts of the graph; `bytes_of_graph` is None if the server's files are not accessible.

    An observation is one listing at one position; evidence is one edge per pair and source.
    Relations are of all rated types, `relations_by_type` of those that there are.
    """

    compositions: int
    tokens: int
    pieces: int
    sources: int
    observations: int
    evidence: int
    relations: int
    relations_of_several: int
    relations_by_type: dict[str, int]
    bytes_of_models: int
    bytes_of_graph: int | None
    settled: bool
    epoch: int

    @property
    def observations_per_evidence(self) -> float:
        """Within models: the mean number of observations of a pair by the same source."""
        return self.observations / self.evidence if self.evidence else 0.0

    @property
    def evidence_per_relation(self) -> float:
        """Across models: the mean number of sources with the same pair."""
        return self.evidence / self.relations if self.relations else 0.0

    @property
    def observations_per_relation(self) -> float:
        return self.observations / self.relations if self.relations else 0.0


def stats(graph: Graph, bytes_of_graph: int | None = None) -> Stats:
    """Return the counts of the graph."""
    every = tuple(one.name for one in rated_types())
    (row,) = graph.read(query("ask/stats", types=every)) or [dict.fromkeys(_COUNTED, 0) | _EMPTY]
    counted = row["relations_by_type"]
    by_type = {name: counted[name] for name in every if counted.get(name)}
    return Stats(**{**row, "relations_by_type": by_type}, bytes_of_graph=bytes_of_graph)


_EMPTY = {"settled": True, "relations_by_type": {}}
_COUNTED = (
    "compositions",
    "tokens",
    "pieces",
    "sources",
    "observations",
    "evidence",
    "relations",
    "relations_of_several",
    "bytes_of_models",
    "epoch",
)
