"""A backup of the graph, and the way back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from hartonomous.cli.output import (
    json_option,
    print_facts,
    print_json,
    progress_bar,
    quiet_option,
    say,
)


@click.command(epilog="\b\nExample:\n  hartonomous backup graph.backup\n")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
@json_option
@quiet_option
def backup(file: Path, force: bool, as_json: bool, quiet: bool) -> None:
    """Write all that the graph knows, its log and its snapshots to FILE.

    What deletions keep to be undone is left out. Keys are not in it: keep those
    beside the home elsewhere too. The home keeps where it was written, so that
    an erasure can name it.
    """
    from hartonomous.operations.archive import back_up
    from hartonomous.server.connection import connect

    with connect() as graph, progress_bar(quiet) as progress:
        report = back_up(graph, file, force, progress)
    facts = {**asdict(report), "path": str(report.path)}
    print_json(facts) if as_json else print_facts(facts)


@click.command(epilog="\b\nExample:\n  hartonomous restore graph.backup\n")
@click.argument("file", type=click.Path(path_type=Path))
@json_option
@quiet_option
def restore(file: Path, as_json: bool, quiet: bool) -> None:
    """Bring the backup FILE back into a graph without sources.

    What was erased after the backup stays out. A damaged file is refused with
    exit code 7. Interrupted, the same command goes on.
    """
    from hartonomous.operations.archive import restore as bring_back
    from hartonomous.server.connection import connect

    with connect() as graph, progress_bar(quiet) as progress:
        report = bring_back(graph, file, progress, say)
    facts = asdict(report)
    print_json(facts) if as_json else print_facts(facts)
