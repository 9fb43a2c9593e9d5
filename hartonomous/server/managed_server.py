"""Managed server: a private Neo4j of this user, on the loopback interface."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from hartonomous.atomic_files import write_private
from hartonomous.errors import ServerError
from hartonomous.process_identity import identity
from hartonomous.progress import Say
from hartonomous.server import store_swap
from hartonomous.server.class_data_sharing import (
    archive_of,
    drop_unless_mapped,
    drop_written,
    keep_written,
    sharing_flags,
)
from hartonomous.server.file_locks import holder_of, turn
from hartonomous.server.file_locks import remove as remove_lock
from hartonomous.server.home import (
    TURN,
    USER,
    configure,
    default_home,
    home_version,
    lay_out,
    log_file,
    password,
    password_file,
    refuse_unfit,
    set_password,
)
from hartonomous.server.jars import assembly, explained, java
from hartonomous.server.server_process import (
    ENTRY,
    Died,
    PortLost,
    await_answer,
    choose_ports,
    end,
    launch,
)
from hartonomous.server.store_choice import choose_store

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

ATTEMPTS = 3


@dataclass(frozen=True)
class ServerAddress:
    """The address of a managed server, with its credentials."""

    uri: str
    username: str
    password: str
    browser: str

    def __repr__(self) -> str:
        return f"ServerAddress({self.uri!r}, {self.username!r}, password hidden)"


@dataclass(frozen=True)
class ServerStatus:
    """The present state of a managed server; `pid`, `uri` and `http` are None if it does not run."""

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
    """The content of server.json for a running server; `parts` is its assembly.

    `process` is its identity (process_identity.py); empty in a record of an earlier version.
    """

    pid: int
    bolt: int
    http: int
    parts: str = ""
    process: str = ""

    @property
    def uri(self) -> str:
        return f"bolt://localhost:{self.bolt}"

    @property
    def browser(self) -> str:
        return f"http://localhost:{self.http}/browser/?dbms=bolt://{USER}@localhost:{self.bolt}"


def start(
    home: Path, *, bolt_port: int | None = None, http_port: int | None = None, say: Say
) -> ServerAddress:
    """Start the managed server if it does not run, wait until it answers, and return its address.

    Port 0 is any free one; None is the usual one, or any if that is taken. Raises ServerError, with
    the remedy, for a missing or unsupported Java, no Maven, ports in use, too little disk, a home
    of another version, and a server that dies during its start.
    """
    home = home.resolve()
    refuse_unfit(home)
    if _process(home) is None:
        # Nothing is created if there is no Java for it.
        java()
    with turn_of(home, "starting the server", say):
        return start_held(home, bolt_port, http_port, say)


def start_held(
    home: Path,
    bolt_port: int | None,
    http_port: int | None,
    say: Say,
    more: Mapping[str, str] | None = None,
) -> ServerAddress:
    """Start the server as `start` does, for the holder of the home's lock; `more` are settings."""
    process, record = _process(home), _record(home)
    if process is not None and record is not None:
        await_answer(home, process, record.bolt, record.http, say)
        return _address(home, record)
    _end_stray(home)
    with explained(home):
        if (done := store_swap.recover(home)) is not None:
            say(done)
    choose_store(home, say)
    return _address(home, _start(home, bolt_port, http_port, say, more))


def stop(home: Path, say: Say = lambda text: None) -> bool:
    """Stop the managed server and wait for its end; return whether it was running."""
    home = home.resolve()
    if home_version(home) is None:
        return False
    with turn_of(home, "stopping the server", say):
        return stop_held(home)


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


def ports_of(home: Path) -> tuple[int, int] | None:
    """Return the Bolt and HTTP ports of the running server, None if it does not run."""
    record = _record(home.resolve())
    return (
        None if record is None or _process(home.resolve()) is None else (record.bolt, record.http)
    )


def running_address(home: Path) -> ServerAddress | None:
    """Return the address of the managed server, None if it does not run."""
    home = home.resolve()
    record = _record(home)
    if record is None or _process(home) is None:
        return None
    return _address(home, record)


