"""One streamed pass over a bundle: its rows verified, and what loading needs to know of them.

Evidence is read a batch at a time, so a bundle larger than memory can be verified and loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hartonomous.bounded_parquet import open_parquet
from hartonomous.bundle import FORMAT, Bundle, TrackDescription
from hartonomous.errors import BadInput
from hartonomous.evidence import (
    allowed_ends,
    check,
    check_contexts,
    check_keys,
    check_own_properties,
    number_columns,
)
from hartonomous.held_places import LastPlace, check_places
from hartonomous.row_odds import Columns, wrong_support
from hartonomous.schema import EvidenceType, evidence_type
from hartonomous.split_half import SplitHalf

TRUST_ROUNDING = 1
"""Thousandths by which sums of logarithms may differ between two machines."""

ROWS = 1 << 17
"""Rows of evidence in memory at once."""


@dataclass(frozen=True)
class BundleScan:
    """What one pass over a bundle of N compositions found.

    `compositions` and `contexts` are its tables. `used` (N,) bool marks compositions that evidence or
    contexts refer to; a place keeps none. `directions` holds, for each evidence type whose silence speaks, how many directed
    listings each composition takes part in, (N,) float64.
    """

    compositions: pa.Table
    contexts: pa.Table
    used: NDArray[np.bool_]
    directions: Mapping[str, NDArray[np.float64]]


def scan(bundle: Bundle, verify: bool = True) -> BundleScan:
    """Read a bundle once.

    With `verify`, raise BadInput unless every row is valid for its type.
    """
    compositions, contexts = bundle.compositions(), bundle.contexts()
    if verify:
        _verify_tables(bundle, compositions, contexts)
        _verify_places(bundle, compositions.num_rows)
    kinds = np.array(compositions["kind"].to_pylist(), dtype=object)
    used = np.zeros(len(kinds), dtype=bool)
    directions: dict[str, NDArray[np.float64]] = {}
    for track in bundle.tracks:
        if verify:
            _verify_track(bundle, track)
        evidence = evidence_type(track.evidence)
        if evidence.silence:
            directions[evidence.name] = np.zeros(len(kinds))
        allowed, last, row = allowed_ends(evidence, kinds), -1, 0
        halves = SplitHalf(evidence, track.constants)
        for batch in bundle.evidence(track, ROWS):
            if verify:
                last = check(batch, evidence, allowed, last, row)
                columns = number_columns(batch)
                _verify_odds(bundle, columns, track, row)
                halves.add(columns)
            row += batch.num_rows
            _count(batch, evidence, used, directions)
        if verify:
            _verify_trust(bundle, track, halves)
    for column in ("composition", "prefix", "suffix", "token"):
        rows = contexts[column].to_numpy()
        used[rows[rows >= 0]] = True
    return BundleScan(compositions, contexts, used, directions)


def _count(
    batch: pa.RecordBatch,
    evidence: EvidenceType,
    used: NDArray[np.bool_],
    directions: Mapping[str, NDArray[np.float64]],
) -> None:
    for end in ("start", "end"):
        rows = batch[end].to_numpy()
        used[rows] = True
        if evidence.silence:
            directed = batch["directed"].to_numpy()
            directions[evidence.name][:] += np.bincount(rows, weights=directed, minlength=len(used))


def _verify_tables(bundle: Bundle, compositions: pa.Table, contexts: pa.Table) -> None:
    keys = compositions["key"].to_pylist()
    if any(low >= high for low, high in pairwise(keys)):
        raise BadInput(f"{bundle.path}: compositions are not sorted by key; extract it again.")
    check_keys(compositions)
    check_own_properties(compositions)
    check_contexts(contexts, len(keys))


def _verify_places(bundle: Bundle, compositions: int) -> None:
    last = LastPlace()
    for batch in bundle.places(ROWS):
        last = check_places(batch, compositions, last)


def _verify_track(bundle: Bundle, track: TrackDescription) -> None:
    if not evidence_type(track.evidence).silence and track.absent:
        raise BadInput(
            f"{bundle.path}: the silence of {track.evidence} says nothing, but the track claims the "
            f"constant {track.absent}; extract it again."
        )
    found = open_parquet(bundle.path / track.file).metadata.num_rows
    if found != track.rows:
        raise BadInput(f"{bundle.path}: {track.file} has {found} rows, not {track.rows}.")


def _verify_odds(bundle: Bundle, columns: Columns, track: TrackDescription, first: int) -> None:
    """Raise BadInput unless each pair's support follows from its counts."""
    evidence = evidence_type(track.evidence)
    if _states_no_odds(bundle, evidence):
        wrong = np.logical_or.reduce([columns[name] != 0 for name in evidence.later])
    else:
        wrong = wrong_support(evidence, columns, track.constants)
    if wrong.any():
        raise BadInput(
            f"{bundle.path}: row {first + int(np.argmax(wrong))} of {track.file} has a support that "
            "its counts do not give; it was changed. Extract the bundle again."
        )


def _verify_trust(bundle: Bundle, track: TrackDescription, halves: SplitHalf) -> None:
    """Raise BadInput unless the trust of a counted track is stated by its type, or measured."""
    evidence = evidence_type(track.evidence)
    if evidence.silence:
        return
    meant = 0 if _states_no_odds(bundle, evidence) else halves.trust()
    if abs(track.trust - meant) > TRUST_ROUNDING:
        raise BadInput(
            f"{bundle.path}: {track.evidence} claims the trust {track.trust}, its rows give {meant}; "
            "it was changed. Extract the bundle again."
        )


def _states_no_odds(bundle: Bundle, evidence: EvidenceType) -> bool:
    return bundle.format < FORMAT and bool(evidence.later)
