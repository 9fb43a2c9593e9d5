"""Effects of words on features: exact where pictures are, none where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from hartonomous import odds
from hartonomous.row_odds import support, wrong_support
from hartonomous.schema import MICRO, TrackConstants, evidence_type
from importers.generators.effect_sizes import effect_table, effects
from importers.generators.prompt_grid import all_places

SHAPE, SEEDS = (2, 3, 4), 12
PROMPTS = np.repeat(np.arange(24), SEEDS)
PLACES = np.array(all_places(SHAPE))


def noise(rng: np.random.Generator, features: int = 40) -> np.ndarray:
    return rng.normal(0.5, 0.1, (len(PROMPTS), features))


def test_a_planted_effect_is_found_with_its_size(rng: np.random.Generator) -> None:
    values = noise(rng)
    values[PLACES[PROMPTS, 1] == 2, 0] += 0.1
    found = effects(values, PROMPTS, SHAPE)
    word = 2 + 2
    assert abs(found.effect[word, 0] - 1.0) < 3 * found.error[word, 0]
    assert found.shrunk()[word, 0] > 0 and (found.shrunk()[2:4, 0] <= 0).all()
    assert not found.shrunk()[:, 1:].any()
    # The other factors are balanced, so nothing of it is theirs.
    assert not found.shrunk()[[0, 1, 5, 6, 7, 8], 0].any()
    assert found.n.tolist() == [144, 144, 96, 96, 96, 72, 72, 72, 72]


def test_the_correction_is_hedges(rng: np.random.Generator) -> None:
    values = noise(rng, 1)
    own = PLACES[PROMPTS, 0] == 1
    apart = values[own].mean() - values[~own].mean()
    pooled = np.sqrt((values[own].var(ddof=1) + values[~own].var(ddof=1)) / 2)
    g = effects(values, PROMPTS, SHAPE).effect[1, 0]
    assert g == pytest.approx(apart / pooled * (1 - 3 / (4 * 286 - 1)))


@pytest.mark.parametrize("of", ["pictures", "prompts"])
def test_shuffled_prompts_have_no_effects(of: str, rng: np.random.Generator) -> None:
    values = noise(rng)
    for factor, size in enumerate(SHAPE):
        for level in range(size):
            values[PLACES[PROMPTS, factor] == level, 4 * factor + level] += 0.5
    assert np.count_nonzero(effects(values, PROMPTS, SHAPE).shrunk()) > 9
    edges = []
    for _ in range(10):
        mixed = rng.permutation(24)[PROMPTS] if of == "prompts" else rng.permutation(PROMPTS)
        edges.append(np.count_nonzero(effects(values, mixed, SHAPE).shrunk()))
    assert np.mean(edges) <= 1


def test_effects_are_capped_and_features_that_never_differ_have_none() -> None:
    values = np.zeros((len(PROMPTS), 2))
    values[PLACES[PROMPTS, 0] == 1, 0] = 1.0
    found = effects(values, PROMPTS, SHAPE)
    assert found.effect[:2, 0].tolist() == [-5.0, 5.0] and not found.effect[2:, 0].any()
    assert not found.effect[:, 1].any() and np.isfinite(found.error).all()


def test_missing_pictures_do_not_lend_a_word_the_effect_of_another() -> None:
    rng = np.random.default_rng(5)
    values = noise(rng, 1)
    values[PLACES[PROMPTS, 0] == 1, 0] += 0.5
    # Of one value of another factor, nearly only pictures without the word are left.
    there = (PLACES[PROMPTS, 1] != 0) | (PLACES[PROMPTS, 0] == 0) | (np.arange(288) % SEEDS == 0)
    found = effects(values[there], PROMPTS[there], SHAPE)
    assert found.shrunk()[1, 0] > 2
    assert not found.shrunk()[2:5, 0].any()


def test_rows_speak_for_and_against_and_nulls_are_even(rng: np.random.Generator) -> None:
    values = noise(rng, 3)
    values[PLACES[PROMPTS, 0] == 1, 0] += 0.3
    found = effects(values, PROMPTS, SHAPE)
    columns = effect_table(found, np.arange(3), 3 + np.arange(9))
    evidence, constants = evidence_type("EFFECT_EVIDENCE"), TrackConstants(1, 0, 0, 27)
    said = support(evidence, columns, constants)
    at = dict(zip(zip(columns["start"], columns["end"], strict=True), said.tolist(), strict=True))
    assert at[0, 4] > 500 and at[0, 3] == -at[0, 4] and at[1, 5] == 0
    assert not wrong_support(evidence, {**columns, "support": said}, constants).any()
    assert wrong_support(evidence, {**columns, "support": said + 2}, constants).all()
    over = {**columns, "effect": columns["effect"] * 0 + 5001, "support": said}
    assert wrong_support(evidence, over, constants).all()
    assert (columns["weight"] >= 0).all() and (columns["weight"] <= MICRO * columns["n"]).all()


def test_an_effect_is_the_log_odds_of_a_logistic_difference() -> None:
    # pi / sqrt(3) = 1.81 natural units of odds a standard deviation.
    assert odds.effect(np.array([2.0]), np.array([0.0]), 1)[0] == pytest.approx(
        2 * 1.8138 / 2.302585, rel=1e-4
    )
    wide = odds.effect(np.array([1.0, 1.0]), np.array([0.2, 0.3]), 1)
    assert wide[0] > wide[1] > 0
    assert odds.effect(np.array([1.0]), np.array([0.3]), 1000)[0] == 0
