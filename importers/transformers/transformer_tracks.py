"""Transformer tracks: layers, heads, next tokens, promotions and given words, besides the embedding
matrix.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from hartonomous.bundle import OpenedFile
from hartonomous.errors import BadInput, UsageError
from hartonomous.extract.given_words import GivenWords, read_given_words
from hartonomous.extract.importer_protocol import (
    ALL,
    TRACKS,
    ListedTrack,
    OpenedModel,
    OpenOptions,
    VectorTrack,
)
from hartonomous.extract.input_texts import Texts, read_texts
from hartonomous.extract.vocabulary import Vocabulary
from hartonomous.opened_files import opened_file
from importers.transformers.transformer_weights import architecture, is_causal, load_transformer

Track = TypeVar("Track", VectorTrack, ListedTrack)

CAUSAL_TRACKS = {"next", "promotions"}
"""Tracks of models with a head over their vocabulary."""

RUN_ON_TOKENS = {"layers", "heads", "next", "promotions"}
"""Tracks for which a model is run on the tokens of its vocabulary."""

SEVERAL = {"layers", "heads", "promotions"}
"""Tracks observed at several positions, some of which have to list a pair."""

HEAD_SUPPORT = 5
"""Heads that have to list a pair: measured on MiniLM, fewer only add edges."""

LAYER_SHARE = 8
"""The inverse share of layers that have to list a pair: one of MiniLM's seven, four of SmolLM2's
31.
"""


def with_transformer_tracks(
    model: OpenedModel, path: Path, options: OpenOptions, whole: Path | None = None
) -> OpenedModel:
    """Return the model with the requested tracks; only those are in its options.

    `whole` is the folder of which `path` is a part. Raises UsageError if the words were given by hand,
    because the model's tokenizer has to know them.
    """
    chosen = _chosen(path, options)
    described: dict[str, object] = {"tracks": sorted(chosen)}
    if chosen == {"embedding"}:
        return replace(model, options={**model.options, **described})
    if options.vocabulary is not None:
        raise UsageError("A model that is run has its own words; leave --vocabulary out.")
    # Before a model is loaded, which takes longer than finding an unreadable list.
    given = read_given_words(options.words) if "words" in chosen else None
    model = replace(model, tracks=model.tracks if "embedding" in chosen else ())
    if chosen & RUN_ON_TOKENS:
        model = _with_run_tracks(model, path, options, chosen)
    if given is not None:
        model = _with_words(model, whole or path, options, given, chosen)
    tracks = tuple(_supported(track, options.support) for track in model.tracks)
    listed = tuple(_supported(track, options.support) for track in model.listed)
    described["support"] = {
        **{one.evidence: one.minimum for one in tracks},
        **{one.evidence: one.minimum for one in listed},
    }
    options_of = {**model.options, **described}
    return replace(model, tracks=tracks, listed=listed, options=options_of)


def _with_run_tracks(
    model: OpenedModel, path: Path, options: OpenOptions, chosen: frozenset[str]
) -> OpenedModel:
    """Return the model with the requested tracks over its own vocabulary besides those it has."""
    described: dict[str, object] = {}
    # Before the model is loaded, which takes longer than finding an unreadable text.
    texts = read_texts(options.read) if options.read else Texts((), ())
    transformer = load_transformer(path, options.device)
    tracks, counted, listed = model.tracks, model.counted, model.listed
    outputs = None
    if chosen & {"layers", "heads"}:
        from importers.transformers.hidden_states import TokenStates

        layers, heads = "layers" in chosen, "heads" in chosen
        states = TokenStates(transformer, model.vocabulary, layers=layers, heads=heads)
        tracks += tuple(states.tracks())
        described["frame"] = states.frame
        outputs = states.outputs if layers else None
    if "next" in chosen:
        from importers.transformers.next_tokens import NextTokens

        expecting = NextTokens(transformer, model.vocabulary, texts, options.samples, outputs)
        counted += (expecting.track(),)
        described |= expecting.determined
    if "promotions" in chosen:
        from importers.transformers.head_promotions import Promotions

        promotions = Promotions(transformer, model.vocabulary)
        listed += (promotions.track(),)
        described |= promotions.determined
    files = (*model.files, *texts.files)
    if path.is_dir():
        files += _others(path, {file.name for file in files})
    return replace(
        model,
        tracks=tracks,
        counted=counted,
        listed=listed,
        parameters=transformer.parameters,
        files=files,
        options={**model.options, **described},
        unread=texts.unread,
        vocabulary=_counted(model.vocabulary, texts),
    )


def _with_words(
    model: OpenedModel,
    path: Path,
    options: OpenOptions,
    given: GivenWords,
    chosen: frozenset[str],
) -> OpenedModel:
    """Return the model with the track of given words besides; they are its vocabulary if it has no
    other track.
    """
    from importers.transformers.pooled_words import PooledWords
    from importers.transformers.text_towers import open_tower, tower_files

    tower = open_tower(path, options.device)
    words = PooledWords(tower, given, options.limit, "layers" in chosen)
    alone = chosen == {"words"}
    vocabulary = words.vocabulary if alone else _together(model.vocabulary, words.vocabulary)
    files = (*model.files, given.file)
    files += tower_files(path, {file.name for file in files})
    if tower.path.is_dir() and "config.json" not in {file.name for file in files}:
        files += _others(tower.path, {file.name for file in files})
    return replace(
        model,
        tracks=(*model.tracks, words.track(own=not alone)),
        vocabulary=vocabulary,
        files=files,
        parameters=tower.parameters,
        options={**model.options, "words": words.determined},
    )


def _together(vocabulary: Vocabulary, words: Vocabulary) -> Vocabulary:
    """Return a vocabulary that also counts what was left out, and merged, of given words."""
    for reason, count in words.excluded.items():
        vocabulary = vocabulary.with_excluded(reason, count)
    return replace(vocabulary, merged=vocabulary.merged + words.merged)


def _counted(vocabulary: Vocabulary, texts: Texts) -> Vocabulary:
    """Return a vocabulary with the numbers of skipped and unreadable files added."""
    for reason, count in (
        ("files of another kind", texts.others),
        ("files that cannot be read", len(texts.unread)),
    ):
        vocabulary = vocabulary.with_excluded(reason, count) if count else vocabulary
    return vocabulary


def _supported(track: Track, asked: int | None) -> Track:
    """Return a track with the number of its positions that have to list a pair."""
    positions = len(track.positions)
    usual = {
        "EMBEDDING_EVIDENCE": 1,
        "LAYER_EVIDENCE": max(1, round(positions / LAYER_SHARE)),
        "HEAD_EVIDENCE": HEAD_SUPPORT,
        "PROMOTION_EVIDENCE": HEAD_SUPPORT,
        "WORD_EVIDENCE": max(1, round(positions / LAYER_SHARE)),
    }
    return replace(track, minimum=min(asked or usual[track.evidence], positions))


def _others(path: Path, known: set[str]) -> tuple[OpenedFile, ...]:
    """Return the configuration and the shards that running a model reads besides its embedding's."""
    weights = [file for file in sorted(path.glob("*.safetensors")) if file.name not in known]
    return tuple(map(opened_file, [path / "config.json", *weights]))


def _chosen(path: Path, options: OpenOptions) -> frozenset[str]:
    """Return the tracks to extract.

    Raises BadInput for a track of causal models only, UsageError for text without next tokens.
    """
    chosen: frozenset[str] = options.tracks
    if ALL in chosen:
        chosen = chosen - {ALL} | set(TRACKS if is_causal(path) else TRACKS[:-1])
    if options.words is not None:
        chosen |= {"words"}
    elif "words" in chosen:
        raise UsageError(
            "The track words is of a list that you give: --words FILE, or --words en:50000."
        )
    for name in sorted(chosen & CAUSAL_TRACKS):
        if not is_causal(path):
            raise BadInput(
                f"{path} is no causal model ({architecture(path)}) and has no next-token "
                f"probabilities; leave {name} out of --tracks."
            )
    if "next" not in chosen and (options.read or options.samples):
        raise UsageError("--read and --samples are for next tokens: add --tracks next.")
    if options.support is not None and not chosen & SEVERAL:
        raise UsageError("--support is for layers, heads and promotions: add them to --tracks.")
    return chosen
