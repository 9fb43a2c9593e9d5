"""Sound rows of counted evidence, whatever the null model of their type."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hartonomous.bundle import TrackDescription
from hartonomous.counted_rows import margins, track_trust
from hartonomous.evidence import columns
from hartonomous.odds import absent_constant
from hartonomous.row_odds import support
from hartonomous.schema import MICRO, EvidenceType, TrackConstants

Ints = NDArray[np.int64]

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
        "converse": converse,
        "converse_half": rng.integers(0, converse + 1),
        "alike": rng.integers(2, VOCABULARY, len(n)),
        "against": rng.integers(0, 3, len(n)),
        **among,
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
