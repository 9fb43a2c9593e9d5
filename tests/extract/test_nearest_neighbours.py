"""Exact neighbours: those of float64, those of faiss, deterministic; NN-descent with its recall."""

from __future__ import annotations

from collections.abc import Callable

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from hartonomous.extract.importer_protocol import OpenOptions, importer_for
from hartonomous.extract.search import exact_search
from hartonomous.extract.search.nearest_neighbours import (
    NeighbourOptions,
    Neighbours,
    centred,
    nearest,
    normalised,
)
from hartonomous.extract.search.tile_products import Bfloat16Products, Float32Products, Products
from tests import models

Choice = Callable[[np.ndarray], Products]
both = pytest.mark.parametrize("choose", [Float32Products, Bfloat16Products])


def reference(unit: np.ndarray, k: int) -> np.ndarray:
    """Neighbours by float64 dot products of the float32 rows, ties by index."""
    products = unit.astype(np.float64) @ unit.astype(np.float64).T
    np.fill_diagonal(products, -np.inf)
    k = min(k, len(unit) - 1)
    order = np.argsort(-products.round(12), axis=1, kind="stable")[:, :k].astype(np.int32)
    order[~unit.any(axis=1)] = -1
    return order


@pytest.fixture(scope="module")
def minilm() -> np.ndarray:
    model = importer_for(models.MINILM).open(models.MINILM, OpenOptions(limit=9000))
    return model.tracks[0].vectors(0)


@pytest.mark.parametrize("centre", [True, False])
def test_a_real_model_has_the_neighbours_faiss_finds(minilm: np.ndarray, centre: bool) -> None:
    found = nearest(minilm, NeighbourOptions(centre=centre))
    unit = normalised(centred(minilm) if centre else minilm)
    index = faiss.IndexFlatIP(unit.shape[1])
    index.add(unit)
    _, others = index.search(unit, 51)
    for row in range(len(unit)):
        theirs = [int(other) for other in others[row] if other != row][:50]
        differing = set(theirs) ^ set(found.indices[row].tolist())
        # Only what float32 cannot tell apart may differ, and there float64 decides for us.
        border = found.similarities[row, -1]
        for other in differing:
            exact = unit[row].astype(np.float64) @ unit[other].astype(np.float64)
            assert abs(exact - border) < 1e-6
    assert found.recall == 1.0
    assert np.all(np.diff(found.similarities, axis=1) <= 0)


@both
def test_the_kernel_is_used_and_equals_the_reference(
    rng: np.random.Generator, choose: Choice
) -> None:
    unit = normalised(rng.normal(size=(3000, 24)).astype(np.float32))
    assert exact_search._sample(unit, 10) is not None
    indices, similarities = exact_search.exact_neighbours(unit, 10, 2, choose=choose)
    assert np.array_equal(indices, reference(unit, 10))
    exact = np.einsum("id,ikd->ik", unit, unit[indices], dtype=np.float64)
    assert np.allclose(similarities, exact, atol=1e-12)


@both
def test_heavy_ties_are_broken_by_index(rng: np.random.Generator, choose: Choice) -> None:
    few = rng.normal(size=(40, 8)).astype(np.float32)
    unit = normalised(few[rng.integers(0, 40, size=3000)])
    indices, _ = exact_search.exact_neighbours(unit, 20, 2, choose=choose)
    assert np.array_equal(indices, reference(unit, 20))


@both
@pytest.mark.parametrize("shape", ["zeros among them", "two poles", "one direction"])
def test_what_no_threshold_fits_is_found_all_the_same(
    rng: np.random.Generator, choose: Choice, shape: str
) -> None:
    vectors = rng.normal(size=(2500, 12)).astype(np.float32)
    if shape == "zeros among them":
        vectors[::7] = 0.0
    elif shape == "two poles":
        # Of 2,497 rows at one pole and 3 at the other, the latter find hardly any product above 0.
        vectors[:, 0] = np.where(np.arange(2500) < 3, -9.0, 9.0)
    else:
        vectors[:, 0] = 900.0
    unit = normalised(vectors)
    indices, _ = exact_search.exact_neighbours(unit, 10, 2, choose=choose)
    assert np.array_equal(indices, reference(unit, 10))


