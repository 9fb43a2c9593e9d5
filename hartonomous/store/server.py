"""The managed server: a private Neo4j of this user, on the loopback interface."""

from __future__ import annotations

import base64
import errno
import json
import os
import shutil
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from hartonomous.atomic import write_private
from hartonomous.errors import ServerError
from hartonomous.store.assembly import Say, assembly, explained, java
from hartonomous.store.file_locks import turn
from hartonomous.store.home import (
    USER,
    configure,
    default_home,
    heap,
    home_version,
    lay_out,
    log_file,
    password,
    password_file,
    set_password,
)

__all__ = [
    "ServerAddress",
    "ServerStatus",
    "default_home",
    "log_file",
    "password_file",
    "purge",
    "running_address",
    "start",
    "status",
    "stop",
]

BOLT_PORT, HTTP_PORT = 7687, 7474
START_PATIENCE = 120.0
STOP_PATIENCE = 60.0
ATTEMPTS = 3
LOG_TAIL = 12
ENTRY = "org.neo4j.server.CommunityEntryPoint"

_BOLT_HANDSHAKE = bytes.fromhex("6060b017") + b"\x00\x00\x04\x05" + bytes(12)
_FLAGS = (
    "-XX:+UseG1GC",
    "-XX:+AlwaysActAsServerClassMachine",
    "-XX:-OmitStackTraceInFastThrow",
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
    "--add-opens=java.base/java.io=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    "-Dio.netty.tryReflectionSetAccessible=true",
    "-Dlog4j2.disable.jmx=true",
    "-Dfile.encoding=UTF-8",
)


@dataclass(frozen=True)
class ServerAddress:
    """Where a managed server listens and how to get in."""

    uri: str
    username: str
    password: str
    browser: str

    def __repr__(self) -> str:
        return f"ServerAddress({self.uri!r}, {self.username!r}, password hidden)"


@dataclass(frozen=True)
class ServerStatus:
    """A managed server as it is now; `pid`, `uri` and `http` are None when it does not run."""

    running: bool
    home: Path
    pid: int | None
    uri: str | None
    http: str | None
    log: Path
    version: str | None
    password_file: Path


@dataclass(frozen=True)
class _Record:
    """What server.json keeps of a running server."""

    pid: int
    created: float
    bolt: int
    http: int

    @property
    def uri(self) -> str:
        return f"bolt://localhost:{self.bolt}"

    @property
    def browser(self) -> str:
        return f"http://localhost:{self.http}/browser/?dbms=bolt://{USER}@localhost:{self.bolt}"


def start(
    home: Path, *, bolt_port: int | None = None, http_port: int | None = None, say: Say
) -> ServerAddress:
    """Start the managed server if it does not run, wait until it answers, and return where.

    Port 0 is any free one; None is the usual one, or any where that is taken.
    Raises ServerError, with the way out, for no or the wrong Java, no Maven, ports taken, too
    little disk, a home of another version, and a server that dies while it starts.
    """
    home = home.resolve()
    with _turn(home):
        process, record = _process(home), _record(home)
        if process is not None and record is not None:
            _await(home, process, record)
        else:
            _end_stray(home)
            record = _start(home, bolt_port, http_port, say)
        return _address(home, record)


def stop(home: Path) -> bool:
    """Stop the managed server and wait for its end; return whether it was running."""
    home = home.resolve()
    if not home.exists():
        return False
    with _turn(home):
        return _stop(home)


def status(home: Path) -> ServerStatus:
    """Return the state of the managed server."""
    home = home.resolve()
    process, record = _process(home), _record(home)
    if process is None or record is None:
        running, pid, uri, http = False, None, None, None
    else:
        running, pid, uri, http = True, process.pid, record.uri, record.browser
    version, password = home_version(home), password_file(home)
    return ServerStatus(running, home, pid, uri, http, log_file(home), version, password)


