"""Text out of the graph."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from hartonomous.cli.neighbourhood import open_graph
from hartonomous.cli.output import json_option, print_json, print_rows, quiet_option, say

if TYPE_CHECKING:
    from hartonomous.operations.text_generation import GeneratedToken, Generation


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
@click.option("--only-sources", multiple=True, metavar="NAME", help="From these alone.")
@click.option("--without-source", multiple=True, metavar="NAME", help="Without it.")
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
    samples: int,
    engine: str,
    to: str | None,
    explain: bool,
    as_json: bool,
    quiet: bool,
    **given: Any,
) -> None:
    """Go on with PROMPT as the sources of the graph expect it to go on."""
    from hartonomous.operations.text_generation import generate as run
    from hartonomous.operations.text_generation import request_generation

    if samples < 1:
        raise click.BadParameter("give 1 or more.", param_hint="--samples")
    request = request_generation(
        prompt, to, samples=samples, engine=engine, explain=explain, **given
    )
    streamed = not as_json and not explain
    with open_graph() as graph:
        done = run(graph, request, partial(click.echo, nl=False) if streamed else None)
    if to is not None:
        _print_ways(done, as_json)
        return
    if not streamed:
        _print_texts(done, explain, as_json)
    say(f"Generated text, from {', '.join(done.sources)}.", quiet)


def _print_texts(done: Generation, explain: bool, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "marker": done.marker,
                "prompt": done.prompt,
                "texts": [
                    {"text": one.text, "tokens": [_facts(token, explain) for token in one.tokens]}
                    for one in done.texts
                ],
            }
        )
        return
    for one in done.texts:
        click.echo(one.text)
        for token in one.tokens:
            click.echo()
            click.echo(f"{token.token}  p = {token.probability:.3f}")
            rows = [{**part, "source": part["source"] or "(evenly)"} for part in token.parts[:5]]
            columns = {name: name for name in ("share", "source", "order", "context")}
            print_rows(rows, columns)


def _facts(token: GeneratedToken, explain: bool) -> dict[str, Any]:
    parts = {"parts": list(token.parts)} if explain else {}
    return {"token": token.token, "probability": token.probability, **parts}


def _print_ways(done: Generation, as_json: bool) -> None:
    rows = [asdict(way) for way in done.ways]
    print_json(rows) if as_json else print_rows(
        rows, {"probability": "probability", "text": "text"}
    )
