"""Taking knowledge out, for a time or for good: the ways to say what goes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

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
    help="How long it can be undone.",
)
_certificate = click.option(
    "--certificate",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a signed certificate of it.",
)
_ways = click.option(
    "--ways",
    default=0,
    type=click.IntRange(0, 20),
    metavar="K",
    help="Say the K likeliest ways that remain, by Graph Data Science.",
)
_yes = click.option("--yes", is_flag=True, help="Do not ask.")
_apply = click.option("--apply", "plan_file", type=click.Path(path_type=Path), help="Do this plan.")
_resume = click.option("--resume", is_flag=True, help="Finish what was cut short.")
_exact = click.option("--exact", is_flag=True, help="The words alone, not what holds them.")
_any_case = click.option("--any-case", is_flag=True, help="However they are capitalised.")
_reach = click.option("--reach", metavar="HOW", help="And what is near: depth:N or pagerank:SHARE.")


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
    """Take knowledge out of the graph; until its window ends it can be undone.

    --apply refuses, with exit code 4, a plan that was edited or a graph that has
    moved since. Interrupted, the same command goes on.
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
    """Take knowledge out for good: nothing is kept, and it is kept from coming back.

    What deletions keep of it goes too, and so do bundles, snapshots and names in
    the log, also where the graph itself has nothing of it; exit code 3 says that
    nothing is held. What is out of reach, such as backups, is named with what to
    do. It cannot be undone; a recorded 'suppressions lift' lets the same in again
    when it is ingested anew. A certificate must be asked for with the erasure;
    where nothing was cut short, --resume --certificate FILE issues that of the
    last one, again if need be.
    """
    if click.get_current_context().invoked_subcommand is None:
        do_or_resume("erase", keep=0.0, **options)


def _options(verb: str, command: F) -> F:
    for option in (
        quiet_option,
        json_option,
        _yes,
        *((_keep,) if verb == "delete" else ()),
        _ways,
        _certificate,
        click.option("--force", is_flag=True, help="Overwrite the plan's or certificate's file."),
        click.option("--cut", is_flag=True, help="Say in the plan what is cut off from the rest."),
        click.option(
            "--plan",
            "plan_file",
            is_flag=False,
            flag_value=SHOW,
            metavar="[FILE]",
            help="Say what would go, or write it to FILE; the graph stays.",
        ),
    ):
        command = option(command)
    return command


def _add_selectors(group: click.Group, verb: str) -> None:
    """Give a group a command for each way to say what goes."""

    def command(name: str, example: str, *arguments: Any) -> Callable[[Run], click.Command]:
        def register(function: Run) -> click.Command:
            function = _options(verb, function)
            for argument in reversed(arguments):
                function = argument(function)
            epilog = f"\b\nExample:\n  hartonomous {verb} {name} {example} --plan\n"
            return group.command(name, epilog=epilog)(function)

        return register

    @command("source", "glove", click.argument("names", nargs=-1, required=True, metavar="NAME..."))
    def source(names: tuple[str, ...], **options: Any) -> None:
        """Take sources out: their evidence goes, what it touched is rated anew."""
        run(verb, {"sources": names}, **options)

    words_argument = click.argument("words", nargs=-1, required=True, metavar="WORD...")

    @command("concept", "king", words_argument, _exact, _any_case, _reach)
    def concept(
        words: tuple[str, ...], exact: bool, any_case: bool, reach: str | None, **options: Any
    ) -> None:
        """Take words out, with every sentence, context and label that holds one."""
        selected = {"concepts": words, "exact": exact, "any_case": any_case, "reach": reach}
        run(verb, selected, **options)

    people_argument = click.argument("people", nargs=-1, required=True, metavar="ID...")

    @command("person", "user_12345", people_argument)
    def person(people: tuple[str, ...], **options: Any) -> None:
        """Take out every source whose subject is exactly ID."""
        run(verb, {"people": people}, **options)

    ends = (click.argument("first", metavar="A"), click.argument("second", metavar="B"))

    @command("relation", "king throne", *ends)
    def relation(first: str, second: str, **options: Any) -> None:
        """Take out all evidence between A and B, either way."""
        run(verb, {"relations": ((first, second),)}, **options)

    @command(
        "evidence",
        "--source glove --type EMBEDDING_EVIDENCE --max 0.3",
        click.option("--source", "name", required=True, help="Whose evidence."),
        click.option("--type", "evidence", required=True, help="Of which type."),
        click.option("--min", "least", type=float, help="Mean weight from here, 0 to 1."),
        click.option("--max", "most", type=float, help="Mean weight up to here, 0 to 1."),
    )
    def evidence(
        name: str, evidence: str, least: float | None, most: float | None, **options: Any
    ) -> None:
        """Take out one source's evidence of one type whose mean weight is in range."""
        from hartonomous.delete.selectors import evidence_range

        run(verb, {"evidence": (evidence_range(name, evidence, least, most),)}, **options)

    @command(
        "many",
        "--source glove --concept king --licence GPL-3.0",
        click.option("--source", "sources", multiple=True, help="Repeatable, like all of these."),
        click.option("--concept", "concepts", multiple=True, help="A word and what holds it."),
        click.option("--person", "people", multiple=True, help="Sources of this subject."),
        click.option("--licence", "licences", multiple=True, help="Sources under this licence."),
        click.option("--family", "families", multiple=True, help="Sources of this family."),
        click.option("--relation", "relations", nargs=2, multiple=True, help="Between two words."),
        _exact,
        _any_case,
        _reach,
    )
    def many(**options: Any) -> None:
        """Take out several things at once; each pair concerned is rated once."""
        from hartonomous.delete.selectors import Selectors

        names = Selectors.__dataclass_fields__.keys() & options.keys()
        run(verb, {name: options.pop(name) for name in names}, **options)


_add_selectors(delete, "delete")
_add_selectors(erase, "erase")
