"""Findings of an audit: the first ones of each kind in full, the others counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hartonomous.ask.relations.shown_texts import captions_of
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, in_parts

LISTED = 20
"""Findings of one kind that are listed in full."""

IDS = 5_000


class Findings:
    """Findings by kind, in the order in which the kinds first occurred."""

    def __init__(self) -> None:
        self._told: dict[str, list[str]] = {}
        self._count: dict[str, int] = {}

    def add(self, kind: str, text: str) -> None:
        """Add one finding; `kind` completes the sentence "7 more ..."."""
        self.add_many(kind, [text], 1)

    def add_many(self, kind: str, texts: Iterable[str], count: int) -> None:
        """Add `count` findings of a kind, of which the first are given as texts."""
        told = self._told.setdefault(kind, [])
        told += list(texts)[: LISTED - len(told)]
        self._count[kind] = self._count.get(kind, 0) + count

    def texts(self) -> list[str]:
        """Return all findings as sentences."""
        found: list[str] = []
        for kind, told in self._told.items():
            found += told
            if more := self._count[kind] - len(told):
                found.append(f"{more:,} more {kind}.")
        return found

    def __len__(self) -> int:
        return sum(self._count.values())


def names_of(graph: Graph, ids: Iterable[int]) -> dict[int, str]:
    """Return the quoted texts of compositions by database id, with the captions of pictures."""
    wanted: Sequence[int] = sorted(set(ids))
    statement = query("delete/read_compositions_alone")
    texts = {
        row[0]: row[2] if isinstance(row[2], str) else row[1]
        for part in in_parts(wanted, IDS)
        for row in graph.stream(statement, ids=list(part))
    }
    captions = captions_of(graph, (text for text in texts.values() if isinstance(text, str)))
    found = {id: repr(text) for id, text in texts.items()}
    found |= {
        id: f"{found[id]} ({captions[text]})"
        for id, text in texts.items()
        if isinstance(text, str) and text in captions
    }
    return {id: found.get(id, f"the node {id}, which is no composition") for id in wanted}
