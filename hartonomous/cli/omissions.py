"""The omissions of a source, reported at the end of its command."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from hartonomous.cell_text import printable
from hartonomous.cli.output import say

if TYPE_CHECKING:
    from hartonomous.operations.omissions import Omissions

MUCH = 0.1
"""Share left out from which it is said in colour."""

MOST_FILES = 20
"""Files named on a terminal; JSON names all."""


def say_omissions(omissions: Omissions, quiet: bool = False) -> None:
    """Report unread files, remarks, and last the counts of what was left out."""
    for file in omissions.unread[:MOST_FILES]:
        say(f"Not read: {printable(file.reason)}", quiet)
    if (more := len(omissions.unread) - MOST_FILES) > 0:
        say(f"Not read: {more:,} more files; --json names them.", quiet)
    for remark in omissions.remarks:
        say(f"Note: {printable(remark)}.", quiet)
    counted = ", ".join(f"{n:,} {reason}" for reason, n in omissions.excluded.items())
    text = f"Left out: {counted or 'nothing'}."
    if omissions.share > MUCH:
        text += f" That is {omissions.share:.0%}."
        text = text if os.environ.get("NO_COLOR") else click.style(text, fg="yellow", bold=True)
    say(text, quiet)
