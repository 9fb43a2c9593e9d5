"""The managed server: a private Neo4j of this user, on the loopback interface.

    home/   VERSION  password  server.json  conf/  data/  logs/  run/  import/

A home holds no path of itself, so it can be moved while the server is down. Its configuration is
written anew at each start.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from platformdirs import user_data_path

from hartonomous.errors import ServerError
from hartonomous.store.assembly import Say, assembly, check_disk, java, poms_digest

USER = "neo4j"
BOLT_PORT, HTTP_PORT = 7687, 7474
START_PATIENCE = 120.0
STOP_PATIENCE = 60.0
ATTEMPTS = 3
BOLT_HANDSHAKE = bytes.fromhex("6060b017") + b"\x00\x00\x04\x05" + bytes(12)
LOG_TAIL = 12

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
    """A managed server as it is now; `uri` and `http` are None when it does not run."""

    running: bool
    home: Path
    pid: int | None
    uri: str | None
    http: str | None
    log: Path


def default_home() -> Path:
    """Return the home of the managed server: HARTONOMOUS_HOME, else the user's data directory."""
    chosen = os.environ.get("HARTONOMOUS_HOME")
    return Path(chosen).absolute() if chosen else user_data_path("hartonomous")


def password_file(home: Path) -> Path:
    """Return the file with the password, which only its owner can read."""
    return home / "password"


def log_file(home: Path) -> Path:
    """Return the server's log."""
    return home / "logs" / "console.log"


def start(
    home: Path, *, bolt_port: int | None = None, http_port: int | None = None, say: Say
) -> ServerAddress:
    """Start the managed server if it does not run, wait until it answers, and return where.

    Raises ServerError, with the way out, for no or the wrong Java, no Maven, ports taken, too
    little disk, a home of another version, and a server that dies while it starts.
    """
    home = home.absolute()
    with _only_one(home):
        if (address := running_address(home)) is not None:
            return address
        command = java()
        parts = assembly(say)
        _lay_out(home)
        say("Starting Neo4j.")
        for attempt in range(ATTEMPTS):
            ports = _ports(bolt_port, http_port)
            _configure(home, parts, ports)
            _set_password(home, command, parts)
            try:
                _run(home, command, parts, ports)
                break
            except _PortLost:
                # Between finding a free port and the server's binding it, another process may be
                # quicker; only a port that was asked for is worth an error.
                if bolt_port or http_port or attempt == ATTEMPTS - 1:
                    raise
    address = running_address(home)
    if address is None:
        raise ServerError(f"The server stopped as soon as it was up; see {log_file(home)}.")
    return address


def stop(home: Path) -> bool:
    """Stop the managed server and wait for its end; return whether it was running."""
    with _only_one(home.absolute()):
        process = _process(home)
        if process is None:
            (home / "server.json").unlink(missing_ok=True)
            return False
        process.terminate()
        try:
            process.wait(STOP_PATIENCE)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(STOP_PATIENCE)
        (home / "server.json").unlink(missing_ok=True)
        return True


def status(home: Path) -> ServerStatus:
    """Return the state of the managed server."""
    process, record = _process(home), _record(home)
    if process is None or record is None:
        return ServerStatus(False, home, None, None, None, log_file(home))
    return ServerStatus(True, home, process.pid, _uri(record), _browser(record), log_file(home))


def running_address(home: Path) -> ServerAddress | None:
    """Return where the managed server listens, None when it does not run."""
    record = _record(home)
    if record is None or _process(home) is None:
        return None
    password = password_file(home).read_text("utf-8").strip()
    return ServerAddress(_uri(record), USER, password, _browser(record))


def purge(home: Path) -> None:
    """Stop the managed server and delete its home, the whole graph with it.

    Raises ServerError when the directory is not a home.
    """
    if not home.exists():
        return
    if not (home / "VERSION").is_file():
        raise ServerError(f"{home} is not a home of ours (it has no VERSION); nothing was deleted.")
    stop(home)
    shutil.rmtree(home)


