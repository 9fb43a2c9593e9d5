"""What commands print: tables and JSON on standard output, progress on standard error."""

from __future__ import annotations

import json
import math
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from hartonomous.cell_text import cell_text
from hartonomous.errors import ConfirmationNeeded
from hartonomous.progress import Progress

if TYPE_CHECKING:
    from click.decorators import FC

F = TypeVar("F", bound=Callable[..., object])

_live: list[Any] = []
"""The progress bars that are being drawn: at most one, stopped before anything else is printed."""

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
quiet_option = click.option("--quiet", "-q", is_flag=True, help="Suppress progress and remarks.")


def count_option(default: int, most: int = 10_000) -> Callable[[FC], FC]:
    """Return the option --top."""
    return click.option(
        "--top",
        default=default,
        show_default=True,
        type=click.IntRange(1, most),
        help="Number of results.",
    )


top_option = count_option(10)


def _stop_drawing() -> None:
    """Let the terminal's cursor rest below the progress bars, which would overwrite what is printed."""
    for bar in _live:
        bar.stop()


def print_json(value: object) -> None:
    """Print one JSON document; a number that JSON has not, such as an undefined mean, is null."""
    _stop_drawing()
    click.echo(json.dumps(_finite(value), indent=2, ensure_ascii=False, allow_nan=False))


