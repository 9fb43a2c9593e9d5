"""Class data sharing: a server's loaded classes, archived beside its jars for later servers to map.

A server loads and verifies about twenty thousand classes before it answers. The first server of an
assembly and a Java version archives them when it stops (application class-data sharing, JEP 350);
later ones map that file. Java checks that it is of this build and these jars, and unchanged.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

import psutil
from blake3 import blake3

from hartonomous.atomic_files import atomic, sweep


def sharing_flags(home: Path, command: str, parts: Path) -> list[str]:
    """Return the flags with which Java maps the archive, or writes one into the home when it stops.

    `command` is Java, `parts` the assembly; no flags if an archive could not be stored. Partial
    archives of killed servers are removed.
    """
    drop_written(home)
    archive = archive_of(command, parts)
    if archive.is_file():
        return [f"-XX:SharedArchiveFile={archive}", "-XX:+VerifySharedSpaces"]
    if os.access(parts, os.W_OK):
        return [f"-XX:ArchiveClassesAtExit={_writing(home) / archive.name}"]
    return []


def archive_of(command: str, parts: Path) -> Path:
    """Return the path of the archive of a Java and an assembly."""
    # It contains the paths of its jars, and is specific to one build of Java.
    java = Path(command).resolve()
    fitting = blake3(f"{java}\0{java.stat().st_mtime_ns}\0{parts}".encode()).hexdigest(length=8)
    return parts / f"classes-{fitting}.jsa"


def keep_written(home: Path, parts: Path) -> None:
    """Move an archive that a stopped server wrote to its assembly, replacing another Java's.

    An archive that cannot be stored, for lack of room or of rights, is removed: servers start
    without it.
    """
    for written in _written(home):
        with suppress(OSError):
            sweep(parts)
            with atomic(parts / written.name) as partial:
                shutil.move(written, partial)
            for other in parts.glob("classes-*.jsa"):
                if other.name != written.name:
                    other.unlink()
    drop_written(home)


def drop_written(home: Path) -> None:
    """Remove an archive, complete or not, that a server wrote into its home."""
    for written in _written(home):
        written.unlink()


def drop_unless_mapped(pid: int, archive: Path) -> None:
    """Remove an archive that a server did not map, so that the next one writes another."""
    # On macOS psutil cannot list the files that a process maps.
    if archive.is_file() and hasattr(psutil.Process, "memory_maps"):
        with suppress(psutil.Error, OSError):
            mapped = {each.path for each in psutil.Process(pid).memory_maps()}
            if str(archive) not in mapped:
                archive.unlink()


def _writing(home: Path) -> Path:
    return home / "run"


def _written(home: Path) -> list[Path]:
    return list(_writing(home).glob("classes-*.jsa"))
