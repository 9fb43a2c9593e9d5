"""The two engines draw from one distribution."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from hartonomous.ask.generation.next_token_model import GENERATING, NextTokenModel
from hartonomous.ask.generation.state_graph import States, read_states, state_edges
from hartonomous.ask.generation.text_generator import LANDING, GenerateOptions, Generator
from hartonomous.ask.generation.token_sampling import Filters
from hartonomous.ask.generation.walk_generator import Walker
from hartonomous.ask.paths.projections import projections
from hartonomous.errors import UsageError
from hartonomous.graph.driver import Graph
from tests.building import causal_bundle, put_in
from tests.tiny_transformers import reading_bundle

OPTIONS = GenerateOptions(length=3, filters=Filters(1.0, 6, 1.0), no_repeat=0, plain=False)


@pytest.fixture
def two(graph: Graph, tmp_path: Path) -> Graph:
    for seed in (1, 2):
        put_in(graph, causal_bundle(tmp_path, seed), f"causal-{seed}")
    return graph


@pytest.mark.parametrize("filters", [Filters(1.0, 6, 1.0), Filters(0.7, 9, 0.8), Filters(0.0, 5)])
@pytest.mark.parametrize("look_ahead", [True, False])
def test_edges_are_what_a_step_does(
    graph: Graph, tmp_path: Path, filters: Filters, look_ahead: bool, rng: np.random.Generator
) -> None:
    put_in(graph, reading_bundle(tmp_path, "king queen river kings bank money king queen", 4), "a")
    put_in(graph, causal_bundle(tmp_path, 5), "b")
    expecting = NextTokenModel(graph)
    landing = LANDING if look_ahead else np.ones_like(LANDING)
    may = rng.random(len(expecting)) < 0.9
    states = read_states(graph, expecting)
    edges = state_edges(graph, expecting, states, filters, may, landing)
    contexts = _contexts(states)
    assert len(contexts) == len(states.ids)
    for state in rng.choice(len(contexts), 60, replace=False):
        shares = expecting.shares(contexts[state], GENERATING) * may
        shares = shares * landing[expecting.landings(contexts[state])]
        tokens, left = filters.apply(shares)
        mine = edges.start == state
        assert states.last[edges.end[mine]].tolist() == tokens.tolist()
        np.testing.assert_allclose(edges.weight[mine], left, rtol=1e-9)
        for end in edges.end[mine]:
            whole = (*contexts[state], int(states.last[end]))
            assert contexts[end] == whole[len(whole) - len(contexts[end]) :]


def _contexts(states: States) -> list[tuple[int, ...]]:
    """Return each state's tokens, put together from prefixes and last tokens."""
    tokens = int((states.order == 1).sum())
    found: list[tuple[int, ...]] = [(token,) for token in range(tokens)]
    found += [()] * (len(states.ids) - tokens)
    cells = states.longer.tocoo()
    for place in np.argsort(cells.data):
        prefix, token = (int(part[place]) for part in cells.coords)
        found[int(cells.data[place]) - 1] = (*found[prefix], token)
    return found


def test_walks_follow_the_distribution_that_steps_follow(two: Graph) -> None:
    generator = Generator(NextTokenModel(two), None)
    samples = 3_000
    walker = Walker(two, generator, OPTIONS)
    assert not walker.reused
    walked = Counter(tuple(int(t) for t in text) for text in walker.draws([0, 1], samples))
    stepped = Counter(
        tuple(step.token for step in generator.stream([0, 1], OPTIONS, sample))
        for sample in range(samples)
    )
    # Two samples of one distribution: chi-square over texts seen often, bound at 10^-7.
    texts = [text for text in walked | stepped if walked[text] + stepped[text] >= 20]
    assert len(texts) > 20
    counts = np.array([[walked[text], stepped[text]] for text in texts])
    assert chi2_contingency(counts).pvalue > 1e-7


def test_a_projection_is_used_again_while_the_graph_stands(two: Graph, tmp_path: Path) -> None:
    generator = Generator(NextTokenModel(two), None)
    first = Walker(two, generator, OPTIONS)
    again = Walker(two, Generator(NextTokenModel(two), None), OPTIONS)
    assert (again.name, again.reused) == (first.name, True)
    assert again.walk([0], 10) == first.walk([0], 10)
    put_in(two, causal_bundle(tmp_path, 3), "third")
    moved = Walker(two, Generator(NextTokenModel(two), None), OPTIONS)
    assert not moved.reused
    assert [row["name"] for row in projections(two)] == [moved.name]


def test_samples_that_break_a_ban_are_left_out(two: Graph) -> None:
    generator = Generator(NextTokenModel(two), None)
    options = GenerateOptions(length=12, filters=Filters(1.0, 6, 1.0), no_repeat=2, plain=False)
    texts = Walker(two, generator, options).walk([0], 200)
    assert 0 < len(texts) < 200
    for steps in texts:
        tokens = [0, *(step.token for step in steps)]
        pairs = list(pairwise(tokens))
        assert len(pairs) == len(set(pairs))
    means = [np.mean([np.log(step.probability) for step in steps]) for steps in texts]
    assert means == sorted(means, reverse=True)


def test_the_likeliest_way_is_no_less_likely_than_any_walk(two: Graph) -> None:
    generator = Generator(NextTokenModel(two), None)
    walker = Walker(two, generator, OPTIONS)
    target = next(iter(walker.draws([0], 1)))[0]
    ways = walker.ways([0], int(target), top=3)
    assert [way.probability for way in ways] == sorted(
        (way.probability for way in ways), reverse=True
    )
    assert all(way.text.split()[0] == generator.expecting.texts[0] for way in ways)
    assert ways[0].text.split()[-1] == generator.expecting.texts[int(target)]


def test_a_projection_asks_how_many_tokens_follow(two: Graph) -> None:
    generator = Generator(NextTokenModel(two), None)
    with pytest.raises(UsageError, match="--top-k"):
        Walker(two, generator, GenerateOptions())
