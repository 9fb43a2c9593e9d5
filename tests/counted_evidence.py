"""Sound rows of counted evidence, whatever the null model of their type."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hartonomous.bundle import (
    Bundle,
    BundleWriter,
    OpenedFile,
    SourceDescription,
    TrackDescription,
)
from hartonomous.counted_rows import counted_rows, margins, track_trust
from hartonomous.evidence import COMPOSITIONS, columns
from hartonomous.identity import composition_key, content_digest
from hartonomous.odds import absent_constant
from hartonomous.row_odds import support
from hartonomous.schema import MICRO, EvidenceType, TrackConstants, evidence_type

Ints = NDArray[np.int64]

SEEN_TOGETHER = "COOCCURRENCE_EVIDENCE"
JUDGED = "JUDGEMENT_EVIDENCE"

POSITIONS, K, VOCABULARY = 3, 4, 40
"""Constants of the tracks."""


def counted_table(
    evidence: EvidenceType, start: Ints, end: Ints, n: Ints, rng: np.random.Generator
) -> tuple[pa.Table, TrackConstants]:
    """Return rows with sound counts, and the constants of their track."""
    among, total = margins(evidence, start, end, n)
    constants = TrackConstants(POSITIONS, K, VOCABULARY, 3 * total)
    converse = rng.integers(0, 4, len(n))
    values: dict[str, Any] = {
        "start": start,
        "end": end,
        "n": n,
        "weight": rng.integers(0, n * MICRO + 1),
        "half": rng.integers(0, n + 1),
        "forward": n,
        "backward": rng.integers(0, n + 1),
        "start_choices": np.full(len(n), VOCABULARY),
        "end_choices": np.full(len(n), 2 * VOCABULARY),
        "alike": rng.integers(2, VOCABULARY, len(n)),
        "against": rng.integers(0, 3, len(n)),
        **among,
        "converse": converse,
        "converse_half": rng.integers(0, converse + 1),
    }
    if evidence.opposes:
        values["weight"] = n * MICRO
    for column in evidence.columns:
        if column.name not in values and column.name != "support":
            single = rng.integers(1, 100, (len(n), 2))
            numbers = single / 4 if column.arrow == "double" else single
            values[column.name] = numbers if column.listed else numbers[:, 0]
    values["support"] = support(evidence, values, constants)
    order, layout = np.lexsort((end, start)), columns(evidence)
    arrays = [pa.array(values[field.name][order].tolist(), field.type) for field in layout]
    return pa.Table.from_arrays(arrays, schema=layout), constants


def track_of(
    evidence: EvidenceType, table: pa.Table, constants: TrackConstants
) -> TrackDescription:
    """Return the description of a track with these rows."""
    voting = evidence.silence
    return TrackDescription(
        evidence=evidence.name,
        positions=tuple(f"place {number}" for number in range(POSITIONS)),
        k=K,
        vocabulary=VOCABULARY,
        dimensions=8,
        trust=500 if voting else track_trust(evidence, table, constants),
        absent=absent_constant(POSITIONS, K, VOCABULARY) if voting else 0,
        recall=1.0,
        rows=table.num_rows,
        observations=int(np.sum(table[evidence.counted].to_numpy())),
        total=int(constants.total),
    )


def seen_together(
    rng: np.random.Generator, words: int, contexts: int, real: bool
) -> tuple[pa.Table, TrackConstants]:
    """Return co-occurrences of words in contexts: of one topic each, or drawn by chance."""
    topics = rng.permutation(words).reshape(-1, 10)
    counts: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0])
    for context in range(contexts):
        pool = topics[rng.integers(len(topics))] if real else np.arange(words)
        chosen = np.sort(rng.choice(pool, 4, replace=False))
        for place, low in enumerate(chosen.tolist()):
            for high in chosen[place + 1 :].tolist():
                counts[low, high][0] += 1
                counts[low, high][1] += context % 2
    pairs = np.array(list(counts), dtype=np.int64)
    n, half = np.array(list(counts.values()), dtype=np.int64).T
    columns = {"start": pairs[:, 0], "end": pairs[:, 1], "n": n, "weight": n * MICRO, "half": half}
    kind = evidence_type(SEEN_TOGETHER)
    among, total = margins(kind, pairs[:, 0], pairs[:, 1], n)
    constants = TrackConstants(1, 0, words, total)
    return counted_rows(kind, columns | among, constants), constants


def counted_source(
    output: Path,
    evidence: EvidenceType,
    table: pa.Table,
    constants: TrackConstants,
    words: Sequence[str],
    kind: str = "Token",
) -> Bundle:
    """Return the bundle of a source that only counted; its rows mean the words in order of keys."""
    keys = sorted((composition_key(kind, word), word) for word in words)
    file = OpenedFile("text", content_digest("test", {"name": output.name}), 1)
    with BundleWriter(output) as writer:
        names = [list(column) for column in zip(*keys, strict=True)]
        writer.write_compositions(pa.table([*names, [kind] * len(keys)], schema=COMPOSITIONS))
        writer.write_evidence(evidence.name, iter([table]))
        track = TrackDescription(
            evidence.name,
            tuple(f"place {number}" for number in range(int(constants.positions))),
            constants.k,
            constants.vocabulary,
            0,
            track_trust(evidence, table, constants),
            0,
            1.0,
            table.num_rows,
            int(table[evidence.counted].to_numpy().sum()),
            total=int(constants.total),
        )
        return writer.finish(
            SourceDescription("corpus", "test", (file,), {"name": output.name}, 0), (track,)
        )


def judgements(
    folder: Path, bundle: Bundle, judged: dict[tuple[int, int], tuple[int, int]], name: str
) -> Bundle:
    """Return a person's bundle: pairs of a bundle's compositions, accepted and rejected so often."""
    kind = evidence_type(JUDGED)
    pairs = np.array(list(judged), dtype=np.int64)
    n, against = np.array(list(judged.values()), dtype=np.int64).T
    counts = {"start": pairs[:, 0], "end": pairs[:, 1], "n": n, "weight": n * MICRO}
    table = counted_rows(kind, {**counts, "against": against}, TrackConstants(0, 0, 0, 0))
    track = TrackDescription(JUDGED, (), 0, 0, 0, 1000, 0, 1.0, len(n), int(n.sum()))
    with BundleWriter(folder / name) as writer:
        writer.write_compositions(bundle.compositions())
        writer.write_evidence(JUDGED, iter([table]))
        return writer.finish(
            replace(bundle.source, kind="person", options={"name": name}), (track,)
        )
