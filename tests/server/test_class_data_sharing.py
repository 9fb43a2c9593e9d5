"""What a server leaves of its classes is whole and of the right Java, or is not kept."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hartonomous.errors import ServerError
from hartonomous.server.class_data_sharing import (
    archive_of,
    drop_unless_mapped,
    drop_written,
    keep_written,
    sharing_flags,
)
from hartonomous.server.server_process import ENTRY
from tests.fake_tools import Tools, begin, fake_java


@pytest.fixture
def java(tmp_path: Path) -> Path:
    file = tmp_path / "java"
    file.write_text("one build")
    return file


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home" / "run").mkdir(parents=True)
    return tmp_path / "home"


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    (tmp_path / "parts").mkdir()
    return tmp_path / "parts"


def written(home: Path, java: Path, parts: Path) -> Path:
    """Write what a server would when it ends, and return where."""
    (flag,) = sharing_flags(home, str(java), parts)
    assert flag.startswith(f"-XX:ArchiveClassesAtExit={home}")
    file = Path(flag.split("=")[1])
    file.write_bytes(b"classes")
    return file


def test_the_first_server_writes_it_and_the_next_maps_it(
    home: Path, java: Path, parts: Path
) -> None:
    file = written(home, java, parts)
    keep_written(home, parts)
    archive = archive_of(str(java), parts)
    assert archive.read_bytes() == b"classes"
    assert f"-XX:SharedArchiveFile={archive}" in sharing_flags(home, str(java), parts)
    assert not file.exists()


def test_another_place_and_another_java_write_their_own_and_one_stays(
    home: Path, java: Path, parts: Path, tmp_path: Path
) -> None:
    written(home, java, parts)
    keep_written(home, parts)
    (tmp_path / "moved").mkdir()
    written(home, java, tmp_path / "moved")
    os.utime(java, ns=(1, 1))
    written(home, java, parts)
    keep_written(home, parts)
    assert list(parts.iterdir()) == [archive_of(str(java), parts)]


def test_what_may_not_be_whole_is_dropped(home: Path, java: Path, parts: Path) -> None:
    file = written(home, java, parts)
    drop_written(home)
    assert not file.exists()
    file = written(home, java, parts)
    sharing_flags(home, str(java), parts)  # Another start, after a kill.
    assert not file.exists()
    assert not list(parts.iterdir())


@pytest.mark.parametrize("failing", ["shutil.move", "hartonomous.atomic_files._remove"])
def test_no_room_or_no_right_to_keep_it_is_no_error(
    home: Path, java: Path, parts: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    file = written(home, java, parts)

    def fail(*paths: Path) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(failing, fail)
    keep_written(home, parts)
    assert not file.exists()
    assert not list(parts.iterdir())


def test_nothing_is_written_where_nothing_could_be_kept(
    home: Path, java: Path, tmp_path: Path
) -> None:
    assert sharing_flags(home, str(java), tmp_path / "gone") == []


def test_an_archive_that_no_server_maps_is_dropped(java: Path, parts: Path) -> None:
    archive = archive_of(str(java), parts)
    archive.write_bytes(b"of other jars")
    drop_unless_mapped(os.getpid(), archive)
    assert not archive.exists()


def test_a_server_that_dies_of_sharing_is_started_without(ready: Tools, tmp_path: Path) -> None:
    java = fake_java(ready, "exit 1")
    with pytest.raises(ServerError, match="died while it started"):
        begin(tmp_path / "home")
    calls = java.with_name("java.calls").read_text().splitlines()
    first, second = (call for call in calls if ENTRY in call)
    assert "-XX:ArchiveClassesAtExit=" in first
    assert "classes-" not in second


def test_a_server_that_dies_without_sharing_is_not_started_again(
    ready: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hartonomous.server.managed_server.sharing_flags", lambda *places: [])
    java = fake_java(ready, "exit 1")
    with pytest.raises(ServerError, match="died while it started"):
        begin(tmp_path / "home")
    assert java.with_name("java.calls").read_text().count(ENTRY) == 1
