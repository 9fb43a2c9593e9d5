"""Drawn pictures of one coloured shape each, with captions that say what is in them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

SIDE = 32
"""Pixels of a picture's side; it is drawn four times as large and scaled down."""

SHAPES = ("circle", "square", "triangle", "star", "cross", "ring", "diamond", "bar")
COLOURS = {
    "red": (214, 40, 40),
    "green": (40, 150, 60),
    "blue": (45, 75, 210),
    "yellow": (240, 205, 40),
    "purple": (135, 50, 160),
    "orange": (245, 130, 30),
    "brown": (110, 70, 40),
    "black": (20, 20, 20),
}
SIZES = {"small": 0.26, "large": 0.46}
"""A shape's reach from its centre, as a share of the side."""

LARGE = 4


@dataclass(frozen=True, order=True)
class Thing:
    """What one picture shows."""

    shape: str
    colour: str
    size: str

    @property
    def caption(self) -> str:
        return f"a {self.size} {self.colour} {self.shape}"

    def phrases(self) -> tuple[str, ...]:
        """Return what can be said of the picture, the caption first."""
        return (
            self.caption,
            f"{self.colour} {self.shape}",
            f"{self.size} {self.shape}",
            self.shape,
            self.colour,
            f"a photo of a {self.shape}",
            f"a photo of a {self.colour} {self.shape}",
        )


EVERYTHING = tuple(
    Thing(shape, colour, size) for shape in SHAPES for colour in COLOURS for size in SIZES
)


def draw(thing: Thing, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return a picture of a thing, (SIDE, SIDE, 3), at a place, an angle and on a ground by chance."""
    side = SIDE * LARGE
    ground = tuple(int(one) for one in rng.integers(205, 256, 3))
    image = Image.new("RGB", (side, side), ground)
    pen = ImageDraw.Draw(image)
    reach = SIZES[thing.size] * side * rng.uniform(0.92, 1.08)
    room = max(side / 2 - reach, 0) * 0.8
    x, y = (side / 2 + rng.uniform(-room, room) for _ in range(2))
    tone = rng.integers(-14, 15, 3)
    fill = tuple(int(one) for one in np.clip(np.array(COLOURS[thing.colour]) + tone, 0, 255))
    _draw_shape(pen, thing.shape, (x, y), reach, rng.uniform(-0.2, 0.2), fill, ground)
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX), dtype=np.uint8)


def _draw_shape(
    pen: ImageDraw.ImageDraw,
    shape: str,
    centre: tuple[float, float],
    reach: float,
    angle: float,
    fill: tuple[int, ...],
    ground: tuple[int, ...],
) -> None:
    x, y = centre
    if shape in ("circle", "ring"):
        pen.ellipse((x - reach, y - reach, x + reach, y + reach), fill=fill)
        if shape == "ring":
            inner = reach * 0.55
            pen.ellipse((x - inner, y - inner, x + inner, y + inner), fill=ground)
        return
    if shape == "cross":
        for turn in (0.0, math.pi / 2):
            pen.polygon(_box(centre, reach, reach * 0.3, angle + turn), fill=fill)
        return
    if shape == "bar":
        pen.polygon(_box(centre, reach, reach * 0.25, angle), fill=fill)
        return
    corners = {"square": 4, "diamond": 4, "triangle": 3, "star": 10}[shape]
    first = {"square": math.pi / 4}.get(shape, -math.pi / 2)
    points = []
    for at in range(corners):
        away = reach * (0.42 if shape == "star" and at % 2 else 1.0)
        wide = 0.6 if shape == "diamond" else 1.0
        turned = first + 2 * math.pi * at / corners
        points.append((away * math.cos(turned) * wide, away * math.sin(turned)))
    pen.polygon(_turned(points, centre, angle), fill=fill)


def _box(
    centre: tuple[float, float], wide: float, high: float, angle: float
) -> list[tuple[float, float]]:
    return _turned([(-wide, -high), (wide, -high), (wide, high), (-wide, high)], centre, angle)


def _turned(
    points: Iterable[tuple[float, float]], centre: tuple[float, float], angle: float
) -> list[tuple[float, float]]:
    sine, cosine = math.sin(angle), math.cos(angle)
    return [
        (centre[0] + x * cosine - y * sine, centre[1] + x * sine + y * cosine) for x, y in points
    ]


def write_pictures(folder: Path, things: Sequence[Thing], seed: int) -> list[str]:
    """Write a picture of each thing; return the names of the files, in order."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for number, thing in enumerate(things):
        name = f"{number:04d}.png"
        Image.fromarray(draw(thing, rng)).save(folder / name)
        names.append(name)
    return names
