"""Small models and bundles for tests, and the graph emptied between them."""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from hartonomous.bundle import (
    Bundle,
    BundleWriter,
    OpenedFile,
    SourceDescription,
    TrackDescription,
)
from hartonomous.counted_rows import counted_rows, margins
from hartonomous.delete.deletion import delete
from hartonomous.delete.selectors import Selectors
from hartonomous.evidence import CONTEXTS
from hartonomous.extract.extraction import ExtractOptions, extract, open_model
from hartonomous.extract.importer_protocol import OpenOptions
from hartonomous.extract.search.nearest_neighbours import NeighbourOptions
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.held_places import MOST, place_table
from hartonomous.identity import composition_key, content_digest
from hartonomous.load.bundle_cache import WaitingBundle, use_bundle
from hartonomous.load.canonical_export import export_lines
from hartonomous.operations.ingestion import load_bundle, prepare
from hartonomous.schema import FORMULA_VERSION, MICRO, TrackConstants, evidence_type
from hartonomous.versions.snapshots import create_snapshot

COUNTED = "SENTENCE_EVIDENCE"
STATED = evidence_type(COUNTED).trust or 0
WORDS = (Path(__file__).parent / "words.txt").read_text().split()


def silent(stage: str, done: int, total: int) -> None:
    """No progress."""


def wipe(graph: Graph) -> None:
    """Empty the graph but for its schema and procedures."""
    while graph.write("MATCH ()-[r]->() WITH r LIMIT 50000 DELETE r RETURN count(*) AS gone")[0][
        "gone"
    ]:
        pass
    while graph.write(
        "MATCH (n) WHERE NOT n:Migration AND NOT n:State WITH n LIMIT 50000 DELETE n "
        "RETURN count(*) AS gone"
    )[0]["gone"]:
        pass
    # What is installed stays known: installing all procedures anew takes seconds.
    graph.write(
        "MATCH (g:State) SET g = {name: g.name, settled: true, epoch: 0, formula: $formula, "
        "procedures: g.procedures}",
        formula=FORMULA_VERSION,
    )
    prepare(graph)


def write_vectors(folder: Path, words: Sequence[str], vectors: np.ndarray) -> Path:
    """Write word vectors as an .npz that holds its words."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "vectors.npz", vectors=vectors.astype(np.float32), words=np.array(words))
    return folder / "vectors.npz"


def random_bundle(
    folder: Path, seed: int, size: int = 60, k: int = 5, dimensions: int = 8
) -> Bundle:
    """Return the bundle of a made-up model over some of the test's words."""
    rng = np.random.default_rng(seed)
    words = [WORDS[place] for place in rng.permutation(len(WORDS))[:size]]
    path = write_vectors(folder / f"model-{seed}", words, rng.normal(size=(size, dimensions)))
    return bundle_of(path, folder / f"bundle-{seed}", k)


