"""Connectivity impact of a removal: disconnected compositions, and compositions near a concept.

Both use Graph Data Science on a projection of the rated edges, which is dropped afterwards.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from hartonomous.errors import ServerError
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from hartonomous.schema import DEFAULT_RELATION

RELATED = (DEFAULT_RELATION,)


@dataclass(frozen=True)
class Shape:
    """The connected components of a graph, the largest first, and its articulation points; database
    ids.
    """

    parts: tuple[frozenset[int], ...]
    articulation_points: frozenset[int]

    @property
    def largest(self) -> frozenset[int]:
        """Return the largest component, empty for an empty graph."""
        return self.parts[0] if self.parts else frozenset()


@dataclass(frozen=True)
class Cut:
    """A graph before and after a removal; `cut_off` compositions remain, outside the largest
    component.
    """

    parts: tuple[int, int]
    articulation_points: tuple[int, int]
    cut_off: tuple[int, ...]


def cut(
    graph: Graph, lost: Iterable[int], gone: Iterable[int], types: Sequence[str] = RELATED
) -> Cut:
    """Return the effect on the graph of these rated types of losing rated edges and compositions.

    Raises ServerError without Graph Data Science.
    """
    before, after = shape(graph, (), types), shape(graph, lost, types)
    cut_off = before.largest - after.largest - set(gone)
    return Cut(
        (len(before.parts), len(after.parts)),
        (len(before.articulation_points), len(after.articulation_points)),
        tuple(sorted(cut_off)),
    )


def shape(graph: Graph, lost: Iterable[int], types: Sequence[str] = RELATED) -> Shape:
    """Return the shape of the graph of compositions related by these types, without some edges;
    directions do not matter.
    """
    with _projected(graph, lost, types) as name:
        if name is None:
            return Shape((), frozenset())
        parts = graph.stream(query("delete/find_components"), name=name)
        points = graph.stream(query("delete/find_articulation_points"), name=name)
        return Shape(tuple(frozenset(ids) for _, ids in parts), frozenset(row[0] for row in points))


def ranked(
    graph: Graph, ids: list[int], share: float, types: Sequence[str] = RELATED
) -> list[tuple[int, float]]:
    """Return the compositions with at least a share of the personalised PageRank from some
    compositions, over relations of these types.
    """
    with _projected(graph, (), types) as name:
        if name is None:
            return []
        rows = graph.stream(query("delete/reach_by_rank"), name=name, ids=ids, share=share)
        return [(row[0], row[1]) for row in rows]


@contextmanager
def _projected(graph: Graph, lost: Iterable[int], types: Sequence[str]) -> Iterator[str | None]:
    """Yield the name of a projection that is dropped at the end; None for an empty graph."""
    if not graph.read(query("graph/list_procedures"), prefix="gds.wcc.stream"):
        raise ServerError(
            "The server lacks Graph Data Science, which computes disconnected words; "
            "'hartonomous up' starts a server with it."
        )
    name = f"hartonomous-forget-{secrets.token_hex(8)}"
    try:
        statement = query("delete/project_rated", types=tuple(types))
        found = graph.read(statement, name=name, lost=list(lost))
        yield name if found[0]["nodes"] else None
    finally:
        graph.read(query("delete/drop_projection"), name=name)
