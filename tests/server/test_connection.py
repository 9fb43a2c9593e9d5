"""Which server a command talks to, and what is said of an address or a password that is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from hartonomous.errors import ServerError, UsageError
from hartonomous.server.connection import address


def reached(uri: str, **more: str) -> str:
    return address({"NEO4J_URI": uri, "NEO4J_PASSWORD": "secret", **more}).uri


@pytest.mark.parametrize(
    "uri",
    [
        "bolt://localhost:7687",
        "neo4j+s://abc.databases.example.io",
        "bolt+ssc://[::1]:7687",
        "neo4j://graph.example.org:7687?policy=eu",
    ],
)
def test_an_address_of_a_database(uri: str) -> None:
    assert reached(uri) == uri


@pytest.mark.parametrize(
    ("uri", "instead"),
    [
        ("http://localhost:7474", "an address of Browser; give one such as bolt://localhost:7687"),
        ("https://graph.example.org", "give one such as bolt://graph.example.org:7687"),
        ("localhost:7687", "give one such as bolt://localhost:7687"),
        ("localhost", "give one such as bolt://localhost:7687"),
        ("127.0.0.1:9999", "give one such as bolt://127.0.0.1:9999"),
        ("bolt:localhost:7687", "no address of a database"),
        ("bolt://", "give one such as bolt://localhost:7687"),
        ("bolt://localhost:port", "give one such as bolt://localhost:7687"),
        ("bolt://[::1", "no address of a database"),
        (" ", "no address of a database"),
    ],
)
def test_an_address_of_no_database(uri: str, instead: str) -> None:
    with pytest.raises(UsageError) as told:
        reached(uri)
    assert instead in str(told.value)


def password(file: Path) -> str:
    return address(
        {"NEO4J_URI": "bolt://localhost:7687", "NEO4J_PASSWORD_FILE": str(file)}
    ).password


@pytest.mark.parametrize(
    ("content", "meant"),
    [
        (b"secret\n", "secret"),
        (b"\xef\xbb\xbfsecret\r\n", "secret"),
        ("sécret ".encode(), "sécret"),
    ],
)
def test_a_password_in_a_file(tmp_path: Path, content: bytes, meant: str) -> None:
    (tmp_path / "password").write_bytes(content)
    assert password(tmp_path / "password") == meant


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("sécret".encode("latin-1"), "is not UTF-8 text"),
        ("secret".encode("utf-16"), "is not UTF-8 text"),
        (b"\n", "is empty"),
        (b"one\ntwo\n", "more than one line"),
    ],
)
def test_a_file_that_holds_no_password(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "password").write_bytes(content)
    with pytest.raises(ServerError, match=told):
        password(tmp_path / "password")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="cannot be read: No such file"):
        password(tmp_path / "password")


@pytest.mark.parametrize("uri", ["bolt://me:hunter2@localhost:7687", "neo4j://hunter2@localhost"])
def test_an_address_with_a_password_is_not_shown(uri: str) -> None:
    with pytest.raises(UsageError, match="remove user and password") as refused:
        reached(uri)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "uri", ["bolt://localhost:7687/?a=b", "neo4j://localhost?a", "bolt://local host:7687"]
)
def test_an_address_with_more_than_a_host_is_refused(uri: str) -> None:
    with pytest.raises(UsageError, match="no address of a database"):
        reached(uri)
