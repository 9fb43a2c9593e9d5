"""Box decoders: what a detector's outputs mean, told by their shapes and the number of classes.

Each takes the outputs for one picture and gives classes, scores and boxes in pixels of the model's
input:

| decoder | outputs |
| --- | --- |
| detr | (1, Q, C or C + 1) logits and (1, Q, 4) centres and sides in [0, 1]; one class more is "no object" |
| yolov5 | (1, A, 5 + C): centre, sides, objectness, a score for each class |
| yolov8 | (1, 4 + C, A), or turned: without objectness |
| yolox | as yolov5, of one anchor a cell, relative to the cells |
| yolov10 | (1, N, 6): corners, score, class; nothing overlaps |
| centernet | (1, C, h, w) heat of centres, and 2 channels each of sides and, optionally, offsets |
| ttfnet | (1, C, h, w) heat of centres, and 4 channels of distances from there, in pixels |
| picodet | for each stride (1, A, C) scores, then for each (1, A, 4 (R + 1)) distributions of distances |
| paddle | (N, 6): class, score, corners, and the number of them |
| ready | corners (N, 4), integer classes (N,), scores (N,) |

Channels of masks behind those of boxes are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter
from scipy.special import expit, softmax

from hartonomous.errors import BadInput, UsageError
from hartonomous.pictures.detections import Boxes
from importers.detectors.input_pixels import (
    CENTERNET,
    IMAGENET,
    RAW,
    RAW_PADDED,
    UNIT,
    UNIT_PADDED,
    InputPixels,
)

STRIDES = (8, 16, 32, 64)
MOST_QUERIES = 2_000
"""Queries of a transformer; a model with more boxes has anchors."""

MOST_PEAKS = 1_000


@dataclass(frozen=True)
class Output:
    """One output of a model for one picture: its name, its values with the batch's axis."""

    name: str
    values: NDArray[Any]

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.values.shape)


@dataclass(frozen=True)
class FoundBoxes:
    """Classes (n,) int64, scores (n,) and boxes (n, 4) in pixels of the model's input."""

    classes: NDArray[np.int64]
    scores: NDArray[np.float64]
    boxes: Boxes


@dataclass(frozen=True)
class Layout:
    """What a decoder needs besides the outputs: the input's height and width, the number of classes,
    the least score.
    """

    size: tuple[int, int]
    classes: int
    threshold: float


@dataclass(frozen=True)
class BoxDecoder:
    """A decoder: `fits(outputs, size, classes)` says whether outputs have its shape; `pixels` is how
    such models are usually shown a picture; `anchored` ones list a thing once for each anchor.
    """

    name: str
    fits: Callable[[Sequence[Output], tuple[int, int], int], bool]
    decode: Callable[[Sequence[Output], Layout], FoundBoxes]
    pixels: InputPixels
    anchored: bool = False


def decoder_for(
    outputs: Sequence[Output], size: tuple[int, int], classes: int, name: str | None
) -> BoxDecoder:
    """Return the decoder of that name, or the one that fits the outputs.

    Raises UsageError for an unknown name, BadInput if none fits, or the one that was named does not.
    """
    if name is not None and name not in DECODERS:
        raise UsageError(f"There is no decoder {name!r}; there are {', '.join(DECODERS)}.")
    for decoder in DECODERS.values():
        if name in (None, decoder.name) and decoder.fits(outputs, size, classes):
            return decoder
    shapes = ", ".join(f"{output.name} {output.shape}" for output in outputs[:12])
    which = (
        "no known decoder" if name is None else f"the decoder {name}, and --decoder names it, not"
    )
    raise BadInput(
        f"its outputs ({shapes}) and {classes} labels fit {which}; give the right labels with "
        f"--labels FILE, one for each class, or name the decoder with --decoder: {', '.join(DECODERS)}."
    )


# ---------------------------------------------------------------- DETR


