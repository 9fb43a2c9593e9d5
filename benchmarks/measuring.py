"""One figure with its bar, and clocks."""

from __future__ import annotations

import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """What was measured; `bar` is what it should reach, `met` None where there is no bar."""

    what: str
    value: str
    baseline: str
    bar: str
    met: bool | None


def seconds(work: Callable[[], object]) -> float:
    """Return how long a piece of work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def interleaved(rounds: int, **works: Callable[[], object]) -> dict[str, float]:
    """Return each work's median seconds over rounds in which all of them take their turn."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            times[name].append(seconds(work))
    return {name: statistics.median(taken) for name, taken in times.items()}


def peak_megabytes() -> float:
    """Return this process's largest resident size so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def pieces_folder() -> Path:
    """Return the folder of finished forward passes, which benchmarks of the same model share.

    It is below HARTONOMOUS_BENCH_SCRATCH, where it stays for the next run; without that it goes with
    this process.
    """
    kept = os.environ.get("HARTONOMOUS_BENCH_SCRATCH")
    return Path(kept or _scratch().name) / "pieces"


@cache
def _scratch() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="hartonomous-bench-pieces-")
