"""Opening models, without a database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hartonomous.cli.omissions import omissions_in, omissions_of, say_omissions
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
    from hartonomous.extract.extraction import ExtractOptions
    from hartonomous.extract.importer_protocol import OpenOptions


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
            "--k",
            default=50,
            show_default=True,
            type=click.IntRange(1, 1000),
            help="Neighbours (of sentences at most 10).",
        ),
        click.option(
            "--centre/--no-centre", default=True, show_default=True, help="Subtract the mean first."
        ),
        click.option(
            "--tracks",
            default="embedding",
            show_default=True,
            callback=_tracks,
            help="What to take out: embedding, layers, heads, next (causal models), "
            "comma-separated, or all; promotions (causal models) when named.",
        ),
        click.option(
            "--support",
            type=click.IntRange(1),
            help="Layers or heads that have to list a pair.  [default: 5 heads, an eighth of the "
            "layers]",
        ),
        click.option(
            "--read",
            multiple=True,
            type=click.Path(path_type=Path),
            help="Text for the model to read: file or folder; repeatable. With next.",
        ),
        click.option(
            "--samples",
            default=0,
            type=click.IntRange(0, 10_000_000),
            help="Tokens for the model to write itself, read as well. With next.",
        ),
        click.option(
            "--device",
            default="cpu",
            show_default=True,
            type=click.Choice(["cpu", "cuda"]),
            help="Where a model is run; vectors are the same within a thousandth of their length.",
        ),
        click.option(
            "--encoder",
            type=click.Path(path_type=Path),
            help="Folder of the sentence encoder that reads documents.",
        ),
        click.option(
            "--exclude",
            multiple=True,
            metavar="PATTERN",
            help="Files or folders of documents to pass over, such as '*.json'; repeatable.",
        ),
        click.option("--subject", help="Whose data it is, when it is somebody's."),
        click.option("--licence", help="The licence it came under."),
        click.option("--family", help="The family of models it belongs to."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def _tracks(context: click.Context, option: click.Parameter, value: str) -> frozenset[str]:
    from hartonomous.extract.importer_protocol import ALL, OPTIONAL_TRACKS, TRACKS

    chosen, known = frozenset(value.split(",")), (*TRACKS, *OPTIONAL_TRACKS)
    if unknown := sorted(chosen - {*known, ALL}):
        raise click.BadParameter(f"{unknown[0]!r} is none of {', '.join(known)}, all.")
    return chosen


@click.command(epilog="\b\nExample:\n  hartonomous importers\n")
@json_option
def importers(as_json: bool) -> None:
    """Which kinds of model can be opened."""
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
    """Take MODEL apart into an evidence bundle; needs no server."""
    from hartonomous.extract.extraction import extract as run
    from hartonomous.extract.extraction import open_model

    opened = open_model(model, *opening(options))
    with progress_bar(quiet) as progress:
        bundle = run(opened, extraction(options), output, progress)
    omissions = omissions_of(opened)
    _print_bundle(bundle, as_json, omissions.as_facts())
    say_omissions(omissions, quiet)


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
        from hartonomous.bundle_scan import scan

        scan(bundle)
        _print_bundle(bundle, as_json, {})
        say_omissions(omissions_in(bundle))
        return
    from hartonomous.extract.extraction import forecast, open_model

    opened = open_model(path, *opening(options))
    omissions = omissions_of(opened)
    facts = {"importer": opened.importer, **forecast(opened, extraction(options))}
    if as_json:
        print_json({**facts, **omissions.as_facts()})
    else:
        print_facts(_readable(facts))
    say_omissions(omissions)


def opening(options: dict[str, Any]) -> tuple[OpenOptions, str | None]:
    """Return the chosen options as a model is opened with, and the importer's name."""
    from hartonomous.extract.importer_protocol import OpenOptions

    chosen = OpenOptions(
        options["vocabulary"],
        options["tensor"],
        options["limit"],
        options["tracks"],
        options["device"],
        options["read"],
        options["samples"],
        options["encoder"],
        options["support"],
        options["exclude"],
    )
    return chosen, options["importer"]


def extraction(options: dict[str, Any]) -> ExtractOptions:
    """Return the chosen options as a model is searched with."""
    from hartonomous.extract.extraction import ExtractOptions
    from hartonomous.extract.search.nearest_neighbours import NeighbourOptions

    search = NeighbourOptions(k=options["k"], centre=options["centre"])
    return ExtractOptions(search, options["subject"], options["licence"], options["family"])


def _print_bundle(bundle: Bundle, as_json: bool, more: dict[str, Any]) -> None:
    """Print what a bundle holds; in JSON, `more` that only its making told."""
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
