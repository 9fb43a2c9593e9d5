"""Word vectors in the formats of GloVe and word2vec: text, or word2vec's binary form."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from hartonomous.errors import BadInput
from hartonomous.extract.embedding_matrix import BEYOND_LIMIT, embedding_model
from hartonomous.extract.files.module_folders import has_weights
from hartonomous.extract.files.tokenizer_files import TokenTable
from hartonomous.extract.files.untrusted_files import inside, is_pickle, shown
from hartonomous.extract.importer_options import LIMIT
from hartonomous.extract.importer_protocol import Claim, OpenedModel, OpenOptions
from hartonomous.extract.vocabulary import whole_words
from importers.vectors.binary_vectors import read_binary_vectors
from importers.vectors.matrix_folder import MOST_FILES
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
    summary = "GloVe or word2vec text (.txt, .vec), word2vec binary (.bin), or a folder with one"

    options = (LIMIT,)

    def recognises(self, path: Path) -> Claim:
        if path.is_dir():
            return Claim.POSSIBLE if len(vectors_in(path)) == 1 else Claim.NONE
        return Claim.POSSIBLE if _holds_vectors(path) else Claim.NONE

    def open(self, path: Path, options: OpenOptions) -> OpenedModel:
        path = _only_vectors(path) if path.is_dir() else path
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


def vectors_in(folder: Path) -> list[Path]:
    """Return the files of word vectors in a folder; none where it is a model's, or holds models."""
    files = sorted(folder.iterdir())[:MOST_FILES]
    if any(has_weights(place) for place in (folder, *files) if place.is_dir()):
        return []
    return [file for file in files if _holds_vectors(file)]


def _holds_vectors(file: Path) -> bool:
    if not file.is_file() or file.suffix.lower() not in ENDINGS or is_pickle(file):
        return False
    return _form(file) is not None


def _only_vectors(folder: Path) -> Path:
    """Return the file of word vectors in a folder, such as GloVe's beside its vocab.txt.

    Raises BadInput for none, for several, and for a link out of the folder.
    """
    found = vectors_in(folder)
    if len(found) != 1:
        names = ", ".join(shown(file.name) for file in found[:8])
        raise BadInput(
            f"{folder} holds {len(found) or 'no'} files of word vectors"
            f"{f' ({names})' if names else ''}; give the path of one."
        )
    return inside(folder, found[0].name)


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
