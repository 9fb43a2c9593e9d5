"""ONNX detectors: object detectors in an ONNX file or a TensorFlow.js graph, run by onnxruntime."""

from __future__ import annotations

import ast
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hartonomous.errors import BadInput, UsageError
from hartonomous.extract.detector_protocol import DetectorOptions
from hartonomous.extract.files.untrusted_files import read_json, shown
from hartonomous.extract.importer_protocol import Claim
from hartonomous.identity import content_digest, file_digest
from hartonomous.pictures.detections import Detections, cleaned
from hartonomous.pictures.picture_files import Pixels, library
from importers.detectors.bounded_runs import run_bounded
from importers.detectors.box_decoders import BoxDecoder, Layout, Output, decoder_for
from importers.detectors.class_lists import Labels, labels_of
from importers.detectors.detector_importer import DECODER, LABELS, NORMALISE, DetectorImporter
from importers.detectors.input_pixels import (
    IMAGENET,
    UNIT,
    InputPixels,
    fitted,
    normalised,
    stated_pixels,
)
from importers.detectors.onnx_safety import MOST_SIDE, checked_model
from importers.detectors.tensorflow_js import converted_model, graph_file

THRESHOLD = 0.5
USUAL_SIDE = 640
"""Pixels of an input whose size is not stated."""

DECODING_VERSION = 1
"""Part of a detector's digest: raised when the same outputs give other boxes."""

PREPROCESSOR = "preprocessor_config.json"

Feed = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class PictureInput:
    """The input that takes pictures: its name, height and width, type, and whether the channels are
    the last axis.
    """

    name: str
    size: tuple[int, int]
    type: np.dtype[Any]
    last: bool


class OnnxDetector:
    """A detector in an ONNX file. Pictures are run one at a time, so that what is found in one does
    not depend on others.
    """

    def __init__(self, path: Path, options: DetectorOptions) -> None:
        converted = graph_file(path)
        path = path if converted is None else converted
        model = checked_model(path) if converted is None else converted_model(path)
        self.files = model.files
        self.threshold = THRESHOLD if options.threshold is None else options.threshold
        self._session = open_session(
            path, model.files, options.device, None if converted is None else model.proto
        )
        stated = _preprocessor(path)
        self._input = _picture_input(path, self._session, model.metadata, stated)
        labels = labels_of(path, model.metadata, options.labels)
        outputs = self._run(path, np.full((3, *self._input.size), 0.5, dtype=np.float32))
        self.labels = _required(path, labels, outputs)
        try:
            self._decoder = decoder_for(
                outputs, self._input.size, len(self.labels), options.decoder
            )
        except BadInput as error:
            raise BadInput(f"{path}: {error}") from error
        self._path = path
        usual = usual_pixels(self._decoder, outputs, len(self.labels))
        self._pixels = stated_pixels(usual, stated)
        if options.normalise is not None:
            self._pixels = normalised(self._pixels, options.normalise)
        self.digest = content_digest(
            "detector",
            {
                "files": [file_digest(file) for file in self.files],
                "labels": list(self.labels),
                "decoder": self._decoder.name,
                "pixels": repr(self._pixels),
                "threshold": repr(self.threshold),
                "decoding": DECODING_VERSION,
            },
        )

    @property
    def decoder(self) -> str:
        """Return the name of the decoder of its boxes."""
        return self._decoder.name

    def detect(self, pictures: Sequence[Pixels]) -> list[Detections]:
        """Return what is in each picture, those below the least score left out."""
        return [self._detected(pixels) for pixels in pictures]

    def _detected(self, pixels: Pixels) -> Detections:
        values, place = fitted(pixels, self._input.size, self._pixels)
        layout = Layout(self._input.size, len(self.labels), self.threshold)
        found = self._decoder.decode(self._run(self._path, values), layout)
        if len(found.classes) and not 0 <= found.classes.min() <= found.classes.max() < len(
            self.labels
        ):
            raise BadInput(
                f"{self._path} finds things of class {found.classes.max()} and has {len(self.labels)} "
                "labels; give one for each class: --labels FILE."
            )
        labels = np.array(self.labels, dtype=object)[found.classes]
        every = Detections(labels, found.scores, place.back(found.boxes))
        return _one_each(every, pixels) if self._decoder.anchored else every

    def _run(self, path: Path, values: NDArray[np.float32]) -> list[Output]:
        """Return the outputs for one prepared picture, (3, height, width)."""
        feed: Feed = {}
        for entry in self._session.get_inputs():
            if entry.name == self._input.name:
                one = values.transpose(1, 2, 0) if self._input.last else values
                feed[entry.name] = one[None].astype(self._input.type)
            else:
                feed[entry.name] = _besides(path, entry, self._input.size)
        found = run_bounded(path, self._session, feed)
        names = [entry.name for entry in self._session.get_outputs()]
        return [
            Output(name, value)
            for name, value in zip(names, found, strict=True)
            if isinstance(value, np.ndarray)
        ]


