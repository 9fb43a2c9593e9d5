"""Detector protocol: detectors of things in pictures, found by entry points, and what they find."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol

from hartonomous.errors import BadInput, NotFound, UsageError
from hartonomous.extract.files.untrusted_files import is_pickle
from hartonomous.pictures.detections import Detections, Detector, cleaned
from hartonomous.pictures.picture_files import Pixels

ENTRY_POINTS = "hartonomous.detectors"


@dataclass(frozen=True)
class DetectorOptions:
    """How a detector is opened: a file of labels, one a line; the name of the decoder of its boxes;
    the least score, None for the usual one of its kind; the device that runs it; the name of how
    pixels are scaled. None is what the model or its kind states.
    """

    labels: Path | None = None
    decoder: str | None = None
    threshold: float | None = None
    device: str = "cpu"
    normalise: str | None = None


class OpenedDetector(Detector, Protocol):
    """A detector with the files it was read from, and the least score of what it finds."""

    threshold: float
    files: tuple[Path, ...]


class DetectorOpener(Protocol):
    """One kind of detectors. A package registers its opener under the entry-point group above."""

    def recognises(self, path: Path) -> bool:
        """Return whether a path is a detector of its kind, by name and content."""
        ...

    def open(self, path: Path, options: DetectorOptions) -> OpenedDetector:
        """Open a detector; raises BadInput if it cannot be read safely, UsageError for an option
        that it cannot use.
        """
        ...


@cache
def openers() -> dict[str, DetectorOpener]:
    """Return every registered opener by name, sorted; they are loaded once."""
    points = sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name)
    return {point.name: point.load() for point in points}


def open_detector(path: Path, options: DetectorOptions | None = None) -> OpenedDetector:
    """Open the detector at a path with the opener that recognises it.

    Raises NotFound if there is nothing, BadInput if no opener recognises it, UsageError if several do,
    and the errors of the opener.
    """
    if not path.exists():
        raise NotFound(f"There is nothing at {path}.")
    if is_pickle(path):
        raise refuse_pickled_detector(path)
    known = openers()
    fitting = [name for name, opener in known.items() if opener.recognises(path)]
    if not fitting:
        raise BadInput(
            f"{path} is no detector that can be opened ({', '.join(known)}); give an ONNX file, or a "
            "transformers folder of object detection."
        )
    if len(fitting) > 1:
        raise UsageError(f"{' and '.join(fitting)} can all open {path}; give one model alone.")
    return known[fitting[0]].open(path, options or DetectorOptions())


def refuse_pickled_detector(path: Path) -> BadInput:
    """Return the error for a detector that is a pickle."""
    return BadInput(
        f"{path} is refused: it is a pickle, and unpickling runs any code in the file. If you trust it, "
        "export it to ONNX where it was made (Ultralytics: yolo export model=MODEL.pt format=onnx; "
        "PyTorch: torch.onnx.export), and give that."
    )


def found_in(
    detector: OpenedDetector, pictures: Sequence[Pixels], excluded: Counter[str]
) -> list[Detections]:
    """Return what a detector finds in each picture, surest first, cleaned by its own least score.

    What is left out is counted in `excluded`, as by `cleaned`.
    """
    found = detector.detect(pictures)
    return [
        cleaned(one, (pixels.shape[1], pixels.shape[0]), detector.threshold, excluded)
        for one, pixels in zip(found, pictures, strict=True)
    ]
