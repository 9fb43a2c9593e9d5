"""Embedding matrix: an opened model with one matrix and the tokens of its rows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hartonomous.errors import BadInput
from hartonomous.extract.files.magnitudes import refuse_outlying
from hartonomous.extract.files.spare_rows import refuse_unexplained
from hartonomous.extract.files.tokenizer_files import TokenTable
from hartonomous.extract.files.untrusted_files import shown
from hartonomous.extract.importer_protocol import OpenedModel, VectorTrack
from hartonomous.extract.vocabulary import Vocabulary, build_vocabulary
from hartonomous.opened_files import opened_file

Floats = NDArray[np.float32]

BEYOND_LIMIT = "beyond the limit"
"""Reason of exclusion for entries beyond the user's limit."""


def embedding_model(
    importer: str,
    where: str,
    matrix: Floats,
    table: TokenTable,
    files: tuple[Path, ...],
    options: Mapping[str, object],
    limit: int | None,
) -> OpenedModel:
    """Return an opened model with one embedding matrix, its first `limit` rows.

    `matrix` is (rows, dimensions) float32, row i for entry i of the table, whose files are added to
    `files`; `options` and the importer's name determine the result together with the files. Raises
    BadInput if matrix and table do not match, and for a composition's row that is not finite, or
    far longer than the others.
    """
    refuse_unexplained(where, matrix, table)
    entries = table.entries[:limit]
    kept = matrix[: len(entries)]
    with np.errstate(invalid="ignore"):  # what is not finite is refused below, if it is kept
        zero = frozenset(np.flatnonzero(~kept.any(axis=1)).tolist())
    vocabulary = build_vocabulary(entries, table.convention, table.set_aside, table.literal, zero)
    if left := len(matrix) - len(entries):
        cut = len(entries) < len(table.entries)
        vocabulary = vocabulary.with_excluded(BEYOND_LIMIT if cut else "padding", left)
    vectors = _finite_rows(where, kept, vocabulary)
    refuse_outlying(where, vectors, vocabulary)
    track = VectorTrack(
        "EMBEDDING_EVIDENCE", ("input embedding",), vectors.shape[1], lambda position: vectors
    )
    described = {**options, "importer": importer, "limit": limit}
    opened = tuple(opened_file(path) for path in dict.fromkeys((*files, *table.files)))
    return OpenedModel(importer, opened, matrix.size, vocabulary, (track,), described)


def _finite_rows(where: str, matrix: Floats, vocabulary: Vocabulary) -> Floats:
    """Return the rows of compositions; raises BadInput if one is not finite."""
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
