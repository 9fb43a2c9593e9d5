"""A process is told from all others, however the clock is set."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from hartonomous import process_identity
from hartonomous.process_identity import identity, is_of_this_machine, own_identity, runs


def test_a_process_is_known_until_it_ends() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        name = identity(other.pid)
        assert name is not None and name != own_identity() and " " not in name
        assert is_of_this_machine(name) and runs(name)
        other.kill()
        # Nobody has asked how it ended: it is a zombie, and no longer runs.
        time.sleep(0.2)
        assert not runs(name)
    assert identity(other.pid) is None and not runs(name)


def test_a_number_used_again_is_another_process() -> None:
    machine, number, began = own_identity().rsplit(":", 2)
    assert int(number) == os.getpid()
    assert not runs(f"{machine}:{number}:{began}0")
    assert not is_of_this_machine(f"another.1:{number}:{began}")


def test_setting_the_clock_changes_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    name = own_identity()
    began = psutil.Process.create_time
    # A clock set forward moves the time of the boot, and with it every start by the clock.
    monkeypatch.setattr(psutil.Process, "create_time", lambda process: began(process) + 3)
    assert identity(os.getpid()) == name


def test_without_proc_the_system_says_when_it_began(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(process_identity, "_PROC", tmp_path)
    process_identity.machine.cache_clear()
    try:
        assert runs(own_identity())
        assert identity(2**22 - 1) is None
    finally:
        process_identity.machine.cache_clear()
