"""Opening models, without a database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hartonomous.cli.output import (
    F,
    Progress,
    json_option,
    print_facts,
    print_json,
    print_rows,
    progress_bar,
    quiet_option,
)

if TYPE_CHECKING:
    from hartonomous.bundle import Bundle


def extraction_options(command: F) -> F:
    """Add the options that say how a model is opened and searched."""
    options: list[Callable[[F], F]] = [
        click.option(
            "--vocabulary",
            type=click.Path(path_type=Path),
            help="Word list of a matrix without words.",
        ),
        click.option("--tensor", help="The embedding matrix, where there are several."),
        click.option("--limit", type=click.IntRange(1), help="Only the first entries."),
        click.option("--importer", help="Instead of the one that recognises MODEL."),
        click.option(
            "--k", default=50, show_default=True, type=click.IntRange(1, 1000), help="Neighbours."
        ),
        click.option(
            "--centre/--no-centre", default=True, show_default=True, help="Subtract the mean first."
        ),
        click.option("--subject", help="Whose data it is, when it is somebody's."),
        click.option("--licence", help="The licence it came under."),
        click.option("--family", help="The family of models it belongs to."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@click.command(epilog="\b\nExample:\n  hartonomous importers\n")
@json_option
def importers(as_json: bool) -> None:
    """Which kinds of model can be opened."""
    from hartonomous.extract.importing import importers as registered

    rows = [{"importer": name, "opens": one.summary} for name, one in registered().items()]
    print_json(rows) if as_json else print_rows(rows, {"importer": "importer", "opens": "opens"})


@click.command(
    epilog="\b\nExample:\n  hartonomous extract ./all-MiniLM-L6-v2 --output minilm.bundle\n"
)
@click.argument("model")
@click.option("--output", required=True, type=click.Path(path_type=Path), help="Bundle to write.")
@extraction_options
@json_option
@quiet_option
def extract(model: str, output: Path, as_json: bool, quiet: bool, **options: Any) -> None:
    """Take MODEL apart into an evidence bundle; needs no server."""
    with progress_bar(quiet) as progress:
        bundle = open_and_extract(model, options, output, progress)
    _print_bundle(bundle, as_json)


@click.command(
    epilog="""\b
Example:
  hartonomous inspect ./all-MiniLM-L6-v2
  hartonomous inspect minilm.bundle --json
"""
)
@click.argument("path")
@extraction_options
@json_option
def inspect(path: str, as_json: bool, **options: Any) -> None:
    """What a model or a bundle holds, before anything is written."""
    from hartonomous.bundle import is_bundle, read_bundle

    if is_bundle(Path(path)):
        bundle = read_bundle(Path(path))
        bundle.verify_rows()
        _print_bundle(bundle, as_json)
        return
    from hartonomous.extract.extracting import describe, open_model

    facts = describe(open_model(path, **_opening(options)), _extraction(options))
    print_json(facts) if as_json else print_facts(_readable(facts))


def open_and_extract(
    model: str, options: dict[str, Any], output: Path | None, progress: Progress
) -> Bundle:
    """Open a model and write its bundle, to `output` or to the cache where a finished one is used."""
    from hartonomous.extract.extracting import extract_cached, extract_to, open_model

    opened = open_model(model, **_opening(options))
    chosen = _extraction(options)
    if output is None:
        return extract_cached(opened, chosen, progress)
    return extract_to(opened, chosen, output, progress)
