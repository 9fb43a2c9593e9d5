"""Advice on a model before its ingest, and the contribution of each source in the graph."""

from __future__ import annotations

from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hartonomous.cli.completion import complete_file
from hartonomous.cli.extraction import OpensSource, extraction_options
from hartonomous.cli.neighbourhood import open_graph
from hartonomous.cli.output import (
    json_option,
    print_facts,
    print_json,
    print_rows,
    progress_bar,
    quiet_option,
    say,
)

if TYPE_CHECKING:
    from hartonomous.evaluate.advice import Advice


@click.command(
    cls=OpensSource,
    epilog="""\b
Example:
  hartonomous advise ./all-MiniLM-L6-v2
  hartonomous advise
  hartonomous advise --curve gain.png
""",
)
@click.argument("model", required=False, shell_complete=complete_file)
@click.option(
    "--curve",
    type=click.Path(path_type=Path),
    help="Plot quality by number of sources (PNG, PDF, SVG), or write JSON.",
)
@click.option("--whole", is_flag=True, help="Use the whole model, not a sample.")
@extraction_options
@json_option
@quiet_option
@click.pass_context
def advise(
    context: click.Context,
    /,
    model: str | None,
    curve: Path | None,
    whole: bool,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Advise whether to ingest MODEL, or assess all sources.

    Extracts MODEL (or reads a bundle) and compares it with the graph; writes
    nothing to the graph. Without MODEL, shows the contribution of each source.
    Exit code 1 if the verdict is no, or if some source adds nothing. Gold lists
    need gensim.
    """
    if model is not None and curve is not None:
        raise click.UsageError("--curve is about the sources in the graph; leave MODEL out.")
    if curve is not None:
        _write_curve(curve, as_json, quiet)
    elif model is not None:
        context.exit(0 if _advise_model(model, whole, as_json, quiet, options) else 1)
    else:
        context.exit(0 if _advise_graph(as_json) else 1)


def _advise_model(
    model: str, whole: bool, as_json: bool, quiet: bool, options: dict[str, Any]
) -> bool:
    from hartonomous.operations.measurement import advise_model
    from hartonomous.operations.model_request import request_model

    request = request_model(model, **options)
    with open_graph() as graph, progress_bar(quiet) as progress:
        advice = advise_model(graph, request, whole, progress, lambda text: say(text, quiet))
    if as_json:
        print_json(asdict(advice))
    else:
        _print_advice(advice)
    return advice.worth


def _print_advice(advice: Advice) -> None:
    facts = asdict(advice)
    likeness, expected = facts.pop("likeness"), facts.pop("expected")
    facts["worth"] = "yes" if facts["worth"] else "no"
    print_facts({name.replace("_", " "): value for name, value in facts.items()})
    if likeness:
        click.echo()
        columns = {"source": "source", "words": "words in common", "overlap": "overlap"}
        print_rows(likeness, {**columns, "lift": "lift", "apart": "apart"})
    if expected:
        click.echo()
        columns = {"gold": "list", "gain": "gain", "low": "from", "high": "to"}
        print_rows(expected, columns)


def _advise_graph(as_json: bool) -> bool:
    from hartonomous.operations.measurement import advise_sources

    with open_graph() as graph:
        found = advise_sources(graph)
    if as_json:
        print_json([asdict(one) for one in found])
        return all(one.adds for one in found)
    columns = {
        "source": "source",
        "words": "words",
        "only_words": "only its words",
        "pairs": "pairs",
        "only_pairs": "only its pairs",
        "nearest": "nearest",
        "overlap": "overlap",
        "lift": "lift",
        "vote": "vote",
        "hubness": "hub",
        "adds": "adds",
    }
    print_rows([{**asdict(one), "vote": one.vote / 1e6} for one in found], columns)
    for one in found:
        for remark in one.remarks:
            say(f"{one.source}: {remark}.")
        for gain in (each for each in one.gains if isfinite(each.gain)):
            say(
                f"{one.source}, {gain.gold}: {gain.gain:+.3f} with it "
                f"({gain.low:+.3f} to {gain.high:+.3f})."
            )
    return all(one.adds for one in found)


def _write_curve(path: Path, as_json: bool, quiet: bool) -> None:
    from hartonomous.operations.measurement import write_curve

    with open_graph() as graph, progress_bar(quiet) as progress:
        curve = write_curve(graph, path, progress)
    say(f"Written to {path}.", quiet)
    if as_json:
        print_json(asdict(curve))
        return
    columns = {"measure": "measure", "order": "order", "sources": "sources", "value": "value"}
    print_rows([asdict(point) for point in curve.points], {**columns, "low": "low", "high": "high"})
