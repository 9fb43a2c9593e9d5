"""Shown texts: the captions of pictures in place of their digests, in what people read.

A text with its rating behind it, as the strongest pairs of a word have, counts as that text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.mapping_record import Record
from hartonomous.rate.captions import has_digested

_RATED = re.compile(r"(\S+) (\d+)")
"""A digest, which has no spaces, and a rating."""


def with_captions(
    graph: Graph,
    rows: Sequence[Row],
    *names: str,
    beside: bool = False,
    known: Mapping[str, str] | None = None,
) -> list[Row]:
    """Return rows with captions in place of the texts that have one, in the columns of these names;
    a column holds texts, or lists or mappings of them at any depth.

    `beside`, for other programs: rows keep the texts, and those that name pictures have `captions`,
    the caption of each text that has one. `known` are captions of pictures that are no longer there.
    """
    captions = {**(known or {}), **captions_in(graph, rows, *names)}
    if not captions:
        return list(rows)
    if not beside:
        return [{**row, **{name: shown(row[name], captions) for name in names}} for row in rows]
    found = []
    for row in rows:
        met = {text for name in names for text in _texts(row[name])} & captions.keys()
        own = {text: captions[text] for text in sorted(met)}
        found.append({**row, "captions": own} if own else row)
    return found


def captions_in(graph: Graph, rows: Iterable[Row | Record], *names: str) -> dict[str, str]:
    """Return the captions of the texts in the columns of these names that are digests."""
    return captions_of(
        graph, (text for row in rows for name in names for text in _texts(row[name]))
    )


def captions_of(graph: Graph, texts: Iterable[str]) -> dict[str, str]:
    """Return the captions of those of some texts that are digests."""
    asked = sorted(set(texts))
    if not asked or not has_digested(graph):
        return {}
    rows = graph.read(query("ask/read_captions"), texts=asked)
    return {row["text"]: row["caption"] for row in rows}


def shown(value: Any, captions: Mapping[str, str]) -> Any:
    """Return a value with captions in place of the texts that have one."""
    if isinstance(value, str):
        if (rated := _RATED.fullmatch(value)) and rated[1] in captions:
            return f"{captions[rated[1]]} {rated[2]}"
        return captions.get(value, value)
    if isinstance(value, Mapping):
        return {name: shown(one, captions) for name, one in value.items()}
    if isinstance(value, Record):
        return type(value)(**{name: shown(value[name], captions) for name in value.keys()})  # noqa: SIM118
    if isinstance(value, list | tuple):
        return type(value)(shown(one, captions) for one in value)
    return value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
        if rated := _RATED.fullmatch(value):
            yield rated[1]
    elif isinstance(value, Mapping | Record):
        for name in value.keys():  # noqa: SIM118
            yield from _texts(value[name])
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)
