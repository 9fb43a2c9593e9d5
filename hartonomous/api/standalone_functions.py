"""Functions without an open graph: opening one, the managed server, models, certificates."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Unpack

from hartonomous.api.graph_session import PathName, connected, path_of, remark
from hartonomous.api.knowledge_graph import KnowledgeGraph
from hartonomous.api.rows import Rows, field_names
from hartonomous.errors import ConfirmationNeeded
from hartonomous.operations import attestation, health, model_request, server_lifecycle
from hartonomous.operations.attestation import PublicKey
from hartonomous.operations.health import Check
from hartonomous.operations.importer_facts import ImporterFacts, importer_facts
from hartonomous.operations.model_request import (
    Extraction,
    Inspection,
    ModelSettings,
    request_model,
)
from hartonomous.operations.server_lifecycle import RunningServer
from hartonomous.progress import Progress, Say, unseen
from hartonomous.server.managed_server import default_home


def open(
    uri: str | None = None,
    *,
    username: str | None = None,
    password: str | None = None,
    database: str | None = None,
    progress: Progress = unseen,
    say: Say = remark,
) -> KnowledgeGraph:
    """Return an open graph: of the server at `uri`, else NEO4J_URI, else the managed one.

    Other arguments default to NEO4J_USERNAME, NEO4J_PASSWORD (or NEO4J_PASSWORD_FILE) and
    NEO4J_DATABASE. `progress` is called with (stage, done, total) during long acts, `say` with each
    remark; by default, remarks go to the logger "hartonomous", on standard error. Raises ServerError
    if no server answers or it refuses, UsageError for an invalid address.
    """
    return KnowledgeGraph(connected(uri, username, password, database), progress, say)


def up(
    bolt_port: int | None = None,
    http_port: int | None = None,
    *,
    progress: Progress = unseen,
    say: Say = remark,
) -> RunningServer:
    """Start the managed Neo4j server, installed on first use.

    Ports default to 7687 and 7474, or any free ones. Raises ServerError if it cannot be set up.
    """
    return server_lifecycle.up(bolt_port, http_port, progress, say)


def down() -> bool:
    """Stop the managed Neo4j server; the graph is kept. Return whether it was running."""
    return server_lifecycle.down()


def status() -> dict[str, Any]:
    """Return the server in use and its capabilities; raises ServerError if none answers."""
    return health.server_facts()


def logs(lines: int = 30) -> str:
    """Return the end of the managed server's log; raises NotFound without a log."""
    return server_lifecycle.log_end(lines)


def purge(yes: bool = False, *, say: Say = remark) -> Path:
    """Stop the managed server and delete its home with the whole graph; return the home's path.

    Raises ConfirmationNeeded without `yes`, Conflict while an ingest uses a bundle of the home.
    """
    if not yes:
        raise ConfirmationNeeded(
            f"purge() deletes everything in {default_home()}; purge(yes=True) does it."
        )
    return server_lifecycle.purge(say)


def doctor() -> Rows[Check]:
    """Check everything that commands depend on; a `verdict` is ok, warning or failure."""
    return Rows(health.doctor(), field_names(Check))


def importers(name: str | None = None) -> Rows[ImporterFacts]:
    """Return the supported kinds of sources with the options of their importers, or of one importer.

    Raises UsageError for an unknown name.
    """
    return Rows(importer_facts(name), field_names(ImporterFacts))


def inspect(path: PathName, **settings: Unpack[ModelSettings]) -> Inspection:
    """Return the content of a model or a bundle; nothing is written.

    Raises NotFound or BadInput if it is neither.
    """
    return model_request.inspect(request_model(path, **settings))


def extract(
    model: PathName,
    output: PathName,
    *,
    progress: Progress = unseen,
    **settings: Unpack[ModelSettings],
) -> Extraction:
    """Extract a model into an evidence bundle at `output`; needs no server.

    Raises NotFound or BadInput if it is not a model, Conflict for an existing output.
    """
    return model_request.extract(request_model(model, **settings), Path(output), progress)


def keys(new: bool = False) -> PublicKey:
    """Return the public key of heads and certificates; `new` creates a new signing key."""
    return attestation.public_key(new)


class Certificates:
    """Certificates of removals, verified here or anywhere; no server is needed."""

    def verify(
        self, file: PathName, key: PathName, names: PathName | None = None
    ) -> dict[str, Any]:
        """Return the statement of an authentic certificate, log proof or signed head, verified offline.

        `key`: the public key, or a file with it. `names`: a file of the names behind the keyed hashes.
        `left` of the result lists the failed checks that the certificate itself states, `restorable` is
        the end of the retention window of a deletion that can still be undone. Raises
        VerificationFailed if it is not authentic, BadInput for names that do not fit it.
        """
        return attestation.verify(Path(file), str(key), path_of(names))

    def names(self, file: PathName) -> str:
        """Return, as JSON, the names behind the keyed hashes in a certificate, with their keys."""
        return attestation.certificate_names(Path(file))

    def verifier(self, output: PathName, page: bool = False, force: bool = False) -> None:
        """Write a stand-alone verifier of certificates: a script, or with `page` an HTML page.

        Raises Conflict for an existing file without `force`.
        """
        attestation.write_verifier(Path(output), page, force)


certificate = Certificates()
