"""Tower importer: the texts and pictures that a dual encoder finds alike, and what pictures show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hartonomous.counted_rows import counted_rows
from hartonomous.errors import BadInput, UsageError
from hartonomous.extract.checkpoints import FinishedWork
from hartonomous.extract.importer_options import DEVICE, LIMIT, PATH, ImporterOption
from hartonomous.extract.importer_protocol import (
    Claim,
    OpenedModel,
    OpenOptions,
    PairTrack,
    ReadyPairs,
)
from hartonomous.extract.observed_pieces import ObservedPiece, ObservedTracks, Piece
from hartonomous.extract.search.nearest_neighbours import NeighbourOptions
from hartonomous.extract.vocabulary import sorted_vocabulary
from hartonomous.held_places import MOST, file_place, place_table
from hartonomous.identity import content_digest
from hartonomous.opened_files import kept_files, opened_file
from hartonomous.pictures.picture_files import picture_key, read_picture
from hartonomous.pictures.picture_folder import PictureFolder, open_folder
from hartonomous.progress import Progress
from hartonomous.schema import IMAGE, MICRO, TrackConstants, evidence_type
from importers.pictures.picture_evidence import (
    DEPICTION,
    FEATURES_VERSION,
    measure,
    nothing_observed,
    with_features,
)
from importers.pictures.picture_options import IMAGES
from importers.towers.crossmodal_matches import MOST_LISTED, Matches, find_matches
from importers.towers.given_texts import (
    BLANK,
    GivenTexts,
    name_texts,
    prompts,
    read_texts,
    refuse_template,
)
from importers.towers.onnx_towers import OnnxTowers, find_towers
from importers.towers.tower_pairs import Floats, TowerPair, model_files, unit_vectors
from importers.towers.transformer_towers import TransformerTowers, is_dual_encoder

CROSSMODAL = "CROSSMODAL_EVIDENCE"

MATCHING_VERSION = 1
"""Part of a source's options: raised when the same vectors give other pairs."""

READ_AT_ONCE = 256
"""Texts whose vectors are stored together."""

AT_ONCE = 8
"""Pictures that are decoded and in memory at once."""

FEW = 10
"""Texts below which hardly anything competes."""

FEATURE_ROWS = 8
"""Rows of measured features expected of a picture, for forecasts."""

Ints = NDArray[np.int64]


def _unfit(value: object) -> str:
    return "it is for models of texts and pictures"


TEXTS = ImporterOption(
    "texts",
    "File of words, phrases or captions, one a line, to compare with the pictures.",
    PATH,
    unfit=_unfit,
    shown="the words of the pictures' names",
)

TEMPLATE = ImporterOption(
    "template",
    "Prompt around words, such as 'a photo of a {}'; repeatable, averaged.",
    repeated=True,
    metavar="TEXT",
    unfit=_unfit,
)


@dataclass(frozen=True)
class SeenPictures:
    """The distinct pictures of a folder: of each the text of its composition and the name of one file;
    `held` are all names, with the number of the picture.
    """

    keys: tuple[str, ...]
    names: tuple[str, ...]
    held: tuple[tuple[int, str], ...]
    excluded: Counter[str]


class Towers:
    """Opens a dual encoder with a folder of pictures."""

    name = "towers"
    kind = "model"
    options = (IMAGES, TEXTS, TEMPLATE, LIMIT, DEVICE)
    summary = "CLIP, SigLIP and kin: a transformers folder, or two ONNX towers (--images)"

    def recognises(self, path: Path) -> Claim:
        # A folder of safetensors has an embedding, too, which another importer reads.
        return Claim.SURE if find_towers(path) is not None else Claim.NONE

    def claims(self, path: Path, options: OpenOptions) -> Claim:
        """With pictures, both towers are meant."""
        if options.given.get("images") is None or not path.is_dir():
            return self.recognises(path)
        towers = is_dual_encoder(path) or find_towers(path) is not None
        return Claim.ASKED if towers else Claim.NONE

    def open(self, path: Path, options: OpenOptions) -> OpenedModel:
        if options.images is None:
            raise UsageError(
                f"{path} is a model of texts and pictures; name the pictures that it is shown: "
                "--images DIR."
            )
        templates = tuple(refuse_template(one) for one in options.template) or (BLANK,)
        folder = open_folder(options.images, limit=options.limit)
        texts = _texts(folder, options.texts)
        towers = open_towers(path, options.device)
        pictures = _seen(folder)
        evidence = CrossModalEvidence(towers, folder, pictures, texts, templates)
        described: dict[str, object] = {
            "importer": self.name,
            "pictures": folder.digest,
            "texts": content_digest("texts", {"texts": list(texts.texts)}),
            "templates": list(templates),
            "matching": MATCHING_VERSION,
            "features": FEATURES_VERSION,
        }
        files = kept_files(opened_file(file, path) for file in model_files(path))
        return OpenedModel(
            self.name, files, towers.parameters, evidence.vocabulary, (), described, kind=self.kind,
            pairs=(evidence.track(),), observed=(_features(folder),),
            remarks=tuple(_remarks(texts)), places=evidence.places, pictures=folder,
        )  # fmt: skip


