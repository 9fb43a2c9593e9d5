"""Undoing deletions, and lifting suppressions."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import click

from hartonomous.cli.completion import complete_deletion, complete_suppression
from hartonomous.cli.output import (
    json_option,
    print_facts,
    print_json,
    print_rows,
    progress_bar,
    quiet_option,
)


@click.command(epilog="\b\nExample:\n  hartonomous undo 5f0c9a1b22d4e687\n")
@click.argument("deletion", metavar="ID", shell_complete=complete_deletion)
@json_option
@quiet_option
def undo(deletion: str, as_json: bool, quiet: bool) -> None:
    """Undo the deletion ID: restore what it removed.

    Deletions can be undone in any order: rows also selected by a later deletion
    are transferred to it. After an interruption, the same command resumes.
    """
    from hartonomous.operations.reinstatement import undo as run
    from hartonomous.server.connection import connect

    with connect() as graph, progress_bar(quiet) as progress:
        report = asdict(run(graph, deletion, progress))
    print_json(report) if as_json else print_facts(report)


@click.command(epilog="\b\nExample:\n  hartonomous deletions\n")
@json_option
def deletions(as_json: bool) -> None:
    """List removals, with the end of each retention window."""
    from hartonomous.delete.undo import deletions as listed
    from hartonomous.server.connection import connect

    with connect() as graph:
        rows = [{**row, "what": _selected(row["what"])} for row in listed(graph)]
    if as_json:
        print_json(rows)
        return
    columns = {
        name: name for name in ("id", "verb", "state", "created", "until", "evidence", "what")
    }
    print_rows(rows, columns)


def _selected(what: str | None) -> Any:
    """Return what a removal selected, which its journal has as JSON; as it is if that was edited."""
    try:
        return None if what is None else json.loads(what)
    except ValueError:
        return what


@click.group(
    invoke_without_command=True,
    epilog="""\b
Example:
  hartonomous suppressions
  hartonomous suppressions lift 5f0c9a1b22d4e687
""",
)
@json_option
@click.pass_context
def suppressions(context: click.Context, as_json: bool) -> None:
    """List suppressed data, by keyed hashes."""
    if context.invoked_subcommand is not None:
        return
    from hartonomous.load.suppression_list import suppressions as listed
    from hartonomous.server.connection import connect

    with connect() as graph:
        rows = listed(graph)
    if as_json:
        print_json(rows)
        return
    print_rows(rows, {name: name for name in ("id", "kind", "words", "created", "deletion")})


@suppressions.command(
    "lift", epilog="\b\nExample:\n  hartonomous suppressions lift 5f0c9a1b22d4e687\n"
)
@click.argument("suppression", metavar="ID", shell_complete=complete_suppression)
@json_option
def lift_suppression(suppression: str, as_json: bool) -> None:
    """Lift the suppression ID; this is recorded in the log."""
    from hartonomous.operations.reinstatement import lift
    from hartonomous.server.connection import connect

    with connect() as graph:
        row = lift(graph, suppression)
    print_json(row) if as_json else print_facts(row)
