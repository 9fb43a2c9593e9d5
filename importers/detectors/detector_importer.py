"""Detector importer: what a detector finds in the pictures of a folder, piece by piece."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hartonomous.errors import UsageError
from hartonomous.extract.detector_protocol import (
    DetectorOpener,
    DetectorOptions,
    OpenedDetector,
    found_in,
    openers,
    refuse_pickled_detector,
)
from hartonomous.extract.files.untrusted_files import is_pickle
from hartonomous.extract.importer_options import (
    DEVICE,
    LIMIT,
    NUMBER,
    PATH,
    TEXT,
    ImporterOption,
)
from hartonomous.extract.importer_protocol import Claim, OpenedModel, OpenOptions
from hartonomous.extract.observed_pieces import ObservedPiece, ObservedTracks, Piece
from hartonomous.extract.vocabulary import no_vocabulary
from hartonomous.opened_files import kept_files, opened_file
from hartonomous.pictures.picture_folder import Picture, PictureFolder, open_folder
from importers.detectors.detector_evidence import EVIDENCE, SeenPicture, observed_piece
from importers.detectors.input_pixels import NORMALISATIONS
from importers.pictures.picture_evidence import FEATURES_VERSION, measure, with_features
from importers.pictures.picture_options import IMAGES


def _unfit(value: object) -> str:
    return "it is for detectors of things in pictures"


LABELS = ImporterOption(
    "labels", "File of labels, one a line, in the model's order.", PATH, unfit=_unfit
)

THRESHOLD = ImporterOption(
    "threshold",
    "Least score of a box.",
    NUMBER,
    least=0,
    most=1,
    unfit=_unfit,
    shown="the usual one of its kind",
)

DECODER = ImporterOption(
    "decoder", "How boxes are read off the outputs, if the model does not tell.", TEXT, unfit=_unfit
)

NORMALISE = ImporterOption(
    "normalise",
    "How pixels are scaled, if the model is trained otherwise than others.",
    TEXT,
    choices=tuple(NORMALISATIONS),
    unfit=_unfit,
)

READING_VERSION = 1
"""Part of a source's options: raised when the same detector and pictures give other evidence."""

AT_ONCE = 8
"""Pictures that are decoded and in memory at once."""

EXPECTED = 40
"""Rows of evidence expected of a picture, for forecasts."""


@dataclass
class PictureObserver:
    """Observes pieces of a folder of pictures with a detector, opened when the first is observed.

    `opener` is the name of its opener; a copy in another process opens the detector again.
    """

    folder: PictureFolder
    opener: str
    path: Path
    options: DetectorOptions
    detector: OpenedDetector | None = field(default=None, repr=False, compare=False)

    def __call__(self, piece: Piece) -> ObservedPiece:
        assert isinstance(piece, tuple)
        first, last = (int(end) for end in piece)
        excluded, parts, waiting = Counter[str](), list[ObservedPiece](), list[Picture]()
        for picture in read_ahead(self.folder.pictures(first, last, excluded)):
            waiting.append(picture)
            if len(waiting) == AT_ONCE:
                parts.append(self._part(waiting, excluded))
                waiting = []
        parts.append(self._part(waiting, excluded))
        return joined_piece(parts, excluded)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "detector": None}

    def _part(self, pictures: list[Picture], excluded: Counter[str]) -> ObservedPiece:
        if self.detector is None:
            self.detector = openers()[self.opener].open(self.path, self.options)
        found = found_in(self.detector, [picture.pixels for picture in pictures], excluded)
        seen = [SeenPicture(p.name, p.key, one) for p, one in zip(pictures, found, strict=True)]
        return with_features(observed_piece(seen, excluded), measure(pictures))


def read_ahead(pictures: Iterator[Picture]) -> Iterator[Picture]:
    """Yield pictures; the next AT_ONCE are decoded while these are looked at, by a thread that ends
    with them.
    """
    with ThreadPoolExecutor(1) as reader:
        coming = deque(reader.submit(next, pictures, None) for _ in range(AT_ONCE))
        while (picture := coming.popleft().result()) is not None:
            coming.append(reader.submit(next, pictures, None))
            yield picture


def joined_piece(parts: Sequence[ObservedPiece], excluded: Counter[str]) -> ObservedPiece:
    """Return what was observed in parts as one piece, with what was left out of all."""
    first = 0
    compositions, rows, places = list[pa.Table](), dict[str, list[pa.Table]](), list[pa.Table]()
    for part in parts:
        compositions.append(part.compositions)
        for name, table in part.rows.items():
            rows.setdefault(name, []).append(_moved(table, ("start", "end"), first))
        if part.places is not None:
            places.append(_moved(part.places, ("composition",), first))
        first += part.compositions.num_rows
    return ObservedPiece(
        _one(compositions),
        {name: _one(some) for name, some in rows.items()},
        excluded,
        _one(places),
    )


def _moved(table: pa.Table, columns: tuple[str, ...], by: int) -> pa.Table:
    """Return rows whose columns of compositions are moved by a number."""
    for name in columns:
        moved = pc.add(table[name].cast(pa.int64()), by)
        table = table.set_column(table.schema.get_field_index(name), name, moved)
    return table


def _one(tables: Sequence[pa.Table]) -> pa.Table:
    return pa.concat_tables(tables, promote_options="permissive")


class DetectorImporter:
    """Opens a kind of detectors with a folder of pictures."""

    kind = "model"

    def __init__(
        self,
        name: str,
        summary: str,
        opener: DetectorOpener,
        more: tuple[ImporterOption, ...] = (),
        claim: Callable[[Path], Claim] | None = None,
    ) -> None:
        """`more` are options besides those of all detectors; `claim` says how surely a path is of its
        kind where no pictures are given: by default not at all.
        """
        self.name, self.summary, self._opener, self._claim = name, summary, opener, claim
        self.options = (IMAGES, *more, THRESHOLD, LIMIT, DEVICE)

    def recognises(self, path: Path) -> Claim:
        return self._claim(path) if self._claim is not None else Claim.NONE

    def claims(self, path: Path, options: OpenOptions) -> Claim:
        """With pictures, a detector is meant."""
        if options.given.get("images") is None:
            return self.recognises(path)
        return Claim.ASKED if self._opener.recognises(path) else Claim.NONE

    def open(self, path: Path, options: OpenOptions) -> OpenedModel:
        if is_pickle(path):
            raise refuse_pickled_detector(path)
        if options.images is None:
            raise UsageError(
                f"{path} is a detector; name a folder of pictures that it is shown: --images DIR."
            )
        folder = open_folder(options.images, limit=options.limit)
        folder.refuse_unreadable()
        given = DetectorOptions(
            options.given.get("labels"),
            options.given.get("decoder"),
            options.threshold,
            options.device,
            options.given.get("normalise"),
        )
        detector = self._opener.open(path, given)
        observe = PictureObserver(folder, self.name, path, given, detector)
        tracks = ObservedTracks(
            EVIDENCE, ("boxes",), folder.pieces(), observe, EXPECTED * len(folder)
        )
        described: dict[str, object] = {
            "importer": self.name,
            "detector": detector.digest,
            "pictures": folder.digest,
            "threshold": round(detector.threshold, 6),
            "reading": READING_VERSION,
            "features": FEATURES_VERSION,
        }
        vocabulary = replace(no_vocabulary(), excluded=dict(folder.excluded))
        home = path if path.is_dir() else path.parent
        files = kept_files(opened_file(file, home) for file in detector.files)
        return OpenedModel(
            self.name, files, 0, vocabulary, (), described, kind=self.kind, observed=(tracks,),
            pictures=folder,
        )  # fmt: skip