def _detr_outputs(outputs: Sequence[Output]) -> tuple[Output, Output] | None:
    """Return logits and boxes, by their names or because there are no others."""
    flat = [one for one in outputs if len(one.shape) == 3]
    named = {one.name: one for one in flat}
    if "logits" in named and "pred_boxes" in named:
        logits, boxes = named["logits"], named["pred_boxes"]
    elif len(flat) == 2 and len(outputs) == 2:
        logits, boxes = flat if flat[1].shape[2] == 4 else flat[::-1]
    else:
        return None
    fitting = boxes.shape[2] == 4 and logits.shape[1] == boxes.shape[1] <= MOST_QUERIES
    return (logits, boxes) if fitting else None


def _is_detr(outputs: Sequence[Output], size: tuple[int, int], classes: int) -> bool:
    found = _detr_outputs(outputs)
    return found is not None and found[0].shape[2] in (classes, classes + 1)


def _detr(outputs: Sequence[Output], layout: Layout) -> FoundBoxes:
    found = _detr_outputs(outputs)
    assert found is not None
    logits, boxes = (one.values[0].astype(np.float64) for one in found)
    if logits.shape[1] == layout.classes + 1:
        scores = softmax(logits, axis=1)[:, :-1]
    else:
        scores = expit(logits)
    return _best(scores, _corners(boxes * _scale(layout)), layout)


# ---------------------------------------------------------------- YOLO


