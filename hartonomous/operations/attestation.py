"""What can be shown to others: audits, the log of acts, certificates and the keys that sign them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from hartonomous.audit import audit_report
from hartonomous.errors import NotFound, VerificationFailed
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.operations.archive import refuse_existing
from hartonomous.operations.ingestion import prepare
from hartonomous.progress import Progress, unseen
from hartonomous.proof import verify_certificate
from hartonomous.proof.certificate import open_names
from hartonomous.transparency import transparency_log
from hartonomous.transparency.keys import directory, new_signing_key, public_keys, signing_key
from hartonomous.transparency.signing import canonical
from hartonomous.transparency.transparency_log import LogReport

SCRIPT, PAGE = "verify_certificate.py", "verify_certificate.html"
"""What strangers verify with: a script, and a page for a browser."""


def audit(
    graph: Graph,
    full: bool = False,
    certificates: Sequence[Path] = (),
    output: Path | None = None,
    force: bool = False,
    progress: Progress = unseen,
) -> dict[str, Any]:
    """Return what is in the graph, from where, and under `findings` what is wrong with it.

    `full` rates everything anew and works all digests out; `certificates` are shown with what they
    say; `output` is a page to write it to. `broken` says whether something was changed by hand.
    Raises Conflict for an output that exists, unless `force` is given, VerificationFailed for a
    certificate that was not issued here.
    """
    if output is not None:
        refuse_existing(output, force)
    shown = [own_certificate(file) for file in certificates]
    facts = audit_report.audit(graph, progress, full, shown)
    if output is not None:
        output.write_text(audit_report.render(facts), "utf-8")
    return facts


def own_certificate(file: Path) -> dict[str, Any]:
    """Return what a certificate says that a key used here signed.

    Raises NotFound where there is none, VerificationFailed for any other.
    """
    if not file.is_file():
        raise NotFound(f"There is no certificate at {file}.")
    data, reason = file.read_bytes(), ""
    for key in reversed(public_keys()):
        try:
            return verify_certificate.verify(data, str(key), open_names(data))
        except verify_certificate.Invalid as error:
            reason = str(error)
    raise VerificationFailed(f"{file} is no certificate that was issued here. {reason}")


def verify(file: Path, key: str, names: Path | None = None) -> dict[str, Any]:
    """Return what an authentic certificate, log proof or signed head says, verified offline.

    `key` is the public key or a file that holds it, `names` a file of what keyed hashes stand for.
    `left` tells what the certificate says itself is left. Raises NotFound for files that cannot be
    read, VerificationFailed for what is not authentic.
    """
    try:
        data = file.read_bytes()
        opened = names.read_bytes() if names else None
        known = Path(key).read_text("utf-8") if "+" not in key or Path(key).is_file() else key
    except OSError as error:
        raise NotFound(f"{error.filename} cannot be read: {error.strerror}.") from error
    try:
        return verify_certificate.verify(data, known, opened)
    except verify_certificate.Invalid as error:
        raise VerificationFailed(f"{file} is not authentic. {error}") from error


def certificate_names(file: Path) -> str:
    """Return, as JSON, what the keyed hashes in a certificate stand for, with their keys.

    Whoever gets it can read the names. Raises NotFound where there is no file.
    """
    if not file.is_file():
        raise NotFound(f"There is nothing at {file}.")
    return open_names(file.read_bytes()).decode()


def write_verifier(output: Path, page: bool = False, force: bool = False) -> None:
    """Write what a stranger verifies certificates with: a script, or a page for a browser.

    Raises Conflict for a file that exists, unless `force` is given.
    """
    refuse_existing(output, force)
    held = files("hartonomous.proof") / (PAGE if page else SCRIPT)
    output.write_bytes(held.read_bytes())


def check_log(graph: Graph, heads: Sequence[Path] = ()) -> LogReport:
    """Return what a check of every entry, and of every signed head kept here or given, found.

    Raises NotFound for a head that cannot be read.
    """
    return transparency_log.verify_log(graph, [_read(head) for head in heads])


def sign_head(graph: Graph) -> str:
    """Return the log's head, signed: to keep where the graph's keepers cannot write.

    Raises NotFound for an empty log, VerificationFailed for one that does not continue its last head.
    """
    note = transparency_log.seal(graph)
    if note is None:
        raise NotFound("The log is empty; the first ingest begins it.")
    return note


def prove_entry(graph: Graph, index: int, output: Path | None = None) -> str:
    """Return, as canonical JSON, what shows an entry to be in the log, and write it to a file.

    `verify` checks it offline. Raises NotFound when there is no such entry.
    """
    proof = canonical(transparency_log.prove(graph, index)).decode() + "\n"
    if output is not None:
        output.write_text(proof, "utf-8")
    return proof


def adopt_log(graph: Graph) -> int:
    """Accept a log that does not continue the kept heads, and record that; return the entry's index.

    Heads that were signed no longer vouch then.
    """
    prepare(graph)
    with WriterLock(graph, "adopting the log") as lock:
        return transparency_log.adopt(graph, lock)


@dataclass(frozen=True)
class PublicKey:
    """The key that heads and certificates are verified with, and where its private half is kept."""

    key: str
    directory: Path

    def __str__(self) -> str:
        return self.key


def public_key(new: bool = False) -> PublicKey:
    """Return the public key; with `new`, of another signing key that is made now."""
    key = (new_signing_key() if new else signing_key()).public
    return PublicKey(str(key), directory())


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NotFound(f"{path} cannot be read.") from error
