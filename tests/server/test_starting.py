"""A managed server that starts, or is cut off, or is found again."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socketserver import BaseRequestHandler, TCPServer

import psutil
import pytest
from neo4j.exceptions import Neo4jError

from hartonomous.errors import Conflict, ServerError, UsageError
from hartonomous.graph.driver import Graph
from hartonomous.operations import health
from hartonomous.server import file_locks, jars, server_process
from hartonomous.server import managed_server as serving
from hartonomous.server.connection import connect_managed
from hartonomous.server.jars import neo4j_version
from hartonomous.server.managed_server import (
    ServerAddress,
    password_file,
    purge,
    running_address,
    start,
    status,
    stop,
    turn_holder,
    turn_of,
)
from hartonomous.transparency import keys
from tests.fake_tools import Tools, begin, fake_java, servers_of, silent


def test_it_answers_on_the_loopback_interface_only(
    second_home: Path, second_server: ServerAddress
) -> None:
    seen = status(second_home)
    assert seen.running and seen.uri == second_server.uri and seen.version == neo4j_version()
    listening = [
        connection.laddr.ip
        for connection in psutil.Process(seen.pid).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) == 2
    assert {address.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}


def test_it_has_the_plugins_and_tells_nobody(second_server: ServerAddress) -> None:
    with connect_managed(second_server) as graph:
        counts = {
            row["prefix"]: row["procedures"]
            for row in graph.read(
                "SHOW PROCEDURES YIELD name RETURN split(name, '.')[0] AS prefix, "
                "count(*) AS procedures"
            )
        }
        assert counts["gds"] >= 400 and counts["apoc"] >= 400
        custom = graph.read(
            "SHOW PROCEDURES YIELD name WHERE name = 'apoc.custom.installProcedure' RETURN name"
        )
        assert custom
        settings = {
            row["name"]: row["value"]
            for row in graph.read("SHOW SETTINGS YIELD name, value RETURN name, value")
        }
    assert settings["dbms.usage_report.enabled"] == "false"
    assert settings["server.bolt.telemetry.enabled"] == "false"
    assert settings["server.directories.import"].endswith("import")


def test_starting_again_finds_the_running_one(
    second_home: Path, second_server: ServerAddress
) -> None:
    pid = status(second_home).pid
    assert start(second_home, say=silent) == second_server == running_address(second_home)
    assert status(second_home).pid == pid


def test_a_copy_of_a_home_is_another_home(
    second_home: Path, second_server: ServerAddress, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("VERSION", "server.json", "password"):
        shutil.copy(second_home / name, copy / name)
    assert not status(copy).running
    purge(copy)
    assert status(second_home).running


def test_a_changed_password_is_told(second_home: Path, second_server: ServerAddress) -> None:
    password_file(second_home).write_text("not this one\n")
    try:
        with pytest.raises(ServerError, match=r"refuses the password in .*password; if it was"):
            start(second_home, say=silent)
        password_file(second_home).unlink()
        with pytest.raises(ServerError, match=r"cannot be read.*Put the file back"):
            start(second_home, say=silent)
    finally:
        password_file(second_home).write_text(second_server.password + "\n")
    assert start(second_home, say=silent) == second_server


def test_a_server_that_dies_shows_the_end_of_its_log(ready: Tools, tmp_path: Path) -> None:
    fake_java(ready, "echo 'Caused by: a mistyped setting'; echo '\tat org.neo4j.Main'; exit 3")
    with pytest.raises(ServerError, match=r"(?s)died while it started.*mistyped setting$") as told:
        begin(tmp_path / "home")
    assert "org.neo4j.Main" not in str(told.value)
    assert not status(tmp_path / "home").running


def test_a_server_that_never_answers(ready: Tools, tmp_path: Path, impatient: None) -> None:
    with pytest.raises(ServerError, match="does not answer after"):
        begin(tmp_path / "home")
    assert servers_of(tmp_path / "home") == []


def test_control_c_leaves_no_server(
    ready: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sleep, seen = time.sleep, []

    def interrupted(seconds: float) -> None:
        sleep(seconds)
        if not seen:
            seen.extend(servers_of(tmp_path / "home"))
            if seen:
                raise KeyboardInterrupt

    monkeypatch.setattr(server_process.time, "sleep", interrupted)
    with pytest.raises(KeyboardInterrupt):
        begin(tmp_path / "home")
    assert len(seen) == 1 and servers_of(tmp_path / "home") == []
    assert not (tmp_path / "home" / "server.json").exists()


def test_a_port_lost_to_another_is_tried_again(ready: Tools, tmp_path: Path) -> None:
    java = fake_java(ready, "echo 'Address localhost:1 is already in use'; exit 1")
    with pytest.raises(ServerError, match="already in use"):
        begin(tmp_path / "home")
    assert java.with_name("java.calls").read_text().count(serving.ENTRY) == serving.ATTEMPTS


class Stranger(BaseHTTPRequestHandler):
    """Another server, which knows another password."""

    def do_POST(self) -> None:
        self.send_response(401)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


class BoltStranger(BaseRequestHandler):
    def handle(self) -> None:
        self.request.recv(20)
        self.request.sendall(bytes.fromhex("00000405"))


def test_another_server_on_the_port_is_not_asked(
    ready: Tools, tmp_path: Path, impatient: None
) -> None:
    with pytest.raises(ServerError):
        begin(tmp_path / "home")
    with (
        TCPServer(("127.0.0.1", 0), BoltStranger) as bolt,
        HTTPServer(("127.0.0.1", 0), Stranger) as http,
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as starting,
    ):
        for each in (bolt, http):
            threading.Thread(target=each.serve_forever, daemon=True).start()
        ports = bolt.server_address[1], http.server_address[1]
        with pytest.raises(ServerError, match="refuses the password"):
            server_process.await_answer(tmp_path / "home", psutil.Process(), *ports, silent)
        with pytest.raises(ServerError, match="does not answer"):
            server_process.await_answer(
                tmp_path / "home", psutil.Process(starting.pid), *ports, silent
            )
        for each in (bolt, http):
            each.shutdown()
        starting.kill()


def test_a_start_that_was_cut_off_is_cleared_away(
    ready: Tools, tmp_path: Path, impatient: None
) -> None:
    home = tmp_path / "home"
    with pytest.raises(ServerError):
        begin(home)
    stray = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)", serving.ENTRY, f"--home-dir={home}"]
    )
    assert stop(home)
    assert stray.poll() is not None


def test_one_port_for_both(ready: Tools, tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="are both 45671; give two"):
        begin(tmp_path / "home", bolt_port=45671, http_port=45671)


def test_the_usual_ports_are_free(monkeypatch: pytest.MonkeyPatch) -> None:
    free = server_process.choose_ports(0, 0)
    monkeypatch.setattr(server_process, "BOLT_PORT", free["bolt"])
    monkeypatch.setattr(server_process, "HTTP_PORT", free["http"])
    assert server_process.choose_ports(None, None) == free


def test_a_stale_record_harms_nobody(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    me = psutil.Process()
    record = {"pid": me.pid, "created": me.create_time(), "bolt": 1, "http": 2}
    (home / "VERSION").write_text(neo4j_version())
    (home / "server.json").write_text(json.dumps(record))
    assert not status(home).running
    assert running_address(home) is None
    assert not stop(home)
    assert not (home / "server.json").exists()


@pytest.mark.parametrize("text", ["", "[]", '{"pid": 1}', "\x00"])
def test_a_damaged_record_is_no_server(tmp_path: Path, text: str) -> None:
    (tmp_path / "server.json").write_text(text)
    assert not status(tmp_path).running
    assert not stop(tmp_path)


def test_a_start_that_works_is_waited_for(
    ready: Tools, tmp_path: Path, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It uses the processor all the time, as Java does on a busy machine, and never answers.
    fake_java(ready, "while :; do :; done")
    monkeypatch.setenv("HARTONOMOUS_WAIT", "2.5")
    monkeypatch.setattr(server_process, "FIRST_WORD", 0.2)
    said: list[str] = []
    with pytest.raises(ServerError, match=r"does not answer after [23] s.*HARTONOMOUS_WAIT"):
        start(tmp_path / "home", bolt_port=0, http_port=0, say=said.append)
    assert any("Still starting" in line and "load" in line for line in said)


def test_a_limit_that_is_no_number(
    ready: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARTONOMOUS_WAIT", "soon")
    with pytest.raises(UsageError, match="HARTONOMOUS_WAIT is 'soon'"):
        begin(tmp_path / "home")


def test_java_that_tells_no_version(
    tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jars, "VERSION_PATIENCE", 0.5)
    tools("java", "sleep 60")
    with pytest.raises(ServerError, match="-version' has not answered for"):
        begin(tmp_path / "home")
    assert not (tmp_path / "home").exists()


def test_who_has_the_turn_is_told(
    ready: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("HARTONOMOUS_WAIT", "1")
    monkeypatch.setattr(file_locks, "FIRST_WORD", 0.2)
    said: list[str] = []
    with turn_of(home, "copying the store", silent):
        assert turn_holder(home) == f"copying the store (process {os.getpid()})"
        with pytest.raises(Conflict, match=r"copying the store.*HARTONOMOUS_WAIT"):
            start(home, bolt_port=0, http_port=0, say=said.append)
    assert said == [f"Waiting for copying the store (process {os.getpid()})."]
    assert turn_holder(home) is None


def test_java_runs_in_a_language_it_understands(
    second_server: ServerAddress, ready: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connect_managed(second_server) as graph:
        process = psutil.Process(status_of(graph))
    assert "-Duser.language=en" in process.cmdline()
    java = fake_java(ready, 'echo "$LC_ALL" > "$0.language"; exit 3')
    monkeypatch.setenv("LC_ALL", "tr_TR.UTF-8")
    with pytest.raises(ServerError):
        begin(tmp_path / "home")
    assert java.with_name("java.language").read_text() == "C.UTF-8\n"


def status_of(graph: Graph) -> int:
    """The server's process, as it says itself."""
    (row,) = graph.read(
        "CALL dbms.queryJmx('java.lang:type=Runtime') YIELD attributes "
        "RETURN attributes.Name.value AS name"
    )
    return int(row["name"].split("@")[0])


