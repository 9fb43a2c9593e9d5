"""Static embeddings of model2vec: rows shared by tokens, and a weight for each token."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hartonomous.errors import BadInput
from hartonomous.extract.files.safetensors_files import (
    INTEGERS,
    Tensor,
    read_integers,
    read_tensor,
)
from hartonomous.extract.files.untrusted_files import shown

EMBEDDINGS, MAPPING, WEIGHTS = "embeddings", "mapping", "weights"


def read_static(tensors: dict[str, Tensor]) -> NDArray[np.float32]:
    """Return the vector of each token, (tokens, dimensions) float32: its row times its weight.

    Raises BadInput for a mapping to missing rows, and for parts of different lengths.
    """
    stored = tensors[EMBEDDINGS]
    if len(stored.shape) != 2:
        raise BadInput(f"{stored.file}: {shown(EMBEDDINGS)} is not a matrix.")
    # Quantised ones are integers on one scale, which does not affect directions.
    whole = stored.dtype in INTEGERS
    matrix = read_integers(stored).astype(np.float32) if whole else read_tensor(stored)
    if MAPPING in tensors:
        matrix = matrix[_mapping(tensors[MAPPING], len(matrix))]
    if WEIGHTS not in tensors:
        return matrix
    weights = read_tensor(tensors[WEIGHTS])
    if weights.shape != (len(matrix),):
        raise BadInput(
            f"{stored.file}: {shown(WEIGHTS)} has the shape {weights.shape} for {len(matrix)} tokens; "
            "the file is damaged."
        )
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused with its row
        return np.asarray(matrix * weights[:, None], dtype=np.float32)


def _mapping(tensor: Tensor, rows: int) -> NDArray[np.int64]:
    mapping = read_integers(tensor)
    if mapping.ndim != 1 or (len(mapping) and not 0 <= mapping.min() <= mapping.max() < rows):
        raise BadInput(
            f"{tensor.file}: {shown(MAPPING)} refers to missing rows ({rows} exist); the file is "
            "damaged."
        )
    return mapping
