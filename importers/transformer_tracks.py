"""What a transformer offers besides its embedding matrix: layers and heads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hartonomous.errors import UsageError
from hartonomous.extract.embeddings import opened_file
from hartonomous.extract.importing import OpenedModel, OpenOptions


def with_transformer_tracks(model: OpenedModel, path: Path, options: OpenOptions) -> OpenedModel:
    """Return the model with the tracks that were asked for; only those are in its options.

    Raises UsageError where the words were given by hand: the model's tokenizer must know them.
    """
    tracks = model.tracks if "embedding" in options.tracks else ()
    described: dict[str, object] = {"tracks": sorted(options.tracks)}
    parameters, files = model.parameters, model.files
    if options.tracks & {"layers", "heads"}:
        if options.vocabulary is not None:
            raise UsageError("A model that is run brings its own words; leave --vocabulary out.")
        from importers.transformer_states import state_tracks

        found, parameters, determined = state_tracks(
            path, model.vocabulary, options.device, options.tracks
        )
        tracks += found
        described |= determined
        if path.is_dir():
            files += (opened_file(path / "config.json"),)
    return replace(
        model,
        tracks=tracks,
        parameters=parameters,
        files=files,
        options={**model.options, **described},
    )