def causal_bundle(
    folder: Path, seed: int, words: int = 12, length: int = 300, more: Sequence[str] = ()
) -> Bundle:
    """Return the bundle of a made-up model that read some of the test's words one after the other.

    `more` are words, or pieces (##ing), that it read too.
    """
    rng = np.random.default_rng(seed)
    vocabulary = [WORDS[place] for place in rng.permutation(len(WORDS))[:words]] + list(more)
    text = [vocabulary[place] for place in rng.integers(0, len(vocabulary), size=length)]
    followers: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for place, word in enumerate(text[1:], 1):
        for order in range(1, min(3, place) + 1):
            followers[tuple(text[place - order : place])][word] += 1
    kinds = {word: "Piece" if word.startswith("##") else "Token" for word in vocabulary}
    kinds |= {" ".join(context): "Context" for context in followers if len(context) > 1}
    keys = {name: composition_key(kind, name) for name, kind in kinds.items()}
    names = sorted(kinds, key=keys.__getitem__)
    row = {name: place for place, name in enumerate(names)}
    evidence, visits = [], []
    for context, counted in followers.items():
        name, total = " ".join(context), sum(counted.values())
        stored = [(w, n) for w, n in counted.items() if w != name and rng.random() < 0.8]
        evidence += [(row[name], row[w], n, n * MICRO) for w, n in stored]
        mass = (total - sum(n for _, n in stored)) * MICRO
        parts = (" ".join(context[:-1]), " ".join(context[1:]), context[-1])
        joins = [row[part] if len(context) > 1 else -1 for part in parts]
        visits.append((row[name], total, mass, *joins))
    source = SourceDescription(
        "model", "test", (OpenedFile("text", content_digest("test", {"seed": seed}), 1),), {}, 0
    )
    kind, counted = evidence_type("NEXT_EVIDENCE"), np.array(sorted(evidence), dtype=np.int64).T
    counts = dict(zip(("start", "end", "n", "weight"), counted, strict=True))
    among, total = margins(kind, counts["start"], counts["end"], counts["n"])
    table = counted_rows(kind, counts | among, TrackConstants(0, 0, len(vocabulary), total))
    track = TrackDescription(
        kind.name,
        (),
        0,
        len(vocabulary),
        0,
        kind.trust or 0,
        0,
        1.0,
        len(evidence),
        sum(e[2] for e in evidence),
        total=total,
    )
    with BundleWriter(folder / f"causal-{seed}") as writer:
        texts = pa.array(names), pa.array([kinds[name] for name in names])
        writer.write_compositions(
            pa.table({"key": sorted(keys.values()), "text": texts[0], "kind": texts[1]})
        )
        writer.write_contexts(_sorted_table(visits, CONTEXTS))
        writer.write_evidence("NEXT_EVIDENCE", iter([table]))
        return writer.finish(source, (track,))


