"""A server of its own for one benchmark."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hartonomous.graph.driver import Graph
from hartonomous.operations.ingestion import prepare
from hartonomous.server.connection import connect_managed
from hartonomous.server.managed_server import ServerAddress, purge, start


@dataclass(frozen=True)
class Bench:
    """A prepared, empty graph, where it is served, and a folder; all of it goes in the end."""

    graph: Graph
    address: ServerAddress
    scratch: Path


@contextmanager
def bench() -> Iterator[Bench]:
    """Give a bench, and make its home this process's, as what deletions keep lies there too."""
    with tempfile.TemporaryDirectory(prefix="hartonomous-bench-") as folder:
        home = Path(folder) / "home"
        os.environ["HARTONOMOUS_HOME"] = str(home)
        address = start(home, say=lambda text: None)
        try:
            with connect_managed(address) as graph:
                prepare(graph)
                yield Bench(graph, address, Path(folder))
        finally:
            purge(home)
