"""The log of acts, and the keys that sign its heads."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from hartonomous.cell_text import printable
from hartonomous.cli.output import confirm, json_option, print_facts, print_json, print_rows, say


@click.group(
    invoke_without_command=True,
    epilog="""\b
Example:
  hartonomous log
  hartonomous log verify
  hartonomous log prove 3 --output third.json
""",
)
@click.option(
    "--top",
    default=25,
    show_default=True,
    type=click.IntRange(1, 1_000_000),
    help="Number of entries.",
)
@json_option
@click.pass_context
def log(context: click.Context, top: int, as_json: bool) -> None:
    """List the acts in the transparency log, or check the log.

    The newest act is first. Names are stored beside the log, not in it; erased
    names are removed.
    """
    if context.invoked_subcommand is not None:
        return
    from hartonomous.server.connection import connect
    from hartonomous.transparency.transparency_log import read_log

    with connect() as graph:
        entries = read_log(graph, top)
    if as_json:
        print_json([{**entry, "entry": json.loads(entry["entry"])} for entry in entries])
        return
    rows = [
        {**entry, "about": _about(entry), "details": _details(entry["entry"])} for entry in entries
    ]
    titles = {"index": "entry", "at": "at", "act": "act", "about": "about", "details": "figures"}
    print_rows(rows, titles)


def _about(entry: dict[str, object]) -> str:
    names = entry["names"]
    hidden = len(json.loads(str(entry["entry"]))["about"])
    assert isinstance(names, list)
    return printable(", ".join(names) or ("erased" if hidden else "-"))


def _details(entry: str) -> str:
    details = json.loads(entry)["details"]
    return ", ".join(f"{name} {value:,}" for name, value in details.items() if type(value) is int)


@log.command("verify", epilog="\b\nExample:\n  hartonomous log verify\n")
@click.option(
    "--head",
    "heads",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Also check this signed head.",
)
@json_option
@click.pass_context
def verify(context: click.Context, heads: tuple[Path, ...], as_json: bool) -> None:
    """Verify all entries and all signed heads stored outside the graph.

    Exit code 6 if the log was changed, truncated, emptied or rewritten.
    """
    from hartonomous.operations.attestation import check_log
    from hartonomous.server.connection import connect

    with connect() as graph:
        report = check_log(graph, heads)
    facts = asdict(report)
    print_json(facts) if as_json else print_facts(facts)
    context.exit(6 if report.findings else 0)


@log.command("head", epilog="\b\nExample:\n  hartonomous log head > today.head\n")
def head() -> None:
    """Sign and print the log's head.

    Store it where the graph's administrators cannot write.
    """
    from hartonomous.operations.attestation import sign_head
    from hartonomous.server.connection import connect

    with connect() as graph:
        note = sign_head(graph)
    click.echo(note, nl=False)


@log.command("prove", epilog="\b\nExample:\n  hartonomous log prove 3 --output third.json\n")
@click.argument("index", type=click.IntRange(0))
@click.option(
    "--output", type=click.Path(path_type=Path), help="Output file; default: standard output."
)
def prove(index: int, output: Path | None) -> None:
    """Prove that entry INDEX is in the log.

    'certificate verify' checks the proof offline.
    """
    from hartonomous.operations.attestation import prove_entry
    from hartonomous.server.connection import connect

    with connect() as graph:
        proof = prove_entry(graph, index, output)
    if output is None:
        click.echo(proof, nl=False)


@log.command("adopt", epilog="\b\nExample:\n  hartonomous log adopt --yes\n")
@click.option("--yes", is_flag=True, help="Skip the confirmation.")
def adopt(yes: bool) -> None:
    """Accept a log that does not continue the stored heads.

    Recorded in the log. For a graph that was emptied, restored or replaced on purpose.
    """
    from hartonomous.operations.attestation import adopt_log
    from hartonomous.server.connection import connect

    confirm("log adopt", "Heads signed before will no longer be valid. Accept the log?", yes)
    with connect() as graph:
        index = adopt_log(graph)
    say(f"Adopted, and recorded as entry {index}.")


@click.command(epilog="\b\nExample:\n  hartonomous keys > hartonomous.pub\n")
@click.option("--new", "renew", is_flag=True, help="Create a new signing key.")
@json_option
def keys(renew: bool, as_json: bool) -> None:
    """Print the public key of heads and certificates.

    Send it over another channel than the certificate. The private half is in a
    file readable by its owner only.
    """
    from hartonomous.operations.attestation import public_key

    key = public_key(renew)
    if as_json:
        print_json({"key": key.key, "directory": str(key.directory)})
        return
    click.echo(key.key)
    say(f"Stored in {key.directory}; back that up apart from the graph.")
