"""Taking the placement off the graph: no coordinate outlives what it was worked out from."""

from __future__ import annotations

from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock

BATCH = 20_000
"""Compositions in one transaction."""


def purge_placements(graph: Graph, lock: WriterLock) -> int:
    """Remove every coordinate and the note that there are any; return how many had one.

    Cheap where there are none. Cut short, it goes on when called again: the note goes last.
    """
    if not graph.read(query("layout/find_placement")):
        return 0
    ids = [row[0] for row in graph.stream(query("layout/find_placed"))]
    for first in range(0, len(ids), BATCH):
        lock.write(query("layout/remove_places"), ids=ids[first : first + BATCH])
    lock.write(query("layout/delete_placement"))
    return len(ids)
