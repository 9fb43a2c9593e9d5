"""Operations on the managed server: up with schema and pending compaction, down, purge."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from pathlib import Path

from hartonomous.directories import earlier_bundles_folder
from hartonomous.erase.compaction import make_up
from hartonomous.errors import Conflict, NotFound
from hartonomous.load.bundle_cache import bundles_in_use, earlier_bundles
from hartonomous.operations.ingestion import prepare
from hartonomous.progress import Progress, Say, unheard, unseen
from hartonomous.server.connection import connect_managed
from hartonomous.server.managed_server import (
    default_home,
    log_file,
    password_file,
    running_address,
    start,
    stop,
)
from hartonomous.server.managed_server import purge as delete_home


@dataclass(frozen=True)
class RunningServer:
    """The managed server: addresses of Browser and of Bolt, the user, the password's file."""

    browser: str
    bolt: str
    user: str
    password_file: Path


def up(
    bolt_port: int | None = None,
    http_port: int | None = None,
    progress: Progress = unseen,
    say: Say = unheard,
) -> RunningServer:
    """Start the managed Neo4j server, installed on first use, and update its schema.

    A compaction that an erasure left is completed. Ports default to 7687 and 7474, or any free ones.
    Raises ServerError if it cannot be set up.
    """
    home = default_home()
    address = start(home, bolt_port=bolt_port, http_port=http_port, say=say)
    with connect_managed(address) as graph:
        prepare(graph, say)
        make_up(home, graph, say, progress)
    address = running_address(home) or address
    return RunningServer(address.browser, address.uri, address.username, password_file(home))


def down() -> bool:
    """Stop the managed Neo4j server; the graph is kept. Return whether it was running."""
    return stop(default_home())


def log_end(lines: int = 30) -> str:
    """Return the last lines of the managed server's log; raises NotFound without a log."""
    file = log_file(default_home())
    if not file.is_file():
        raise NotFound(f"There is no log at {file}; 'hartonomous up' starts the server.")
    with file.open(encoding="utf-8", errors="replace") as text:
        return "".join(deque(text, maxlen=lines))


def purge(say: Say = unheard) -> Path:
    """Stop the managed server and delete its home with the whole graph; return the home's path.

    Bundles that earlier versions left are reported to `say`. Raises Conflict while an ingest uses a
    bundle of the home.
    """
    home = default_home()
    if used := bundles_in_use():
        raise Conflict(
            f"A bundle in {used[0][0].folder} is in use by process {used[0][1]}; wait for it, or end "
            "it, then purge."
        )
    delete_home(home)
    say(f"{home} is gone.")
    if left := earlier_bundles(earlier_bundles_folder()):
        say(
            f"Earlier versions left {len(left)} bundles of any home in {left[0][0].parent}; delete "
            "that folder unless one of them is still needed for another home."
        )
    return home
