"""Importers, inspection and extraction; no database is needed."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hartonomous.cli.completion import complete_file, complete_importer
from hartonomous.cli.omissions import say_omissions
from hartonomous.cli.output import (
    F,
    json_option,
    print_facts,
    print_json,
    print_rows,
    progress_bar,
    quiet_option,
    readable,
)

if TYPE_CHECKING:
    from hartonomous.bundle import Bundle
    from hartonomous.extract.importer_options import Declaration, Declarations, ImporterOption


class OpensSource(click.Command):
    """A command that opens a source: its options, and below them those that importers declare."""

    def get_params(self, context: click.Context) -> list[click.Parameter]:
        own = super().get_params(context)
        return [*own[:-1], *(_flag(declared) for declared in _declared().values()), own[-1]]

    def format_options(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options of every source, then those of importers, by the importers that have
        them.
        """
        declared = _declared()
        sections: dict[tuple[str, ...], list[tuple[str, str]]] = {}
        for option in self.get_params(context):
            record = None
            if isinstance(option, click.Option):
                record = option.get_help_record(context)
            if record is not None:
                owners = tuple(one.importer for one in declared.get(str(option.name), ()))
                sections.setdefault(owners, []).append(record)
        # What more importers have comes first; what none declares is every source's.
        most = sorted(sections.items(), key=lambda one: (bool(one[0]), -len(one[0]), one[0]))
        for heading, records in ((_heading(owners), records) for owners, records in most):
            with formatter.section(heading):
                formatter.write_dl(records)


def _declared() -> Declarations:
    from hartonomous.errors import UsageError
    from hartonomous.extract.importer_protocol import declared_options

    try:
        return declared_options()
    except UsageError as error:
        raise click.UsageError(str(error)) from None


def _heading(owners: Sequence[str]) -> str:
    from hartonomous.extract.importer_protocol import importers as registered

    if not owners:
        return "Options"
    if len(owners) == len(registered()):
        return "Options of every importer"
    # A section's heading is not wrapped by itself.
    return "\n".join(textwrap.wrap(f"Options of {', '.join(owners)}", 78, break_on_hyphens=False))


def _flag(declared: Sequence[Declaration]) -> click.Option:
    """Return the option of the command line for one that importers declare; not given, it is None."""
    from hartonomous.extract.importer_options import SWITCH

    option = declared[0].option
    texts = dict.fromkeys(_help(one.option) for one in declared)
    flag = f"{option.flag}/--no-{option.flag[2:]}" if option.kind == SWITCH else option.flag
    return click.Option(
        [flag, option.name],
        type=_type([one.option for one in declared]),
        multiple=option.repeated,
        metavar=option.metavar,
        default=None,
        callback=lambda context, _, given: _read(declared, given),
        help=" Or: ".join(texts),
    )


def _help(option: ImporterOption) -> str:
    default = option.default_text
    return f"{option.help}  [default: {default}]" if default else option.help


def _type(options: Sequence[ImporterOption]) -> Any:
    """Return Click's type of an option, with the bounds that all its importers have."""
    from hartonomous.extract.importer_options import INTEGER, NUMBER, PATH, SWITCH

    first = options[0]
    same = all(one == first for one in options)
    if first.kind == PATH:
        return click.Path(path_type=Path)
    if first.kind == SWITCH:
        return click.BOOL
    if first.kind in (INTEGER, NUMBER):
        ranged: type[Any] = click.IntRange if first.kind == INTEGER else click.FloatRange
        return ranged(first.least, first.most) if same else ranged()
    return click.Choice(first.choices) if same and first.choices else click.STRING


def _read(declared: Sequence[Declaration], given: Any) -> Any:
    from hartonomous.errors import UsageError
    from hartonomous.extract.importer_options import read_early

    if given is None or given == ():
        return None
    try:
        return read_early(declared, given)
    except UsageError as error:
        raise click.BadParameter(str(error)) from None


def extraction_options(command: F) -> F:
    """Add the options of the search and of the source; those of opening it are the importers'."""
    options: list[Callable[[F], F]] = [
        click.option(
            "--importer",
            shell_complete=complete_importer,
            help="Importer to use instead of the one that recognises MODEL.",
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
        click.option("--subject", help="Person whose data it is (ID)."),
        click.option("--licence", help="Licence of the source."),
        click.option("--family", help="Model family of the source."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@click.command(
    epilog="""\b
Example:
  hartonomous importers
  hartonomous importers gguf
"""
)
@click.argument("name", required=False, shell_complete=complete_importer)
@json_option
def importers(name: str | None, as_json: bool) -> None:
    """List kinds of sources, or one importer's options."""
    from hartonomous.operations.importer_facts import importer_facts

    found = importer_facts(name)
    if as_json:
        rows = [{"importer": o.importer, "opens": o.opens, "options": o.options} for o in found]
        print_json(rows)
    elif name is None:
        rows = [{"importer": one.importer, "opens": one.opens} for one in found]
        print_rows(rows, {"importer": "importer", "opens": "opens"})
    else:
        print_facts({"importer": name, "opens": found[0].opens})
        click.echo()
        rows = [{"option": flag, "meaning": text} for flag, text in found[0].options.items()]
        print_rows(rows, {"option": "option", "meaning": "meaning"})


@click.command(
    cls=OpensSource,
    epilog="\b\nExample:\n  hartonomous extract ./all-MiniLM-L6-v2 --output minilm.bundle\n",
)
@click.argument("model", shell_complete=complete_file)
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
    cls=OpensSource,
    epilog="""\b
Example:
  hartonomous inspect ./all-MiniLM-L6-v2
  hartonomous inspect minilm.bundle --json
""",
)
@click.argument("path", shell_complete=complete_file)
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
        print_facts(readable(seen.forecast))
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
    print_facts(readable(facts))
    for track in tracks:
        click.echo()
        print_facts(readable(track))
