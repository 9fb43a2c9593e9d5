"""COCO annotations: boxes in pictures from a JSON file, drawn by people or found by a detector.

A file of annotations has images, categories and annotations; a file of results is a list of boxes with
scores, whose images and categories stand in a file of annotations (`--annotations`).

With `--images DIR`, pictures are keyed by their pixels, as by every other importer, so that what
several sources say of a picture meets. Without it there are no pixels: pictures are keyed by the digest
of file name, width and height. Relations between labels, which need no pixels, come out the same; the
pictures are this dataset's own, and a remark says so.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hartonomous.errors import BadInput, NotFound, UsageError
from hartonomous.extract.files.untrusted_files import inside, refuse_pointer, shown
from hartonomous.extract.importer_options import LIMIT, PATH, ImporterOption
from hartonomous.extract.importer_protocol import Claim, OpenedModel, OpenOptions
from hartonomous.extract.observed_pieces import ObservedPiece, ObservedTracks, Piece
from hartonomous.extract.vocabulary import no_vocabulary
from hartonomous.identity import content_digest, file_digest
from hartonomous.opened_files import OpenedFile
from hartonomous.pictures.detections import Boxes, Detections, cleaned
from hartonomous.pictures.picture_files import Pixels, library, picture_key, read_picture
from hartonomous.pictures.picture_folder import Picture, PictureFolder
from importers.detectors.detector_evidence import (
    EVIDENCE,
    SeenPicture,
    label_text,
    observed_piece,
)
from importers.detectors.detector_importer import (
    AT_ONCE,
    EXPECTED,
    READING_VERSION,
    THRESHOLD,
    joined_piece,
)
from importers.pictures.picture_evidence import FEATURES_VERSION, with_features
from importers.pictures.picture_options import IMAGES

LARGEST = 1 << 30
"""Bytes of a file; COCO's own largest has 450 MB."""

HEAD = 1 << 16
LEAST_SCORE = 0.5

UNSTATED = 1 << 30
"""Side of a picture whose size is not stated: no box is clamped."""

WITH_PIXELS, WITHOUT = 64, 1_024
"""Pictures of a piece."""

CROWDS = "boxes of crowds"
NO_IMAGE, NO_CATEGORY = "boxes of unknown pictures", "boxes of unknown categories"
ODD = "boxes that are not valid"
NO_FILE, OTHER_SIZE = "pictures without a file", "pictures of another size than stated"
UNREADABLE, OUTSIDE = "unreadable pictures", "pictures outside the folder"

ANNOTATIONS = ImporterOption(
    "annotations",
    "COCO file with the images and categories of a file of results.",
    PATH,
    unfit=lambda value: "it is for results in COCO's form",
)


@dataclass(frozen=True)
class CocoImage:
    """An image as a file states it; a side that is not stated is 0."""

    name: str
    width: int
    height: int


@dataclass(frozen=True)
class CocoBoxes:
    """What a file states: images in the order of their numbers, and the boxes of each.

    `image` (n,) are places among `images`, ascending; `labels` (n,) texts, `scores` (n,), `boxes`
    (n, 4). `excluded` counts what was left out.
    """

    images: tuple[CocoImage, ...]
    image: NDArray[np.int64]
    found: Detections
    excluded: Counter[str]
    merged: int = 0

    def of(self, place: int) -> Detections:
        """Return the boxes of an image."""
        first, last = np.searchsorted(self.image, [place, place + 1])
        return self.found.at(np.arange(first, last))


def read_coco(path: Path, annotations: Path | None = None) -> CocoBoxes:
    """Return what a file of annotations states, or one of results with its file of annotations.

    Raises BadInput for a file that is neither, or states images or categories twice in different
    ways; UsageError for results without their annotations, and the other way round.
    """
    stated = _parsed(path)
    if isinstance(stated, list):
        if annotations is None:
            raise UsageError(
                f"{path} is COCO results, which name no pictures and no categories; name the file that "
                "does: --annotations FILE."
            )
        base, rows = _parsed(annotations), stated
        if not isinstance(base, dict):
            raise BadInput(f"{annotations} is no file of COCO annotations.")
    else:
        if annotations is not None:
            raise UsageError(f"{path} is COCO annotations itself; leave --annotations out.")
        base, rows = stated, stated.get("annotations")
    where = annotations or path
    images, categories = _images(where, base), _categories(where, base)
    if not isinstance(rows, list):
        raise BadInput(f"{path} has no list of annotations.")
    return _boxes(images, categories, rows)


