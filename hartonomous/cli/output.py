"""What commands print: tables and JSON on standard output, progress on standard error."""

from __future__ import annotations

import json
import os
import shutil
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from hartonomous.errors import ConfirmationNeeded

Progress = Callable[[str, int, int], None]
F = TypeVar("F", bound=Callable[..., object])

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
quiet_option = click.option("--quiet", "-q", is_flag=True, help="No progress, no remarks.")


def print_json(value: object) -> None:
    """Print one JSON document."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_rows(rows: Sequence[dict[str, Any]], columns: dict[str, str]) -> None:
    """Print rows as a table; `columns` maps a row's key to its heading, in order."""
    from rich.console import Console
    from rich.table import Table

    heading_style = "" if os.environ.get("NO_COLOR") else "bold"
    table = Table(box=None, pad_edge=False, header_style=heading_style)
    for name, heading in columns.items():
        numeric = all(isinstance(row[name], int | float | None) for row in rows)
        table.add_column(heading, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row[name]) for name in columns))
    # A pipe has no width of its own; wide enough that nothing is folded in it.
    Console(width=None if sys.stdout.isatty() else 200, highlight=False, markup=False).print(table)


def print_measures(rows: Sequence[dict[str, Any]], columns: dict[str, str], form: str) -> None:
    """Print rows measured on lists, each with `low` and `high` of its interval, in format `form`."""
    shown = [{**row, "interval": f"{row['low']:{form}} to {row['high']:{form}}"} for row in rows]
    print_rows(shown, {"gold": "list", **columns, "interval": "95 %"})


def print_facts(facts: Mapping[str, object]) -> None:
    """Print names and values, a line each."""
    width = max(map(len, facts), default=0)
    room = shutil.get_terminal_size().columns if sys.stdout.isatty() else 10_000
    for name, value in facts.items():
        text = f"{name:<{width}}  {_cell(value)}"
        lines = textwrap.wrap(
            text, room, subsequent_indent=" " * (width + 2), drop_whitespace=False
        )
        click.echo("\n".join(line.rstrip() for line in lines))


def say(text: str, quiet: bool = False) -> None:
    """Tell the person something that is not data."""
    if not quiet:
        click.echo(_folded(text) if sys.stderr.isatty() else text, err=True)


def _folded(text: str) -> str:
    """Return a text folded to the terminal's width."""
    room = shutil.get_terminal_size().columns
    lines = text.splitlines()
    return "\n".join(textwrap.fill(line, room, break_long_words=False) for line in lines)


def confirm(act: str, question: str, yes: bool) -> None:
    """Ask before something is done that `yes` has not confirmed.

    Raises ConfirmationNeeded when nobody can be asked, or the answer is no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise ConfirmationNeeded(f"'hartonomous {act}' needs --yes where nobody can be asked.")
    if not click.confirm(question, err=True):
        raise ConfirmationNeeded("Nothing was done.")


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_cell(entry)}" for name, entry in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(map(_cell, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.3f}" if abs(value) < 100 else f"{value:,.1f}"
    return printable(str(value))


def printable(text: str) -> str:
    """Return a text with every character that could move a terminal's cursor made visible."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show that something is being worked on, on standard error, where that is a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(what):
        yield


@contextmanager
def progress_bar(quiet: bool = False) -> Iterator[Progress]:
    """Show stages with rate and time left on standard error, where that is a terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda stage, done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn("{task.description:<12}"),
        BarColumn(bar_width=24),
        TextColumn("{task.completed:>10,.0f}/{task.total:<10,.0f}"),
        TextColumn("{task.fields[rate]:>9}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    tasks: dict[str, Any] = {}
    began: dict[str, float] = {}

    def note(stage: str, done: int, total: int) -> None:
        # What stands after a colon tells where in its stage the work is.
        name = stage.partition(":")[0]
        if name not in tasks:
            tasks[name] = bar.add_task(stage, total=total, rate="")
            began[name] = time.monotonic()
        seconds = time.monotonic() - began[name]
        rate = f"{done / seconds:,.0f}/s" if seconds > 0.1 else ""
        bar.update(tasks[name], description=stage, completed=done, total=total, rate=rate)

    with bar:
        yield note
