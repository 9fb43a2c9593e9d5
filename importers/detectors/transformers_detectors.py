"""Transformers detectors: a local folder of object detection, of segmentation, or of detection by
given labels (zero-shot).

The configuration says what a folder is. Code in the folder is never run, and weights are read from
safetensors alone. Segments become the boxes around their masks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hartonomous.errors import BadInput, HartonomousError, UsageError
from hartonomous.extract.detector_protocol import DetectorOptions
from hartonomous.extract.files.module_folders import has_weights
from hartonomous.extract.files.untrusted_files import inside, is_pickle, read_json, shown
from hartonomous.extract.importer_protocol import Claim
from hartonomous.identity import content_digest, file_digest
from hartonomous.pictures.detections import Boxes, Detections
from hartonomous.pictures.picture_files import Pixels, library
from importers.detectors.class_lists import given_labels, listed_labels
from importers.detectors.detector_importer import LABELS, DetectorImporter

OBJECTS, ZERO_SHOT, SEGMENTS = "object detection", "detection by given labels", "segmentation"

ENDINGS = (
    ("ForObjectDetection", OBJECTS),
    ("ForUniversalSegmentation", SEGMENTS),
    ("ForInstanceSegmentation", SEGMENTS),
    ("ForSemanticSegmentation", SEGMENTS),
)
GIVEN_LABELS = ("OwlViT", "Owlv2", "GroundingDino", "OmDetTurbo", "MMGroundingDino")
"""Families that detect what they are asked for."""

DETR_SEGMENTS = ("DetrForSegmentation", "MaskFormerForInstanceSegmentation")

THRESHOLDS = {OBJECTS: 0.5, SEGMENTS: 0.5, ZERO_SHOT: 0.1}
"""Least scores that are usual; what is asked for by words has lower ones."""

LEAST_SHARE = 1e-4
"""Share of a picture below which a connected part of a class is no thing."""

DECODING_VERSION = 1

Masks = NDArray[np.bool_]


@dataclass(frozen=True)
class FolderKind:
    """What a folder is, by its configuration: the task, and the name of the model's class."""

    task: str
    architecture: str


def folder_kind(path: Path) -> FolderKind | None:
    """Return what a folder of transformers detects; None if it does not detect, or is no model."""
    if not path.is_dir() or not (path / "config.json").is_file():
        return None
    try:
        config = read_json(inside(path, "config.json"))
    except HartonomousError:
        return None
    named = config.get("architectures") if isinstance(config, dict) else None
    if not isinstance(named, list) or not named or not isinstance(named[0], str):
        return None
    name = named[0]
    if name.startswith(GIVEN_LABELS) and name.endswith("ForObjectDetection"):
        return FolderKind(ZERO_SHOT, name)
    if name in DETR_SEGMENTS:
        return FolderKind(SEGMENTS, name)
    task = next((task for ending, task in ENDINGS if name.endswith(ending)), None)
    return None if task is None else FolderKind(task, name)


