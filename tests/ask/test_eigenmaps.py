"""Eigenmaps and the sphere against dense linear algebra and graphs whose spectrum is known."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from scipy import sparse

from hartonomous.ask.layout import eigenmaps
from hartonomous.ask.layout.eigenmaps import (
    SPARE,
    adjacency,
    canonical,
    eigenmap,
    giant_component,
    gram_schmidt,
    probes,
)
from hartonomous.ask.layout.sphere import geodesic, quaternions, slerp, stereographic


@pytest.fixture(params=["whole", "iterated"])
def solver(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Both ways of solving, on graphs small enough to be checked densely."""
    monkeypatch.setattr(eigenmaps, "DENSE", 10_000 if request.param == "whole" else 0)
    yield


def graph_of(edges: list[tuple[int, int]], size: int) -> sparse.csr_array:
    starts, ends = np.array(edges).T
    return adjacency(starts, ends, np.ones(len(edges)), size)


def ring(size: int) -> sparse.csr_array:
    return graph_of([(i, (i + 1) % size) for i in range(size)], size)


def grid(wide: int, high: int) -> sparse.csr_array:
    across = [(i * wide + j, i * wide + j + 1) for i in range(high) for j in range(wide - 1)]
    down = [(i * wide + j, (i + 1) * wide + j) for i in range(high - 1) for j in range(wide)]
    return graph_of(across + down, wide * high)


def cliques(each: int) -> sparse.csr_array:
    inside = [(k * each + i, k * each + j) for k in (0, 1) for i in range(each) for j in range(i)]
    return graph_of([*inside, (0, each)], 2 * each)


def random_graph(rng: np.random.Generator, size: int) -> sparse.csr_array:
    starts, ends = rng.integers(0, size, (2, 6 * size))
    circle = np.arange(size)
    matrix = adjacency(
        np.append(starts, circle),
        np.append(ends, (circle + 1) % size),
        rng.uniform(0.5, 30, 7 * size),
        size,
    )
    return matrix


def probes_of(rng: np.random.Generator, size: int, columns: int) -> np.ndarray:
    return probes(rng.integers(0, 2**63, (size, 2)).astype(np.uint64), columns + SPARE)


def walk_spectrum(matrix: sparse.csr_array) -> tuple[np.ndarray, np.ndarray]:
    """Return S densely, and its eigenvalues, largest first."""
    degrees = np.asarray(matrix.sum(axis=1)).ravel()
    dense = matrix.toarray() / np.sqrt(np.outer(degrees, degrees))
    return dense, np.linalg.eigvalsh(dense)[::-1]


def check(matrix: sparse.csr_array, dimensions: int, rng: np.random.Generator) -> None:
    """Hold an eigenmap against numpy's dense solver."""
    size = matrix.shape[0]
    found = eigenmap(matrix, dimensions, probes_of(rng, size, dimensions))
    dense, values = walk_spectrum(matrix)
    expected = values[1 : dimensions + 1]
    assert found.values == pytest.approx(expected, abs=1e-7)
    degrees = np.asarray(matrix.sum(axis=1)).ravel()
    walk = matrix.toarray() / degrees[:, None]
    assert walk @ found.vectors == pytest.approx(found.vectors * found.values, abs=1e-5)
    metric = found.vectors.T @ (found.vectors * (degrees / degrees.sum())[:, None])
    assert metric == pytest.approx(np.eye(len(found.values)), abs=1e-9)
    assert degrees @ found.vectors == pytest.approx(np.zeros(len(found.values)), abs=1e-4)
    assert dense.shape == (size, size)


@pytest.mark.usefixtures("solver")
@pytest.mark.parametrize("dimensions", [4, 16])
def test_eigenmaps_are_those_of_the_dense_solver(rng: np.random.Generator, dimensions: int) -> None:
    check(random_graph(rng, 300), dimensions, rng)
    check(grid(17, 12), dimensions, rng)
    check(cliques(30), dimensions, rng)


