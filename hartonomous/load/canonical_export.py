"""Canonical export: sorted JSON Lines, the same bytes for the same knowledge.

It contains compositions, sources and tracks (without times), visits, places, evidence and rated
edges; not the ledger, locks or numbers that depend on the order of ingest. Any JSON reader, such as
DuckDB's, reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from blake3 import blake3

from hartonomous.atomic_files import atomic
from hartonomous.errors import BadInput, Conflict
from hartonomous.graph.cypher_files import columns_of, query
from hartonomous.graph.driver import Graph
from hartonomous.identity import canonical_json
from hartonomous.progress import Progress
from hartonomous.schema import evidence_feeding, evidence_type

STARTS = 500
"""Compositions whose edges are read in one result."""


@dataclass(frozen=True)
class ExportReport:
    """The lines and bytes written, and their blake3-256."""

    path: Path
    lines: int
    bytes: int
    digest: str


def export(graph: Graph, path: Path, progress: Progress, force: bool = False) -> ExportReport:
    """Write the canonical export, atomically.

    Raises Conflict if the file exists and `force` is not given.
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
    for key, kind, text, own in graph.stream(query("load/read_compositions")):
        keys.append(key)
        said = {name: value for name, value in own.items() if value is not None}
        said |= {"record": "composition", "key": key, "kind": kind, "text": text}
        yield canonical_json(said)
    for (source,) in graph.stream(query("load/read_sources")):
        yield canonical_json({"record": "source", **source})
    for (track,) in graph.stream(query("load/read_tracks")):
        if track["total"] is None:
            del track["total"]
        yield canonical_json({"record": "track", **track})
    for (visit,) in graph.stream(query("load/read_visits")):
        yield canonical_json({"record": "visit", **visit})
    for (place,) in graph.stream(query("load/read_held")):
        yield canonical_json({"record": "place", **place})
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
    types = evidence_feeding(rated)
    scalars, lists = columns_of(types)
    later = {one.name: one.later for one in types}
    for start, *columns in graph.stream(query("load/read_evidence", rated=rated), keys=keys):
        for type, end, source, numbers, listed in zip(*columns, strict=True):
            # Rows of earlier versions lack later columns, where 0 is the same as none.
            own = {
                k: v
                for k, v in zip(scalars, numbers, strict=True)
                if v is not None and (v or k not in later[type])
            }
            own |= {k: v for k, v in zip(lists, listed, strict=True) if v}
            row = {"record": "evidence", "type": type, "start": start, "end": end, "source": source}
            yield canonical_json(row | own)


def _ratings(graph: Graph, keys: list[str], rated: str) -> Iterator[str]:
    for start, *columns in graph.stream(query("load/read_ratings", rated=rated), keys=keys):
        for end, (n, weight, sources, decades, consensus), elo in zip(*columns, strict=True):
            agreed = "" if decades is None else f'"consensus":{consensus},"decades":{decades},'
            yield (
                f'{{{agreed}"elo":{elo!r},"end":"{end}",'
                f'"n":{n},"record":"rating","sources":{sources},"start":"{start}",'
                f'"type":"{rated}","weight":{weight}}}'
            )
