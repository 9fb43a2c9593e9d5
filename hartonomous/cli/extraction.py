"""Importers, inspection and extraction; no database is needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hartonomous.cli.omissions import say_omissions
from hartonomous.cli.output import (
    F,
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
    """Add the options of opening and searching a model."""
    options: list[Callable[[F], F]] = [
        click.option(
            "--vocabulary",
            type=click.Path(path_type=Path),
            help="Word list for a matrix without words.",
        ),
        click.option("--tensor", help="Name of the embedding matrix, if there are several."),
        click.option("--limit", type=click.IntRange(1), help="Use only the first N entries."),
        click.option(
            "--importer", help="Importer to use instead of the one that recognises MODEL."
        ),
        click.option(
            "--k",
            default=50,
            show_default=True,
            type=click.IntRange(1, 1000),
            help="Neighbours per composition (at most 10 for sentences).",
        ),
        click.option(
            "--centre/--no-centre",
            default=True,
            show_default=True,
            help="Subtract the mean vector before the search.",
        ),
        click.option(
            "--tracks",
            default="embedding",
            show_default=True,
            callback=_tracks,
            help="Tracks to extract, comma-separated: embedding, layers, heads, next (causal "
            "models); or all. promotions (causal models) only if named.",
        ),
        click.option(
            "--support",
            type=click.IntRange(1),
            help="Least number of layers or heads that list a pair.  [default: 5 heads, an eighth "
            "of the layers]",
        ),
        click.option(
            "--read",
            multiple=True,
            type=click.Path(path_type=Path),
            help="Text for the model to read (track next): file or folder; repeatable.",
        ),
        click.option(
            "--samples",
            default=0,
            type=click.IntRange(0, 10_000_000),
            help="Tokens for the model to generate and read (track next).",
        ),
        click.option(
            "--device",
            default="cpu",
            show_default=True,
            type=click.Choice(["cpu", "cuda"]),
            help="Device that runs the model; vectors agree within a thousandth of their length.",
        ),
        click.option(
            "--encoder",
            type=click.Path(path_type=Path),
            help="Folder of the sentence encoder, for documents.",
        ),
        click.option(
            "--exclude",
            multiple=True,
            metavar="PATTERN",
            help="Files or folders of documents to skip, such as '*.json'; repeatable.",
        ),
        click.option("--subject", help="Person whose data it is (ID)."),
        click.option("--licence", help="Licence of the source."),
        click.option("--family", help="Model family of the source."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def _tracks(context: click.Context, option: click.Parameter, value: str) -> frozenset[str]:
    from hartonomous.errors import UsageError
    from hartonomous.operations.model_request import tracks_of

    try:
        return tracks_of(value)
    except UsageError as error:
        raise click.BadParameter(str(error)) from None


@click.command(epilog="\b\nExample:\n  hartonomous importers\n")
@json_option
def importers(as_json: bool) -> None:
    """List the supported kinds of sources."""
    from hartonomous.extract.importer_protocol import importers as registered

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
    """Extract MODEL into an evidence bundle; needs no server."""
    from hartonomous.operations.model_request import extract as run
    from hartonomous.operations.model_request import request_model

    request = request_model(model, **options)
    # Errors of the model are reported before a progress bar is drawn.
    _ = request.opened
    with progress_bar(quiet) as progress:
        made = run(request, output, progress)
    _print_bundle(made.bundle, as_json, made.omissions.as_facts())
    say_omissions(made.omissions, quiet)


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
    """Show the content of a model or a bundle; writes nothing."""
    from hartonomous.operations.model_request import inspect as look
    from hartonomous.operations.model_request import request_model

    seen = look(request_model(path, **options))
    if seen.bundle is not None:
        _print_bundle(seen.bundle, as_json, {})
    elif as_json:
        print_json({**seen.forecast, **seen.omissions.as_facts()})
    else:
        print_facts(_readable(seen.forecast))
    say_omissions(seen.omissions)


def _print_bundle(bundle: Bundle, as_json: bool, more: dict[str, Any]) -> None:
    """Print the content of a bundle; JSON also has `more`, known only when it is made."""
    facts: dict[str, Any] = {
        "bundle": str(bundle.path),
        "digest": bundle.digest,
        "importer": bundle.source.importer,
        "source_digest": bundle.source.digest,
        "options": bundle.source.options,
        "excluded": bundle.source.excluded,
        "merged": bundle.source.merged,
        "tracks": [{**asdict(track), "positions": len(track.positions)} for track in bundle.tracks],
    }
    if as_json:
        print_json({**facts, **more})
        return
    tracks = facts.pop("tracks")
    print_facts(_readable(facts))
    for track in tracks:
        click.echo()
        print_facts(_readable(track))


def _readable(facts: dict[str, Any]) -> dict[str, object]:
    """Return facts with names as a person writes them."""
    return {name.replace("_", " "): value for name, value in facts.items()}
