"""What remains after a removal, for people: who still says what, and how it can be reached."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hartonomous.cli.output import print_facts, print_rows

SHOWN = 5
"""Neighbours of a word that are shown; the JSON has all."""


def print_residual(found: Mapping[str, Any]) -> None:
    """Print a residual report, where something remains."""
    if found["variants"]:
        print_rows(found["variants"], {"text": "still holds it", "source": "", "rows": "evidence"})
    if found["supported"]:
        print_facts({"still supported by": found["supported"]})
    if found["paths"]:
        _print_paths(found["paths"])
    if found["neighbours"]:
        near = {
            word: {side: ", ".join(names[:SHOWN]) for side, names in seen.items()}
            for word, seen in found["neighbours"].items()
        }
        _print_before_and_after("nearest to", near)
    if found["continuations"]:
        _print_before_and_after("goes on after", found["continuations"])


def _print_paths(paths: list[dict[str, Any]]) -> None:
    rows = [{**path, "way": " - ".join(path["way"])} for path in paths]
    columns = {"way": "still to be reached", "sources": "by"}
    if rows[0]["probability"] is not None:
        columns["probability"] = "likely"
    print_rows(rows, columns)


def _print_before_and_after(heading: str, seen: Mapping[str, Mapping[str, str | None]]) -> None:
    rows = [{"word": word, **sides} for word, sides in seen.items()]
    print_rows(rows, {"word": heading, "before": "before", "after": "after"})
