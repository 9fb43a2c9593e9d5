"""Subgraphs as objects of other libraries: NetworkX, and py2neo if it is installed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from hartonomous.ask.relations.asked_words import find_compositions
from hartonomous.ask.relations.relation_views import View, source_numbers
from hartonomous.errors import ServerError, UsageError
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row

if TYPE_CHECKING:
    import networkx

RATED = ("rating", "elo", "cost", "times", "sources")


def to_networkx(
    graph: Graph, *words: str, depth: int = 1, breadth: int = 25, view: View | None = None
) -> networkx.MultiGraph[str]:
    """Return the surroundings of some words, with every rated pair among them, as a NetworkX graph.

    Each composition is expanded to its `breadth` highest rated neighbours, up to `depth` steps.
    Nodes are named by their text and have `key` and `kind`; edges are keyed by their type and have
    `rating` (consensus, else elo), `elo`, `cost` in micro-decades, `times` and `sources`. If one of
    the view's types is directed, it is a MultiDiGraph, with undirected pairs in both directions.
    Raises NotFound for an unknown word or source, UsageError for limits below 1 or no word.
    """
    import networkx

    view = view or View()
    nodes, edges = _around(graph, words, depth, breadth, view)
    directed = len(view.undirected) < len(view.types)
    found = networkx.MultiDiGraph() if directed else networkx.MultiGraph()
    names = _names(nodes)
    for key, row in nodes.items():
        found.add_node(names[key], key=key, kind=row["kind"])
    for edge in edges:
        ends = names[edge["start"]], names[edge["end"]]
        rated = {name: edge[name] for name in RATED}
        found.add_edge(*ends, key=edge["type"], **rated)
        if directed and edge["type"] in view.undirected:
            found.add_edge(*reversed(ends), key=edge["type"], **rated)
    return found


def to_py2neo(
    graph: Graph, *words: str, depth: int = 1, breadth: int = 25, view: View | None = None
) -> Any:
    """Return the graph of `to_networkx` as a py2neo Subgraph: nodes and relationships as objects.

    Its nodes have the labels and keys of the graph. It is a copy to read and to work on; written
    back by py2neo it would change ratings by hand, which 'hartonomous doctor' reports. Raises
    ServerError if py2neo, the extra of that name, is not installed; else as `to_networkx`.
    """
    try:
        from py2neo import Node, Relationship, Subgraph
    except ImportError as error:
        raise ServerError("py2neo is not installed: pip install 'hartonomous[py2neo]'.") from error
    nodes, edges = _around(graph, words, depth, breadth, view or View())
    made = {
        key: Node("Composition", row["kind"], key=key, text=row["text"], kind=row["kind"])
        for key, row in nodes.items()
    }
    for node in made.values():
        node.__primarylabel__, node.__primarykey__ = "Composition", "key"
    relationships = [
        Relationship(
            made[edge["start"]],
            edge["type"],
            made[edge["end"]],
            **{name: edge[name] for name in RATED},
        )
        for edge in edges
    ]
    return Subgraph(made.values(), relationships)


def _around(
    graph: Graph, words: tuple[str, ...], depth: int, breadth: int, view: View
) -> tuple[dict[str, Row], list[Row]]:
    """Return the compositions around words by key, and the rated pairs among them."""
    if not words or depth < 1 or breadth < 1:
        raise UsageError("At least one word is required, and a depth and breadth of at least 1.")
    chosen = {**view.constants(), "numbers": source_numbers(graph, view)}
    found = {row["id"]: row for row in find_compositions(graph, words, view)}
    frontier = sorted(found)
    for _ in range(depth):
        rows = graph.read(
            query("ask/expand", types=view.types), ids=frontier, breadth=breadth, **chosen
        )
        new = {row["other"]: row for row in rows if row["other"] not in found}
        found |= new
        frontier = sorted(new)
    edges = graph.read(query("ask/read_pairs_among", types=view.types), ids=sorted(found), **chosen)
    return {row["key"]: row for row in found.values()}, edges


def _names(nodes: dict[str, Row]) -> dict[str, str]:
    """Return a name for each key: the text, with the kind if two kinds share it."""
    count = Counter(row["text"] for row in nodes.values())
    return {
        key: row["text"] if count[row["text"]] == 1 else f"{row['text']} ({row['kind']})"
        for key, row in nodes.items()
    }
