"""Importer protocol: how a model is opened, and the importers found by entry points."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hartonomous.bundle import OpenedFile
from hartonomous.errors import NotFound, UsageError
from hartonomous.extract.checkpoints import FinishedWork
from hartonomous.extract.context_counts import Expectations
from hartonomous.extract.files.file_kinds import (
    models_within,
    read_if_asked,
    refuse_known,
    unknown,
)
from hartonomous.extract.files.untrusted_files import is_pickle, refuse_pickle
from hartonomous.extract.importer_options import (
    Declaration,
    ImporterOption,
    gather,
    settle,
)
from hartonomous.extract.importer_options import OpenOptions as OpenOptions
from hartonomous.extract.observed_pieces import ObservedTracks
from hartonomous.extract.search.nearest_neighbours import NeighbourOptions, Neighbours
from hartonomous.extract.vocabulary import Vocabulary
from hartonomous.held_places import PLACES
from hartonomous.pictures.picture_folder import ShownPictures
from hartonomous.progress import Progress

ENTRY_POINTS = "hartonomous.importers"


TRACKS = ("embedding", "layers", "heads", "next")
"""Tracks of a model; all but the embedding need it to be run."""

OPTIONAL_TRACKS = ("promotions", "words")
"""Tracks that are extracted only on request."""

ALL = "all"
"""Alternative to a list of tracks: those of TRACKS that the model has."""


@dataclass(frozen=True)
class VectorTrack:
    """One kind of observation by vectors: a matrix at each position.

    `vectors(p)` returns float32 (N, dimensions), row i for composition i of the vocabulary; called
    more than once, in any order. `positions` are their names. Pairs listed by fewer than `minimum`
    positions are counted and left out. `prepare` is called before the first position, and may take
    long. `vocabulary` are its compositions where they are not the model's; it needs `tokens` of text to
    be run. `restore` is called once, before `prepare`, with the pieces that an interrupted run finished.
    """

    evidence: str
    positions: tuple[str, ...]
    dimensions: int
    vectors: Callable[[int], NDArray[np.float32]]
    minimum: int = 1
    prepare: Callable[[Progress], None] | None = None
    vocabulary: Vocabulary | None = None
    restore: Callable[[FinishedWork], None] | None = None
    tokens: int = 0


@dataclass(frozen=True)
class ListedTrack:
    """One kind of directed observation: at each position, the best targets of each composition.

    `listing(p, progress)` returns the `k` best for each composition of the vocabulary, without
    itself; called in any order. Pairs listed by fewer than `minimum` positions are left out.
    """

    evidence: str
    positions: tuple[str, ...]
    dimensions: int
    k: int
    listing: Callable[[int, Callable[[int, int], None]], Neighbours]
    minimum: int = 1


@dataclass(frozen=True)
class ReadText:
    """A part of a text as a model read it, over a vocabulary of N compositions.

    `tokens` (t,) int64, -1 for what is not a composition; `shares` (t, N) float32, the probability
    of each as next token. Positions before `first` were in the previous part.
    """

    tokens: NDArray[np.int64]
    shares: NDArray[np.float32]
    first: int


@dataclass(frozen=True)
class CountedTrack:
    """One kind of counted observation: next tokens.

    `observe` may take long, reports progress, and stores finished pieces for an interrupted run;
    `positions` are the names of the observations, at `places` token positions in all. `read` lets
    the model read paragraphs without counting, for evaluation.
    """

    evidence: str
    positions: tuple[str, ...]
    places: int
    observe: Callable[[Progress, FinishedWork], Expectations]
    read: Callable[[Sequence[str], Progress], Iterator[ReadText]]


@dataclass(frozen=True)
class ReadyPairs:
    """Evidence rows over a vocabulary's compositions, with the columns of `evidence.columns`,
    sorted by (start, end); the number of neighbours searched (0 if none), the recall of the search,
    and the observations in all that chance is reckoned by.
    """

    table: pa.Table
    k: int
    recall: float
    total: int = 0


@dataclass(frozen=True)
class PairTrack:
    """One kind of observation as pairs of the vocabulary's compositions.

    `expected` is their approximate number, known before any observation. `observe` may take long;
    it gets the options of the search, reports progress, and stores finished pieces for an
    interrupted run. What it returns is stored too.
    """

    evidence: str
    positions: tuple[str, ...]
    dimensions: int
    expected: int
    observe: Callable[[NeighbourOptions, Progress, FinishedWork], ReadyPairs]


@dataclass(frozen=True)
class UnreadFile:
    """An unreadable file that was left out, with the reason."""

    name: str
    reason: str


@dataclass(frozen=True)
class OpenedModel:
    """A safely opened model: its files, its vocabulary, its tracks.

    `kind` is the source's, as docs/data-model.md lists them. `observed` tracks find their compositions
    themselves, besides those of the vocabulary, which may then be empty. `unread` are files left
    out, `remarks` other messages for the user. `places` are those of the vocabulary's compositions,
    with the columns of `held_places.PLACES`, sorted; observed pieces have their own besides. `pictures`
    are those it was shown or made, of which the home keeps thumbnails.
    """

    importer: str
    files: Sequence[OpenedFile]
    parameters: int
    vocabulary: Vocabulary
    tracks: tuple[VectorTrack, ...]
    options: dict[str, object]
    counted: tuple[CountedTrack, ...] = ()
    listed: tuple[ListedTrack, ...] = ()
    pairs: tuple[PairTrack, ...] = ()
    observed: tuple[ObservedTracks, ...] = ()
    kind: str = "model"
    unread: tuple[UnreadFile, ...] = ()
    remarks: tuple[str, ...] = ()
    places: pa.Table = field(default_factory=PLACES.empty_table)
    pictures: ShownPictures | None = None


class Claim(IntEnum):
    """How surely an importer reads a path; the surest opens it."""

    NONE = 0
    LAST = 1
    """It reads the path if no other does."""
    POSSIBLE = 2
    """The content may be of its kind, and of others."""
    LIKELY = 3
    """A part of the path is of its kind."""
    SURE = 4
    """The path is of its kind."""
    ASKED = 5
    """The options given are for this importer, and the path is of its kind."""


MODEL = "model"
"""Kind of source that an importer opens unless it states another."""


class Importer(Protocol):
    """One kind of source. A package registers its importer under the entry-point group above.

    Besides, an importer may have: `options`, its own as a tuple of `ImporterOption`; without it, it
    gets whatever is given. `kind`, the kind of its sources where it is not MODEL: a folder that it
    reads if no other does, and that models lie in, is refused. `claims(path, options)`, its claim in the
    light of the options given (`OpenOptions`), which is asked instead of `recognises`.
    """

    name: str
    summary: str

    def recognises(self, path: Path) -> Claim:
        """Return how surely this importer reads `path`, by name and content; true counts as SURE."""
        ...

    def open(self, path: Path, options: OpenOptions) -> OpenedModel:
        """Open `path`; raise BadInput if it cannot be read safely.

        `options` has a value for each option that the importer declares.
        """
        ...


@cache
def importers() -> dict[str, Importer]:
    """Return every registered importer by name, sorted; they are loaded once."""
    found: dict[str, Importer] = {}
    for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name):
        if point.name in found:
            raise UsageError(
                f"Two packages register an importer called {point.name!r}; remove one."
            )
        found[point.name] = point.load()
    return found


def declared_options() -> dict[str, list[Declaration]]:
    """Return the options that importers declare, by name; raises UsageError where two contradict."""
    return gather({name: getattr(one, "options", ()) for name, one in importers().items()})


def own_options(importer: Importer) -> tuple[ImporterOption, ...]:
    """Return the options of an importer; all that there are if it declares none."""
    own = getattr(importer, "options", None)
    if own is None:
        return tuple(declared[0].option for declared in declared_options().values())
    return tuple(own)


def open_with(importer: Importer, path: Path, options: OpenOptions) -> OpenedModel:
    """Open a path with an importer, which gets its own options.

    Raises UsageError for an option that the importer does not have, or a value it does not accept.
    """
    own = own_options(importer)
    return importer.open(path, settle(importer.name, own, options, declared_options()))


def importer_for(
    path: Path, name: str | None = None, options: OpenOptions | None = None
) -> Importer:
    """Return the importer of that name, or the one that claims the path most surely, in the light of
    the options given.

    Raises NotFound if the path does not exist, BadInput if no importer reads it, UsageError if
    several claim it equally.
    """
    given = options or OpenOptions()
    known = importers()
    if name is not None and name not in known:
        raise UsageError(f"No importer is called {name!r}; there are {', '.join(known)}.")
    if not path.exists():
        raise NotFound(f"There is nothing at {path}.")
    candidates = [known[name]] if name is not None else list(known.values())
    if path.is_dir() or read_if_asked(path):
        weighing = _claims(path, [one for one in candidates if hasattr(one, "claims")], given)
        if Claim.ASKED in weighing.values():
            # Whatever else is in it.
            return _surest(path, weighing)
    refuse_known(path)
    if name is not None and path.is_file() and not is_pickle(path):
        return known[name]
    claims = _claims(path, candidates, given)
    if any(claims.values()):
        return _surest(path, claims)
    for file in [path, *sorted(path.iterdir())] if path.is_dir() else [path]:
        if is_pickle(file):
            raise refuse_pickle(file)
    raise unknown(path, models_within(path, recognised_as_model), ", ".join(known))


def recognised_as_model(path: Path) -> bool:
    """Return whether an importer of models recognises a path."""
    given = OpenOptions()
    return any(claim_of(one, path, given) for one in importers().values() if _kind(one) == MODEL)


def claim_of(importer: Importer, path: Path, options: OpenOptions) -> Claim:
    """Return how surely an importer reads a path, in the light of the options given."""
    weigh = getattr(importer, "claims", None)
    claim = importer.recognises(path) if weigh is None else weigh(path, options)
    if isinstance(claim, bool):
        return Claim.SURE if claim else Claim.NONE
    return Claim(claim)


def _claims(path: Path, candidates: Sequence[Importer], options: OpenOptions) -> dict[str, Claim]:
    return {one.name: claim_of(one, path, options) for one in candidates}


def _surest(path: Path, claims: Mapping[str, Claim]) -> Importer:
    """Return the importer with the surest claim; raises UsageError if several claim it equally."""
    best = max(claims.values())
    surest = [name for name, claim in claims.items() if claim == best]
    if len(surest) > 1:
        names = " and ".join(map(repr, surest))
        choices = " or ".join(f"--importer {name}" for name in surest)
        raise UsageError(f"The importers {names} can both read {path}; choose one: {choices}.")
    return importers()[surest[0]]


def _kind(importer: Importer) -> str:
    return str(getattr(importer, "kind", MODEL))


def refuse_inner_models(path: Path, importer: Importer, options: OpenOptions) -> None:
    """Raise BadInput for a folder that no importer of models claims, and that models lie in: folders
    of models contain texts about them, which nobody means to ingest.
    """
    if _kind(importer) != MODEL and claim_of(importer, path, options) == Claim.LAST:
        inner = models_within(path, recognised_as_model)
        if inner:
            raise unknown(path, inner, importer.name)
