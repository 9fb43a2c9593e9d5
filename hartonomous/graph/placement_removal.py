"""Removal of the placement: coordinates must not outlive the data they were computed from."""

from __future__ import annotations

from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock

BATCH = 20_000
"""Compositions in one transaction."""


def purge_placements(graph: Graph, lock: WriterLock) -> int:
    """Remove all coordinates and the placement node; return the number of compositions that had
    them.

    Cheap without a placement. Resumable: the placement node is removed last.
    """
    if not graph.read(query("layout/find_placement")):
        return 0
    ids = [row[0] for row in graph.stream(query("layout/find_placed"))]
    for first in range(0, len(ids), BATCH):
        lock.write(query("layout/remove_places"), ids=ids[first : first + BATCH])
    lock.write(query("layout/delete_placement"))
    return len(ids)