def open_towers(path: Path, device: str) -> TowerPair:
    """Return the towers of a model's folder.

    Raises BadInput for a folder without two towers, with pickled weights, code of its own or unsafe
    ONNX files, or towers of different width; UsageError for a missing library or device.
    """
    if not path.is_dir():
        raise BadInput(
            f"{path} is a file; give the folder with both towers, the tokenizer and "
            "preprocessor_config.json."
        )
    if is_dual_encoder(path):
        return TransformerTowers(path, device)
    found = find_towers(path)
    if found is None:
        raise BadInput(
            f"{path} is no model of texts and pictures: it has neither a config.json with two towers nor "
            "two ONNX files, such as text_model.onnx and vision_model.onnx."
        )
    return OnnxTowers(path, found, device)


def _texts(folder: PictureFolder, file: Path | None) -> GivenTexts:
    found = read_texts(file) if file is not None else name_texts(folder.names)
    if not found.texts:
        raise BadInput(
            f"The names of the pictures in {folder.root} have no words; give words or captions, one a "
            "line, with --texts FILE."
        )
    return found


def _remarks(texts: GivenTexts) -> Iterator[str]:
    if len(texts.texts) < FEW:
        yield (
            f"only {len(texts.texts)} texts compete for the pictures; that nothing matches is hardly seen "
            "with so few: give more with --texts"
        )


def _seen(folder: PictureFolder) -> SeenPictures:
    """Return the distinct pictures of a folder; raises BadInput if there is none that can be read."""
    folder.refuse_unreadable()
    number: dict[str, int] = {}
    names: list[str] = []
    held: list[tuple[int, str]] = []
    excluded = Counter(dict(folder.excluded))
    for first, last in folder.pieces():
        for picture in folder.pictures(first, last, excluded):
            if picture.key not in number:
                number[picture.key] = len(names)
                names.append(picture.name)
            held.append((number[picture.key], picture.name))
    return SeenPictures(tuple(number), tuple(names), tuple(held), excluded)


@dataclass(frozen=True)
class FeatureObserver:
    """Observes what can be measured in pieces of a folder of pictures."""

    folder: PictureFolder

    def __call__(self, piece: Piece) -> ObservedPiece:
        assert isinstance(piece, tuple)
        first, last = (int(end) for end in piece)
        # What is left out is counted where the pictures are opened.
        return with_features(
            nothing_observed(), measure(self.folder.pictures(first, last, Counter()))
        )


def _features(folder: PictureFolder) -> ObservedTracks:
    expected = FEATURE_ROWS * len(folder)
    observe = FeatureObserver(folder)
    return ObservedTracks((DEPICTION,), ("pixels",), folder.pieces(), observe, expected)


