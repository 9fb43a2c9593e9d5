"""The trial of a source: the graph's quality with and without it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hartonomous.cli.completion import complete_source
from hartonomous.cli.neighbourhood import open_graph
from hartonomous.cli.output import (
    json_option,
    print_facts,
    print_json,
    print_measures,
    progress_bar,
    quiet_option,
)

if TYPE_CHECKING:
    from hartonomous.evaluate.ablation import Trial


@click.command(
    epilog="""\b
Example:
  hartonomous trial glove
  hartonomous trial glove --pairs my-pairs.tsv --json
"""
)
@click.argument("name", shell_complete=complete_source)
@click.option(
    "--pairs",
    multiple=True,
    type=click.Path(path_type=Path),
    help="File of word, word, score; default: gensim's lists.",
)
@json_option
@quiet_option
@click.pass_context
def trial(
    context: click.Context, name: str, pairs: tuple[Path, ...], as_json: bool, quiet: bool
) -> None:
    """Measure the consensus with and without the source NAME.

    The graph without the source is predicted exactly; nothing is written. Both
    sides are measured on the same bootstrap resamples of word pairs with human
    scores. Exit code 1 if the verdict is to remove it.
    """
    from hartonomous.evaluate.ablation import REMOVE
    from hartonomous.operations.measurement import gold_pairs
    from hartonomous.operations.measurement import trial as run

    gold = gold_pairs(pairs)
    with open_graph() as graph, progress_bar(quiet) as progress:
        found = run(graph, name, gold, progress)
    print_json(asdict(found)) if as_json else _print(found)
    context.exit(1 if found.verdict == REMOVE else 0)


def _print(found: Trial) -> None:
    facts = asdict(found)
    effects, agreement = facts.pop("effects"), facts.pop("agreement")
    if agreement is not None:
        facts["lists of the others' best"] = agreement["listed"]
        facts["by chance"] = agreement["by_chance"]
    print_facts({name.replace("_", " "): value for name, value in facts.items()})
    click.echo()
    columns = {
        "measure": "measure",
        "pairs": "pairs",
        "with_it": "with it",
        "without": "without",
        "gain": "gain",
    }
    print_measures(effects, columns, "+.3f")
