"""Captions: the names of compositions whose text is a digest.

A caption is the name of the first file that holds the composition, and the labels that it depicts, not
the features that its pixels show; of a region its labels in its file. Where there are neither, its kind and the beginning of the digest. It follows from places and ratings, so whatever changes these writes it, in the same transaction or
before its act ends.
"""

from __future__ import annotations

from collections.abc import Sequence

from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Transaction


def has_digested(graph: Graph) -> bool:
    """Return whether the graph has a composition whose text is a digest."""
    return bool(graph.read(query("rate/any_digested"))[0]["found"])


def write_captions(work: Transaction, ids: Sequence[int]) -> None:
    """Write the changed captions among some compositions, by database id."""
    rows = work.run(query("rate/read_captions"), ids=list(ids))
    changed = [(row["id"], row["caption"]) for row in rows if row["stored"] != row["caption"]]
    if changed:
        own, captions = map(list, zip(*changed, strict=True))
        work.run(query("rate/write_captions"), ids=own, captions=captions)
