"""Server process: free ports, the command, the wait for an answer, and the end of one server."""

from __future__ import annotations

import base64
import errno
import json
import os
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from hartonomous.errors import ServerError
from hartonomous.progress import Say
from hartonomous.server import timeouts
from hartonomous.server.home import USER, log_file, memory_settings, password, password_file
from hartonomous.server.jars import LANGUAGE, java_environment

BOLT_PORT, HTTP_PORT = 7687, 7474
STOP_PATIENCE = 60.0
"""Seconds without progress after which a stopping server is killed."""
FIRST_WORD = 30.0
"""Seconds of a start after which the user is told that it continues."""

LEAST_WORK = 0.02
"""Share of a processor that counts as progress; an idle Java uses less."""

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
    *LANGUAGE,
)


class Died(ServerError):
    """The server ended before it answered."""


class PortLost(ServerError):
    """Another process took a port that was free a moment ago."""


def launch(
    home: Path, command: str, parts: Path, more: Sequence[str], conf: Path | None = None
) -> psutil.Process:
    """Start a server in its own session, with its output in the home's log.

    `more` are flags for Java; `conf` is the folder of its configuration, if not the usual one.
    """
    conf = conf or home / "conf"
    classes = os.pathsep.join((f"{parts}/plugins/*", f"{conf}/*", f"{parts}/lib/*"))
    heap = memory_settings(conf)["server.memory.heap.max_size"]
    flags = [f"-Xms{heap}", f"-Xmx{heap}", *_FLAGS, f"-Djava.io.tmpdir={home}/tmp", *more]
    arguments = [f"--home-dir={home}", f"--config-dir={conf}", "--console-mode"]
    log = os.open(log_file(home), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    try:
        # The server outlives this process and its terminal.
        pid = os.posix_spawn(
            command,
            [command, *flags, "-cp", classes, ENTRY, *arguments],
            java_environment(),
            file_actions=[(os.POSIX_SPAWN_DUP2, nothing, 0)]
            + [(os.POSIX_SPAWN_DUP2, log, stream) for stream in (1, 2)],
            setsid=True,
        )
        return psutil.Process(pid)
    finally:
        os.close(log)
        os.close(nothing)


def await_answer(home: Path, process: psutil.Process, bolt: int, http: int, say: Say) -> None:
    """Return when the server answers a query.

    It is waited for as long as it makes progress: on a busy machine a start takes minutes. Raises
    Died or PortLost if it dies, ServerError if it does not answer in time or refuses the password.
    """
    waiting = _Waiting(process, log_file(home))
    told = False
    while waiting.goes_on(timeouts.STANDSTILL):
        if waiting.seconds > FIRST_WORD and not told:
            say(f"Still starting after {waiting.seconds:.0f} s; this machine is busy ({_load()}).")
            told = True
        if not lives(process):
            log = log_file(home).read_text("utf-8", errors="replace")
            kind = PortLost if "already in use" in log else Died
            raise kind(f"The server died while it started. {log_file(home)} ends:\n{_tail(log)}")
        ours = _listens(process, bolt) and _listens(process, http)
        if ours and _answers_bolt(bolt) and _answers_query(home, http):
            return
        time.sleep(0.1)
    raise ServerError(
        f"The server does not answer after {waiting.seconds:.0f} s; see {log_file(home)}. "
        "'hartonomous down' stops it, 'hartonomous up' starts it again; HARTONOMOUS_WAIT sets "
        "the longest wait in seconds."
    )


class _Waiting:
    """The time that a process has been waited for, and whether it makes progress."""

    def __init__(self, process: psutil.Process, log: Path) -> None:
        self._process, self._log = process, log
        self._began = self._moved = time.monotonic()
        self._seen = self._state()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def goes_on(self, standstill: float) -> bool:
        """Return whether to continue waiting: not too long, and not for a process without progress."""
        now, state = time.monotonic(), self._state()
        worked, wrote = state[0] - self._seen[0], state[1] != self._seen[1]
        if wrote or worked > max(LEAST_WORK * (now - self._moved), 0.05):
            self._moved, self._seen = now, state
        return now - self._moved < standstill and self.seconds < timeouts.longest_wait()

    def _state(self) -> tuple[float, int]:
        """Return the process's processor seconds, and the bytes of its log."""
        try:
            times = self._process.cpu_times()
            return times.user + times.system, self._log.stat().st_size
        except (psutil.Error, OSError):
            return 0.0, 0


def _load() -> str:
    cores = os.cpu_count() or 1
    return f"load {os.getloadavg()[0]:.1f} on {cores} cores"


def _listens(process: psutil.Process, port: int) -> bool:
    """Return whether this process listens on a port.

    Of two servers started at once with the same free port, one has lost it without knowing yet.
    """
    try:
        return any(
            each.status == psutil.CONN_LISTEN and each.laddr.port == port
            for each in process.net_connections("tcp")
        )
    except psutil.AccessDenied:
        # Some systems require an administrator for this.
        return True
    except psutil.NoSuchProcess:
        return False


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
    # Without the environment's proxy: the server is on this machine.
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


def choose_ports(bolt: int | None, http: int | None) -> dict[str, int]:
    """Return the requested ports, else the usual ones, else any free ones."""
    for asked, option in ((bolt, "--bolt-port"), (http, "--http-port")):
        if asked and (reason := _in_the_way(asked)) is not None:
            raise ServerError(f"Port {asked} {reason}; give another {option}, or leave it out.")
    if bolt and bolt == http:
        raise ServerError(f"--bolt-port and --http-port are both {bolt}; give two.")
    # Both probes stay open until both ports are chosen, or these could be the same.
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
    """Return why nothing can listen on a port, None if something can."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            return "is taken" if taken else f"cannot be had: {error.strerror}"
    return None


def end(process: psutil.Process, log: Path) -> bool:
    """Stop a server and wait for its end, watching its log; return False if it had to be killed."""
    with suppress(psutil.NoSuchProcess):
        process.terminate()
        if not _ended(process, log):
            process.kill()
            _ended(process, log)
            return False
    return True


def _ended(process: psutil.Process, log: Path) -> bool:
    """Wait for the end of a process while it makes progress; its parent may leave it a zombie."""
    waiting = _Waiting(process, log)
    while lives(process):
        if not waiting.goes_on(STOP_PATIENCE):
            return False
        time.sleep(0.05)
    with suppress(psutil.Error):
        process.wait(0)
    return True


def lives(process: psutil.Process) -> bool:
    """Return whether a process exists and is not a zombie."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _tail(log: str) -> str:
    """Return the end of a log without Java's stack frames, which hide the reason."""
    lines = [line for line in log.splitlines() if not line.startswith(("\tat ", "\t..."))]
    return "\n".join(lines[-LOG_TAIL:])
