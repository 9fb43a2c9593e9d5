"""The unit sphere S3: unit vectors, geodesic distance, Slerp and stereographic projection.

A point is a unit quaternion (w, x, y, z). Opposite points are different points here, not the same
rotation.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NO_DIRECTION = 1e-9
"""Length, relative to the mean, below which a row is rounding noise without a direction."""


def unit(rows: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Return rows (n, d) float64 scaled to length one, zero if they have no direction, and the mask
    (n,) of those that have one.
    """
    lengths = np.linalg.norm(rows, axis=1)
    directed = lengths > NO_DIRECTION * (lengths.mean() if len(lengths) else 0.0)
    scale = np.where(directed, lengths, 1.0)
    return np.where(directed[:, None], rows / scale[:, None], 0.0), directed


def quaternions(vectors: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the first four columns of (n, d) as unit quaternions (n, 4), and the mask (n,) of rows
    that have one.

    Missing columns, in graphs of fewer than five nodes, count as zero.
    """
    four = np.zeros((len(vectors), 4))
    four[:, : min(4, vectors.shape[1])] = vectors[:, :4]
    return unit(four)


def geodesic(first: Floats, second: Floats) -> Floats:
    """Return the angles between unit vectors (…, d), in radians, 0 to pi; accurate for near and far
    points.

    2 atan2(|a - b|, |a + b|) (Kahan 2006).
    """
    apart = np.linalg.norm(first - second, axis=-1)
    along = np.linalg.norm(first + second, axis=-1)
    return np.asarray(2 * np.arctan2(apart, along))


def slerp(first: Floats, second: Floats, shares: Floats) -> Floats:
    """Return the points (n, d) at shares (n,) in [0, 1] of the shortest arc between two unit
    vectors (d,).

    Shoemake (1985). Between opposite points the shortest arc is not unique; one of them is taken.
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
    """Return unit vectors (n, d) projected stereographically from a pole (d,) to (n, d - 1).

    The pole maps to infinity, the opposite point to the origin, the equator to distance one.
    """
    # Householder's reflection that maps the pole to the last axis.
    last = np.eye(len(pole))[-1]
    normal = pole - last
    length = float(normal @ normal)
    turned = points if length == 0 else points - np.outer(points @ normal, 2 * normal / length)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(turned[:, :-1] / (1 - turned[:, -1:]))
