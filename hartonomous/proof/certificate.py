"""Certificate: what a deletion removed, what remained and what was checked, signed.

The log commits to the claims by their digest; they are wrapped with the log's proof in an in-toto
statement and a DSSE envelope. docs/certificates.md defines the format, `verify_certificate.py`
verifies it anywhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from importlib.metadata import version
from typing import Any

from hartonomous.errors import BadInput, VerificationFailed
from hartonomous.graph.cypher_files import names, query, statement
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.proof import verify_certificate
from hartonomous.schema import FORMULA_VERSION
from hartonomous.transparency import keys
from hartonomous.transparency.signing import SigningKey, canonical, decode, sign_statement
from hartonomous.transparency.transparency_log import Entry, append, prove

DOES_NOT_ESTABLISH = (
    "that the statement is true: the signature shows that the key's holder made it",
    "that no copy exists outside the graph: exports, replicas and files handed out before",
    "that nothing is left in the bytes of file systems, transaction logs, dumps and backups, "
    "but for what is listed under copies",
    "that no remaining source, or none to come, implies what was removed",
    "that what the graph was made from has changed: models and documents stay as they are",
    "that what remains is anonymous, or that any law is complied with",
    "who asked, unless the log says so, and that the time is right: it is that of the server's clock",
)

GUESSES = (
    "that nobody can test guesses at what was erased: who holds the suppression key, which lies "
    "outside the graph, can; so can who knows all else that the digest before stands for",
)
"""A further limit of an erasure's certificate: data is suppressed by hashes that the key's holder
can test.
"""


@dataclass(frozen=True)
class Removed:
    """What was removed, counted by the database."""

    sources: int
    evidence: int
    relations: int
    compositions: int


@dataclass(frozen=True)
class Stands:
    """What remains afterwards."""

    sources: int
    evidence: int
    relations: int
    compositions: int


@dataclass(frozen=True)
class Rerated:
    """Remaining relations with a changed rating: `milli_elo` is the sum of the changes in
    thousandths, `milli_elo_most` the largest.
    """

    relations: int
    raised: int
    lowered: int
    milli_elo: int
    milli_elo_most: int


@dataclass(frozen=True)
class Survivor:
    """The number of relations rated again that a remaining source supports."""

    source: str
    relations: int


@dataclass(frozen=True)
class Residual:
    """Remaining evidence of the subject by one source: `kind` of finding, and its number."""

    kind: str
    source: str
    count: int


@dataclass(frozen=True)
class Copy:
    """A remaining copy: `kind` such as retention, logs, backup; `expires` UTC or None.

    A known backup has its creation time, UTC, and its digest, None if unfinished.
    """

    kind: str
    expires: str | None
    made: str | None = None
    digest: str | None = None


@dataclass(frozen=True)
class Check:
    """A check after the deletion: the Cypher file, the expected and the actual result.

    Without `cypher` it was a search of files, not a query of the graph.
    """

    query: str
    expected: int
    got: int
    cypher: bool = True

    def described(self) -> dict[str, object]:
        """Return the check as a certificate contains it."""
        digest = _text_digest(self.query) if self.cypher else None
        return {
            "query": self.query,
            "expected": self.expected,
            "got": self.got,
            "sha256": digest,
        }


@dataclass(frozen=True)
class Deletion:
    """The content of a certificate.

    Subjects are written `kind:name`; digests are blake3-256, hexadecimal.
    """

    verb: str
    subjects: Sequence[str]
    before: str
    after: str
    removed: Removed
    stands: Stands
    rerated: Rerated
    checks: Sequence[Check]
    survivors: Sequence[Survivor] = ()
    residual: Sequence[Residual] = ()
    copies: Sequence[Copy] = ()
    plan: str | None = None
    received: str | None = None
    deadline: str | None = None
    ground: str | None = None
    key: str = ""
    extraction: Mapping[str, int] = field(default_factory=dict)
    purged: Mapping[str, int] = field(default_factory=dict)


def issue_certificate(graph: Graph, lock: WriterLock, deletion: Deletion) -> bytes:
    """Log a finished deletion and return its certificate.

    Issued again for the same `key`, it has the same log entry. Raises VerificationFailed if the log
    has other claims under that key.
    """
    claims = describe(graph, deletion)
    entry = Entry("deleted", commit(claims), list(deletion.subjects))
    if deletion.key:
        entry = replace(entry, key=f"deleted {deletion.key}")
    return attach_proof(graph, append(graph, lock, entry), claims)


def commit(claims: Mapping[str, Any]) -> dict[str, object]:
    """Return the details of the log entry that commits to claims: their digest, and counts."""
    rerated = claims["rerated"]["relations"]
    return {"claims": _digest(claims), **claims["removed"], "rerated": rerated}


def attach_proof(graph: Graph, index: int, claims: Mapping[str, object]) -> bytes:
    """Return the certificate of claims that a log entry commits to.

    Raises VerificationFailed if the entry commits to other claims.
    """
    proof = prove(graph, index)
    if _digest(claims) not in str(proof["entry"]):
        raise VerificationFailed(
            f"The log's entry {index} is of this deletion with other claims: the graph has "
            "changed since. The certificate issued then remains valid."
        )
    return wrap(claims, proof, keys.signing_key())


def wrap(claims: Mapping[str, object], proof: Mapping[str, object], key: SigningKey) -> bytes:
    """Return the certificate of claims that a log entry commits to, signed."""
    statement = {
        "_type": verify_certificate.STATEMENT,
        "predicate": {"claims": claims, "log": proof},
        "predicateType": verify_certificate.PREDICATE,
        "subject": [{"digest": {"blake3": claims["after"]}, "name": "graph"}],
    }
    return sign_statement(statement, key)


def describe(graph: Graph, deletion: Deletion) -> dict[str, object]:
    """Return the claims of a deletion: whole numbers, codes, digests and keyed hashes."""
    mentioned = [each.source for each in deletion.survivors]
    mentioned += [each.source for each in deletion.residual]
    hashes = keys.keyed_hashes([*deletion.subjects, *(f"source:{name}" for name in mentioned)])
    return {
        "verb": deletion.verb,
        "selectors": [
            {"kind": subject.partition(":")[0], "hmac": hashes[subject]}
            for subject in deletion.subjects
        ],
        "plan": deletion.plan,
        "received": deletion.received,
        "deadline": deletion.deadline,
        "ground": deletion.ground,
        "before": deletion.before,
        "after": deletion.after,
        "removed": asdict(deletion.removed),
        "stands": asdict(deletion.stands),
        "rerated": asdict(deletion.rerated),
        "survivors": [
            {"source": hashes[f"source:{each.source}"], "relations": each.relations}
            for each in deletion.survivors
        ],
        "residual": [
            {"kind": each.kind, "source": hashes[f"source:{each.source}"], "count": each.count}
            for each in deletion.residual
        ],
        "copies": [asdict(each) for each in deletion.copies],
        "purged": dict(deletion.purged),
        "extraction": dict(deletion.extraction),
        "checks": [each.described() for each in deletion.checks],
        "software": describe_software(graph),
        "does_not_establish": [
            *DOES_NOT_ESTABLISH,
            *(GUESSES if deletion.verb == "erase" else ()),
        ],
    }


def describe_software(graph: Graph) -> dict[str, object]:
    """Return the software versions and one digest over every Cypher file."""
    server = graph.read(query("server/read_components"))[0]
    files = sha256("".join(f"{name} {_text_digest(name)}\n" for name in names()).encode())
    return {
        "hartonomous": version("hartonomous"),
        "formula": FORMULA_VERSION,
        "cypher": files.hexdigest(),
        "neo4j": server["version"],
        "edition": server["edition"],
    }


def open_names(certificate: bytes) -> bytes:
    """Return the names behind the keyed hashes of a certificate, and their keys: canonical JSON.

    Hashes whose keys were destroyed are left out. Raises BadInput for a file that is not a
    certificate.
    """
    try:
        held = decode(json.loads(certificate)["payload"]).decode()
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput("That is no certificate.") from error
    return canonical([each for each in keys.openings() if each["hmac"] in held])


def _digest(claims: Mapping[str, object]) -> str:
    return sha256(canonical(claims)).hexdigest()


def _text_digest(name: str) -> str:
    return sha256(statement(name).text.encode()).hexdigest()
