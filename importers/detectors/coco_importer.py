"""COCO importer: boxes in pictures as a file states them, drawn by people or found by a detector.

With `--images DIR`, pictures are keyed by their pixels, as by every other importer, so that what
several sources say of a picture meets. Without it there are no pixels: pictures are keyed by the digest
of file name, width and height. Relations between labels, which need no pixels, come out the same; the
pictures are this dataset's own, and a remark says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hartonomous.errors import BadInput, NotFound
from hartonomous.extract.files.untrusted_files import inside, shown
from hartonomous.extract.importer_options import LIMIT, PATH, ImporterOption
from hartonomous.extract.importer_protocol import Claim, OpenedModel, OpenOptions
from hartonomous.extract.observed_pieces import ObservedPiece, ObservedTracks, Piece
from hartonomous.extract.vocabulary import no_vocabulary
from hartonomous.identity import content_digest
from hartonomous.opened_files import opened_file
from hartonomous.pictures.detections import Detections, cleaned
from hartonomous.pictures.picture_files import Pixels, picture_key, read_picture
from hartonomous.pictures.picture_folder import PIECE, Picture, PictureFolder, named_pictures
from importers.detectors.coco_files import CocoBoxes, CocoImage, read_coco
from importers.detectors.detector_evidence import EVIDENCE, SeenPicture, observed_piece
from importers.detectors.detector_importer import (
    AT_ONCE,
    EXPECTED,
    READING_VERSION,
    THRESHOLD,
    joined_piece,
)
from importers.pictures.picture_evidence import FEATURES_VERSION, measure, with_features
from importers.pictures.picture_options import IMAGES

HEAD = 1 << 16
LEAST_SCORE = 0.5

UNSTATED = 1 << 30
"""Side of a picture whose size is not stated: no box is clamped."""

WITHOUT = 1_024
"""Pictures of a piece whose pixels are not read."""

NO_FILE, OTHER_SIZE = "pictures without a file", "pictures of another size than stated"
UNREADABLE, OUTSIDE = "unreadable pictures", "pictures outside the folder"
UNSEEN = (
    "without --images, pictures are known by name and size, and not as the same as those of other "
    "sources"
)

ANNOTATIONS = ImporterOption(
    "annotations",
    "COCO file with the images and categories of a file of results.",
    PATH,
    unfit=lambda value: "it is for results in COCO's form",
)


@dataclass
class CocoObserver:
    """Observes ranges of a file's images; a copy in another process reads the file again."""

    path: Path
    annotations: Path | None
    pictures: Path | None
    threshold: float
    read: CocoBoxes | None = field(default=None, repr=False, compare=False)

    def __call__(self, piece: Piece) -> ObservedPiece:
        assert isinstance(piece, tuple)
        if self.read is None:
            self.read = read_coco(self.path, self.annotations)
        first, last = (int(end) for end in piece)
        excluded = Counter(self.read.excluded) if first == 0 else Counter[str]()
        if self.pictures is None:
            return observed_piece(
                list(self._seen(self.read, range(first, last), excluded)), excluded
            )
        parts = [
            self._shown(self.read, range(at, min(at + AT_ONCE, last)), excluded)
            for at in range(first, last, AT_ONCE)
        ]
        return joined_piece(parts, excluded)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "read": None}

    def _seen(
        self, read: CocoBoxes, places: range, excluded: Counter[str]
    ) -> Iterator[SeenPicture]:
        """Yield images that are known by their names alone."""
        for place in places:
            image = read.images[place]
            stated = {"name": image.name, "width": image.width, "height": image.height}
            size = image.width or UNSTATED, image.height or UNSTATED
            key = content_digest("named picture", stated)
            yield SeenPicture(image.name, key, self._cleaned(read, place, size, excluded))

    def _shown(self, read: CocoBoxes, places: range, excluded: Counter[str]) -> ObservedPiece:
        """Return what is in images whose pixels are read."""
        seen, pictures = list[SeenPicture](), list[Picture]()
        for place in places:
            image = read.images[place]
            pixels = self._pixels(image, excluded)
            if pixels is None:
                continue
            pictures.append(Picture(image.name, picture_key(pixels), pixels))
            size = pixels.shape[1], pixels.shape[0]
            found = self._cleaned(read, place, size, excluded)
            seen.append(SeenPicture(image.name, pictures[-1].key, found))
        return with_features(observed_piece(seen, excluded), measure(pictures))

    def _cleaned(
        self, read: CocoBoxes, place: int, size: tuple[int, int], excluded: Counter[str]
    ) -> Detections:
        # Who draws two boxes means two things, and a detector's results are as it gave them.
        return cleaned(read.of(place), size, self.threshold, excluded, merge=False)

    def _pixels(self, image: CocoImage, excluded: Counter[str]) -> Pixels | None:
        """Return an image's pixels; None, and counted, if they cannot be had or are of another size."""
        assert self.pictures is not None
        try:
            if not (self.pictures / image.name).is_file():
                excluded[NO_FILE] += 1
                return None
            file = inside(self.pictures, image.name)
        except (BadInput, OSError, ValueError):
            excluded[OUTSIDE] += 1
            return None
        try:
            pixels = read_picture(file)
        except (BadInput, OSError):
            excluded[UNREADABLE] += 1
            return None
        height, width, _ = pixels.shape
        if (image.width or width, image.height or height) != (width, height):
            excluded[OTHER_SIZE] += 1
            return None
        return pixels


