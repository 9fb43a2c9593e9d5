"""Runs benchmarks, each named or all of a kind, and renews their tables in docs/benchmarks*.md."""

from __future__ import annotations

import os
import platform
import re
import sys
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import psutil

from benchmarks.measuring import Figure

DOCS = Path(__file__).parents[1] / "docs"
SHORT = (
    "command_line",
    "starting",
    "proving",
    "neighbours",
    "graph",
    "counted",
    "many_files",
    "forgetting",
    "growth",
    "people",
    "placing",
    "paths",
    "answers",
    "boxes",
    "cross_modal",
    "page_layout",
    "shapes",
)
LONG = (
    "transformer",
    "words",
    "together",
    "ways",
    "promotions",
    "next_tokens",
    "generation",
    "detectors",
    "image_generator",
    "captions",
    "documents",
    "intent",
)
"""Those that run whole transformers: an hour and a half on an idle machine of two cores."""

NAMED = ("devices",)
"""Those that need what few machines have, and run only when named."""

KINDS = (*SHORT, *LONG, *NAMED)

BEGINNING = """\
<!-- Made by `make bench` and `make bench-long`; `python -m benchmarks NAME` renews one table. -->

# Benchmarks

Medians of several; baselines in the same run. Why some miss their bar stands in
[decisions](decisions.md).
"""


def main() -> None:
    """Run what was named: modules, `long` for all long ones, nothing for all short ones."""
    asked = sys.argv[1:]
    if unknown := sorted(set(asked) - {*KINDS, "long"}):
        raise SystemExit(f"There is no benchmark {unknown[0]!r}; there are {', '.join(KINDS)}.")
    every = LONG if asked == ["long"] else SHORT if not asked else ()
    for name in every or asked:
        # Only here, so that one can run where another's libraries are missing.
        figures = import_module(f"benchmarks.{name}").run()
        for figure in figures:
            sys.stdout.write(f"{figure.what}: {figure.value} | {figure.baseline} | {figure.bar}\n")
            sys.stdout.flush()
        # Written after each, so that one that fails takes nothing with it.
        target = "benchmarks.md" if name in SHORT else "benchmarks-long.md"
        renew(DOCS / target, name, figures)


def renew(target: Path, name: str, figures: list[Figure]) -> None:
    """Put a table of figures in the place of the one that bears its name."""
    known = target.read_text("utf-8") if target.is_file() else ""
    tables = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", known, re.MULTILINE | re.DOTALL))
    tables[name] = "\n" + _table(figures)
    named = sorted(tables, key=lambda one: KINDS.index(one) if one in KINDS else len(KINDS))
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
