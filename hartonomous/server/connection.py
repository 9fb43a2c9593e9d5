"""Connection: the server of NEO4J_URI, else the managed one."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from hartonomous.errors import ServerError, UsageError
from hartonomous.graph.driver import Address, Graph
from hartonomous.server.home import read_password
from hartonomous.server.managed_server import ServerAddress, default_home, running_address


def address(environment: Mapping[str, str] = os.environ) -> Address:
    """Return the server's address and credentials.

    NEO4J_URI with NEO4J_USERNAME (neo4j), NEO4J_PASSWORD or NEO4J_PASSWORD_FILE, and NEO4J_DATABASE
    (neo4j); without NEO4J_URI the managed server of this user's home. Raises ServerError if there
    is neither, UsageError for an address that is not a database's.
    """
    database = environment.get("NEO4J_DATABASE", "neo4j")
    if uri := environment.get("NEO4J_URI"):
        user = environment.get("NEO4J_USERNAME", "neo4j")
        return Address(_checked(uri), user, _password(environment), database)
    managed = running_address(default_home())
    if managed is None:
        raise ServerError(
            "No server is running. 'hartonomous up' starts the managed one; "
            "NEO4J_URI and NEO4J_PASSWORD name another."
        )
    return Address(managed.uri, managed.username, managed.password, database)


def connect(environment: Mapping[str, str] = os.environ) -> Graph:
    """Return an open, authenticated connection."""
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


SCHEMES = ("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc")


def _checked(uri: str) -> str:
    """Return a database address with a scheme of the driver; raises UsageError."""
    scheme = uri.partition("://")[0] if "://" in uri else ""
    if "@" in uri:
        # Not shown: it may contain a password.
        raise UsageError(
            "NEO4J_URI contains a user; remove user and password from it, and set NEO4J_USERNAME "
            "and NEO4J_PASSWORD instead."
        )
    try:
        parts = urlsplit(uri if scheme else f"none://{uri}")
        host, port = parts.hostname, parts.port
        # Only a cluster's scheme takes a routing context.
        routed = bool(parts.query) and bool(parse_qsl(parts.query, strict_parsing=True))
        plain = not routed or scheme.startswith("neo4j")
    except ValueError:
        host, port, plain = None, None, False
    if scheme in SCHEMES and host and plain and not re.search(r"[#\s]", uri):
        return uri
    of_browser = scheme in ("http", "https")
    wrong = "an address of Browser" if of_browser else "no address of a database"
    if not host:
        example = "bolt://localhost:7687"
    else:
        # Browser's port is not the database's.
        usual = 7687 if port is None or of_browser else port
        example = f"bolt://{host}:{usual}"
    raise UsageError(
        f"NEO4J_URI is {uri!r}, {wrong}; give one such as {example} (or neo4j+s://… for Aura)."
    )


def _password(environment: Mapping[str, str]) -> str:
    if (password := environment.get("NEO4J_PASSWORD")) is not None:
        return password
    if file := environment.get("NEO4J_PASSWORD_FILE"):
        return read_password(Path(file), "NEO4J_PASSWORD_FILE")
    raise ServerError(
        "NEO4J_URI is set but no password: set NEO4J_PASSWORD, or NEO4J_PASSWORD_FILE to a file."
    )


def managed_bytes(environment: Mapping[str, str] = os.environ) -> int | None:
    """Return the bytes of the managed server's store files; None for another server."""
    if environment.get("NEO4J_URI"):
        return None
    store = default_home() / "data" / "databases" / "neo4j"
    if not store.is_dir():
        return None
    return sum(file.stat().st_blocks * 512 for file in store.rglob("*") if file.is_file())
