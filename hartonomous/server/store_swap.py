"""Store swap: which store of a home is served, recognised from the disk alone, after a kill at any
moment.

    home/data       the served store
    home/data.new   its successor, invalid until the marker says `replacing`
    home/data.old   its predecessor, to be deleted
    home/swap.json  the marker: process, start time and state of the replacement

Before `replacing`, a replacement is discarded; from then on it is completed. A data.old without a
marker was left by an earlier version; store_choice.py decides which of the two is the graph.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from hartonomous.atomic_files import make_durable, write_private
from hartonomous.process_identity import own_identity

COPYING, REPLACING = "copying", "replacing"


@dataclass(frozen=True)
class Swap:
    """An unfinished replacement of a store: its state, its process, its start time."""

    phase: str
    process: str
    since: str


def data(home: Path) -> Path:
    """Return the folder of the served store."""
    return home / "data"


def successor(home: Path) -> Path:
    """Return the folder of a store that will replace the served one."""
    return home / "data.new"


def predecessor(home: Path) -> Path:
    """Return the folder of a replaced store."""
    return home / "data.old"


def workplace(home: Path) -> Path:
    """Return the folder of a store's rows during a copy."""
    return home / "data.rows"


def begin(home: Path) -> None:
    """Mark that a successor is being written, and empty its folder."""
    _mark(home, COPYING)
    _clear(home)


def replace(home: Path) -> None:
    """Replace the store by its successor; both servers are stopped."""
    for written in (*successor(home).rglob("*"), successor(home)):
        make_durable(written)
    _mark(home, REPLACING)
    _finish(home)


def pending(home: Path) -> Swap | None:
    """Return the unfinished replacement; None if there is none."""
    try:
        kept = json.loads(_marker(home).read_text("utf-8"))
        return Swap(str(kept["phase"]), str(kept["process"]), str(kept["since"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        # Written atomically: a damaged one only shows that there was one.
        return Swap(REPLACING if not data(home).is_dir() else COPYING, "", "")


def recover(home: Path) -> str | None:
    """Finish or undo an interrupted replacement; return what was done, None if nothing was.

    The caller holds the lock of the home, and no server of it runs.
    """
    found = pending(home)
    if found is None:
        return None
    if found.phase == REPLACING:
        _finish(home)
        return "The store had been copied and verified; the copy has replaced it."
    abandon(home)
    return "Copying the store was interrupted; the store is unchanged, and the copy was removed."


def abandon(home: Path) -> None:
    """Delete an unfinished successor."""
    _clear(home)
    _marker(home).unlink(missing_ok=True)
    make_durable(home)


def unexplained(home: Path) -> bool:
    """Return whether the home has an old store without a marker."""
    return pending(home) is None and predecessor(home).is_dir()


def _finish(home: Path) -> None:
    if successor(home).is_dir():
        if data(home).is_dir():
            data(home).rename(predecessor(home))
        successor(home).rename(data(home))
        make_durable(home)
    if predecessor(home).is_dir():
        shutil.rmtree(predecessor(home))
    for log in (home / "logs").glob("*"):
        # The server's own logs may contain data that its store no longer does.
        log.unlink()
    _clear(home)
    _marker(home).unlink(missing_ok=True)
    make_durable(home)


def _clear(home: Path) -> None:
    for folder in (successor(home), workplace(home)):
        if folder.is_dir():
            shutil.rmtree(folder)


def _mark(home: Path, phase: str) -> None:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    write_private(_marker(home), json.dumps(asdict(Swap(phase, own_identity(), now))) + "\n")


def _marker(home: Path) -> Path:
    return home / "swap.json"
