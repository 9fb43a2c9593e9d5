"""A home: its version, its place, its memory, its disk."""

from __future__ import annotations

import errno
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hartonomous.errors import ServerError
from hartonomous.server import home as homes
from hartonomous.server.jars import neo4j_version
from hartonomous.server.managed_server import password_file, purge, status, stop
from tests.fake_tools import JAVA_17, Tools, begin


@pytest.mark.parametrize("version", ["4.4.38", "5.25.1", "5.26.9999", "2025.6.0", "nonsense"])
def test_a_home_of_another_version(ready: Tools, tmp_path: Path, version: str) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "VERSION").write_text(version)
    told = rf"made by another version: .* Neo4j {version}, this one has"
    with pytest.raises(ServerError, match=told):
        begin(home)
    assert [file.name for file in home.iterdir()] == ["VERSION"]


def test_a_home_of_an_earlier_patch_is_opened(
    ready: Tools, tmp_path: Path, impatient: None
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "VERSION").write_text("5.26.0\n")
    with pytest.raises(ServerError, match="does not answer"):
        begin(home)
    assert status(home).version == neo4j_version()


def test_a_home_below_a_file(ready: Tools, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ServerError, match=r"cannot be used: .*Set HARTONOMOUS_HOME"):
        begin(tmp_path / "file" / "home")


def test_a_name_that_java_cannot_take(ready: Tools, tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="has a ':' in its name"):
        begin(tmp_path / "a:b")


def test_purging_twice(ready: Tools, tmp_path: Path, impatient: None) -> None:
    home = tmp_path / "below" / "home"
    with pytest.raises(ServerError):
        begin(home)
    purge(home)
    assert list(home.parent.iterdir()) == []
    purge(home)
    assert not stop(home)


def test_a_password_that_cannot_be_set(ready: Tools, tmp_path: Path) -> None:
    ready("java", f"case $* in *-version*) echo '{JAVA_17}';; *) echo no entropy; exit 1;; esac")
    with pytest.raises(ServerError, match=r"could not be set in .*home: no entropy"):
        begin(tmp_path / "home")
    assert not password_file(tmp_path / "home").exists()


def test_the_password_stands_on_no_command_line(
    ready: Tools, tmp_path: Path, impatient: None
) -> None:
    with pytest.raises(ServerError):
        begin(tmp_path / "home")
    password = password_file(tmp_path / "home").read_text().strip()
    calls = (tmp_path / "tools" / "java.calls").read_text()
    assert "AdminTool" in calls and password not in calls
    assert not (tmp_path / "home" / "conf" / "arguments").exists()


@pytest.mark.parametrize("variable", ["HARTONOMOUS_HEAP", "HARTONOMOUS_PAGECACHE"])
def test_memory_that_is_no_size(
    ready: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "lots")
    with pytest.raises(ServerError, match=f"{variable} is 'lots'; give a size such as"):
        begin(tmp_path / "home")


def test_memory_is_sized_to_the_machine(
    ready: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, impatient: None
) -> None:
    monkeypatch.delenv("HARTONOMOUS_HEAP", raising=False)
    monkeypatch.setenv("HARTONOMOUS_PAGECACHE", "123m")
    gigabytes = type("Memory", (), {"total": 16 << 30})
    monkeypatch.setattr(homes.psutil, "virtual_memory", gigabytes)
    with pytest.raises(ServerError):
        begin(tmp_path / "home")
    settings = (tmp_path / "home" / "conf" / "neo4j.conf").read_text()
    assert "heap.max_size=2048m\n" in settings and "pagecache.size=123m\n" in settings


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A disk of 8 MiB; where none may be mounted, one that only says so."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount", path="/bin:/sbin:/usr/bin:/usr/sbin")
    command = [mount or "mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)]
    if mount and subprocess.run(command, capture_output=True, check=False).returncode == 0:
        yield disk
        subprocess.run([str(Path(mount).with_name("umount")), "-l", str(disk)], check=True)
        return
    real = shutil.disk_usage

    def usage(place: Path) -> Any:
        return (
            real(place)._replace(free=8 << 20) if disk in (place, *place.parents) else real(place)
        )

    monkeypatch.setattr(shutil, "disk_usage", usage)
    yield disk


def test_too_little_room_for_a_home(ready: Tools, small_disk: Path) -> None:
    with pytest.raises(ServerError, match=r"Only \d MiB are free at .*home; the server needs"):
        begin(small_disk / "home")


def test_too_little_room_for_an_assembly(
    ready: Tools, small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARTONOMOUS_CACHE", str(small_disk / "cache"))
    with pytest.raises(ServerError, match=r"Only \d MiB are free at .*cache; .*HARTONOMOUS_CACHE"):
        begin(tmp_path / "home")


def test_a_disk_that_fills_while_it_is_written(
    ready: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, text: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(homes, "write_private", full)
    with pytest.raises(ServerError, match=r"VERSION cannot be used: No space.*Make room"):
        begin(tmp_path / "home")
