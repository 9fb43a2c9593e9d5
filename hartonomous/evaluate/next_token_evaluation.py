"""Next-token evaluation: the graph's next-token distribution against a causal model's, on a given
text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hartonomous.ask.generation.next_token_model import NextTokenModel
from hartonomous.ask.generation.prompt_cache import PromptCache
from hartonomous.errors import BadInput
from hartonomous.schema import ORDERS

RESAMPLES = 2_000
SEED = 20
TOP = 5

RUN = 8
"""Length of a token sequence that counts as copied."""

Floats = NDArray[np.float64]


class Read(Protocol):
    """A part of a text as a model read it.

    `tokens` (t,) int64; `shares` (t, N) float32, the model's distribution after each; positions
    before `first` belong to the previous part.
    """

    @property
    def tokens(self) -> NDArray[np.int64]: ...
    @property
    def shares(self) -> NDArray[np.float32]: ...
    @property
    def first(self) -> int: ...


@dataclass(frozen=True)
class NextScore:
    """One next-token distribution against the model's, over the positions of a text.

    `top_1`: share of positions with the model's most probable token first; `top_5`: with it among
    the first five; `divergence`: KL from the model's distribution in nats; `perplexity` of the
    text. The bounds are 95 % of bootstrap resamples of the parts that the text was read in.
    """

    score: str
    places: int
    top_1: float
    top_1_low: float
    top_1_high: float
    top_5: float
    top_5_low: float
    top_5_high: float
    divergence: float
    perplexity: float


@dataclass
class NextEvaluation:
    """All scores; the model's own perplexity; the share of the text's tokens in sequences of RUN or
    more with every context of ORDERS tokens in the graph.
    """

    model_perplexity: float
    copied: float
    sources: list[str]
    scores: list[NextScore] = field(default_factory=list)


@dataclass
class _Sums:
    """Sums over one part of a text: positions, and the measures at them."""

    places: int
    sums: Floats


def evaluate_next(
    expecting: NextTokenModel, keys: Sequence[str], read: Iterable[Read]
) -> NextEvaluation:
    """Compare the graph's next-token distribution with a model's over a text.

    `keys` are the model's N compositions. Positions whose token and next token are compositions are
    compared, and the model's distribution is restricted to compositions. Raises BadInput for a text
    without such a position.
    """
    numbers = _numbers(expecting, keys)
    ways = _ways(expecting)
    parts: dict[str, list[_Sums]] = {name: [] for name in (*ways, "model")}
    copied = places = 0
    cache = PromptCache()
    for part in read:
        tokens = np.where(part.tokens >= 0, numbers[part.tokens], -1)
        # Tokens unknown to the graph have no counts, but need a probability.
        tokens[tokens >= len(expecting)] = -1
        covered = _copied(expecting, tokens)
        copied, places = (
            copied + int(covered[part.first :].sum()),
            places + len(tokens) - part.first,
        )
        _measure(part, tokens, numbers, ways, cache, parts)
    if not sum(one.places for one in parts["model"]):
        raise BadInput("The text has no position where a known token follows a known one.")
    own = np.sum([one.sums for one in parts["model"]], axis=0)
    n = sum(one.places for one in parts["model"])
    result = NextEvaluation(float(np.exp(own[3] / n)), copied / places, list(expecting.sources))
    result.scores = [_score(name, parts[name]) for name in ways]
    return result


Way = Callable[[Sequence[int], PromptCache], Floats]


def _ways(expecting: NextTokenModel) -> dict[str, Way]:
    return {
        "last token": lambda context, cache: expecting.shares(context[-1:]),
        "contexts": lambda context, cache: expecting.shares(context),
        "contexts, text so far": lambda context, cache: cache.mixed(expecting.shares(context)),
    }


def _numbers(expecting: NextTokenModel, keys: Sequence[str]) -> NDArray[np.int64]:
    """Return the graph's number of each of the model's compositions; unknown ones are numbered
    after its own.
    """
    known = {key: number for number, key in enumerate(expecting.keys)}
    unknown = iter(range(len(known), len(known) + len(keys)))
    return np.array([known[key] if key in known else next(unknown) for key in keys], dtype=np.int64)


def _measure(
    part: Read,
    tokens: NDArray[np.int64],
    numbers: NDArray[np.int64],
    ways: dict[str, Way],
    cache: PromptCache,
    parts: dict[str, list[_Sums]],
) -> None:
    """Add a part's positions to the sums; its tokens are appended to the prompt cache."""
    sums = {name: np.zeros(4) for name in parts}
    places = 0
    cache.break_off()
    for place in range(len(tokens)):
        if place >= part.first:
            cache.add(int(tokens[place]))
        # The last position of the previous part had no next token; it is here.
        if (
            place < part.first - 1
            or place + 1 == len(tokens)
            or part.tokens[place : place + 2].min() < 0
        ):
            continue
        places += 1
        own = part.shares[place].astype(np.float64)
        own /= own.sum()
        best, following = int(own.argmax()), int(part.tokens[place + 1])
        sums["model"][3] -= np.log(own[following])
        context = [int(token) for token in tokens[max(0, place + 1 - ORDERS) : place + 1]]
        for name, way in ways.items():
            sums[name] += _compared(own, best, following, _over(way(context, cache), numbers))
    for name, total in sums.items():
        parts[name].append(_Sums(places, total))