def running_address(home: Path) -> ServerAddress | None:
    """Return where the managed server listens, None when it does not run."""
    home = home.resolve()
    record = _record(home)
    if record is None or _process(home) is None:
        return None
    return _address(home, record)


def purge(home: Path) -> None:
    """Stop the managed server and delete its home, the whole graph with it.

    Raises ServerError when the directory is not a home.
    """
    home = home.resolve()
    if not home.exists():
        return
    with _turn(home):
        if home_version(home) is None:
            raise ServerError(
                f"{home} is not a home of ours (it has no VERSION); nothing was deleted."
            )
        _stop(home)
        shutil.rmtree(home)


class _PortLost(ServerError):
    """Another process took a port that was free a moment ago."""


def _start(home: Path, bolt_port: int | None, http_port: int | None, say: Say) -> _Record:
    command = java()
    parts = assembly(say)
    lay_out(home)
    say("Starting Neo4j.")
    for attempt in range(ATTEMPTS):
        ports = _ports(bolt_port, http_port)
        configure(home, parts, ports)
        set_password(home, command, parts)
        try:
            return _run(home, command, parts, ports)
        except _PortLost:
            # Only a port that was asked for is worth an error.
            if bolt_port or http_port or attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("the last attempt returns or raises")


def _run(home: Path, command: str, parts: Path, ports: dict[str, int]) -> _Record:
    """Launch the server, record it, and wait until it answers."""
    process = _launch(home, command, parts)
    try:
        record = _Record(process.pid, process.create_time(), **ports)
        write_private(_record_file(home), json.dumps(asdict(record)))
        _await(home, process, record)
    except BaseException:
        # Neither an error nor Ctrl-C leaves a server that is half up.
        _end(process)
        _record_file(home).unlink(missing_ok=True)
        raise
    return record


