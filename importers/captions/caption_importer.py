"""Caption importer: a folder of pictures and what is written beside them, without any model.

Evidence of pictures and the content words of their captions, of pictures and whole captions, of words
in one caption, and of words and what can be measured in the pictures they stand beside.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hartonomous.bundle import OpenedFile
from hartonomous.errors import BadInput
from hartonomous.extract.importer_options import LIMIT, PATH, ImporterOption
from hartonomous.extract.importer_protocol import Claim, OpenedModel, OpenOptions
from hartonomous.extract.observed_pieces import ObservedPiece, ObservedTracks, Piece
from hartonomous.extract.vocabulary import no_vocabulary
from hartonomous.held_places import file_place, place_table
from hartonomous.identity import content_digest, file_digest
from hartonomous.opened_files import kept_files
from hartonomous.pictures.picture_folder import PictureFolder, holds_pictures, open_folder
from hartonomous.pictures.visual_features import FEATURES, features_of, measured
from hartonomous.schema import MICRO, SENTENCE, TOKEN
from hartonomous.schema.kind_catalogue import FEATURE, IMAGE
from importers.captions.caption_words import caption_kind, content_words
from importers.captions.folder_captions import folder_captions
from importers.documents.document_importer import EXCLUDE

DEPICTION, TOGETHER = "DEPICTION_EVIDENCE", "COOCCURRENCE_EVIDENCE"

READING_VERSION = 1
"""Part of a source's options: raised when the same folder gives other captions or words."""

CAPTIONS = ImporterOption(
    "captions",
    "File of captions (JSON, JSONL, CSV) instead of those beside the pictures; repeatable.",
    PATH,
    repeated=True,
    unfit=lambda value: "it is for folders of pictures",
)

Floats = NDArray[np.float64]

Node = tuple[str, str]
"""The kind and the text of a composition."""


class CaptionedPictures:
    """Opens a folder of pictures with captions."""

    name = "captions"
    kind = "images"
    options = (CAPTIONS, EXCLUDE, LIMIT)
    summary = "pictures with captions: records, texts, pages beside them, or their names"

    def recognises(self, path: Path) -> Claim:
        return Claim.LAST if holds_pictures(path) else Claim.NONE

    def claims(self, path: Path, options: OpenOptions) -> Claim:
        """With files of captions, a folder of pictures is meant, whatever else is in it."""
        found = self.recognises(path)
        return Claim.ASKED if found and options.captions else found

    def open(self, path: Path, options: OpenOptions) -> OpenedModel:
        folder = open_folder(path, options.exclude, options.limit)
        found = folder_captions(folder, options.captions)
        if not found.texts:
            raise BadInput(
                f"{path} has {len(folder):,} pictures and no caption of any of them; put texts, "
                "records or pages beside them, or name a file with --captions."
            )
        observe = CaptionObserver(folder, found.texts)
        pieces: list[Piece] = list(folder.pieces())
        expected = sum(len(text.split()) for own in found.texts.values() for text in own)
        tracks = ObservedTracks((DEPICTION, TOGETHER), ("captions",), pieces, observe, expected * 4)
        described: dict[str, object] = {
            "importer": self.name,
            "captions": content_digest("captions", {"texts": sorted(found.texts.items())}),
            "reading": READING_VERSION,
        }
        excluded = found.excluded + Counter(dict(folder.excluded))
        # Files of captions and pages are among them.
        del excluded["files of other kinds"]
        files = [
            OpenedFile(n, file_digest(folder.root / n), (folder.root / n).stat().st_size)
            for n in folder.names
        ]
        return OpenedModel(
            self.name, kept_files(files), 0, no_vocabulary(), (), described,
            kind=self.kind, observed=(tracks,), pictures=folder,
            remarks=tuple(f"{n:,} {reason}" for reason, n in sorted(excluded.items())),
        )  # fmt: skip


@dataclass(frozen=True)
class CaptionObserver:
    """Observes a range of a folder's pictures with their captions."""

    folder: PictureFolder
    texts: Mapping[str, tuple[str, ...]] = field(repr=False)

    def __call__(self, piece: Piece) -> ObservedPiece:
        if not isinstance(piece, tuple):
            raise BadInput(f"{piece!r} is no range of pictures.")
        first, last = map(int, piece)
        rows, excluded = _Rows(), Counter[str]()
        for picture in self.folder.pictures(first, last, excluded):
            captions = self.texts.get(picture.name, ())
            rows.add(picture.key, picture.name, captions, measured(picture.pixels))
        return rows.piece(excluded)


class _Rows:
    """Nodes and counted pairs of a piece."""

    def __init__(self) -> None:
        self._nodes: dict[Node, int] = {}
        self._depicted = Counter[tuple[int, int]]()
        self._weight: dict[tuple[int, int], int] = {}
        self._together = Counter[tuple[int, int]]()
        self._places: list[tuple[int, str]] = []

    def add(self, key: str, name: str, captions: tuple[str, ...], values: Floats) -> None:
        image = self._row(IMAGE, key)
        if (place := file_place(name)) is not None:
            self._places.append((image, place))
        degree = dict(zip(FEATURES, values.tolist(), strict=True))
        features = features_of(values)
        shown = [self._row(FEATURE, one) for one in features]
        for row, one in zip(shown, features, strict=True):
            # Once a picture, whatever the number of its files.
            self._depicted[image, row] = 1
            self._weight[image, row] = round(MICRO * degree[one])
        said: dict[int, None] = {}
        for caption in captions:
            words = [self._row(TOKEN, word) for word in content_words(caption)]
            if (kind := caption_kind(caption)) == SENTENCE or len(words) > 1:
                self._depicted[
                    image, self._row(kind, caption if kind == SENTENCE else caption.lower())
                ] += 1
            self._depicted.update((image, word) for word in words)
            self._together.update(combinations(words, 2))
            said.update(dict.fromkeys(words))
        self._depicted.update((feature, word) for feature in shown for word in said)

    def piece(self, excluded: Counter[str]) -> ObservedPiece:
        kinds, texts = ([], []) if not self._nodes else map(list, zip(*self._nodes, strict=True))
        compositions = pa.table(
            {"text": pa.array(texts, pa.string()), "kind": pa.array(kinds, pa.string())}
        )
        rows = {
            DEPICTION: _table(self._depicted, self._weight),
            TOGETHER: _table(self._together, {}),
        }
        at = np.array([row for row, _ in self._places], dtype=np.int64)
        places = place_table(at, [place for _, place in self._places])
        return ObservedPiece(compositions, rows, excluded, places)

    def _row(self, kind: str, text: str) -> int:
        return self._nodes.setdefault((kind, text), len(self._nodes))


def _table(counted: Counter[tuple[int, int]], weight: Mapping[tuple[int, int], int]) -> pa.Table:
    """Return pairs with their counts; each counts whole unless it has a weight of its own."""
    pairs = np.array(list(counted), dtype=np.int64).reshape(-1, 2)
    n = np.fromiter(counted.values(), dtype=np.int64, count=len(counted))
    own = [weight.get(pair, times * MICRO) for pair, times in counted.items()]
    weights = np.array(own, dtype=np.int64)
    return pa.table({"start": pairs[:, 0], "end": pairs[:, 1], "n": n, "weight": weights})


IMPORTER = CaptionedPictures()
