"""Placement pictures: the sphere S3 projected stereographically to three dimensions, and the sphere
S2 of the first three eigenvectors to two. The same coordinates give the same bytes.
"""

from __future__ import annotations

import html
import warnings
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hartonomous.ask.layout.picture_fonts import ChosenFonts, choose_fonts
from hartonomous.ask.layout.placement_scene import COLOURINGS, Floats, Group, Scene
from hartonomous.ask.relations.readable_words import reads
from hartonomous.atomic_files import atomic
from hartonomous.errors import BadInput, UsageError
from hartonomous.progress import Say, unheard

FORMATS = (".png", ".svg", ".html")

SHOWN = {3: 0.90, 2: 0.90}
"""Share of the points within the frame, along each axis, by dimensions: a few are far outside."""

LABELLED = 120
"""Words that are considered as labels: the most central ones of each group, equally many."""

PANELS = {3: (0.01, 0.12, 0.48, 0.81), 2: (0.51, 0.12, 0.48, 0.81)}
"""Places of the projections in a drawn picture, by dimensions: left, bottom, width, height."""

HOLDERS = frozenset("\u200c\u200d")
"""Characters without a shape that scripts and emoji need."""

WEB_FONTS = "system-ui, 'Noto Sans', 'Segoe UI', Arial, 'Noto Color Emoji', sans-serif"
"""Fonts of a page; a browser replaces them by others that have a character."""

SCRIPT = """
const plot = document.getElementById('{plot_id}');
const labels = plot.querySelector('.infolayer');
const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
const thin = () => {
  const notes = (plot.layout.scene || {}).annotations || [];
  const number = label => Number(label.getAttribute('data-index'));
  const all = [...labels.querySelectorAll('.annotation-scene')].sort((a, b) => number(a) - number(b));
  const page = plot.getBoundingClientRect();
  const taken = [...labels.querySelectorAll('.legend, .updatemenu-container, .g-gtitle')].map(
    part => part.getBoundingClientRect());
  for (const label of all) {
    const box = label.getBoundingClientRect(), trace = plot.data[(notes[number(label)] || {}).name];
    const fits = box.left >= page.left && box.right <= page.right && box.top >= page.top &&
      box.bottom <= page.bottom && trace && trace.visible === true;
    const free = fits && !taken.some(other => meet(box, other));
    label.style.pointerEvents = 'none';
    label.style.visibility = free ? 'visible' : 'hidden';
    if (free) taken.push(box);
  }
};
new MutationObserver(thin).observe(labels, {childList: true, subtree: true});
plot.on('plotly_afterplot', thin);
plot.on('plotly_restyle', thin);
thin();
"""
"""What a page does whenever labels are drawn: hides those that would cover a more central one."""


