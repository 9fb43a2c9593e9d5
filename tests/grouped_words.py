"""Forty words in ten groups of four, and vectors in which each word's group is nearest to it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hartonomous.bundle import Bundle
from hartonomous.extract.extraction import ExtractOptions, extract
from hartonomous.extract.importer_protocol import OpenedModel
from hartonomous.extract.search.nearest_neighbours import NeighbourOptions
from tests.building import silent

GROUPS = """
king queen prince throne
cat dog kitten puppy
bread butter flour bakery
river lake stream pond
red green blue yellow
piano violin flute cello
doctor nurse hospital surgeon
train bus tram station
apple pear plum cherry
copper iron zinc tin
"""

GROUP_OF = {word: number for number, line in enumerate(GROUPS.split("\n")) for word in line.split()}
WORDS = sorted(GROUP_OF, key=lambda word: (len(word), word))
"""The words in an order that has nothing to do with their groups."""

ALL_PAIRS = len(WORDS) * 3
"""Directed listings within the groups: each word has three others in its own."""


def grouped_matrix(words: list[str] = WORDS, columns: int = 16) -> np.ndarray:
    """Return a vector for each word, float32; what is no word of a group gets one of its own."""
    rng = np.random.default_rng(11)
    centres = rng.normal(size=(max(GROUP_OF.values()) + 1, columns))
    rows = [
        centres[GROUP_OF[word]] + 0.15 * rng.normal(size=columns)
        if word in GROUP_OF
        else rng.normal(size=columns)
        for word in words
    ]
    return np.array(rows, dtype=np.float32)


def within_groups(model: OpenedModel, output: Path) -> int:
    """Return how many of the listings at k = 5 are within a group: all of ALL_PAIRS if it was read
    right."""
    bundle = extract(model, ExtractOptions(NeighbourOptions(k=5)), output, silent)
    return listings_within(bundle)


def listings_within(bundle: Bundle) -> int:
    """Return how many directed listings of a bundle are within a group."""
    texts = bundle.compositions()["text"].to_pylist()
    group = np.array([GROUP_OF.get(text.removeprefix("##"), -1) for text in texts])
    within = 0
    for track in bundle.tracks:
        for batch in bundle.evidence(track, 1 << 16):
            start, end = group[batch["start"].to_numpy()], group[batch["end"].to_numpy()]
            same = (start == end) & (start >= 0)
            within += int(batch["directed"].to_numpy()[same].sum())
    return within
