"""All heads of MiniLM beside faiss, and its forward pass beside plain transformers."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import faiss
import numpy as np

from benchmarks.measuring import Figure, seconds
from hartonomous.extract.extraction import open_model
from hartonomous.extract.importer_protocol import OpenedModel, OpenOptions
from hartonomous.extract.search.nearest_neighbours import (
    NeighbourOptions,
    centred,
    nearest,
    normalised,
)
from importers.transformers.hidden_states import BATCH
from importers.transformers.transformer_weights import load_transformer
from tests import models
from tests.building import silent

THREADS = 2
K = 50
TRACKS = frozenset({"layers", "heads"})


def run() -> list[Figure]:
    import_module("torch").set_num_threads(THREADS)
    model = open_model(str(models.MINILM), OpenOptions(tracks=TRACKS))
    return [_forward(model), *_heads(model)]


def _forward(model: OpenedModel) -> Figure:
    plain = seconds(lambda: _plain_pass(model))
    prepare = model.tracks[0].prepare
    assert prepare is not None
    ours = seconds(lambda: prepare(silent))
    return Figure(
        f"forward pass of {len(model.vocabulary):,} tokens, layers and heads kept",
        f"{ours:.1f} s",
        f"plain transformers, same batches {plain:.1f} s: {ours / plain:.2f} times as long",
        "at most 1.3 times",
        ours <= 1.3 * plain,
    )


def _plain_pass(model: OpenedModel) -> None:
    """Run every token in its frame, keep what `output_hidden_states` gives."""
    torch: Any = import_module("torch")
    transformer = load_transformer(models.MINILM, "cpu")
    rows = model.vocabulary.rows
    with torch.inference_mode():
        for first in range(0, len(rows), BATCH):
            part = rows[first : first + BATCH]
            frame = [np.full(len(part), one) for one in transformer.prefix]
            after = [np.full(len(part), one) for one in transformer.suffix]
            tokens = torch.from_numpy(np.stack([*frame, part, *after], axis=1).astype(np.int64))
            output = transformer.model(
                input_ids=tokens, attention_mask=torch.ones_like(tokens), output_hidden_states=True
            )
            np.stack([state[:, len(frame)].numpy() for state in output.hidden_states])


def _heads(model: OpenedModel) -> list[Figure]:
    track = next(track for track in model.tracks if track.evidence == "HEAD_EVIDENCE")
    options = NeighbourOptions(k=K, threads=THREADS)
    faiss.omp_set_num_threads(THREADS)
    nearest(track.vectors(0), options)
    ours = theirs = 0.0
    differing = rows = 0
    for place in range(len(track.positions)):
        vectors = track.vectors(place)
        found: list[np.ndarray] = []
        ours += seconds(lambda: found.append(nearest(vectors, options).indices))  # noqa: B023
        unit = normalised(centred(vectors))

        def search() -> None:
            index = faiss.IndexFlatIP(unit.shape[1])  # noqa: B023
            index.add(unit)  # noqa: B023
            found.append(index.search(unit, K + 1)[1])  # noqa: B023

        theirs += seconds(search)
        differing += _differing(*found)
        rows += len(vectors)
    return [
        Figure(
            f"{K} neighbours in all {len(track.positions)} heads of {rows // len(track.positions):,} x "
            f"{track.dimensions}",
            f"{ours:.0f} s",
            f"faiss IndexFlatIP {theirs:.0f} s: {theirs / ours:.2f} times faster",
            "1.5 times faster than faiss",
            theirs >= 1.5 * ours,
        ),
        Figure(
            "lists in the heads that differ from faiss",
            f"{differing:,} of {rows:,}",
            "borders that float32 cannot tell",
            "float64 decides",
            None,
        ),
    ]


def _differing(ours: np.ndarray, theirs: np.ndarray) -> int:
    """Return how many rows' neighbours are not the same set, the row itself left out."""
    own = np.arange(len(ours))[:, None]
    # The row itself goes last, then the K best of the others are compared as sets.
    order = np.argsort(theirs == own, axis=1, kind="stable")
    others = np.take_along_axis(theirs, order, axis=1)[:, :K]
    return int((np.sort(ours, axis=1) != np.sort(others, axis=1)).any(axis=1).sum())
