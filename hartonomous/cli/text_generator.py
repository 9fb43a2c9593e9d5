"""Text generation from the graph."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from hartonomous.cli.completion import complete_source, complete_word
from hartonomous.cli.neighbourhood import open_graph
from hartonomous.cli.output import json_option, print_json, print_rows, quiet_option, say

if TYPE_CHECKING:
    from hartonomous.ask.generation.next_token_model import JudgedContinuation
    from hartonomous.operations.text_generation import GeneratedToken, Generation


@click.command(
    epilog="""\b
Example:
  hartonomous generate "The king" --length 30
  hartonomous generate "The king" --greedy --explain
  hartonomous generate "The king" --engine gds --samples 100 --json
  hartonomous generate "The king" --to throne --top-k 50
\b
The stepwise engine is deterministic for a graph, seed and options. The gds
engine walks a projection of all states, which is fast for many samples;
--top-k defaults to 20, and --cache and --no-repeat are applied when samples
are ranked.
"""
)
@click.argument("prompt", default="")
@click.option("--length", default=60, show_default=True, help="Most tokens.")
@click.option(
    "--temperature", default=0.8, show_default=True, help="Sampling temperature; 0 is greedy."
)
@click.option("--greedy", is_flag=True, help="Always choose the most probable token.")
@click.option("--beam", type=int, help="Beam search with this width.")
@click.option("--top-k", type=int, metavar="K", help="Sample from the K most probable tokens.")
@click.option(
    "--top-p",
    default=0.92,
    show_default=True,
    metavar="P",
    help="Sample from the most probable tokens whose probabilities sum to P.",
)
@click.option(
    "--look-ahead/--no-look-ahead",
    default=True,
    show_default=True,
    help="Favour tokens that continue stored contexts.",
)
@click.option("--cache", is_flag=True, help="Mix in the prompt's own tokens.")
@click.option(
    "--no-repeat",
    default=3,
    show_default=True,
    metavar="N",
    help="Never repeat a sequence of N tokens; 0 allows it.",
)
@click.option("--any-token", is_flag=True, help="Allow digits and symbols.")
@click.option(
    "--ban",
    multiple=True,
    metavar="WORD",
    shell_complete=complete_word,
    help="Exclude this word; repeatable.",
)
@click.option("--stop", multiple=True, metavar="TOKEN", help="End after this token, such as '.'.")
@click.option(
    "--only-sources",
    multiple=True,
    metavar="NAME",
    shell_complete=complete_source,
    help="Use only these sources.",
)
@click.option(
    "--without-source",
    multiple=True,
    metavar="NAME",
    shell_complete=complete_source,
    help="Leave this source out.",
)
@click.option("--samples", default=1, show_default=True, help="Number of texts.")
@click.option("--seed", default=0, show_default=True, help="Random seed.")
@click.option(
    "--engine",
    type=click.Choice(["stepwise", "gds"]),
    default="stepwise",
    show_default=True,
    help="Generator: step by step, or random walks in Graph Data Science.",
)
@click.option(
    "--to",
    metavar="WORD",
    shell_complete=complete_word,
    help="Find the most probable paths from PROMPT to WORD (engine gds).",
)
@click.option("--explain", is_flag=True, help="Show the sources and contexts of each token.")
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
    """Generate text from PROMPT by next-token evidence."""
    from hartonomous.operations.questions import read_standing
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
        standing = asdict(read_standing(graph))
    if to is not None:
        _print_ways(done, as_json)
        return
    if not streamed:
        _print_texts(done, explain, as_json, standing)
    say(f"Generated text, from {', '.join(done.sources)}.", quiet)


def _print_texts(done: Generation, explain: bool, as_json: bool, standing: dict[str, Any]) -> None:
    if as_json:
        print_json(
            {
                "marker": done.marker,
                "prompt": done.prompt,
                **standing,
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
            for judged in token.judged:
                click.echo(_judged(judged))


def _judged(one: JudgedContinuation) -> str:
    """Return who judged a continuation, and by what factor its odds are others now."""
    names = ", ".join(
        f"{name} {'accepted' if n else ''}{' and ' if n and against else ''}"
        f"{'rejected' if against else ''} it"
        for name, n, against, _ in one.people
    )
    return f"after {one.context!r}, {one.token}: {names}; odds times {10**one.decades:.2f}"


def _facts(token: GeneratedToken, explain: bool) -> dict[str, Any]:
    judged = [asdict(one) for one in token.judged]
    parts = {"parts": list(token.parts), "judged": judged} if explain else {}
    return {"token": token.token, "probability": token.probability, **parts}


def _print_ways(done: Generation, as_json: bool) -> None:
    rows = [asdict(way) for way in done.ways]
    print_json(rows) if as_json else print_rows(
        rows, {"probability": "probability", "text": "text"}
    )