@pytest.mark.usefixtures("solver")
def test_a_rings_spectrum_is_cosines_each_twice(rng: np.random.Generator) -> None:
    size = 120
    found = eigenmap(ring(size), 6, probes_of(rng, size, 6))
    cosines = np.cos(2 * np.pi * np.repeat(np.arange(1, 4), 2) / size)
    assert found.values == pytest.approx(cosines, abs=1e-8)
    # A ring is laid out as a circle: all neighbours are equally far.
    steps = np.linalg.norm(np.diff(found.vectors[:, :2], axis=0), axis=1)
    assert steps == pytest.approx(np.full(size - 1, steps[0]), abs=1e-5)
    assert not found.cut
    assert eigenmap(ring(size), 5, probes_of(rng, size, 5)).cut is False


@pytest.mark.usefixtures("solver")
def test_two_cliques_lie_apart_in_the_first_dimension(rng: np.random.Generator) -> None:
    found = eigenmap(cliques(25), 4, probes_of(rng, 50, 4))
    side = np.sign(found.vectors[:, 0])
    assert len(set(side[:25])) == len(set(side[25:])) == 1
    assert side[0] != side[25]
    assert found.cut  # the cliques' inner eigenvalue has far more dimensions than four


@pytest.mark.usefixtures("solver")
def test_the_order_of_rows_has_no_influence(rng: np.random.Generator) -> None:
    """Rings and grids have eigenvalues of several dimensions, where the basis is a choice."""
    for matrix in (ring(90), grid(9, 9), random_graph(rng, 150)):
        size = matrix.shape[0]
        given = probes_of(rng, size, 6)
        order = rng.permutation(size)
        straight = eigenmap(matrix, 6, given)
        mixed = eigenmap(matrix[order][:, order].tocsr(), 6, given[order])
        assert mixed.vectors == pytest.approx(straight.vectors[order], abs=1e-4)
        again = eigenmap(matrix, 6, given)
        assert (again.vectors == straight.vectors).all()


