"""An embedding matrix and the tokens of its rows, as an opened model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hartonomous.bundle import OpenedFile
from hartonomous.errors import BadInput
from hartonomous.extract.importing import OpenedModel, VectorTrack
from hartonomous.extract.tokenizers import TokenTable
from hartonomous.extract.untrusted import shown
from hartonomous.extract.vocabulary import Vocabulary, build_vocabulary
from hartonomous.identity import file_digest

Floats = NDArray[np.float32]

MOST_PADDING = 1_024
PADDING_SHARE = 0.05
"""Rows beyond the tokenizer that are taken for padding: so many, or so large a share if more."""


def embedding_model(
    importer: str,
    where: str,
    matrix: Floats,
    table: TokenTable,
    files: tuple[Path, ...],
    options: Mapping[str, object],
    limit: int | None,
) -> OpenedModel:
    """Return an opened model that offers one embedding matrix, its first `limit` rows.

    `matrix` is (rows, dimensions), row i for entry i of the table; `options` and the importer's name
    tell what else than the files determines the result.
    Raises BadInput when they do not belong together, and for a row that is kept and not finite.
    """
    spare = _spare_rows(where, len(matrix), table)
    entries = table.entries[:limit]
    kept = matrix[: len(entries)]
    zero = frozenset(np.flatnonzero(~kept.any(axis=1)).tolist())
    vocabulary = build_vocabulary(entries, table.convention, table.set_aside, table.literal, zero)
    if spare and limit is None:
        vocabulary = vocabulary.with_excluded("padding", spare)
    vectors = _finite_rows(where, kept, vocabulary)
    track = VectorTrack(
        "EMBEDDING_EVIDENCE", ("input embedding",), vectors.shape[1], lambda position: vectors
    )
    described = {**options, "importer": importer, "limit": limit}
    opened = tuple(opened_file(path) for path in files)
    return OpenedModel(importer, opened, matrix.size, vocabulary, (track,), described)


def opened_file(path: Path) -> OpenedFile:
    """Return a file that was opened, with its digest."""
    return OpenedFile(path.name, file_digest(path), path.stat().st_size)


def _spare_rows(where: str, rows: int, table: TokenTable) -> int:
    """Return how many rows stand for no token.

    Many models pad their matrix to a multiple of 64 or 128 for speed, or reserve rows (Phi-2: 51,200
    for 50,295 tokens); so spare rows are counted, while missing ones, or spare ones beyond any habit,
    say that the tokenizer is another model's.
    """
    spare = rows - len(table.entries)
    if not 0 <= spare <= max(MOST_PADDING, PADDING_SHARE * rows):
        raise BadInput(
            f"{where} has {rows} rows but {table.files[0].name} has {len(table.entries)} tokens; "
            "they belong to different models. Name another matrix with --tensor, or give the right "
            "words with --vocabulary."
        )
    return spare


def _finite_rows(where: str, matrix: Floats, vocabulary: Vocabulary) -> Floats:
    """Return the rows that are compositions; raises BadInput where one is not finite."""
    chosen = np.ascontiguousarray(matrix[vocabulary.rows], dtype=np.float32)
    bad = np.flatnonzero(~np.isfinite(chosen).all(axis=1))
    if len(bad):
        first = bad[np.argmin(vocabulary.rows[bad])]
        text = vocabulary.compositions["text"][int(first)].as_py()
        others = f", nor are {len(bad) - 1} others" if len(bad) > 1 else ""
        raise BadInput(
            f"{where}: row {vocabulary.rows[first]} ({shown(text)}) is not finite{others}; "
            "the file is damaged or the model did not train."
        )
    return chosen