def purge(home: Path, say: Say = lambda text: None) -> None:
    """Stop the managed server and delete its home, the whole graph with it.

    Raises ServerError if the directory is not a home.
    """
    home = home.resolve()
    if not home.exists():
        return
    if home_version(home) is None:
        raise ServerError(
            f"{home} is not a home of hartonomous (it has no VERSION); nothing was deleted."
        )
    with turn_of(home, "deleting the home", say):
        stop_held(home)
        for each in home.iterdir():
            # VERSION last: a partly deleted home is still a home, and can be purged again.
            if each.name not in (TURN, f"{TURN}.holder", "VERSION"):
                shutil.rmtree(each) if each.is_dir() and not each.is_symlink() else each.unlink()
        (home / "VERSION").unlink()
        remove_lock(home / TURN)
    with suppress(OSError):
        home.rmdir()


def _start(
    home: Path,
    bolt_port: int | None,
    http_port: int | None,
    say: Say,
    more: Mapping[str, str] | None,
) -> _Record:
    command = java()
    parts = assembly(say)
    lay_out(home)
    say("Starting Neo4j.")
    for attempt in range(ATTEMPTS):
        ports = choose_ports(bolt_port, http_port)
        configure(home, parts, ports, more=more)
        set_password(home, command, parts)
        try:
            return _run(home, command, parts, ports, say)
        except PortLost:
            # Only a requested port is worth an error.
            if bolt_port or http_port or attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("the last attempt returns or raises")


def _run(home: Path, command: str, parts: Path, ports: dict[str, int], say: Say) -> _Record:
    """Return the record of a server that answers, with shared classes if Java accepts them."""
    flags = sharing_flags(home, command, parts)
    try:
        record = _launched(home, command, parts, ports, flags, say)
    except Died:
        if not flags:
            raise
        # An agent forbids writing an archive, a damaged archive crashes Java: neither prevents the
        # start.
        record = _launched(home, command, parts, ports, [], say)
    drop_unless_mapped(record.pid, archive_of(command, parts))
    return record


def _launched(
    home: Path, command: str, parts: Path, ports: dict[str, int], flags: list[str], say: Say
) -> _Record:
    """Launch the server, record it, and wait until it answers."""
    process = launch(home, command, parts, flags)
    try:
        named = identity(process.pid) or ""
        record = _Record(process.pid, **ports, parts=str(parts), process=named)
        write_private(_record_file(home), json.dumps(asdict(record)))
        await_answer(home, process, record.bolt, record.http, say)
    except BaseException:
        # Neither an error nor Ctrl-C leaves a partly started server.
        end(process, log_file(home))
        _record_file(home).unlink(missing_ok=True)
        raise
    return record


@contextmanager
def turn_of(home: Path, purpose: str, say: Say) -> Iterator[None]:
    """Let one process at a time start, stop or change the server of a home."""
    with explained(home):
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with turn(home / TURN, purpose, say):
            yield


def turn_holder(home: Path) -> str | None:
    """Return the process that starts, stops or changes the server of a home now, None if there is
    none.
    """
    return holder_of(home / TURN)


def stop_held(home: Path) -> bool:
    """Stop the server as `stop` does, for the holder of the home's lock."""
    process, record = _process(home), _record(home)
    if process is None:
        ended = _end_stray(home)
    else:
        ended = True
        if end(process, log_file(home)) and record is not None and record.parts:
            keep_written(home, Path(record.parts))
    drop_written(home)
    _record_file(home).unlink(missing_ok=True)
    return ended


def _end_stray(home: Path) -> bool:
    """Stop a server of this home whose start was interrupted before it was recorded."""
    strays = [process for process in psutil.process_iter() if _serves(process, home)]
    for process in strays:
        end(process, log_file(home))
    return bool(strays)


def _record_file(home: Path) -> Path:
    return home / "server.json"


def _record(home: Path) -> _Record | None:
    try:
        kept = json.loads(_record_file(home).read_text("utf-8"))
        # Earlier versions stored its start time, which changes with the clock.
        kept.pop("created", None)
        return _Record(**kept)
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def _process(home: Path) -> psutil.Process | None:
    """Return the running server, None if the recorded process is gone or belongs to another home."""
    record = _record(home)
    if record is None:
        return None
    try:
        process = psutil.Process(record.pid)
        # A process id is reused, and a home may be copied while its server runs: only the same
        # process and the same home make it this home's server.
        same = record.process in ("", identity(record.pid)) and _serves(process, home)
        return process if same else None
    except psutil.Error:
        return None


def _serves(process: psutil.Process, home: Path) -> bool:
    try:
        command = process.cmdline()
    except psutil.Error:
        return False
    return {ENTRY, f"--home-dir={home}"} <= set(command)


def _address(home: Path, record: _Record) -> ServerAddress:
    return ServerAddress(record.uri, USER, password(home), record.browser)
