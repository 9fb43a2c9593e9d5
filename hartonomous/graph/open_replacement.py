"""The open replacement: the source over whose rows another version's rows are being written.

While it is open, its rows are those of two versions, and nothing else writes to the graph.
"""

from __future__ import annotations

from hartonomous.errors import Conflict
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph


def open_replacement(graph: Graph) -> str | None:
    """Return the name of the source whose replacement is unfinished; None if there is none."""
    found = graph.read(query("graph/read_open_replacement"))
    return str(found[0]["name"]) if found else None


def refuse_while_replacing(graph: Graph, but: str | None = None) -> None:
    """Raise Conflict during an unfinished replacement of a source, other than of `but`."""
    name = open_replacement(graph)
    if name is not None and name != but:
        raise Conflict(
            f"The replacement of source {name!r} was interrupted, and its rows are those of two "
            f"versions; run the same command again. 'load BUNDLE --replace {name}' and 'ingest "
            f"MODEL --replace {name}' finish it with any other version, too, the earlier one included."
        )
