"""A server of a test run's own, gone afterwards even when the run is killed.

A watchdog process waits for the end of a pipe that only the run holds open, then purges the home.
What a power cut leaves, the next run sweeps up.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from hartonomous.errors import ServerError
from hartonomous.server import managed_server
from hartonomous.server.home import configure
from hartonomous.server.managed_server import ServerAddress, purge, start

ROOT = Path(__file__).parents[1]
PREFIX = "hartonomous-test-"


REPLANNING = {"dbms.cypher.min_replan_interval": "10m"}
"""Every test fills an empty graph anew, at which the server plans each statement again after ten seconds;
that took most of the time of tests that ask much."""


def _configured(*places: Any, more: Mapping[str, str] | None = None) -> None:
    configure(*places, more={**REPLANNING, **(more or {})})


@contextmanager
def private_server(heap: str, pages: str) -> Iterator[Path]:
    """Yield the home of a running server on ports that nobody else uses."""
    _sweep()
    place = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    watchdog = subprocess.Popen(
        [sys.executable, "-m", "tests.private_server", str(place)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    assert watchdog.stdin is not None
    chosen = {
        "HARTONOMOUS_HEAP": heap,
        "HARTONOMOUS_PAGECACHE": pages,
        "HARTONOMOUS_KEYS": str(place / "keys"),
    }
    saved = {name: os.environ.get(name) for name in chosen}
    os.environ |= chosen
    try:
        managed_server.configure = _configured
        start(place / "home", bolt_port=0, http_port=0, say=lambda text: None)
        yield place / "home"
    finally:
        for name, value in saved.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
        watchdog.stdin.close()
        watchdog.wait()


def ports(address: ServerAddress) -> dict[str, int]:
    """Return the ports to start a server on again, so that its clients find it."""
    bolt, browser = address.uri.rsplit(":", 1)[1], address.browser.split(":")[2].split("/")[0]
    return {"bolt_port": int(bolt), "http_port": int(browser)}


def _sweep() -> None:
    """Remove what runs left whose processes are gone, watchdogs included."""
    for place in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        owner = place.name.removeprefix(PREFIX).split("-")[0]
        if owner.isdecimal() and not psutil.pid_exists(int(owner)):
            _remove(place)


def _remove(place: Path) -> None:
    # Where it was cut off before it was a home, no server runs in it.
    with suppress(ServerError):
        purge(place / "home")
    shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    sys.stdin.read()  # Ends when the run does, however it ends.
    _remove(Path(sys.argv[1]))
