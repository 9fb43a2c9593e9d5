"""What remains after a removal: who still says what, and how a reader could still reach it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hartonomous.ask.neighbourhood import neighbours
from hartonomous.errors import NotFound
from hartonomous.forget.planning import Plan
from hartonomous.forget.selecting import candidates
from hartonomous.store.graph import Graph
from hartonomous.store.holding import holds, needles
from hartonomous.store.queries import query

WORDS, TOP, PAIRS = 5, 10, 10

Residual = dict[str, Any]


def watched(graph: Graph, planned: Plan) -> dict[str, list[str]]:
    """Return the neighbours, as they are now, of the words that a plan takes most from."""
    words: list[str] = []
    for loss in planned.summary["top_losses"]:
        words += [text for text in (loss["start"], loss["end"]) if text not in words]
    return {word: _neighbours(graph, word) for word in words[:WORDS]}


def residual(graph: Graph, planned: Plan, before: Mapping[str, list[str]]) -> Residual:
    """Return what is left of what was removed; called once it is done.

    `variants`: compositions that hold a removed concept in other letters of case, by source;
    `supported`: how many of the relations that lost evidence each other source still holds;
    `paths`: how the ends of lost relations are still joined; `neighbours`: before and after.
    """
    texts = planned.tables["compositions"]
    relations = planned.tables["relations"].to_pylist()
    lost = sorted((r for r in relations if not r["n"]), key=lambda r: (-r["elo_before"], r["edge"]))
    keys = [
        [texts["key"][row["start"]].as_py(), texts["key"][row["end"]].as_py()]
        for row in lost[:PAIRS]
        if row["type"] == "RELATES"
    ]
    return {
        "variants": _variants(graph, planned.summary["selectors"].get("concepts", ())),
        "supported": planned.summary["survivors"],
        "paths": graph.read(query("delete/find_paths", rated="RELATES"), pairs=keys),
        "neighbours": {
            word: {"before": was, "after": _neighbours(graph, word)} for word, was in before.items()
        },
    }


def _variants(graph: Graph, concepts: tuple[str, ...] | list[str]) -> list[dict[str, Any]]:
    found = {
        row["id"]
        for word in concepts
        for row in candidates(graph, word)
        if holds(row["text"].lower(), row["kind"], needles(word.lower()))
    }
    return graph.read(query("delete/count_saying"), ids=sorted(found))


def _neighbours(graph: Graph, word: str) -> list[str]:
    try:
        return [row["neighbour"] for row in neighbours(graph, word, top=TOP)]
    except NotFound:
        return []
