"""Words that MiniLM, GloVe and WordLlama all know, and their vectors in each, read once a run."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from hartonomous.extract.extraction import open_model
from hartonomous.extract.importer_protocol import OpenOptions
from tests import models

GLOVE_WORDS = 20_000
Vectors = dict[str, np.ndarray]


@cache
def real_words(size: int) -> tuple[list[str], Vectors]:
    """Return `size` words of which all three models have a vector, and the vectors by model."""
    found = {
        "minilm": _opened(models.MINILM, OpenOptions()),
        "glove": _opened(models.GLOVE, OpenOptions(models.GLOVE_WORDS, None, GLOVE_WORDS)),
        "wordllama": _opened(models.WORDLLAMA, OpenOptions(models.WORDLLAMA_TOKENIZER)),
    }
    rows = {
        name: {text: row for row, text in enumerate(texts)} for name, (texts, _) in found.items()
    }
    shared = set.intersection(*map(set, rows.values()))
    words = sorted(text for text in shared if text.isalpha())[:size]
    assert len(words) == size
    return words, {
        name: vectors[[rows[name][word] for word in words]] for name, (_, vectors) in found.items()
    }


def _opened(path: Path, options: OpenOptions) -> tuple[list[str], np.ndarray]:
    model = open_model(str(path), options)
    return model.vocabulary.compositions["text"].to_pylist(), model.tracks[0].vectors(0)
