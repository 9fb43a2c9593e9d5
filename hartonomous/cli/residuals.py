"""The residual of a removal, for people: remaining evidence, paths, neighbours, continuations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hartonomous.cli.output import print_facts, print_rows
from hartonomous.schema import DEFAULT_RELATION

if TYPE_CHECKING:
    from hartonomous.graph.driver import Graph

SHOWN = 5
"""Neighbours of a word that are shown; the JSON has all."""

SIDES = {"before": "before", "after": "after"}


def print_residual(graph: Graph, found: Mapping[str, Any]) -> None:
    """Print a residual report, where something remains."""
    from hartonomous.ask.relations.shown_texts import with_captions

    if found["variants"]:
        rows = with_captions(graph, found["variants"], "text")
        print_rows(rows, {"text": "still contains it", "source": "", "rows": "evidence"})
    if found["supported"]:
        print_facts({"still supported by": found["supported"]})
    if found["paths"]:
        _print_paths(with_captions(graph, found["paths"], "way"))
    if found["neighbours"]:
        near = [
            {"word": word, **{side: names[:SHOWN] for side, names in seen.items()}}
            for word, seen in found["neighbours"].items()
        ]
        rows = with_captions(graph, near, "word", "before", "after", known=found.get("captions"))
        joined = [{**row, **{side: ", ".join(row[side]) for side in SIDES}} for row in rows]
        print_rows(joined, {"word": "neighbours of"} | SIDES)
    if found["continuations"]:
        rows = [{"word": word, **sides} for word, sides in found["continuations"].items()]
        print_rows(rows, {"word": "continuations of"} | SIDES)


def _print_paths(paths: list[dict[str, Any]]) -> None:
    rows = [
        {**path, "way": " - ".join(path["way"]), "types": list(dict.fromkeys(path["types"]))}
        for path in paths
    ]
    columns = {"way": "residual paths", "sources": "by"}
    if any(path["types"] != [DEFAULT_RELATION] for path in rows):
        columns = {"way": "residual paths", "types": "types", "sources": "by"}
    if rows[0]["weakest"] is not None:
        columns["weakest"] = "weakest step"
    print_rows(rows, columns)