class CocoAnnotations:
    """Opens COCO annotations and results."""

    name = "coco"
    kind = "images"
    summary = "boxes in pictures as COCO annotations or results (JSON)"
    options = (IMAGES, ANNOTATIONS, THRESHOLD, LIMIT)

    def recognises(self, path: Path) -> Claim:
        if not path.is_file() or path.suffix.lower() != ".json":
            return Claim.NONE
        with path.open("rb") as file:
            head = file.read(HEAD)
        results = b'"image_id"' in head and b'"category_id"' in head
        stated = sum(
            name in head
            for name in (b'"images"', b'"annotations"', b'"categories"', b'"file_name"')
        )
        return Claim.SURE if results or stated >= 2 else Claim.NONE

    def open(self, path: Path, options: OpenOptions) -> OpenedModel:
        read = read_coco(path, options.annotations)
        threshold = LEAST_SCORE if options.threshold is None else options.threshold
        count = min(len(read.images), options.limit or len(read.images))
        folder = None if options.images is None else _folder(read, options.images, count)
        size = WITHOUT if folder is None else PIECE
        pieces = [(at, min(at + size, count)) for at in range(0, count, size)]
        observe = CocoObserver(path, options.annotations, options.images, threshold, read)
        files = [path] if options.annotations is None else [path, options.annotations]
        described: dict[str, object] = {
            "importer": self.name,
            "limit": options.limit,
            "pictures": None if folder is None else folder.digest,
            "threshold": threshold,
            "reading": READING_VERSION,
            "features": FEATURES_VERSION,
        }
        remarks = () if folder is not None else (UNSEEN,)
        return OpenedModel(
            self.name, [opened_file(file) for file in files], 0,
            replace(no_vocabulary(), merged=read.merged), (), described, kind=self.kind,
            observed=(ObservedTracks(EVIDENCE, ("boxes",), pieces, observe, EXPECTED * count),),
            remarks=remarks, pictures=folder,
        )  # fmt: skip


def _folder(read: CocoBoxes, folder: Path, count: int) -> PictureFolder:
    """Return the first images whose files are in a folder, by name.

    Raises NotFound if there is no such folder, BadInput if it has none of them.
    """
    if not folder.is_dir():
        raise NotFound(f"There is no folder of pictures at {folder}.")
    names = []
    for image in read.images[:count]:
        with suppress(BadInput, OSError, ValueError):
            inside(folder, image.name)
            names.append(image.name)
    if not names:
        raise BadInput(
            f"{folder} has none of the {count:,} pictures, such as {shown(read.images[0].name)}; name "
            "the folder that they lie in."
        )
    return named_pictures(folder, names)


IMPORTER = CocoAnnotations()
