"""Requests for a model: its place, the options of opening it and of the search."""

from __future__ import annotations

import glob
import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from os import PathLike, fspath
from pathlib import Path
from typing import Any, TypedDict, Unpack

from hartonomous.bundle import Bundle, is_bundle, read_bundle, waiting_key
from hartonomous.bundle_scan import scan
from hartonomous.errors import UsageError
from hartonomous.extract import extraction
from hartonomous.extract.extraction import ExtractOptions, open_model
from hartonomous.extract.importer_options import OpenOptions, read_early
from hartonomous.extract.importer_protocol import OpenedModel, declared_options
from hartonomous.extract.search.nearest_neighbours import NeighbourOptions
from hartonomous.operations.omissions import Omissions, omissions_in, omissions_of
from hartonomous.operations.settings import checked
from hartonomous.progress import Progress, unseen

PathName = str | PathLike[str]


class ModelSettings(TypedDict, total=False):
    """Options of opening and searching a model; each is optional, and so are those that importers of
    other packages declare. An importer refuses options that it does not have.

    `vocabulary`: word list for a matrix without words. `tensor`: name of the embedding matrix, if
    there are several. `limit`: use only the first entries, so many. `importer`: importer to use instead
    of the one that recognises the model. `k`: neighbours per composition, 50 (at most 10 for
    sentences). `centre`: subtract the mean vector before the search, true. `tracks`: tracks to extract,
    "embedding"; a list, "embedding,layers", or "all". `support`: least number of layers or heads that
    list a pair. `read`: texts for the model to read. `samples`: tokens for the model to generate and
    read, 0. `words`: words and phrases to run the model on, a file with one a line, or "en:50000".
    `device`: "cpu" or "cuda". `encoder`: folder of the sentence encoder, for documents. `exclude`: files
    or folders of documents or of code to skip. `everything`: read vendored, generated and minified files
    of code too, false. `rev`: commit, branch or tag to read code of. `under`: only
    what files of code under this licence say. `count`: count which words of documents stand near each other, false.
    `captions`: files of captions, for pictures. `images`: folder of pictures that a model is shown. `labels`: file of
    a detector's labels, one a line. `decoder`: how its boxes are read off, `normalise`: how pixels are
    scaled, if the model does not tell. `threshold`: least score of a box. `annotations`: COCO file with
    the images and categories of a file of results. `texts`: file of words, phrases and captions that
    pictures are compared with, `template`: prompts around them, such as "a photo of a {}". `prompts`:
    grid of prompts (TOML) that an image generator makes pictures of. `subject`: person whose data it is
    (ID). `licence`, `family`: licence and model family of the source.
    """

    vocabulary: PathName | None
    tensor: str | None
    limit: int | None
    importer: str | None
    k: int
    centre: bool
    tracks: str | Collection[str]
    support: int | None
    read: Sequence[PathName]
    samples: int
    words: PathName | None
    device: str
    encoder: PathName | None
    exclude: Sequence[str]
    everything: bool
    rev: str | None
    under: str | None
    count: bool
    captions: Sequence[PathName]
    images: PathName | None
    labels: PathName | None
    decoder: str | None
    normalise: str | None
    threshold: float | None
    annotations: PathName | None
    texts: PathName | None
    template: Sequence[str]
    prompts: PathName | None
    subject: str | None
    licence: str | None
    family: str | None


@dataclass(frozen=True)
class ModelRequest:
    """A model by its path or Hub id, with the options of opening and of the search."""

    model: str
    opening: OpenOptions
    search: ExtractOptions
    importer: str | None = None

    @cached_property
    def opened(self) -> OpenedModel:
        """Return the model, opened once; raises as `extraction.open_model` says."""
        return open_model(self.model, self.opening, self.importer)


def request_model(model: PathName, **settings: Unpack[ModelSettings]) -> ModelRequest:
    """Return the request; the model is not opened yet.

    Raises UsageError for unknown tracks and for numbers out of range.
    """
    declared = declared_options()
    given = checked(settings, ModelSettings, declared)
    neighbours = NeighbourOptions(
        **{name: given[name] for name in ("k", "centre") if given.get(name) is not None}
    )
    if neighbours.k < 1:
        raise UsageError(f"k must be 1 or more, not {neighbours.k}.")
    opening = {
        name: read_early(declared[name], value)
        for name, value in given.items()
        if name in declared and value is not None and value != ()
    }
    return ModelRequest(
        fspath(model),
        OpenOptions(**opening),
        ExtractOptions(neighbours, given.get("subject"), given.get("licence"), given.get("family")),
        given.get("importer"),
    )


@dataclass(frozen=True)
class Extraction:
    """A bundle, and what was left out of it."""

    bundle: Bundle
    omissions: Omissions


def extract(request: ModelRequest, output: Path, progress: Progress = unseen) -> Extraction:
    """Extract a model into an evidence bundle; needs no server.

    An interrupted one resumes: finished parts are kept in a hidden folder beside `output` until the
    bundle is complete. Raises as `extraction.open_model` and `extraction.extract` say.
    """
    source = extraction.describe_source(request.opened, request.search)
    work = output.with_name(f".{output.name}.{waiting_key(source)}{_WORK}")
    bundle = extraction.extract(request.opened, request.search, output, progress, work)
    for left in output.parent.glob(f".{glob.escape(output.name)}.*{_WORK}"):
        shutil.rmtree(left, ignore_errors=True)
    return Extraction(bundle, omissions_of(request.opened, bundle))


_WORK = ".unfinished"
"""Ending of the folder with the finished parts of an interrupted extraction."""


@dataclass(frozen=True)
class Inspection:
    """The content of a model with its forecast, or of a bundle.

    `forecast` has counts, edges, bytes of disk and seconds; it is empty for a bundle.
    """

    forecast: dict[str, Any]
    omissions: Omissions
    bundle: Bundle | None = None


def inspect(request: ModelRequest) -> Inspection:
    """Return the content of a model or a bundle; nothing is written. Raises BadInput for a damaged
    bundle.
    """
    if is_bundle(Path(request.model)):
        bundle = read_bundle(Path(request.model))
        scan(bundle)
        return Inspection({}, omissions_in(bundle), bundle)
    opened = request.opened
    facts = {"importer": opened.importer, **extraction.forecast(opened, request.search)}
    return Inspection(facts, omissions_of(opened))
