"""Bundles of words, labels of several words and symbols of code, and the words each should be linked to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from hartonomous.bundle import Bundle, BundleWriter, OpenedFile, SourceDescription, TrackDescription
from hartonomous.counted_rows import counted_rows, margins, track_trust
from hartonomous.evidence import COMPOSITIONS
from hartonomous.graph.driver import Graph
from hartonomous.identity import composition_key, content_digest
from hartonomous.schema import MICRO, SENTENCE, TOKEN, TrackConstants, evidence_type, is_directed

SYMBOL = "Symbol"

WORDS = (
    *("user", "User", "get", "name", "traffic", "Traffic", "light", "red", "hot", "dog", "dogma"),
    *("manual", "http", "server", "parser", "2", "york", "new", "einen", "größe", "GRÖSSE"),
)
LABELS = {
    "traffic light": ["traffic", "light"],
    "Traffic Light": ["traffic", "light"],
    "red traffic light": ["red", "traffic", "light"],
    "user manual": ["user", "manual"],
    "hot dog": ["hot", "dog"],
    "New York, New York": ["new", "york"],
    "einen Größe": ["einen", "größe"],
}
SYMBOLS = {
    "get_user": ["get", "user"],
    "UserName": ["user", "name"],
    "trafficLight": ["traffic", "light"],
    "TRAFFIC_LIGHT": ["traffic", "light"],
    "HTTPServer2": ["http", "server", "2"],
    "app::HttpParser#get": ["app", "http", "parser", "get"],
    "hotdog": ["hotdog"],
    "dogma": ["dogma"],
    "user": ["user"],
    "__": [],
}
"""The words of each, in the order in which they come first."""

Name = tuple[str, str]
"""Kind and text."""

NAMES: tuple[Name, ...] = (
    *((TOKEN, word) for word in WORDS),
    *((TOKEN, label) for label in LABELS),
    *((SYMBOL, symbol) for symbol in SYMBOLS),
)

Related = dict[str, list[tuple[Name, Name]]]
"""By evidence type, the pairs it relates."""


def bundle_of_pairs(path: Path, pairs: Related, seed: int = 0) -> Bundle:
    """Return a bundle of counted evidence of some pairs, every weight one."""
    names = sorted(
        {end for each in pairs.values() for pair in each for end in pair},
        key=lambda name: composition_key(*name),
    )
    row = {name: place for place, name in enumerate(names)}
    said = content_digest("test", {"seed": seed, "path": path.name})
    source = SourceDescription("code", "test", (OpenedFile("made", said, 1),), {}, 0)
    tracks = []
    with BundleWriter(path) as writer:
        keys = [composition_key(*name) for name in names]
        table = pa.table([keys, [t for _, t in names], [k for k, _ in names]], schema=COMPOSITIONS)
        writer.write_compositions(table)
        for name, each in sorted(pairs.items()):
            kind = evidence_type(name)
            rows = {
                (row[a], row[b]) if is_directed(kind) else _sorted(row[a], row[b]) for a, b in each
            }
            start, end = np.array(sorted(rows), dtype=np.int64).T
            n = np.ones(len(rows), dtype=np.int64)
            among, total = margins(kind, start, end, n)
            counts = {"start": start, "end": end, "n": n, "weight": n * MICRO, "half": n, **among}
            own = {one.name for one in kind.columns} | {"start", "end"}
            constants = TrackConstants(1, 0, len(names), total)
            table = counted_rows(kind, {k: v for k, v in counts.items() if k in own}, constants)
            writer.write_evidence(name, iter([table]))
            trust, size = track_trust(kind, table, constants), len(rows)
            tracks.append(
                TrackDescription(
                    name, ("one",), 0, len(names), 0, trust, 0, 1.0, size, size, total=total
                )
            )
        return writer.finish(source, tuple(tracks))


def _sorted(one: int, other: int) -> tuple[int, int]:
    return min(one, other), max(one, other)


def random_names(folder: Path, seed: int, among: Sequence[Name] = NAMES, pairs: int = 14) -> Bundle:
    """Return a bundle of random pairs of words, labels and symbols."""
    rng = np.random.default_rng(seed)
    tokens = [name for name in among if name[0] == TOKEN]
    symbols = [name for name in among if name[0] == SYMBOL]

    def drawn(starts: Sequence[Name], ends: Sequence[Name]) -> list[tuple[Name, Name]]:
        found = [
            (starts[int(rng.integers(len(starts)))], ends[int(rng.integers(len(ends)))])
            for _ in range(pairs)
        ]
        return [(a, b) for a, b in found if a != b]

    related = {
        "COOCCURRENCE_EVIDENCE": drawn(tokens, tokens),
        "DESCRIBES_EVIDENCE": drawn(tokens, symbols),
        "CALLS_EVIDENCE": drawn(symbols, symbols),
    }
    return bundle_of_pairs(folder / f"names-{seed}", related, seed)


def links_of(graph: Graph) -> set[tuple[str, str, str, int]]:
    """Return the links of a graph: kind and text of the name, text of the word, position."""
    rows = graph.read(
        "MATCH (p)-[h:HAS_WORD]->(t) RETURN p.kind AS kind, p.text AS name, t.text AS word, "
        "h.position AS position"
    )
    found = [(r["kind"], r["name"], r["word"], r["position"]) for r in rows]
    assert len(set(found)) == len(found)
    return set(found)


def expected_links(graph: Graph) -> set[tuple[str, str, str, int]]:
    """Return the links that follow from the texts in a graph."""
    rows = graph.read("MATCH (c:Composition) RETURN c.kind AS kind, c.text AS text")
    there = {(row["kind"], row["text"]) for row in rows}
    tokens = [text for kind, text in there if kind == TOKEN]
    found = set()
    for kind, text in there:
        words = (LABELS if kind == TOKEN else SYMBOLS if kind == SYMBOL else {}).get(text, [])
        found |= {
            (kind, text, token, position)
            for position, word in enumerate(words)
            for token in tokens
            if token.lower() == word
        }
    return found


__all__ = [
    "LABELS",
    "NAMES",
    "SENTENCE",
    "SYMBOL",
    "SYMBOLS",
    "TOKEN",
    "WORDS",
    "Name",
    "bundle_of_pairs",
    "expected_links",
    "links_of",
    "random_names",
]
