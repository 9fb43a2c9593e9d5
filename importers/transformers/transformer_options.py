"""Options of models that are run: their tracks, and what they read and write."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from hartonomous.errors import UsageError
from hartonomous.extract.importer_options import DEVICE, INTEGER, PATH, ImporterOption
from hartonomous.extract.importer_protocol import ALL, OPTIONAL_TRACKS, TRACKS


def tracks_of(chosen: str | Collection[str]) -> frozenset[str]:
    """Return tracks from names, several separated by commas; raises UsageError for unknown ones."""
    names = frozenset(chosen.split(",") if isinstance(chosen, str) else chosen)
    known = (*TRACKS, *OPTIONAL_TRACKS)
    if unknown := sorted(names - {*known, ALL}):
        raise UsageError(f"{unknown[0]!r} is none of {', '.join(known)}, all.")
    return names


def _run(value: frozenset[str], default: Any = None) -> frozenset[str]:
    """Return the tracks for which a model has to be run."""
    return value - {TRACKS[0], ALL}


TRACKS_TAKEN = ImporterOption(
    "tracks",
    "Tracks to extract, comma-separated: embedding, layers, heads, next (causal models); or all. "
    "promotions (causal models) and words (with --words) only if named.",
    default=frozenset({TRACKS[0]}),
    parse=tracks_of,
    asks=lambda value, default: bool(_run(value)),
    unfit=lambda value: (
        f"its models are not run as a transformer, so they have no {min(_run(value))}"
    ),
)

SUPPORT = ImporterOption(
    "support",
    "Least number of layers or heads that list a pair.",
    INTEGER,
    least=1,
    unfit=lambda value: "its models have no layers or heads",
    shown="5 heads, an eighth of the layers",
)

READ = ImporterOption(
    "read",
    "Text for the model to read (track next): file or folder; repeatable.",
    PATH,
    repeated=True,
    unfit=lambda value: "its models cannot read or write",
)

SAMPLES = ImporterOption(
    "samples",
    "Tokens for the model to generate and read (track next).",
    INTEGER,
    default=0,
    least=0,
    most=10_000_000,
    unfit=lambda value: "its models cannot read or write",
    shown="",
)

WORDS = ImporterOption(
    "words",
    "Words and phrases to run the model on (track words): a file with one a line, or a language and a "
    "number of its commonest words, as en:50000. With track layers, at each layer too.",
    PATH,
    metavar="FILE",
    unfit=lambda value: "its models cannot be run on words",
)

RUN_OPTIONS = (TRACKS_TAKEN, SUPPORT, READ, SAMPLES, WORDS, DEVICE)
"""Options of an importer whose models can be run."""
