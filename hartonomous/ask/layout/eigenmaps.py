"""Laplacian eigenmaps of a weighted graph (Belkin and Niyogi 2003): numerics only, no database.

The eigenvectors of the random walk D^-1 W follow from those of S = D^-1/2 W D^-1/2. The leading
ones are computed by Lanczos on S (ARPACK); a small matrix is solved directly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh
from threadpoolctl import threadpool_limits

from hartonomous.errors import VerificationFailed

DENSE = 800
"""Nodes up to which the whole spectrum is computed."""

TOLERANCE = 1e-8
"""Residual of an eigenvector, relative to its eigenvalue."""

EQUAL = 1e-6
"""Largest difference of eigenvalues that count as one repeated eigenvalue."""

SPARE = 8
"""Eigenvectors computed beyond those requested, to find the multiplicity of the last eigenvalue."""

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Eigenmap:
    """Leading eigenvectors of a connected graph's random walk, without the constant one.

    `values` (d,) float64 in [-1, 1] are the eigenvalues, largest first; `vectors` (n, d) float64
    are orthonormal in the degree metric, sum of degree * f * g over sum of degrees. `cut` is true
    if the last eigenvalue has more dimensions than requested, so that the last columns are an
    arbitrary choice among them.
    """

    values: Floats
    vectors: Floats
    cut: bool


def adjacency(starts: Integers, ends: Integers, weights: Floats, size: int) -> sparse.csr_array:
    """Return the symmetric (size, size) float64 matrix of edges, sorted, without loops.

    `starts`, `ends` (edges,) integers in [0, size) and `weights` (edges,) float64 name each edge
    once.
    """
    keep = starts != ends
    once = sparse.coo_array((weights[keep], (starts[keep], ends[keep])), shape=(size, size))
    both = (once + once.T).tocsr()
    both.sum_duplicates()
    return both


def giant_component(matrix: sparse.csr_array) -> tuple[Integers, int]:
    """Return the rows of the largest component (m,) integers, ascending, and the number of
    components with an edge.

    `matrix` is (n, n), symmetric. Of two largest components, the one with the lowest row.
    """
    if not matrix.nnz:
        return np.zeros(0, dtype=np.int64), 0
    _, labels = connected_components(matrix, directed=False)
    sizes = np.bincount(labels)
    return np.flatnonzero(labels == sizes.argmax()), int((sizes > 1).sum())


def eigenmap(matrix: sparse.csr_array, dimensions: int, probes: Floats) -> Eigenmap:
    """Return the leading `dimensions` eigenvectors of a connected graph, fewer if it has fewer.

    `matrix` is (n, n), symmetric, weights at least 0. `probes` (n, dimensions + SPARE) float64
    determine signs and the bases of repeated eigenvalues: columns that depend on a node's identity,
    not on its row. Raises VerificationFailed if the iteration does not converge.
    """
    size = matrix.shape[0]
    degrees = np.asarray(matrix.sum(axis=1)).ravel()
    roots = np.sqrt(degrees)
    halves = sparse.diags_array(1 / roots)
    normalised = (halves @ matrix @ halves).tocsr()
    wanted = min(dimensions + SPARE, size - 1)
    # One thread: the order of its sums, and so every bit of the result, is then always the same.
    with threadpool_limits(1):
        if size <= DENSE:
            values, vectors = _whole(normalised, roots, wanted)
        else:
            values, vectors = _leading(normalised, roots, wanted, probes)
        vectors = canonical(values, vectors, probes)
        kept = min(dimensions, wanted)
        cut = 0 < kept < size - 1 and bool(values[kept - 1] - values[-1] < EQUAL)
        vectors = gram_schmidt(vectors[:, :kept] / roots[:, None], degrees)
    return Eigenmap(values[:kept], vectors, cut)


def gram_schmidt(vectors: Floats, degrees: Floats) -> Floats:
    """Return the columns (n, d) orthonormalised one after the other, in the metric of `degrees`
    (n,).

    The metric is the mean over nodes weighted by degree. Householder's QR computes the same as
    Gram-Schmidt, with less rounding; each column keeps the direction of its new component.
    """
    weights = np.sqrt(degrees / degrees.sum())[:, None]
    columns, triangle = np.linalg.qr(vectors * weights)
    return np.asarray(columns * np.sign(np.diag(triangle)) / weights)


def canonical(values: Floats, vectors: Floats, probes: Floats) -> Floats:
    """Return each eigenvalue's vectors (n, d) in the basis that the probes determine.

    `values` (d,), `vectors` (n, d), `probes` (n, at least d). In that basis the projections of the
    probes onto the eigenspace, taken in order, are triangular with a positive diagonal, so a
    rotation or sign of the input has no influence.
    """
    result = np.empty_like(vectors)
    first = 0
    while first < len(values):
        last = first + 1
        while last < len(values) and values[last - 1] - values[last] < EQUAL:
            last += 1
        space = vectors[:, first:last]
        turn, triangle = np.linalg.qr(space.T @ probes[:, : last - first])
        result[:, first:last] = space @ (turn * np.sign(np.diag(triangle)))
        first = last
    return result


def probes(keys: NDArray[np.uint64], columns: int) -> Floats:
    """Return (n, columns) float64 in [-1, 1) that depend on the keys (n, 2) uint64 alone.

    By the finaliser of SplitMix64 (Steele et al. 2014).
    """
    steps = np.arange(1, columns + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed = _mix(keys[:, :1] + steps[None, :]) ^ keys[:, 1:]
    return np.asarray((_mix(mixed) >> np.uint64(11)).astype(np.float64) * 2.0**-52 - 1.0)


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _whole(normalised: sparse.csr_array, roots: Floats, count: int) -> tuple[Floats, Floats]:
    trivial = roots / np.linalg.norm(roots)
    values, vectors = np.linalg.eigh(normalised.toarray() - 3 * np.outer(trivial, trivial))
    return values[::-1][:count], vectors[:, ::-1][:, :count]


def _leading(
    normalised: sparse.csr_array, roots: Floats, count: int, probes: Floats
) -> tuple[Floats, Floats]:
    """Return the `count` largest eigenvalues below the trivial one, and their vectors.

    A Krylov space of one start vector contains one vector of each eigenvalue; rounding brings in
    the others in most cases, but not always. So the remainder is searched again, from another start
    each time, until nothing more is found.
    """
    found = (roots / np.linalg.norm(roots))[:, None]
    values, vectors = _solve(normalised, found, count, probes[:, 0], TOLERANCE)
    for again in range(count):
        found = np.column_stack([found[:, :1], vectors])
        start = probes[:, (again + 1) % probes.shape[1]]
        missed, _ = _solve(normalised, found, 1, start, tolerance=1e-2)
        if missed[0] < values[-1] + EQUAL:
            break
        value, vector = _solve(normalised, found, 1, start, TOLERANCE)
        order = np.argsort(-np.append(values, value), kind="stable")[:count]
        values = np.append(values, value)[order]
        vectors = np.column_stack([vectors, vector])[:, order]
    return values, vectors


def _solve(
    normalised: sparse.csr_array, found: Floats, count: int, start: Floats, tolerance: float
) -> tuple[Floats, Floats]:
    """Return the largest eigenvalues, and vectors orthogonal to those found; largest first."""

    def multiply(x: Floats) -> Floats:
        # The eigenvalues found are moved to -2 and below, away from those of S, which are at least
        # -1.
        x = x.ravel()
        return np.asarray(normalised @ x - 3 * (found @ (found.T @ x)))

    size = normalised.shape[0]
    operator = LinearOperator((size, size), matvec=multiply, dtype=np.float64)
    width = min(size, max(2 * count + 1, 20))
    try:
        values, vectors = eigsh(
            operator, count, which="LA", v0=start, ncv=width, tol=tolerance, maxiter=300
        )
    except ArpackNoConvergence as error:
        raise VerificationFailed(
            f"The eigenvectors of {size:,} nodes did not converge: {error}. Ask for fewer "
            "--dimensions."
        ) from error
    return values[::-1], vectors[:, ::-1]