def _parsed(path: Path) -> Any:
    if not path.is_file():
        raise NotFound(f"There is no file at {path}.")
    if path.stat().st_size > LARGEST:
        raise BadInput(f"{path} is larger than {LARGEST >> 20} MiB; divide it by images.")
    refuse_pointer(path)
    try:
        with path.open("rb") as file:
            found = json.load(file, object_hook=_short)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path} is not valid JSON: {error}.") from error
    if not isinstance(found, list | dict):
        raise BadInput(f"{path} is neither COCO annotations nor results.")
    return found


def _short(entry: dict[str, Any]) -> Any:
    """Return an annotation without its outline if it has a box: outlines are most of a file."""
    if "bbox" in entry and "segmentation" in entry:
        del entry["segmentation"]
    return entry


def _images(path: Path, base: dict[str, Any]) -> dict[int, CocoImage]:
    found: dict[int, CocoImage] = {}
    entries = base.get("images")
    if not isinstance(entries, list) or not entries:
        raise BadInput(f"{path} lists no images; COCO annotations do.")
    for entry in entries:
        number, name = (_of(entry, key) for key in ("id", "file_name"))
        if not isinstance(number, int) or not isinstance(name, str) or not name:
            raise BadInput(
                f"{path} has an image without a whole id and a file_name: {shown(repr(entry))}."
            )
        sides = (_of(entry, key) for key in ("width", "height"))
        width, height = (side if isinstance(side, int) and side > 0 else 0 for side in sides)
        image = CocoImage(name, width, height)
        if found.setdefault(number, image) != image:
            raise BadInput(f"{path} has two images of the id {number}; each needs its own.")
    return found


def _categories(path: Path, base: dict[str, Any]) -> dict[int, str]:
    found: dict[int, str] = {}
    entries = base.get("categories")
    if not isinstance(entries, list) or not entries:
        raise BadInput(f"{path} lists no categories; COCO annotations do.")
    for entry in entries:
        number, name = (_of(entry, key) for key in ("id", "name"))
        if not isinstance(number, int) or not isinstance(name, str) or not name.strip():
            raise BadInput(
                f"{path} has a category without a whole id and a name: {shown(repr(entry))}."
            )
        if found.setdefault(number, name) != name:
            raise BadInput(
                f"{path} has two categories of the id {number}, {shown(found[number])} and "
                f"{shown(name)}; each needs its own."
            )
    return found


def _of(entry: Any, key: str) -> Any:
    value = entry.get(key) if isinstance(entry, dict) else None
    return None if isinstance(value, bool) else value


def _boxes(images: dict[int, CocoImage], categories: dict[int, str], rows: list[Any]) -> CocoBoxes:
    excluded = Counter[str]()
    place = {number: at for at, number in enumerate(sorted(images))}
    kept: list[tuple[int, str, float, tuple[float, ...]]] = []
    for row in rows:
        image, category = place.get(_key(row, "image_id"), -1), _key(row, "category_id")
        if image < 0 or category not in categories:
            excluded[NO_IMAGE if image < 0 else NO_CATEGORY] += 1
        elif _of(row, "iscrowd") or (isinstance(row, dict) and row.get("iscrowd") is True):
            excluded[CROWDS] += 1
        elif (box := _box(row)) is None:
            excluded[ODD] += 1
        else:
            kept.append((image, categories[category], *box))
    kept.sort(key=lambda one: one[0])
    labels = np.array([one[1] for one in kept], dtype=object)
    scores = np.array([one[2] for one in kept], dtype=np.float64)
    boxes: Boxes = np.array([one[3] for one in kept], dtype=np.float64).reshape(-1, 4)
    texts = Counter(label_text(name) for name in categories.values())
    return CocoBoxes(
        tuple(images[number] for number in sorted(images)),
        np.array([one[0] for one in kept], dtype=np.int64),
        Detections(labels, scores, boxes),
        excluded,
        sum(texts.values()) - len(texts),
    )


def _key(row: Any, name: str) -> int:
    value = _of(row, name)
    return value if isinstance(value, int) else -1


def _box(row: dict[str, Any]) -> tuple[float, tuple[float, ...]] | None:
    """Return the score of an annotation and its left, top, right, bottom; None if it has none."""
    score = row.get("score", 1.0)
    side = row["bbox"] if row.get("bbox") else _outline_box(row.get("segmentation"))
    if not isinstance(side, list) or len(side) != 4:
        return None
    values = [*side, score]
    if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in values):
        return None
    left, top, wide, high = (float(one) for one in side)
    return float(score), (left, top, left + wide, top + high)


def _outline_box(outline: Any) -> list[float] | None:
    """Return left, top, width, height of polygons, or of a mask in runs of pixels (RLE)."""
    if isinstance(outline, dict):
        return _mask_box(outline)
    if not isinstance(outline, list) or not outline:
        return None
    flat = [one for polygon in outline if isinstance(polygon, list) for one in polygon]
    if len(flat) < 6 or len(flat) % 2 or not all(isinstance(one, int | float) for one in flat):
        return None
    points = np.array(flat, dtype=np.float64).reshape(-1, 2)
    low, high = points.min(axis=0), points.max(axis=0)
    return [*low.tolist(), *(high - low).tolist()]


