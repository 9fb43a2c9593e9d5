"""Magnitudes: rows so long that they were misread, found before they move the mean of all."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hartonomous.errors import BadInput
from hartonomous.extract.files.untrusted_files import shown
from hartonomous.extract.vocabulary import Vocabulary

LONG, TYPICAL = 1e3, 0.9
"""Times the length of a typical row, the 90th percentile, from which on one is no vector of a model:
in real ones the longest row is under fifty times that."""

FAR, MIDDLE = 1e6, 0.5
"""The same over the median, for files of which many rows are misread."""

BLOCK = 1 << 16


def refuse_outlying(where: str, vectors: NDArray[np.float32], vocabulary: Vocabulary) -> None:
    """Raise BadInput where a row is far longer than the others; row i is composition i's."""
    if not vectors.size:
        return
    lengths = np.empty(len(vectors))
    for first in range(0, len(vectors), BLOCK):
        block = vectors[first : first + BLOCK]
        lengths[first : first + BLOCK] = np.einsum("ij,ij->i", block, block, dtype=np.float64)
    lengths = np.sqrt(lengths)
    # The lower of two rows, so that of two the longer does not vouch for itself.
    typical, middle = np.quantile(lengths, (TYPICAL, MIDDLE), method="lower")
    long = np.flatnonzero(lengths > min(LONG * typical, FAR * middle))
    if not len(long):
        return
    first = long[np.argmin(vocabulary.rows[long])]
    text = vocabulary.compositions["text"][int(first)].as_py()
    others = f", and so are {len(long) - 1} others" if len(long) > 1 else ""
    raise BadInput(
        f"{where}: row {vocabulary.rows[first]} ({shown(text)}) is {lengths[first]:.3g} long where the "
        f"others are {middle:.3g}{others}; it was misread, or the file is damaged."
    )
