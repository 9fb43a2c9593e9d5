"""The certificate that a removal was asked for with: when it can be written, and what with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hartonomous.cli.output import say

if TYPE_CHECKING:
    from hartonomous.graph.driver import Graph
    from hartonomous.graph.writer_lock import WriterLock
    from hartonomous.proof.claims import Scan


def refuse_unfit(certificate: Path | None, force: bool) -> None:
    """Raise before anything is done where a certificate could not be written afterwards."""
    from hartonomous.errors import Conflict, NotFound

    if certificate is None:
        return
    if certificate.exists() and not force:
        raise Conflict(f"{certificate} already exists; nothing was done.")
    if not certificate.absolute().parent.is_dir():
        raise NotFound(f"There is no folder {certificate.parent} to write to; nothing was done.")


def certify(graph: Graph, lock: WriterLock, report: Any, certificate: Path | None) -> None:
    """Write the certificate of a deletion that can still be undone, where one was asked for."""
    from hartonomous.proof import claims

    if certificate is not None:
        _write(certificate, claims.certify(graph, lock, report.id, report.residual))


def _write(file: Path, certificate: bytes) -> None:
    """Write a certificate, whole or not at all."""
    from hartonomous.atomic import atomic
    from hartonomous.errors import BadInput

    try:
        with atomic(file) as partial:
            partial.write_bytes(certificate)
    except OSError as error:
        raise BadInput(f"{file} cannot be written: {error.strerror or error}.") from error


def certify_last(
    graph: Graph, lock: WriterLock, verb: str, certificate: Path | None, quiet: bool
) -> None:
    """Issue the certificate of the last erasure, where nothing of it is left to do but that."""
    if verb == "delete" or certificate is None:
        say("Nothing was cut short.", quiet)
        return
    from hartonomous.proof.claims import find_claims

    found = find_claims(graph)
    certify_erasure(graph, lock, certificate, found["id"], None)
    say(f"Nothing was cut short; {certificate} is of erasure {found['id']}, the last one.", quiet)


def certify_erasure(
    graph: Graph, lock: WriterLock, certificate: Path, erasure: str, scan: Scan | None
) -> None:
    """Log what an erasure's certificate says, and write it."""
    from hartonomous.proof import claims

    _write(certificate, claims.certify_erasure(graph, lock, erasure, scan))
