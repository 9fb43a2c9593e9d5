"""The auditor's report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from hartonomous.cli.output import (
    json_option,
    print_json,
    progress_bar,
    quiet_option,
    say,
)


@click.command(
    epilog="""\b
Example:
  hartonomous audit --full
  hartonomous audit --certificate glove.certificate --output report.html
"""
)
@click.option("--output", type=click.Path(path_type=Path), help="Write the report as an HTML page.")
@click.option("--full", is_flag=True, help="Recompute all ratings and digests.")
@click.option(
    "--certificate",
    "certificates",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Include a deletion, by its certificate.",
)
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
@json_option
@quiet_option
@click.pass_context
def audit(
    context: click.Context,
    output: Path | None,
    full: bool,
    certificates: tuple[Path, ...],
    force: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Audit the graph: content, origin, changes made by hand.

    Compares sources, removals, suppressions and the log with the inventory of
    the last act; --full also recomputes ratings, votes, classes, texts, edges
    between contexts, and coordinates. Exit code 1 for an unfinished act, 6 for
    a change.
    """
    from hartonomous.operations.attestation import audit as look
    from hartonomous.operations.graph_copies import refuse_existing
    from hartonomous.server.connection import connect

    if output is not None:
        refuse_existing(output, force)
    with connect() as graph, progress_bar(quiet) as progress:
        facts = look(graph, full, certificates, output, force, progress)
    if output is not None:
        say(f"Wrote {output}.", quiet)
    if as_json:
        print_json(facts)
    elif output is None:
        _print(facts)
    for finding in facts["findings"]:
        say(finding)
    context.exit(6 if facts["broken"] else 1 if facts["findings"] else 0)


def _print(facts: dict[str, Any]) -> None:
    from hartonomous.cli.output import print_facts, print_rows

    print_facts({name: value for name, value in facts["graph"].items()})
    if facts["full"]:
        titles = {"source": "source", "evidence": "evidence", "rows": "edges", "sound": "as stored"}
        print_rows(facts["full"]["tracks"], titles)
        tallies = [{"type": name, **tally} for name, tally in facts["full"]["ratings"].items()]
        columns = {"type": "type", "pairs": "pairs", "edges": "edges", "wrong": "rated otherwise"}
        print_rows(tallies, columns)
    print_facts({"log entries": facts["log"]["size"], "findings": len(facts["findings"])})