def test_products_in_bfloat16_are_no_further_off_than_they_say(rng: np.random.Generator) -> None:
    for dimensions in (3, 64, 700):
        unit = normalised(rng.normal(size=(800, dimensions)).astype(np.float32))
        products = Bfloat16Products(unit)
        matrix = products.matrix(unit)
        found = products.numbers(products.tile(matrix, matrix)).astype(np.float64)
        off = np.abs(found - unit.astype(np.float64) @ unit.astype(np.float64).T)
        bound = products.error + products.relative * np.abs(found)
        assert (off <= bound).all()
        assert off.max() > products.error / 10


def test_searching_leaves_pytorch_its_threads(rng: np.random.Generator) -> None:
    unit = normalised(rng.normal(size=(3000, 24)).astype(np.float32))
    import torch

    before = torch.get_num_threads()
    exact_search.exact_neighbours(unit, 10, 2, choose=Bfloat16Products)
    assert torch.get_num_threads() == before


@settings(max_examples=60, deadline=None)
@given(
    vectors=npst.arrays(
        np.float32,
        st.tuples(st.integers(2, 40), st.integers(1, 6)),
        elements=st.integers(-3, 3).map(np.float32),
    ),
    k=st.integers(1, 45),
)
def test_any_small_matrix(vectors: np.ndarray, k: int) -> None:
    found = nearest(vectors, NeighbourOptions(k=k, centre=False))
    unit = normalised(vectors)
    assert found.indices.shape == (len(vectors), min(k, len(vectors) - 1))
    assert np.array_equal(found.indices, reference(unit, k))


def test_threads_do_not_change_the_result(rng: np.random.Generator) -> None:
    vectors = rng.normal(size=(5000, 32)).astype(np.float32)
    one, two = (nearest(vectors, NeighbourOptions(k=30, threads=threads)) for threads in (1, 2))
    assert np.array_equal(one.indices, two.indices)
    assert np.array_equal(one.similarities, two.similarities)


def test_equal_vectors_have_no_direction_once_centred() -> None:
    found = nearest(np.full((5, 3), 0.1, dtype=np.float32), NeighbourOptions(k=2))
    assert (found.indices == -1).all()


def test_one_vector_has_no_neighbours() -> None:
    assert nearest(np.ones((1, 3), dtype=np.float32), NeighbourOptions()).indices.shape == (1, 0)


def test_progress_reaches_the_end(rng: np.random.Generator) -> None:
    seen: list[tuple[int, int]] = []
    nearest(
        rng.normal(size=(700, 4)).astype(np.float32),
        NeighbourOptions(k=3),
        lambda *d: seen.append(d),
    )
    assert seen[-1] == (700, 700)


@pytest.mark.filterwarnings("ignore::numba.core.errors.NumbaTypeSafetyWarning")
def test_nn_descent_says_its_recall_and_repeats_itself(minilm: np.ndarray) -> None:
    options = NeighbourOptions(k=15, approximate_above=1000)
    found = nearest(minilm[:4000], options)
    exact = nearest(minilm[:4000], NeighbourOptions(k=15))
    assert 0.8 < found.recall <= 1.0
    assert abs(found.recall - _recall(found, exact)) < 0.03
    again = nearest(minilm[:4000], options)
    assert np.array_equal(found.indices, again.indices)


def _recall(found: Neighbours, exact: Neighbours) -> float:
    pairs = zip(found.indices, exact.indices, strict=True)
    return sum(len(np.intersect1d(a, b)) for a, b in pairs) / exact.indices.size
