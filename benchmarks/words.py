"""MiniLM over given words and phrases beside its forward pass alone, and what their vectors know."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measuring import Figure, peak_megabytes, seconds
from hartonomous.evaluate.word_similarity import correlate, gensim_pairs
from hartonomous.extract.extraction import open_model
from hartonomous.extract.given_words import read_given_words
from hartonomous.extract.importer_protocol import OpenOptions
from hartonomous.extract.search.nearest_neighbours import centred, normalised
from importers.transformers.pooled_words import PooledWords
from importers.transformers.text_towers import ModuleTower
from tests import models
from tests.building import silent

THREADS = 2
WORDS, PAIRS = 10_000, 5_000
"""Commonest words, and phrases of two of them each: half as many texts again, of other lengths."""

MOST = 1.15


def run() -> list[Figure]:
    import_module("torch").set_num_threads(THREADS)
    with tempfile.TemporaryDirectory(prefix="hartonomous-bench-") as folder:
        return [_speed(Path(folder)), *_known(Path(folder))]


def _speed(folder: Path) -> Figure:
    words = read_given_words(Path(f"en:{WORDS}")).texts
    draw = np.random.default_rng(7).integers(WORDS // 2, size=(PAIRS, 2))
    phrases = [f"{words[first]} {words[second]}" for first, second in draw.tolist()]
    given = read_given_words(_listed(folder / "speed.txt", [*words, *phrases]))
    tower = ModuleTower(models.MINILM, "cpu")
    clock = _Clock()
    # The library calls it past the hooks of PyTorch.
    tower.transformer.forward = clock.timed(tower.transformer.forward)
    before = peak_megabytes()

    def whole() -> None:
        track = PooledWords(tower, given, None, False).track()
        assert track.prepare is not None
        track.prepare(silent)

    total = seconds(whole)
    return Figure(
        f"{len(given.texts):,} words and phrases: read, run, pooled, written",
        f"{total:.0f} s, {peak_megabytes() - before:.0f} MB more memory",
        f"forward pass alone, same run, {clock.seconds:.0f} s: {total / clock.seconds:.3f} times as "
        "long",
        f"at most {MOST} times",
        total <= MOST * clock.seconds,
    )


class _Clock:
    """Adds up the time that calls of a function take."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def call(*given: Any, **named: Any) -> Any:
            began = time.perf_counter()
            try:
                return function(*given, **named)
            finally:
                self.seconds += time.perf_counter() - began

        return call


def _known(folder: Path) -> list[Figure]:
    """Return the correlation with people's scores of the vectors, and of those of the input matrix."""
    gold = gensim_pairs()
    words = list(dict.fromkeys(word for pairs in gold for both in pairs.words for word in both))
    given = _listed(folder / "gold.txt", words)
    options = OpenOptions(words=given, tracks=frozenset({"embedding", "words"}))
    model = open_model(str(models.MINILM), options)
    matrix, track = model.tracks
    assert track.prepare is not None and track.vocabulary is not None
    track.prepare(silent)
    own = _cosines(track.vocabulary.compositions["text"].to_pylist(), track.vectors(0))
    input_matrix = _cosines(model.vocabulary.compositions["text"].to_pylist(), matrix.vectors(0))
    return [
        Figure(
            f"{pairs.name}: cosine of the words' vectors, centred",
            f"{correlate(pairs, own(pairs.words)):.3f} over {np.isfinite(own(pairs.words)).sum()} pairs",
            f"input matrix {correlate(pairs, input_matrix(pairs.words)):.3f} over "
            f"{np.isfinite(input_matrix(pairs.words)).sum()}",
            "every pair",
            bool(np.isfinite(own(pairs.words)).all()),
        )
        for pairs in gold
    ]


def _cosines(texts: list[str], vectors: np.ndarray) -> Any:
    """Return a function from pairs of words to their cosines, nan where one is not known."""
    unit = normalised(centred(vectors))
    row = {text: place for place, text in enumerate(texts)}

    def cosines(pairs: tuple[tuple[str, str], ...]) -> np.ndarray:
        ends = np.array([[row.get(word, -1) for word in pair] for pair in pairs]).T
        found = np.einsum("ij,ij->i", unit[ends[0]], unit[ends[1]]).astype(np.float64)
        return np.where((ends >= 0).all(axis=0), found, np.nan)

    return cosines


def _listed(file: Path, words: list[str]) -> Path:
    file.write_text("".join(f"{word}\n" for word in words), "utf-8")
    return file
