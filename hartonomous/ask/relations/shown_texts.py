"""Shown texts: the captions of pictures in place of their digests, in what people read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.rate.captions import has_digested


def with_captions(
    graph: Graph, rows: Sequence[Row], *names: str, beside: bool = False
) -> list[Row]:
    """Return rows with captions in place of the texts that have one, in the columns of these names;
    a column holds texts, or lists or mappings of them at any depth.

    `beside`, for other programs: rows keep the texts, and those that name pictures have `captions`,
    the caption of each text that has one.
    """
    texts = (text for row in rows for name in names for text in _texts(row[name]))
    captions = captions_of(graph, texts)
    if not captions:
        return list(rows)
    if not beside:
        return [{**row, **{name: _shown(row[name], captions) for name in names}} for row in rows]
    found = []
    for row in rows:
        met = {text for name in names for text in _texts(row[name])} & captions.keys()
        own = {text: captions[text] for text in sorted(met)}
        found.append({**row, "captions": own} if own else row)
    return found


def captions_of(graph: Graph, texts: Iterable[str]) -> dict[str, str]:
    """Return the captions of those of some texts that are digests."""
    asked = sorted(set(texts))
    if not asked or not has_digested(graph):
        return {}
    rows = graph.read(query("ask/read_captions"), texts=asked)
    return {row["text"]: row["caption"] for row in rows}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple | Mapping):
        for one in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(one)


def _shown(value: Any, captions: dict[str, str]) -> Any:
    if isinstance(value, str):
        return captions.get(value, value)
    if isinstance(value, Mapping):
        return {name: _shown(one, captions) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(one, captions) for one in value]
    return value
