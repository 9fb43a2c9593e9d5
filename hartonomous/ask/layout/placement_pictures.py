"""Placement pictures: the sphere S3 projected stereographically to three dimensions, and the sphere
S2 of the first three eigenvectors to two. The same coordinates give the same bytes.
"""

from __future__ import annotations

import html
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2

from hartonomous.ask.layout.placement import PlacedWords, read_placed
from hartonomous.ask.layout.sphere import stereographic, unit
from hartonomous.atomic_files import atomic
from hartonomous.errors import BadInput, UsageError
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from hartonomous.schema import find_kind

FORMATS = (".png", ".html")
COLOURINGS = ("community", "source")
GROUPS = 12
"""Number of distinct colours; smaller groups share a grey one."""

POINTS = 6_000
SHOWN = {3: 0.75, 2: 0.90}
"""Share of the points within the frame, along each axis, by dimensions: a few are far outside."""

LABELLED = 40
"""Words of a group that are considered as labels."""

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
        name = ", ".join(texts[row] for row in inner[:3]) if texts else str(label)
        groups.append(Group(name, colour, inner))
    rest = np.flatnonzero(~np.isin(labels, ranked[: len(PALETTE)]))
    return [*groups, Group("other", OTHER, rest)] if len(rest) else groups


def draw(drawn: Scene, path: Path, colouring: str = "community") -> None:
    """Draw a scene into a PNG, both projections side by side, or an interactive HTML file,
    atomically.

    Raises UsageError for another file ending or colouring, or if a library of the extra `pictures`
    is missing.
    """
    if path.suffix.lower() not in FORMATS:
        raise UsageError(f"{path}: the name must end in {' or '.join(FORMATS)}.")
    if colouring not in COLOURINGS:
        raise UsageError(f"Colour by {' or '.join(COLOURINGS)}, not by {colouring!r}.")
    try:
        with atomic(path) as partial:
            if path.suffix.lower() == ".png":
                _draw_png(drawn, partial, colouring)
            else:
                partial.write_text(page(drawn, colouring), "utf-8")
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror or error}.") from error


def _frame(points: Floats) -> Floats:
    """Return, for each axis, the bounds of the central share of the points."""
    outside = 50 * (1 - SHOWN[points.shape[1]])
    low, high = np.percentile(points, [outside, 100 - outside], axis=0)
    room = 0.06 * np.maximum(high - low, 1e-9)
    return np.stack([low - room, high + room], axis=1)


def _inside(points: Floats, frame: Floats) -> NDArray[np.bool_]:
    within = (points >= frame[:, 0]) & (points <= frame[:, 1])
    return np.asarray(within.all(axis=1))


