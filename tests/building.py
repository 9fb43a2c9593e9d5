"""Small models and bundles for tests, and the graph emptied between them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hartonomous.bundle import Bundle
from hartonomous.extract.extracting import ExtractOptions, extract, open_model
from hartonomous.extract.importing import OpenOptions
from hartonomous.extract.neighbours import NeighbourOptions
from hartonomous.ingesting import load_bundle, prepare
from hartonomous.store.exporting import export_lines
from hartonomous.store.graph import Graph

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
        "MATCH (n) WHERE NOT n:Migration WITH n LIMIT 50000 DELETE n RETURN count(*) AS gone"
    )[0]["gone"]:
        pass
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


def bundle_of(path: Path, output: Path, k: int = 5) -> Bundle:
    """Return the bundle of a model's files."""
    options = ExtractOptions(NeighbourOptions(k=k))
    return extract(open_model(str(path), OpenOptions()), options, output, silent)


def put_in(graph: Graph, bundle: Bundle, name: str, replace: bool = False) -> None:
    """Load a bundle under a name."""
    load_bundle(graph, bundle, name, silent, replace)


def exported(graph: Graph) -> list[str]:
    """Return the lines of the canonical export."""
    return list(export_lines(graph, silent))
