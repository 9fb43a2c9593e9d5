"""Text generator: text from next-token evidence, token by token, with an explanation of each token.

Each step interpolates the contexts at the end of the text (next_token_model.py), favours stored
paths (look-ahead), mixes in the tokens of the text (prompt cache), applies the filters, and draws.
A source's contribution to a token is its part of that sum, which `explain` reports.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hartonomous.ask.generation.detokenizer import Detokenizer
from hartonomous.ask.generation.next_token_model import GENERATING, NextTokenModel
from hartonomous.ask.generation.prompt_cache import PromptCache
from hartonomous.ask.generation.token_sampling import Filters, draw, likeliest
from hartonomous.errors import NotFound, UsageError
from hartonomous.schema import ORDERS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LANDING = np.array([0.005, 0.03, 0.3, 1.5, 0.8])
"""Factors by the length of the longest stored context a token leads to: measured on a real model.
Stored paths make text readable; always choosing the longest ones repeats the source: with a factor
of 4 for them, two thirds of the tokens were copied, for 0.2 nats less per token.
"""

LONGEST = 10_000
"""Most tokens of one text."""

LONGEST_PROMPT = 100_000
"""Most characters of a prompt."""

MOST_BEAMS = 64


@dataclass(frozen=True)
class GenerateOptions:
    """Options of generation.

    `length` is the most tokens to write; `no_repeat` the length of token sequences that may not
    occur twice, 0 for no limit; `plain` leaves out tokens other than letters and common
    punctuation; `stop` are tokens that end the text, `ban` words to exclude. `look_ahead` and
    `cache` as in the module's description. Raises UsageError for invalid values.
    """

    length: int = 60
    filters: Filters = field(default_factory=Filters)
    look_ahead: bool = True
    cache: bool = False
    no_repeat: int = 3
    plain: bool = True
    ban: tuple[str, ...] = ()
    stop: tuple[str, ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.length <= LONGEST:
            raise UsageError(f"A text has 1 to {LONGEST:,} tokens, not {self.length}.")
        if self.no_repeat < 0:
            raise UsageError(f"--no-repeat is 0 or more, not {self.no_repeat}.")


@dataclass(frozen=True)
class Step:
    """One token: its number, its text as it continues the text, the context it followed, its
    probability.
    """

    token: int
    text: str
    context: tuple[int, ...]
    probability: float


class Generator:
    """Writes texts with the sources of one `NextTokenModel`; reuse it to keep its cached states."""

    def __init__(self, expecting: NextTokenModel, removed: Callable[[str], bool] | None) -> None:
        self.expecting = expecting
        self.detokenizer = Detokenizer(expecting.texts, expecting.kinds, removed)

    def prompt(self, text: str) -> list[int]:
        """Return the tokens of a prompt, -1 where no token matches.

        Raises UsageError for an overlong prompt, NotFound if no word of it is known.
        """
        if len(text) > LONGEST_PROMPT:
            raise UsageError(
                f"The prompt has {len(text):,} characters; at most {LONGEST_PROMPT:,} are allowed."
            )
        tokens = self.expecting.spelt(text)
        if tokens and max(tokens) < 0:
            raise NotFound("No token of the graph spells any part of this prompt.")
        return tokens

    def stream(
        self, prompt: Sequence[int], options: GenerateOptions, sample: int = 0
    ) -> Iterator[Step]:
        """Yield the tokens of one text; it depends on graph, prompt, options and sample number
        alone.
        """
        chances = np.random.default_rng([options.seed, sample])
        text = list(prompt)
        cache = PromptCache()
        for token in text:
            cache.add(token)
        may = self.detokenizer.allowed(options.plain, options.ban)
        stops = self.detokenizer.numbers(options.stop)
        for _ in range(options.length):
            context = tuple(text[-ORDERS:])
            shares = self._shares(context, options, cache, may, text)
            drawn = self._drawn(text, shares, options.filters, chances)
            if drawn is None:
                return
            token, probability = drawn
            yield Step(token, self.detokenizer.joined(text, token), context, probability)
            text.append(token)
            cache.add(token)
            if token in stops:
                return

    def _drawn(
        self, text: list[int], shares: Floats, filters: Filters, chances: np.random.Generator
    ) -> tuple[int, float] | None:
        """Return a token and its probability, None if no token may follow."""
        while True:
            tokens, left = filters.apply(shares)
            if not len(tokens):
                return None
            place = draw(left, float(chances.random()))
            if not self.detokenizer.completes_removed_word(text, int(tokens[place])):
                return int(tokens[place]), float(left[place])
            shares[tokens[place]] = 0.0

    def scored(
        self, prompt: Sequence[int], tokens: Sequence[int], options: GenerateOptions
    ) -> tuple[float, list[Step]]:
        """Return the mean log-probability of a text's tokens, in nats, and its steps.

        The probabilities are of the distribution before top-k, top-p and temperature, with the
        cache if requested.
        """
        text, cache, steps = list(prompt), PromptCache(), []
        contexts = [tuple([*prompt, *tokens[:n]][-ORDERS:]) for n in range(len(tokens))]
        self.expecting.prefetch(contexts)
        for token in text:
            cache.add(token)
        may = np.ones(len(self.expecting), dtype=bool)
        free = replace(options, no_repeat=0)
        for context, token in zip(contexts, tokens, strict=True):
            shares = self._shares(context, free, cache, may, text)
            joined = self.detokenizer.joined(text, token)
            steps.append(Step(token, joined, context, float(shares[token] / shares.sum())))
            text.append(token)
            cache.add(token)
        logs = [np.log(max(step.probability, 1e-300)) for step in steps]
        return float(np.mean(logs)) if logs else 0.0, steps

    def beam(self, prompt: Sequence[int], options: GenerateOptions, width: int) -> list[Step]:
        """Return the most probable text found by beam search of a width, by mean log-probability
        per token.

        Raises UsageError for an invalid width.
        """
        if not 1 <= width <= MOST_BEAMS:
            raise UsageError(f"A beam search keeps 1 to {MOST_BEAMS} texts, not {width}.")
        may = self.detokenizer.allowed(options.plain, options.ban)
        stops = self.detokenizer.numbers(options.stop)
        beams: list[tuple[float, list[Step]]] = [(0.0, [])]
        ended: list[tuple[float, list[Step]]] = []
        for _ in range(options.length):
            grown = [
                (score + float(np.log(step.probability)), [*steps, step])
                for score, steps in beams
                for step in self._likeliest(prompt, steps, options, may, width)
            ]
            grown.sort(key=lambda beam: (-beam[0], [step.token for step in beam[1]]))
            ended += [beam for beam in grown[:width] if beam[1][-1].token in stops]
            beams = [beam for beam in grown[:width] if beam[1][-1].token not in stops]
            if not beams:
                break
        finished = ended + [beam for beam in beams if beam[1]]
        if not finished:
            return []
        return max(finished, key=lambda beam: beam[0] / len(beam[1]))[1]

    def _likeliest(
        self,
        prompt: Sequence[int],
        steps: list[Step],
        options: GenerateOptions,
        may: NDArray[np.bool_],
        width: int,
    ) -> list[Step]:
        text = [*prompt, *(step.token for step in steps)]
        cache = PromptCache()
        for token in text if options.cache else ():
            cache.add(token)
        context = tuple(text[-ORDERS:])
        shares = self._shares(context, options, cache, may, text)
        total = shares.sum()
        likely = (int(t) for t in likeliest(shares, len(shares)) if shares[t] > 0)
        best = list(
            islice(
                (t for t in likely if not self.detokenizer.completes_removed_word(text, t)), width
            )
        )
        return [
            Step(token, self.detokenizer.joined(text, token), context, float(shares[token] / total))
            for token in best
        ]

    def _shares(
        self,
        context: Sequence[int],
        options: GenerateOptions,
        cache: PromptCache,
        may: NDArray[np.bool_],
        text: list[int],
    ) -> Floats:
        if options.look_ahead:
            self.expecting.read_on(context)
        shares = self.expecting.shares(context, GENERATING)
        if options.cache:
            shares = cache.mixed(shares)
        if options.look_ahead:
            shares = shares * LANDING.take(self.expecting.landings(context))
        shares = np.where(may, shares, 0.0)
        if options.no_repeat:
            shares[repeating(text, options.no_repeat)] = 0.0
        return shares


def repeating(text: Sequence[int], length: int) -> list[int]:
    """Return the tokens that would repeat a sequence of `length` tokens."""
    last = tuple(text[len(text) - length + 1 :]) if length > 1 else ()
    if len(last) < length - 1:
        return []
    return [
        text[place + length - 1]
        for place in range(len(text) - length + 1)
        if tuple(text[place : place + length - 1]) == last and text[place + length - 1] >= 0
    ]


@dataclass(frozen=True)
class Text:
    """The text written after a prompt, with its marker and the origin of each token."""

    prompt: str
    text: str
    steps: list[Step]
    sources: list[str]

    @cached_property
    def marker(self) -> dict[str, Any]:
        """Return a machine-readable marker of generated text, with its sources.

        `digitalSourceType` is the IPTC's term for media created by a trained algorithm.
        """
        return {
            "generated": True,
            "generator": "hartonomous",
            "sources": self.sources,
            "digitalSourceType": "trainedAlgorithmicMedia",
        }


def finished(generator: Generator, prompt: str, given: Sequence[int], steps: list[Step]) -> Text:
    """Return the whole text of some steps."""
    joined = generator.detokenizer.text([*given, *(step.token for step in steps)])
    return Text(prompt, joined, steps, list(generator.expecting.sources))


def explain_step(expecting: NextTokenModel, step: Step) -> list[dict[str, Any]]:
    """Return the parts of a token's interpolated probability, largest first, summing to `of`.

    A part is one source's soft count in one context, times the weight left by longer contexts;
    `source` is null for the share of the uniform prior. Look-ahead, cache and sampling are applied
    after that sum and are not part of it.
    """
    parts: list[dict[str, Any]] = []
    handed = 1.0
    for term in reversed(expecting.terms(step.context, step.token)):
        total = term.n + GENERATING[term.order]
        for source, count in term.by_source.items():
            share = handed * count / total
            place = {"context": term.context, "order": term.order}
            parts.append({**place, "source": source, "share": share})
        handed *= max(0.0, term.n - term.counted + GENERATING[term.order]) / total
    parts.append({"context": "", "order": -1, "source": None, "share": handed / len(expecting)})
    whole = sum(part["share"] for part in parts)
    found = [{**part, "of": whole} for part in parts if part["share"] > 0]
    return sorted(found, key=lambda part: (-part["share"], part["order"], part["source"] or ""))