def test_every_copy_of_an_eigenvalue_is_found(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight equal arms: an eigenvalue of seven dimensions, which one Krylov space may miss."""
    monkeypatch.setattr(eigenmaps, "DENSE", 0)
    arms, length = 8, 15
    edges = [(0, 1 + arm * length) for arm in range(arms)]
    edges += [
        (1 + arm * length + i, 2 + arm * length + i)
        for arm in range(arms)
        for i in range(length - 1)
    ]
    matrix = graph_of(edges, 1 + arms * length)
    _, values = walk_spectrum(matrix)
    found = eigenmap(matrix, 10, probes_of(rng, matrix.shape[0], 10))
    assert found.values == pytest.approx(values[1:11], abs=1e-7)


@pytest.mark.parametrize(("size", "dimensions"), [(2, 1), (3, 2), (5, 4)])
def test_graphs_of_few_nodes_have_few_dimensions(
    rng: np.random.Generator, size: int, dimensions: int
) -> None:
    edges = [(i, i + 1) for i in range(size - 1)]
    found = eigenmap(graph_of(edges, size), 16, probes_of(rng, size, 16))
    assert found.vectors.shape == (size, dimensions)
    points, directed = quaternions(found.vectors)
    assert points.shape == (size, 4)
    assert np.linalg.norm(points[directed], axis=1) == pytest.approx(np.ones(directed.sum()))


def test_a_node_without_a_direction_is_told(rng: np.random.Generator) -> None:
    star = graph_of([(0, i) for i in range(1, 20)], 20)
    found = eigenmap(star, 4, probes_of(rng, 20, 4))
    points, directed = quaternions(found.vectors)
    assert not directed[0] and directed[1:].all()
    assert (points[0] == 0).all()


def test_the_giant_component(rng: np.random.Generator) -> None:
    matrix = graph_of([(0, 1), (2, 3), (3, 4), (5, 6)], 9)
    nodes, components = giant_component(matrix)
    assert nodes.tolist() == [2, 3, 4]
    assert components == 3
    assert giant_component(graph_of([(0, 1), (2, 3)], 4))[0].tolist() == [0, 1]
    assert giant_component(sparse.csr_array((3, 3)))[0].tolist() == []


def test_gram_schmidt_in_the_degree_metric(rng: np.random.Generator) -> None:
    columns, degrees = rng.normal(size=(40, 6)), rng.uniform(1, 9, 40)
    share = degrees / degrees.sum()
    expected = np.empty_like(columns)
    for j in range(6):
        rest = columns[:, j].copy()
        for k in range(j):
            rest -= expected[:, k] * ((expected[:, k] * share) @ columns[:, j])
        expected[:, j] = rest / np.sqrt((rest * share) @ rest)
    assert gram_schmidt(columns, degrees) == pytest.approx(expected, abs=1e-10)


def test_canonical_bases_do_not_depend_on_a_rotation(rng: np.random.Generator) -> None:
    space, _ = np.linalg.qr(rng.normal(size=(30, 5)))
    values = np.array([0.9, 0.5, 0.5, 0.5, 0.1])
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    turned = space.copy()
    turned[:, 1:4] = space[:, 1:4] @ turn
    turned[:, 4] *= -1
    given = rng.uniform(-1, 1, (30, 5))
    assert canonical(values, turned, given) == pytest.approx(
        canonical(values, space, given), abs=1e-10
    )


def test_probes_depend_on_the_key_alone(rng: np.random.Generator) -> None:
    keys = rng.integers(0, 2**63, (5_000, 2)).astype(np.uint64)
    drawn = probes(keys, 4)
    assert (probes(keys[::-1], 4)[::-1] == drawn).all()
    assert drawn.min() >= -1 and drawn.max() < 1
    assert abs(drawn.mean()) < 0.05
    assert np.abs(np.corrcoef(drawn.T) - np.eye(4)).max() < 0.1


def points_on_sphere(rng: np.random.Generator, count: int) -> np.ndarray:
    points = rng.normal(size=(count, 4))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def test_geodesic_distance_is_a_metric(rng: np.random.Generator) -> None:
    a, b, c = points_on_sphere(rng, 300).reshape(3, 100, 4)
    assert geodesic(a, b) == pytest.approx(np.arccos((a * b).sum(axis=1)), abs=1e-7)
    assert (geodesic(a, b) <= geodesic(a, c) + geodesic(c, b) + 1e-12).all()
    assert geodesic(a, -a) == pytest.approx(np.full(100, np.pi))
    assert (geodesic(a, a) == 0).all()


def test_slerp_goes_evenly_from_one_to_the_other(rng: np.random.Generator) -> None:
    a, b = points_on_sphere(rng, 2)
    shares = np.linspace(0, 1, 11)
    way = slerp(a, b, shares)
    assert way[0] == pytest.approx(a) and way[-1] == pytest.approx(b)
    assert np.linalg.norm(way, axis=1) == pytest.approx(np.ones(11))
    assert geodesic(way[:-1], way[1:]) == pytest.approx(np.full(10, geodesic(a, b) / 10))
    assert slerp(a, a, shares) == pytest.approx(np.tile(a, (11, 1)))
    around = slerp(a, -a, shares)
    assert geodesic(around[:-1], around[1:]) == pytest.approx(np.full(10, np.pi / 10))


def test_stereographic_projection_keeps_angles_and_circles(rng: np.random.Generator) -> None:
    pole = points_on_sphere(rng, 1)[0]
    points = points_on_sphere(rng, 50)
    flat = stereographic(points, pole)
    assert flat.shape == (50, 3)
    # |image| = cot(angle to the pole / 2), and chords |p - q| = |P - Q| (1 - p.n)(1 - q.n), rooted.
    assert np.linalg.norm(flat, axis=1) == pytest.approx(1 / np.tan(geodesic(points, pole) / 2))
    below = np.sqrt(1 - points @ pole)
    chords = np.linalg.norm(flat[0] - flat[1:], axis=1) * below[0] * below[1:]
    assert np.linalg.norm(points[0] - points[1:], axis=1) == pytest.approx(chords)
    assert stereographic(-pole[None, :], pole) == pytest.approx(np.zeros((1, 3)))