def test_a_transaction_left_open_is_named(second_server: ServerAddress) -> None:
    code = "Neo.TransientError.Transaction.LockAcquisitionTimeout"
    error = Neo4jError._hydrate_neo4j(code=code, message="no lock")
    with connect_managed(second_server) as graph, connect_managed(second_server) as other:
        other.read("RETURN 1")
        held = other._driver.session()
        transaction = held.begin_transaction()
        transaction.run("MERGE (s:State {name: 'graph'}) SET s.held = true").consume()
        told = graph._translated(error)
        transaction.rollback()
        held.close()
    assert isinstance(told, Conflict)
    assert "TERMINATE TRANSACTION 'neo4j-transaction-" in str(told)
    assert "of user neo4j at 127.0.0.1" in str(told)


def test_keys_that_cannot_be_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("HARTONOMOUS_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(ServerError, match="Set HARTONOMOUS_KEYS"):
        keys.signing_key()


class Settings:
    """A server with some settings, as far as doctor asks for them."""

    def __init__(self, unrestricted: str, limit: str) -> None:
        self.rows = [
            {"name": "dbms.security.procedures.unrestricted", "value": unrestricted},
            {"name": "db.lock.acquisition.timeout", "value": limit},
        ]

    def read(self, statement: str) -> list[dict[str, str]]:
        assert "SHOW SETTINGS" in statement
        return self.rows


@pytest.mark.parametrize(
    ("unrestricted", "limit", "seen"),
    [
        ("gds.*,apoc.custom.*", "60s", "as ours"),
        ("gds.*", "60s", "as ours"),
        ("gds.*, apoc.*", "60s", r"procedures apoc\.\* have access to the server"),
        ("*", "60s", r"procedures \* have access"),
        ("gds.*", "0s", "blocks every writer"),
    ],
)
def test_a_server_that_allows_more_is_told(unrestricted: str, limit: str, seen: str) -> None:
    check = health._settings_check(Settings(unrestricted, limit))  # type: ignore[arg-type]
    assert re.search(seen, check.seen)
    assert (check.verdict == "ok") == (seen == "as ours")


def test_the_managed_server_is_as_ours(second_server: ServerAddress) -> None:
    with connect_managed(second_server) as graph:
        assert health._settings_check(graph).verdict == "ok"
