"""Which store of a home is the one to serve, told from the disk alone, after a kill at any moment.

    home/data       the store that is served
    home/data.new   its successor: no store of anybody until its marker says `replacing`
    home/data.old   its predecessor, on its way out
    home/swap.json  the marker: who replaces the store, since when, how far

Up to `replacing`, what was begun is thrown away; from then on it is finished. A data.old without a
marker was left by an earlier version; store_choice.py finds out which of the two is the graph.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from hartonomous.atomic import make_durable, write_private
from hartonomous.process_identity import own_identity

COPYING, REPLACING = "copying", "replacing"


@dataclass(frozen=True)
class Swap:
    """A replacement of a store that was begun: how far it is, by which process, since when."""

    phase: str
    process: str
    since: str


def data(home: Path) -> Path:
    """Return the store that is served."""
    return home / "data"


def successor(home: Path) -> Path:
    """Return where a store is written that is to take the place of the one served."""
    return home / "data.new"


def predecessor(home: Path) -> Path:
    """Return where the store lies whose place another has taken."""
    return home / "data.old"


def workplace(home: Path) -> Path:
    """Return where the rows of a store lie while it is copied."""
    return home / "data.rows"


def begin(home: Path) -> None:
    """Mark that a successor is being written, and make its place empty."""
    _mark(home, COPYING)
    _clear(home)


def replace(home: Path) -> None:
    """Put the successor in the place of the store; both servers are stopped."""
    for written in (*successor(home).rglob("*"), successor(home)):
        make_durable(written)
    _mark(home, REPLACING)
    _finish(home)


def pending(home: Path) -> Swap | None:
    """Return the replacement that was begun and is not through; None when there is none."""
    try:
        kept = json.loads(_marker(home).read_text("utf-8"))
        return Swap(str(kept["phase"]), str(kept["process"]), str(kept["since"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        # Written whole or not at all: a damaged one says no more than that there was one.
        return Swap(REPLACING if not data(home).is_dir() else COPYING, "", "")


def recover(home: Path) -> str | None:
    """Finish or undo a replacement that was cut short; return what was done, None if nothing was.

    The caller has the turn of the home, and no server of it runs.
    """
    found = pending(home)
    if found is None:
        return None
    if found.phase == REPLACING:
        _finish(home)
        return "The store had been copied and verified; the copy has taken its place."
    abandon(home)
    return "Copying the store was cut short; the store is as it was, and the copy is gone."


def abandon(home: Path) -> None:
    """Throw away a successor that was not finished."""
    _clear(home)
    _marker(home).unlink(missing_ok=True)
    make_durable(home)


def unexplained(home: Path) -> bool:
    """Return whether an old store lies in the home of which no marker tells."""
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
        # The server's own logs may name what its store no longer does.
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