def _draw_png(drawn: Scene, path: Path, colouring: str) -> None:
    matplotlib = _library("matplotlib")
    matplotlib.use("agg")
    pyplot = import_module("matplotlib.pyplot")
    figure = pyplot.figure(figsize=(14, 7.4))
    solid = figure.add_axes((0.0, 0.09, 0.5, 0.84), projection="3d")
    flat = figure.add_axes((0.51, 0.12, 0.48, 0.80))
    frames = _frame(drawn.solid), _frame(drawn.flat)
    inside = _inside(drawn.solid, frames[0]), _inside(drawn.flat, frames[1])
    for group in drawn.groups[colouring]:
        look = {"s": 4, "c": group.colour, "linewidths": 0, "label": _short(group.name)}
        seen = drawn.solid[group.rows[inside[0][group.rows]]]
        solid.scatter(*seen.T, alpha=0.55, depthshade=False, **look)
        flat.scatter(*drawn.flat[group.rows[inside[1][group.rows]]].T, alpha=0.7, **look)
    solid.set(xlim=frames[0][0], ylim=frames[0][1], zlim=frames[0][2])
    solid.set_box_aspect((1, 1, 1), zoom=1.25)
    flat.set(xlim=frames[1][0], ylim=frames[1][1])
    for axes in (solid, flat):
        axes.set_axis_off()
    _label(drawn, flat, frames[1], colouring)
    solid.set_title("the sphere S3, projected from its emptiest pole", fontsize=10, y=1.02)
    flat.set_title("the first three eigenvectors on S2, projected the same way", fontsize=10)
    handles, names = flat.get_legend_handles_labels()
    figure.legend(
        handles, names, loc="lower center", ncols=4, fontsize=8, frameon=False, markerscale=4
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        try:
            figure.savefig(path, format="png", dpi=100, metadata={"Software": None})
        finally:
            pyplot.close(figure)


def _label(drawn: Scene, axes: Any, frame: Floats, colouring: str) -> None:
    """Draw words at their points, as plain text: in turn the next most central word of each group,
    where the page is free.
    """
    height = (frame[:, 1] - frame[:, 0]) / np.array([100, 42])  # of a letter, in the axes' units
    taken: list[tuple[float, float, float, float]] = []
    groups = [group.rows[:LABELLED] for group in drawn.groups[colouring]]
    for turn in range(LABELLED):
        for rows in groups:
            if turn >= len(rows):
                continue
            (x, y), text = drawn.flat[rows[turn]], _short(drawn.texts[rows[turn]], 18)
            box = (x, y, x + len(text) * height[0], y + height[1])
            inside = frame[0, 0] <= x and box[2] <= frame[0, 1] and frame[1, 0] <= y <= frame[1, 1]
            if inside and not any(_meet(box, other) for other in taken):
                taken.append(box)
                axes.annotate(text, (x, y), fontsize=7, color="#222222", parse_math=False)


def _meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def page(drawn: Scene, colouring: str = "community") -> str:
    """Return one self-contained HTML page with a scene to rotate, zoom and point at; it needs no
    network.
    """
    graph_objects, writer = _library("plotly.graph_objects"), _library("plotly.io")
    ordered = sorted(COLOURINGS, key=lambda name: name != colouring)
    traces, shown = [], []
    for name in ordered:
        for group in drawn.groups[name]:
            traces.append(_trace(graph_objects, drawn, group, visible=name == colouring))
            shown.append(name)
    frame = _frame(drawn.solid)
    axes = {
        f"{axis}axis": {"visible": False, "range": bounds.tolist()}
        for axis, bounds in zip("xyz", frame, strict=True)
    }
    buttons = [
        {
            "label": f"by {name}",
            "method": "update",
            "args": [{"visible": [s == name for s in shown]}],
        }
        for name in ordered
    ]
    figure = graph_objects.Figure(
        traces,
        {
            "title": {"text": f"{len(drawn.texts):,} of {drawn.placed:,} words on the sphere S3, stereographic"},
            "scene": {**axes, "aspectmode": "cube", "dragmode": "orbit"},
            "updatemenus": [{"buttons": buttons, "x": 0, "xanchor": "left", "y": 1.0, "yanchor": "top"}],
            "legend": {"itemsizing": "constant", "itemclick": "toggle"},
            "margin": {"l": 0, "r": 0, "t": 48, "b": 0},
        },
    )  # fmt: skip
    text = writer.to_html(
        figure,
        include_plotlyjs=True,
        div_id="placement",
        config={"displaylogo": False, "responsive": True},
        default_width="100%",
        default_height="96vh",
    )
    return str(text)


def _trace(graph_objects: Any, drawn: Scene, group: Group, visible: bool) -> Any:
    points = drawn.solid[group.rows].round(4)
    return graph_objects.Scatter3d(
        x=points[:, 0].tolist(),
        y=points[:, 1].tolist(),
        z=points[:, 2].tolist(),
        mode="markers",
        name=html.escape(_short(group.name)),
        text=[html.escape(drawn.texts[row]) for row in group.rows],
        hovertemplate="%{text}<extra></extra>",
        marker={"size": 2.5, "color": group.colour, "opacity": 0.75},
        visible=visible,
    )


def _short(text: str, most: int = 40) -> str:
    kept = "".join(c if c.isprintable() else "?" for c in text)
    # matplotlib hides labels that begin with an underscore.
    kept = f"\u200a{kept}" if kept.startswith("_") else kept
    return kept if len(kept) <= most else kept[: most - 1] + "…"


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise UsageError(
            f"Pictures need {name.split('.')[0]}: pip install 'hartonomous[pictures]'."
        ) from error
