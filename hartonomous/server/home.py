"""The managed server's home: a directory without absolute paths, so that it can be moved.

    home/   VERSION  password  server.json  conf/  data/  logs/  run/  import/  tmp/

Its configuration is written again at each start.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import psutil
from platformdirs import user_data_path

from hartonomous.atomic_files import write_private
from hartonomous.errors import ServerError
from hartonomous.server.jars import (
    LANGUAGE,
    check_disk,
    java_environment,
    neo4j_version,
    poms_digest,
)

USER = "neo4j"
ADMIN = "org.neo4j.cli.AdminTool"
_SMALL = ("-Xmx256m", "-XX:TieredStopAtLevel=1", *LANGUAGE)
TURN = "turn"
"""The lock file of processes that start, stop or change the server of a home."""

KEPT = frozenset(
    {"retained", "keys", "snapshots", "bundles", "backups", "thumbnails", TURN, f"{TURN}.holder"}
)
"""What a home may contain before its server does: retained data of graphs on other servers."""

WORKING_DISK = 128 << 20
"""Free bytes that a home needs for its server to restart."""

LOCK_PATIENCE = "60s"
"""Time that a transaction waits for another one's locks."""

UNRESTRICTED = ("gds.*", "apoc.custom.*")
"""Procedures with access to the server's internals: those of Graph Data Science, and the installer
of ours.
"""

FOLDERS = ("conf", "data", "logs", "run", "import", "tmp")


def default_home() -> Path:
    """Return the home of the managed server: HARTONOMOUS_HOME, else the user's data directory."""
    chosen = os.environ.get("HARTONOMOUS_HOME")
    return Path(chosen).absolute() if chosen else user_data_path("hartonomous")


def password_file(home: Path) -> Path:
    """Return the file with the password, readable by its owner only."""
    return home / "password"


def log_file(home: Path) -> Path:
    """Return the server's log."""
    return home / "logs" / "console.log"


def home_version(home: Path) -> str | None:
    """Return the version of Neo4j that last used a home; None if it is not a home."""
    try:
        return (home / "VERSION").read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None


def password(home: Path) -> str:
    """Return the password of the managed server.

    Raises ServerError if its file is missing.
    """
    try:
        return read_password(password_file(home), "The managed server's password")
    except ServerError as error:
        raise ServerError(
            f"{error} Put the file back; without it there is no access, and only 'hartonomous "
            "purge' is left."
        ) from error


def read_password(file: Path, what: str) -> str:
    """Return the password in a file: its text without surrounding white space or a byte order mark.

    Raises ServerError if it is unreadable, or not UTF-8 text.
    """
    try:
        text = file.read_bytes().decode("utf-8-sig").strip()
    except OSError as error:
        raise ServerError(f"{what} in {file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ServerError(
            f"{what} in {file} is not UTF-8 text (byte {error.start}); save the file as UTF-8."
        ) from error
    if not text or not text.isprintable():
        raise ServerError(f"{what} in {file} is empty, or has more than one line of text.")
    return text


def refuse_unfit(home: Path) -> None:
    """Raise ServerError for another program's directory, or a home of another version."""
    version = home_version(home)
    if version is None and home.exists() and any(f.name not in KEPT for f in home.iterdir()):
        raise ServerError(
            f"{home} contains other files; set HARTONOMOUS_HOME to another directory."
        )
    if version is not None and not _opens(version):
        raise ServerError(
            f"{home} was made by another version: its graph is of Neo4j {version}, this one has "
            f"{neo4j_version()} (assembly {poms_digest()}). Use the hartonomous that made it, or "
            "set HARTONOMOUS_HOME to another directory, or 'hartonomous purge' it."
        )
    if os.pathsep in str(home):
        raise ServerError(
            f"{home} has a {os.pathsep!r} in its name, which Java does not support; set "
            "HARTONOMOUS_HOME to another directory."
        )


def lay_out(home: Path) -> None:
    """Create the directories of a home, `home` itself among them.

    Raises ServerError for a full disk, and as refuse_unfit does.
    """
    refuse_unfit(home)
    home.mkdir(mode=0o700, exist_ok=True)
    check_disk(home) if home_version(home) is None else check_disk(home, WORKING_DISK)
    # Files that a killed server unpacked.
    shutil.rmtree(home / "tmp", ignore_errors=True)
    for name in FOLDERS:
        (home / name).mkdir(exist_ok=True)
    write_private(home / "VERSION", neo4j_version() + "\n")