class CrossModalEvidence:
    """The texts and pictures as compositions, and the pairs that are listed."""

    def __init__(
        self,
        towers: TowerPair,
        folder: PictureFolder,
        pictures: SeenPictures,
        texts: GivenTexts,
        templates: Sequence[str],
    ) -> None:
        self._towers, self._folder, self._pictures = towers, folder, pictures
        self._texts, self._templates = texts, templates
        excluded = pictures.excluded + Counter(dict(texts.excluded))
        self.vocabulary, self._row = sorted_vocabulary(
            [*texts.texts, *pictures.keys],
            [*texts.kinds, *([IMAGE] * len(pictures.keys))],
            excluded,
            merged=len(pictures.held) - len(pictures.keys),
        )
        self.places = self._held()

    def track(self) -> PairTrack:
        """Return the track of pairs of a text and a picture."""
        expected = MOST_LISTED * (len(self._texts.texts) + len(self._pictures.keys))
        return PairTrack(CROSSMODAL, ("towers",), self._towers.dimensions, expected, self._observed)

    def _held(self) -> pa.Table:
        first = len(self._texts.texts)
        places = [(self._row[first + n], file_place(name)) for n, name in self._pictures.held]
        met: Counter[int] = Counter()
        kept = []
        for row, place in sorted((int(row), place) for row, place in places if place is not None):
            met[row] += 1
            if met[row] <= MOST:
                kept.append((row, place))
        rows = np.array([row for row, _ in kept], dtype=np.int64)
        return place_table(rows, [place for _, place in kept])

    def _observed(
        self, options: NeighbourOptions, progress: Progress, finished: FinishedWork
    ) -> ReadyPairs:
        texts = self._read(progress, finished)
        pictures = self._see(progress, finished)
        found = find_matches(
            self._texts.texts, texts, pictures, options.k, options.threads, progress
        )
        return ReadyPairs(self._rows(found), found.k, 1.0)

    def _read(self, progress: Progress, finished: FinishedWork) -> Floats:
        """Return the vectors of texts, of several templates the mean; finished parts are stored."""
        names, size = self._texts.texts, len(self._texts.texts)
        mean = np.zeros((size, self._towers.dimensions), dtype=np.float32)
        for number, template in enumerate(self._templates):
            given = prompts(self._texts, template)
            for first in range(0, size, READ_AT_ONCE):
                part = slice(first, first + READ_AT_ONCE)
                stored = f"texts-{number:03d}-{first:08d}"
                mean[part] += self._stored(
                    finished,
                    stored,
                    names[part],
                    lambda p=part, g=given: self._towers.read_texts(g[p]),
                )
                progress("reading texts", number * size + min(first + READ_AT_ONCE, size),
                         len(self._templates) * size)  # fmt: skip
        return unit_vectors(self._towers.path, mean, names)

    def _see(self, progress: Progress, finished: FinishedWork) -> Floats:
        """Return the vectors of pictures; finished parts, as large as pieces of a folder, are stored."""
        names = self._pictures.names
        vectors = np.empty((len(names), self._towers.dimensions), dtype=np.float32)
        size = self._folder.pieces()[0][1]
        for first in range(0, len(names), size):
            part = slice(first, first + size)
            vectors[part] = self._stored(
                finished, f"pictures-{first:08d}", names[part], lambda p=part: self._shown(p)
            )
            progress("seeing pictures", min(first + size, len(names)), len(names))
        return vectors

    def _shown(self, part: slice) -> Floats:
        """Return the vectors of a part of the pictures, of which AT_ONCE are decoded at a time."""
        every = list(zip(self._pictures.keys[part], self._pictures.names[part], strict=True))
        vectors = []
        for first in range(0, len(every), AT_ONCE):
            pixels = []
            for key, name in every[first : first + AT_ONCE]:
                pixels.append(read_picture(self._folder.root / name))
                if picture_key(pixels[-1]) != key:
                    raise BadInput(
                        f"{self._folder.root / name} was changed meanwhile; ingest it again."
                    )
            vectors.append(self._towers.see(pixels))
        return np.concatenate(vectors)

    def _stored(
        self, finished: FinishedWork, name: str, texts: Sequence[str], make: object
    ) -> Floats:
        """Return vectors of length one, from an earlier run if they are there."""
        kept = finished.read(name)
        shape = (len(texts), self._towers.dimensions)
        if kept is not None and kept.keys() == {"vectors"} and kept["vectors"].shape == shape:
            return np.asarray(kept["vectors"], dtype=np.float32)
        assert callable(make)
        vectors = unit_vectors(self._towers.path, make(), texts)
        finished.write(name, {"vectors": vectors})
        return vectors

    def _rows(self, found: Matches) -> pa.Table:
        """Return the matches as rows over the compositions.

        Each side may list none of its candidates, which is one choice more. Where chance does as well,
        the choice is between two, so that the odds are even.
        """
        first = len(self._texts.texts)
        text, picture = self._row[found.text], self._row[first + found.picture]
        before = text < picture
        listed = found.listed
        choices = np.array([len(self._pictures.keys) + 1, first + 1])
        among = np.where(found.fits[:, None], choices[None, :], found.k)
        counts = {
            "start": np.minimum(text, picture),
            "end": np.maximum(text, picture),
            "n": np.ones(len(text), dtype=np.int64),
            "weight": np.rint(MICRO * np.clip(found.cosine, 0.0, 1.0)).astype(np.int64),
            "forward": np.where(before, listed[:, 0], listed[:, 1]).astype(np.int64),
            "backward": np.where(before, listed[:, 1], listed[:, 0]).astype(np.int64),
            "start_choices": np.where(before, among[:, 0], among[:, 1]),
            "end_choices": np.where(before, among[:, 1], among[:, 0]),
        }
        constants = TrackConstants(1, found.k, len(self.vocabulary), 0)
        return counted_rows(evidence_type(CROSSMODAL), counts, constants)


IMPORTER = Towers()
