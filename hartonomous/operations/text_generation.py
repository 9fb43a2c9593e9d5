"""Text generation from the graph; every generator has the output filter of removed words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict, Unpack

from hartonomous.ask.generation.next_token_model import JudgedContinuation, NextTokenModel
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
"""Most paths to a word in a result."""


class GenerationSettings(TypedDict, total=False):
    """Options of text generation; each is optional.

    `length`: most tokens, 60. `temperature`: sampling temperature, 0.8; 0 is greedy. `greedy`: always
    choose the most probable token. `beam`: beam search with this width. `top_k`: sample from so many
    most probable tokens. `top_p`: sample from the most probable tokens whose probabilities sum to
    this, 0.92. `look_ahead`: favour tokens that continue stored contexts, true. `cache`: mix in the
    prompt's own tokens. `no_repeat`: never repeat a sequence of so many tokens, 3; 0 allows it.
    `any_token`: allow digits and symbols. `ban`: words to exclude. `stop`: tokens to end after.
    `only_sources`: use only these sources. `without_source`: leave these sources out. `samples`:
    number of texts, 1. `seed`: random seed. `engine`: "stepwise", or "gds", random walks in a
    projection of all states. `explain`: return the sources and contexts of each token.
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
    """A prompt with options; with `to`, a request for the most probable paths to that word."""

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
    """A token with its probability; `parts` are its sources and contexts, and `judged` what people
    said of continuations there, if requested.
    """

    token: str
    probability: float
    parts: tuple[dict[str, Any], ...] = ()
    judged: tuple[JudgedContinuation, ...] = ()


@dataclass(frozen=True)
class GeneratedText:
    """A text, prompt included, with the generated tokens."""

    text: str
    tokens: tuple[GeneratedToken, ...]

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Generation:
    """Generated texts and their sources; printed, the texts alone.

    `marker` is machine-readable and states that they are generated; None without texts. `ways` are
    the paths requested with `to`, each with its probability, in place of texts.
    """

    prompt: str
    texts: tuple[GeneratedText, ...]
    sources: tuple[str, ...]
    marker: dict[str, Any] | None = None
    ways: tuple[Way, ...] = ()

    @property
    def text(self) -> str:
        """Return the first text; empty if there is none."""
        return self.texts[0].text if self.texts else ""

    def __str__(self) -> str:
        return "\n".join([*(one.text for one in self.texts), *(way.text for way in self.ways)])


def request_generation(
    prompt: str = "", to: str | None = None, **settings: Unpack[GenerationSettings]
) -> GenerationRequest:
    """Return a request for texts, or with `to` for the most probable paths to a word.

    Raises UsageError for values out of range.
    """
    given = checked(settings, GenerationSettings)
    engine, samples = given.get("engine", STEPWISE), given.get("samples", 1)
    if engine not in ENGINES:
        raise UsageError(f"The engine is {' or '.join(ENGINES)}, not {engine!r}.")
    if samples < 1:
        raise UsageError(f"samples must be 1 or more, not {samples}.")
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
    """Generate texts from a prompt by next-token evidence.

    `write` is called with each piece of text as it is generated; each text ends with a line break.
    Raises NotFound if no source has next-token evidence or none knows a word of the prompt, UsageError
    for values out of range, ServerError for engine "gds" and for paths without Graph Data Science.
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
    """Return the steps of one text, passing each piece to `write`."""
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
            tuple(expecting.judged(step.context)) if explain else (),
        )
        for step in steps
    )
