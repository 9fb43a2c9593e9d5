"""Bundles of counted pairs of made-up words, as many as wanted, and the same with few other rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hartonomous import schema
from hartonomous.bundle import (
    Bundle,
    BundleWriter,
    OpenedFile,
    SourceDescription,
    TrackDescription,
)
from hartonomous.counted_rows import counted_rows, margins
from hartonomous.identity import composition_key, content_digest

Ints = NDArray[np.int64]


def made_pairs(words: int, rows: int, rng: np.random.Generator) -> Ints:
    """Return about so many different pairs among so many words, (n, 2) places, low to high."""
    pairs = np.unique(np.sort(rng.integers(0, words, (rows, 2)), axis=1), axis=0)
    return np.asarray(pairs[pairs[:, 0] < pairs[:, 1]])


def paired_bundle(folder: Path, evidence_name: str, words: int, pairs: Ints, n: Ints) -> Bundle:
    """Return a bundle of pairs of words, (rows, 2) places by key, observed n times each, (rows,).

    The type is a counted one that is rated both ways: SENTENCE_EVIDENCE or JUDGEMENT_EVIDENCE.
    """
    evidence = schema.evidence_type(evidence_name)
    start, end = pairs[:, 0], pairs[:, 1]
    among, total = margins(evidence, start, end, n)
    counts = {"start": start, "end": end, "n": n, "weight": n * schema.MICRO, "against": 0 * n}
    known = {column.name for column in evidence.columns}
    counts = {k: v for k, v in (counts | among).items() if k in known | {"start", "end"}}
    total = total if "start_n" in known else 0
    table = counted_rows(evidence, counts, schema.TrackConstants(0, 0, words, total))
    track = TrackDescription(
        evidence.name,
        (),
        0,
        words,
        0,
        evidence.trust or 0,
        0,
        1.0,
        len(n),
        int(n.sum()),
        total=total,
    )
    keys = sorted(
        (composition_key("Token", word), word) for word in map("word{}".format, range(words))
    )
    said = {"pairs": content_digest("test", {"pairs": pairs.tolist(), "n": n.tolist()})}
    source = SourceDescription("person", "test", (OpenedFile("pairs", said["pairs"], 1),), {}, 0)
    with BundleWriter(folder) as writer:
        texts = {"key": [key for key, _ in keys], "text": [word for _, word in keys]}
        writer.write_compositions(pa.table({**texts, "kind": ["Token"] * len(keys)}))
        writer.write_evidence(evidence.name, iter([table]))
        return writer.finish(source, (track,))
