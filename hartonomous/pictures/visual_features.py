"""Visual features: what is measured in a picture itself, by its pixels alone.

A picture is told apart into a thing and its ground where its border is of one colour. The thing's colour,
size, shape and place are measured then; of a picture without such a ground, as most photographs are,
only what needs none: colours, brightness, edges.

A shape is told by two numbers that do not depend on size or rotation: the share of the smallest rectangle
around it that the thing fills, and the affine moment invariant (m20 m02 - m11^2) / m00^4 (Flusser and Suk
1993), which is 1 / (16 pi^2) for any ellipse, 1 / 144 for any parallelogram, 1 / 108 for any triangle.

What FEATURES do not tell apart, such as two letters, CELLS do: how much of a thing there is in each cell of
a grid over the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from hartonomous.pictures.picture_files import Pixels, library

COLOURS = (
    "black", "white", "grey", "red", "orange", "yellow", "green", "blue", "purple", "pink", "brown",
)  # fmt: skip
"""The basic colours of English (Berlin and Kay 1969)."""

SIZES = ("size small", "size medium", "size large")
SHAPES = ("shape round", "shape square", "shape triangular")
OUTLINES = ("shape elongated", "shape notched", "shape hollow")
PLACES = (
    "position left", "position right", "position top", "position bottom", "position centre",
)  # fmt: skip
NUMBERS = ("things one", "things several")
LIGHT = ("brightness dark", "brightness light", "saturation vivid", "saturation muted")
EDGES = ("edges horizontal", "edges vertical", "edges diagonal", "edges many", "edges few")

FEATURES: tuple[str, ...] = (
    *(f"colour {name}" for name in COLOURS),
    *(f"ground {name}" for name in COLOURS),
    *SIZES,
    *SHAPES,
    *OUTLINES,
    *PLACES,
    *NUMBERS,
    *LIGHT,
    *EDGES,
)
"""Texts of the features, the order of `measured`."""

GRID = 8
"""Cells on a side of the grid over a picture, rows from the top, columns from the left."""

CELLS: tuple[str, ...] = tuple(
    f"cell {row} {column}" for row in range(1, GRID + 1) for column in range(1, GRID + 1)
)
"""Texts of the features by place, the order of `in_cells`."""

LEAST_IN_CELL = 0.25
"""How far a cell is from the ground's colour at least, of 1, to be a feature."""

LONGEST = 128
"""Pixels of the longer side of what is measured."""

NOTICEABLE = 24
"""Levels of 255 by which a channel differs from the ground's at least where there is a thing."""

GROUND = 0.6
"""Share of the border that is of the ground's colour, if there is a ground."""

SMALLEST = 9
"""Pixels of a thing at least; fewer are specks."""

SHARE = 0.25
"""Share of a thing, or of a picture, that a colour has at least to be one of its colours."""

SIZE_BOUNDS = (0.4, 0.6)
"""Sides of a thing, as shares of the picture's, between which it is of medium size."""

FULL, LONG, HOLED = 0.85, 1.75, 0.1
"""Least share of its hull that a whole shape fills; from which ratio of its axes on it is elongated;
from which share of holes on it is hollow."""

REGULAR = 1.4
"""Most ratio of the axes of a round or square shape."""

PURE = np.array([[np.pi / 4, 144 / (16 * np.pi**2)], [1.0, 1.0], [0.5, 144 / 108]])
"""Share of the rectangle, and invariant in 144ths, of an ellipse, a parallelogram and a triangle."""

UNLIKE = 0.35
"""Distance from these from which on a shape is none of them."""

_LUMINANCE = np.array([0.299, 0.587, 0.114])

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Thing:
    """The largest thing of a picture: `mask` (h, w), without its holes; counts of what is besides."""

    mask: Mask
    solid: int
    number: int


def measured(pixels: Pixels) -> Floats:
    """Return how much a picture has of each of FEATURES, (len(FEATURES),) float64 in [0, 1].

    What concerns a thing is 0 in a picture without one.
    """
    small = _reduced(pixels)
    names = _colour_table()[_cell(small)]
    apart = _ground_distance(small)
    figure = None if apart is None else _figure(apart)
    thing = None if figure is None else _largest(figure)
    nothing = np.zeros(len(COLOURS))
    if apart is None or figure is None or thing is None:
        alone = apart is not None
        colours = nothing if alone else _shares(names)
        ground = _shares(names) if alone else nothing
        of_thing = np.zeros(len((*SIZES, *SHAPES, *OUTLINES, *PLACES, *NUMBERS)))
    else:
        colours, ground = _shares(names[_core(figure)]), _shares(names[~figure])
        of_thing = np.concatenate([_size(thing), _shape(thing), _place(thing)])
    return np.concatenate([colours, ground, of_thing, _light(small), _edges(small)])


