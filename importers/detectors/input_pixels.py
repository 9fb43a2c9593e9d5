"""Input pixels: a picture as a model wants it, and boxes back from there.

How a model is shown a picture stands in no ONNX file. It is taken from `preprocessor_config.json`
beside it, else it is what models with such outputs usually want (`box_decoders.DECODERS`);
`--normalise` overrules both. Fitted pictures are stretched to the input's size; padded ones keep their
shape and are padded with grey.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hartonomous.pictures.detections import Boxes
from hartonomous.pictures.picture_files import Pixels, library

GREY = 114
"""Padding of pictures that keep their shape, as YOLO's are trained."""

Three = tuple[float, float, float]


@dataclass(frozen=True)
class InputPixels:
    """How pixels become an input: times `scale`, minus `mean`, by `deviation`; `padded` keeps a
    picture's shape, in the middle if `centred`; `swapped` is blue, green, red.
    """

    scale: float = 1 / 255
    mean: Three = (0.0, 0.0, 0.0)
    deviation: Three = (1.0, 1.0, 1.0)
    padded: bool = False
    centred: bool = True
    swapped: bool = False


UNIT = InputPixels()
IMAGENET = InputPixels(mean=(0.485, 0.456, 0.406), deviation=(0.229, 0.224, 0.225))
RAW = InputPixels(scale=1.0)
CENTRED = InputPixels(mean=(0.5, 0.5, 0.5), deviation=(0.5, 0.5, 0.5))
UNIT_PADDED = InputPixels(padded=True)
RAW_PADDED = InputPixels(scale=1.0, padded=True, centred=False, swapped=True)
CENTERNET = InputPixels(
    mean=(0.408, 0.447, 0.47), deviation=(0.289, 0.274, 0.278), padded=True, swapped=True
)

NORMALISATIONS = {
    "unit": UNIT,
    "imagenet": IMAGENET,
    "centred": CENTRED,
    "raw": RAW,
}
"""What `--normalise` can ask for, by name; only scale, mean and deviation are of use."""


@dataclass(frozen=True)
class Fitted:
    """Where a picture lies in an input: input = picture * `scale` + `shift`, each (x, y)."""

    scale: tuple[float, float]
    shift: tuple[float, float]

    def back(self, boxes: Boxes) -> Boxes:
        """Return boxes of the input as boxes of the picture."""
        shift, scale = np.array([*self.shift] * 2), np.array([*self.scale] * 2)
        return np.asarray((boxes - shift) / scale, dtype=np.float64)


def stated_pixels(usual: InputPixels, stated: Mapping[str, Any]) -> InputPixels:
    """Return how pictures are prepared by a preprocessor's configuration, the usual way where it
    states nothing.
    """
    scale = stated.get("rescale_factor", usual.scale)
    found = usual
    if isinstance(scale, int | float) and stated.get("do_rescale", True):
        found = replace(found, scale=float(scale))
    if stated.get("do_normalize") is False:
        return replace(found, mean=UNIT.mean, deviation=UNIT.deviation)
    mean, deviation = (_three(stated.get(name)) for name in ("image_mean", "image_std"))
    if mean is not None and deviation is not None and min(deviation) > 0:
        found = replace(found, mean=mean, deviation=deviation)
    return found


def normalised(usual: InputPixels, name: str) -> InputPixels:
    """Return the usual way with the normalisation of that name."""
    asked = NORMALISATIONS[name]
    return replace(usual, scale=asked.scale, mean=asked.mean, deviation=asked.deviation)


def resized(pixels: Pixels, height: int, width: int) -> Pixels:
    """Return a picture of that size, bilinear."""
    pillow = library("PIL.Image")
    image = pillow.fromarray(pixels).resize((width, height), pillow.Resampling.BILINEAR)
    return np.asarray(image, dtype=np.uint8)


def fitted(
    pixels: Pixels, size: tuple[int, int], how: InputPixels
) -> tuple[NDArray[np.float32], Fitted]:
    """Return an input (3, height, width) float32 of a picture, and where the picture lies in it."""
    height, width = size
    high, wide = pixels.shape[:2]
    if how.padded:
        ratio = min(height / high, width / wide)
        new = max(round(high * ratio), 1), max(round(wide * ratio), 1)
        top, left = ((height - new[0]) // 2, (width - new[1]) // 2) if how.centred else (0, 0)
        whole = np.full((height, width, 3), GREY, dtype=np.uint8)
        whole[top : top + new[0], left : left + new[1]] = resized(pixels, *new)
        place = Fitted((new[1] / wide, new[0] / high), (left, top))
    else:
        whole, place = resized(pixels, height, width), Fitted((width / wide, height / high), (0, 0))
    if how.swapped:
        whole = whole[:, :, ::-1]
    # In float32 throughout: it is most of what is done besides running the model.
    factor = np.array([how.scale / one for one in how.deviation], dtype=np.float32)
    shift = np.array(
        [one / by for one, by in zip(how.mean, how.deviation, strict=True)], dtype=np.float32
    )
    values = whole.astype(np.float32)
    values *= factor
    values -= shift
    return np.ascontiguousarray(values.transpose(2, 0, 1)), place


def _three(value: Any) -> Three | None:
    if not isinstance(value, list | tuple) or len(value) != 3:
        return None
    if not all(isinstance(one, int | float) for one in value):
        return None
    return float(value[0]), float(value[1]), float(value[2])
