"""How a model is opened: the importer protocol, and the importers that entry points name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
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
from hartonomous.extract.search.nearest_neighbours import NeighbourOptions, Neighbours
from hartonomous.extract.vocabulary import Vocabulary
from hartonomous.progress import Progress

ENTRY_POINTS = "hartonomous.importers"


DOCUMENTS = "documents"
"""The importer of what is no model: a sentence encoder reads it."""

TRACKS = ("embedding", "layers", "heads", "next")
"""What can be taken out of a model; all but the embedding need it to be run."""

OPTIONAL_TRACKS = ("promotions",)
"""Those that are taken only when they are named."""

ALL = "all"
"""In place of tracks: those of TRACKS that the model has."""


@dataclass(frozen=True)
class OpenOptions:
    """What a person may say about a model before it is opened.

    `vocabulary` is a word list for a matrix that comes without its words; `tensor` names the
    embedding matrix where there are several; `limit` keeps the first entries only, None all.
    `tracks` are what is taken out, of TRACKS, OPTIONAL_TRACKS or ALL; `device` is where a model is
    run, if it is.
    `read` are files and folders of text a causal model reads, `samples` the tokens it writes itself.
    `encoder` is the folder of the sentence encoder that reads documents.
    `exclude` are patterns of the names that are passed over in a folder of documents.
    `support` positions have to list a pair of layers, heads or promotions; None is the usual number.
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
    """One kind of observation a model offers: a matrix of vectors at each position.

    `vectors(p)` returns float32 of shape (N, dimensions), row i for composition i of the
    vocabulary; called more than once, in any order. `positions` are readable names. Pairs that
    fewer than `minimum` positions list are counted and left out. `prepare` is called before the
    first position that is needed, and may take long.
    """

    evidence: str
    positions: tuple[str, ...]
    dimensions: int
    vectors: Callable[[int], NDArray[np.float32]]
    minimum: int = 1
    prepare: Callable[[Progress], None] | None = None


@dataclass(frozen=True)
class ListedTrack:
    """One kind of directed observation: at each position, what each composition leads to most.

    `listing(p, progress)` returns the `k` best for each composition of the vocabulary, itself left
    out; called in any order. Pairs that fewer than `minimum` positions list are left out.
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

    `tokens` (t,) int64, -1 for what is no composition; `shares` (t, N) float32, how probable the
    model holds each to come next. Places before `first` were in the part before this one.
    """

    tokens: NDArray[np.int64]
    shares: NDArray[np.float32]
    first: int


@dataclass(frozen=True)
class CountedTrack:
    """One kind of observation that is counted: what follows what.

    `observe` may take long, is told where progress goes, and keeps finished pieces where an
    interrupted run finds them; `positions` name what was observed, at `places` places in all.
    `read` has the model read paragraphs without counting, to be measured against.
    """

    evidence: str
    positions: tuple[str, ...]
    places: int
    observe: Callable[[Progress, FinishedWork], Expectations]
    read: Callable[[Sequence[str], Progress], Iterator[ReadText]]


@dataclass(frozen=True)
class ReadyPairs:
    """Evidence rows over a vocabulary's compositions, sorted by (start, end), as the bundle has them;
    the neighbours asked for (0 where none were) and the recall they were found with."""

    table: pa.Table
    k: int
    recall: float


@dataclass(frozen=True)
class PairTrack:
    """One kind of observation that comes as pairs of the vocabulary's compositions.

    `expected` is about how many, told before anything is observed. `observe` may take long and is
    told how neighbours are searched and where progress goes.
    """

    evidence: str
    positions: tuple[str, ...]
    dimensions: int
    expected: int
    observe: Callable[[NeighbourOptions, Progress], ReadyPairs]


@dataclass(frozen=True)
class UnreadFile:
    """A file that was left out because it cannot be read, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class OpenedModel:
    """A model that was opened safely: its files, its vocabulary, what it can be asked.

    `kind` is the source's, as schema.py lists them. `unread` are files that are left out, `remarks`
    what else a person should know of what was read.
    """

    importer: str
    files: tuple[OpenedFile, ...]
    parameters: int
    vocabulary: Vocabulary
    tracks: tuple[VectorTrack, ...]
    options: dict[str, object]
    counted: tuple[CountedTrack, ...] = ()
    listed: tuple[ListedTrack, ...] = ()
    pairs: tuple[PairTrack, ...] = ()
    kind: str = "model"
    unread: tuple[UnreadFile, ...] = ()
    remarks: tuple[str, ...] = ()


class Importer(Protocol):
    """One kind of model. A package registers its importer under the entry-point group above.

    One that has `holds_documents(path)` reads documents: where an encoder is given, it takes what this
    is true of, and what no other importer recognises.
    """

    name: str
    summary: str

    def recognises(self, path: Path) -> bool:
        """Return whether this importer reads what lies at `path`, by name and magic bytes only."""
        ...

    def open(self, path: Path, options: OpenOptions) -> OpenedModel:
        """Open what lies at `path`; raise BadInput for what cannot be read safely."""
        ...


@cache
def importers() -> dict[str, Importer]:
    """Return every registered importer by name, sorted; they are looked up once."""
    found: dict[str, Importer] = {}
    for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name):
        if point.name in found:
            raise UsageError(
                f"Two packages register an importer called {point.name!r}; remove one."
            )
        found[point.name] = point.load()
    return found


def importer_for(path: Path, name: str | None = None, documents: bool = False) -> Importer:
    """Return the importer of that name, or the one that recognises the path; of what no other does,
    with `documents`, the one that reads these.

    Raises NotFound when there is nothing at the path, BadInput when no importer reads it.
    """
    known = importers()
    if name is not None and name not in known:
        raise UsageError(f"No importer is called {name!r}; there are {', '.join(known)}.")
    if not path.exists():
        raise NotFound(f"There is nothing at {path}.")
    # Models go first: beside one there may be texts.
    usual = sorted(known.values(), key=lambda importer: importer.name == DOCUMENTS)
    candidates = [known[name]] if name is not None else usual
    readers = [one for one in candidates if documents and hasattr(one, "holds_documents")]
    sure = [one for one in readers if one.holds_documents(path)]
    if sure and path.is_dir():
        # Whatever else lies in it.
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
    """Return whether an importer that needs no encoder recognises what lies at a path."""
    return any(one.recognises(path) for name, one in importers().items() if name != DOCUMENTS)


def refuse_options(importer: str, options: OpenOptions, *, vocabulary: bool, tensor: bool) -> None:
    """Raise UsageError for a word list or a tensor's name that this kind of model has no use for."""
    if vocabulary and options.vocabulary is not None:
        raise UsageError(f"A {importer} model brings its own words; leave --vocabulary out.")
    if tensor and options.tensor is not None:
        raise UsageError(f"A {importer} model holds one matrix; leave --tensor out.")


def refuse_running(importer: str, options: OpenOptions) -> None:
    """Raise UsageError when vectors or documents are to be run as a transformer is."""
    if unknown := sorted(options.tracks - {"embedding", ALL}):
        raise UsageError(
            f"What the importer {importer!r} opens is not run as a transformer is; it has no "
            f"{unknown[0]}. Leave --tracks out."
        )
    if options.read or options.samples:
        raise UsageError(
            f"What {importer!r} opens cannot read or write; leave --read and --samples out."
        )
    if options.support is not None:
        raise UsageError(f"What {importer!r} opens has no layers or heads; leave --support out.")