def present(pixels: Pixels) -> list[str]:
    """Return which of FEATURES a picture has, in their order."""
    return features_of(measured(pixels))


def in_cells(pixels: Pixels) -> Floats:
    """Return how far each of CELLS is from the ground's colour, (len(CELLS),) float64 in [0, 1].

    It is the mean over the cell of the largest difference of a channel, 0 below LEAST_IN_CELL and in a
    picture without a ground.
    """
    apart = _ground_distance(_reduced(pixels))
    if apart is None:
        return np.zeros(len(CELLS))
    rows, columns = (_cell_shares(side) for side in apart.shape)
    means = (rows @ apart @ columns.T).ravel() / 255
    return np.where(means >= LEAST_IN_CELL, means, 0.0)


def degrees(pixels: Pixels) -> dict[str, float]:
    """Return how much a picture has of each of the FEATURES that it has, and of CELLS."""
    values, cells = measured(pixels), in_cells(pixels)
    degree = dict(zip(FEATURES, values.tolist(), strict=True))
    found = {name: degree[name] for name in features_of(values)}
    by_place = zip(CELLS, cells.tolist(), strict=True)
    return found | {name: value for name, value in by_place if value > 0}


def features_of(values: Floats) -> list[str]:
    """Return which of FEATURES `measured` values show, by fixed bounds."""
    degree = dict(zip(FEATURES, values.tolist(), strict=True))
    found = {name for name in FEATURES[: 2 * len(COLOURS)] if degree[name] >= SHARE}
    if degree["things one"] or degree["things several"]:
        found |= _thing_features(degree)
    bounds = {
        "brightness dark": 0.67,
        "brightness light": 0.67,
        "saturation vivid": 0.4,
        "saturation muted": 0.95,
        "edges many": 0.2,
        "edges few": 0.97,
    }
    found |= {name for name, least in bounds.items() if degree[name] >= least}
    # Whatever its direction, an edge that hardly exists has none.
    if degree["edges many"] > 0.005:
        found |= {name for name in EDGES[:3] if degree[name] >= 0.6}
    return [name for name in FEATURES if name in found]


def _thing_features(degree: dict[str, float]) -> set[str]:
    side = degree["size large"]
    below, above = SIZE_BOUNDS
    found = {SIZES[0] if side < below else SIZES[2] if side >= above else SIZES[1]}
    found.add("things one" if degree["things one"] else "things several")
    long = 1 / max(1 - degree["shape elongated"], 1e-9)
    if long >= LONG:
        found.add("shape elongated")
    if degree["shape hollow"] >= HOLED:
        found.add("shape hollow")
    if 1 - degree["shape notched"] < FULL:
        found.add("shape notched")
    else:
        likeness, shape = max((degree[name], name) for name in SHAPES)
        regular = long <= REGULAR or shape == SHAPES[2]
        if regular and likeness > _likeness(UNLIKE):
            found.add(shape)
    return found | {name for name in PLACES if degree[name] >= 0.6}