def _central(drawn: Scene, colouring: str, shown: NDArray[np.bool_]) -> list[list[int]]:
    """Return the rows of each group that may be labelled, most central first; `shown` (n,) bool."""
    groups = drawn.groups[colouring]
    ranked = []
    for group in groups:
        rows = [int(row) for row in group.rows[shown[group.rows]]]
        told = [row for row in rows if reads(drawn.texts[row])]
        ranked.append((told or rows)[: LABELLED // len(groups)])
    return ranked


def _in_turn(ranked: Sequence[Sequence[int]]) -> list[tuple[int, int]]:
    """Return pairs of a group's number and a row: the first rows of all groups, then the second."""
    turns = range(max(map(len, ranked), default=0))
    return [
        (at, rows[turn]) for turn in turns for at, rows in enumerate(ranked) if turn < len(rows)
    ]


def draw(drawn: Scene, path: Path, colouring: str = "community", say: Say = unheard) -> None:
    """Draw a scene into a PNG or SVG, both projections side by side, or an interactive HTML file,
    atomically.

    The most central words that people read are labelled, where the page is free. Words of which
    no font has a character are not, which is reported to `say`; a page uses the browser's fonts.

    Raises UsageError for another file ending or colouring, or if a library of the extra `pictures`
    is missing.
    """
    if path.suffix.lower() not in FORMATS:
        raise UsageError(f"{path}: the name must end in {' or '.join(FORMATS)}.")
    if colouring not in COLOURINGS:
        raise UsageError(f"Colour by {' or '.join(COLOURINGS)}, not by {colouring!r}.")
    try:
        with atomic(path) as partial:
            if path.suffix.lower() == ".html":
                partial.write_text(page(drawn, colouring), "utf-8")
            else:
                _draw_file(drawn, partial, path.suffix.lower()[1:], colouring, say)
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


def _draw_file(drawn: Scene, path: Path, kind: str, colouring: str, say: Say) -> None:
    matplotlib = _library("matplotlib")
    matplotlib.use("agg")
    fonts = _fonts(drawn, colouring)
    look = {"font.family": list(fonts.families), "svg.hashsalt": "placement"}
    still = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}
    with matplotlib.rc_context(look), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        pyplot = import_module("matplotlib.pyplot")
        figure = pyplot.figure(figsize=(14, 7.6), dpi=150)
        try:
            _compose(drawn, figure, colouring, fonts)
            figure.savefig(path, format=kind, metadata=still[kind])
        finally:
            pyplot.close(figure)
    if fonts.missing:
        say(
            f"No font has the characters of these scripts: {', '.join(fonts.scripts())}. Their words "
            "are not labelled; install a font of theirs, such as Noto's, or draw an .html file, "
            "which uses the browser's fonts. pip install 'hartonomous[pictures]' brings many."
        )


def _fonts(drawn: Scene, colouring: str) -> ChosenFonts:
    """Return the fonts for the groups' names and the words that may be labels."""
    shown = [_inside(points, _frame(points)) for points in (drawn.solid, drawn.flat)]
    rows = {row for part in shown for one in _central(drawn, colouring, part) for row in one}
    texts = [drawn.texts[row] for row in rows] + [group.name for group in drawn.groups[colouring]]
    return choose_fonts(map(_short, texts))


def _compose(drawn: Scene, figure: Any, colouring: str, fonts: ChosenFonts) -> None:
    solid = figure.add_axes(PANELS[3], projection="3d", computed_zorder=False)
    flat = figure.add_axes(PANELS[2])
    frames = _frame(drawn.solid), _frame(drawn.flat)
    inside = _inside(drawn.solid, frames[0]), _inside(drawn.flat, frames[1])
    size = float(np.clip(12_000 / max(len(drawn.texts), 1), 5, 24))
    for group in drawn.groups[colouring]:
        name = "".join("?" if c in fonts.missing else c for c in _short(group.name))
        look = {"s": size, "c": group.colour, "linewidths": 0, "label": name, "alpha": 0.6}
        seen = drawn.solid[group.rows[inside[0][group.rows]]]
        solid.scatter(*seen.T, depthshade=False, **look)
        flat.scatter(*drawn.flat[group.rows[inside[1][group.rows]]].T, **look)
    solid.set(xlim=frames[0][0], ylim=frames[0][1], zlim=frames[0][2])
    solid.set_box_aspect((1, 1, 1))
    flat.set(xlim=frames[1][0], ylim=frames[1][1])
    titles = "the sphere S3, projected from its emptiest pole", "the first three eigenvectors on S2"
    for axes, title, shown in zip((solid, flat), titles, inside, strict=True):
        axes.set_axis_off()
        told = f"{title}: {shown.sum():,} of {drawn.placed:,} words"
        figure.text(axes.get_position().x0 + 0.24, 0.955, told, ha="center", fontsize=11)
    legend = figure.legend(
        *flat.get_legend_handles_labels(),
        loc="lower center", ncols=4, fontsize=9, frameon=False, markerscale=(60 / size) ** 0.5,
    )  # fmt: skip
    for text in legend.get_texts():
        text.set_parse_math(False)
    _fit(figure, solid, drawn.solid[inside[0]])
    _label(drawn, solid, _flattened(solid, drawn.solid), inside[0], colouring, fonts)
    _label(drawn, flat, drawn.flat, inside[1], colouring, fonts)


def _flattened(axes: Any, points: Floats) -> Floats:
    """Return where points (n, 3) lie in the plane of a 3D panel, (n, 2), in its data's units."""
    ends = np.column_stack([points, np.ones(len(points))]) @ np.asarray(axes.get_proj()).T
    return np.asarray(ends[:, :2] / ends[:, 3:])


def _fit(figure: Any, axes: Any, points: Floats) -> None:
    """Zoom a 3D panel so that the points (n, 3) fill it and none is cut off."""
    if not len(points):
        return
    figure.draw_without_rendering()
    ends = axes.transAxes.inverted().transform(axes.transData.transform(_flattened(axes, points)))
    axes.set_box_aspect((1, 1, 1), zoom=0.48 / max(np.abs(ends - 0.5).max(), 0.05))
    figure.draw_without_rendering()


def _label(
    drawn: Scene,
    axes: Any,
    places: Floats,
    shown: NDArray[np.bool_],
    colouring: str,
    fonts: ChosenFonts,
) -> None:
    """Write words beside their points `places` (n, 2), as plain text: in turn the next most central
    word of each group, where nothing is written yet.
    """
    effects = import_module("matplotlib.patheffects")
    halo = [effects.withStroke(linewidth=2, foreground="white")]
    panel, taken = axes.get_window_extent().extents, list[tuple[float, ...]]()
    for _, row in _in_turn(_central(drawn, colouring, shown)):
        text = _short(drawn.texts[row], 18)
        if not fonts.draws(text):
            continue
        label = axes.annotate(
            text, places[row], (3, 0), textcoords="offset points", va="center", fontsize=8,
            color="#222222", parse_math=False, path_effects=halo, annotation_clip=False,
        )  # fmt: skip
        box = tuple(label.get_window_extent().padded(1).extents)
        if _within(box, panel) and not any(_meet(box, other) for other in taken):
            taken.append(box)
        else:
            label.remove()


def _within(box: Sequence[float], panel: Sequence[float]) -> bool:
    low, high = box[0] >= panel[0] and box[1] >= panel[1], box[2] <= panel[2] and box[3] <= panel[3]
    return low and high


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
            "args": [
                {"visible": [s == name for s in shown]},
                {"scene.annotations": _notes(drawn, name, shown.index(name))},
            ],
        }
        for name in ordered
    ]
    figure = graph_objects.Figure(
        traces,
        {
            "title": {"text": f"the sphere S3, stereographic: {_inside(drawn.solid, frame).sum():,} of {drawn.placed:,} words"},
            "font": {"family": WEB_FONTS},
            "scene": {
                **axes,
                "aspectmode": "cube",
                "dragmode": "orbit",
                "annotations": _notes(drawn, colouring, 0),
            },
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
        post_script=SCRIPT,
        default_width="100%",
        default_height="96vh",
    )
    return str(text)


def _notes(drawn: Scene, colouring: str, first: int) -> list[dict[str, Any]]:
    """Return the words that a page may label, most central first, each with its group's trace; the
    groups' traces begin with number `first`.
    """
    shown = _inside(drawn.solid, _frame(drawn.solid))
    return [
        {
            **dict(zip("xyz", drawn.solid[row].round(4).tolist(), strict=True)),
            "text": html.escape(_short(drawn.texts[row], 18)),
            "name": str(first + at),
            "showarrow": False,
            "xanchor": "left",
            "xshift": 4,
            "font": {"size": 12, "color": "#222222"},
            "bgcolor": "rgba(255, 255, 255, 0.6)",
            "borderpad": 0,
        }
        for at, row in _in_turn(_central(drawn, colouring, shown))
    ]


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
    kept = "".join(c if c.isprintable() or c in HOLDERS else "?" for c in text)
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