@contextmanager
def _only_one(home: Path) -> Iterator[None]:
    """Let one process at a time start or stop the server of a home."""
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        lock = (home.parent / f".{home.name}.lock").open("w")
    except OSError as error:
        raise ServerError(
            f"{home.parent} cannot be written: {error.strerror}. Set HARTONOMOUS_HOME elsewhere."
        ) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _lay_out(home: Path) -> None:
    version = home / "VERSION"
    if home.exists() and any(home.iterdir()) and not version.is_file():
        raise ServerError(
            f"{home} holds something else; set HARTONOMOUS_HOME to another directory."
        )
    if version.is_file() and version.read_text().strip() != poms_digest():
        raise ServerError(
            f"{home} was made by another version ({version.read_text().strip()}, this one is "
            f"{poms_digest()}). Export with that version and 'hartonomous purge', or set "
            "HARTONOMOUS_HOME to another directory."
        )
    try:
        home.mkdir(mode=0o700, exist_ok=True)
        check_disk(home)
        for name in ("conf", "data", "logs", "run", "import"):
            (home / name).mkdir(exist_ok=True)
        _write(version, poms_digest() + "\n")
    except OSError as error:
        raise ServerError(f"{home} cannot be written: {error.strerror}.") from error


def _configure(home: Path, parts: Path, ports: dict[str, int]) -> None:
    memory = psutil.virtual_memory().total >> 20
    heap = os.environ.get("HARTONOMOUS_HEAP", f"{max(512, min(3072, memory // 8))}m")
    pages = os.environ.get("HARTONOMOUS_PAGECACHE", f"{max(256, min(3072, memory // 8))}m")
    settings = {
        "server.default_listen_address": "127.0.0.1",
        "server.bolt.listen_address": f"127.0.0.1:{ports['bolt']}",
        "server.bolt.advertised_address": f"localhost:{ports['bolt']}",
        "server.http.listen_address": f"127.0.0.1:{ports['http']}",
        "server.http.advertised_address": f"localhost:{ports['http']}",
        "server.https.enabled": "false",
        "server.memory.heap.initial_size": heap,
        "server.memory.heap.max_size": heap,
        "server.memory.pagecache.size": pages,
        "server.directories.import": "import",
        "server.directories.plugins": str(parts / "plugins"),
        "dbms.security.procedures.unrestricted": "gds.*,apoc.*",
        "dbms.security.procedures.allowlist": "gds.*,apoc.*,custom.*,db.*,dbms.*,tx.*",
        "dbms.security.allow_csv_import_from_file_urls": "false",
        "db.tx_log.rotation.retention_policy": "1 files",
        "db.tx_log.rotation.size": "64M",
        "dbms.usage_report.enabled": "false",
        "server.bolt.telemetry.enabled": "false",
        "browser.post_connect_cmd": "CALL custom.hartonomous.stats()",
    }
    _write(home / "conf" / "neo4j.conf", "".join(f"{k}={v}\n" for k, v in settings.items()))
    _write(home / "conf" / "apoc.conf", "apoc.custom.procedures.refresh=1000\n")


