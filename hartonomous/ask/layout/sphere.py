"""Points on the unit sphere S3 in four dimensions: directions, distances, ways, projections.

A point is a unit quaternion (w, x, y, z). Opposite points are different places here, not the same
rotation.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NO_DIRECTION = 1e-9
"""Length, beside the mean, under which a row is rounding and points nowhere."""


def unit(rows: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Return rows (n, d) at length one, and which had a direction; those without one are all zero."""
    lengths = np.linalg.norm(rows, axis=1)
    directed = lengths > NO_DIRECTION * (lengths.mean() if len(lengths) else 0.0)
    scale = np.where(directed, lengths, 1.0)
    return np.where(directed[:, None], rows / scale[:, None], 0.0), directed


def quaternions(vectors: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the first four columns as unit quaternions (n, 4), and which rows have one.

    Missing columns, in graphs of fewer than five nodes, count as zero.
    """
    four = np.zeros((len(vectors), 4))
    four[:, : min(4, vectors.shape[1])] = vectors[:, :4]
    return unit(four)


def geodesic(first: Floats, second: Floats) -> Floats:
    """Return the angles between unit vectors (…, d), in radians; exact for near and far points.

    2 atan2(|a - b|, |a + b|) (Kahan 2006).
    """
    apart = np.linalg.norm(first - second, axis=-1)
    along = np.linalg.norm(first + second, axis=-1)
    return np.asarray(2 * np.arctan2(apart, along))


def slerp(first: Floats, second: Floats, shares: Floats) -> Floats:
    """Return the points (n, d) that lie shares (n,) of the way from one unit vector to another.

    Shoemake (1985). Between opposite points no way is the shortest; one of them is taken.
    """
    angle = float(geodesic(first, second))
    if angle < 1e-12:
        return np.tile(first, (len(shares), 1))
    across = second - first * float(first @ second)
    if np.linalg.norm(across) < 1e-12:
        across = np.eye(len(first))[np.abs(first).argmin()]
        across = across - first * float(first @ across)
    across /= np.linalg.norm(across)
    turned = shares * angle
    return np.asarray(np.outer(np.cos(turned), first) + np.outer(np.sin(turned), across))


def stereographic(points: Floats, pole: Floats) -> Floats:
    """Return unit vectors (n, d) projected from a pole onto the d - 1 dimensions opposite it.

    The pole itself has no image: infinity. The point opposite it goes to the origin, those between
    to distance one.
    """
    # Householder's reflection that takes the pole to the last axis.
    last = np.eye(len(pole))[-1]
    normal = pole - last
    length = float(normal @ normal)
    turned = points if length == 0 else points - np.outer(points @ normal, 2 * normal / length)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(turned[:, :-1] / (1 - turned[:, -1:]))
