"""Word vectors in the formats of GloVe and word2vec: text, or word2vec's binary form."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from hartonomous.errors import BadInput
from hartonomous.extract.embedding_matrix import BEYOND_LIMIT, embedding_model
from hartonomous.extract.files.tokenizer_files import TokenTable
from hartonomous.extract.files.untrusted_files import is_pickle
from hartonomous.extract.importer_options import LIMIT
from hartonomous.extract.importer_protocol import Claim, OpenedModel, OpenOptions
from hartonomous.extract.vocabulary import whole_words
from importers.vectors.binary_vectors import read_binary_vectors
from importers.vectors.text_vectors import (
    FEWEST,
    LONGEST_LINE,
    counts_in,
    numbers_behind,
    read_text_vectors,
)

ENDINGS = (".txt", ".vec", ".w2v", ".glove", ".bin")
BINARY, TEXT = "binary", "text"
SURELY = 8
"""Numbers in two consecutive lines that prose does not have."""


class WordVectors:
    """Opens GloVe text, word2vec text (with its line of counts) and word2vec binary."""

    name = "word-vectors"
    summary = "GloVe or word2vec text (.txt, .vec), word2vec binary (.bin)"

    options = (LIMIT,)

    def recognises(self, path: Path) -> Claim:
        if not path.is_file() or path.suffix.lower() not in ENDINGS or is_pickle(path):
            return Claim.NONE
        return Claim.NONE if _form(path) is None else Claim.POSSIBLE

    def open(self, path: Path, options: OpenOptions) -> OpenedModel:
        form = _form(path)
        if form is None:
            raise BadInput(f"{path} does not begin with a word and its numbers.")
        reader = read_binary_vectors if form == BINARY else read_text_vectors
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite and is refused
            read = reader(path, options.limit)
        table = TokenTable((path,), read.words, whole_words)
        opened = embedding_model(
            self.name, path.name, read.matrix, table, (path,), {}, options.limit
        )
        if not read.beyond:
            return opened
        vocabulary = opened.vocabulary.with_excluded(BEYOND_LIMIT, read.beyond)
        return replace(opened, vocabulary=vocabulary)


def _form(path: Path) -> str | None:
    """Return the form of a file's vectors, by its first lines and not by its name; None for a file
    without vectors.
    """
    with path.open("rb") as file:
        first, second, third = (file.readline(LONGEST_LINE) for _ in range(3))
    if counts_in(first) is None:
        # A title above rows is reported with its line.
        rows = numbers_behind(second) == numbers_behind(third) >= SURELY
        return TEXT if rows or numbers_behind(first) >= FEWEST else None
    if numbers_behind(second) and not _is_binary(second):
        return TEXT
    named = path.suffix.lower() == ".bin"
    return BINARY if named or not second or _is_binary(second) else None


def _is_binary(line: bytes) -> bool:
    """Return whether a line contains bytes that no line of text does."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return any(character < " " and character not in "\t\r\n" for character in text)


IMPORTER = WordVectors()
