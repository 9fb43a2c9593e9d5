"""One streamed pass over all evidence and all rated edges, a few hundred compositions at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hartonomous.audit.agreement_tally import AgreementTally
from hartonomous.audit.composition_checks import Compositions
from hartonomous.audit.edge_columns import evidence_edges, rated_edges
from hartonomous.audit.evidence_checks import EvidenceTally
from hartonomous.audit.rating_checks import RatingProof
from hartonomous.audit.recomputed_ratings import RatingFormulas
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.progress import Progress
from hartonomous.rate.person_trust import Judgements, judging
from hartonomous.schema import (
    DEFAULT_RELATION,
    EvidenceType,
    RatedType,
    evidence_feeding,
    evidence_types,
    rated_types,
)

STARTS = 500
"""Compositions whose edges are read in one result."""


@dataclass(frozen=True)
class Walked:
    """The results of the pass."""

    evidence: EvidenceTally
    ratings: RatingProof
    agreements: AgreementTally
    judgements: Judgements


def walk(
    graph: Graph,
    compositions: Compositions,
    live: Sequence[Row],
    classes: tuple[NDArray[np.int32], Sequence[str | None]],
    progress: Progress,
) -> Walked:
    """Read all edges that start at compositions, and return their totals.

    `live` are the expected live tracks; `classes` the class of each composition, (N,) int32, as an
    index into the names of the classes.
    """
    formulas = RatingFormulas(compositions, *classes, live)
    walked = Walked(
        EvidenceTally(compositions, live),
        RatingProof(graph, compositions),
        AgreementTally(*classes),
        Judgements(),
    )
    judged = {(track["evidence"], track["source"]) for track in judging(live)}
    for rated, types in present_types(graph):
        done = 0
        for part, evidence_answers, rated_answer in _parts(graph, compositions, rated, types):
            edges = [
                (evidence.name, one)
                for evidence, answer in zip(types, evidence_answers, strict=True)
                for one in evidence_edges(graph, evidence, part, answer)
            ]
            by_name = {evidence.name: evidence for evidence in types}
            for name, one in edges:
                walked.evidence.take(by_name[name], one)
                if (name, one.source) in judged:
                    counts = (one.columns[each] for each in ("n", "against"))
                    walked.judgements.add(name, one.source, one.start, one.end, *counts)
            ratings = formulas.rate(rated, edges)
            walked.ratings.take(rated, ratings, rated_edges(graph, rated, part, rated_answer))
            if rated.name == DEFAULT_RELATION:
                walked.agreements.take(ratings)
            done += len(part)
            progress(f"edges: {rated.name}", done, len(compositions.ids))
    return walked


def present_types(graph: Graph) -> list[tuple[RatedType, list[EvidenceType]]]:
    """Return the rated types with evidence or edges in the graph, and the types of evidence."""
    met = {row["type"] for row in graph.read(query("audit/list_types"))}
    evidence = {
        each.name
        for each in evidence_types()
        if each.name in met
        and graph.read(query("audit/count_evidence", evidence=each.name))[0]["edges"]
    }
    rated = {
        each.name
        for each in rated_types()
        if each.name in met
        and graph.read(query("audit/count_relations", rated=each.name))[0]["edges"]
    }
    types = {
        each.name: [one for one in evidence_feeding(each.name) if one.name in evidence]
        for each in rated_types()
    }
    return [
        (each, types[each.name]) for each in rated_types() if types[each.name] or each.name in rated
    ]


def _parts(
    graph: Graph, compositions: Compositions, rated: RatedType, types: Sequence[EvidenceType]
) -> Iterator[tuple[list[int], tuple[list[tuple[Any, ...]], ...], list[tuple[Any, ...]]]]:
    ids = compositions.ids.tolist()
    parts = [ids[first : first + STARTS] for first in range(0, len(ids), STARTS)]
    streams = [
        graph.stream_parts(query("audit/read_evidence", evidence=each.name), "ids", iter(parts))
        for each in types
    ]
    ratings = graph.stream_parts(query("audit/read_ratings", rated=rated.name), "ids", iter(parts))
    for part, rated_answer, *answers in zip(parts, ratings, *streams, strict=True):
        yield part, tuple(answers), rated_answer
