"""Files and folders that are written atomically and durably."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Yield a hidden path beside `path` for a file or folder that replaces it at the end.

    It is removed if the block fails. A folder does not replace a non-empty folder (OSError).
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    # A dead process may have had the same number.
    _remove(partial)
    try:
        yield partial
        for written in (*partial.rglob("*"), partial):
            make_durable(written)
        partial.replace(path)
        make_durable(path.parent)
    finally:
        with suppress(OSError):
            _remove(partial)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read."""
    with atomic(path) as partial:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)


def make_durable(path: Path) -> None:
    """Wait until a file, or a folder's entries, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def dismiss(path: Path) -> None:
    """Remove a file or a folder; it is renamed first, so that nobody reads a part of it."""
    if path.exists():
        leaving = path.with_name(f".{path.name}.{os.getpid()}.leaving")
        path.rename(leaving)
        _remove(leaving)


def sweep(folder: Path) -> None:
    """Remove unfinished files of dead processes from a folder."""
    for left in folder.glob(".*.*.*") if folder.is_dir() else ():
        *_, owner, state = left.name.split(".")
        if state in ("partial", "leaving") and not runs(owner):
            _remove(left)


def runs(process: str) -> bool:
    """Return whether a process with this number runs."""
    return process.isdecimal() and psutil.pid_exists(int(process))


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
