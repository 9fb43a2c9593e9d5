"""Certificates of removals: verified, and verifiers written for others."""

from __future__ import annotations

from pathlib import Path

import click

from hartonomous.cli.output import json_option, print_json, say


@click.group(
    epilog="""\b
Example:
  hartonomous certificate verify glove.certificate --key hartonomous.pub
"""
)
def certificate() -> None:
    """Verify certificates of removals, here or anywhere."""


@certificate.command(
    "verify",
    epilog="""\b
Example:
  hartonomous certificate verify glove.certificate --key hartonomous.pub
""",
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--key", required=True, help="Public key, or a file with it.")
@click.option(
    "--names",
    type=click.Path(path_type=Path),
    help="Names behind the keyed hashes, from 'certificate names'.",
)
@json_option
@click.pass_context
def verify(context: click.Context, file: Path, key: str, names: Path | None, as_json: bool) -> None:
    """Verify the certificate, log proof or signed head in FILE.

    Works offline. Exit code 1 if it is authentic but something remains: a check
    found something, or the deletion can still be undone; 6 if it is not
    authentic, 7 if the names do not fit it.
    """
    from hartonomous.operations.attestation import verify as check
    from hartonomous.proof import verify_certificate as verifier

    facts = check(file, key, names)
    print_json(facts) if as_json else click.echo(verifier.report(facts), nl=False)
    context.exit(1 if facts.get("left") or facts.get("restorable") else 0)


@certificate.command(
    "names", epilog="\b\nExample:\n  hartonomous certificate names glove.certificate > names.json\n"
)
@click.argument("file", type=click.Path(path_type=Path))
def names(file: Path) -> None:
    """Print the names behind the keyed hashes in FILE.

    The keys of the hashes are included: anyone who has the output can read and
    check the names. Erased names are not included.
    """
    from hartonomous.operations.attestation import certificate_names

    click.echo(certificate_names(file))


@certificate.command(
    "verifier",
    epilog="""\b
Example:
  hartonomous certificate verifier --output verify_certificate.py
  hartonomous certificate verifier --page --output verify_certificate.html
""",
)
@click.option(
    "--page", is_flag=True, help="Write an HTML page for a browser instead of the script."
)
@click.option("--output", required=True, type=click.Path(path_type=Path), help="File to write.")
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
def verifier(page: bool, output: Path, force: bool) -> None:
    """Write a stand-alone verifier of certificates.

    The script needs Python and 'cryptography'; the page needs a browser. Neither
    uses a network.
    """
    from hartonomous.operations.attestation import write_verifier

    write_verifier(output, page, force)
    say(f"Wrote {output}.")
