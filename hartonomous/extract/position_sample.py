"""Position sample: fewer, evenly spaced positions and pieces of a model, for a faster estimate."""

from __future__ import annotations

from dataclasses import replace

from hartonomous.extract.importer_protocol import OpenedModel, VectorTrack
from hartonomous.schema import evidence_type


def sample_positions(model: OpenedModel, most: int) -> tuple[OpenedModel, list[str]]:
    """Return the model with at most that many positions, or pieces, per track, and a description of
    what was left out.

    The sample is part of the model's options, so its bundle is never used for the whole model's.
    """
    tracks, said = [], []
    for track in model.tracks:
        if len(track.positions) > most:
            said.append(f"{most} of {len(track.positions)} positions of {_kind(track)}")
            track = _thinned(track, most)
        tracks.append(track)
    observed = []
    for pieces in model.observed:
        total = len(pieces.pieces)
        if total > most:
            said.append(f"{most} of {total} pieces of {', '.join(pieces.evidence)}")
            chosen = tuple(pieces.pieces[place * total // most] for place in range(most))
            pieces = replace(pieces, pieces=chosen)
        observed.append(pieces)
    if not said:
        return model, []
    options = {**model.options, "sampled_positions": most}
    sample = replace(model, tracks=tuple(tracks), observed=tuple(observed), options=options)
    return sample, said


def _thinned(track: VectorTrack, most: int) -> VectorTrack:
    total = len(track.positions)
    chosen = [place * total // most for place in range(most)]
    return replace(
        track,
        positions=tuple(track.positions[place] for place in chosen),
        vectors=lambda place: track.vectors(chosen[place]),
        # The same share of the positions has to list a pair.
        minimum=max(1, round(track.minimum * most / total)),
    )


def _kind(track: VectorTrack) -> str:
    return evidence_type(track.evidence).stem