def _reduced(pixels: Pixels) -> Pixels:
    """Return a picture whose longer side has at most LONGEST pixels, each the mean of a block."""
    most = max(pixels.shape[:2])
    skipped = max(1, most // (2 * LONGEST))
    thin = pixels[::skipped, ::skipped]
    block = -(-max(thin.shape[:2]) // LONGEST)
    if block == 1:
        return thin
    height, width = (max(1, side // block) for side in thin.shape[:2])
    rows, columns = min(block, thin.shape[0]), min(block, thin.shape[1])
    whole = thin[: height * rows, : width * columns]
    blocks = whole.reshape(height, rows, width, columns, 3)
    means: Pixels = np.rint(blocks.mean(axis=(1, 3), dtype=np.float32)).astype(np.uint8)
    return means


@lru_cache(maxsize=64)
def _cell_shares(pixels: int) -> Floats:
    """Return the share of each pixel of a side in each cell's mean, (GRID, pixels); borders of cells
    may lie within pixels.
    """
    ends = np.linspace(0, pixels, GRID + 1)
    at = np.arange(pixels)
    inside = np.minimum(ends[1:, None], at + 1) - np.maximum(ends[:-1, None], at)
    shares: Floats = np.maximum(inside, 0.0) * GRID / pixels
    return shares


def _cell(pixels: Pixels) -> NDArray[np.int64]:
    """Return the row of each pixel in the table of colours: five bits of each channel."""
    high = (pixels >> 3).astype(np.int64)
    found: NDArray[np.int64] = (high[..., 0] << 10) | (high[..., 1] << 5) | high[..., 2]
    return found


@lru_cache(maxsize=1)
def _colour_table() -> NDArray[np.int64]:
    """Return the colour of each cell of RGB, (32768,) numbers in COLOURS."""
    channels = np.indices((32, 32, 32)).reshape(3, -1).T * 255 / 31
    hue, saturation, value = library("skimage.color").rgb2hsv(channels / 255).T
    hue, chroma = hue * 360, saturation * value
    reddish = (hue < 20) | (hue >= 345)
    rules = [
        ("black", value < 0.2),
        ("white", (chroma < 0.13) & (value >= 0.88)),
        ("grey", chroma < 0.13),
        ("brown", reddish & (value < 0.7) & (saturation < 0.8) & (saturation > 0.3)),
        (
            "brown",
            (hue >= 15) & (hue < 45) & ((value < 0.7) | ((saturation < 0.5) & (value < 0.9))),
        ),
        ("pink", reddish & (saturation < 0.6) & (value >= 0.7)),
        ("red", (hue < 15) | (hue >= 345)),
        ("orange", hue < 45),
        ("brown", (hue < 55) & (value < 0.6)),
        ("green", (hue < 70) & (value < 0.6)),
        ("yellow", hue < 70),
        ("green", hue < 165),
        ("blue", hue < 255),
        ("purple", (hue < 285) | ((hue < 320) & (value < 0.75))),
    ]
    conditions = [condition for _, condition in rules]
    numbers = [COLOURS.index(name) for name, _ in rules]
    return np.select(conditions, numbers, COLOURS.index("pink"))


def _shares(names: NDArray[np.int64]) -> Floats:
    counted = np.bincount(names.ravel(), minlength=len(COLOURS))
    shares: Floats = counted / max(1, counted.sum())
    return shares


def _ground_distance(pixels: Pixels) -> Floats | None:
    """Return how far each pixel is from the ground's colour, in levels; None without a ground."""
    edge = [pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]]
    border = np.concatenate(edge).astype(np.float64)
    colour = np.median(border, axis=0)
    if (np.abs(border - colour).max(axis=1) <= NOTICEABLE).mean() < GROUND:
        return None
    apart: Floats = np.abs(pixels - colour).max(axis=2)
    return apart


def _figure(apart: Floats) -> Mask | None:
    """Return where there are things: more than noticeably, and more than half as far from the ground
    as they mostly are, so that a soft edge is cut in its middle. None without any.
    """
    rough = apart > NOTICEABLE
    if int(rough.sum()) < SMALLEST:
        return None
    half = np.median(apart[rough]) / 2
    whole: Mask = rough & (apart > half)
    return whole


def _largest(figure: Mask) -> _Thing | None:
    """Return the largest of the things, of which several are counted if they are no specks."""
    images = library("scipy.ndimage")
    parts, number = images.label(figure, np.ones((3, 3)))
    if not number:
        return None
    areas = np.bincount(parts.ravel())[1:]
    largest = int(areas.argmax())
    if areas[largest] < SMALLEST:
        return None
    several = int((areas >= max(SMALLEST, 0.05 * areas[largest])).sum())
    mask = parts == largest + 1
    return _Thing(images.binary_fill_holes(mask), int(areas[largest]), several)


def _core(figure: Mask) -> Mask:
    """Return the things without their edges, whose colours are mixed with the ground's."""
    inner: Mask = library("scipy.ndimage").binary_erosion(figure, np.ones((3, 3)))
    return inner if int(inner.sum()) >= SMALLEST else figure


def _box(thing: _Thing) -> Floats:
    """Return where a thing begins and ends, in shares of the picture: rows ((top, bottom), (left,
    right)).
    """
    across = (np.flatnonzero(thing.mask.any(axis=axis)) for axis in (1, 0))
    ends = np.array([[at[0], at[-1] + 1] for at in across], dtype=np.float64)
    shares: Floats = ends / np.array(thing.mask.shape)[:, None]
    return shares


def _size(thing: _Thing) -> Floats:
    side = float(np.ptp(_box(thing), axis=1).max())
    return np.array([1 - side, 1 - abs(2 * side - 1), side])


def _shape(thing: _Thing) -> Floats:
    """Return how much a thing is of SHAPES and OUTLINES."""
    y, x = (axis.astype(np.float64) for axis in np.nonzero(thing.mask))
    area = len(x)
    # A pixel is a square, whose own moment is a twelfth.
    spread = np.cov(np.stack([x, y]), bias=True) + np.eye(2) / 12
    most, least = np.linalg.eigvalsh(spread)[::-1]
    hull, rectangle = _hull_areas(x, y)
    invariant = 144 * most * least / area**2
    filled = min(area / rectangle, 1.0)
    far = np.hypot(*(PURE - [filled, invariant]).T)
    outline = [1 - np.sqrt(least / most), 1 - min(area / hull, 1.0), 1 - thing.solid / area]
    return np.concatenate([_likeness(far), outline])


def _likeness(far: Floats | float) -> Floats:
    return np.asarray(np.exp(-((np.asarray(far) / 0.25) ** 2)))


def _hull_areas(x: Floats, y: Floats) -> tuple[float, float]:
    """Return the areas of the convex hull of pixels, by the middles of their sides, and of the
    smallest rectangle around it, one of whose sides is on one of the hull's.
    """
    around = np.array([[-0.5, 0], [0.5, 0], [0, -0.5], [0, 0.5]])
    points = _row_ends(x, y)
    points = (points[:, None, :] + around).reshape(-1, 2)
    hull = library("scipy.spatial").ConvexHull(points)
    corners = points[hull.vertices]
    sides = np.roll(corners, -1, axis=0) - corners
    along = sides / np.hypot(*sides.T)[:, None]
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    spans = np.ptp(corners @ along.T, axis=0) * np.ptp(corners @ across.T, axis=0)
    return float(hull.volume), float(spans.min())


def _row_ends(x: Floats, y: Floats) -> Floats:
    """Return the first and the last pixel of each row; pixels are in the order of rows."""
    first = np.flatnonzero(np.diff(y, prepend=-1.0))
    last = np.append(first[1:], len(y)) - 1
    ends = np.concatenate([first, last])
    return np.stack([x[ends], y[ends]], axis=1)


def _place(thing: _Thing) -> Floats:
    """Return how much a thing is at each of PLACES, and whether it is alone."""
    low, right = _box(thing).mean(axis=1)
    centre = 1 - 2 * max(abs(right - 0.5), abs(low - 0.5))
    # Within a fifth of each side of the middle it is at none of the sides.
    middle = float(centre >= 0.8) * centre
    alone = float(thing.number == 1)
    return np.array([1 - right, right, 1 - low, low, middle, alone, 1 - alone])


def _light(pixels: Pixels) -> Floats:
    bright = float((pixels @ _LUMINANCE).mean()) / 255
    chroma = float(np.ptp(pixels, axis=2).mean()) / 255
    return np.array([1 - bright, bright, chroma, 1 - chroma])


def _edges(pixels: Pixels) -> Floats:
    """Return the shares of edges by direction, and of pixels on an edge."""
    grey = pixels @ _LUMINANCE
    if min(grey.shape) < 2:
        return np.array([0.0, 0.0, 0.0, 0.0, 1.0])
    down, across = np.gradient(grey)
    strength = np.hypot(down, across)
    total = strength.sum()
    strong = float((strength > NOTICEABLE / 2).mean())
    if total == 0:
        return np.array([0.0, 0.0, 0.0, strong, 1 - strong])
    level = strength[np.abs(down) > 2 * np.abs(across)].sum() / total
    upright = strength[np.abs(across) > 2 * np.abs(down)].sum() / total
    return np.array([level, upright, 1 - level - upright, strong, 1 - strong])
