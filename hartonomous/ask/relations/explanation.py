"""Explanation of a rating: every term, every source, and the rating without each."""

from __future__ import annotations

from dataclasses import dataclass, field

from hartonomous.ask.code.symbol_calls import proven
from hartonomous.ask.relations.neighbourhood import find_word
from hartonomous.errors import NotFound
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.rate.formulas import SHRINKAGE
from hartonomous.schema import DEFAULT_RELATION, RatedType, rated_type, rated_types

MOST_PLACES = 20
"""Places that are told of a pair; each end of it has at most sixteen a source."""


@dataclass(frozen=True)
class Explanation:
    """A rated edge with its terms, and the odds by each track that says something of it.

    The columns of `relation` and of `tracks` are those of cypher/ask/relation and ask/explain;
    `shrinkage` is the prior weight of even odds in the consensus. The consensus follows from the sum
    of vote times support over the sum of `divisor` and the shrinkage: what a person judges adds to
    the first sum alone. `places` have `source` and `place`: files and pages in which sources that
    observed the pair have both ends; of relations in code, file and line, and in `steps` what these
    were resolved through.
    """

    relation: Row
    tracks: list[Row]
    shrinkage: int = SHRINKAGE
    places: list[Row] = field(default_factory=list)


def explain(graph: Graph, start: str, end: str, type: str = DEFAULT_RELATION) -> Explanation:
    """Return the explanation of two words' relation of a rated type, followed in its direction.

    Raises NotFound for an unknown word, or if no live source relates them by this type; UsageError
    for an unknown type.
    """
    rated = rated_type(type)
    asked = {"start": start, "end": end, "type": type}
    relation = graph.read(query("ask/relation", types=(type,)), **asked)
    if not relation:
        raise _unrelated(graph, start, end, rated)
    tracks = graph.read(query("ask/explain", types=(type,)), **asked)
    sources = sorted({row["source"] for row in tracks if row["observed"]})
    coded = graph.read(query("ask/read_code_places", types=(type,)), **asked)
    places = [proven(row) for row in coded] or graph.read(
        query("ask/shared_places"), start=start, end=end, sources=sources, top=MOST_PLACES
    )
    return Explanation(relation[0], tracks, places=places)


def _unrelated(graph: Graph, start: str, end: str, rated: RatedType) -> NotFound:
    """Return the error for two words without a relation of a type, with what relates them."""
    first, second = find_word(graph, start), find_word(graph, end)
    found = graph.read(query("ask/read_relations_between"), start=start, end=end)
    told = [
        f"{row['start']!r} {row['type']} {row['end']!r}"
        for row in found
        if row["type"] in {one.name for one in rated_types()}
    ]
    by = "" if rated.name == DEFAULT_RELATION else f" by {rated.name}"
    joint = "to" if rated.directed else "and"
    more = f" There is {', '.join(told)}." if told else ""
    return NotFound(f"No live source relates {first.text!r} {joint} {second.text!r}{by}.{more}")
