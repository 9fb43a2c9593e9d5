"""Problems of the installation and the graph, and their remedies."""

from __future__ import annotations

from dataclasses import asdict

import click

from hartonomous.cli.output import json_option, print_json, print_rows, say


@click.command(epilog="\b\nExample:\n  hartonomous doctor\n")
@json_option
@click.pass_context
def doctor(context: click.Context, as_json: bool) -> None:
    """Check what commands depend on; list problems and remedies.

    Exit code 1 for a warning, 5 for a failure.
    """
    from hartonomous.operations.health import doctor as look

    checks = look()
    if as_json:
        print_json([asdict(check) for check in checks])
    else:
        print_rows([asdict(c) for c in checks], {"name": "check", "verdict": "", "seen": "seen"})
        for check in checks:
            if check.verdict != "ok":
                say(f"{check.name}: {check.advice}")
    verdicts = {check.verdict for check in checks}
    context.exit(5 if "failure" in verdicts else 1 if "warning" in verdicts else 0)
