"""What needs no open graph: opening one, the managed server, models as they lie, certificates."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Unpack

from hartonomous.api.graph_session import PathName, connected, path_of, remark
from hartonomous.api.knowledge_graph import KnowledgeGraph
from hartonomous.api.records import ImporterFacts
from hartonomous.api.rows import Rows, field_names
from hartonomous.errors import ConfirmationNeeded
from hartonomous.extract.importer_protocol import importers as registered
from hartonomous.operations import attestation, health, managed_service, model_request
from hartonomous.operations.attestation import PublicKey
from hartonomous.operations.health import Check
from hartonomous.operations.managed_service import RunningServer
from hartonomous.operations.model_request import (
    Extraction,
    Inspection,
    ModelSettings,
    request_model,
)
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

    What is not given is taken from NEO4J_USERNAME, NEO4J_PASSWORD (or NEO4J_PASSWORD_FILE) and
    NEO4J_DATABASE. `progress` is told (stage, done, total) as long acts go on, `say` each remark; the
    logger "hartonomous" shows remarks on standard error otherwise. Raises ServerError when no server
    answers or it refuses, UsageError for an address of no database.
    """
    return KnowledgeGraph(connected(uri, username, password, database), progress, say)


def up(
    bolt_port: int | None = None,
    http_port: int | None = None,
    *,
    progress: Progress = unseen,
    say: Say = remark,
) -> RunningServer:
    """Start the managed Neo4j; the first time, assemble it.

    Ports default to 7687 and 7474, or free ones. Raises ServerError when it cannot be set up.
    """
    return managed_service.up(bolt_port, http_port, progress, say)


def down() -> bool:
    """Stop the managed Neo4j, what it holds stays; return whether it was running."""
    return managed_service.down()


def status() -> dict[str, Any]:
    """Return which server is talked to, and what it can do; raises ServerError when none answers."""
    return health.server_facts()


def logs(lines: int = 30) -> str:
    """Return the end of the managed server's log; raises NotFound where there is none."""
    return managed_service.log_end(lines)


def purge(yes: bool = False, *, say: Say = remark) -> Path:
    """Stop the managed server and delete its home, the whole graph; return where it was.

    Raises ConfirmationNeeded without `yes`, Conflict while an ingest reads a bundle of it.
    """
    if not yes:
        raise ConfirmationNeeded(
            f"purge() deletes everything in {default_home()}; purge(yes=True) does it."
        )
    return managed_service.purge(say)


def doctor() -> Rows[Check]:
    """Look at everything that commands depend on; a check's `verdict` is ok, warning or failure."""
    return Rows(health.doctor(), field_names(Check))


def importers() -> Rows[ImporterFacts]:
    """Return which kinds of model can be opened."""
    known = registered().items()
    return Rows((ImporterFacts(name, one.summary) for name, one in known))


def inspect(path: PathName, **settings: Unpack[ModelSettings]) -> Inspection:
    """Return what a model or a bundle holds, before anything is written.

    Raises NotFound and BadInput for what is neither.
    """
    return model_request.inspect(request_model(path, **settings))


def extract(
    model: PathName,
    output: PathName,
    *,
    progress: Progress = unseen,
    **settings: Unpack[ModelSettings],
) -> Extraction:
    """Take a model apart into an evidence bundle at `output`; needs no server.

    Raises NotFound and BadInput for what is no model, Conflict for an output that exists.
    """
    return model_request.extract(request_model(model, **settings), Path(output), progress)


def keys(new: bool = False) -> PublicKey:
    """Return the public key that heads and certificates are verified with; `new` makes another."""
    return attestation.public_key(new)


class Certificates:
    """Certificates of deletions, verified here or anywhere; needs no server."""

    def verify(
        self, file: PathName, key: PathName, names: PathName | None = None
    ) -> dict[str, Any]:
        """Return what an authentic certificate, log proof or signed head says, verified offline.

        `key`: the public key, or a file that holds it. `names`: a file of what keyed hashes stand
        for. `left` of the result tells what it says itself is left. Raises VerificationFailed for what
        is not to be trusted.
        """
        return attestation.verify(Path(file), str(key), path_of(names))

    def names(self, file: PathName) -> str:
        """Return, as JSON, what the keyed hashes in a certificate stand for, with their keys."""
        return attestation.certificate_names(Path(file))

    def verifier(self, output: PathName, page: bool = False, force: bool = False) -> None:
        """Write what a stranger verifies certificates with: a script, or with `page` a page.

        Raises Conflict for a file that exists, unless `force` is given.
        """
        attestation.write_verifier(Path(output), page, force)


certificate = Certificates()