def _sorted_table(rows: list[tuple[int, ...]], schema: pa.Schema) -> pa.Table:
    arrays = [
        pa.array(c, f.type) for c, f in zip(zip(*sorted(rows), strict=True), schema, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def bundle_of(path: Path, output: Path, k: int = 5) -> Bundle:
    """Return the bundle of a model's files."""
    options = ExtractOptions(NeighbourOptions(k=k))
    return extract(open_model(str(path), OpenOptions()), options, output, silent)


def with_counted(
    bundle: Bundle, output: Path, seed: int, vector: bool = True, trust: int = STATED
) -> Bundle:
    """Return a bundle over the same words with SENTENCE_EVIDENCE of a third of a bundle's pairs and
    of a few others; without `vector`, of these alone."""
    rng = np.random.default_rng(seed)
    compositions = bundle.compositions()
    size = compositions.num_rows
    (track,) = bundle.tracks
    listed = pa.Table.from_batches(bundle.evidence(track, 1 << 20))
    pairs = listed["start"].to_numpy().astype(np.int64) * size + listed["end"].to_numpy()
    more = np.sort(rng.choice(size, (40, 2)), axis=1)
    more = more[more[:, 0] < more[:, 1]]
    chosen = np.union1d(rng.choice(pairs, len(pairs) // 3), more[:, 0] * size + more[:, 1])
    n = rng.integers(1, 4, len(chosen))
    weight = rng.integers(0, n * MICRO + 1)
    evidence = evidence_type(COUNTED)
    among, total = margins(evidence, chosen // size, chosen % size, n)
    counts = {"start": chosen // size, "end": chosen % size, "n": n, "weight": weight, **among}
    table = counted_rows(evidence, counts, TrackConstants(1, 10, size, total))
    counted = TrackDescription(
        COUNTED, ("sentences",), 10, size, 0, trust, 0, 1.0, len(chosen), int(n.sum()), total=total
    )
    with BundleWriter(output) as writer:
        writer.write_compositions(compositions)
        writer.write_evidence(COUNTED, iter([table]))
        if vector:
            writer.write_evidence(track.evidence, iter([listed]))
        tracks = (track, counted) if vector else (counted,)
        return writer.finish(replace(bundle.source, options={"seed": seed}), tracks)


def with_places(bundle: Bundle, seed: int, output: Path | None = None) -> Bundle:
    """Return a bundle that says where its source has most of its compositions: a few files, the same
    for all seeds, one of its own, and for some compositions as many places as are allowed."""
    rng = np.random.default_rng(seed)
    compositions = bundle.compositions()
    rows, places = [], []
    for row in np.flatnonzero(rng.random(compositions.num_rows) < 0.8).tolist():
        own = [f"own {seed}/{'seite' if seed % 2 else 'é'} {row}.pdf#page={1 + row % 3}"]
        own += [f"shared/{page}.pdf#page={page}" for page in rng.permutation(MOST)[: row % 3]]
        if row % 11 == 0:
            own = [f"src/{line:02}.py:{line + 1}" for line in range(MOST)]
        rows += [row] * len(own)
        places += own
    with BundleWriter(output or bundle.path.with_name(f"{bundle.path.name}-placed")) as writer:
        writer.write_compositions(compositions)
        if (contexts := bundle.contexts()).num_rows:
            writer.write_contexts(contexts)
        writer.write_places([place_table(np.array(rows, dtype=np.int64), places)])
        for track in bundle.tracks:
            table = pa.Table.from_batches(bundle.evidence(track, 1 << 20))
            writer.write_evidence(track.evidence, iter([table]))
        return writer.finish(bundle.source, bundle.tracks)


def put_in(graph: Graph, bundle: Bundle, name: str, replace: bool = False) -> None:
    """Load a bundle under a name."""
    load_bundle(graph, bundle, name, silent, replace)


def take_out(graph: Graph, selectors: Selectors, days: float = 30) -> str:
    """Delete what selectors stand for and return the deletion, which can be undone for so long."""
    with WriterLock(graph, "test") as lock:
        return delete(graph, lock, selectors, silent, days).id


def exported(graph: Graph) -> list[str]:
    """Return the lines of the canonical export."""
    return list(export_lines(graph, silent))


def structure(graph: Graph) -> list[object]:
    """Constraints, indexes, procedures and settings, as a fresh graph has them too."""
    rows = graph.read("SHOW CONSTRAINTS YIELD createStatement AS s RETURN s ORDER BY s")
    rows += graph.read(
        "SHOW INDEXES YIELD createStatement AS s, type WHERE type <> 'LOOKUP' RETURN s ORDER BY s"
    )
    rows += graph.read("SHOW PROCEDURES YIELD name, signature RETURN name, signature ORDER BY name")
    rows += graph.read(
        "SHOW SETTINGS YIELD name, value WHERE NOT name STARTS WITH 'internal' RETURN name, value "
        "ORDER BY name"
    )
    return rows


def fill(graph: Graph, folder: Path) -> None:
    """Empty a graph, then fill it with three small sources: causal, a, b."""
    wipe(graph)
    put_in(graph, with_places(causal_bundle(folder / "c", 1, length=120), 1), "causal")
    put_in(graph, with_places(random_bundle(folder / "a", 2, size=60), 2), "a")
    put_in(graph, random_bundle(folder / "b", 3, size=60), "b")


def wait(graph: Graph, bundle: Bundle, name: str) -> WaitingBundle:
    """Let a copy of a bundle wait for a graph, as an ingest that was killed leaves one."""
    with use_bundle(graph, bundle.source, name, "test") as place:
        shutil.copytree(bundle.path, place.path)
    return place


def snap(graph: Graph, name: str) -> None:
    """Take a snapshot."""
    with WriterLock(graph, "test") as lock:
        create_snapshot(graph, lock, name, silent)


def lose(graph: Graph) -> None:
    """Lose a graph with its log, as with its disk."""
    wipe(graph)
    graph.write("MATCH (g:State) REMOVE g.log, g.identity")


def word_of(graph: Graph) -> str:
    """Return a word of which a graph holds evidence of both kinds: of vectors, of next tokens."""
    (row,) = graph.read(
        "MATCH (c:Token)-[:NEXT_EVIDENCE]-() MATCH (c)-[:EMBEDDING_EVIDENCE]-() "
        "RETURN c.text AS w ORDER BY w LIMIT 1"
    )
    return str(row["w"])
