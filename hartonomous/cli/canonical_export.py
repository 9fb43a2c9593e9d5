"""The canonical export, and the graph's sources in standard formats."""

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

_FORMATS = ("graph", "record", "prov", "mlbom")


@click.command(
    epilog="""\b
Example:
  hartonomous export --output graph.jsonl
  hartonomous export --format mlbom --output bom.json
"""
)
@click.option("--output", required=True, type=click.Path(path_type=Path), help="File to write.")
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    default="graph",
    show_default=True,
    help="The graph, or its sources as a record, W3C PROV or CycloneDX ML-BOM.",
)
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
@json_option
@quiet_option
def export(output: Path, form: str, force: bool, as_json: bool, quiet: bool) -> None:
    """Export the graph as sorted JSON Lines.

    Equal knowledge gives equal bytes. With --format, export its sources with
    licences and digests.
    """
    from hartonomous.operations.graph_copies import export as write
    from hartonomous.server.connection import connect

    if form != "graph":
        _export_sources(output, form, force, quiet)
        return
    with connect() as graph, progress_bar(quiet) as progress:
        report = write(graph, output, force, progress)
    facts = {**asdict(report), "path": str(report.path)}
    print_json(facts) if as_json else print_facts(facts)


def _export_sources(output: Path, form: str, force: bool, quiet: bool) -> None:
    from hartonomous.operations.graph_copies import export_sources, refuse_existing
    from hartonomous.server.connection import connect

    refuse_existing(output, force)
    with connect() as graph:
        export_sources(graph, output, form, force)
    say(f"Wrote {output}.", quiet)
