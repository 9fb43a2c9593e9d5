"""The identity of a process, distinct from those of earlier processes with its number.

A start time in clock time is not enough: it is computed from the time of the boot, which changes
when the clock is set. Linux counts ticks since the boot.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import psutil

_PROC = Path("/proc")
_START_TICKS = 19
"""Index of `starttime` among the fields after the command's name, proc_pid_stat(5)."""


def identity(process: int) -> str | None:
    """Return the identity of a process of this machine, unique for all time; None if there is none.

    The text contains no blank. Two machines, two boots of one, and two containers never share a
    text.
    """
    began = _began(process)
    return None if began is None else f"{machine()}:{process}:{began}"


def own_identity() -> str:
    """Return the identity of this process."""
    found = identity(os.getpid())
    assert found is not None
    return found


def is_of_this_machine(name: str) -> bool:
    """Return whether an identity is of this boot of this machine."""
    return name.rpartition(":")[0].rpartition(":")[0] == machine()


def runs(name: str) -> bool:
    """Return whether the process of this machine with an identity still runs."""
    number = name.rpartition(":")[0].rpartition(":")[2]
    return number.isdecimal() and identity(int(number)) == name


@cache
def machine() -> str:
    """Return the identity of this boot of this machine, and of the visible process namespace."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text("ascii").strip()
        seen = os.stat(_PROC / "self/ns/pid").st_ino
    except OSError:
        return f"{os.uname().nodename.replace(' ', '')}"
    return f"{boot}.{seen}"


def _began(process: int) -> str | None:
    try:
        status = (_PROC / str(process) / "stat").read_text("utf-8", errors="replace")
        # The command's name is in brackets and may contain any character.
        fields = status.rpartition(")")[2].split()
        return None if fields[0] in "ZX" else fields[_START_TICKS]
    except (FileNotFoundError, ProcessLookupError):
        if (_PROC / "self" / "stat").exists():
            return None
    except (OSError, IndexError):
        pass
    try:
        # Other systems record the start of a process themselves.
        return f"{psutil.Process(process).create_time():.6f}"
    except psutil.Error:
        return None
