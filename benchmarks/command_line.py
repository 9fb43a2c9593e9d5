"""How long a person waits for --help."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.measuring import Figure, interleaved

ROUNDS = 9


def run() -> list[Figure]:
    command = str(Path(sys.executable).with_name("hartonomous"))
    took = interleaved(
        ROUNDS,
        ours=lambda: subprocess.run([command, "--help"], check=True, stdout=subprocess.DEVNULL),
        python=lambda: subprocess.run([sys.executable, "-c", "pass"], check=True),
    )
    return [
        Figure(
            "hartonomous --help",
            f"{took['ours']:.2f} s",
            f"python -c pass {took['python']:.2f} s",
            "at most 0.3 s",
            took["ours"] <= 0.3,
        )
    ]
