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
    from hartonomous.graph.writer_lock import WriterLock
    from hartonomous.operations.ingestion import prepare
    from hartonomous.server.connection import connect
    from hartonomous.versions.backup import back_up

    with connect() as graph, progress_bar(quiet) as progress:
        prepare(graph)
        with WriterLock(graph, f"backing up to {file.name}") as lock:
            report = back_up(graph, lock, file, progress, force)
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
    from hartonomous.graph.writer_lock import WriterLock
    from hartonomous.operations.ingestion import prepare
    from hartonomous.server.connection import connect
    from hartonomous.versions.backup import restore as bring_back

    with connect() as graph, progress_bar(quiet) as progress:
        prepare(graph)
        with WriterLock(graph, f"restoring {file.name}") as lock:
            report = bring_back(graph, lock, file, progress)
    if not report.signed:
        say(
            f"{file} was not signed with a key used here. Its evidence is taken as it is; ratings and "
            "digests were worked out from it."
        )
    facts = asdict(report)
    print_json(facts) if as_json else print_facts(facts)
