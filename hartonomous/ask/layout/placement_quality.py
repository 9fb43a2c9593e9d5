"""Placement quality: how much of the graph a placement preserves, and how well it aligns models.

Two measures, each with a stronger method for comparison. Neighbour recall: are a composition's
neighbours in the graph its neighbours in the placement? Cross-model retrieval: is a word, placed by
one model's relations, nearest to the same word placed by another model's? Queries are the words of
one model, the gallery those of the other, the score is the mean reciprocal rank.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import orthogonal_procrustes

from hartonomous.ask.layout.placement import Placement, RelatedGraph
from hartonomous.errors import UsageError
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.schema import DEFAULT_RELATION, evidence_type

NEAREST = 10
SAMPLE = 1_000
GALLERY = 5_000
ANCHORS = 300
WORDS_AT_ONCE = 500
CUTS = (3, 4, 16, 64)

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Dense = Callable[[Sequence[str]], tuple[NDArray[np.float32], NDArray[np.bool_]]]
"""From words to their vectors (n, d) and the mask (n,) of known ones."""


@dataclass(frozen=True)
class Recall:
    """Neighbour recall in the first `dimensions`: of a composition's most probable relations, at
    most `nearest`, the share found among as many nearest by angle; mean over `sample` compositions
    of all `placed`.
    """

    space: str
    dimensions: int
    recall: float
    nearest: int
    sample: int
    placed: int


@dataclass(frozen=True)
class Agreement:
    """Cross-model retrieval of words among a `gallery` of another model's words.

    `mrr` is the mean reciprocal rank, `first` the share found at rank one, over `queries` words; by
    chance, mrr is about ln(gallery) / gallery.
    """

    method: str
    first_source: str
    second_source: str
    mrr: float
    first: float
    queries: int
    gallery: int


def neighbour_recall(placement: Placement, related: RelatedGraph) -> list[Recall]:
    """Return the neighbour recall of the sphere and of prefixes of the spectral vector.

    The sample is the first compositions by key; keys are hashes, so it is uniform and reproducible.
    """
    rows = np.searchsorted(np.array(related.keys), np.array(placement.keys))
    odds = related.odds if len(rows) == len(related.keys) else related.odds[rows][:, rows].tocsr()
    size = len(rows)
    sample = np.arange(min(SAMPLE, size))
    spaces = [("sphere", placement.quaternions)]
    spaces += [("spectral", part) for part in _beginnings(placement.spectral, CUTS[2:])]
    return [
        Recall(
            name,
            points.shape[1],
            _recall(odds, _unit(points), sample),
            NEAREST,
            len(sample),
            size,
        )
        for name, points in spaces
    ]


def _beginnings(vectors: Floats, cuts: Sequence[int]) -> list[Floats]:
    """Return the vectors' first columns, for each prefix length that they reach."""
    return [vectors[:, :cut] for cut in cuts if cut <= vectors.shape[1]]


def _recall(odds: sparse.csr_array, points: Floats, sample: Integers) -> float:
    found = []
    for first in range(0, len(sample), WORDS_AT_ONCE):
        part = sample[first : first + WORDS_AT_ONCE]
        angles = points[part] @ points.T
        angles[np.arange(len(part)), part] = -np.inf
        for row, near in zip(part, angles, strict=True):
            inside = slice(odds.indptr[row], odds.indptr[row + 1])
            best = np.argsort(-odds.data[inside], kind="stable")[:NEAREST]
            true = odds.indices[inside][best]
            nearest = np.argpartition(-near, len(true) - 1)[: len(true)]
            found.append(len(np.intersect1d(true, nearest)) / len(true))
    return float(np.mean(found))


def two_sources(graph: Graph, names: Sequence[str] = ()) -> tuple[str, str] | None:
    """Return the two live sources with the most relations from vector tracks, or the two named;
    None if there are fewer.

    Raises UsageError if the named ones are not live sources with vector tracks.
    """
    vector = {track["source"] for track in _vector_tracks(graph)}
    rows = {
        s["name"]: s["evidence"] for s in graph.read(query("ask/sources")) if s["name"] in vector
    }
    if names:
        if len(set(names)) != 2 or not set(names) <= set(rows):
            raise UsageError(
                "Agreement needs two live sources with vector tracks; there are "
                f"{', '.join(sorted(rows))}."
            )
        return names[0], names[1]
    ranked = sorted(rows, key=lambda name: (-rows[name], name))
    return (ranked[0], ranked[1]) if len(ranked) > 1 else None


