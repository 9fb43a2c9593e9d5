"""A model into a bundle: for each track and position, neighbours; then evidence; then the manifest."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from hartonomous.bundle import (
    Bundle,
    BundleWriter,
    SourceDescription,
    TrackDescription,
    read_bundle,
)
from hartonomous.errors import BadInput
from hartonomous.extract.aggregating import Aggregator
from hartonomous.extract.downloading import download, is_hub_id
from hartonomous.extract.importing import OpenedModel, OpenOptions, VectorTrack, importer_for
from hartonomous.extract.neighbours import NeighbourOptions, nearest
from hartonomous.extract.supporting import absent_constant, trust
from hartonomous.identity import content_digest
from hartonomous.schema import evidence_type

EXTRACTION_VERSION = 1
"""Part of a source's options: raised when the same files and options give other evidence."""

BYTES_PER_EVIDENCE = 160
BYTES_PER_RATING = 160
LOADED_PER_SECOND = 60_000
RATED_PER_SECOND = 50_000
MULTIPLIED_PER_SECOND = 5e10
"""What `inspect` forecasts with: bytes of the store and rates of two cores, from `make bench`."""

PAIRS_PER_LISTING = 0.66
"""Pairs per directed listing in real models: about a third of the listings are mutual."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class ExtractOptions:
    """How a model is searched, and what a person says of it."""

    neighbours: NeighbourOptions = field(default_factory=NeighbourOptions)
    subject: str | None = None
    licence: str | None = None
    family: str | None = None


def open_model(model: str, options: OpenOptions, importer: str | None = None) -> OpenedModel:
    """Open what lies at a path, or under a Hub id, with the importer that recognises it.

    Raises NotFound, or BadInput for what is not a model, is unsafe, or holds nothing to compare.
    """
    path = download(model) if is_hub_id(model) else Path(model)
    opened = importer_for(path, importer).open(path, options)
    if len(opened.vocabulary) < 2:
        counted = opened.vocabulary.excluded
        reasons = ", ".join(f"{count} {reason}" for reason, count in counted.items()) or "none"
        raise BadInput(
            f"{path} has {len(opened.vocabulary)} compositions; it takes two to be related. "
            f"Left out: {reasons}."
        )
    return opened


def describe_source(model: OpenedModel, options: ExtractOptions) -> SourceDescription:
    """Return what the source of this model with these options is, before anything is searched."""
    searched = asdict(options.neighbours)
    # Threads change how fast the answer comes, not which.
    del searched["threads"]
    return SourceDescription(
        kind="model",
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
    """Return what taking a model in would bring, from its sizes alone: edges, disk, time."""
    n = len(model.vocabulary)
    k = min(options.neighbours.k, n - 1)
    listings = sum(len(track.positions) * n * k for track in model.tracks)
    products = sum(len(t.positions) * n * n * (t.dimensions + 16) for t in model.tracks)
    pairs = min(round(PAIRS_PER_LISTING * listings), n * (n - 1) // 2 * len(model.tracks))
    return {
        "compositions": n,
        "excluded": model.vocabulary.excluded,
        "merged": model.vocabulary.merged,
        "observations": listings,
        "evidence_edges": pairs,
        "disk_bytes": pairs * (BYTES_PER_EVIDENCE + BYTES_PER_RATING),
        "seconds": round(
            products / MULTIPLIED_PER_SECOND + pairs / LOADED_PER_SECOND + pairs / RATED_PER_SECOND,
            1,
        ),
    }


def extract(
    model: OpenedModel, options: ExtractOptions, output: Path, progress: Progress
) -> Bundle:
    """Search a model's tracks and write the bundle; the folder appears whole or not at all."""
    with BundleWriter(output) as writer:
        writer.write_compositions(model.vocabulary.compositions)
        tracks = tuple(_write_track(writer, model, t, options, progress) for t in model.tracks)
        return writer.finish(describe_source(model, options), tracks)


def extract_cached(
    model: OpenedModel, options: ExtractOptions, cache: Path, progress: Progress
) -> Bundle:
    """Return the finished bundle of this source below `cache`, made if it is not there.

    So an interrupted ingest goes on with the very same evidence. A damaged bundle is made anew.
    """
    source = describe_source(model, options)
    described = {"source": source.digest, "subject": source.subject}
    described |= {"licence": source.licence, "family": source.family}
    target = cache / content_digest("cached bundle", described)[:32]
    if target.is_dir():
        try:
            return read_bundle(target)
        except BadInput:
            shutil.rmtree(target)
    cache.mkdir(parents=True, exist_ok=True)
    return extract(model, options, target, progress)


def _write_track(
    writer: BundleWriter,
    model: OpenedModel,
    track: VectorTrack,
    options: ExtractOptions,
    progress: Progress,
) -> TrackDescription:
    n = len(model.vocabulary)
    asked = options.neighbours
    k = min(asked.k, n - 1)
    recall = 1.0
    with Aggregator(evidence_type(track.evidence), n, len(track.positions), k) as aggregator:
        for position in range(len(track.positions)):
            name = "neighbours" if len(track.positions) == 1 else track.positions[position]
            found = nearest(
                track.vectors(position),
                replace(asked, k=k),
                lambda done, total, name=name: progress(name, done, total),  # type: ignore[misc]
            )
            recall = min(recall, found.recall)
            aggregator.add(position, found)
        writer.write_evidence(track.evidence, aggregator.tables())
        return TrackDescription(
            evidence=track.evidence,
            positions=track.positions,
            k=k,
            vocabulary=n,
            dimensions=track.dimensions,
            trust=trust(track.vectors(position) for position in range(len(track.positions))),
            absent=absent_constant(len(track.positions), k, n),
            recall=recall,
            rows=aggregator.rows,
            observations=aggregator.observations,
        )
