"""Which server a command talks to: the one NEO4J_URI names, else the managed one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from hartonomous.errors import ServerError
from hartonomous.store.graph import Address, Graph
from hartonomous.store.server import ServerAddress, default_home, running_address


def address(environment: Mapping[str, str] = os.environ) -> Address:
    """Return where the server is and how to get in.

    NEO4J_URI with NEO4J_USERNAME (neo4j), NEO4J_PASSWORD or NEO4J_PASSWORD_FILE, and
    NEO4J_DATABASE (neo4j); without NEO4J_URI the managed server of this user's home.
    Raises ServerError when neither is there.
    """
    database = environment.get("NEO4J_DATABASE", "neo4j")
    if uri := environment.get("NEO4J_URI"):
        return Address(
            uri, environment.get("NEO4J_USERNAME", "neo4j"), _password(environment), database
        )
    managed = running_address(default_home())
    if managed is None:
        raise ServerError(
            "No server is running. 'hartonomous up' starts the managed one; "
            "NEO4J_URI and NEO4J_PASSWORD name another."
        )
    return Address(managed.uri, managed.username, managed.password, database)


def connect(environment: Mapping[str, str] = os.environ) -> Graph:
    """Return an open connection that has been let in."""
    return _let_in(address(environment))


def connect_managed(managed: ServerAddress) -> Graph:
    """Return an open connection to a managed server that was just started."""
    return _let_in(Address(managed.uri, managed.username, managed.password))


def _let_in(where: Address) -> Graph:
    graph = Graph(where)
    try:
        graph.verify()
    except BaseException:
        graph.close()
        raise
    return graph


def _password(environment: Mapping[str, str]) -> str:
    if (password := environment.get("NEO4J_PASSWORD")) is not None:
        return password
    if file := environment.get("NEO4J_PASSWORD_FILE"):
        try:
            return Path(file).read_text("utf-8").strip()
        except OSError as error:
            raise ServerError(f"NEO4J_PASSWORD_FILE {file}: {error.strerror}.") from error
    raise ServerError(
        "NEO4J_URI is set but no password: set NEO4J_PASSWORD, or NEO4J_PASSWORD_FILE to a file."
    )


def managed_bytes(environment: Mapping[str, str] = os.environ) -> int | None:
    """Return the bytes of the managed server's store files; None when another server is used."""
    if environment.get("NEO4J_URI"):
        return None
    store = default_home() / "data" / "databases" / "neo4j"
    if not store.is_dir():
        return None
    return sum(file.stat().st_blocks * 512 for file in store.rglob("*") if file.is_file())
