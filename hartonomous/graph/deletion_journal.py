"""The journal of removals: one node each, written before the first row is removed."""

from __future__ import annotations

from hartonomous.errors import Conflict
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.graph.open_replacement import refuse_while_replacing

OPEN = frozenset({"removing", "undoing", "erasing"})
"""States of an unfinished removal."""

ERASED, COMPACTING, COMPACTED = "erased", "compacting", "compacted"
"""States of a finished erasure: on servers not managed here; on the managed one before its store is
copied, and afterwards. Earlier versions wrote `erased` on the managed one, too.
"""

THROUGH = frozenset({ERASED, COMPACTING, COMPACTED})


def journals(graph: Graph) -> list[Row]:
    """Return every removal of the graph, in order."""
    return graph.read(query("delete/read_journals"))


def open_journal(graph: Graph) -> Row | None:
    """Return the unfinished removal; None if there is none."""
    return next((row for row in journals(graph) if row["state"] in OPEN), None)


def refuse_while_open(graph: Graph, replacing: str | None = None) -> None:
    """Raise Conflict during an unfinished removal or replacement: no other writer is allowed.

    A replacement of the source `replacing` is; it finishes an earlier one.
    """
    refuse_while_replacing(graph, replacing)
    if (found := open_journal(graph)) is not None:
        raise Conflict(
            f"Removal {found['id']} of {found['created']} was interrupted ({found['state']}); "
            f"'hartonomous {found['verb']} --resume' finishes it."
        )
