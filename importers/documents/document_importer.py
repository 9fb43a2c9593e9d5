"""Document importer: documents, and files of questions with answers, by a sentence encoder.

Evidence of sentences near each other, of sentences and their content words, and of questions and
their answers.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pyarrow as pa
from numpy.typing import NDArray

from hartonomous.bundle import OpenedFile
from hartonomous.counted_rows import counted_rows, margins
from hartonomous.errors import BadInput, UsageError
from hartonomous.extract.checkpoints import FinishedWork
from hartonomous.extract.files.module_folders import has_weights, weights_folder
from hartonomous.extract.files.untrusted_files import is_pickle
from hartonomous.extract.importer_options import DEVICE, LIMIT, PATH, SWITCH, ImporterOption
from hartonomous.extract.importer_protocol import (
    Claim,
    OpenedModel,
    OpenOptions,
    PairTrack,
    ReadyPairs,
)
from hartonomous.extract.search.nearest_neighbours import NeighbourOptions, nearest
from hartonomous.extract.search.paired_products import paired_products
from hartonomous.extract.vocabulary import sorted_vocabulary
from hartonomous.opened_files import kept_files, opened_file
from hartonomous.progress import Progress
from hartonomous.schema import MICRO, SENTENCE, TOKEN, TrackConstants, evidence_type
from importers.documents.content_words import ContentWords
from importers.documents.sentence_sequence import (
    KINDS,
    LONGEST,
    FoundFiles,
    Reading,
    file_stamp,
    find_documents,
    read_documents,
    refuse_bytes,
)
from importers.documents.word_cooccurrence import COUNT_VERSION, WordCooccurrence
from importers.transformers.sentence_encoders import AT_ONCE, SentenceEncoder, open_encoder
from importers.vectors.word_vectors import IMPORTER as WORD_VECTORS

SENTENCES, ANSWERS = "SENTENCE_EVIDENCE", "ANSWER_EVIDENCE"

READING_VERSION = 4
"""Part of a source's options: raised when the same documents give other sentences, words or
places."""

MOST_NEAR = 10
"""Most near sentences per sentence; fewer if fewer neighbours are requested."""

MEMORY_SHARE = 0.6
"""Share of the free memory that the vectors of all sentences and their search may take."""

SAMPLED = 2_000
"""Sentences sampled to test whether the encoder knows their script."""

MOST_UNKNOWN = 0.1
"""Share of characters without a token from which a warning is shown."""

MODEL_FILES = (".safetensors", ".gguf", ".npy", ".npz", ".bin")

LONGEST_LINE = 1 << 16
_NUMBER = re.compile(rb"[-+]?\d[\d.]*(?:[eE][-+]?\d+)?|-?nan|-?inf")

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
PairsOf = Callable[[NeighbourOptions, Progress, FinishedWork], ReadyPairs]

ENCODED = 4 * AT_ONCE
"""Texts whose vectors are stored together; whole batches of the encoder, so that a vector does not
depend on where an interrupted run stopped.
"""


ENCODER = ImporterOption(
    "encoder",
    "Folder of the sentence encoder, for documents.",
    PATH,
    unfit=lambda value: "it is for documents",
)

EXCLUDE = ImporterOption(
    "exclude",
    "Files or folders of documents to skip, such as '*.json'; repeatable.",
    repeated=True,
    metavar="PATTERN",
    unfit=lambda value: "it is for folders of documents",
)


COUNT = ImporterOption(
    "count",
    "Count which words of documents stand near each other; needs no encoder.",
    SWITCH,
    default=False,
    unfit=lambda value: "it is for documents",
)


class Documents:
    """Opens a document, a file of questions, or a folder of both."""

    name = "documents"
    kind = "corpus"
    options = (ENCODER, COUNT, EXCLUDE, LIMIT, DEVICE)
    summary = (
        "text, Markdown, HTML, PDF; questions in JSON, JSONL, CSV; a folder of them (--encoder)"
    )

    def recognises(self, path: Path) -> Claim:
        # A model's folder may contain texts.
        return Claim.LAST if _may_be_documents(path) else Claim.NONE

    def claims(self, path: Path, options: OpenOptions) -> Claim:
        """With an encoder, documents are meant: what holds any, before all that is in it, and what no
        other importer reads.
        """
        if options.encoder is None and not options.count:
            return self.recognises(path)
        if self.holds_documents(path):
            return Claim.ASKED
        return Claim.NONE if is_pickle(path) else Claim.LAST

    def holds_documents(self, path: Path) -> bool:
        """Return whether a file is a document although it may begin like word vectors, or a folder
        contains documents although it contains other files.
        """
        if path.is_file():
            return path.suffix.lower() in KINDS and not _holds_vectors(path)
        if not path.is_dir() or has_weights(weights_folder(path)):
            return False
        return bool(find_documents(path).documents)

    def open(self, path: Path, options: OpenOptions) -> OpenedModel:
        if options.encoder is None and not options.count:
            raise BadInput(
                f"{path} is not a model that any importer reads. If it is documents, name a "
                "sentence encoder, --encoder FOLDER, or count their words: 'hartonomous observe'."
            )
        if options.encoder is not None and options.count:
            raise UsageError("--count needs no encoder; leave --encoder out, or ingest twice.")
        found = find_documents(path, options.exclude)
        if not found.documents:
            raise BadInput(
                f"{path} holds no document ({', '.join(KINDS)}).{_left_out(found.others)}"
            )
        refuse_bytes(path, found.documents)
        if options.count:
            return self._counted(path, found, options.limit)
        encoder = open_encoder(options.encoder, options.device)
        reading = read_documents(path, found, options.limit, encoder.reach)
        if not reading.sentences:
            raise BadInput(f"{path} holds no sentence.{_left_out(reading.excluded)}")
        _refuse_size(path, len(reading.sentences), encoder.dimensions)
        opened = _opened_files(path, reading)
        evidence = SentenceEvidence(reading, encoder, options.encoder)
        described: dict[str, object] = {
            "importer": self.name,
            "limit": options.limit,
            "encoder": encoder.digest,
            "reading": READING_VERSION,
        }
        return OpenedModel(
            self.name, opened, 0, evidence.vocabulary, (), described,
            kind=self.kind, pairs=evidence.tracks(), unread=tuple(reading.unread),
            remarks=tuple(_remarks(reading, encoder)), places=evidence.places,
        )  # fmt: skip

    def _counted(self, path: Path, found: FoundFiles, limit: int | None) -> OpenedModel:
        """Open documents whose words are counted."""
        reading = read_documents(path, found, limit)
        words = WordCooccurrence(reading)
        if not words.words:
            raise BadInput(f"{path} holds no word.{_left_out(reading.excluded)}")
        described: dict[str, object] = {
            "importer": self.name,
            "limit": limit,
            "count": COUNT_VERSION,
            "reading": READING_VERSION,
        }
        return OpenedModel(
            self.name, _opened_files(path, reading), 0, words.vocabulary, (), described,
            kind=self.kind, pairs=(words.track(),), unread=tuple(reading.unread),
            places=words.places,
        )  # fmt: skip


def _opened_files(path: Path, reading: Reading) -> Sequence[OpenedFile]:
    home = path if path.is_dir() else path.parent
    return kept_files(_unchanged(file, opened_file(file, home), reading) for file in reading.files)


def _unchanged(file: Path, opened: OpenedFile, reading: Reading) -> OpenedFile:
    """Return an opened file; raises BadInput if it is another one than what was read."""
    if reading.stamps[file] != file_stamp(file):
        raise BadInput(
            f"{file} changed while it was read; repeat the command when nothing writes to it, or leave "
            "it out with --exclude."
        )
    return opened


def _may_be_documents(path: Path) -> bool:
    if path.is_file():
        return path.suffix.lower() in KINDS and not WORD_VECTORS.recognises(path)
    if not path.is_dir() or (path / "config.json").is_file() or (path / "manifest.json").is_file():
        return False
    inside = [file for file in path.iterdir() if file.is_file()]
    if any(file.suffix.lower() in MODEL_FILES or is_pickle(file) for file in inside):
        return False
    return bool(find_documents(path).documents)


def _holds_vectors(path: Path) -> bool:
    """Return whether a text is word vectors: a line of prose can end in numbers, two hardly do."""
    if not WORD_VECTORS.recognises(path):
        return False
    with path.open("rb") as file:
        file.readline(LONGEST_LINE)
        second = file.readline(LONGEST_LINE).split()
    return not second or all(_NUMBER.fullmatch(part) for part in second[-2:])


def _remarks(reading: Reading, encoder: SentenceEncoder) -> Iterator[str]:
    """Yield remarks on a reading: parts that were neither left out nor read as written."""
    if reading.cut:
        yield (
            f"{reading.cut:,} sentences longer than {LONGEST:,} characters, or than the encoder "
            "reads, were cut"
        )
    sentences = list(reading.sentences)
    unknown = encoder.unknown_share(sentences[:: -(-len(sentences) // SAMPLED)])
    if unknown > MOST_UNKNOWN:
        yield (
            f"the encoder has no token for {unknown:.0%} of this text, so its vectors carry "
            "little information; use one for this language"
        )


def _left_out(excluded: Counter[str]) -> str:
    counted = ", ".join(f"{count:,} {reason}" for reason, count in sorted(excluded.items()))
    return f" Left out: {counted}." if counted else ""


def _refuse_size(path: Path, sentences: int, dimensions: int) -> None:
    # The vectors, a normalised copy for the search, and the words' besides.
    needed = 3 * 4 * sentences * dimensions
    free = psutil.virtual_memory().available
    if needed > MEMORY_SHARE * free:
        raise BadInput(
            f"{path} has {sentences:,} sentences, whose vectors take {needed / 1000000000.0:.1f} "
            f"GB, and {free / 1000000000.0:.1f} GB of memory are free; ingest it in parts, or "
            "with --limit."
        )


class SentenceEvidence:
    """The sentences and words of a reading as compositions, and the evidence over them.

    The encoder runs once, when the first track is observed.
    """

    def __init__(self, reading: Reading, encoder: SentenceEncoder, path: Path) -> None:
        sentences = list(reading.sentences)
        words: dict[str, int] = {}
        pairs: list[tuple[int, int]] = []
        content = ContentWords(path, encoder)
        self._encoder, self._answers = encoder, reading.answers
        for place, found in enumerate(content.of(sentences)):
            pairs += [(place, words.setdefault(word, len(words))) for word in found]
        self._sentences, self._words = sentences, list(words)
        self._inside = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        self._vectors: tuple[Floats, Floats] | None = None
        kinds = [SENTENCE] * len(sentences) + [TOKEN] * len(words)
        self.vocabulary, self._row = sorted_vocabulary(
            [*sentences, *words], kinds, reading.excluded, reading.merged
        )
        self.places = reading.places.table(self._row)

    def tracks(self) -> tuple[PairTrack, ...]:
        """Return the track of sentences, and that of answers if a question has one."""
        near = len(self._sentences) * MOST_NEAR + len(self._inside)
        kinds: list[tuple[str, str, int, PairsOf]] = [
            (SENTENCES, "nearest sentences and content words", near, self._near)
        ]
        if self._answers:
            kinds.append((ANSWERS, "questions and answers", len(self._answers), self._answered))
        return tuple(
            PairTrack(evidence, (what,), self._encoder.dimensions, expected, observe)
            for evidence, what, expected, observe in kinds
        )

    def _encoded(self, progress: Progress, finished: FinishedWork) -> tuple[Floats, Floats]:
        """Return the vectors of sentences and words; finished parts are stored."""
        if self._vectors is None:
            texts = self._sentences + self._words
            vectors = np.empty((len(texts), self._encoder.dimensions), dtype=np.float32)
            for first in range(0, len(texts), ENCODED):
                part = slice(first, first + ENCODED)
                vectors[part] = self._part(texts[part], f"encoding-{first:08d}", finished)
                progress("encoding", min(first + ENCODED, len(texts)), len(texts))
            self._vectors = vectors[: len(self._sentences)], vectors[len(self._sentences) :]
        return self._vectors

    def _part(self, texts: list[str], name: str, finished: FinishedWork) -> Floats:
        kept = finished.read(name)
        if kept is not None and kept.keys() == {"vectors"} and len(kept["vectors"]) == len(texts):
            return kept["vectors"]
        vectors = self._encoder.encode(texts)
        finished.write(name, {"vectors": vectors})
        return vectors

    def _near(
        self, options: NeighbourOptions, progress: Progress, finished: FinishedWork
    ) -> ReadyPairs:
        """Return sentences near each other, and sentences with their words, by cosine."""
        sentences, words = self._encoded(progress, finished)
        # An encoder is trained for direct comparison of cosines; nothing is subtracted.
        asked = replace(options, k=min(options.k, MOST_NEAR), centre=False)
        found = nearest(sentences, asked, lambda done, total: progress("sentences", done, total))
        start = np.repeat(np.arange(len(sentences)), found.indices.shape[1])
        near = np.stack([start, found.indices.ravel().astype(np.int64)], axis=1)
        near = near[near[:, 1] >= 0]
        weight = _cosines(sentences, sentences, near)
        near, weight = near[weight > 0], weight[weight > 0]
        inside = self._inside + np.array([0, len(sentences)])
        pairs = self._row[np.concatenate([near, inside])]
        weights = np.concatenate([weight, _cosines(sentences, words, self._inside)])
        pairs.sort(axis=1)
        pairs, first = np.unique(pairs, axis=0, return_index=True)
        table, total = _table(SENTENCES, pairs, np.ones(len(pairs), np.int64), weights[first])
        return ReadyPairs(table, asked.k, found.recall, total)

    def _answered(
        self, options: NeighbourOptions, progress: Progress, finished: FinishedWork
    ) -> ReadyPairs:
        """Return questions with their answers: the number of occurrences, weighted by the cosine of
        each.
        """
        sentences, _ = self._encoded(progress, finished)
        places = np.array(list(self._answers), dtype=np.int64)
        times = np.fromiter(self._answers.values(), dtype=np.int64)
        pairs = self._row[places]
        weights = times * _cosines(sentences, sentences, places)
        table, total = _table(ANSWERS, pairs, times, weights)
        return ReadyPairs(table, 0, 1.0, total)


def _cosines(first: Floats, second: Floats, pairs: Ints) -> Ints:
    """Return the cosine of each pair of rows of length one, in micro-units, within [0, 1]."""
    found = paired_products(first, second, *pairs.T)
    return np.rint(MICRO * np.clip(found, 0.0, 1.0)).astype(np.int64)


def _table(name: str, pairs: Ints, n: Ints, weight: Ints) -> tuple[pa.Table, int]:
    """Return the rows of pairs (rows, 2), and the observations in all; by chance, any two meet."""
    evidence, (start, end) = evidence_type(name), pairs.T
    among, total = margins(evidence, start, end, n)
    counts = {"start": start, "end": end, "n": n, "weight": weight, **among}
    return counted_rows(evidence, counts, TrackConstants(1, 0, 0, total)), total


IMPORTER = Documents()
