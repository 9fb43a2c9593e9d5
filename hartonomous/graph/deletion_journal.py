"""The journal of removals: a node each, written before the first row goes."""

from __future__ import annotations

from hartonomous.errors import Conflict
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row

OPEN = frozenset({"removing", "undoing", "erasing"})
"""States of a removal that was begun and is not through."""

ERASED, COMPACTING, COMPACTED = "erased", "compacting", "compacted"
"""States of an erasure that is through: on a server of others; on the managed one while its store is
to be copied, and once it was. Earlier versions left `erased` on the managed one, too."""

THROUGH = frozenset({ERASED, COMPACTING, COMPACTED})


def journals(graph: Graph) -> list[Row]:
    """Return every removal the graph has had, in order."""
    return graph.read(query("delete/read_journals"))


def open_journal(graph: Graph) -> Row | None:
    """Return the removal that was begun and is not through; None when there is none."""
    return next((row for row in journals(graph) if row["state"] in OPEN), None)


def refuse_while_open(graph: Graph) -> None:
    """Raise Conflict while a removal is half done: nothing else may write."""
    if (found := open_journal(graph)) is not None:
        raise Conflict(
            f"Removal {found['id']} of {found['created']} was cut short ({found['state']}); "
            f"'hartonomous {found['verb']} --resume' finishes it."
        )
