"""Extraction: a model into a bundle, track by track: neighbours at each position, evidence,
manifest.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hartonomous.atomic_files import sweep
from hartonomous.bundle import (
    Bundle,
    BundleWriter,
    SourceDescription,
    TrackDescription,
    read_bundle,
    waiting_key,
)
from hartonomous.costs import disk_bytes
from hartonomous.counted_rows import track_trust
from hartonomous.errors import BadInput, UsageError
from hartonomous.evidence import columns, number_columns
from hartonomous.extract.aggregation import Aggregator
from hartonomous.extract.checkpoints import FinishedWork
from hartonomous.extract.context_counts import Expectations
from hartonomous.extract.contexts import Placed, context_table, expectation_table, place
from hartonomous.extract.hub_download import download, is_hub_id
from hartonomous.extract.importer_protocol import (
    CountedTrack,
    ListedTrack,
    OpenedModel,
    OpenOptions,
    PairTrack,
    ReadyPairs,
    VectorTrack,
    importer_for,
    open_with,
    refuse_inner_models,
)
from hartonomous.extract.observed_pieces import PieceStore
from hartonomous.extract.piece_merge import MergedPieces
from hartonomous.extract.piece_odds import write_observed
from hartonomous.extract.search.nearest_neighbours import (
    NeighbourOptions,
    Neighbours,
    nearest,
    search_cost,
)
from hartonomous.extract.track_trust import trust
from hartonomous.odds import absent_constant
from hartonomous.progress import Progress
from hartonomous.schema import ORDERS, TrackConstants, evidence_type
from hartonomous.speeds import LOAD, RATE, RUN, SEARCH, Forecast
from hartonomous.speeds import forecast as forecast_seconds
from hartonomous.split_half import SplitHalf

EXTRACTION_VERSION = 4
"""Part of a source's options: raised when the same files and options give other evidence."""

PAIRS_PER_LISTING = 0.66
"""Pairs per directed listing in real models: about a third of the listings are mutual. If several
positions must list a pair, their number squared divides that: of the 77 million observations of
MiniLM's heads, 2.5 million pairs are listed by 5 or more.
"""

TOKENS_ALONE = 3
"""Tokens run for each one alone, including the model's prefix and suffix."""

PAIRS_PER_PLACE = 25
"""Pairs of next tokens stored per token position."""

Note = Callable[[int, int], None]


@dataclass(frozen=True)
class ExtractOptions:
    """Options of the search, and the user's description of the source."""

    neighbours: NeighbourOptions = field(default_factory=NeighbourOptions)
    subject: str | None = None
    licence: str | None = None
    family: str | None = None


def open_model(model: str, options: OpenOptions, importer: str | None = None) -> OpenedModel:
    """Open a path, or a Hub id, with the importer that recognises it.

    Raises NotFound, UsageError for an option that the importer does not have, or BadInput for a path
    that is not a model, is unsafe, or has nothing to compare.
    """
    path = download(model) if is_hub_id(model) else Path(model)
    chosen = importer_for(path, importer, options)
    refuse_inner_models(path, chosen, options)
    opened = open_with(chosen, path, options)
    if len(opened.vocabulary) < 2 and not opened.observed:
        counted = opened.vocabulary.excluded
        reasons = ", ".join(f"{count} {reason}" for reason, count in counted.items()) or "none"
        raise BadInput(
            f"{path} has {len(opened.vocabulary)} compositions; it takes two to be related. "
            f"Left out: {reasons}."
        )
    return opened


def describe_source(model: OpenedModel, options: ExtractOptions) -> SourceDescription:
    """Return the description of the source of this model with these options, before the search."""
    searched = asdict(options.neighbours)
    # The number of threads changes the speed, not the result.
    del searched["threads"]
    return SourceDescription(
        kind=model.kind,
        importer=model.importer,
        files=model.files,
        options={**model.options, **searched, "extraction": EXTRACTION_VERSION},
        parameters=model.parameters,
        excluded=model.vocabulary.excluded,
        merged=model.vocabulary.merged,
        subject=options.subject,
        licence=options.licence,
        family=options.family,
    )


