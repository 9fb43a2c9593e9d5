"""File locks: mutual exclusion of the processes of one machine, with the holder's identity beside
the lock file.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import filelock

from hartonomous.errors import Conflict
from hartonomous.process_identity import own_identity, runs
from hartonomous.progress import Say
from hartonomous.server.timeouts import longest_wait

FIRST_WORD = 2.0
"""Seconds after which a waiting user is told about the holder."""


@contextmanager
def turn(
    lock: Path,
    purpose: str,
    say: Say = lambda text: None,
    passing: bool = False,
) -> Iterator[None]:
    """Wait until no other process or thread holds the lock file, and hold it.

    The system releases it when its holder dies. `purpose` is shown to waiting users; with `passing`
    the file is removed afterwards. Raises Conflict, with the holder, after `timeouts.longest_wait`
    seconds.
    """
    with _acquired(lock, say), _held(lock, purpose, passing):
        yield


@contextmanager
def turn_if_free(lock: Path, purpose: str) -> Iterator[bool]:
    """Hold the lock file if nobody holds it, and yield whether it is held; it is removed
    afterwards.
    """
    held = filelock.FileLock(lock, thread_local=False, mode=0o600)
    try:
        held.acquire(timeout=0)
    except filelock.Timeout:
        yield False
        return
    try:
        with _held(lock, purpose, passing=True):
            yield True
    finally:
        held.release()


@contextmanager
def _held(lock: Path, purpose: str, passing: bool) -> Iterator[None]:
    """Write the holder's identity beside the lock file; for its holder."""
    holder = _holder_file(lock)
    with suppress(OSError):
        holder.write_text(json.dumps({"purpose": purpose, "process": own_identity()}))
    try:
        yield
    finally:
        with suppress(OSError):
            holder.unlink()
        if passing:
            # While it is held: a process that waits for a removed file waits for a new one.
            with suppress(OSError):
                lock.unlink()


@contextmanager
def _acquired(lock: Path, say: Say) -> Iterator[None]:
    began, told = time.monotonic(), False
    held = filelock.FileLock(lock, thread_local=False, mode=0o600)
    while True:
        waited = time.monotonic() - began
        try:
            held.acquire(timeout=0 if not waited else min(1.0, max(0.05, waited)))
            break
        except filelock.Timeout as error:
            who = holder_of(lock) or "another process"
            if waited > longest_wait():
                raise Conflict(
                    f"{lock} has been locked for {waited:.0f} s by {who}; wait for it, or end "
                    "it, then run this again. HARTONOMOUS_WAIT sets the longest wait in seconds."
                ) from error
            if waited > FIRST_WORD and not told:
                say(f"Waiting for {who}.")
                told = True
    try:
        yield
    finally:
        held.release()


def holder_of(lock: Path) -> str | None:
    """Return the holder of a lock file and its purpose; None if there is none."""
    found = _holder(lock)
    return None if found is None else f"{found[0]} (process {found[1]})"


def holding_process(lock: Path) -> int | None:
    """Return the number of the process that holds a lock file; None if there is none."""
    found = _holder(lock)
    return None if found is None else found[1]


def _holder(lock: Path) -> tuple[str, int] | None:
    try:
        known = json.loads(_holder_file(lock).read_text("utf-8"))
        purpose, process = str(known["purpose"]), str(known["process"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return (purpose, int(process.split(":")[1])) if runs(process) else None


def remove(lock: Path) -> None:
    """Delete a lock file whose holder is about to delete the folder around it."""
    for file in (_holder_file(lock), lock):
        with suppress(FileNotFoundError):
            os.unlink(file)


def _holder_file(lock: Path) -> Path:
    return lock.with_name(f"{lock.name}.holder")
