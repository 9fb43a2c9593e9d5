"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from hartonomous.atomic_files import atomic, dismiss, sweep, write_private


def dead_process() -> int:
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def test_a_file_appears_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    target.write_text("old")
    with atomic(target) as partial:
        partial.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert os.listdir(tmp_path) == ["page.html"]


def test_a_folder_appears_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "v1.2"
    with atomic(target) as partial:
        (partial / "deep").mkdir(parents=True)
        (partial / "deep" / "rows").write_text("1")
        assert not target.exists()
    assert (target / "deep" / "rows").read_text() == "1"
    assert os.listdir(tmp_path) == ["v1.2"]


@pytest.mark.parametrize("folder", [False, True])
def test_nothing_stays_of_what_fails(tmp_path: Path, folder: bool) -> None:
    target = tmp_path / "rows"
    with pytest.raises(KeyboardInterrupt), atomic(target) as partial:
        partial.mkdir() if folder else partial.touch()
        raise KeyboardInterrupt
    assert os.listdir(tmp_path) == []


def test_a_full_folder_is_not_replaced(tmp_path: Path) -> None:
    target = tmp_path / "rows"
    target.mkdir()
    (target / "kept").touch()
    with pytest.raises(OSError, match="not empty"), atomic(target) as partial:
        partial.mkdir()
    assert os.listdir(tmp_path) == ["rows"]
    assert os.listdir(target) == ["kept"]


def test_only_the_owner_reads_what_is_private(tmp_path: Path) -> None:
    write_private(tmp_path / "key", "naïve\n")
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert (tmp_path / "key").read_text("utf-8") == "naïve\n"


def test_what_dead_processes_left_is_swept(tmp_path: Path) -> None:
    dead, alive = dead_process(), os.getpid()
    for state in ("partial", "leaving"):
        (tmp_path / f".v1.2.{dead}.{state}").mkdir()
        (tmp_path / f".v1.2.{dead}.{state}" / "rows").touch()
        (tmp_path / f".file.{alive}.{state}").touch()
    (tmp_path / f".v1.2.{dead}.old").touch()
    (tmp_path / ".hidden.npz").touch()
    (tmp_path / "v1.2").touch()
    sweep(tmp_path)
    left = {
        f".file.{alive}.partial",
        f".file.{alive}.leaving",
        f".v1.2.{dead}.old",
        ".hidden.npz",
        "v1.2",
    }
    assert set(os.listdir(tmp_path)) == left
    sweep(tmp_path / "nowhere")


def test_what_is_dismissed_is_gone(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "rows").touch()
    dismiss(tmp_path / "kept")
    dismiss(tmp_path / "kept")
    assert os.listdir(tmp_path) == []
