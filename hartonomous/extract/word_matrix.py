"""Word matrix: vectors of words from a model's matrix, as the mean of pieces if a word has no
entry.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hartonomous.extract.importer_protocol import OpenedModel
from hartonomous.extract.search.nearest_neighbours import centred
from hartonomous.schema import CONTINUATION, PIECE, TOKEN


class WordVectors:
    """Looks words up in a model's first track, centred; a word without an entry is the mean of its
    longest pieces from the left, or unknown where only `whole` words are wanted.
    """

    def __init__(self, model: OpenedModel, whole: bool = False) -> None:
        self._whole = whole
        self._vectors = centred(model.tracks[0].vectors(0))
        table = model.vocabulary.compositions
        kinds, texts = table["kind"].to_pylist(), table["text"].to_pylist()
        self._row = {entry: row for row, entry in enumerate(zip(kinds, texts, strict=True))}

    def __call__(self, words: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return vectors (n, d) float32, zero for unknown words, and the mask (n,) bool of known
        ones.
        """
        vectors = np.zeros((len(words), self._vectors.shape[1]), dtype=np.float32)
        known = np.zeros(len(words), dtype=bool)
        for place, word in enumerate(words):
            rows = self._spelt(word) or self._spelt(word.lower())
            if rows:
                vectors[place], known[place] = self._vectors[rows].mean(axis=0), True
        return vectors, known

    def _spelt(self, word: str) -> list[int]:
        if self._whole:
            return [self._row[TOKEN, word]] if (TOKEN, word) in self._row else []
        rows: list[int] = []
        first = 0
        while first < len(word):
            for end in range(len(word), first, -1):
                part = word[first:end]
                entry = (PIECE, CONTINUATION + part) if first else (TOKEN, part)
                if entry in self._row:
                    rows.append(self._row[entry])
                    first = end
                    break
            else:
                return []
        return rows
