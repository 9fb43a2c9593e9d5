"""Caption importer: a folder of pictures and what is written beside them, without any model.

Evidence of pictures and the content words of their captions, of pictures and whole captions, of words
in one caption, and of words and what can be measured in the pictures they stand beside.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import numpy as np
import pyarrow as pa

from hartonomous.errors import BadInput
from hartonomous.extract.importer_options import LIMIT, PATH, ImporterOption
from hartonomous.extract.importer_protocol import Claim, OpenedModel, OpenOptions
from hartonomous.extract.observed_pieces import ObservedPiece, ObservedTracks, Piece
from hartonomous.extract.vocabulary import no_vocabulary
from hartonomous.identity import content_digest
from hartonomous.opened_files import kept_files
from hartonomous.pictures.label_texts import is_sentence, label_text, text_kind
from hartonomous.pictures.picture_folder import holds_pictures
from hartonomous.pictures.visual_features import features_of
from hartonomous.schema import FEATURE, IMAGE, MICRO, TOKEN
from importers.captions.caption_words import content_words
from importers.captions.figured_folder import FiguredFolder, open_figured
from importers.captions.folder_captions import folder_captions
from importers.documents.document_importer import EXCLUDE
from importers.pictures.picture_evidence import (
    CELLS_VERSION,
    DEPICTION,
    FEATURES_VERSION,
    MeasuredPicture,
    measure,
    with_features,
)

TOGETHER = "COOCCURRENCE_EVIDENCE"

READING_VERSION = 2
"""Part of a source's options: raised when the same folder gives other captions or words."""

CAPTIONS = ImporterOption(
    "captions",
    "File of captions (JSON, JSONL, CSV) instead of those beside the pictures; repeatable.",
    PATH,
    repeated=True,
    unfit=lambda value: "it is for folders of pictures",
)

Node = tuple[str, str]
"""The kind and the text of a composition."""


class CaptionedPictures:
    """Opens a folder of pictures with captions."""

    name = "captions"
    kind = "images"
    options = (CAPTIONS, EXCLUDE, LIMIT)
    summary = "pictures with captions: records, texts, pages, PDF figures, or their names"

    def recognises(self, path: Path) -> Claim:
        return Claim.LAST if holds_pictures(path) else Claim.NONE

    def claims(self, path: Path, options: OpenOptions) -> Claim:
        """With files of captions, a folder of pictures is meant, whatever else is in it."""
        found = self.recognises(path)
        return Claim.ASKED if found and options.captions else found

    def open(self, path: Path, options: OpenOptions) -> OpenedModel:
        pictures = open_figured(path, options.exclude, options.limit)
        folder = pictures.folder
        found = folder_captions(folder, options.captions)
        texts = found.texts | pictures.captions()
        if not texts:
            raise BadInput(
                f"{path} has {len(folder):,} pictures and no caption of any of them; put texts, "
                "records or pages beside them, or name a file with --captions."
            )
        if not pictures.pdfs:
            folder.refuse_unreadable()
        observe = CaptionObserver(pictures, texts)
        expected = sum(len(text.split()) for own in texts.values() for text in own)
        tracks = ObservedTracks(
            (DEPICTION, TOGETHER), ("captions",), pictures.pieces(), observe, expected * 4
        )
        described: dict[str, object] = {
            "importer": self.name,
            "captions": content_digest("captions", {"texts": sorted(texts.items())}),
            "reading": READING_VERSION,
            "features": FEATURES_VERSION,
            "cells": CELLS_VERSION,
        }
        excluded = found.excluded + Counter(dict(folder.excluded)) + pictures.excluded
        # Files of captions and pages are among them.
        del excluded["files of another kind"]
        return OpenedModel(
            self.name, kept_files(pictures.files()), 0, no_vocabulary(excluded), (), described,
            kind=self.kind, observed=(tracks,), pictures=pictures,
        )  # fmt: skip


@dataclass(frozen=True)
class CaptionObserver:
    """Observes a range of a folder's pictures with their captions."""

    folder: FiguredFolder
    texts: Mapping[str, tuple[str, ...]] = field(repr=False)

    def __call__(self, piece: Piece) -> ObservedPiece:
        assert isinstance(piece, tuple)
        first, last = (int(end) for end in piece)
        excluded = Counter[str]()
        pictures = measure(self.folder.pictures(first, last, excluded), cells=True)
        said = _Said()
        for picture in pictures:
            said.add(picture, self.texts.get(picture.name, ()))
        return with_features(said.piece(excluded), pictures)


class _Said:
    """What captions say of pictures, as nodes and counted pairs of a piece."""

    def __init__(self) -> None:
        self._nodes: dict[Node, int] = {}
        self._depicted = Counter[tuple[int, int]]()
        self._together = Counter[tuple[int, int]]()

    def add(self, picture: MeasuredPicture, captions: Sequence[str]) -> None:
        """Add the captions of a picture: whole ones, their words, and the words with its features."""
        image, said = self._row(IMAGE, picture.key), dict[int, None]()
        for caption in captions:
            words = [self._row(TOKEN, word) for word in content_words(caption)]
            whole = label_text(caption)
            if is_sentence(whole) or len(words) > 1:
                self._depicted[image, self._row(text_kind(whole), whole)] += 1
            self._depicted.update((image, word) for word in words)
            self._together.update(combinations(words, 2))
            said.update(dict.fromkeys(words))
        shown = [self._row(FEATURE, one) for one in features_of(picture.degrees)] if said else []
        self._depicted.update((feature, word) for feature in shown for word in said)

    def piece(self, excluded: Counter[str]) -> ObservedPiece:
        """Return what was said; each caption counts whole."""
        texts = [text for _, text in self._nodes]
        kinds = [kind for kind, _ in self._nodes]
        found = {"text": pa.array(texts, pa.string()), "kind": pa.array(kinds, pa.string())}
        rows = {DEPICTION: _table(self._depicted), TOGETHER: _table(self._together)}
        return ObservedPiece(pa.table(found), rows, excluded)

    def _row(self, kind: str, text: str) -> int:
        return self._nodes.setdefault((kind, text), len(self._nodes))


def _table(counted: Counter[tuple[int, int]]) -> pa.Table:
    pairs = np.array(list(counted), dtype=np.int64).reshape(-1, 2)
    n = np.fromiter(counted.values(), dtype=np.int64, count=len(counted))
    return pa.table({"start": pairs[:, 0], "end": pairs[:, 1], "n": n, "weight": n * MICRO})


IMPORTER = CaptionedPictures()
