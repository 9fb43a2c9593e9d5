"""Word vectors as GloVe and word2vec write them: text, or word2vec's binary form."""

from __future__ import annotations

from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

import numpy as np

from hartonomous.errors import BadInput
from hartonomous.extract.embeddings import Floats, embedding_model
from hartonomous.extract.importing import OpenedModel, OpenOptions, refuse_options, refuse_running
from hartonomous.extract.tokenizers import TokenTable
from hartonomous.extract.untrusted import is_pickle
from hartonomous.extract.vocabulary import whole_words

TEXT = (".txt", ".vec", ".w2v", ".glove")
LONGEST_WORD = 1 << 16
LONGEST_LINE = 1 << 20
MOST_DIMENSIONS = 1 << 16

Words = tuple[list[str | None], Floats]


class WordVectors:
    """Opens GloVe text, word2vec text (with its line of counts) and word2vec binary."""

    name = "word-vectors"
    summary = "GloVe or word2vec text (.txt, .vec), word2vec binary (.bin)"

    def recognises(self, path: Path) -> bool:
        if not path.is_file():
            return False
        if _is_binary(path):
            return not is_pickle(path) and _counts(_first_line(path)) is not None
        return path.suffix.lower() in TEXT and _dimensions(_first_line(path)) is not None

    def open(self, path: Path, options: OpenOptions) -> OpenedModel:
        refuse_options(self.name, options, vocabulary=True, tensor=True)
        refuse_running(self.name, options)
        read = _read_binary if _is_binary(path) else _read_text
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite and is refused
            words, matrix = read(path, options.limit)
        table = TokenTable((path,), words, whole_words)
        return embedding_model(self.name, path.name, matrix, table, (path,), {}, options.limit)


def _is_binary(path: Path) -> bool:
    return path.suffix.lower() == ".bin"


def _first_line(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.readline(LONGEST_LINE)


def _counts(line: bytes) -> tuple[int, int] | None:
    """Return words and dimensions from word2vec's first line, None if it is not one."""
    parts = line.split()
    if len(parts) != 2 or not all(part.isdigit() and len(part) < 12 for part in parts):
        return None
    count, dimensions = int(parts[0]), int(parts[1])
    return (count, dimensions) if 0 < dimensions <= MOST_DIMENSIONS else None


def _dimensions(line: bytes) -> int | None:
    """Return how many numbers end a line of vectors, None if it is not one."""
    if (counts := _counts(line)) is not None:
        return counts[1]
    numbers = 0
    for part in reversed(line.split(b" ")[1:]):
        try:
            float(part)
        except ValueError:
            break
        numbers += 1
    return numbers if numbers >= 2 else None


def _read_text(path: Path, limit: int | None) -> Words:
    first = _first_line(path)
    dimensions = _dimensions(first)
    if dimensions is None:
        raise BadInput(f"{path} does not begin with a word and its numbers.")
    counts = _counts(first)
    words: list[str | None] = []
    rows: list[Floats] = []
    with path.open("rb") as file:
        lines = iter(lambda: file.readline(LONGEST_LINE), b"")
        for number, line in enumerate(islice(lines, 1 if counts else 0, None), 2 if counts else 1):
            word, row = _text_row(path, number, line, dimensions)
            words.append(word)
            rows.append(row)
            if len(words) == limit:
                break
    if counts and limit is None and counts[0] != len(words):
        raise BadInput(f"{path} promises {counts[0]} words and has {len(words)}; it is truncated.")
    return words, np.stack(rows) if rows else np.empty((0, dimensions), dtype=np.float32)


def _text_row(path: Path, number: int, line: bytes, dimensions: int) -> tuple[str, Floats]:
    # From the right: a word may hold spaces, numbers may not.
    parts = line.rstrip(b" \r\n").rsplit(b" ", dimensions)
    try:
        row = np.array(parts[1:], dtype=np.float32)
    except ValueError:
        row = np.empty(0, dtype=np.float32)
    if len(row) != dimensions:
        raise BadInput(
            f"{path}, line {number}: {dimensions} numbers were expected after the word, as in the "
            f"first line, and a line of under {LONGEST_LINE >> 20} MiB; the file is damaged or no "
            "word vectors."
        )
    return parts[0].decode("utf-8", errors="surrogateescape"), row


def _read_binary(path: Path, limit: int | None) -> Words:
    with path.open("rb") as file:
        counts = _counts(file.readline(LONGEST_LINE))
        if counts is None:
            raise BadInput(f"{path} does not begin with word2vec's counts.")
        count, dimensions = counts
        left = path.stat().st_size - file.tell()
        if count * (4 * dimensions + 1) > left:
            raise BadInput(
                f"{path} promises {count} words of {dimensions} numbers but has only {left} bytes; "
                "it is truncated or lies."
            )
        wanted = min(count, limit or count)
        matrix = np.empty((wanted, dimensions), dtype=np.float32)
        words: list[str | None] = []
        for row in range(wanted):
            words.append(_binary_word(path, file, row))
            stored = file.read(4 * dimensions)
            if len(stored) != 4 * dimensions:
                raise BadInput(f"{path} ends within word {row + 1} of {count}; it is truncated.")
            matrix[row] = np.frombuffer(stored, dtype="<f4")
        if wanted == count and file.read(2).strip():
            raise BadInput(f"{path} promises {count} words and goes on after them; it lies.")
    return words, matrix


def _binary_word(path: Path, file: BinaryIO, row: int) -> str:
    letters = bytearray()
    for letter in chain(iter(lambda: file.read(1), b"")):
        if letter == b" ":
            return letters.lstrip(b"\n").decode("utf-8", errors="surrogateescape")
        letters += letter
        if len(letters) > LONGEST_WORD:
            break
    raise BadInput(f"{path}: word {row + 1} does not end; the file is damaged or not word2vec's.")


IMPORTER = WordVectors()
