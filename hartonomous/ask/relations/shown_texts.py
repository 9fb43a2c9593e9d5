"""Shown texts: the captions of pictures in place of their digests, in what people read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.rate.captions import has_digested


def with_captions(graph: Graph, rows: Sequence[Row], *names: str) -> list[Row]:
    """Return rows with captions in place of the texts that have one, in the columns of these names;
    a column holds texts or lists of texts.
    """
    if not rows or not has_digested(graph):
        return list(rows)
    texts = sorted({text for row in rows for name in names for text in _texts(row[name])})
    found = graph.read(query("ask/read_captions"), texts=texts)
    captions = {row["text"]: row["caption"] for row in found}
    return [{**row, **{name: _shown(row[name], captions) for name in names}} for row in rows]


def _texts(value: Any) -> Iterable[str]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _shown(value: Any, captions: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [captions.get(one, one) for one in value]
    return captions.get(value, value)
