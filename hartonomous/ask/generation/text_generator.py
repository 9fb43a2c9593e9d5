"""Text from what the graph's sources expect next, token by token, every token explainable.

Each step interpolates the contexts that the text so far ends in (expecting.py), weighs what leads on
along stored paths higher (look-ahead), mixes in what the prompt and the text have said (cache), takes
out what may not be said, and draws. What a source contributed to a token is its part of that sum, so
`explain` needs no second opinion.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hartonomous.ask.generation.detokenizer import Speaker
from hartonomous.ask.generation.next_token_model import GENERATING, Expecting
from hartonomous.ask.generation.prompt_cache import PromptCache
from hartonomous.ask.generation.token_sampling import Filters, draw, likeliest
from hartonomous.errors import NotFound, UsageError
from hartonomous.schema import ORDERS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LANDING = np.array([0.005, 0.03, 0.3, 1.5, 0.8])
"""How much a token counts by the longest stored context it leads to: measured on a real model. Staying
on stored paths is what makes the text readable; staying on the longest ones repeats what was read, which
at 4 for them was two thirds of the tokens, for 0.2 nats less a token."""

LONGEST = 10_000
"""Tokens of one text at most."""

LONGEST_PROMPT = 100_000
"""Characters of a prompt."""

MOST_BEAMS = 64


@dataclass(frozen=True)
class GenerateOptions:
    """How a text goes on.

    `length` is the tokens written at most; `no_repeat` the length of token sequences that may not
    come twice, 0 for none; `plain` leaves out tokens that are not letters or common punctuation;
    `stop` are tokens after which the text ends, `ban` words that are not said. `look_ahead` and
    `cache` as the module says. Raises UsageError for what makes no sense.
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
    """One token: its number, its text as it goes on, the context it followed, its probability."""

    token: int
    text: str
    context: tuple[int, ...]
    probability: float


class Generator:
    """Writes texts with the sources of one `Expecting`; reuse it, what it read stays warm.

    `silenced` tells which words may not be said, as `delete.output_filter.silenced` returns it; None
    only where no word was ever deleted. `operations.text_generation` always brings the graph's own.
    """

    def __init__(self, expecting: Expecting, silenced: Callable[[str], bool] | None) -> None:
        self.expecting = expecting
        self.speaker = Speaker(expecting.texts, expecting.kinds, silenced)

    def prompt(self, text: str) -> list[int]:
        """Return the tokens of a prompt, -1 for what no token spells.

        Raises UsageError for a prompt that is too long, NotFound when not one word of it is known.
        """
        if len(text) > LONGEST_PROMPT:
            raise UsageError(
                f"The prompt has {len(text):,} characters; {LONGEST_PROMPT:,} are read."
            )
        tokens = self.expecting.spelt(text)
        if tokens and max(tokens) < 0:
            raise NotFound("No token of the graph spells anything of this prompt.")
        return tokens

    def stream(
        self, prompt: Sequence[int], options: GenerateOptions, sample: int = 0
    ) -> Iterator[Step]:
        """Yield the tokens of one text; the same graph, prompt, options and sample, the same text."""
        chances = np.random.default_rng([options.seed, sample])
        text = list(prompt)
        cache = PromptCache()
        for token in text:
            cache.add(token)
        may = self.speaker.allowed(options.plain, options.ban)
        stops = self.speaker.numbers(options.stop)
        for _ in range(options.length):
            context = tuple(text[-ORDERS:])
            shares = self._shares(context, options, cache, may, text)
            drawn = self._drawn(text, shares, options.filters, chances)
            if drawn is None:
                return
            token, probability = drawn
            yield Step(token, self.speaker.joined(text, token), context, probability)
            text.append(token)
            cache.add(token)
            if token in stops:
                return

    def _drawn(
        self, text: list[int], shares: Floats, filters: Filters, chances: np.random.Generator
    ) -> tuple[int, float] | None:
        """Return a token and its probability, None where none may follow."""
        while True:
            tokens, left = filters.apply(shares)
            if not len(tokens):
                return None
            place = draw(left, float(chances.random()))
            if not self.speaker.silences(text, int(tokens[place])):
                return int(tokens[place]), float(left[place])
            shares[tokens[place]] = 0.0

    def scored(
        self, prompt: Sequence[int], tokens: Sequence[int], options: GenerateOptions
    ) -> tuple[float, list[Step]]:
        """Return the mean logarithm of a text's tokens' probabilities, and its steps.

        The probabilities are of the distribution before top-k, top-p and temperature, with the
        cache where it is asked for.
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
            joined = self.speaker.joined(text, token)
            steps.append(Step(token, joined, context, float(shares[token] / shares.sum())))
            text.append(token)
            cache.add(token)
        logs = [np.log(max(step.probability, 1e-300)) for step in steps]
        return float(np.mean(logs)) if logs else 0.0, steps

    def beam(self, prompt: Sequence[int], options: GenerateOptions, width: int) -> list[Step]:
        """Return the likeliest text that `width` beams find, by the mean logarithm of a token.

        Raises UsageError for a width that makes no sense.
        """
        if not 1 <= width <= MOST_BEAMS:
            raise UsageError(f"A beam search keeps 1 to {MOST_BEAMS} texts, not {width}.")
        may = self.speaker.allowed(options.plain, options.ban)
        stops = self.speaker.numbers(options.stop)
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
        best = list(islice((t for t in likely if not self.speaker.silences(text, t)), width))
        return [
            Step(token, self.speaker.joined(text, token), context, float(shares[token] / total))
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
    """Return the tokens that would make a sequence of `length` tokens come a second time."""
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
    """What was written after a prompt, with its marker and what each token came from."""

    prompt: str
    text: str
    steps: list[Step]
    sources: list[str]

    @cached_property
    def marker(self) -> dict[str, Any]:
        """Return what tells a machine that the text is generated, and from which sources.

        `digitalSourceType` is the IPTC's term for content made by a trained algorithm.
        """
        return {
            "generated": True,
            "generator": "hartonomous",
            "sources": self.sources,
            "digitalSourceType": "trainedAlgorithmicMedia",
        }


def finished(generator: Generator, prompt: str, given: Sequence[int], steps: list[Step]) -> Text:
    """Return the whole text of some steps."""
    joined = generator.speaker.text([*given, *(step.token for step in steps)])
    return Text(prompt, joined, steps, list(generator.expecting.sources))


def explain_step(expecting: Expecting, step: Step) -> list[dict[str, Any]]:
    """Return the parts of a token's interpolated probability, largest first, summing to `of`.

    A part is one source's soft count in one context, weighed by what the longer contexts handed
    down; `source` is null for what the prior shares out evenly among all tokens. Look-ahead, cache
    and draws come after that sum and are no part of it.
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
