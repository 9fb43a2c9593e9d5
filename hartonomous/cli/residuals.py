"""The residual of a removal, for people: remaining evidence, paths, neighbours, continuations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hartonomous.cli.output import print_facts, print_rows
from hartonomous.cli.rated_types import DEFAULT_RELATION

SHOWN = 5
"""Neighbours of a word that are shown; the JSON has all."""


def print_residual(found: Mapping[str, Any]) -> None:
    """Print a residual report, where something remains."""
    if found["variants"]:
        print_rows(
            found["variants"], {"text": "still contains it", "source": "", "rows": "evidence"}
        )
    if found["supported"]:
        print_facts({"still supported by": found["supported"]})
    if found["paths"]:
        _print_paths(found["paths"])
    if found["neighbours"]:
        near = {
            word: {side: ", ".join(names[:SHOWN]) for side, names in seen.items()}
            for word, seen in found["neighbours"].items()
        }
        _print_before_and_after("neighbours of", near)
    if found["continuations"]:
        _print_before_and_after("continuations of", found["continuations"])


def _print_paths(paths: list[dict[str, Any]]) -> None:
    rows = [
        {**path, "way": " - ".join(path["way"]), "types": list(dict.fromkeys(path["types"]))}
        for path in paths
    ]
    columns = {"way": "residual paths", "sources": "by"}
    if any(path["types"] != [DEFAULT_RELATION] for path in rows):
        columns = {"way": "residual paths", "types": "types", "sources": "by"}
    if rows[0]["probability"] is not None:
        columns["probability"] = "probability"
    print_rows(rows, columns)


def _print_before_and_after(heading: str, seen: Mapping[str, Mapping[str, str | None]]) -> None:
    rows = [{"word": word, **sides} for word, sides in seen.items()]
    print_rows(rows, {"word": heading, "before": "before", "after": "after"})
