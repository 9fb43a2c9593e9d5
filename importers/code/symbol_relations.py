"""Relations of symbols as evidence: what contains, imports, inherits from and calls what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hartonomous.counted_rows import counted_rows, margins
from hartonomous.extract.checkpoints import FinishedWork
from hartonomous.extract.importer_protocol import PairTrack, ReadyPairs
from hartonomous.extract.place_list import MORE_PLACES, PlaceList
from hartonomous.extract.search.nearest_neighbours import NeighbourOptions
from hartonomous.extract.vocabulary import Vocabulary, sorted_vocabulary
from hartonomous.held_places import file_place
from hartonomous.progress import Progress
from hartonomous.schema import MICRO, SYMBOL, TrackConstants, evidence_type
from importers.code.call_resolution import Resolution, resolve_calls
from importers.code.code_base import CodeBase
from importers.code.trait_evidence import TraitEvidence

CONTAINS, IMPORTS = "CONTAINS_EVIDENCE", "IMPORTS_EVIDENCE"
INHERITS, CALLS = "INHERITS_EVIDENCE", "CALLS_EVIDENCE"

Ints = NDArray[np.int64]
Rows = Sequence[tuple[int, ...]]


@dataclass(frozen=True)
class SymbolRelations:
    """The symbols of a code base as a vocabulary, where they are, and their relations as tracks.

    `row` (symbols,) int64 is the composition of each symbol of `base.symbols`, and behind them of
    each symbol outside. `unresolved` counts the calls that were not resolved, by reason.
    """

    vocabulary: Vocabulary
    row: Ints
    places: pa.Table
    tracks: tuple[PairTrack, ...]
    unresolved: Counter[str]
    sites: int


def symbol_relations(
    base: CodeBase, under: str | None = None, resolution: Resolution | None = None
) -> SymbolRelations:
    """Return the relations of all symbols of a code base; `under` a licence, those that files under it
    state.
    """
    found = resolve_calls(base) if resolution is None else resolution
    stating = {number for number, file in enumerate(base.files) if under in (None, file.licence)}
    symbols = base.symbols
    texts = [*symbols.texts, *found.externals]
    excluded = Counter(base.excluded)
    if symbols.left_out:
        excluded["symbols too long"] += symbols.left_out
    places = PlaceList()
    for number in sorted(stating):
        file = base.files[number]
        first = file.facts.scope_column("first_line").tolist()
        for symbol, line in zip(symbols.of[number].tolist(), first, strict=True):
            place = file_place(file.name, f":{line}")
            if symbol >= 0 and place is not None:
                places.add(symbol, place)
    if places.left_out:
        excluded[MORE_PLACES] += places.left_out
    unresolved = Counter(reason for site, reason in found.unresolved if site.file in stating)
    for reason, count in unresolved.items():
        excluded[f"calls of {reason}"] += count
    traits = TraitEvidence(base, stating)
    kinds = [*[SYMBOL] * len(texts), *traits.kinds]
    for composition, place in traits.places:
        places.add(len(texts) + composition, place)
    vocabulary, row = sorted_vocabulary([*texts, *traits.texts], kinds, excluded)
    of_type: dict[str, Rows] = {
        CONTAINS: _contained(base),
        IMPORTS: found.imported,
        INHERITS: found.inherited,
        CALLS: found.calls,
    }
    kept = {name: [one for one in rows if one[2] in stating] for name, rows in of_type.items()}
    tracks = (
        *(_track(name, rows, row) for name, rows in kept.items() if rows),
        *traits.tracks(row[: len(texts)], row[len(texts) :]),
    )
    return SymbolRelations(vocabulary, row, places.table(row), tracks, unresolved, found.sites)


def _contained(base: CodeBase) -> Rows:
    """Return each definition with what it is in, and each module with its package."""
    symbols = base.symbols
    rows: list[tuple[int, ...]] = []
    for number, file in enumerate(base.files):
        own = symbols.of[number].tolist()
        for at, scope in enumerate(file.facts.scopes.tolist()):
            parent = own[scope[0]] if scope[0] >= 0 else _package(base, own[0])
            if parent >= 0 and own[at] >= 0 and parent != own[at]:
                rows.append((parent, own[at], number, scope[4] if scope[0] >= 0 else 0))
    return rows


def _package(base: CodeBase, module: int) -> int:
    text = base.symbols.texts[module] if module >= 0 else ""
    for separator in (".", "::", "/"):
        outer, _, last = text.rpartition(separator)
        if outer and last and (found := base.symbols.number.get(outer)) is not None:
            return found
    return -1


def _track(name: str, rows: Rows, row: Ints) -> PairTrack:
    columns = np.array([(one[0], one[1], one[3], one[4] if len(one) > 4 else 0) for one in rows])
    start, end = row[columns[:, 0]], row[columns[:, 1]]
    if not evidence_type(name).loops:
        columns, start, end = (one[start != end] for one in (columns, start, end))
    size = len(row)
    pair, n = np.unique(start * size + end, return_counts=True)
    order = np.argsort(start * size + end, kind="stable")
    bounds = np.cumsum(n) - n
    lines = np.minimum.reduceat(columns[order, 2], bounds) if len(n) else n
    steps = np.bitwise_or.reduceat(columns[order, 3], bounds) if len(n) else n
    counts = {
        "start": pair // size,
        "end": pair % size,
        "n": n.astype(np.int64),
        "weight": n.astype(np.int64) * MICRO,
        "line": lines,
        "steps": steps,
    }

    def observe(
        options: NeighbourOptions, progress: Progress, finished: FinishedWork
    ) -> ReadyPairs:
        evidence = evidence_type(name)
        among, total = margins(evidence, counts["start"], counts["end"], counts["n"])
        table = counted_rows(evidence, counts | among, TrackConstants(1, 0, 0, total))
        return ReadyPairs(table, 0, 1.0, total)

    return PairTrack(name, ("code",), 0, len(pair), observe)
