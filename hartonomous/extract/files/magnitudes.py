"""Magnitudes: rows of extreme length, refused as misread before they move the mean."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hartonomous.errors import BadInput
from hartonomous.extract.files.untrusted_files import shown
from hartonomous.extract.vocabulary import Vocabulary

LONG, TYPICAL = 1e3, 0.9
"""Length, in multiples of a typical row's, the 90th percentile, from which on a row is misread: in
real models the longest row is under fifty times that.
"""

FAR, MIDDLE = 1e6, 0.5
"""The same over the median, for files with many misread rows."""

BLOCK = 1 << 16


def refuse_outlying(where: str, vectors: NDArray[np.float32], vocabulary: Vocabulary) -> None:
    """Raise BadInput if a row is far longer than the others; `vectors` (N, dimensions) float32, row
    i for composition i.
    """
    if not vectors.size:
        return
    lengths = np.empty(len(vectors))
    for first in range(0, len(vectors), BLOCK):
        block = vectors[first : first + BLOCK]
        lengths[first : first + BLOCK] = np.einsum("ij,ij->i", block, block, dtype=np.float64)
    lengths = np.sqrt(lengths)
    # The lower of two rows, so that the longer of two does not set the limit.
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