class OnnxDetectors:
    """Opens object detectors in ONNX files, and those of TensorFlow.js, which become ONNX."""

    def recognises(self, path: Path) -> bool:
        if path.is_file() and path.suffix.lower() in (".onnx", ".pt", ".pth"):
            return True
        return graph_file(path) is not None

    def open(self, path: Path, options: DetectorOptions) -> OnnxDetector:
        return OnnxDetector(path, options)


def graph_claim(path: Path) -> Claim:
    """Return how surely a path is a detector where no pictures are given, which then are asked for."""
    return Claim.LIKELY if graph_file(path) is not None else Claim.NONE


def _one_each(found: Detections, pixels: Pixels) -> Detections:
    """Return boxes without those of the same thing by other anchors, which nobody needs to be told of;
    what is not finite stays, and is counted where boxes are cleaned.
    """
    finite = np.isfinite(found.scores) & np.isfinite(found.boxes).all(axis=1)
    height, width, _ = pixels.shape
    kept = cleaned(found.at(finite), (width, height), 0.0, Counter())
    odd = found.at(~finite)
    return Detections(
        np.concatenate([kept.labels, odd.labels]),
        np.concatenate([kept.scores, odd.scores]),
        np.concatenate([kept.boxes, odd.boxes]),
    )


def open_session(
    path: Path, files: Sequence[Path], device: str = "cpu", converted: Any = None
) -> Any:
    """Return a session of a checked model, whose files were found to be `files`, or of the ModelProto
    that it was converted to; raises BadInput if the runtime cannot read it, UsageError for a device
    that it does not have.
    """
    runtime = library("onnxruntime")
    settings = runtime.SessionOptions()
    settings.log_severity_level = 4
    threads = os.environ.get("OMP_NUM_THREADS", "")
    settings.intra_op_num_threads = int(threads) if threads.isdecimal() else 0
    providers = ["CPUExecutionProvider"]
    if device == "cuda":
        if "CUDAExecutionProvider" not in runtime.get_available_providers():
            raise UsageError(
                "This onnxruntime has no CUDA; install onnxruntime-gpu, or leave --device out."
            )
        providers.insert(0, "CUDAExecutionProvider")
    # The bytes that were checked, unless there are more files, which it finds by the path.
    model: Any = path.read_bytes() if len(files) == 1 else str(path)
    if converted is not None:
        model = converted.SerializeToString()
    try:
        return runtime.InferenceSession(model, settings, providers=providers)
    except Exception as error:  # The runtime's errors have no class in common but this.
        raise BadInput(f"{path} cannot be opened by onnxruntime: {_first_line(error)}") from error


def usual_pixels(decoder: BoxDecoder, outputs: Sequence[Output], classes: int) -> InputPixels:
    """Return how models with such outputs are usually shown pictures."""
    if decoder.name == "detr":
        softmaxed = any(len(one.shape) == 3 and one.shape[2] == classes + 1 for one in outputs)
        return IMAGENET if softmaxed else UNIT
    return decoder.pixels