def _finite(value: object) -> object:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: _finite(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    return value


def print_rows(rows: Sequence[dict[str, Any]], columns: dict[str, str]) -> None:
    """Print rows as a table; `columns` maps a row's key to its heading, in order.

    In a terminal that it is too wide for, each row is a block of lines; elsewhere it is as wide as
    it needs to be.
    """
    from hartonomous.cli.layout import table_lines

    _stop_drawing()
    numeric = [all(isinstance(row[name], int | float | None) for row in rows) for name in columns]
    cells = [[_cell(row[name]) for name in columns] for row in rows]
    for line in table_lines(list(columns.values()), cells, numeric, _room(), _heading):
        click.echo(line)


def joined(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row for a table, whose lists of texts are one text each."""
    return {
        name: ", ".join(value) if isinstance(value, list) else value for name, value in row.items()
    }


def _room() -> int | None:
    """Return the columns of the terminal; None where it is none, such as a pipe or a file."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _heading(text: str) -> str:
    return text if os.environ.get("NO_COLOR") or not text.strip() else click.style(text, bold=True)


def print_text(text: str) -> None:
    """Print lines for people; in a terminal, one that is too long goes on below itself, indented."""
    from hartonomous.cli.layout import wrapped

    _stop_drawing()
    room = _room()
    for line in text.split("\n"):
        begin = line[: len(line) - len(line.lstrip())]
        if room is None or len(line) <= room:
            click.echo(line)
            continue
        first, *others = wrapped(line.strip(), room - len(begin) - 2)
        click.echo("\n".join([begin + first, *(f"{begin}  {other}" for other in others)]))


def print_measures(rows: Sequence[dict[str, Any]], columns: dict[str, str], form: str) -> None:
    """Print rows measured on lists, each with `low` and `high` of its interval, in format `form`."""
    shown = [{**row, "interval": f"{row['low']:{form}} to {row['high']:{form}}"} for row in rows]
    print_rows(shown, {"gold": "list", **columns, "interval": "95 %"})


def readable(facts: Mapping[str, object]) -> dict[str, object]:
    """Return facts with their names as people write them."""
    return {name.replace("_", " "): value for name, value in facts.items()}


def print_facts(facts: Mapping[str, object]) -> None:
    """Print names and values, a line each."""
    from hartonomous.cli.layout import fact_lines

    _stop_drawing()
    shown = [(name, _cell(value)) for name, value in facts.items()]
    for line in fact_lines(shown, _room()):
        click.echo(line)


def say(text: str, quiet: bool = False) -> None:
    """Tell the person something that is not data."""
    if quiet:
        return
    for bar in _live:
        if bar.live.is_started:
            # Above the bars, which are drawn again below it.
            bar.console.print(_folded(text), markup=False, highlight=False, soft_wrap=True)
            return
    click.echo(_folded(text) if sys.stderr.isatty() else text, err=True)


def _folded(text: str) -> str:
    """Return a text folded to the terminal's width."""
    from hartonomous.cli.layout import wrapped

    room = shutil.get_terminal_size().columns
    return "\n".join(part for line in text.splitlines() for part in wrapped(line, room))


def confirm(act: str, question: str, yes: bool) -> None:
    """Ask before something is done that `yes` has not confirmed.

    Raises ConfirmationNeeded when nobody can be asked, or the answer is no.
    """
    if yes:
        return
    _stop_drawing()
    if not sys.stdin.isatty():
        raise ConfirmationNeeded(f"'hartonomous {act}' needs --yes where nobody can be asked.")
    if not click.confirm(question, err=True):
        raise ConfirmationNeeded("Nothing was done.")


def _cell(value: object) -> str:
    return cell_text(value, absent="-", empty="none")


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show that something is being worked on, on standard error, where that is a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(what):
        yield


LOADING = ("compositions", "contexts", "places", "evidence", "comparison", "difference")
RATING = ("classes", "rating")
"""Stages of the progress by kind of work; any other stage belongs to what is left."""


@contextmanager
def progress_bar(
    quiet: bool = False, expected: Mapping[str, float] | None = None
) -> Iterator[Progress]:
    """Show stages with rate and time left on standard error, where that is a terminal.

    `expected` are the seconds that each kind of work may take (speeds.py); with it the first line is
    of all of the work, its time left corrected by how the work goes.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda stage, done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    bar = Progress(
        TextColumn("{task.description:<14.14}"),
        BarColumn(bar_width=18),
        TextColumn("{task.fields[count]:>21}"),
        TextColumn("{task.fields[rate]:>11}"),
        TextColumn("{task.fields[left]:>8}"),
        console=Console(stderr=True),
    )
    tasks: dict[str, Any] = {}
    began: dict[str, float] = {}
    whole = _Whole(expected or {})
    if expected:
        tasks[ALL] = bar.add_task(ALL, total=1.0, count="", rate="", left="")

    def note(stage: str, done: int, total: int) -> None:
        # What stands after a colon tells where in its stage the work is.
        name = stage.partition(":")[0]
        if name not in tasks:
            tasks[name] = bar.add_task(stage, total=total, count="", rate="", left="")
            began[name] = time.monotonic()
        seconds = time.monotonic() - began[name]
        rate = f"{done / seconds:,.0f}/s" if seconds > 0.1 else ""
        left = _clock(seconds * (total - done) / done) if done else ""
        count = f"{done:,.0f}/{total:,.0f}"
        shown: dict[str, Any] = {"count": count, "rate": rate, "left": left}
        bar.update(tasks[name], description=stage, completed=done, total=total, **shown)
        if expected:
            share, remaining = whole.after(name, done / total if total else 1.0)
            bar.update(tasks[ALL], completed=share, left=_clock(remaining))

    _live.append(bar)
    bar.start()
    try:
        yield note
    finally:
        bar.stop()
        _live.remove(bar)


ALL = "in all"


class _Whole:
    """How much of all work is done, and how long the rest takes at the pace so far."""

    def __init__(self, expected: Mapping[str, float]) -> None:
        self._expected = dict(expected)
        self._done: dict[str, dict[str, float]] = {}
        self._began = time.monotonic()

    def after(self, stage: str, share: float) -> tuple[float, float]:
        """Return the share of all work that is done, and the seconds left, once a stage is so far."""
        kind = self._kind(stage)
        self._done.setdefault(kind, {})[stage] = share
        total = sum(self._expected.values())
        gone = sum(seconds * self._share(kind) for kind, seconds in self._expected.items())
        elapsed = time.monotonic() - self._began
        # What was forecast weighs less the more of the work is done.
        pace = elapsed / gone if gone else 1.0
        trust = min(1.0, 2 * gone / total) if total else 1.0
        return gone / total if total else share, (total - gone) * (trust * pace + 1 - trust)

    def _share(self, kind: str) -> float:
        """Return how far the stages of a kind of work are; work that later work follows is done."""
        later = {"load": {"rate"}, "search": {"load", "rate"}, "run": {"search", "load", "rate"}}
        if later.get(kind, set()) & self._done.keys():
            return 1.0
        stages = self._done.get(kind)
        return sum(stages.values()) / len(stages) if stages else 0.0

    def _kind(self, stage: str) -> str:
        if stage in LOADING:
            return "load"
        if stage in RATING:
            return "rate"
        return "run" if stage in RUNNING else "search"


RUNNING = ("tokens", "reading", "encoding")


def _clock(seconds: float) -> str:
    """Return seconds as hours, minutes and seconds.

    >>> _clock(7.2), _clock(3725)
    ('0:07', '1:02:05')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
