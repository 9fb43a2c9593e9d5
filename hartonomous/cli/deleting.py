"""Taking knowledge out."""

from __future__ import annotations

import sys
from dataclasses import asdict

import click

from hartonomous.cli.output import (
    json_option,
    print_facts,
    print_json,
    progress_bar,
    quiet_option,
    say,
)
from hartonomous.errors import ConfirmationNeeded


@click.group()
def delete() -> None:
    """Take knowledge out of the graph."""


@delete.command(
    "source",
    epilog="""\b
Example:
  hartonomous delete source glove --plan
  hartonomous delete source glove --yes
""",
)
@click.argument("name")
@click.option("--plan", "plan_only", is_flag=True, help="Say what would go; write nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@quiet_option
def delete_source(name: str, plan_only: bool, yes: bool, as_json: bool, quiet: bool) -> None:
    """Take the source NAME out: its evidence goes, what it touched is rated anew.

    Interrupted, the same command goes on.
    """
    from hartonomous.forget.deleting import delete_source as remove
    from hartonomous.forget.deleting import plan_source
    from hartonomous.ingesting import prepare
    from hartonomous.store.connecting import connect
    from hartonomous.store.locking import WriterLock

    with connect() as graph, progress_bar(quiet) as progress:
        if plan_only or not yes:
            plan = plan_source(graph, name, progress)
            if plan_only:
                print_json(asdict(plan)) if as_json else print_facts(asdict(plan))
                return
            say(
                f"Source {name!r}: {plan.evidence:,} edges of evidence go; "
                f"{plan.lost:,} relations are lost, {plan.kept:,} are kept and rated anew."
            )
            _confirm(name)
        prepare(graph)
        with WriterLock(graph, f"deleting {name}") as lock:
            report = remove(graph, lock, name, progress)
    if as_json:
        print_json(asdict(report))
        return
    say(
        f"Deleted {name!r}: {report.removed:,} edges of evidence, {report.pairs:,} pairs rated "
        f"anew, {report.pruned:,} compositions nothing refers to any more.",
        quiet,
    )


def _confirm(name: str) -> None:
    if not sys.stdin.isatty():
        raise ConfirmationNeeded(f"Deleting {name!r} needs --yes where nobody can be asked.")
    if not click.confirm(f"Delete {name!r}?", err=True):
        raise ConfirmationNeeded("Nothing was deleted.")
