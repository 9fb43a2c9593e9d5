"""What filters leave, and draws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hartonomous.ask.generation.token_sampling import Filters, draw, likeliest
from hartonomous.errors import UsageError

SHARES = np.array([0.1, 0.4, 0.05, 0.3, 0.15])


def test_the_likeliest_come_first_ties_by_place() -> None:
    assert likeliest(np.array([1.0, 3.0, 2.0, 3.0, 2.0, 2.0]), 4).tolist() == [1, 3, 2, 4]


def test_a_temperature_of_nothing_is_greedy() -> None:
    tokens, left = Filters(temperature=0).apply(SHARES)
    assert (tokens.tolist(), left.tolist()) == ([1], [1.0])


def test_top_k_then_top_p() -> None:
    tokens, left = Filters(1.0, top_k=4, top_p=0.75).apply(SHARES)
    # Of the four likeliest, 0.95 in all: 0.42, 0.74, and the one that reaches 0.75.
    assert tokens.tolist() == [1, 3, 4]
    np.testing.assert_allclose(left, np.array([0.4, 0.3, 0.15]) / 0.85)


@given(
    st.lists(st.floats(0, 1e3), min_size=1, max_size=900),
    st.floats(0.01, 50),
    st.floats(0.01, 1),
)
def test_top_p_holds_so_much_and_no_more(
    values: list[float], temperature: float, top_p: float
) -> None:
    shares = np.array(values)
    tokens, left = Filters(temperature, None, top_p).apply(shares)
    if not shares.any():
        assert not len(tokens)
        return
    assert left.sum() == pytest.approx(1)
    assert (np.diff(left) <= 0).all()
    powers = (shares / shares.max()) ** (1 / temperature)
    powers /= powers.sum()
    held = powers[tokens]
    assert held.sum() >= top_p - 1e-9
    assert held[:-1].sum() < top_p + 1e-9


@pytest.mark.parametrize(
    "given_", [{"temperature": -1}, {"temperature": float("nan")}, {"temperature": float("inf")},
               {"top_k": 0}, {"top_p": 0}, {"top_p": 1.1}, {"top_p": float("nan")}],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(given_: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        Filters(**given_)  # type: ignore[arg-type]


def test_draws_follow_the_shares(rng: np.random.Generator) -> None:
    shares = np.array([0.5, 0.3, 0.2])
    drawn = np.bincount([draw(shares, chance) for chance in rng.random(20_000)], minlength=3)
    # Seven standard deviations: a failure once in 10^11 runs.
    assert (np.abs(drawn / 20_000 - shares) < 7 * np.sqrt(shares * (1 - shares) / 20_000)).all()
    assert draw(shares, np.nextafter(1, 0)) == 2
