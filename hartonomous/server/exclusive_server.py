"""Exclusive server: an unpublished server on free ports, for one store of a home.

While a store is read to be replaced, nobody may commit to it; before a new store is verified,
nobody may use it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hartonomous.graph.driver import Address, Graph
from hartonomous.progress import Say
from hartonomous.server.class_data_sharing import archive_of, sharing_flags
from hartonomous.server.home import USER, configure, log_file, memory_settings, password
from hartonomous.server.jars import assembly, java
from hartonomous.server.server_process import await_answer, choose_ports, end, launch


@contextmanager
def exclusive_server(home: Path, data: Path, say: Say, read_only: bool) -> Iterator[Graph]:
    """Yield a connection to a server for the store in `data`, and stop it at the end.

    With `read_only` the server itself refuses every write. The home's own server must not run, and
    the caller holds the lock of the home.
    """
    command, parts = java(), assembly(say)
    conf = home / "tmp" / "exclusive"
    shutil.rmtree(conf, ignore_errors=True)
    # No procedure is called here, and searching the plugins for them is a quarter of a start.
    (conf / "plugins").mkdir(parents=True)
    more = memory_settings(home / "conf") | {
        "server.directories.data": str(data),
        "server.directories.plugins": str(conf / "plugins"),
    }
    if read_only:
        more["server.databases.read_only"] = "neo4j"
    ports = choose_ports(0, 0)
    configure(home, parts, ports, conf, more)
    # Archives are mapped if they exist, and written by the home's own server alone.
    flags = sharing_flags(home, command, parts) if archive_of(command, parts).is_file() else []
    process = launch(home, command, parts, flags, conf)
    try:
        await_answer(home, process, ports["bolt"], ports["http"], say)
        with Graph(Address(f"bolt://localhost:{ports['bolt']}", USER, password(home))) as graph:
            graph.verify()
            yield graph
    finally:
        end(process, log_file(home))
        shutil.rmtree(conf, ignore_errors=True)
