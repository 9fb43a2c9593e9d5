"""Text out of the graph."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from hartonomous.cli.neighbourhood import open_graph
from hartonomous.cli.output import json_option, print_json, print_rows, quiet_option, say

if TYPE_CHECKING:
    from hartonomous.ask.generation.text_generator import GenerateOptions, Generator, Step
    from hartonomous.graph.driver import Graph


@click.command(
    epilog="""\b
Example:
  hartonomous generate "The king" --length 30
  hartonomous generate "The king" --greedy --explain
  hartonomous generate "The king" --engine gds --samples 100 --json
  hartonomous generate "The king" --to throne --top-k 50
\b
The stepwise engine gives the same text for the same graph, seed and options.
The gds engine walks a projection of all states: fast for many samples, with
--top-k 20 where none is given; what depends on the text so far (--cache,
--no-repeat) is applied when its samples are ranked.
"""
)
@click.argument("prompt", default="")
@click.option("--length", default=60, show_default=True, help="Tokens at most.")
@click.option("--temperature", default=0.8, show_default=True, help="0 is greedy.")
@click.option("--greedy", is_flag=True, help="The likeliest token, always.")
@click.option("--beam", type=int, help="Keep so many texts and give the likeliest.")
@click.option("--top-k", type=int, help="Of the likeliest tokens, so many.")
@click.option("--top-p", default=0.92, show_default=True, help="Of their probability, so much.")
@click.option(
    "--look-ahead/--no-look-ahead",
    default=True,
    show_default=True,
    help="Prefer what leads on along known contexts.",
)
@click.option("--cache", is_flag=True, help="Expect what the prompt has said to be said again.")
@click.option(
    "--no-repeat", default=3, show_default=True, help="No run of so many tokens twice; 0: any."
)
@click.option("--any-token", is_flag=True, help="Digits and symbols too.")
@click.option("--ban", multiple=True, metavar="WORD", help="Not to be said.")
@click.option("--stop", multiple=True, metavar="TOKEN", help="End after it, such as '.'.")
@click.option("--only-sources", "only", multiple=True, metavar="NAME", help="From these alone.")
@click.option("--without-source", "without", multiple=True, metavar="NAME", help="Without it.")
@click.option("--samples", default=1, show_default=True, help="Texts.")
@click.option("--seed", default=0, show_default=True, help="Another seed, another text.")
@click.option(
    "--engine", type=click.Choice(["stepwise", "gds"]), default="stepwise", show_default=True
)
@click.option("--to", metavar="WORD", help="The likeliest ways from PROMPT to WORD (gds).")
@click.option("--explain", is_flag=True, help="What each token came from.")
@json_option
@quiet_option
def generate(
    prompt: str,
    only: tuple[str, ...],
    without: tuple[str, ...],
    samples: int,
    engine: str,
    to: str | None,
    explain: bool,
    as_json: bool,
    quiet: bool,
    **given: Any,
) -> None:
    """Go on with PROMPT as the sources of the graph expect it to go on."""
    from hartonomous.ask.generation.next_token_model import NextTokenModel
    from hartonomous.ask.generation.text_generator import Generator
    from hartonomous.delete.output_filter import removed_words

    options = _options(given, top_k=20 if engine == "gds" or to else None)
    beam = given["beam"]
    if samples < 1:
        raise click.BadParameter("give 1 or more.", param_hint="--samples")
    with open_graph() as graph:
        expecting = NextTokenModel(graph, only_sources=only or None, without_sources=without)
        generator = Generator(expecting, removed_words(graph))
        tokens = generator.prompt(prompt)
        if to is not None:
            _print_ways(graph, generator, options, tokens, to, as_json)
            return
        if not as_json and not explain and engine == "stepwise" and beam is None:
            _stream(generator, tokens, options, samples)
        else:
            texts = _texts(graph, generator, tokens, options, samples, engine, beam)
            _print_texts(generator, prompt, tokens, texts, explain, as_json)
        say(f"Generated text, from {', '.join(expecting.sources)}.", quiet)


def _options(given: dict[str, Any], top_k: int | None) -> GenerateOptions:
    from hartonomous.ask.generation.text_generator import GenerateOptions
    from hartonomous.ask.generation.token_sampling import Filters

    temperature = 0.0 if given["greedy"] else given["temperature"]
    return GenerateOptions(
        length=given["length"],
        filters=Filters(temperature, given["top_k"] or top_k, given["top_p"]),
        look_ahead=given["look_ahead"],
        cache=given["cache"],
        no_repeat=given["no_repeat"],
        plain=not given["any_token"],
        ban=given["ban"],
        stop=given["stop"],
        seed=given["seed"],
    )


def _stream(
    generator: Generator, tokens: list[int], options: GenerateOptions, samples: int
) -> None:
    for sample in range(samples):
        click.echo(generator.detokenizer.text(tokens), nl=False)
        for step in generator.stream(tokens, options, sample):
            click.echo(step.text, nl=False)
        click.echo()


def _texts(
    graph: Graph,
    generator: Generator,
    tokens: list[int],
    options: GenerateOptions,
    samples: int,
    engine: str,
    beam: int | None,
) -> list[list[Step]]:
    if engine == "gds":
        from hartonomous.ask.generation.walk_generator import Walker

        return Walker(graph, generator, options).walk(tokens, samples)
    if beam is not None:
        return [generator.beam(tokens, options, beam)]
    return [list(generator.stream(tokens, options, sample)) for sample in range(samples)]


def _print_texts(
    generator: Generator,
    prompt: str,
    tokens: list[int],
    texts: list[list[Step]],
    explain: bool,
    as_json: bool,
) -> None:
    from hartonomous.ask.generation.text_generator import explain_step, finished

    whole = [finished(generator, prompt, tokens, steps) for steps in texts]
    parts = [
        [explain_step(generator.expecting, step) for step in steps] if explain else []
        for steps in texts
    ]
    if as_json:
        print_json(
            {
                "marker": whole[0].marker if whole else None,
                "prompt": prompt,
                "texts": [
                    {
                        "text": one.text,
                        "tokens": [
                            {"token": generator.expecting.texts[step.token],
                             "probability": step.probability,
                             **({"parts": parts[n][place]} if explain else {})}
                            for place, step in enumerate(one.steps)
                        ],
                    }
                    for n, one in enumerate(whole)
                ],
            }
        )  # fmt: skip
        return
    for n, one in enumerate(whole):
        click.echo(one.text)
        for step, found in zip(one.steps, parts[n], strict=False):
            click.echo()
            click.echo(f"{generator.expecting.texts[step.token]}  p = {step.probability:.3f}")
            rows = [{**part, "source": part["source"] or "(evenly)"} for part in found[:5]]
            columns = {name: name for name in ("share", "source", "order", "context")}
            print_rows(rows, columns)


def _print_ways(
    graph: Graph,
    generator: Generator,
    options: GenerateOptions,
    tokens: list[int],
    to: str,
    as_json: bool,
) -> None:
    from hartonomous.ask.generation.walk_generator import Walker

    (end,) = generator.prompt(to)[-1:]
    ways = Walker(graph, generator, options).ways(tokens, end, top=5)
    rows = [asdict(way) for way in ways]
    print_json(rows) if as_json else print_rows(
        rows, {"probability": "probability", "text": "text"}
    )