class TransformersDetector:
    """A detector in a folder, run by transformers one picture at a time."""

    def __init__(self, path: Path, options: DetectorOptions) -> None:
        kind = folder_kind(path)
        if kind is None:
            raise BadInput(f"{path} is no transformers folder of a detector; see its config.json.")
        if options.decoder is not None:
            raise UsageError("--decoder is for ONNX files; a transformers folder needs none.")
        if options.normalise is not None:
            raise UsageError("--normalise is for ONNX files; a transformers folder states it.")
        config = read_json(inside(path, "config.json"))
        self.files = _safe_files(path, config)
        self._asked = _asked(path, kind, options.labels)
        self.labels = self._asked or listed_labels(config.get("id2label")) or ()
        self.threshold = THRESHOLDS[kind.task] if options.threshold is None else options.threshold
        self._path, self._kind, self._device = path, kind, options.device
        self._torch = _torch()
        self._processor, self._model = _loaded(path, kind, options.device)
        self.digest = content_digest(
            "detector",
            {
                "files": [file_digest(file) for file in self.files],
                "labels": list(self.labels),
                "threshold": repr(self.threshold),
                "decoding": DECODING_VERSION,
            },
        )

    def detect(self, pictures: Sequence[Pixels]) -> list[Detections]:
        """Return what is in each picture, those below the least score left out."""
        decode: dict[str, Callable[[Pixels], Detections]] = {
            OBJECTS: self._objects,
            ZERO_SHOT: self._zero_shot,
            SEGMENTS: self._segments,
        }
        with self._torch.inference_mode():
            return [decode[self._kind.task](pixels) for pixels in pictures]

    def _run(self, pixels: Pixels, **more: Any) -> tuple[Any, Any]:
        image = library("PIL.Image").fromarray(pixels)
        try:
            inputs = self._processor(images=image, return_tensors="pt", **more).to(self._device)
            return inputs, self._model(**inputs)
        except (ValueError, RuntimeError, TypeError, IndexError, KeyError, AttributeError) as error:
            said = shown(str(error).strip().partition("\n")[0])
            raise BadInput(
                f"{self._path} cannot be run on a picture of {pixels.shape[1]} x {pixels.shape[0]} pixels: "
                f"{said}."
            ) from error

    def _objects(self, pixels: Pixels) -> Detections:
        _, outputs = self._run(pixels)
        sizes = [pixels.shape[:2]]
        (found,) = self._processor.post_process_object_detection(
            outputs, threshold=self.threshold, target_sizes=sizes
        )
        labels = [self._named(int(number)) for number in found["labels"]]
        return _detections(labels, found["scores"], found["boxes"])

    def _zero_shot(self, pixels: Pixels) -> Detections:
        assert self._asked is not None
        if self._kind.architecture.startswith(("GroundingDino", "MMGroundingDino")):
            return self._grounded(pixels, self._asked)
        texts = [[f"a photo of a {label}" for label in self._asked]]
        _, outputs = self._run(pixels, text=texts, truncation=True)
        # Padded to a square of its longer side: boxes are shares of that square.
        side = max(pixels.shape[:2]) if self._kind.architecture.startswith("Owlv2") else None
        sizes = [(side, side) if side else pixels.shape[:2]]
        (found,) = self._processor.image_processor.post_process_object_detection(
            outputs, threshold=self.threshold, target_sizes=self._torch.tensor(sizes)
        )
        labels = [self._asked[int(number)] for number in found["labels"]]
        return _detections(labels, found["scores"], found["boxes"])

    def _grounded(self, pixels: Pixels, asked: tuple[str, ...]) -> Detections:
        text = " ".join(f"{label.lower()}." for label in asked)
        inputs, outputs = self._run(pixels, text=text)
        (found,) = self._processor.post_process_grounded_object_detection(
            outputs, inputs["input_ids"], threshold=self.threshold, target_sizes=[pixels.shape[:2]]
        )
        # Versions of the library differ in the name; one of them warns whoever reads the other.
        read = [
            str(label) for label in found["text_labels" if "text_labels" in found else "labels"]
        ]
        labels = [asked_label(text, asked) for text in read]
        return _detections(labels, found["scores"], found["boxes"])

    def _segments(self, pixels: Pixels) -> Detections:
        _, outputs = self._run(pixels)
        if self._kind.architecture.endswith("ForSemanticSegmentation"):
            return self._classes(outputs, pixels)
        (found,) = self._processor.post_process_instance_segmentation(
            outputs, threshold=self.threshold, target_sizes=[pixels.shape[:2]]
        )
        segmentation = found["segmentation"]
        every = [] if segmentation is None else found["segments_info"]
        whole = None if segmentation is None else np.asarray(segmentation.cpu())
        rows = [
            (self._named(int(one["label_id"])), float(one["score"]), mask_box(whole == one["id"]))
            for one in every
            if whole is not None and (whole == one["id"]).any()
        ]
        return _of_rows(rows)

    def _classes(self, outputs: Any, pixels: Pixels) -> Detections:
        """Return the connected parts of each class of a semantic segmentation, as boxes; the score is
        the mean probability of the class in it.
        """
        logits = self._torch.nn.functional.interpolate(
            outputs.logits, size=pixels.shape[:2], mode="bilinear", align_corners=False
        )
        shares = np.asarray(logits.softmax(dim=1)[0].cpu(), dtype=np.float64)
        best, sure = shares.argmax(axis=0), shares.max(axis=0)
        measure = library("skimage.measure")
        parts = measure.label(best, background=-1, connectivity=1)
        least = LEAST_SHARE * best.size
        rows = []
        for part in measure.regionprops(parts, intensity_image=sure):
            top, left, bottom, right = part.bbox
            score = float(part.intensity_mean)
            if part.area >= least and score >= self.threshold:
                number = int(best[tuple(part.coords[0])])
                rows.append((self._named(number), score, (left, top, right, bottom)))
        return _of_rows(rows)

    def _named(self, number: int) -> str:
        return self.labels[number] if 0 <= number < len(self.labels) else ""


def asked_label(text: str, asked: Sequence[str]) -> str:
    """Return the label that a text read off an answer stands for: the one with most of its words, the
    shorter of two; none if it has no word of any. Such models name things by pieces of what was asked.

    >>> asked_label("red", ("star", "red star")), asked_label("star", ("star", "red star"))
    ('red star', 'star')
    >>> asked_label("[unk]", ("star",))
    ''
    """
    words = set(text.lower().split())
    shared = {label: len(words & set(label.lower().split())) for label in asked}
    best = min(asked, key=lambda label: (-shared[label], len(label.split())), default="")
    return best if shared.get(best) else ""


