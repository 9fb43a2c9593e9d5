"""Documents: what counting the words of docstrings finds, and what it costs beside DuckDB.

Lift is how much more often two words are in one sentence of documents that were not observed than their
frequencies there explain; it is the mean over words of that of the first ten related ones.
"""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import sparse

from benchmarks.docstrings import write_docstrings
from benchmarks.measuring import Figure, peak_megabytes
from hartonomous.extract.extraction import ExtractOptions, extract
from hartonomous.operations.observation import request_observation
from importers.documents.sentence_sequence import find_documents, read_documents
from importers.documents.stop_words import stop_words
from importers.documents.word_cooccurrence import WINDOW, WordCooccurrence
from tests.building import silent

OBSERVED_BYTES = 12_000_000
LARGE = 100_000_000
"""Bytes of text whose observation is timed."""

FIRST = 10
ASKED = 300
"""Words asked about: the most frequent ones that are in both halves."""

OFTEN = 30
"""Sentences of the held-out half that a word is in at least to count; of fewer, lift is noise."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="hartonomous-documents-") as place:
        folder = Path(place)
        return [*_lifts(folder), *_cost(folder)]


def _lifts(folder: Path) -> list[Figure]:
    files = write_docstrings(folder / "docs", OBSERVED_BYTES)
    order = np.random.default_rng(0).permutation(len(files))
    for half, part in enumerate(np.array_split(order, 2)):
        (folder / f"half-{half}").mkdir()
        for at in part:
            (folder / f"half-{half}" / files[at].name).hardlink_to(files[at])
    words, columns = _observed(folder / "half-0", folder / "bundle")
    unseen = _Unseen(folder / "half-1", words)
    asked = unseen.most_frequent(ASKED)
    n, support = columns["n"], columns["support"]
    start_n, end_n = columns["start_n"], columns["end_n"]
    together = n / n.sum()
    chance = start_n * end_n / (start_n.sum() + end_n.sum()) ** 2.0
    mutual = np.log(together / chance) / -np.log(together)
    ways = {"consensus": support, "raw counts": n, "nPMI": mutual}
    lift = {
        name: unseen.lift(asked, columns["start"], columns["end"], score)
        for name, score in ways.items()
    }
    told = {name: f"{np.mean(one):.1f}" for name, one in lift.items()}
    best = np.mean(lift["consensus"])
    above = best > max(np.mean(lift["raw counts"]), np.mean(lift["nPMI"]))
    draws = np.random.default_rng(1).integers(len(asked), size=(2_000, len(asked)))
    low, high = np.quantile(lift["consensus"][draws].mean(axis=1), [0.025, 0.975])
    return [
        Figure(f"lift of the first {FIRST} of {len(asked)} words in the held-out half, by consensus",
               f"{best:.1f} ({low:.1f} to {high:.1f})", "chance 1", "at least 8", bool(best >= 8)),
        Figure("beside other rankings of the same pairs", told["consensus"],
               f"raw counts {told['raw counts']}, nPMI {told['nPMI']}", "above both", bool(above)),
    ]  # fmt: skip


def _observed(folder: Path, place: Path) -> tuple[list[str], dict[str, Any]]:
    """Return the words of observed documents, and the columns of their pairs."""
    bundle = extract(request_observation(folder).opened, ExtractOptions(), place, silent)
    (track,) = bundle.tracks
    rows = pa.Table.from_batches(bundle.evidence(track, 1 << 16))
    columns = {name: rows[name].to_numpy().astype(np.int64) for name in rows.schema.names}
    return bundle.compositions()["text"].to_pylist(), columns


class _Unseen:
    """Which words are in which sentences of documents that were not observed."""

    def __init__(self, folder: Path, words: list[str]) -> None:
        read = WordCooccurrence(read_documents(folder, find_documents(folder)))
        number = {word: at for at, word in enumerate(words)}
        known = np.array(
            [number.get(word, -1) for word in read.vocabulary.compositions["text"].to_pylist()],
            dtype=np.int64,
        )
        sequences = read.sequences
        word, sentence = known[sequences.words], sequences.sentence
        kept = word >= 0
        shape = (int(sentence.max()) + 1, len(words))
        ones = np.ones(int(kept.sum()), dtype=np.float64)
        inside = sparse.csc_matrix((ones, (sentence[kept], word[kept])), shape=shape)
        inside.data[:] = 1.0
        self._inside, self._sentences = inside, len(np.unique(sentence))
        self._of = np.asarray(inside.sum(axis=0)).ravel()

    def most_frequent(self, many: int) -> Ints:
        return np.argsort(-self._of, kind="stable")[:many]

    def lift(self, asked: Ints, start: Ints, end: Ints, score: Floats) -> Floats:
        """Return the lift of each word asked, (words,), of the first ten by a score that are often enough
        in these documents.
        """
        found = []
        for word in asked:
            rows = np.flatnonzero((start == word) | (end == word))
            other = np.where(start[rows] == word, end[rows], start[rows])
            rows, other = rows[self._of[other] >= OFTEN], other[self._of[other] >= OFTEN]
            first = other[np.argsort(-score[rows], kind="stable")[:FIRST]]
            both = np.asarray(self._inside[:, [word]].T @ self._inside[:, first].tocsc().toarray())
            expected = self._of[word] * self._of[first] / self._sentences
            found.append(float(both.sum() / expected.sum()) if len(first) else 1.0)
        return np.array(found)


def _cost(folder: Path) -> list[Figure]:
    """Return what observing much text takes, beside DuckDB in a process of its own."""
    text = folder / "large"
    _write_large(folder / "docs", text)
    taken, held = _alone(_observe, text, folder / "large-bundle")
    plain, plain_held = _alone(_count_plainly, text)
    ratio = taken / plain
    return [
        Figure(f"observing {LARGE / 1e6:.0f} MB of text", f"{taken:.0f} s, {ratio:.1f} times",
               f"split, counted and joined by DuckDB {plain:.0f} s", "at most 1.5 times", ratio <= 1.5),
        Figure("its memory", f"{held / 1000:.1f} GB", f"DuckDB {plain_held / 1000:.1f} GB",
               "at most 2 GB", held <= 2_000),
    ]  # fmt: skip


def _write_large(docs: Path, folder: Path) -> None:
    """Write LARGE bytes of text: docstrings again and again, with a word of each line another one."""
    folder.mkdir()
    texts = [file.read_text("utf-8") for file in sorted(docs.glob("*.txt"))]
    written = copy = 0
    while written < LARGE:
        for at, text in enumerate(texts):
            marked = text.replace(".\n", f" v{copy}x{at}.\n") if copy else text
            file = folder / f"{copy:03d}-{at:05d}.txt"
            file.write_text(marked, "utf-8")
            written += file.stat().st_size
            if written >= LARGE:
                return
        copy += 1


def _alone(work: Callable[..., None], *given: Path) -> tuple[float, float]:
    """Return the seconds and the megabytes that work takes in a process of its own."""
    context = multiprocessing.get_context("spawn")
    receive, send = context.Pipe(duplex=False)
    process = context.Process(target=_timed, args=(send, work, *given))
    process.start()
    process.join()
    if process.exitcode:
        raise RuntimeError(f"{work.__name__} ended with {process.exitcode}.")
    taken: tuple[float, float] = receive.recv()
    return taken


def _timed(send: Any, work: Callable[..., None], *given: Path) -> None:
    began = time.perf_counter()
    work(*given)
    send.send((time.perf_counter() - began, peak_megabytes()))


def _observe(text: Path, place: Path) -> None:
    extract(request_observation(text).opened, ExtractOptions(), place, silent)


def _count_plainly(text: Path) -> None:
    """Count pairs of words within the window of a line, without any notion of sentence or language."""
    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    connection.execute("SET memory_limit = '1500MB'")
    connection.execute("CREATE TABLE stop (word VARCHAR)")
    connection.executemany("INSERT INTO stop VALUES (?)", [(word,) for word in stop_words()])
    connection.execute(
        "CREATE TABLE said AS "
        "WITH line AS (SELECT DISTINCT unnest(string_split_regex(content, '[.!?]\\s|\\n\\s*\\n')) AS text "
        "FROM read_text(?)), "
        "numbered AS (SELECT row_number() OVER () AS line, text FROM line), "
        "word AS (SELECT line, unnest(regexp_extract_all(lower(text), '[\\p{L}\\p{N}]{2,}')) AS word FROM numbered) "
        "SELECT line, row_number() OVER () AS place, word.word FROM word ANTI JOIN stop USING (word)",
        [str(text / "*.txt")],
    )
    connection.execute(
        "CREATE TABLE number AS SELECT word, row_number() OVER () AS id FROM (SELECT DISTINCT word FROM said)"
    )
    connection.execute(
        "CREATE TABLE coded AS SELECT line, place, id FROM said JOIN number USING (word)"
    )
    columns = connection.execute("SELECT line, id FROM coded ORDER BY place").fetchnumpy()
    line, word = (np.asarray(columns[name], dtype=np.int64) for name in ("line", "id"))
    size = int(word.max()) + 1
    counted: list[tuple[Ints, Ints]] = []
    for distance in range(1, WINDOW + 1):
        same = line[distance:] == line[:-distance]
        low = np.minimum(word[distance:], word[:-distance])[same]
        high = np.maximum(word[distance:], word[:-distance])[same]
        counted.append(np.unique(low * size + high, return_counts=True))
    pairs = np.concatenate([pair for pair, _ in counted])
    _, inverse = np.unique(pairs, return_inverse=True)
    np.bincount(inverse, weights=np.concatenate([n for _, n in counted]))
