"""Text out of the graph, never a word that a deletion took out: every generator has the filter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict, Unpack

from hartonomous.ask.generation.next_token_model import NextTokenModel
from hartonomous.ask.generation.text_generator import (
    GenerateOptions,
    Generator,
    Step,
    explain_step,
    finished,
)
from hartonomous.ask.generation.token_sampling import Filters
from hartonomous.ask.generation.walk_generator import FOLLOWING, Walker, Way
from hartonomous.delete.output_filter import removed_words
from hartonomous.errors import UsageError
from hartonomous.graph.driver import Graph
from hartonomous.operations.settings import checked

STEPWISE, WALKS = "stepwise", "gds"
ENGINES = (STEPWISE, WALKS)

WAYS = 5
"""Likeliest ways to a word that are told."""


class GenerationSettings(TypedDict, total=False):
    """How a text goes on; each is optional.

    `length`: tokens at most, 60. `temperature`: 0.8; 0 is greedy. `greedy`: the likeliest token,
    always. `beam`: keep so many texts and give the likeliest. `top_k`: of the likeliest tokens, so
    many. `top_p`: of their probability, so much, 0.92. `look_ahead`: prefer what leads on along known
    contexts, true. `cache`: expect what the prompt has said to be said again. `no_repeat`: no run of
    so many tokens twice, 3; 0: any. `any_token`: digits and symbols too. `ban`: words not to be said.
    `stop`: tokens to end after. `only_sources`: from these alone. `without_source`: without these.
    `samples`: texts, 1. `seed`: another seed, another text. `engine`: "stepwise", or "gds", which
    walks a projection of all states. `explain`: what each token came from.
    """

    length: int
    temperature: float
    greedy: bool
    beam: int | None
    top_k: int | None
    top_p: float
    look_ahead: bool
    cache: bool
    no_repeat: int
    any_token: bool
    ban: Sequence[str]
    stop: Sequence[str]
    only_sources: Sequence[str]
    without_source: Sequence[str]
    samples: int
    seed: int
    engine: str
    explain: bool


@dataclass(frozen=True)
class GenerationRequest:
    """A prompt and how it goes on; with `to`, the likeliest ways to that word are asked for instead."""

    prompt: str = ""
    options: GenerateOptions = field(default_factory=GenerateOptions)
    only_sources: tuple[str, ...] = ()
    without_sources: tuple[str, ...] = ()
    samples: int = 1
    engine: str = STEPWISE
    beam: int | None = None
    explain: bool = False
    to: str | None = None


@dataclass(frozen=True)
class GeneratedToken:
    """A token with its probability; `parts` are what it came from, where that was asked for."""

    token: str
    probability: float
    parts: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class GeneratedText:
    """A prompt and what goes on after it, with the tokens written."""

    text: str
    tokens: tuple[GeneratedToken, ...]

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Generation:
    """The texts that were generated, from which sources; printed, they are the texts alone.

    `marker` tells a machine that they are generated; None where no text was. `ways` are what was
    asked for with `to`, each with its probability, in place of texts.
    """

    prompt: str
    texts: tuple[GeneratedText, ...]
    sources: tuple[str, ...]
    marker: dict[str, Any] | None = None
    ways: tuple[Way, ...] = ()

    @property
    def text(self) -> str:
        """Return the first text, empty where there is none."""
        return self.texts[0].text if self.texts else ""

    def __str__(self) -> str:
        return "\n".join([*(one.text for one in self.texts), *(way.text for way in self.ways)])


def request_generation(
    prompt: str = "", to: str | None = None, **settings: Unpack[GenerationSettings]
) -> GenerationRequest:
    """Return what is asked for: texts, or with `to` the likeliest ways to a word.

    Raises UsageError for what makes no sense.
    """
    given = checked(settings, GenerationSettings)
    engine, samples = given.get("engine", STEPWISE), given.get("samples", 1)
    if engine not in ENGINES:
        raise UsageError(f"An engine is {' or '.join(ENGINES)}, not {engine!r}.")
    if samples < 1:
        raise UsageError(f"Samples are 1 or more, not {samples}.")
    usual = GenerateOptions()
    top_k = given.get("top_k") or (FOLLOWING if engine == WALKS or to is not None else None)
    temperature = 0.0 if given.get("greedy") else given.get("temperature", Filters().temperature)
    options = GenerateOptions(
        length=given.get("length", usual.length),
        filters=Filters(temperature, top_k, given.get("top_p", Filters().top_p)),
        look_ahead=given.get("look_ahead", usual.look_ahead),
        cache=given.get("cache", usual.cache),
        no_repeat=given.get("no_repeat", usual.no_repeat),
        plain=not given.get("any_token", False),
        ban=tuple(given.get("ban", ())),
        stop=tuple(given.get("stop", ())),
        seed=given.get("seed", usual.seed),
    )
    return GenerationRequest(
        prompt,
        options,
        tuple(given.get("only_sources", ())),
        tuple(given.get("without_source", ())),
        samples,
        engine,
        given.get("beam"),
        given.get("explain", False),
        to,
    )


def generate(
    graph: Graph, request: GenerationRequest, write: Callable[[str], None] | None = None
) -> Generation:
    """Return the texts that sources of the graph expect after a prompt.

    `write` is told their text, a piece as soon as it is there, each text ended by a line break.
    Raises NotFound when no source expects next tokens or none knows a word of the prompt, UsageError
    for what makes no sense, ServerError for walks and ways where Graph Data Science is not installed.
    """
    generator = _generator(graph, request)
    sources = tuple(generator.expecting.sources)
    tokens = generator.prompt(request.prompt)
    if request.to is not None:
        (end,) = generator.prompt(request.to)[-1:]
        ways = Walker(graph, generator, request.options).ways(tokens, end, top=WAYS)
        return Generation(request.prompt, (), sources, ways=tuple(ways))
    if request.engine == WALKS:
        texts = Walker(graph, generator, request.options).walk(tokens, request.samples)
    elif request.beam is not None:
        texts = [generator.beam(tokens, request.options, request.beam)]
    else:
        texts = [
            _written(generator, tokens, request.options, sample, write)
            for sample in range(request.samples)
        ]
        write = None
    whole = [finished(generator, request.prompt, tokens, steps) for steps in texts]
    for text in whole if write else ():
        assert write is not None
        write(f"{text.text}\n")
    return Generation(
        request.prompt,
        tuple(
            GeneratedText(one.text, _told(generator.expecting, one.steps, request.explain))
            for one in whole
        ),
        sources,
        whole[0].marker if whole else None,
    )


def _generator(graph: Graph, request: GenerationRequest) -> Generator:
    expecting = NextTokenModel(
        graph,
        only_sources=request.only_sources or None,
        without_sources=request.without_sources,
    )
    return Generator(expecting, removed_words(graph))


def _written(
    generator: Generator,
    tokens: list[int],
    options: GenerateOptions,
    sample: int,
    write: Callable[[str], None] | None,
) -> list[Step]:
    """Return the steps of one text, which is told while it grows."""
    tell = write or (lambda text: None)
    tell(generator.detokenizer.text(tokens))
    steps = []
    for step in generator.stream(tokens, options, sample):
        tell(step.text)
        steps.append(step)
    tell("\n")
    return steps


def _told(
    expecting: NextTokenModel, steps: Sequence[Step], explain: bool
) -> tuple[GeneratedToken, ...]:
    return tuple(
        GeneratedToken(
            expecting.texts[step.token],
            step.probability,
            tuple(explain_step(expecting, step)) if explain else (),
        )
        for step in steps
    )
