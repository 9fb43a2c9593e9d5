"""Projections: rated pairs as graphs in the memory of Graph Data Science.

A projection is named by its content: its view and the state of the graph. While the graph does not
change, every command with the same view reuses it; afterwards it is stale, and the next command
drops it. A private projection has its process in its name, so that the next command can drop those
of dead processes.

Each pair has two numbers, both in micro- and milli-decades as on rated edges:

* `cost`, above 0: log10(1 + 10^-o) with o the odds against chance, so that the cost of a path is
  minus the logarithm of the probability that all its steps hold (at even prior odds);
* `weight`: the odds, for algorithms that use the strength of relations.

Types without a consensus derive o from elo, with 400 points per factor of ten.

There are two ways to project. RELATES as a whole is read by Graph Data Science natively, on all its
threads. Everything else is a Cypher projection, one row per pair, with compositions numbered by
their keys, so that the result of an algorithm depends on the graph alone and not on the order of
loading.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from hartonomous import schema
from hartonomous.ask.relations.relation_views import (
    EVEN,
    GraphState,
    View,
    read_graph_state,
    source_numbers,
)
from hartonomous.errors import Conflict, NotFound, ServerError
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.process_identity import is_of_this_machine, own_identity, runs
from hartonomous.rate.rating_pass import check_formula
from hartonomous.schema import DEFAULT_RELATION

if TYPE_CHECKING:
    from graphdatascience import GraphDataScience
    from graphdatascience.graph import Graph as ProjectedGraph

T = TypeVar("T")

PREFIX = "hartonomous-"
OWNER = "~"
"""Marker of a private projection's name, before its process."""

KEPT = 4
"""Most shared projections kept; the oldest is dropped."""


@dataclass(frozen=True)
class Projection:
    """A graph in the server's memory."""

    graph: Graph
    view: View
    name: str
    nodes: int
    relationships: int

    def run(self, work: Callable[[GraphDataScience, ProjectedGraph], T]) -> T:
        """Return the result of `work`, called with the Graph Data Science client and the projected
        graph.
        """
        return self.graph.science(lambda client: work(client, client.graph.get(self.name)))


@contextmanager
def projection(
    graph: Graph, view: View | None = None, share: bool = True, budget: int | None = None
) -> Iterator[Projection]:
    """Yield the projection of a view, reused if it exists.

    With `share` it is kept for the next command while the graph does not change; without, or during
    a rating pass, it is dropped at the end in any case. `budget` is its most bytes, by default the
    server's free memory. Raises NotFound for an empty graph or an unknown source, ServerError if it
    would not fit or Graph Data Science is not installed, Conflict if the graph changed meanwhile.
    """
    view = view or View()
    check_formula(graph)
    state = read_graph_state(graph)
    drop_stale(graph, state)
    shared = share and state.settled
    name = f"{PREFIX}{view.digest()}-{state.digest}"
    if not shared:
        name = f"{name}{_owned()}"
    try:
        found = _find(graph, name) or _project(graph, view, name, state, budget)
        yield Projection(graph, view, name, found["nodeCount"], found["relationshipCount"])
    except ServerError as error:
        # A writer may have dropped the projection too; the change of the graph is the error to
        # report.
        _refuse_moved(graph, state, error)
        raise
    finally:
        if not shared:
            _drop(graph, [name])
    _refuse_moved(graph, state)


def _refuse_moved(graph: Graph, state: GraphState, error: ServerError | None = None) -> None:
    if read_graph_state(graph).digest != state.digest:
        drop_stale(graph)
        raise Conflict(
            "The graph changed during the query: a source was added, removed or rated again. Ask "
            "again."
        ) from error


def projections(graph: Graph) -> list[Row]:
    """Return our projections in the server: name, nodes, relationships, bytes, created, state.

    `state` is shared, private (of a living process), or stale.
    """
    state = read_graph_state(graph)
    return [
        {
            "name": row["name"],
            "nodes": row["nodes"],
            "relationships": row["relationships"],
            "bytes": row["bytes"],
            "created": row["created"],
            "state": _state(row["name"], state),
        }
        for row in _ours(graph)
    ]


def drop_stale(graph: Graph, state: GraphState | None = None) -> list[str]:
    """Drop projections of a former graph and those of dead processes; return the names."""
    return _drop_stale(graph, _ours(graph), state or read_graph_state(graph))


def _drop_stale(graph: Graph, ours: Sequence[Row], state: GraphState) -> list[str]:
    stale = [row["name"] for row in ours if _state(row["name"], state) == "stale"]
    shared = [row["name"] for row in ours if _state(row["name"], state) == "shared"]
    gone = stale + shared[KEPT:]
    _drop(graph, gone)
    return gone


def sweep_projections(graph: Graph) -> list[str]:
    """Drop stale projections if the server has Graph Data Science; return the names.

    For writers: removed knowledge must not remain in the server's memory.
    """
    ours = _ours_if_any(graph)
    return _drop_stale(graph, ours, read_graph_state(graph)) if ours else []


def purge_projections(graph: Graph) -> list[str]:
    """Drop all our projections if the server has Graph Data Science; return their names.

    For erasures. Projections of other users are not dropped.
    """
    names = [row["name"] for row in _ours_if_any(graph)]
    _drop(graph, names)
    return names


def need_projections(graph: Graph) -> None:
    """Raise ServerError, naming what works without it, if Graph Data Science is not installed."""
    if not _has_projections(graph):
        graph.science(lambda _: None)


