"""Backup register: the backups made here, with graph, time and path; one private file each, in the
home.

An erasure cannot reach a backup; it reports those made before it.
"""

from __future__ import annotations

import glob
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from hartonomous.atomic_files import runs, sweep, write_private
from hartonomous.errors import BadInput
from hartonomous.identity import canonical_json, content_digest
from hartonomous.server.home import default_home
from hartonomous.transparency import keys


@dataclass(frozen=True)
class KnownBackup:
    """A registered backup: `digest` is empty if its completion is unknown."""

    path: str
    made: str
    digest: str
    graph: str

    @property
    def is_there(self) -> bool:
        """Return whether a file exists at its path."""
        return Path(self.path).is_file()

    @property
    def what(self) -> str:
        """Return a description in words."""
        if self.is_there:
            return f"the backup {self.path} of {self.made}"
        return (
            f"the backup of {self.made} that was written to {self.path} and no longer exists there"
        )

    @property
    def advice(self) -> str:
        """Return the remedy for the user."""
        act = "delete the file" if self.is_there else "if it was moved, delete it there"
        return f"{act}; restoring it leaves out erased data as long as {keys.directory()} exists"


def register_folder() -> Path:
    """Return the folder of the register."""
    return default_home() / "backups"


def register(path: Path, graph: str) -> KnownBackup:
    """Register a backup before it is written, so that every backup is known.

    Raises BadInput if it cannot be registered.
    """
    made = datetime.now(UTC).isoformat(timespec="seconds")
    begun = KnownBackup(str(path.absolute()), made, "", graph)
    try:
        _make_folder()
        _write(begun)
    except OSError as error:
        raise BadInput(
            f"{register_folder()} cannot be written: {error.strerror or error}. No backup was "
            "made, because erasures could not report it."
        ) from error
    return begun


def complete(begun: KnownBackup, digest: str) -> None:
    """Record the digest of a complete backup, and remove the entries of those it replaced."""
    for file, one in _read():
        if one.path == begun.path:
            file.unlink(missing_ok=True)
    _write(replace(begun, digest=digest))


def withdraw(begun: KnownBackup) -> None:
    """Remove the entry of a failed backup."""
    _file(begun).unlink(missing_ok=True)


def known_backups(graph: str) -> list[KnownBackup]:
    """Return the backups of a graph, the oldest first, one per path: the oldest that may exist."""
    found: dict[str, KnownBackup] = {}
    for _, one in sorted(_read(), key=lambda each: (each[1].made, each[1].path)):
        if one.graph == graph:
            found.setdefault(one.path, one)
    return list(found.values())


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield a folder of the home to unpack a backup into; folders of killed processes are removed."""
    _make_folder()
    sweep(register_folder())
    with tempfile.TemporaryDirectory(_owned(), ".restore.", register_folder()) as scratch:
        yield Path(scratch)


def packing_folder(path: Path) -> tempfile.TemporaryDirectory[str]:
    """Return the folder, beside a backup, of the files being packed."""
    return tempfile.TemporaryDirectory(_owned(), f".{path.name}.", path.parent)


def _owned() -> str:
    """Return the suffix of a folder's name that identifies its process."""
    return f".{os.getpid()}.partial"


def forget_gone(graph: str) -> None:
    """Remove the entries of a graph's backups whose file is missing from an existing folder, and
    files of killed processes.
    """
    sweep(register_folder())
    for file, one in _read():
        path = Path(one.path)
        if one.graph != graph or not path.parent.is_dir():
            continue
        for left in path.parent.glob(f".{glob.escape(path.name)}.*.partial"):
            if not runs(left.name.split(".")[-2]):
                shutil.rmtree(left) if left.is_dir() else left.unlink()
        if not one.is_there:
            file.unlink(missing_ok=True)


def _make_folder() -> None:
    default_home().mkdir(mode=0o700, parents=True, exist_ok=True)
    register_folder().mkdir(mode=0o700, exist_ok=True)


def _read() -> list[tuple[Path, KnownBackup]]:
    found = []
    for file in sorted(register_folder().glob("[!.]*.json")):
        try:
            found.append((file, KnownBackup(**json.loads(file.read_text("utf-8")))))
        except (OSError, ValueError, TypeError):
            # A file of another user, or one that another process has just removed.
            continue
    return found


def _write(one: KnownBackup) -> None:
    write_private(_file(one), canonical_json(asdict(one)) + "\n")


def _file(one: KnownBackup) -> Path:
    key = content_digest("backup record", {"path": one.path, "made": one.made})
    return register_folder() / f"{key[:32]}.json"