def same_token_agreement(
    graph: Graph,
    placement: Placement,
    related: RelatedGraph,
    pair: tuple[str, str],
    dense: Mapping[str, Dense],
    most: int = GALLERY,
) -> list[Agreement]:
    """Return the cross-model retrieval of the words that two sources know.

    In the placement, a word's point by one source is the barycentre of that source's neighbours of
    it. If `dense` has the vectors of both sources: relative representations over anchors (Moschella
    et al. 2023) and Procrustes on the raw vectors, fitted on words outside the queries. Note that
    the placement used each word of both sources, and Procrustes did not.
    """
    numbers = {
        name: [str(t["number"]) for t in _vector_tracks(graph) if t["source"] == name]
        for name in pair
    }
    words = graph.read(
        query("layout/find_known_to_both"),
        first=numbers[pair[0]],
        second=numbers[pair[1]],
        most=most,
    )
    if len(words) < 2:
        return []
    places = [_barycentres(graph, placement, related, words, name) for name in pair]
    listed = np.logical_and(*(np.linalg.norm(place, axis=1) > 0 for place in places))
    here, there = (place[listed] for place in places)
    found = [
        _agreement(f"placement, {cut} dimensions", pair, here[:, :cut], there[:, :cut])
        for cut in CUTS
        if cut <= here.shape[1]
    ]
    texts = [row["text"] for row, kept in zip(words, listed, strict=True) if kept]
    if set(pair) <= set(dense):
        found += _raw_agreements(pair, *(dense[name](texts) for name in pair))
    return found


def _vector_tracks(graph: Graph) -> list[Row]:
    return [
        track
        for track in graph.read(query("rate/read_tracks"))
        if track["state"] == "live" and evidence_type(track["evidence"]).silence
    ]


def _barycentres(
    graph: Graph, placement: Placement, related: RelatedGraph, words: Sequence[Row], source: str
) -> Floats:
    """Return the weighted mean point (n, d) of a source's neighbours of each word; 0 without
    neighbours.
    """
    rows = np.searchsorted(np.array(related.keys), np.array(placement.keys))
    order = np.argsort(related.ids[rows])
    ids = related.ids[rows][order]
    place = {row["id"]: number for number, row in enumerate(words)}
    result = np.zeros((len(words), placement.spectral.shape[1]))
    statement = query("layout/read_listed", rated=DEFAULT_RELATION)
    for first in range(0, len(words), WORDS_AT_ONCE):
        part = [row["id"] for row in words[first : first + WORDS_AT_ONCE]]
        for row in graph.read(statement, ids=part, source=source):
            others, weights = np.array(row["others"]), np.array(row["weights"], dtype=np.float64)
            where = np.minimum(np.searchsorted(ids, others), len(ids) - 1)
            known = ids[where] == others
            if known.any() and weights[known].sum() > 0:
                near = placement.spectral[order[where[known]]]
                result[place[row["id"]]] = weights[known] @ near / weights[known].sum()
    return result


def _raw_agreements(
    pair: tuple[str, str],
    first: tuple[NDArray[np.float32], NDArray[np.bool_]],
    second: tuple[NDArray[np.float32], NDArray[np.bool_]],
) -> list[Agreement]:
    both = first[1] & second[1]
    here, there = first[0][both].astype(np.float64), second[0][both].astype(np.float64)
    anchors = min(ANCHORS, len(here) // 2)
    if anchors < 2:
        return []
    near = [_unit(vectors) @ _unit(vectors[:anchors]).T for vectors in (here, there)]
    fitted = len(here) // 2
    wide = max(here.shape[1], there.shape[1])
    longer = [_unit(np.pad(v, ((0, 0), (0, wide - v.shape[1])))) for v in (here, there)]
    turn, _ = orthogonal_procrustes(longer[0][:fitted], longer[1][:fitted])
    relative, raw = f"relative representations, {anchors} anchors", "Procrustes on raw vectors"
    return [
        _agreement(relative, pair, near[0], near[1], anchors),
        _agreement(f"{raw}, {fitted} anchors", pair, longer[0] @ turn, longer[1], fitted),
    ]


def _agreement(
    method: str, pair: tuple[str, str], queries: Floats, gallery: Floats, asked: int = 0
) -> Agreement:
    """Return the retrieval scores of the queries from row `asked` on, among the whole gallery."""
    here, there = _unit(queries), _unit(gallery)
    reciprocal = []
    for first in range(asked, len(here), WORDS_AT_ONCE):
        scores = here[first : first + WORDS_AT_ONCE] @ there.T
        own = scores[np.arange(len(scores)), np.arange(len(scores)) + first][:, None]
        # Ties share their mean rank, so coincident points score at chance.
        ranks = 1 + (scores > own).sum(axis=1) + ((scores == own).sum(axis=1) - 1) / 2
        reciprocal.append(1 / ranks)
    found = np.concatenate(reciprocal)
    return Agreement(
        method,
        *pair,
        float(found.mean()),
        float((found == 1).mean()),
        len(found),
        len(there),
    )


def _unit(rows: Floats) -> Floats:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1))
