"""Speed of this machine at present, and forecasts of the time that work takes.

Each stage of real work stores its rate in the cache; a forecast uses the rates of the last hour.
Without any, a short trial compares the machine, under its present load, with the one of the
reference rates.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hartonomous.atomic_files import write_private
from hartonomous.directories import cache

SEARCH, RUN, LOAD, RATE, REMOVE = "search", "run", "load", "rate", "remove"

REFERENCE = {SEARCH: 5e10, RUN: 6.5e10, LOAD: 60_000.0, RATE: 50_000.0, REMOVE: 60_000.0}
"""Units per second on two idle cores, from `make bench`: multiplications of a neighbour search and
of running a model, edges of evidence loaded, pairs rated, edges removed.
"""

REFERENCE_TRIAL = 0.030
"""Seconds of the trial on the machine of the reference rates."""

HOUR = 3600.0
KEPT = 8
"""Rates stored per kind of work."""

SHORTEST = 0.5
"""Seconds of work, here and at the reference rate, below which its rate is not informative: of little
work that took long, most was starting.
"""

KNOWN_MARGIN, UNKNOWN_MARGIN = (0.8, 1.3), (0.6, 2.5)
"""Uncertainty of a forecast, by rates measured here and by the trial."""


@dataclass(frozen=True)
class Forecast:
    """Least and most seconds of some work; `parts` are the means by kind of work."""

    least: float
    most: float
    parts: Mapping[str, float]

    def as_facts(self) -> dict[str, object]:
        """Return the forecast as commands print it."""
        parts = {kind: round(seconds, 1) for kind, seconds in self.parts.items()}
        return {
            "seconds_least": self.least,
            "seconds_most": self.most,
            "seconds_by_work": parts,
        }

    def __str__(self) -> str:
        return f"{_told(self.least)} to {_told(self.most)}"


def forecast(work: Mapping[str, float]) -> Forecast:
    """Return the time that work takes, given its units by kind (SEARCH, RUN, LOAD, RATE, REMOVE)."""
    known, factor = _recent(), None
    least = most = 0.0
    parts = {}
    for kind, units in work.items():
        if not units:
            continue
        if rates := known.get(kind):
            low, high = units / max(rates) * KNOWN_MARGIN[0], units / min(rates) * KNOWN_MARGIN[1]
        else:
            factor = factor or trial() / REFERENCE_TRIAL
            usual = units / REFERENCE[kind] * factor
            low, high = usual * UNKNOWN_MARGIN[0], usual * UNKNOWN_MARGIN[1]
        parts[kind] = (low + high) / 2
        least, most = least + low, most + high
    return Forecast(round(least, 1), round(most, 1), parts)


@contextmanager
def measured(kind: str, units: float) -> Iterator[None]:
    """Store the rate of the work in the block, unless it fails or is too short."""
    began = time.perf_counter()
    yield
    keep(kind, units, time.perf_counter() - began)


def keep(kind: str, units: float, seconds: float) -> None:
    """Store the time that some units of work took."""
    if min(seconds, units / REFERENCE[kind]) < SHORTEST:
        return
    rates = _read()
    mine = [*rates.get(kind, ()), (time.time(), units / seconds)][-KEPT:]
    # A forecast is not worth an error: if nothing can be written, the trial is used.
    with suppress(OSError):
        _file().parent.mkdir(parents=True, exist_ok=True)
        write_private(_file(), json.dumps({**rates, kind: mine}) + "\n")


def trial() -> float:
    """Return the seconds of a fixed computation now, the median of five."""
    matrix = np.ones((384, 384), dtype=np.float32)
    times = []
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(8):
            matrix @ matrix
        sum(range(400_000))
        times.append(time.perf_counter() - began)
    return float(np.median(times))


def _recent() -> dict[str, list[float]]:
    """Return the rates of the last hour by kind."""
    now = time.time()
    return {
        kind: [rate for when, rate in kept if 0 <= now - when < HOUR]
        for kind, kept in _read().items()
    }


def _read() -> dict[str, list[tuple[float, float]]]:
    try:
        kept = json.loads(_file().read_text("utf-8"))
        return {
            str(kind): [(float(when), float(rate)) for when, rate in rates if rate > 0]
            for kind, rates in kept.items()
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _file() -> Path:
    return cache() / "speeds.json"


def _told(seconds: float) -> str:
    """Return seconds in words.

    >>> _told(0.4), _told(42.0), _told(200.0), _told(4000.0)
    ('1 s', '42 s', '3 min', '67 min')
    """
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min"