def _over(shares: Floats, numbers: NDArray[np.int64]) -> Floats:
    """Return the graph's distribution over the model's compositions: unknown ones have their
    uniform share.
    """
    strange = int((numbers >= len(shares)).sum())
    if not strange:
        return shares[numbers]
    every = len(shares) + strange
    padded = np.concatenate([shares * len(shares) / every, np.full(len(numbers), 1.0 / every)])
    return np.asarray(padded[numbers])


def _compared(own: Floats, best: int, following: int, shares: Floats) -> Floats:
    """Return top-1, top-5, KL and surprisal at one position."""
    first = np.argpartition(-shares, min(TOP, len(shares) - 1))[:TOP]
    likely = own > 0
    divergence = float((own[likely] * np.log(own[likely] / shares[likely])).sum())
    return np.array(
        [
            shares.argmax() == best,
            best in first,
            divergence,
            -np.log(shares[following]),
        ]
    )


def _copied(expecting: NextTokenModel, tokens: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return the mask of tokens in sequences of RUN or more whose contexts of ORDERS tokens are all
    known.
    """
    covered = np.zeros(len(tokens), dtype=bool)
    ends = [end for end in range(ORDERS, len(tokens) + 1) if min(tokens[end - ORDERS : end]) >= 0]
    known = np.zeros(len(tokens) + 1, dtype=bool)
    if ends:
        known[ends] = expecting.visited([tokens[end - ORDERS : end].tolist() for end in ends])
    begin = 0
    for end in range(1, len(tokens) + 2):
        if end <= len(tokens) and known[end]:
            continue
        # The contexts ending at `begin + 1` to `end - 1` are consecutive known ones.
        if begin + 1 < end and end - 1 - begin + ORDERS - 1 >= RUN:
            covered[begin + 1 - ORDERS : end - 1] = True
        begin = end
    return covered


def _score(name: str, parts: list[_Sums]) -> NextScore:
    places = np.array([part.places for part in parts], dtype=np.float64)
    sums = np.array([part.sums for part in parts])
    whole = sums.sum(axis=0) / places.sum()
    drawn = np.random.default_rng(SEED).multinomial(
        len(parts), np.full(len(parts), 1 / len(parts)), size=RESAMPLES
    )
    rates = (drawn @ sums) / np.maximum(drawn @ places, 1)[:, None]
    low, high = np.percentile(rates, [2.5, 97.5], axis=0)
    return NextScore(
        name, int(places.sum()),
        float(whole[0]), float(low[0]), float(high[0]),
        float(whole[1]), float(low[1]), float(high[1]),
        float(whole[2]), float(np.exp(whole[3])),
    )  # fmt: skip
