"""The canonical export."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from hartonomous.cli.output import json_option, print_facts, print_json, progress_bar, quiet_option


@click.command(epilog="\b\nExample:\n  hartonomous export --output graph.jsonl\n")
@click.option("--output", required=True, type=click.Path(path_type=Path), help="File to write.")
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
@json_option
@quiet_option
def export(output: Path, force: bool, as_json: bool, quiet: bool) -> None:
    """Write the graph as sorted JSON Lines: the same bytes for the same knowledge."""
    from hartonomous.store.connecting import connect
    from hartonomous.store.exporting import export as write

    with connect() as graph, progress_bar(quiet) as progress:
        report = write(graph, output, progress, force)
    facts = {**asdict(report), "path": str(report.path)}
    print_json(facts) if as_json else print_facts(facts)
