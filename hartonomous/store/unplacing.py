"""Taking the placement off the graph: no coordinate outlives what it was worked out from."""

from __future__ import annotations

from hartonomous.store.graph import Graph
from hartonomous.store.locking import WriterLock
from hartonomous.store.queries import query

BATCH = 20_000
"""Compositions in one transaction."""


def purge_placements(graph: Graph, lock: WriterLock) -> int:
    """Remove every coordinate and the note that there are any; return how many had one.

    Cheap where there are none. Cut short, it goes on when called again: the note goes last.
    """
    if not graph.read(query("place/find_placement")):
        return 0
    ids = [row[0] for row in graph.stream(query("place/find_placed"))]
    for first in range(0, len(ids), BATCH):
        lock.write(query("place/remove_places"), ids=ids[first : first + BATCH])
    lock.write(query("place/delete_placement"))
    return len(ids)
