"""Checks of places against their sources' digests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from hartonomous.audit.audit_findings import Findings
from hartonomous.audit.composition_checks import Compositions
from hartonomous.evidence import summed
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row, in_parts
from hartonomous.held_places import NO_PLACES, place_digest
from hartonomous.progress import Progress

STARTS = 500
_UNKNOWN = -1
"""A sum that no digest has: of places one of which is missing or no text."""


def check_held(
    graph: Graph, compositions: Compositions, sources: Mapping[str, Row], progress: Progress
) -> Findings:
    """Return findings on places that differ from their source's digest; `sources` are all, by name."""
    found = Findings()
    live = {name: row for name, row in sources.items() if row["state"] == "live"}
    if not any(row["places"] or row["held"] for row in sources.values()):
        return found
    counted: dict[str, list[int]] = {}
    size, done = len(compositions.ids), 0
    parts = in_parts(compositions.ids.tolist(), STARTS)
    for answer in graph.stream_parts(query("audit/read_held"), "ids", parts):
        for source, *lists in answer:
            counted[source] = _added(counted.get(source, NO_PLACES), compositions, lists)
        done = min(done + STARTS, size)
        progress("places", done, size)
    for name, row in sorted(live.items(), key=str):
        held, said = counted.get(name, NO_PLACES), row["held"]
        if held == (NO_PLACES if said is None else said):
            continue
        rows = said[0] if isinstance(said, list) and said else said
        kind = "sources whose places differ from their digest"
        if rows != held[0]:
            found.add(kind, f"{name!r} has {held[0]:,} places, its digest says {rows or 0!r}.")
        else:
            found.add(kind, f"Places of {name!r} were changed by hand: their digest is another.")
    for name in sorted(counted.keys() - live.keys(), key=str):
        found.add(
            "sources that do not exist",
            f"{counted[name][0]:,} places are of {name!r}, which is not a live source.",
        )
    return found


def _added(own: list[int], compositions: Compositions, lists: Sequence[list[Any]]) -> list[int]:
    ids, places = lists
    whole = len(ids) == len(places) and all(isinstance(place, str) for place in places)
    if not whole or _UNKNOWN in own:
        return [own[0] + len(ids), *(_UNKNOWN for _ in own[1:])]
    rows, _ = compositions.rows(np.array(ids, dtype=np.int64))
    return summed(own, place_digest(compositions.keys[rows], pa.array(places, pa.string())))
