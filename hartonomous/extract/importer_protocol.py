"""Importer protocol: how a model is opened, and the importers found by entry points."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points
from itertools import chain
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hartonomous.bundle import OpenedFile
from hartonomous.errors import NotFound, UsageError
from hartonomous.extract.checkpoints import FinishedWork
from hartonomous.extract.context_counts import Expectations
from hartonomous.extract.files.file_kinds import models_within, refuse_known, unknown
from hartonomous.extract.files.untrusted_files import is_pickle, refuse_pickle
from hartonomous.extract.observed_pieces import ObservedTracks
from hartonomous.extract.search.nearest_neighbours import NeighbourOptions, Neighbours
from hartonomous.extract.vocabulary import Vocabulary
from hartonomous.held_places import PLACES
from hartonomous.progress import Progress

ENTRY_POINTS = "hartonomous.importers"


DOCUMENTS = "documents"
"""The importer of documents, which need a sentence encoder."""

TRACKS = ("embedding", "layers", "heads", "next")
"""Tracks of a model; all but the embedding need it to be run."""

OPTIONAL_TRACKS = ("promotions",)
"""Tracks that are extracted only on request."""

ALL = "all"
"""Alternative to a list of tracks: those of TRACKS that the model has."""


@dataclass(frozen=True)
class OpenOptions:
    """The user's options for opening a model.

    `vocabulary` is a word list for a matrix without words; `tensor` names the embedding matrix if
    there are several; `limit` keeps the first entries only, None all. `tracks` are those to
    extract, of TRACKS, OPTIONAL_TRACKS or ALL; `device` is where a model is run, if it is. `read`
    are files and folders of text for a causal model to read, `samples` the number of tokens it
    generates. `encoder` is the folder of the sentence encoder for documents. `exclude` are patterns
    of names to skip in a folder of documents. `support` is the least number of positions that list
    a pair of layers, heads or promotions; None is the default.
    """

    vocabulary: Path | None = None
    tensor: str | None = None
    limit: int | None = None
    tracks: frozenset[str] = frozenset({"embedding"})
    device: str = "cpu"
    read: tuple[Path, ...] = ()
    samples: int = 0
    encoder: Path | None = None
    support: int | None = None
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True)
class VectorTrack:
    """One kind of observation by vectors: a matrix at each position.

    `vectors(p)` returns float32 (N, dimensions), row i for composition i of the vocabulary; called
    more than once, in any order. `positions` are their names. Pairs listed by fewer than `minimum`
    positions are counted and left out. `prepare` is called before the first position, and may take
    long.
    """

    evidence: str
    positions: tuple[str, ...]
    dimensions: int
    vectors: Callable[[int], NDArray[np.float32]]
    minimum: int = 1
    prepare: Callable[[Progress], None] | None = None


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
    with the columns of `held_places.PLACES`, sorted.
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


class Importer(Protocol):
    """One kind of model. A package registers its importer under the entry-point group above.

    An importer with `holds_documents(path)` reads documents: given an encoder, it takes paths for
    which that is true, and paths that no other importer recognises.
    """

    name: str
    summary: str

    def recognises(self, path: Path) -> bool:
        """Return whether this importer reads `path`, by name and magic bytes only."""
        ...

    def open(self, path: Path, options: OpenOptions) -> OpenedModel:
        """Open `path`; raise BadInput if it cannot be read safely."""
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


def importer_for(path: Path, name: str | None = None, documents: bool = False) -> Importer:
    """Return the importer of that name, or the one that recognises the path; with `documents`, the
    importer of documents for paths that no other recognises.

    Raises NotFound if the path does not exist, BadInput if no importer reads it.
    """
    known = importers()
    if name is not None and name not in known:
        raise UsageError(f"No importer is called {name!r}; there are {', '.join(known)}.")
    if not path.exists():
        raise NotFound(f"There is nothing at {path}.")
    # Models go first, because a model's folder may contain texts.
    usual = sorted(known.values(), key=lambda importer: importer.name == DOCUMENTS)
    candidates = [known[name]] if name is not None else usual
    readers = [one for one in candidates if documents and hasattr(one, "holds_documents")]
    sure = [one for one in readers if one.holds_documents(path)]
    if sure and path.is_dir():
        # Whatever else is in it.
        return sure[0]
    refuse_known(path)
    if name is not None and path.is_file() and not is_pickle(path):
        return known[name]
    chosen = chain(
        sure,
        (one for one in candidates if one.recognises(path)),
        (one for one in readers if not is_pickle(path)),
    )
    if (importer := next(chosen, None)) is not None:
        return importer
    for file in [path, *sorted(path.iterdir())] if path.is_dir() else [path]:
        if is_pickle(file):
            raise refuse_pickle(file)
    raise unknown(path, models_within(path, recognised_as_model), ", ".join(known))


def recognised_as_model(path: Path) -> bool:
    """Return whether an importer without an encoder recognises a path."""
    return any(one.recognises(path) for name, one in importers().items() if name != DOCUMENTS)


def refuse_options(importer: str, options: OpenOptions, *, vocabulary: bool, tensor: bool) -> None:
    """Raise UsageError for a word list or a tensor's name that this kind of model does not use."""
    if vocabulary and options.vocabulary is not None:
        raise UsageError(f"A {importer} model has its own words; leave --vocabulary out.")
    if tensor and options.tensor is not None:
        raise UsageError(f"A {importer} model has one matrix; leave --tensor out.")


def refuse_running(importer: str, options: OpenOptions) -> None:
    """Raise UsageError for options of transformers given for vectors or documents."""
    if unknown := sorted(options.tracks - {"embedding", ALL}):
        raise UsageError(
            f"The models of the importer {importer!r} are not run as a transformer; they have no "
            f"{unknown[0]}. Leave --tracks out."
        )
    if options.read or options.samples:
        raise UsageError(
            f"The models of {importer!r} cannot read or write; leave --read and --samples out."
        )
    if options.support is not None:
        raise UsageError(
            f"The models of {importer!r} have no layers or heads; leave --support out."
        )
