"""Piece odds: the rows of all pieces of a source with their odds against chance, into its bundle."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hartonomous.bundle import ROW_GROUP, BundleWriter, TrackDescription
from hartonomous.counted_rows import Totals, counted_rows
from hartonomous.evidence import columns, number_columns
from hartonomous.extract.observed_pieces import ObservedTracks
from hartonomous.extract.piece_merge import MergedPieces
from hartonomous.schema import EvidenceType, TrackConstants, evidence_type
from hartonomous.split_half import SplitHalf


def write_observed(
    writer: BundleWriter, track: ObservedTracks, evidence: str, merged: MergedPieces, scratch: Path
) -> TrackDescription:
    """Write the rows of all pieces of one type, and return their track.

    They are read twice: what chance is reckoned by follows from all of them. `scratch` is a folder
    for temporary files.
    """
    kind = evidence_type(evidence)
    totals, file = Totals(kind, len(merged)), scratch / f"{evidence}.rows"
    rows = observations = 0
    with pq.ParquetWriter(file, columns(kind)) as spill:
        for table in merged.rows(evidence):
            spill.write_table(table)
            totals.add(number_columns(table))
            rows += table.num_rows
            observations += int(np.sum(table[kind.counted].to_numpy()))
    constants = TrackConstants(len(track.positions), 0, len(merged), totals.total)
    halves = SplitHalf(kind, constants)
    writer.write_evidence(evidence, _with_odds(file, kind, totals, constants, halves))
    return TrackDescription(
        evidence=evidence,
        positions=track.positions,
        k=0,
        vocabulary=len(merged),
        dimensions=track.dimensions,
        trust=halves.trust(),
        absent=0,
        recall=1.0,
        rows=rows,
        observations=observations,
        total=totals.total,
    )


def _with_odds(
    file: Path,
    evidence: EvidenceType,
    totals: Totals,
    constants: TrackConstants,
    halves: SplitHalf,
) -> Iterator[pa.Table]:
    """Yield the rows of a file with their derived columns, counted by `halves`."""
    for batch in pq.ParquetFile(file).iter_batches(batch_size=ROW_GROUP):
        counts = number_columns(batch)
        table = counted_rows(evidence, counts | totals.columns(counts), constants)
        halves.add(number_columns(table))
        yield table
