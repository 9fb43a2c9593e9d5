"""Drawn pictures: one thing of a known colour, size and shape on a ground of one colour."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from hartonomous.pictures.picture_files import Pixels

COLOURS = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "grey": (128, 128, 128),
    "red": (220, 20, 20),
    "orange": (255, 165, 0),
    "yellow": (255, 255, 0),
    "green": (0, 128, 0),
    "blue": (0, 0, 255),
    "purple": (128, 0, 128),
    "pink": (255, 192, 203),
    "brown": (139, 69, 19),
}

SHAPES = {
    "round": "round",
    "square": "square",
    "diamond": "square",
    "triangle": "triangular",
    "bar": "elongated",
    "cross": "notched",
}
"""The shape that each drawing has."""

SIZES = {"small": 0.3, "medium": 0.5, "large": 0.75}
"""Sides of the thing, as shares of the picture's."""


def drawn(
    shape: str,
    colour: str,
    size: float = 0.5,
    ground: str = "white",
    side: int = 64,
    turned: float = 0.0,
    at: tuple[float, float] = (0.5, 0.5),
) -> Pixels:
    """Return a square picture of a thing with soft edges, turned by some degrees, its middle `at`."""
    fine = side * 4
    image = Image.new("RGB", (fine, fine), COLOURS[ground])
    reach = size * fine / 2
    corners = _corners(shape) * reach
    angle = np.radians(turned)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = corners @ turn.T + np.array(at) * fine
    ImageDraw.Draw(image).polygon([tuple(point) for point in points.tolist()], fill=COLOURS[colour])
    return np.array(image.resize((side, side), Image.Resampling.BOX))


def _corners(shape: str) -> np.ndarray:
    if shape == "round":
        angles = np.linspace(0, 2 * np.pi, 90, endpoint=False)
        return np.stack([np.cos(angles), np.sin(angles)], axis=1)
    arm = 0.25
    corners = {
        "square": [(-1, -1), (1, -1), (1, 1), (-1, 1)],
        "diamond": [(0, -1), (1, 0), (0, 1), (-1, 0)],
        "triangle": [(0, -1), (1, 1), (-1, 1)],
        "bar": [(-1, -arm), (1, -arm), (1, arm), (-1, arm)],
        "cross": [
            *[(-arm, -1), (arm, -1), (arm, -arm), (1, -arm), (1, arm), (arm, arm)],
            *[(arm, 1), (-arm, 1), (-arm, arm), (-1, arm), (-1, -arm), (-arm, -arm)],
        ],
    }
    return np.array(corners[shape], dtype=np.float64)
