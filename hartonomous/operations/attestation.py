"""Operations on proofs: audits, the transparency log, certificates, and the keys that sign them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from hartonomous.audit import audit_report
from hartonomous.errors import BadInput, NotFound, VerificationFailed
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.operations.graph_copies import refuse_existing
from hartonomous.operations.ingestion import prepare
from hartonomous.progress import Progress, unseen
from hartonomous.proof import verify_certificate
from hartonomous.proof.certificate import open_names
from hartonomous.transparency import transparency_log
from hartonomous.transparency.keys import directory, new_signing_key, public_keys, signing_key
from hartonomous.transparency.signing import canonical
from hartonomous.transparency.transparency_log import LogReport

SCRIPT, PAGE = "verify_certificate.py", "verify_certificate.html"
"""The stand-alone verifiers: a script, and a page for a browser."""


def audit(
    graph: Graph,
    full: bool = False,
    certificates: Sequence[Path] = (),
    output: Path | None = None,
    force: bool = False,
    progress: Progress = unseen,
) -> dict[str, Any]:
    """Audit the graph: content, origin, and under `findings` what is wrong with it.

    `full` recomputes all ratings and digests; the report includes the statements of `certificates`;
    `output` is an HTML page for the report. `broken` is true if something was changed by hand. Raises
    Conflict for an existing output without `force`, VerificationFailed for a certificate that was not
    issued here.
    """
    if output is not None:
        refuse_existing(output, force)
    shown = [own_certificate(file) for file in certificates]
    facts = audit_report.audit(graph, progress, full, shown)
    if output is not None:
        output.write_text(audit_report.render(facts), "utf-8")
    return facts


def own_certificate(file: Path) -> dict[str, Any]:
    """Return the statement of a certificate signed with a key used here.

    Raises NotFound for a missing file, VerificationFailed for any other certificate.
    """
    if not file.is_file():
        raise NotFound(f"There is no certificate at {file}.")
    data, reason = file.read_bytes(), ""
    for key in reversed(public_keys()):
        try:
            return verify_certificate.verify(data, str(key), open_names(data))
        except verify_certificate.Invalid as error:
            reason = str(error)
    raise VerificationFailed(f"{file} is not a certificate issued here. {reason}")


def verify(file: Path, key: str, names: Path | None = None) -> dict[str, Any]:
    """Return the statement of an authentic certificate, log proof or signed head, verified offline.

    `key` is the public key or a file with it, `names` a file of the names behind the keyed hashes.
    `left` lists the failed checks that the certificate itself states, `restorable` is the end of the
    retention window of a deletion that can still be undone. Raises NotFound for unreadable files,
    VerificationFailed if it is not authentic, BadInput for names that do not fit it.
    """
    try:
        data = file.read_bytes()
        opened = names.read_bytes() if names else None
        known = Path(key).read_text("utf-8") if "+" not in key or Path(key).is_file() else key
    except OSError as error:
        raise NotFound(f"{error.filename} cannot be read: {error.strerror}.") from error
    try:
        return verify_certificate.verify(data, known, opened)
    except verify_certificate.WrongNames as error:
        raise BadInput(f"{file} is authentic. {error}") from error
    except verify_certificate.Invalid as error:
        raise VerificationFailed(f"{file} is not authentic. {error}") from error


def certificate_names(file: Path) -> str:
    """Return, as JSON, the names behind the keyed hashes in a certificate, with their keys.

    Anyone who has the result can read the names. Raises NotFound for a missing file.
    """
    if not file.is_file():
        raise NotFound(f"There is nothing at {file}.")
    return open_names(file.read_bytes()).decode()


def write_verifier(output: Path, page: bool = False, force: bool = False) -> None:
    """Write a stand-alone verifier of certificates: a script, or a page for a browser.

    Raises Conflict for an existing file without `force`.
    """
    refuse_existing(output, force)
    held = files("hartonomous.proof") / (PAGE if page else SCRIPT)
    output.write_bytes(held.read_bytes())


def check_log(graph: Graph, heads: Sequence[Path] = ()) -> LogReport:
    """Verify every entry, and every signed head stored here or given; return the report.

    Raises NotFound for an unreadable head.
    """
    return transparency_log.verify_log(graph, [_read(head) for head in heads])


def sign_head(graph: Graph) -> str:
    """Return the log's signed head, to be stored where the graph's administrators cannot write.

    Raises NotFound for an empty log, VerificationFailed for one that does not continue its last head.
    """
    note = transparency_log.seal(graph)
    if note is None:
        raise NotFound("The log is empty; the first ingest begins it.")
    return note


def prove_entry(graph: Graph, index: int, output: Path | None = None) -> str:
    """Return, as canonical JSON, the proof that an entry is in the log; also write it to `output`.

    `verify` checks it offline. Raises NotFound for an unknown entry.
    """
    proof = canonical(transparency_log.prove(graph, index)).decode() + "\n"
    if output is not None:
        output.write_text(proof, "utf-8")
    return proof


def adopt_log(graph: Graph) -> int:
    """Accept a log that does not continue the stored heads, and record that; return the entry's index.

    Heads signed before are no longer valid.
    """
    prepare(graph)
    with WriterLock(graph, "adopting the log") as lock:
        return transparency_log.adopt(graph, lock)


@dataclass(frozen=True)
class PublicKey:
    """The public key of heads and certificates, and the directory of its private half."""

    key: str
    directory: Path

    def __str__(self) -> str:
        return self.key


def public_key(new: bool = False) -> PublicKey:
    """Return the public key; with `new`, that of a new signing key."""
    key = (new_signing_key() if new else signing_key()).public
    return PublicKey(str(key), directory())


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NotFound(f"{path} cannot be read.") from error
