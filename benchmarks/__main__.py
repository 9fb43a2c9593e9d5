"""Runs every benchmark and writes docs/benchmarks.md; with `long`, the long ones and their page."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

import psutil

from benchmarks import (
    answers,
    command_line,
    forgetting,
    graph,
    neighbours,
    next_tokens,
    paths,
    placing,
    promotions,
    proving,
    together,
    transformer,
)
from benchmarks.measuring import Figure

DOCS = Path(__file__).parents[1] / "docs"
PARTS = (command_line, proving, neighbours, graph, forgetting, placing, paths, answers)
LONG = (transformer, together, promotions, next_tokens)
"""Those that run whole transformers: most of an hour on an idle machine of two cores."""


def page(figures: list[Figure], target: str) -> str:
    cores, memory = os.cpu_count(), psutil.virtual_memory().total >> 30
    text = f"<!-- Made by `make {target}`. -->\n\n# Benchmarks\n\n"
    text += f"{cores} cores, {memory} GiB, Python {platform.python_version()}, "
    text += f"{platform.machine()}. Medians of several; baselines in the same run.\n\n"
    text += "| what | measured | beside | bar | met |\n| --- | --- | --- | --- | --- |\n"
    verdict = {True: "yes", False: "**no**", None: "-"}
    for f in figures:
        text += f"| {f.what} | {f.value} | {f.baseline} | {f.bar} | {verdict[f.met]} |\n"
    return text


def main() -> None:
    figures: list[Figure] = []
    long = "long" in sys.argv[1:]
    for part in LONG if long else PARTS:
        found = part.run()
        for figure in found:
            sys.stdout.write(f"{figure.what}: {figure.value} | {figure.baseline} | {figure.bar}\n")
            sys.stdout.flush()
        figures += found
    name = "bench-long" if long else "bench"
    target = DOCS / ("benchmarks-long.md" if long else "benchmarks.md")
    target.write_text(page(figures, name), "utf-8")


if __name__ == "__main__":
    main()