def forecast(model: OpenedModel, options: ExtractOptions) -> dict[str, Any]:
    """Return a forecast of ingesting a model, from its sizes alone: edges, disk, time."""
    n = len(model.vocabulary)
    sizes = [(track, len(track.vocabulary or model.vocabulary)) for track in model.tracks]
    k = options.neighbours.k
    listings = sum(len(track.positions) * size * min(k, size - 1) for track, size in sizes)
    products = sum(len(t.positions) * search_cost(size, t.dimensions) for t, size in sizes)
    pairs = sum(_forecast_pairs(size, min(k, size - 1), track) for track, size in sizes)
    for one in model.listed:
        listed = len(one.positions) * n * min(one.k, n - 1)
        listings += listed
        pairs += listed // one.minimum
        products += len(one.positions) * search_cost(n, one.dimensions)
    run = sum(track.places for track in model.counted)
    pairs += PAIRS_PER_PLACE * run
    pairs += sum(track.expected for track in model.pairs)
    pairs += sum(track.expected for track in model.observed)
    return {
        "compositions": _compositions(model),
        "excluded": model.vocabulary.excluded,
        "merged": model.vocabulary.merged,
        "observations": listings + run,
        "evidence_edges": pairs,
        "disk_bytes": disk_bytes(pairs, pairs),
        **_seconds(model, products, run, pairs).as_facts(),
    }


def _compositions(model: OpenedModel) -> int:
    """Return the number of compositions of the vocabulary, and of tracks that have their own."""
    own = [track.vocabulary for track in model.tracks if track.vocabulary is not None]
    if not own:
        return len(model.vocabulary)
    tables = [one.compositions["key"] for one in (model.vocabulary, *own)]
    return len(pc.unique(pa.chunked_array([chunk for table in tables for chunk in table.chunks])))


def expected_seconds(model: OpenedModel, options: ExtractOptions) -> Forecast:
    """Return the expected seconds of extracting and loading a model on this machine at present."""
    facts = forecast(model, options)
    return Forecast(facts["seconds_least"], facts["seconds_most"], facts["seconds_by_work"])


def _seconds(model: OpenedModel, products: float, places: int, pairs: int) -> Forecast:
    run = places + (TOKENS_ALONE * len(model.vocabulary) if _runs_tokens(model) else 0)
    run += sum(track.tokens for track in model.tracks)
    work = {SEARCH: products, RUN: float(run) * model.parameters, LOAD: pairs, RATE: pairs}
    return forecast_seconds(work)


def _runs_tokens(model: OpenedModel) -> bool:
    """Return whether every token is run through the model once."""
    return any(track.evidence in ("LAYER_EVIDENCE", "HEAD_EVIDENCE") for track in model.tracks)


