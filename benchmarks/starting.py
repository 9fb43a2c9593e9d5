"""How long a server takes until it answers, with the classes of an earlier one and without."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from unittest.mock import patch

from benchmarks.measuring import Figure, seconds
from hartonomous.server.class_data_sharing import archive_of
from hartonomous.server.jars import assembly, java
from hartonomous.server.managed_server import purge, start, stop

ROUNDS = 3


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="hartonomous-bench-") as folder:
        home = Path(folder) / "home"
        try:
            with patch("hartonomous.server.managed_server.sharing_flags", return_value=[]):
                _cycle(home)
                plain = _median(home)
            archive = archive_of(java(), assembly(_silent))
            archive.unlink(missing_ok=True)
            writing = _cycle(home)
            mapped = _median(home)
        finally:
            purge(home)
    return [
        Figure(
            "starting a server again, the classes of an earlier one mapped",
            f"{mapped[0]:.1f} s",
            f"every class loaded anew {plain[0]:.1f} s",
            "-",
            None,
        ),
        Figure(
            f"starting and stopping the one that writes them, {archive.stat().st_size >> 20} MiB",
            f"{writing[0]:.1f} s and {writing[1]:.1f} s",
            f"one that does not {plain[0]:.1f} s and {plain[1]:.1f} s",
            "-",
            None,
        ),
    ]


def _median(home: Path) -> tuple[float, float]:
    starts, stops = zip(*(_cycle(home) for _ in range(ROUNDS)), strict=True)
    return statistics.median(starts), statistics.median(stops)


def _cycle(home: Path) -> tuple[float, float]:
    started = seconds(lambda: start(home, bolt_port=0, http_port=0, say=_silent))
    return started, seconds(lambda: stop(home))


def _silent(text: str) -> None:
    pass
