"""What tells one process from every other: also from one that had its number before.

A start time by the clock does not: it is worked out from the time of the boot, which moves when
somebody sets the clock. Linux counts ticks since the boot, which do not.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import psutil

_PROC = Path("/proc")
_START_TICKS = 19
"""Place of `starttime` among the fields behind the command's name, proc_pid_stat(5)."""


def identity(process: int) -> str | None:
    """Return what names a process of this machine for all time; None when there is none.

    The text holds no blank. Two machines, two boots of one, and two containers never share a text.
    """
    began = _began(process)
    return None if began is None else f"{machine()}:{process}:{began}"


def own_identity() -> str:
    """Return what names this process."""
    found = identity(os.getpid())
    assert found is not None
    return found


def is_of_this_machine(name: str) -> bool:
    """Return whether a text was made by `identity` in this boot of this machine."""
    return name.rpartition(":")[0].rpartition(":")[0] == machine()


def runs(name: str) -> bool:
    """Return whether the process of this machine that a text names still runs."""
    number = name.rpartition(":")[0].rpartition(":")[2]
    return number.isdecimal() and identity(int(number)) == name


@cache
def machine() -> str:
    """Return what names this boot of this machine, and the processes one can see from here."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text("ascii").strip()
        seen = os.stat(_PROC / "self/ns/pid").st_ino
    except OSError:
        return f"{os.uname().nodename.replace(' ', '')}"
    return f"{boot}.{seen}"


def _began(process: int) -> str | None:
    try:
        status = (_PROC / str(process) / "stat").read_text("utf-8", errors="replace")
        # The command's name stands in brackets and may hold anything.
        fields = status.rpartition(")")[2].split()
        return None if fields[0] in "ZX" else fields[_START_TICKS]
    except (FileNotFoundError, ProcessLookupError):
        if (_PROC / "self" / "stat").exists():
            return None
    except (OSError, IndexError):
        pass
    try:
        # Elsewhere the system itself keeps when a process began.
        return f"{psutil.Process(process).create_time():.6f}"
    except psutil.Error:
        return None
