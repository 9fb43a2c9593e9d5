"""The canonical export: JSON Lines, sorted, the same bytes for the same knowledge.

It holds compositions, sources and tracks (without times), evidence and rated edges; not the ledger,
locks or numbers that depend on the order of ingest. Any JSON reader, DuckDB's among them, reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from blake3 import blake3

from hartonomous.atomic import atomic
from hartonomous.errors import BadInput, Conflict
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from hartonomous.identity import canonical_json
from hartonomous.progress import Progress
from hartonomous.schema import evidence_type

STARTS = 500
"""Compositions whose edges travel in one answer."""

_COUNTED = ("n", "weight", "directed", "rank", "support")


@dataclass(frozen=True)
class ExportReport:
    """What was written: the lines, the bytes, and their blake3-256."""

    path: Path
    lines: int
    bytes: int
    digest: str


def export(graph: Graph, path: Path, progress: Progress, force: bool = False) -> ExportReport:
    """Write the canonical export; the file appears whole or not at all.

    Raises Conflict when the file exists and `force` is not given.
    """
    if path.exists() and not force:
        raise Conflict(f"{path} already exists; --force overwrites it.")
    hasher, lines, size = blake3(), 0, 0
    try:
        with atomic(path) as partial, partial.open("wb") as file:
            for line in export_lines(graph, progress):
                encoded = line.encode() + b"\n"
                file.write(encoded)
                hasher.update(encoded)
                lines, size = lines + 1, size + len(encoded)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}.") from error
    return ExportReport(path, lines, size, hasher.hexdigest())


def export_lines(graph: Graph, progress: Progress) -> Iterator[str]:
    """Yield the lines of the canonical export, without line ends."""
    keys: list[str] = []
    for key, kind, text in graph.stream(query("load/read_compositions")):
        keys.append(key)
        yield canonical_json({"record": "composition", "key": key, "kind": kind, "text": text})
    for (source,) in graph.stream(query("load/read_sources")):
        yield canonical_json({"record": "source", **source})
    for (track,) in graph.stream(query("load/read_tracks")):
        yield canonical_json({"record": "track", **track})
    for (visit,) in graph.stream(query("load/read_visits")):
        yield canonical_json({"record": "visit", **visit})
    tracks = graph.read(query("rate/read_tracks"))
    fed = sorted({evidence_type(track["evidence"]).feeds for track in tracks})
    for record, read in (("evidence", _evidence), ("rating", _ratings)):
        for rated in fed:
            remaining, done = iter(keys), 0
            while part := list(islice(remaining, STARTS)):
                yield from read(graph, part, rated)
                done += len(part)
                progress(f"{record}: {rated}", done, len(keys))


def _evidence(graph: Graph, keys: list[str], rated: str) -> Iterator[str]:
    for start, *columns in graph.stream(query("load/read_evidence", rated=rated), keys=keys):
        for type, end, source, counts, positions in zip(*columns, strict=True):
            known = {k: v for k, v in zip(_COUNTED, counts, strict=True) if v is not None}
            row = {"record": "evidence", "type": type, "start": start, "end": end, "source": source}
            yield canonical_json(
                {**row, **known, **({"positions": positions} if positions else {})}
            )


def _ratings(graph: Graph, keys: list[str], rated: str) -> Iterator[str]:
    for start, *columns in graph.stream(query("load/read_ratings", rated=rated), keys=keys):
        for end, (n, weight, sources, decades, consensus), elo in zip(*columns, strict=True):
            agreed = "" if decades is None else f'"consensus":{consensus},"decades":{decades},'
            yield (
                f'{{{agreed}"elo":{elo!r},"end":"{end}",'
                f'"n":{n},"record":"rating","sources":{sources},"start":"{start}",'
                f'"type":"{rated}","weight":{weight}}}'
            )
