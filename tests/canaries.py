"""A word and a person planted to be erased, and the search for whatever holds them still."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hartonomous.bundle import Bundle, BundleWriter
from hartonomous.delete.selectors import Selectors
from hartonomous.erase.erasure import ErasureOptions, ErasureReport, erase
from hartonomous.errors import NotFound
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.held_places import place_table
from hartonomous.load.suppression_list import suppressions
from hartonomous.server.home import default_home
from hartonomous.transparency import keys
from tests.building import WORDS, bundle_of, silent, write_vectors

CANARY = "zqxcanary" + 7 * "abcdefghij"
"""So long that Neo4j does not pack its letters into fewer bits, where no search would find it."""

PLACE = "zqxplace" + 7 * "klmnopqrst"
"""In the names of the files where it stands."""

PERSON = "user_12345"


def planted(folder: Path, seed: int, words: int = 30) -> Bundle:
    """Return the bundle of a model that knows the canary."""
    rng = np.random.default_rng(seed)
    names = [CANARY, *(WORDS[place] for place in rng.permutation(len(WORDS))[:words])]
    path = write_vectors(folder / f"m{seed}", names, rng.normal(size=(len(names), 6)))
    return bundle_of(path, folder / f"b{seed}")


def planted_at(folder: Path, seed: int, everywhere: bool = False) -> Bundle:
    """Return such a bundle with a place of the canary, or with one of everything."""
    bundle = planted(folder, seed)
    rows = [
        row
        for row, text in enumerate(bundle.compositions()["text"].to_pylist())
        if everywhere or text == CANARY
    ]
    with BundleWriter(folder / f"placed-{seed}") as writer:
        writer.write_compositions(bundle.compositions())
        places = [f"{PLACE}.pdf#page={row}" for row in rows]
        writer.write_places([place_table(np.array(rows, dtype=np.int64), places)])
        for track in bundle.tracks:
            tables = map(pa.Table.from_batches, [list(bundle.evidence(track, 1 << 20))])
            writer.write_evidence(track.evidence, tables)
        return writer.finish(bundle.source, bundle.tracks)


def of(bundle: Bundle, **stated: str) -> Bundle:
    return replace(bundle, source=replace(bundle.source, **stated))


def wipe_out(graph: Graph, selectors: Selectors, cache: Path = Path("none")) -> ErasureReport:
    with WriterLock(graph, "test") as lock:
        return erase(graph, lock, selectors, ErasureOptions(cache, silent))


def files() -> Iterator[Path]:
    """Every file below the home and the keys."""
    for folder in (default_home(), keys.directory()):
        yield from (file for file in folder.rglob("*") if file.is_file())


def holding(graph: Graph, text: str) -> list[str]:
    """Return what holds a text: files, by their names and content, and nodes of the graph."""
    found = []
    for file in files():
        content = file.read_bytes()
        if file.suffix == ".parquet":
            content += str(pq.read_table(file).to_pydict()).encode()
        if text.encode() in content or text in str(file):
            found.append(str(file))
    rows = graph.read("MATCH (n) RETURN labels(n) AS l, properties(n) AS p")
    rows += graph.read("MATCH ()-[r]->() RETURN type(r) AS l, properties(r) AS p")
    return found + [str(row["l"]) for row in rows if text in str(row["p"])]


def refused_again(graph: Graph, selectors: Selectors) -> str:
    """Erase what was erased already; return the complaint that nothing is held."""
    before = len(suppressions(graph))
    with pytest.raises(NotFound) as error:
        wipe_out(graph, selectors)
    assert "No copy exists" in str(error.value)
    assert len(suppressions(graph)) == before
    return str(error.value)