def _forecast_pairs(n: int, k: int, track: VectorTrack) -> int:
    listings = len(track.positions) * n * k
    return min(round(PAIRS_PER_LISTING * listings / track.minimum**2), n * (n - 1) // 2)


def extract(
    model: OpenedModel,
    options: ExtractOptions,
    output: Path,
    progress: Progress,
    work: Path | None = None,
    executor: Executor | None = None,
) -> Bundle:
    """Search a model's tracks and write the bundle, atomically.

    With a folder `work`, the finished positions and pieces of an interrupted run are reused. An
    `executor` observes pieces, in other processes or on other machines; the bundle is the same.
    """
    _refuse_twice(model)
    finished = FinishedWork(work)
    with BundleWriter(output) as writer, finished.scratch() as scratch:
        found = [track.observe(progress, finished) for track in model.counted]
        contexts = found[0].contexts if found else np.empty((0, ORDERS), dtype=np.int64)
        placed = place(model.vocabulary.compositions, contexts).beside(_own_compositions(model))
        merged, pieces = None, finished
        if model.observed:
            pieces = finished if finished.stores else FinishedWork(scratch / "pieces")
            stores = [PieceStore(track, pieces) for track in model.observed]
            for store in stores:
                store.observe(progress, executor)
            merged = MergedPieces(stores, placed.compositions, scratch)
            placed = _write_merged(writer, model, merged, placed)
        else:
            writer.write_compositions(placed.compositions)
        places = _moved(model.places, placed, ("composition",))
        writer.write_places([places] if merged is None else merged.places(places))
        writing = _Writing(writer, len(model.vocabulary), placed, finished, progress)
        tracks = tuple(
            writing.over(track).compared(track, options.neighbours) for track in model.tracks
        )
        tracks += tuple(writing.listed(track) for track in model.listed)
        tracks += tuple(
            _write_counted(writer, track, one, placed, len(model.vocabulary))
            for track, one in zip(model.counted, found, strict=True)
        )
        # What pieces kept is read by tracks of pairs.
        paired = replace(writing, finished=pieces)
        tracks += tuple(_write_pairs(paired, track, options.neighbours) for track in model.pairs)
        source = describe_source(model, options)
        if merged is not None:
            tracks += tuple(
                write_observed(writer, track, name, merged, scratch)
                for track in model.observed
                for name in track.evidence
            )
            counted = Counter(source.excluded) + merged.excluded
            source = replace(source, excluded=dict(sorted(counted.items())))
        return writer.finish(source, tracks)


def _own_compositions(model: OpenedModel) -> dict[str, pa.Table]:
    """Return the compositions of tracks with a vocabulary of their own, by evidence type."""
    return {
        track.evidence: track.vocabulary.compositions
        for track in model.tracks
        if track.vocabulary is not None
    }


def _refuse_twice(model: OpenedModel) -> None:
    """Raise UsageError for two tracks of one evidence type, or two that read on from contexts."""
    if len(model.counted) > 1:
        named = ", ".join(track.evidence for track in model.counted)
        raise UsageError(
            f"{named}: a bundle holds the contexts of one of these tracks; extract them as two sources."
        )
    met = Counter[str]()
    for single in (model.tracks, model.listed, model.counted, model.pairs):
        met.update(track.evidence for track in single)
    for several in model.observed:
        met.update(several.evidence)
    for name, times in met.items():
        if times > 1:
            raise UsageError(
                f"The importer {model.importer!r} has {times} tracks of {name}; a source has one track "
                "of an evidence type. Let one track observe both, or extract them as two sources."
            )


def _write_merged(
    writer: BundleWriter, model: OpenedModel, merged: MergedPieces, placed: Placed
) -> Placed:
    """Write the compositions of the vocabulary and of all pieces; return the places of the former."""
    if len(merged) < 2:
        raise BadInput(
            f"The importer {model.importer!r} found {len(merged)} compositions; it takes two to be "
            "related."
        )
    writer.stream_compositions(merged.compositions(), merged.own)
    return placed.moved(merged.place(placed.compositions))


def extract_cached(
    model: OpenedModel, options: ExtractOptions, cache: Path, progress: Progress
) -> Bundle:
    """Return the finished bundle of this source below `cache`, extracted if it is not there.

    So an interrupted ingest resumes with the same evidence. A damaged bundle is extracted again.
    """
    cache.mkdir(parents=True, exist_ok=True)
    sweep(cache)
    target = cache / waiting_key(describe_source(model, options))
    if target.is_dir():
        try:
            return read_bundle(target)
        except BadInput:
            shutil.rmtree(target)
    work = target.with_suffix(".positions")
    bundle = extract(model, options, target, progress, work)
    shutil.rmtree(work, ignore_errors=True)
    return bundle


@dataclass(frozen=True)
class _Writing:
    """Tracks of directed listings into a bundle, of `n` words, `placed` among its compositions."""

    writer: BundleWriter
    n: int
    placed: Placed
    finished: FinishedWork
    progress: Progress

    def over(self, track: VectorTrack) -> _Writing:
        """Return the same over the vocabulary of a track."""
        if track.vocabulary is None:
            return self
        return replace(self, n=len(track.vocabulary), placed=self.placed.of(track.evidence))

    def compared(self, track: VectorTrack, options: NeighbourOptions) -> TrackDescription:
        """Write the neighbours at each position; compute the track's trust from its vectors."""
        positions = len(track.positions)
        asked = replace(options, k=min(options.k, self.n - 1))
        if track.restore is not None:
            track.restore(self.finished)

        def search(position: int, note: Note) -> Neighbours:
            self._prepare(track)
            return nearest(track.vectors(position), asked, note)

        described, below = self._write(track, asked.k, search)
        self._prepare(track)
        return replace(
            described,
            trust=trust([partial(track.vectors, place) for place in range(positions)]),
            absent=absent_constant(positions, asked.k, self.n, below),
        )

    def listed(self, track: ListedTrack) -> TrackDescription:
        """Write directed listings; compute the track's trust from halves of its positions."""
        return self._write(track, min(track.k, self.n - 1), track.listing)[0]

    def _prepare(self, track: VectorTrack) -> None:
        if track.prepare is not None:
            track.prepare(self.progress)

    def _write(
        self, track: VectorTrack | ListedTrack, k: int, search: Callable[[int, Note], Neighbours]
    ) -> tuple[TrackDescription, float]:
        """Write a track; return its description, and the mean number of listings of a pair that is
        not stored.
        """
        positions, recall = len(track.positions), 1.0
        kind = evidence_type(track.evidence)
        with Aggregator(kind, self.n, positions, k, track.minimum) as aggregator:
            for position in range(positions):
                found = self._finished(track.evidence, track.positions, position, search)
                recall = min(recall, found.recall)
                aggregator.add(position, found)
            halves = SplitHalf(kind, TrackConstants(positions, k, self.n, 0))
            tables = (_moved(table, self.placed) for table in aggregator.tables())
            self.writer.write_evidence(track.evidence, map(partial(_halved, halves), tables))
            unstored = self.n * (self.n - 1) // 2 - aggregator.rows
            described = TrackDescription(
                evidence=track.evidence,
                positions=track.positions,
                k=k,
                vocabulary=self.n,
                dimensions=track.dimensions,
                trust=0 if kind.silence else halves.trust(),
                absent=0,
                recall=recall,
                rows=aggregator.rows,
                observations=aggregator.observations,
                minimum=track.minimum,
                below=aggregator.below,
            )
            return described, aggregator.observations_below / unstored if unstored else 0.0

    def _finished(
        self,
        evidence: str,
        positions: tuple[str, ...],
        position: int,
        search: Callable[[int, Note], Neighbours],
    ) -> Neighbours:
        """Return one position's neighbours, from an earlier run if it is finished."""
        stage = evidence_type(evidence).stem
        if len(positions) > 1:
            stage += f": {positions[position]}"

        def note(done: int, total: int) -> None:
            self.progress(stage, position * total + done, len(positions) * total)

        if (found := self.finished.neighbours(evidence, position)) is None:
            found = search(position, note)
            self.finished.keep_neighbours(evidence, position, found)
        return found


def _halved(halves: SplitHalf, table: pa.Table) -> pa.Table:
    """Return the table as it is, counted by `halves`."""
    halves.add(number_columns(table))
    return table


def _moved(
    table: pa.Table, placed: Placed, columns: tuple[str, ...] = ("start", "end")
) -> pa.Table:
    """Return rows over the vocabulary as rows over all compositions; the order is unchanged."""
    for place_of, name in enumerate(columns):
        rows = placed.row[table[name].to_numpy()].astype(np.int32)
        table = table.set_column(place_of, table.schema.field(name), pa.array(rows))
    return table


def _write_counted(
    writer: BundleWriter, track: CountedTrack, found: Expectations, placed: Placed, vocabulary: int
) -> TrackDescription:
    table, total = expectation_table(found, placed, vocabulary, track.evidence)
    writer.write_evidence(track.evidence, iter([table]))
    writer.write_contexts(context_table(found, placed, vocabulary))
    return TrackDescription(
        evidence=track.evidence,
        positions=track.positions,
        k=0,
        vocabulary=vocabulary,
        dimensions=0,
        trust=evidence_type(track.evidence).trust or 0,
        absent=0,
        recall=1.0,
        rows=table.num_rows,
        observations=int(found.times.sum()),
        total=total,
    )


def _write_pairs(
    writing: _Writing, track: PairTrack, options: NeighbourOptions
) -> TrackDescription:
    found = _finished_pairs(track, writing.finished)
    if found is None:
        found = track.observe(options, writing.progress, writing.finished)
        said = {"k": str(found.k), "recall": repr(found.recall), "total": str(found.total)}
        kept = found.table.replace_schema_metadata(said)
        writing.finished.write_tables(track.evidence, {_PAIRS: kept})
    writing.writer.write_evidence(track.evidence, iter([_moved(found.table, writing.placed)]))
    evidence = evidence_type(track.evidence)
    constants = TrackConstants(len(track.positions), found.k, writing.n, found.total)
    return TrackDescription(
        evidence=track.evidence,
        positions=track.positions,
        k=found.k,
        vocabulary=writing.n,
        dimensions=track.dimensions,
        trust=track_trust(evidence, found.table, constants),
        absent=0,
        recall=found.recall,
        rows=found.table.num_rows,
        observations=int(np.sum(found.table[evidence.counted].to_numpy())),
        total=found.total,
    )


_PAIRS = "pairs"
"""Name of the stored table of a track of pairs."""


def _finished_pairs(track: PairTrack, finished: FinishedWork) -> ReadyPairs | None:
    """Return the pairs that an earlier run observed, with the columns of `evidence.columns`."""
    table = finished.table(track.evidence, _PAIRS)
    said = {} if table is None else table.schema.metadata or {}
    if table is None or not said.keys() >= {b"k", b"recall", b"total"}:
        return None
    plain = table.cast(columns(evidence_type(track.evidence)))
    return ReadyPairs(plain, int(said[b"k"]), float(said[b"recall"]), int(said[b"total"]))
