"""Checks of coordinates against the placement's digest, and of quaternions against spectral
vectors.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from hartonomous.ask.layout.placement import Place, places_digest
from hartonomous.ask.layout.sphere import NO_DIRECTION, unit
from hartonomous.audit.audit_findings import LISTED, Findings, names_of
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from hartonomous.transparency.inventory import PLACEMENT, Facts

NAME = "sphere"
CLOSE = 1e-6


def check_places(graph: Graph, facts: Facts) -> tuple[Findings, list[str]]:
    """Return findings on coordinates that differ from the placement, and what cannot be checked.

    `facts` are those of the graph's inventory.
    """
    found = Findings()
    said = {name: value for (kind, _, name), value in facts.items() if kind == PLACEMENT}
    places = _Places(graph)
    digest = places_digest(places)
    kind = "places that differ from the placement"
    if not said:
        if places.count:
            found.add(
                kind, f"{places.count:,} compositions have coordinates, but there is no placement."
            )
        return found, []
    if said.get("epoch") == -1:
        return found, [
            "The placement was interrupted: its coordinates are not checked. Run 'hartonomous place'."
        ]
    places.tell(found)
    if "places" not in said:
        return found, [
            "The placement was made by an older version without a digest: its coordinates are not checked."
        ]
    if places.count != said.get("placed"):
        found.add(
            kind,
            f"{places.count:,} compositions have coordinates, the placement says {said.get('placed')!r}.",
        )
    elif digest != said["places"]:
        found.add(
            kind,
            "Coordinates of compositions were changed: their digest differs from the placement's.",
        )
    return found, []


class _Places:
    """Reads all coordinates once, and keeps those whose quaternion contradicts the spectral vector."""

    def __init__(self, graph: Graph) -> None:
        self.graph, self.count, self.odd = graph, 0, list[tuple[int, str]]()
        self._pointless: list[tuple[int, float]] = []
        self._lengths = 0.0

    def __iter__(self) -> Iterator[Place]:
        for id, key, point, spectral in self.graph.stream(query("audit/read_places")):
            self.count += 1
            if (fault := _fault(point, spectral)) is not None:
                self.odd.append((id, fault))
            else:
                length = float(np.linalg.norm(spectral[:4]))
                self._lengths += length
                self._pointless += [(id, length)] if point is None else []
            yield key, _numbers(point), _numbers(spectral)

    def tell(self, found: Findings) -> None:
        least = NO_DIRECTION * self._lengths / max(self.count, 1)
        self.odd += [
            (id, "quaternion is missing, its vector gives one")
            for id, length in self._pointless
            if length > least
        ]
        named = names_of(self.graph, [id for id, _ in self.odd[:LISTED]])
        texts = [f"Composition {named[id]}: {fault}." for id, fault in self.odd[:LISTED]]
        found.add_many("compositions with contradicting coordinates", texts, len(self.odd))


def _numbers(value: Any) -> list[float] | None:
    sound = isinstance(value, list) and all(isinstance(one, int | float) for one in value)
    return value if sound else None


def _fault(point: Any, spectral: Any) -> str | None:
    if _numbers(spectral) is None:
        return f"spectral is {spectral!r}, which is not valid"
    if point is None:
        return None
    if _numbers(point) is None or len(point) != 4:
        return f"quaternion is {point!r}, which is not valid"
    four = np.zeros((1, 4))
    four[0, : min(4, len(spectral))] = spectral[:4]
    if np.linalg.norm(four) <= NO_DIRECTION:
        return None
    meant, _ = unit(four)
    if np.abs(meant[0] - np.array(point)).max() <= CLOSE:
        return None
    return f"quaternion is {point}, expected {meant[0].tolist()} from its vector"
