"""Deleting and erasing: the selectors, and the options of both."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from hartonomous.cli.completion import (
    complete_evidence,
    complete_source,
    complete_type,
    complete_word,
)
from hartonomous.cli.output import F, json_option, quiet_option
from hartonomous.cli.removal import SHOW, do_or_resume, run

Run = Callable[..., None]

LONGEST = 36_500

_keep = click.option(
    "--keep",
    default=30.0,
    show_default=True,
    type=click.FloatRange(0, LONGEST),
    metavar="DAYS",
    help="Retention window in days.",
)
_certificate = click.option(
    "--certificate",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a signed certificate.",
)
_ways = click.option(
    "--ways",
    default=0,
    type=click.IntRange(0, 20),
    metavar="K",
    help="Report the K most probable residual paths, by Graph Data Science.",
)
_yes = click.option("--yes", is_flag=True, help="Skip the confirmation.")
_apply = click.option(
    "--apply", "plan_file", type=click.Path(path_type=Path), help="Execute this plan."
)
_resume = click.option("--resume", is_flag=True, help="Finish an interrupted removal.")
_exact = click.option(
    "--exact", is_flag=True, help="Only the words themselves, not texts that contain them."
)
_any_case = click.option("--any-case", is_flag=True, help="Ignore case.")
_reach = click.option(
    "--reach",
    metavar="HOW",
    help="Also select nearby words: depth:N or pagerank:SHARE, whatever the direction.",
)
_types = click.option(
    "--types",
    metavar="TYPE,...",
    shell_complete=complete_type,
    help="Rated types of pairs, --reach, --cut and residual paths. Default: all evidence of a pair; "
    "RELATES.",
)
_type = click.option(
    "--type",
    "--types",
    "types",
    metavar="TYPE,...",
    shell_complete=complete_type,
    help="Only evidence of these rated types; with a direction, only from A to B.",
)
_depicting = click.option(
    "--depicting", is_flag=True, help="Also select the pictures that show one."
)


@click.group(
    invoke_without_command=True,
    epilog="""\b
Example:
  hartonomous delete concept king --plan plan.json
  hartonomous delete --apply plan.json --yes
""",
)
@_apply
@_resume
@_keep
@_certificate
@_ways
@_yes
@json_option
@quiet_option
def delete(keep: float, **options: Any) -> None:
    """Delete knowledge; can be undone for --keep days.

    --apply refuses an edited plan, or a graph that changed since the plan, with
    exit code 4. After an interruption, the same command resumes.
    """
    if click.get_current_context().invoked_subcommand is None:
        do_or_resume("delete", keep=keep, **options)


@click.group(
    invoke_without_command=True,
    epilog="""\b
Example:
  hartonomous erase person user_12345 --plan
  hartonomous erase person user_12345 --yes
