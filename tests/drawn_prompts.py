"""Coloured shapes of two sizes, drawn exactly: what a prompt such as "a large red circle" means."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

SIDE = 32
SMOOTH = 4
"""Each pixel is the mean of SMOOTH x SMOOTH drawn ones."""

SHAPES = ("circle", "square", "triangle", "star")
COLOURS = {
    "red": (220, 30, 30),
    "green": (30, 160, 50),
    "blue": (40, 70, 220),
    "yellow": (240, 215, 40),
    "orange": (250, 130, 20),
    "purple": (140, 40, 170),
}
SIZES = {"small": 6.0, "large": 11.0}
"""Radius in pixels."""

GRID = """\
template = "a {size} {colour} {shape}"
seeds = 12
steps = 15
guidance = 3.0

[values]
size = ["small", "large"]
colour = ["red", "green", "blue", "yellow", "orange", "purple"]
shape = ["circle", "square", "triangle", "star"]
"""


def draw(prompt: str, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return what a prompt says, (SIDE, SIDE, 3), at a place drawn by `rng`.

    Of words that it does not know nothing is drawn.
    """
    words = prompt.split()
    colour = next((COLOURS[word] for word in words if word in COLOURS), None)
    shape = next((word for word in words if word in SHAPES), None)
    radius = next((SIZES[word] for word in words if word in SIZES), 8.5)
    grey = int(rng.integers(225, 246))
    side = SIDE * SMOOTH
    picture = Image.new("RGB", (side, side), (grey, grey, grey))
    radius *= SMOOTH * rng.uniform(0.92, 1.08)
    space = side / 2 - radius - SMOOTH
    x, y = side / 2 + rng.uniform(-space, space, 2) * 0.6
    if colour is not None and shape is not None:
        shade = tuple(int(np.clip(part + rng.integers(-12, 13), 0, 255)) for part in colour)
        pen = ImageDraw.Draw(picture)
        if shape == "circle":
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=shade)
        else:
            pen.polygon(_corners(shape, x, y, radius), fill=shade)
    return np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BOX), dtype=np.uint8)


def _corners(shape: str, x: float, y: float, radius: float) -> list[tuple[float, float]]:
    turns = {"square": 4, "triangle": 3, "star": 10}[shape]
    first = -math.pi / 4 if shape == "square" else -math.pi / 2
    reach = {"square": 1.15, "triangle": 1.25, "star": 1.25}[shape] * radius
    lengths = [reach if shape != "star" or at % 2 == 0 else 0.45 * reach for at in range(turns)]
    angles = [first + 2 * math.pi * at / turns for at in range(turns)]
    return [
        (x + length * math.cos(angle), y + length * math.sin(angle))
        for length, angle in zip(lengths, angles, strict=True)
    ]


def every_prompt() -> list[str]:
    """Return the prompts of GRID."""
    return [
        f"a {size} {colour} {shape}" for size in SIZES for colour in COLOURS for shape in SHAPES
    ]