def mask_box(mask: Masks) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of the pixels of a mask, (height, width) bool.

    >>> mask_box(np.array([[False, True], [False, True]]))
    (1, 0, 2, 2)
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


class TransformersDetectors:
    """Opens transformers folders of detectors."""

    def recognises(self, path: Path) -> bool:
        return folder_kind(path) is not None

    def open(self, path: Path, options: DetectorOptions) -> TransformersDetector:
        return TransformersDetector(path, options)


def _claim(path: Path) -> Claim:
    """Return how surely a folder is opened without pictures: one that has no part for text is of no
    other importer's kind.
    """
    kind = folder_kind(path)
    if kind is None:
        return Claim.NONE
    return Claim.ASKED if kind.task in (OBJECTS, SEGMENTS) else Claim.POSSIBLE


def _asked(path: Path, kind: FolderKind, labels: Path | None) -> tuple[str, ...] | None:
    if kind.task == ZERO_SHOT:
        if labels is None:
            raise UsageError(
                f"{path} detects what it is asked for; name a file of labels, one a line: --labels FILE."
            )
        return given_labels(labels)
    if labels is not None:
        raise UsageError(f"{path} has labels of its own; leave --labels out.")
    return None


def _safe_files(path: Path, config: Any) -> tuple[Path, ...]:
    """Return the files that a folder is read from.

    Raises BadInput for code in it, for weights that are pickles alone, and for links out of it.
    """
    if "auto_map" in config:
        raise BadInput(
            f"{path} needs code of its own (auto_map in its config.json), which is not run; give a model "
            "that transformers itself knows."
        )
    if not has_weights(path):
        pickled = sorted(file.name for file in path.iterdir() if is_pickle(file))
        if pickled:
            raise BadInput(
                f"{path} has its weights as a pickle ({shown(pickled[0])}), and unpickling runs any code "
                "in it. If you trust it, write safetensors: AutoModel.from_pretrained(…)."
                "save_pretrained(FOLDER)."
            )
        raise BadInput(f"{path} lacks model.safetensors; download the model whole.")
    names = sorted(file.name for file in path.iterdir() if file.suffix in (".json", ".safetensors"))
    return tuple(inside(path, name) for name in names)


def _torch() -> Any:
    try:
        import torch
        import transformers  # noqa: F401
    except ImportError as error:
        raise UsageError(
            "A transformers folder needs PyTorch: pip install 'hartonomous[transformers,vision]'."
        ) from error
    return torch


def _loaded(path: Path, kind: FolderKind, device: str) -> tuple[Any, Any]:
    import transformers
    from transformers.utils import logging as transformers_logging

    logging: Any = transformers_logging
    known = getattr(transformers, kind.architecture, None)
    if known is None:
        raise BadInput(
            f"{path} is a {shown(kind.architecture)}, which this transformers does not have; update it."
        )
    reader: Any = (
        transformers.AutoProcessor if kind.task == ZERO_SHOT else transformers.AutoImageProcessor
    )
    asked: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    bars = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        processor = reader.from_pretrained(str(path), **asked)
        model, report = known.from_pretrained(
            str(path), use_safetensors=True, output_loading_info=True, **asked
        )
    except (
        OSError,
        ValueError,
        RuntimeError,
        KeyError,
        TypeError,
        AttributeError,
        ImportError,
    ) as error:
        said = shown(str(error).strip().partition("\n")[0])
        raise BadInput(f"{path} cannot be opened by transformers: {said}.") from error
    finally:
        if bars:
            logging.enable_progress_bar()
    if missing := sorted(report["missing_keys"]):
        raise BadInput(
            f"{path} lacks weights, such as {shown(missing[0])}, which would be random; download it whole."
        )
    return processor, model.eval().to(device)


def _detections(labels: Sequence[str], scores: Any, boxes: Any) -> Detections:
    return Detections(
        np.array(labels, dtype=object),
        np.asarray(scores.detach().cpu(), dtype=np.float64),
        np.asarray(boxes.detach().cpu(), dtype=np.float64).reshape(-1, 4),
    )


def _of_rows(rows: Sequence[tuple[str, float, tuple[int, ...]]]) -> Detections:
    boxes: Boxes = np.array([box for _, _, box in rows], dtype=np.float64).reshape(-1, 4)
    scores = np.array([score for _, score, _ in rows], dtype=np.float64)
    return Detections(np.array([label for label, _, _ in rows], dtype=object), scores, boxes)


OPENER = TransformersDetectors()
IMPORTER = DetectorImporter(
    "transformers-detectors",
    "transformers folder of detection or segmentation (--images)",
    OPENER,
    (LABELS,),
    _claim,
)
