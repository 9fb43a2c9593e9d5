"""Backups of the graph: written, and restored."""

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
    """Back up the graph, its log and its snapshots to FILE.

    Retained rows of deletions are not included, nor are the keys beside the
    home: back those up separately. The backup is registered in the home, so
    that an erasure can report it.
    """
    from hartonomous.operations.graph_copies import back_up
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
    """Restore the backup FILE into a graph without sources.

    Data erased after the backup is left out. A damaged file is refused with
    exit code 7. After an interruption, the same command resumes.
    """
    from hartonomous.operations.graph_copies import restore as bring_back
    from hartonomous.server.connection import connect

    with connect() as graph, progress_bar(quiet) as progress:
        report = bring_back(graph, file, progress, say)
    facts = asdict(report)
    print_json(facts) if as_json else print_facts(facts)