def drop_all(graph: Graph) -> list[str]:
    """Drop all our projections, also those in use; return their names."""
    names = [row["name"] for row in _ours(graph)]
    _drop(graph, names)
    return names


def _ours(graph: Graph) -> list[Row]:
    """Return our projections, newest first."""
    return graph.science(lambda _: _list_ours(graph))


def _ours_if_any(graph: Graph) -> list[Row]:
    """Return our projections, none if there can be none; does not start a client of the library."""
    return _list_ours(graph) if _has_projections(graph) else []


def _list_ours(graph: Graph) -> list[Row]:
    return graph.read(query("ask/list_projections"), prefix=PREFIX, database=graph.address.database)


def _has_projections(graph: Graph) -> bool:
    return bool(graph.read(query("graph/list_procedures"), prefix="gds.graph.drop"))


def _find(graph: Graph, name: str) -> Row | None:
    for row in _ours(graph):
        if row["name"] == name:
            return {"nodeCount": row["nodes"], "relationshipCount": row["relationships"]}
    return None


def _drop(graph: Graph, names: Sequence[str]) -> None:
    if names:
        graph.science(lambda client: client.graph.drop(list(names), fail_if_missing=False))


def _state(name: str, state: GraphState) -> str:
    owner = name.partition(OWNER)[2]
    if not owner:
        return "shared" if name.endswith(f"-{state.digest}") else "stale"
    # A process on another machine cannot be inspected; it may be alive.
    return "private" if not is_of_this_machine(owner) or runs(owner) else "stale"


def _project(graph: Graph, view: View, name: str, state: GraphState, budget: int | None) -> Row:
    """Create the projection and return its counts."""
    source_numbers(graph, view, state)
    there = graph.read(query("ask/read_names"))[0]
    if not there["compositions"]:
        raise NotFound("The graph is empty; 'hartonomous ingest' fills it.")
    if missing := [one for one in view.types if one not in there["types"]]:
        raise NotFound(f"The graph has no relations of type {' or '.join(missing)}.")
    _make_room(graph, view, budget)
    whole = view.types == (DEFAULT_RELATION,) and not view.sources and not view.by_key
    try:
        if whole:
            return _project_whole(graph, view, name, there["labels"])
        return _project_by_key(graph, view, name, state)
    except ServerError:
        # Another command created the same one meanwhile.
        if found := _find(graph, name):
            return found
        raise


def _project_whole(graph: Graph, view: View, name: str, labels: list[str]) -> Row:
    """Let Graph Data Science read RELATES, then keep the relations rated high enough."""
    chosen = [each for each in schema.kinds() if each.connected and each.name in labels]
    kinds = [each.name for each in chosen if view.pieces or not each.fragment]
    properties = {"cost": {"property": "cost"}, "weight": {"property": "decades"}}
    # The consensus is a rounded 0.4 D above even, so this is the same bound on D.
    kept_if = f"r.weight >= {(view.above - EVEN + 0.5) / 0.4:.2f}"
    if view.min_sources > 1:
        properties["sources"] = {"property": "sources"}
        kept_if += f" AND r.sources >= {view.min_sources}.0"
    pairs = {DEFAULT_RELATION: {"orientation": "UNDIRECTED", "properties": properties}}
    first = f"{name}{_owned()}"

    def make(client: GraphDataScience) -> Row:
        try:
            every = client.graph.project.native(first, kinds, pairs).graph
            kept = client.graph.filter(every, name, "*", kept_if)
        finally:
            client.graph.drop(first, fail_if_missing=False)
        counts = kept.result
        return {"nodeCount": counts.node_count, "relationshipCount": counts.relationship_count}

    return graph.science(make)


def _project_by_key(graph: Graph, view: View, name: str, state: GraphState) -> Row:
    (row,) = graph.read(
        query("ask/project", types=view.types),
        name=name,
        numbers=source_numbers(graph, view, state),
        **view.constants(),
    )
    if row["projected"] is None:
        raise NotFound("The graph has no words; 'hartonomous ingest' adds some.")
    projected: Row = row["projected"]
    return projected


def _make_room(graph: Graph, view: View, budget: int | None) -> None:
    """Raise ServerError unless the projection fits; drop shared ones if that makes room."""
    pairs = {
        name: {
            "orientation": "UNDIRECTED" if name in view.undirected else "NATURAL",
            "properties": ["elo", "n"],
        }
        for name in view.types
    }
    # Twice: the filtered graph is a copy.
    needed = 2 * graph.science(
        lambda client: client.graph.project.estimate("Composition", pairs).bytes_max
    )
    if needed <= _free(graph, budget):
        return
    _drop(graph, [row["name"] for row in _ours(graph) if "." not in row["name"]])
    free = _free(graph, budget)
    if needed > free:
        raise ServerError(
            f"A projection of {' and '.join(view.types)} takes up to {_megabytes(needed)} of the "
            f"server's heap, and {_megabytes(free)} are free. Give it more: 'hartonomous down', then "
            "HARTONOMOUS_HEAP=4g 'hartonomous up' (another server: server.memory.heap.max_size)."
        )


def _free(graph: Graph, budget: int | None) -> int:
    if budget is not None:
        return budget
    (row,) = graph.read(query("ask/read_free_heap"))
    free: int = row["bytes"]
    return free


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.0f} MB"


def _owned() -> str:
    """Return the suffix that makes a projection's name private to this process."""
    return f".{secrets.token_hex(4)}{OWNER}{own_identity()}"
