"""Taking deletions back, and letting in again what was erased."""

from __future__ import annotations

from dataclasses import asdict

import click

from hartonomous.cli.output import (
    json_option,
    print_facts,
    print_json,
    print_rows,
    progress_bar,
    quiet_option,
)


@click.command(epilog="\b\nExample:\n  hartonomous undo 5f0c9a1b22d4e687\n")
@click.argument("deletion", metavar="ID")
@json_option
@quiet_option
def undo(deletion: str, as_json: bool, quiet: bool) -> None:
    """Take the deletion ID back: what it took out returns, exactly.

    In any order: rows that a later deletion stands for too pass to that one.
    Interrupted, the same command goes on.
    """
    from hartonomous.operations.reversal import undo as run
    from hartonomous.server.connection import connect

    with connect() as graph, progress_bar(quiet) as progress:
        report = asdict(run(graph, deletion, progress))
    print_json(report) if as_json else print_facts(report)


@click.command(epilog="\b\nExample:\n  hartonomous deletions\n")
@json_option
def deletions(as_json: bool) -> None:
    """What was taken out, and until when it can be taken back."""
    from hartonomous.delete.undo import deletions as listed
    from hartonomous.server.connection import connect

    with connect() as graph:
        rows = listed(graph)
    if as_json:
        print_json(rows)
        return
    columns = {
        name: name for name in ("id", "verb", "state", "created", "until", "evidence", "what")
    }
    print_rows(rows, columns)


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
    """What erasures keep out of the graph, known only by keyed hashes."""
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
@click.argument("suppression", metavar="ID")
@json_option
def lift_suppression(suppression: str, as_json: bool) -> None:
    """Let in again, from the next ingest on, what ID keeps out; this is recorded."""
    from hartonomous.operations.reversal import lift
    from hartonomous.server.connection import connect

    with connect() as graph:
        row = lift(graph, suppression)
    print_json(row) if as_json else print_facts(row)