def _cells(size: tuple[int, int], strides: Sequence[int] = STRIDES[:3]) -> int:
    return sum((size[0] // stride) * (size[1] // stride) for stride in strides)


def _anchors(outputs: Sequence[Output], size: tuple[int, int]) -> NDArray[Any] | None:
    """Return the boxes of a YOLO, one a row, without channels of masks; None if there are none."""
    flat = [one for one in outputs if len(one.shape) == 3]
    masks = [one for one in outputs if len(one.shape) == 4]
    if not flat or len(masks) > 1 or (len(flat) > 1 and len(outputs) < 4):
        return None
    values: NDArray[Any] = flat[0].values[0]
    counts = {_cells(size) * anchors for anchors in (1, 3)}
    counts |= {_cells(size, STRIDES) * anchors for anchors in (1, 3)}
    if values.shape[1] in counts and values.shape[0] not in counts:
        values = values.T
    elif values.shape[0] not in counts:
        values = values.T if values.shape[0] < values.shape[1] else values
    return values[:, : values.shape[1] - masks[0].shape[1]] if masks else values


def _is_yolov5(outputs: Sequence[Output], size: tuple[int, int], classes: int) -> bool:
    """Return whether boxes are one a row, of three anchors a cell where the cells are as usual."""
    anchors = _anchors(outputs, size)
    if anchors is None or anchors.shape[1] != 5 + classes:
        return False
    first = next(one for one in outputs if len(one.shape) == 3).shape[1]
    return first == len(anchors) > 1 and first not in (_cells(size), _cells(size, STRIDES))


def _is_yolov8(outputs: Sequence[Output], size: tuple[int, int], classes: int) -> bool:
    anchors = _anchors(outputs, size)
    return anchors is not None and anchors.shape[1] == 4 + classes and len(anchors) > 1


def _is_yolox(outputs: Sequence[Output], size: tuple[int, int], classes: int) -> bool:
    anchors = _anchors(outputs, size)
    return anchors is not None and outputs[0].shape[1:] == (_cells(size), 5 + classes)


def _yolov5(outputs: Sequence[Output], layout: Layout) -> FoundBoxes:
    anchors = _rows(outputs, layout)
    return _best(anchors[:, 5:] * anchors[:, 4:5], _in_pixels(anchors, layout), layout)


def _yolov8(outputs: Sequence[Output], layout: Layout) -> FoundBoxes:
    anchors = _rows(outputs, layout)
    return _best(anchors[:, 4:], _in_pixels(anchors, layout), layout)


def _yolox(outputs: Sequence[Output], layout: Layout) -> FoundBoxes:
    anchors = _rows(outputs, layout)
    centres, strides = _centres(layout.size, STRIDES[:3], corner=True)
    boxes = np.concatenate(
        [anchors[:, :2] * strides + centres, np.exp(np.minimum(anchors[:, 2:4], 20)) * strides],
        axis=1,
    )
    return _best(anchors[:, 5:] * anchors[:, 4:5], _corners(boxes), layout)


def _rows(outputs: Sequence[Output], layout: Layout) -> NDArray[np.float64]:
    anchors = _anchors(outputs, layout.size)
    assert anchors is not None
    return anchors.astype(np.float64)


def _in_pixels(anchors: NDArray[np.float64], layout: Layout) -> Boxes:
    boxes = anchors[:, :4]
    sides = boxes[np.isfinite(boxes).all(axis=1), 2:]
    # Some exporters divide by the input's size.
    shares = len(sides) > 0 and sides.max() <= 1.5
    return _corners(boxes * _scale(layout) if shares else boxes)


# ---------------------------------------------------------------- boxes that are ready


def _is_yolov10(outputs: Sequence[Output], size: tuple[int, int], classes: int) -> bool:
    shape = outputs[0].shape
    return len(outputs) == 1 and len(shape) == 3 and shape[2] == 6 and shape[1] <= MOST_QUERIES


def _yolov10(outputs: Sequence[Output], layout: Layout) -> FoundBoxes:
    rows = outputs[0].values[0].astype(np.float64)
    return _chosen(rows[:, 5], rows[:, 4], rows[:, :4], layout)


def _paddle_rows(outputs: Sequence[Output]) -> NDArray[Any] | None:
    rows = [one.values for one in outputs if len(one.shape) == 2 and one.shape[1] == 6]
    numbers = [one for one in outputs if one.values.dtype.kind == "i" and one.values.size == 1]
    return rows[0] if len(rows) == 1 and numbers else None


def _is_paddle(outputs: Sequence[Output], size: tuple[int, int], classes: int) -> bool:
    return _paddle_rows(outputs) is not None


def _paddle(outputs: Sequence[Output], layout: Layout) -> FoundBoxes:
    rows = _paddle_rows(outputs)
    assert rows is not None
    rows = rows.astype(np.float64)
    real = rows[rows[:, 0] >= 0]
    return _chosen(real[:, 0], real[:, 1], real[:, 2:], layout)


def _ready_outputs(outputs: Sequence[Output]) -> tuple[NDArray[Any], ...] | None:
    """Return boxes, classes and scores."""
    corners = [one.values.reshape(-1, 4) for one in outputs if one.shape[-1:] == (4,)]
    if len(outputs) != 3 or len(corners) != 1:
        return None
    flat = [one.values.ravel() for one in outputs if one.shape[-1:] != (4,)]
    whole = [one for one in flat if one.dtype.kind in "iu"]
    scores = [one for one in flat if one.dtype.kind == "f"]
    if (
        len(whole) != 1
        or len(scores) != 1
        or not len(corners[0]) == len(whole[0]) == len(scores[0])
    ):
        return None
    return corners[0], whole[0], scores[0]


def _is_ready(outputs: Sequence[Output], size: tuple[int, int], classes: int) -> bool:
    return _ready_outputs(outputs) is not None


def _ready(outputs: Sequence[Output], layout: Layout) -> FoundBoxes:
    found = _ready_outputs(outputs)
    assert found is not None
    boxes, classes, scores = (one.astype(np.float64) for one in found)
    shares = len(boxes) > 0 and np.nanmax(boxes, initial=0) <= 1.5
    return _chosen(classes, scores, boxes * _scale(layout) if shares else boxes, layout)


# ---------------------------------------------------------------- CenterNet


def _maps(
    outputs: Sequence[Output], classes: int, channels: int = 2
) -> tuple[Output, list[Output]] | None:
    """Return the heat of centres, and the maps of sides and offsets, (1, channels, h, w)."""
    maps = []
    for one in outputs:
        if len(one.shape) != 4:
            return None
        known = (channels, classes)
        turned = one.shape[3] in known and one.shape[1] not in known
        maps.append(Output(one.name, np.moveaxis(one.values, 3, 1)) if turned else one)
    heats = [one for one in maps if one.shape[1] == classes]
    if classes == channels:
        heats = [one for one in heats if one.name.lower().startswith(("hm", "heat"))] or heats[:1]
    if len(heats) != 1 or len(maps) not in (2, 3):
        return None
    more = [one for one in maps if one is not heats[0]]
    same = all(one.shape[1] == channels and one.shape[2:] == heats[0].shape[2:] for one in more)
    return (heats[0], more) if same else None


def _is_centernet(outputs: Sequence[Output], size: tuple[int, int], classes: int) -> bool:
    return _maps(outputs, classes) is not None


def _centernet(outputs: Sequence[Output], layout: Layout) -> FoundBoxes:
    found = _maps(outputs, layout.classes)
    assert found is not None
    heat, more = found
    classes, rows, columns, scores = _peaks(heat)
    offset = next((one for one in more if "off" in one.name or "reg" in one.name), None)
    sides = next(one for one in more if one is not offset)
    if offset is None and len(more) == 2:
        offset = more[1]
    stride = layout.size[0] / heat.shape[2]
    centre = np.stack([columns, rows], axis=1).astype(np.float64)
    centre += 0.5 if offset is None else offset.values[0][:, rows, columns].T
    side = sides.values[0][:, rows, columns].T.astype(np.float64)
    boxes = _corners(np.concatenate([centre, side], axis=1) * stride)
    return _chosen(classes, scores, boxes, layout)


def _peaks(heat: Output) -> tuple[NDArray[Any], ...]:
    """Return classes, rows, columns and scores of what is hotter than what lies around it."""
    values = heat.values[0].astype(np.float64)
    if values.size and (values.min() < 0 or values.max() > 1):
        values = expit(values)
    peaks = np.where(maximum_filter(values, size=(1, 3, 3)) == values, values, 0)
    order = np.argsort(-peaks, axis=None, kind="stable")[:MOST_PEAKS]
    classes, rows, columns = np.unravel_index(order, peaks.shape)
    return classes, rows, columns, peaks[classes, rows, columns]


def _is_ttfnet(outputs: Sequence[Output], size: tuple[int, int], classes: int) -> bool:
    return len(outputs) == 2 and _maps(outputs, classes, channels=4) is not None


def _ttfnet(outputs: Sequence[Output], layout: Layout) -> FoundBoxes:
    """Read boxes as TTFNet states them: left, top, right and bottom from a cell's corner."""
    found = _maps(outputs, layout.classes, channels=4)
    assert found is not None
    heat, (distances,) = found
    classes, rows, columns, scores = _peaks(heat)
    centre = np.stack([columns, rows], axis=1) * (layout.size[0] / heat.shape[2])
    away = distances.values[0][:, rows, columns].T.astype(np.float64)
    boxes = np.concatenate([centre - away[:, :2], centre + away[:, 2:]], axis=1)
    return _chosen(classes, scores, boxes, layout)


# ---------------------------------------------------------------- PicoDet


def _is_picodet(outputs: Sequence[Output], size: tuple[int, int], classes: int) -> bool:
    if len(outputs) < 4 or len(outputs) % 2 or any(len(one.shape) != 3 for one in outputs):
        return False
    half = len(outputs) // 2
    scores, distances = outputs[:half], outputs[half:]
    return half <= len(STRIDES) and all(
        score.shape[1] == distance.shape[1] == _steps(size, stride)
        and score.shape[2] == classes
        and distance.shape[2] % 4 == 0
        and distance.shape[2] > 4
        for score, distance, stride in zip(scores, distances, STRIDES, strict=False)
    )


def _steps(size: tuple[int, int], stride: int) -> int:
    return -(-size[0] // stride) * -(-size[1] // stride)


def _picodet(outputs: Sequence[Output], layout: Layout) -> FoundBoxes:
    half = len(outputs) // 2
    scores = np.concatenate([one.values[0] for one in outputs[:half]]).astype(np.float64)
    if len(scores) and (scores.min() < 0 or scores.max() > 1):
        scores = expit(scores)
    centres, strides = _centres(layout.size, STRIDES[:half])
    spread = np.concatenate([one.values[0] for one in outputs[half:]]).astype(np.float64)
    # Only of what is kept: distributions are most of the output.
    good = np.flatnonzero(scores.max(axis=1) >= layout.threshold)
    steps = spread.shape[1] // 4
    share = softmax(spread[good].reshape(-1, 4, steps), axis=2)
    distance = (share @ np.arange(steps)) * strides[good]
    boxes = np.concatenate(
        [centres[good] - distance[:, :2], centres[good] + distance[:, 2:]], axis=1
    )
    return _best(scores[good], boxes, layout)


# ---------------------------------------------------------------- shared


def _centres(
    size: tuple[int, int], strides: Sequence[int], corner: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the centre (n, 2) of each cell of each stride, or its corner, and its stride (n, 1)."""
    centres, sides = [], []
    for stride in strides:
        rows, columns = np.mgrid[: -(-size[0] // stride), : -(-size[1] // stride)]
        cell = np.stack([columns.ravel(), rows.ravel()], axis=1).astype(np.float64)
        centres.append((cell if corner else cell + 0.5) * stride)
        sides.append(np.full((len(cell), 1), float(stride)))
    return np.concatenate(centres), np.concatenate(sides)


def _scale(layout: Layout) -> NDArray[np.float64]:
    height, width = layout.size
    return np.array([width, height, width, height], dtype=np.float64)


def _corners(boxes: Boxes) -> Boxes:
    """Return boxes of centre and sides as left, top, right, bottom."""
    half = boxes[:, 2:] / 2
    return np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)


def _best(scores: NDArray[np.float64], boxes: Boxes, layout: Layout) -> FoundBoxes:
    """Return each box with its surest class, those below the least score left out."""
    if not scores.size:
        return FoundBoxes(np.zeros(0, np.int64), np.zeros(0), np.zeros((0, 4)))
    classes = np.where(np.isnan(scores), -np.inf, scores).argmax(axis=1)
    return _chosen(classes, scores[np.arange(len(scores)), classes], boxes, layout)


def _chosen(classes: Any, scores: Any, boxes: Any, layout: Layout) -> FoundBoxes:
    # What is no number passes, and is counted where boxes are cleaned.
    good = ~(np.asarray(scores) < layout.threshold)
    chosen = np.nan_to_num(
        np.asarray(classes, dtype=np.float64)[good], nan=-1, posinf=-1, neginf=-1
    )
    return FoundBoxes(chosen.astype(np.int64), np.asarray(scores)[good], np.asarray(boxes)[good])


DECODERS: dict[str, BoxDecoder] = {
    one.name: one
    for one in (
        BoxDecoder("picodet", _is_picodet, _picodet, IMAGENET, anchored=True),
        BoxDecoder("detr", _is_detr, _detr, UNIT),
        BoxDecoder("ready", _is_ready, _ready, UNIT),
        BoxDecoder("paddle", _is_paddle, _paddle, UNIT),
        BoxDecoder("centernet", _is_centernet, _centernet, CENTERNET),
        BoxDecoder("ttfnet", _is_ttfnet, _ttfnet, RAW),
        BoxDecoder("yolox", _is_yolox, _yolox, RAW_PADDED, anchored=True),
        BoxDecoder("yolov5", _is_yolov5, _yolov5, UNIT_PADDED, anchored=True),
        BoxDecoder("yolov8", _is_yolov8, _yolov8, UNIT_PADDED, anchored=True),
        BoxDecoder("yolov10", _is_yolov10, _yolov10, UNIT_PADDED),
    )
}
"""Decoders by name, the most particular first."""