def configure(
    home: Path,
    parts: Path,
    ports: dict[str, int],
    conf: Path | None = None,
    more: Mapping[str, str] | None = None,
) -> None:
    """Write the server's configuration, to `conf` if it is not the usual one, with `more` settings."""
    conf, heap = conf or home / "conf", _memory("HARTONOMOUS_HEAP", 512, 3072)
    settings = {
        "server.default_listen_address": "127.0.0.1",
        "server.bolt.listen_address": f"127.0.0.1:{ports['bolt']}",
        "server.bolt.advertised_address": f"localhost:{ports['bolt']}",
        "server.http.listen_address": f"127.0.0.1:{ports['http']}",
        "server.http.advertised_address": f"localhost:{ports['http']}",
        "server.https.enabled": "false",
        "server.memory.heap.initial_size": heap,
        "server.memory.heap.max_size": heap,
        "server.memory.pagecache.size": _memory("HARTONOMOUS_PAGECACHE", 256, 3072),
        "server.directories.import": "import",
        "server.directories.plugins": str(parts / "procedures"),
        "dbms.security.procedures.unrestricted": ",".join(UNRESTRICTED),
        "dbms.security.procedures.allowlist": "gds.*,apoc.*,custom.*,db.*,dbms.*,tx.*",
        "dbms.security.allow_csv_import_from_file_urls": "false",
        "db.tx_log.rotation.retention_policy": "1 files",
        "db.tx_log.rotation.size": "64M",
        # Without a limit a transaction left open in Browser blocks every writer indefinitely.
        "db.lock.acquisition.timeout": LOCK_PATIENCE,
        "dbms.usage_report.enabled": "false",
        "server.bolt.telemetry.enabled": "false",
        # By default a server waits ten seconds for more connections while it stops.
        "internal.dbms.bolt.netty_server_shutdown_quiet_period": "0",
        "internal.server.bolt.connection_shutdown_wait_time": "1s",
        "internal.server.bolt.thread_pool_shutdown_wait_time": "1s",
        **(more or {}),
    }
    text = "".join(f"{name}={value}\n" for name, value in settings.items())
    write_private(conf / "neo4j.conf", text)
    write_private(conf / "apoc.conf", "apoc.custom.procedures.refresh=1000\n")


def memory_settings(conf: Path) -> dict[str, str]:
    """Return the memory settings of a server's configuration."""
    text = (conf / "neo4j.conf").read_text("utf-8")
    settings = (line.partition("=") for line in text.splitlines())
    return {name: value for name, _, value in settings if name.startswith("server.memory.")}


def set_password(home: Path, command: str, parts: Path) -> None:
    """Give a new home a random password; leave any other home unchanged."""
    if password_file(home).is_file():
        return
    if (home / "data" / "databases" / "system").is_dir():
        # The server uses the password of its first start; setting another has no effect.
        password(home)
    chosen = secrets.token_hex(16)
    write_initial_password(home, command, parts, chosen)
    write_private(password_file(home), chosen + "\n")


def write_initial_password(home: Path, command: str, parts: Path, chosen: str) -> None:
    """Set the password of a server that has never started."""
    # Through a file: everybody on the machine can read a command line.
    arguments = home / "conf" / "arguments"
    write_private(arguments, f"dbms\nset-initial-password\n{chosen}\n")
    try:
        done = subprocess.run(
            [command, *_SMALL, "-cp", f"{parts}/lib/*", ADMIN, f"@{arguments}"],
            env=java_environment(NEO4J_HOME=str(home), NEO4J_CONF=str(home / "conf")),
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    finally:
        arguments.unlink()
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()[-300:]
        raise ServerError(f"The server's password could not be set in {home}: {said}")


def _opens(version: str) -> bool:
    """Return whether our Neo4j opens a graph written by another version: same series, not newer.

    >>> _opens("4.4.1"), _opens("5.26.0"), _opens("5.26.999"), _opens("what?")
    (False, True, False, False)
    """
    if re.fullmatch(r"\d+\.\d+\.\d+", version) is None:
        return False
    theirs, ours = (tuple(map(int, each.split("."))) for each in (version, neo4j_version()))
    return theirs[:2] == ours[:2] and theirs <= ours


def _memory(variable: str, least: int, most: int) -> str:
    eighth = psutil.virtual_memory().total >> 23
    chosen = os.environ.get(variable, f"{max(least, min(most, eighth))}m")
    if re.fullmatch(r"[1-9]\d*[kmgKMG]", chosen) is None:
        raise ServerError(f"{variable} is {chosen!r}; give a size such as 900m or 2g.")
    return chosen