""",
)
@_apply
@_resume
@_certificate
@_ways
@_yes
@json_option
@quiet_option
def erase(**options: Any) -> None:
    """Erase and suppress knowledge for good; cannot be undone.

    On the managed server, copies the store without the erased data, which
    restarts the server: other connections end. Snapshots with erased data are
    dropped whole. Also erases copies in retained deletions, bundles and names
    in the log, even if the graph itself has none; exit code 3 if there is no
    copy at all. Copies out of reach, such as backups, are listed with the remedy.
    'suppressions lift' allows the data to be ingested again. Request a
    certificate with the erasure; if nothing was interrupted, --resume
    --certificate FILE issues that of the last erasure again.
    """
    if click.get_current_context().invoked_subcommand is None:
        do_or_resume("erase", keep=0.0, **options)


def _options(verb: str, name: str, command: F) -> F:
    for option in (
        _type if name == "relation" else _types,
        quiet_option,
        json_option,
        _yes,
        *((_keep,) if verb == "delete" else ()),
        _ways,
        _certificate,
        click.option("--force", is_flag=True, help="Overwrite existing plan or certificate files."),
        click.option("--cut", is_flag=True, help="Include disconnected words in the plan."),
        click.option(
            "--plan",
            "plan_file",
            is_flag=False,
            flag_value=SHOW,
            metavar="[FILE]",
            help="Print the plan, or write it to FILE; the graph is not changed.",
        ),
    ):
        command = option(command)
    return command


def _typed(options: dict[str, Any]) -> dict[str, str]:
    """Take the rated types, if any were given, out of the options."""
    types = options.pop("types")
    return {} if types is None else {"types": types}


def _add_selectors(group: click.Group, verb: str) -> None:
    """Give a group a command for each selector."""

    def command(
        name: str, what: str, example: str, *arguments: Any
    ) -> Callable[[Run], click.Command]:
        def register(function: Run) -> click.Command:
            function = _options(verb, name, function)
            for argument in reversed(arguments):
                function = argument(function)
            epilog = f"\b\nExample:\n  hartonomous {verb} {name} {example} --plan\n"
            summary = f"{verb.capitalize()} {what}"
            return group.command(name, help=summary, epilog=epilog)(function)

        return register

    names_argument = click.argument(
        "names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_source
    )

    @command("source", "sources with their evidence.", "glove", names_argument)
    def source(names: tuple[str, ...], **options: Any) -> None:
        run(verb, {"sources": names, **_typed(options)}, **options)

    words_argument = click.argument(
        "words", nargs=-1, required=True, metavar="WORD...", shell_complete=complete_word
    )

    @command(
        "concept",
        "words, and all texts and names that contain one.",
        "king",
        words_argument,
        _exact,
        _any_case,
        _reach,
        _depicting,
    )
    def concept(words: tuple[str, ...], **options: Any) -> None:
        extent = {name: options.pop(name) for name in ("exact", "any_case", "reach", "depicting")}
        run(verb, {"concepts": words, **extent, **_typed(options)}, **options)

    people_argument = click.argument("people", nargs=-1, required=True, metavar="ID...")

    @command("person", "every source whose subject is exactly ID.", "user_12345", people_argument)
    def person(people: tuple[str, ...], **options: Any) -> None:
        run(verb, {"people": people, **_typed(options)}, **options)

    ends = (
        click.argument("first", metavar="A", shell_complete=complete_word),
        click.argument("second", metavar="B", shell_complete=complete_word),
    )

    @command(
        "relation",
        "all evidence between A and B, or of some types.",
        "king throne",
        *ends,
    )
    def relation(first: str, second: str, **options: Any) -> None:
        run(verb, {"relations": ((first, second),), **_typed(options)}, **options)

    @command(
        "evidence",
        "one source's evidence with a mean weight in a range.",
        "--source glove --max 0.3 \\\n    --type EMBEDDING_EVIDENCE",
        click.option(
            "--source",
            "name",
            required=True,
            shell_complete=complete_source,
            help="Source of the evidence.",
        ),
        click.option(
            "--type",
            "evidence",
            required=True,
            shell_complete=complete_evidence,
            help="Evidence type.",
        ),
        click.option("--min", "least", type=float, help="Least mean weight, 0 to 1."),
        click.option("--max", "most", type=float, help="Largest mean weight, 0 to 1."),
    )
    def evidence(
        name: str, evidence: str, least: float | None, most: float | None, **options: Any
    ) -> None:
        from hartonomous.delete.selectors import evidence_range

        chosen = evidence_range(name, evidence, least, most)
        run(verb, {"evidence": (chosen,), **_typed(options)}, **options)

    @command(
        "many",
        "by several selectors at once.",
        "--source glove --concept king",
        click.option(
            "--source",
            "sources",
            multiple=True,
            shell_complete=complete_source,
            help="A source; all selectors here are repeatable.",
        ),
        click.option(
            "--concept",
            "concepts",
            multiple=True,
            shell_complete=complete_word,
            help="A word, and texts that contain it.",
        ),
        click.option("--person", "people", multiple=True, help="Sources of this subject."),
        click.option("--licence", "licences", multiple=True, help="Sources under this licence."),
        click.option("--family", "families", multiple=True, help="Sources of this family."),
        click.option(
            "--relation",
            "relations",
            nargs=2,
            multiple=True,
            shell_complete=complete_word,
            help="Evidence between two words.",
        ),
        _exact,
        _any_case,
        _reach,
        _depicting,
    )
    def many(**options: Any) -> None:
        from hartonomous.delete.selectors import Selectors

        names = Selectors.__dataclass_fields__.keys() & options.keys()
        run(verb, {name: options.pop(name) for name in names}, **options)


_add_selectors(delete, "delete")
_add_selectors(erase, "erase")
