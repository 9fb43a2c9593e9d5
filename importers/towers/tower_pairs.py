"""Tower pairs: models that turn texts and pictures into vectors of one space."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hartonomous.errors import BadInput
from hartonomous.extract.files.untrusted_files import shown
from hartonomous.pictures.picture_files import Pixels

Floats = NDArray[np.float32]

MODEL_FILES = (".json", ".txt", ".model", ".safetensors", ".onnx", ".onnx_data", ".data")
"""File endings of what determines the vectors of a model."""


class TowerPair(Protocol):
    """A loaded model of two towers; `dimensions` is the width that they share."""

    path: Path
    dimensions: int
    parameters: int

    def read_texts(self, texts: Sequence[str]) -> Floats:
        """Return the vectors of texts, (n, dimensions) float32."""
        ...

    def see(self, pictures: Sequence[Pixels]) -> Floats:
        """Return the vectors of pictures, (n, dimensions) float32."""
        ...


def model_files(path: Path) -> list[Path]:
    """Return the files of a model's folder that determine its vectors, sorted."""
    return sorted(
        file
        for file in path.rglob("*")
        if file.is_file() and file.suffix.lower() in MODEL_FILES and not file.name.startswith(".")
    )


def unit_vectors(path: Path, vectors: Floats, names: Sequence[str]) -> Floats:
    """Return vectors (n, d) of length one; raises BadInput, naming the first, if one is not finite
    or has no direction.
    """
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1)
    bad = np.flatnonzero(~np.isfinite(lengths) | (lengths == 0))
    if len(bad):
        raise BadInput(
            f"{path}: the vector of {shown(names[int(bad[0])])} is not finite or is zero; the model "
            "is damaged, or did not train."
        )
    return np.asarray(vectors / lengths[:, None], dtype=np.float32)


def refuse_widths(path: Path, text: int, vision: int) -> None:
    """Raise BadInput for towers whose vectors cannot be compared."""
    if text != vision:
        raise BadInput(
            f"{path}: the text tower gives vectors of {text} numbers and the vision tower of {vision}; "
            "they are not two towers of one model. Give both towers of the same export."
        )