def _set_password(home: Path, command: str, parts: Path) -> None:
    if password_file(home).is_file():
        return
    password = secrets.token_urlsafe(18)
    admin = "org.neo4j.server.startup.Neo4jAdminCommand"
    arguments = ["dbms", "set-initial-password", password]
    # The password stands on a command line for the second that this process runs, and the admin
    # command knows no other way; it is random and for the loopback interface only.
    done = subprocess.run(
        [command, "-Xmx256m", "-cp", f"{parts}/lib/*", f"-Dbasedir={home}", admin, *arguments],
        env={**os.environ, "NEO4J_HOME": str(home), "NEO4J_CONF": str(home / "conf")},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ServerError(
            f"The server's password could not be set: {(done.stderr or done.stdout).strip()[-300:]}"
        )
    _write(password_file(home), password + "\n")


class _PortLost(ServerError):
    """Another process took a port that was free a moment ago."""


def _run(home: Path, command: str, parts: Path, ports: dict[str, int]) -> None:
    """Launch the server, record it, and wait until it answers."""
    process = _launch(home, command, parts)
    record = {"pid": process.pid, "created": process.create_time(), **ports}
    _write(home / "server.json", json.dumps(record))
    _await(home, process, ports)


def _launch(home: Path, command: str, parts: Path) -> psutil.Process:
    conf = (home / "conf" / "neo4j.conf").read_text()
    heap = next(line.split("=")[1] for line in conf.splitlines() if "heap.max_size" in line)
    classes = f"{parts}/plugins/*:{home}/conf/*:{parts}/lib/*"
    entry = "org.neo4j.server.CommunityEntryPoint"
    arguments = [f"--home-dir={home}", f"--config-dir={home}/conf", "--console-mode"]
    log = os.open(log_file(home), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    try:
        # A session of its own: the server outlives this process and its terminal.
        return psutil.Process(
            os.posix_spawn(
                command,
                [command, f"-Xms{heap}", f"-Xmx{heap}", *_FLAGS, "-cp", classes, entry, *arguments],
                os.environ,
                file_actions=[(os.POSIX_SPAWN_DUP2, nothing, 0)]
                + [(os.POSIX_SPAWN_DUP2, log, stream) for stream in (1, 2)],
                setsid=True,
            )
        )
    finally:
        os.close(log)
        os.close(nothing)


def _await(home: Path, process: psutil.Process, ports: dict[str, int]) -> None:
    deadline = time.monotonic() + START_PATIENCE
    while time.monotonic() < deadline:
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            process.wait()
            (home / "server.json").unlink(missing_ok=True)
            kind = _PortLost if "already in use" in log_file(home).read_text() else ServerError
            raise kind(f"The server died while it started. {log_file(home)} ends:\n{_tail(home)}")
        if _answers_http(ports["http"]) and _answers_bolt(ports["bolt"]):
            return
        time.sleep(0.2)
    process.terminate()
    raise ServerError(
        f"The server does not answer after {START_PATIENCE:.0f} s; see {log_file(home)}."
    )


def _answers_http(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def _answers_bolt(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(BOLT_HANDSHAKE)
            return connection.recv(4) not in (b"", bytes(4))
    except OSError:
        return False


def _ports(bolt: int | None, http: int | None) -> dict[str, int]:
    """Return the ports asked for, else the usual ones, else free ones.

    Raises ServerError when a port that was asked for is taken.
    """
    chosen = {}
    with socket.socket() as one, socket.socket() as other:
        probes = {"bolt": (one, bolt, BOLT_PORT), "http": (other, http, HTTP_PORT)}
        for name, (probe, asked, usual) in probes.items():
            if asked is not None and not _free(asked):
                raise ServerError(
                    f"Port {asked} is taken; give another --{name}-port, or leave it out."
                )
            # Both probes stay open until both are chosen, so that they differ.
            probe.bind(("127.0.0.1", 0))
            free = int(probe.getsockname()[1])
            chosen[name] = asked or (usual if _free(usual) else free)
    return chosen


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _record(home: Path) -> dict[str, int] | None:
    try:
        record = json.loads((home / "server.json").read_text("utf-8"))
        return {name: record[name] for name in ("pid", "created", "bolt", "http")}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _process(home: Path) -> psutil.Process | None:
    """Return the running server, None when the recorded process is gone or is another's."""
    record = _record(home)
    if record is None:
        return None
    try:
        process = psutil.Process(record["pid"])
        # A process id is used again; only the same start time is the same process.
        same = abs(process.create_time() - record["created"]) < 0.01
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.Error:
        return None


def _uri(record: dict[str, int]) -> str:
    return f"bolt://localhost:{record['bolt']}"


def _browser(record: dict[str, int]) -> str:
    return (
        f"http://localhost:{record['http']}/browser/?dbms=bolt://{USER}@localhost:{record['bolt']}"
    )


def _tail(home: Path) -> str:
    return "\n".join(log_file(home).read_text("utf-8", errors="replace").splitlines()[-LOG_TAIL:])


def _write(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    partial = path.with_name(f".{path.name}.partial")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    partial.replace(path)
