"""Runs benchmarks, each named or all of a kind, and renews their tables in docs/benchmarks*.md."""

from __future__ import annotations

import os
import platform
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import psutil

from benchmarks import (
    answers,
    command_line,
    forgetting,
    generation,
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
SHORT = (command_line, proving, neighbours, graph, forgetting, placing, paths, answers)
LONG = (transformer, together, promotions, next_tokens, generation)
"""Those that run whole transformers: most of an hour on an idle machine of two cores."""

BEGINNING = """\
<!-- Made by `make bench` and `make bench-long`; `python -m benchmarks NAME` renews one table. -->

# Benchmarks

Medians of several; baselines in the same run. Why some miss their bar stands in
[decisions](decisions.md).
"""


def main() -> None:
    """Run what was named: modules, `long` for all long ones, nothing for all short ones."""
    asked = sys.argv[1:]
    kinds = {part.__name__.rpartition(".")[2]: part for part in (*SHORT, *LONG)}
    every = LONG if asked == ["long"] else SHORT if not asked else ()
    if unknown := sorted(set(asked) - kinds.keys() - {"long"}):
        raise SystemExit(f"There is no benchmark {unknown[0]!r}; there are {', '.join(kinds)}.")
    for part in every or [kinds[name] for name in asked]:
        figures = part.run()
        for figure in figures:
            sys.stdout.write(f"{figure.what}: {figure.value} | {figure.baseline} | {figure.bar}\n")
            sys.stdout.flush()
        target = DOCS / ("benchmarks-long.md" if part in LONG else "benchmarks.md")
        # Written after each, so that one that fails takes nothing with it.
        renew(target, part.__name__.rpartition(".")[2], figures)


def renew(target: Path, name: str, figures: list[Figure]) -> None:
    """Put a table of figures in the place of the one that bears its name."""
    known = target.read_text("utf-8") if target.is_file() else ""
    tables = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", known, re.MULTILINE | re.DOTALL))
    tables[name] = "\n" + _table(figures)
    order = [part.__name__.rpartition(".")[2] for part in (*SHORT, *LONG)]
    named = sorted(tables, key=lambda one: order.index(one) if one in order else len(order))
    text = BEGINNING + "".join(f"\n## {one}\n\n{tables[one].strip()}\n" for one in named)
    target.write_text(text, "utf-8")


def _table(figures: list[Figure]) -> str:
    cores, memory = os.cpu_count(), psutil.virtual_memory().total >> 30
    text = f"{datetime.now(UTC):%Y-%m-%d}: {cores} cores, {memory} GiB, "
    text += f"Python {platform.python_version()}, {platform.machine()}.\n\n"
    text += "| what | measured | beside | bar | met |\n| --- | --- | --- | --- | --- |\n"
    verdict = {True: "yes", False: "**no**", None: "-"}
    for f in figures:
        text += f"| {f.what} | {f.value} | {f.baseline} | {f.bar} | {verdict[f.met]} |\n"
    return text


if __name__ == "__main__":
    main()
