"""The managed server: what can go wrong is told with the way out."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from hartonomous.errors import ServerError
from hartonomous.server import jars, server_process
from hartonomous.server.class_data_sharing import archive_of
from hartonomous.server.connection import connect_managed
from hartonomous.server.jars import neo4j_version, poms_digest
from hartonomous.server.managed_server import (
    ServerAddress,
    log_file,
    password_file,
    purge,
    running_address,
    start,
    status,
    stop,
)


def quiet(text: str) -> None:
    """Say nothing."""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a home would be, with memory for a small server."""
    monkeypatch.setenv("HARTONOMOUS_HEAP", "512m")
    monkeypatch.setenv("HARTONOMOUS_PAGECACHE", "64m")
    return tmp_path / "home"


def command(folder: Path, name: str, script: str) -> Path:
    """Write an executable that stands for a real one."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def started_twice_at_once(home: Path) -> ServerAddress:
    """Start a home from two threads; return the one address that both came by."""
    found: list[ServerAddress] = []
    threads = [
        threading.Thread(target=lambda: found.append(start(home, say=quiet))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found[0] == found[1]
    return found[0]


def test_a_home_lives_moves_and_goes(home: Path, tmp_path: Path) -> None:
    try:
        address = started_twice_at_once(home)
        assert start(home, say=quiet) == address
        known = status(home)
        assert known.running
        assert known.uri == address.uri
        assert password_file(home).stat().st_mode & 0o777 == 0o600
        assert home.stat().st_mode & 0o777 == 0o700
        with connect_managed(address) as graph:
            graph.write("CREATE (:Composition {key: 'kept', text: 'kept'})")
            listening = graph.read(
                "SHOW SETTINGS YIELD name, value WHERE name = 'server.bolt.listen_address' RETURN value"
            )
            assert listening[0]["value"].startswith("127.0.0.1:")
        assert address.password not in repr(address)
        assert address.password not in log_file(home).read_text()
        moved = tmp_path / "moved"
        assert stop(home)
        assert not stop(home)
        home.rename(moved)
        home = moved
        with connect_managed(start(home, say=quiet)) as graph:
            assert graph.read("MATCH (c:Composition) RETURN c.key AS key") == [{"key": "kept"}]
        server = psutil.Process(status(home).pid)
        archive = archive_of(jars.java(), jars.assembly(quiet))
        # Without an archive of its own classes Java writes none of ours.
        own = Path(server.exe()).parents[1] / "lib" / "server" / "classes.jsa"
        if own.is_file() and hasattr(server, "memory_maps"):
            assert str(archive) in {mapped.path for mapped in server.memory_maps()}
    finally:
        purge(home)
    assert not home.exists()
    assert running_address(home) is None


WAITING = """
import subprocess, sys, time
from pathlib import Path
from hartonomous.server.server_process import ENTRY
from hartonomous.server.jars import neo4j_version
from tests import private_server
def start(home, **options):
    home.mkdir()
    (home / "VERSION").write_text(neo4j_version())
    # Stands for Java, which is known by these.
    line = [sys.executable, "-c", "import time; time.sleep(120)", ENTRY, f"--home-dir={home}"]
    server = subprocess.Popen(line)
    print(home, server.pid, flush=True)
private_server.start = start
with private_server.private_server("1m", "1m"):
    time.sleep(120)
"""


def test_the_server_is_gone_after_the_test_run_was_killed() -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", WAITING],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert run.stdout is not None
    place, pid = run.stdout.readline().split()
    served = psutil.Process(int(pid))
    run.kill()
    run.wait()
    run.stdout.close()
    for _ in range(600):
        if not Path(place).parent.exists():
            break
        threading.Event().wait(0.1)
    assert not Path(place).parent.exists()
    assert not served.is_running() or served.status() == psutil.STATUS_ZOMBIE


def test_no_java(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServerError, match="Install Java 17 or 21"):
        start(home, say=quiet)
    assert not home.exists()


@pytest.mark.parametrize("version", ["11.0.2", "1.8.0_202", "25", "nonsense"])
def test_the_wrong_java(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str
) -> None:
    (tmp_path / "jdk").mkdir()
    command(tmp_path / "jdk" / "bin", "java", f"echo 'openjdk version \"{version}\"' >&2")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "jdk"))
    with pytest.raises(ServerError, match="runs on Java 17 or 21"):
        start(home, say=quiet)


def test_no_maven(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HARTONOMOUS_CACHE", str(tmp_path / "cache"))
    java = jars.java()
    command(tmp_path / "bin", "java", f'exec {java} "$@"')
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(ServerError, match="needs Maven once"):
        start(home, say=quiet)


def test_maven_that_fails_leaves_no_half_assembly(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HARTONOMOUS_CACHE", str(tmp_path / "cache"))
    command(tmp_path / "bin", "mvn", "echo '[ERROR] could not resolve'; exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    with pytest.raises(ServerError, match=r"is there a network.*could not resolve"):
        start(home, say=quiet)
    assert [file.name for file in (tmp_path / "cache").iterdir()] == [".assembling.lock"]


def test_a_port_that_is_taken(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ServerError, match=f"Port {port} is taken; give another --bolt-port"):
            start(home, bolt_port=port, say=quiet)
        with pytest.raises(ServerError, match="--http-port"):
            start(home, http_port=port, say=quiet)


def test_usual_ports_that_are_taken_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setattr(server_process, "BOLT_PORT", taken.getsockname()[1])
        chosen = server_process.choose_ports(None, None)
    assert chosen["bolt"] != server_process.BOLT_PORT
    assert len(set(chosen.values())) == 2


def test_a_home_of_another_version(home: Path) -> None:
    home.mkdir()
    (home / "VERSION").write_text("0123456789abcdef\n")
    with pytest.raises(ServerError, match=f"made by another version.*{poms_digest()}"):
        start(home, say=quiet)


def test_a_directory_that_is_no_home_is_left_alone(home: Path) -> None:
    home.mkdir()
    (home / "thesis.tex").write_text("years of work")
    with pytest.raises(ServerError, match="contains other files"):
        start(home, say=quiet)
    with pytest.raises(ServerError, match="nothing was deleted"):
        purge(home)
    assert (home / "thesis.tex").read_text() == "years of work"


def test_a_stale_record_does_not_stand_for_another_process(home: Path) -> None:
    home.mkdir()
    (home / "server.json").write_text(
        f'{{"pid": {os.getpid()}, "created": 1.0, "bolt": 7687, "http": 7474}}'
    )
    assert not status(home).running
    assert running_address(home) is None
    assert not stop(home)  # and this very process lives on


def test_a_full_disk(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(home.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage._replace(free=5 << 20))
    with pytest.raises(ServerError, match="Only 5 MiB are free"):
        start(home, say=quiet)


def test_a_server_that_dies_while_it_starts_shows_its_log(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.mkdir()
    (home / "VERSION").write_text(neo4j_version())
    password_file(home).write_text("set before")
    monkeypatch.setenv("HARTONOMOUS_HEAP", "2m")
    with pytest.raises(ServerError, match=r"(?s)died while it started.*initialization of VM"):
        start(home, say=quiet)
    assert not status(home).running
