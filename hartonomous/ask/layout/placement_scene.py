"""Placement scenes: what a picture of the placement shows. The same coordinates give the same scene."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2

from hartonomous.ask.layout.placement import PlacedWords, read_placed
from hartonomous.ask.layout.sphere import stereographic, unit
from hartonomous.ask.relations.readable_words import reads
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from hartonomous.schema import find_kind

COLOURINGS = ("community", "source")
GROUPS = 12
"""Number of distinct colours; smaller groups share a grey one."""

POINTS = 6_000

PALETTE = (
    "#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#76b7b2", "#b07aa1",
    "#9c755f", "#edc948", "#ff9da7", "#86bc25", "#17a2b8", "#5b4b8a",
)  # fmt: skip
OTHER = "#b8b8b8"

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Group:
    """Points of one colour: `name` for the legend, `rows` (m,) int64 of the scene, from the centre
    outwards.
    """

    name: str
    colour: str
    rows: NDArray[np.int64]


@dataclass(frozen=True)
class Scene:
    """The content of a picture: texts, coordinates `solid` (n, 3) and `flat` (n, 2) float64, both
    colourings.
    """

    texts: tuple[str, ...]
    solid: Floats
    flat: Floats
    groups: dict[str, list[Group]]
    placed: int


def placed_scene(graph: Graph, points: int = POINTS) -> Scene:
    """Return the scene of the coordinates stored in the graph.

    Raises NotFound if there are none.
    """
    tracks = graph.read(query("rate/read_tracks"))
    return scene(read_placed(graph), {str(t["number"]): t["source"] for t in tracks}, points)


def scene(words: PlacedWords, sources: Mapping[str, str], points: int = POINTS) -> Scene:
    """Return a scene: a sample of the words, projected and grouped.

    The sample is the first words by key, a hash: uniform and reproducible. `sources` maps a track's
    number to its source's name. Communities are those stored on the compositions; without them,
    clusters of the spectral vectors by k-means (Ng et al. 2001). A group is named by its most
    central words.
    """
    directed = np.linalg.norm(words.quaternions, axis=1) > 0
    whole = np.array([not find_kind(kind).fragment for kind in words.kinds])
    rows = np.flatnonzero(directed & (whole if (whole & directed).any() else True))[:points]
    shadow = np.zeros((len(rows), 3))
    shadow[:, : min(3, words.spectral.shape[1])] = words.spectral[rows, :3]
    near, _ = unit(words.spectral[rows])
    texts = tuple(words.texts[row] for row in rows)
    communities = _communities(words)[rows]
    classes = _classes(words, sources)[rows]
    return Scene(
        texts,
        _projected(words.quaternions[rows]),
        _projected(unit(shadow)[0]),
        {
            "community": _groups(communities, near, texts),
            "source": _groups(classes, near, None),
        },
        len(words.keys),
    )


def _projected(points: Floats) -> Floats:
    """Return the stereographic image from the pole that most points are far from."""
    mean = points.mean(axis=0)
    length = np.linalg.norm(mean)
    pole = -mean / length if length > 1e-9 else np.eye(points.shape[1])[-1]
    image = stereographic(points, pole)
    return np.where(np.isfinite(image), image, 0.0)


def _communities(words: PlacedWords) -> NDArray[Any]:
    carried = [community is not None for community in words.communities]
    if np.mean(carried) > 0.5:
        return np.array([str(community) for community in words.communities])
    rows, _ = unit(words.spectral)
    groups = min(GROUPS, len(np.unique(rows.round(9), axis=0)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a cluster that ran empty stays empty
        _, labels = kmeans2(rows, groups, minit="++", iter=30, rng=np.random.default_rng(0))
    return np.asarray(labels.astype(str))


def _classes(words: PlacedWords, sources: Mapping[str, str]) -> NDArray[Any]:
    def name(known: str | None) -> str:
        names = {sources[number] for number in (known or "").split("+") if number in sources}
        return " + ".join(sorted(names)) or "no source now"

    return np.array([name(known) for known in words.known])


def _groups(labels: NDArray[Any], near: Floats, texts: Sequence[str] | None) -> list[Group]:
    """Return the largest groups, largest first, each from its centre outwards, and one of all
    others.

    Named by the most central texts, or by the label if none are given.
    """
    sizes = Counter(labels.tolist())
    ranked = sorted(sizes, key=lambda label: (-sizes[label], label))
    groups = []
    for label, colour in zip(ranked, PALETTE, strict=False):
        rows = np.flatnonzero(labels == label)
        inner = rows[np.argsort(-near[rows] @ near[rows].sum(axis=0), kind="stable")]
        name = ", ".join(_told([texts[row] for row in inner])[:3]) if texts else str(label)
        groups.append(Group(name, colour, inner))
    rest = np.flatnonzero(~np.isin(labels, ranked[: len(PALETTE)]))
    return [*groups, Group("other", OTHER, rest)] if len(rest) else groups


def _told(texts: Sequence[str]) -> list[str]:
    """Return the texts that people read, in order; all of them if there are none."""
    return [text for text in texts if reads(text)] or list(texts)