def _required(path: Path, labels: Labels | None, outputs: Sequence[Output]) -> Labels:
    if labels is not None:
        return labels
    shapes = ", ".join(f"{shown(one.name)} {one.shape}" for one in outputs[:12])
    raise BadInput(
        f"{path} does not state what its classes are called (outputs: {shapes}); give their names, one a "
        "line, with --labels FILE, and if they do not tell how boxes are read off, --decoder NAME."
    )


def _preprocessor(path: Path) -> Mapping[str, Any]:
    file = path.parent / PREPROCESSOR
    stated = read_json(file) if file.is_file() else {}
    return stated if isinstance(stated, dict) else {}


def _picture_input(
    path: Path, session: Any, metadata: Mapping[str, str], stated: Mapping[str, Any]
) -> PictureInput:
    for entry in session.get_inputs():
        shape = entry.shape
        if len(shape) != 4 or 3 not in (shape[1], shape[3]):
            continue
        if isinstance(shape[0], int) and shape[0] != 1:
            raise BadInput(
                f"{path} takes {shape[0]} pictures at once; export it for one, or any number."
            )
        last = shape[1] != 3
        types = {"tensor(float)": "f4", "tensor(float16)": "f2", "tensor(uint8)": "u1"}
        if entry.type not in types:
            raise BadInput(f"{path} takes pictures as {entry.type}; export it for float32.")
        sides = shape[1:3] if last else shape[2:4]
        usual = _stated_size(metadata, stated)
        height, width = (
            side if isinstance(side, int) and side > 0 else other
            for side, other in zip(sides, usual, strict=True)
        )
        return PictureInput(entry.name, (height, width), np.dtype(types[entry.type]), last)
    inputs = ", ".join(f"{shown(one.name)} {one.shape}" for one in session.get_inputs()[:8])
    raise BadInput(f"{path} takes no pictures with three channels (inputs: {inputs}).")


def _stated_size(metadata: Mapping[str, str], stated: Mapping[str, Any]) -> tuple[int, int]:
    """Return the height and width that exporters note for inputs of any size."""
    found: Any = stated.get("size")
    if isinstance(found, dict):
        found = [found.get("height"), found.get("width")]
    elif "imgsz" in metadata:
        try:
            found = ast.literal_eval(metadata["imgsz"])
        except (ValueError, SyntaxError):
            found = None
    if (
        isinstance(found, list | tuple)
        and len(found) == 2
        and all(isinstance(one, int) and 0 < one <= MOST_SIDE for one in found)
    ):
        return int(found[0]), int(found[1])
    return USUAL_SIDE, USUAL_SIDE


def _besides(path: Path, entry: Any, size: tuple[int, int]) -> NDArray[Any]:
    """Return an input besides the picture: its size, its scale, or a mask of its pixels."""
    name, height, width = entry.name.lower(), *size
    whole = np.int64 if entry.type == "tensor(int64)" else np.float32
    if "mask" in name:
        return np.ones((1, height, width), dtype=whole)
    if "scale" in name:
        return np.ones((1, 2), dtype=whole)
    if "shape" in name:
        return np.array([[height, width]], dtype=whole)
    if "size" in name:
        # RT-DETR's and D-FINE's exports take the width first.
        return np.array([[width, height]], dtype=whole)
    raise BadInput(
        f"{path} needs an input {shown(entry.name)} besides pictures; export it without it."
    )


def _first_line(error: Exception) -> str:
    return shown(str(error).strip().partition("\n")[0])


OPENER = OnnxDetectors()
IMPORTER = DetectorImporter(
    "onnx-detectors",
    "object detector in ONNX or TensorFlow.js, shown pictures (--images)",
    OPENER,
    (LABELS, DECODER, NORMALISE),
    graph_claim,
)