def _launch(home: Path, command: str, parts: Path) -> psutil.Process:
    classes = os.pathsep.join((f"{parts}/plugins/*", f"{home}/conf/*", f"{parts}/lib/*"))
    flags = [f"-Xms{heap()}", f"-Xmx{heap()}", *_FLAGS, f"-Djava.io.tmpdir={home}/tmp"]
    arguments = [f"--home-dir={home}", f"--config-dir={home}/conf", "--console-mode"]
    log = os.open(log_file(home), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    try:
        # A session of its own: the server outlives this process and its terminal.
        pid = os.posix_spawn(
            command,
            [command, *flags, "-cp", classes, ENTRY, *arguments],
            os.environ,
            file_actions=[(os.POSIX_SPAWN_DUP2, nothing, 0)]
            + [(os.POSIX_SPAWN_DUP2, log, stream) for stream in (1, 2)],
            setsid=True,
        )
        return psutil.Process(pid)
    finally:
        os.close(log)
        os.close(nothing)


def _await(home: Path, process: psutil.Process, record: _Record) -> None:
    """Return when the server answers a query.

    Raises ServerError when it dies, does not answer in time, or refuses the password.
    """
    deadline = time.monotonic() + START_PATIENCE
    while time.monotonic() < deadline:
        if not _lives(process):
            log = log_file(home).read_text("utf-8", errors="replace")
            kind = _PortLost if "already in use" in log else ServerError
            raise kind(f"The server died while it started. {log_file(home)} ends:\n{_tail(log)}")
        if _answers_bolt(record.bolt) and _answers_query(home, record.http):
            return
        time.sleep(0.1)
    raise ServerError(
        f"The server does not answer after {START_PATIENCE:.0f} s; see {log_file(home)}. "
        "'hartonomous down' stops it, 'hartonomous up' starts it again."
    )


def _answers_bolt(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(_BOLT_HANDSHAKE)
            return connection.recv(4) not in (b"", bytes(4))
    except OSError:
        return False


def _answers_query(home: Path, port: int) -> bool:
    pair = base64.b64encode(f"{USER}:{password(home)}".encode()).decode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/db/neo4j/tx/commit",
        data=b'{"statements": [{"statement": "RETURN 1"}]}',
        headers={"Authorization": f"Basic {pair}", "Content-Type": "application/json"},
    )
    # No proxy of the environment: the server is on this machine.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(request, timeout=5) as answer:
            return bool(json.load(answer)["errors"] == [])
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 401:
            raise ServerError(
                f"The server refuses the password in {password_file(home)}; if it was changed in "
                "the server, write the new one into that file."
            ) from None
        return False
    except (OSError, ValueError, KeyError):
        return False


def _ports(bolt: int | None, http: int | None) -> dict[str, int]:
    """Return the ports that were asked for, else the usual ones, else any free ones."""
    for asked, option in ((bolt, "--bolt-port"), (http, "--http-port")):
        if asked and (reason := _in_the_way(asked)) is not None:
            raise ServerError(f"Port {asked} {reason}; give another {option}, or leave it out.")
    if bolt and bolt == http:
        raise ServerError(f"--bolt-port and --http-port are both {bolt}; give two.")
    # Both probes are open until both ports are chosen, or these could be the same.
    with socket.socket() as one, socket.socket() as other:
        return {"bolt": _port(bolt, BOLT_PORT, one), "http": _port(http, HTTP_PORT, other)}


def _port(asked: int | None, usual: int, probe: socket.socket) -> int:
    if asked:
        return asked
    if asked is None and _in_the_way(usual) is None:
        return usual
    probe.bind(("127.0.0.1", 0))
    return int(probe.getsockname()[1])


def _in_the_way(port: int) -> str | None:
    """Return why nothing can listen on a port, None when something can."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            return "is taken" if taken else f"cannot be had: {error.strerror}"
    return None


@contextmanager
def _turn(home: Path) -> Iterator[None]:
    """Let one process at a time start or stop the server of a home."""
    with explained(home), turn(home.with_name(f".{home.name}.lock")):
        yield


def _stop(home: Path) -> bool:
    process = _process(home)
    if process is None:
        ended = _end_stray(home)
    else:
        _end(process)
        ended = True
    _record_file(home).unlink(missing_ok=True)
    return ended


def _end_stray(home: Path) -> bool:
    """End a server of this home whose start was cut off before it was recorded."""
    strays = [process for process in psutil.process_iter() if _serves(process, home)]
    for process in strays:
        _end(process)
    return bool(strays)


def _end(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        process.terminate()
        if not _ended(process, STOP_PATIENCE):
            process.kill()
            _ended(process, STOP_PATIENCE)


def _ended(process: psutil.Process, patience: float) -> bool:
    """Wait for the end of a process, whose parent may leave it a zombie."""
    deadline = time.monotonic() + patience
    while _lives(process):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    with suppress(psutil.Error):
        process.wait(0)
    return True


def _record_file(home: Path) -> Path:
    return home / "server.json"


def _record(home: Path) -> _Record | None:
    try:
        return _Record(**json.loads(_record_file(home).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _process(home: Path) -> psutil.Process | None:
    """Return the running server, None when the recorded process is gone or is another's."""
    record = _record(home)
    if record is None:
        return None
    try:
        process = psutil.Process(record.pid)
        # A process id is used again, and a home may be copied while its server runs: the same
        # start time and the same home make it this home's server.
        same = abs(process.create_time() - record.created) < 0.01 and _serves(process, home)
        return process if same else None
    except psutil.Error:
        return None


def _serves(process: psutil.Process, home: Path) -> bool:
    try:
        command = process.cmdline()
    except psutil.Error:
        return False
    return {ENTRY, f"--home-dir={home}"} <= set(command)


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _address(home: Path, record: _Record) -> ServerAddress:
    return ServerAddress(record.uri, USER, password(home), record.browser)


def _tail(log: str) -> str:
    """Return the end of a log without the Java frames, which bury the reason."""
    lines = [line for line in log.splitlines() if not line.startswith(("\tat ", "\t..."))]
    return "\n".join(lines[-LOG_TAIL:])