def _mask_box(mask: dict[str, Any]) -> list[float] | None:
    size, counts = mask.get("size"), mask.get("counts")
    if (
        not isinstance(size, list)
        or len(size) != 2
        or not all(isinstance(side, int) and 0 < side < 1 << 15 for side in size)
    ):
        return None
    masks = library("pycocotools.mask")
    if isinstance(counts, str):
        return _listed_box(masks, {"size": size, "counts": counts.encode()}, size)
    if not isinstance(counts, list) or not all(isinstance(n, int) and n >= 0 for n in counts):
        return None
    if sum(counts) != size[0] * size[1]:
        return None
    return _listed_box(masks, masks.frPyObjects({"size": size, "counts": counts}, *size), size)


def _listed_box(masks: Any, mask: dict[str, Any], size: list[int]) -> list[float] | None:
    """Return the box of a compressed mask; None for runs that do not fill it, which its library
    would read past.
    """
    if _runs(mask["counts"]) != size[0] * size[1]:
        return None
    return [float(one) for one in masks.toBbox(mask)]


def _runs(counts: bytes) -> int:
    """Return how many pixels a compressed mask has: the sum of its runs, -1 if they are damaged."""
    runs: list[int] = []
    value = shift = 0
    for byte in counts:
        code = byte - 48
        if not 0 <= code < 64 or shift > 30:
            return -1
        value |= (code & 31) << shift
        shift += 5
        if code & 32:
            continue
        if code & 16:
            value -= 1 << shift
        runs.append(value + runs[-2] if len(runs) > 2 else value)
        value = shift = 0
    return -1 if shift or any(run < 0 for run in runs) else sum(runs)


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
        return with_features(observed_piece(seen, excluded), pictures)

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
    kind = "corpus"
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
        if options.images is not None and not options.images.is_dir():
            raise NotFound(f"There is no folder of pictures at {options.images}.")
        read = read_coco(path, options.annotations)
        threshold = LEAST_SCORE if options.threshold is None else options.threshold
        size = WITHOUT if options.images is None else WITH_PIXELS
        count = min(len(read.images), options.limit or len(read.images))
        pieces = [(at, min(at + size, count)) for at in range(0, count, size)]
        observe = CocoObserver(path, options.annotations, options.images, threshold, read)
        if options.images is not None:
            _refuse_without_files(read, options.images)
        files = [path] if options.annotations is None else [path, options.annotations]
        described: dict[str, object] = {
            "importer": self.name,
            "limit": options.limit,
            "pictures": _pictures_digest(read, options.images, count),
            "threshold": threshold,
            "reading": READING_VERSION,
            "features": FEATURES_VERSION,
        }
        remarks = [] if options.images is not None else [
            "without --images, pictures are known by name and size, and not as the same as those of "
            "other sources"
        ]  # fmt: skip
        return OpenedModel(
            self.name,
            [OpenedFile(file.name, file_digest(file), file.stat().st_size) for file in files],
            0, replace(no_vocabulary(), merged=read.merged), (), described, kind=self.kind,
            observed=(ObservedTracks(EVIDENCE, ("boxes",), pieces, observe, EXPECTED * count),),
            remarks=tuple(remarks),
            pictures=None if options.images is None else _folder(read, options.images, count),
        )  # fmt: skip


def _folder(read: CocoBoxes, folder: Path, count: int) -> PictureFolder:
    """Return the first images whose files are in a folder, by name."""
    names = []
    for image in read.images[:count]:
        with suppress(BadInput, OSError, ValueError):
            if inside(folder, image.name).is_file():
                names.append(image.name)
    return PictureFolder(folder, tuple(names), "")


def _refuse_without_files(read: CocoBoxes, folder: Path) -> None:
    if not any((folder / image.name).is_file() for image in read.images):
        raise BadInput(
            f"{folder} has none of the {len(read.images):,} pictures, such as "
            f"{shown(read.images[0].name)}; name the folder that they lie in."
        )


def _pictures_digest(read: CocoBoxes, folder: Path | None, count: int) -> str | None:
    """Return the digest of the pictures' files; None without a folder."""
    if folder is None:
        return None
    names = sorted({image.name for image in read.images[:count]})
    digests = [[name, file_digest(folder / name)] for name in names if _is_within(folder, name)]
    return content_digest("pictures", {"files": digests})


def _is_within(folder: Path, name: str) -> bool:
    try:
        return inside(folder, name).is_file()
    except (BadInput, OSError, ValueError):
        return False


IMPORTER = CocoAnnotations()
