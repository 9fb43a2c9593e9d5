"""Runs every benchmark and writes docs/benchmarks.md."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

import psutil

from benchmarks import command_line, forgetting, graph, neighbours, placing
from benchmarks.measuring import Figure

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def page(figures: list[Figure]) -> str:
    cores, memory = os.cpu_count(), psutil.virtual_memory().total >> 30
    text = "<!-- Made by `make bench`. -->\n\n# Benchmarks\n\n"
    text += f"{cores} cores, {memory} GiB, Python {platform.python_version()}, "
    text += f"{platform.machine()}. Medians of several; baselines in the same run.\n\n"
    text += "| what | measured | beside | bar | met |\n| --- | --- | --- | --- | --- |\n"
    verdict = {True: "yes", False: "**no**", None: "-"}
    for f in figures:
        text += f"| {f.what} | {f.value} | {f.baseline} | {f.bar} | {verdict[f.met]} |\n"
    return text


def main() -> None:
    figures: list[Figure] = []
    for part in (command_line, neighbours, graph, forgetting, placing):
        found = part.run()
        for figure in found:
            sys.stdout.write(f"{figure.what}: {figure.value} | {figure.baseline} | {figure.bar}\n")
            sys.stdout.flush()
        figures += found
    PAGE.write_text(page(figures), "utf-8")


if __name__ == "__main__":
    main()
