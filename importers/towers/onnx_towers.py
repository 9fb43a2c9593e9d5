"""ONNX towers: a text and a vision tower in two ONNX files, with their tokenizer, run by onnxruntime.

How pictures are prepared stands in `preprocessor_config.json` beside them. Texts are tokenized by
`tokenizer.json`, and padded as it says, else by its padding token.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hartonomous.errors import BadInput
from hartonomous.extract.files.untrusted_files import inside, read_json, shown
from hartonomous.pictures.picture_files import Pixels, library
from importers.detectors.bounded_runs import run_bounded
from importers.detectors.input_pixels import UNIT, InputPixels, stated_pixels
from importers.detectors.onnx_detectors import open_session
from importers.detectors.onnx_safety import checked_model
from importers.towers.tower_pairs import Floats, refuse_widths
from importers.transformers.transformer_weights import refused

TEXT_NAMES = ("text", "textual")
VISION_NAMES = ("vision", "visual", "image")
"""Words in the names of the files of the towers."""

FOLDERS = (".", "onnx")
TOKENIZER, TOKENIZER_CONFIG, PREPROCESSOR = (
    "tokenizer.json",
    "tokenizer_config.json",
    "preprocessor_config.json",
)
BATCH = 32
LONGEST = 512
"""Most tokens of a text where the model states no length."""

OUTPUTS = ("text_embeds", "image_embeds", "pooler_output", "sentence_embedding", "embedding")
"""Names of the outputs with one vector a text or picture, the surest first."""


@dataclass(frozen=True)
class TowerFiles:
    """The files of a pair of towers in a folder."""

    text: Path
    vision: Path


def find_towers(path: Path) -> TowerFiles | None:
    """Return the two towers of a folder; None unless it has a file of each.

    Of several of one tower, such as quantised ones, that with the shortest name is taken.
    """
    if not path.is_dir():
        return None
    for folder in FOLDERS:
        files = sorted((path / folder).glob("*.onnx"), key=lambda file: (len(file.name), file.name))
        text, vision = (
            [file for file in files if any(word in file.name.lower() for word in words)]
            for words in (TEXT_NAMES, VISION_NAMES)
        )
        text = [file for file in text if file not in vision]
        if text and vision:
            return TowerFiles(text[0], vision[0])
    return None


class OnnxTowers:
    """A pair of ONNX files; texts and pictures are run in batches where the inputs allow it."""

    def __init__(self, path: Path, files: TowerFiles, device: str) -> None:
        self.path, self.files = path, files
        self._text, text_files, count = _opened(files.text, device)
        self._vision, vision_files, more = _opened(files.vision, device)
        self.parts = (*text_files, *vision_files)
        self.parameters = count + more
        self._tokenizer = _tokenizer(path)
        self._size, self._pixels = _preparation(path, self._vision)
        grey = np.full((8, 8, 3), 127, dtype=np.uint8)
        read, seen = self.read_texts(["a"]), self.see([grey])
        refuse_widths(path, read.shape[1], seen.shape[1])
        self.dimensions = int(read.shape[1])

    def read_texts(self, texts: Sequence[str]) -> Floats:
        found = []
        for batch in _batches(list(texts), self._text.get_inputs()[0]):
            ids, mask = self._tokens(batch)
            feed = {}
            for entry in self._text.get_inputs():
                kind = np.int32 if "int32" in entry.type else np.int64
                if "mask" in entry.name:
                    feed[entry.name] = mask.astype(kind)
                elif "position" in entry.name:
                    places = np.arange(ids.shape[1], dtype=kind)
                    feed[entry.name] = np.broadcast_to(places, ids.shape).copy()
                elif "type" in entry.name:
                    feed[entry.name] = np.zeros_like(ids, dtype=kind)
                else:
                    feed[entry.name] = ids.astype(kind)
            found.append(_vectors(self.files.text, self._text, feed, len(batch)))
        return np.concatenate(found)

    def see(self, pictures: Sequence[Pixels]) -> Floats:
        entry = _pixel_input(self.files.vision, self._vision)
        kind = np.float16 if "float16" in entry.type else np.float32
        found = []
        for batch in _batches(list(pictures), entry):
            values = np.stack([_prepared(one, self._size, self._pixels) for one in batch])
            feed = {entry.name: values.astype(kind)}
            found.append(_vectors(self.files.vision, self._vision, feed, len(batch)))
        return np.concatenate(found)

    def _tokens(self, texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the ids of texts and their mask, (texts, tokens)."""
        width = self._text.get_inputs()[0].shape[-1]
        with refused(self.path, "cannot tokenize texts"):
            if isinstance(width, int):
                padding = self._tokenizer.padding or {}
                self._tokenizer.enable_padding(**{**padding, "length": width})
                self._tokenizer.enable_truncation(width)
            read = self._tokenizer.encode_batch(list(texts))
        ids = np.array([one.ids for one in read], dtype=np.int64)
        return ids, np.array([one.attention_mask for one in read], dtype=np.int64)


def _opened(file: Path, device: str) -> tuple[Any, tuple[Path, ...], int]:
    """Return a session of a checked file, the files it consists of, and its number of parameters."""
    checked = checked_model(file)
    count = sum(int(np.prod(tensor.dims)) for tensor in checked.proto.graph.initializer)
    return open_session(file, checked.files, device), checked.files, count


def _tokenizer(path: Path) -> Any:
    tokenizers = library("tokenizers")
    file = inside(path, TOKENIZER)
    with refused(file, "is no tokenizer"):
        tokenizer = tokenizers.Tokenizer.from_file(str(file))
    if tokenizer.padding is None:
        config = path / TOKENIZER_CONFIG
        said = read_json(config) if config.is_file() else {}
        token = said.get("pad_token") if isinstance(said, dict) else None
        token = token.get("content") if isinstance(token, Mapping) else token
        number = tokenizer.token_to_id(token) if isinstance(token, str) else None
        tokenizer.enable_padding(pad_id=number or 0, pad_token=str(token or "[PAD]"))
    if tokenizer.truncation is None:
        tokenizer.enable_truncation(LONGEST)
    return tokenizer


def _pixel_input(file: Path, session: Any) -> Any:
    """Return the input of a vision tower that takes pictures, (pictures, 3, height, width)."""
    for entry in session.get_inputs():
        if len(entry.shape) == 4 and entry.shape[1] in (3, "num_channels", None):
            return entry
    raise BadInput(
        f"{file} has no input for pictures of the shape (n, 3, height, width); it is no vision tower."
    )


def _preparation(path: Path, session: Any) -> tuple[tuple[int, int], InputPixels]:
    """Return height and width of an input, and how pixels are scaled."""
    file = path / PREPROCESSOR
    if not file.is_file():
        raise BadInput(
            f"{path} lacks {PREPROCESSOR}, which says how pictures are prepared; take it from the model "
            "that was exported."
        )
    said = read_json(file)
    if not isinstance(said, dict):
        raise BadInput(f"{file} is no configuration of a picture processor.")
    for name in ("crop_size", "size"):
        given = said.get(name)
        if isinstance(given, int):
            return (given, given), stated_pixels(UNIT, said)
        if isinstance(given, dict):
            sides = [given.get(side, given.get("shortest_edge")) for side in ("height", "width")]
            if all(isinstance(side, int) and 0 < side <= 8_192 for side in sides):
                return (int(sides[0] or 0), int(sides[1] or 0)), stated_pixels(UNIT, said)
    raise BadInput(f"{file} states no size of pictures.")


def _prepared(pixels: Pixels, size: tuple[int, int], how: InputPixels) -> Floats:
    """Return a picture as an input (3, height, width): scaled to its shorter side, its middle cut out."""
    images = library("PIL.Image")
    high, wide = size
    image = images.fromarray(np.array(pixels))
    ratio = max(high / image.height, wide / image.width)
    scaled = max(round(image.width * ratio), wide), max(round(image.height * ratio), high)
    image = image.resize(scaled, images.Resampling.BICUBIC)
    left, top = (scaled[0] - wide) // 2, (scaled[1] - high) // 2
    values = np.asarray(image.crop((left, top, left + wide, top + high)), dtype=np.float32)
    values = (values * how.scale - np.array(how.mean)) / np.array(how.deviation)
    return np.ascontiguousarray(values.transpose(2, 0, 1), dtype=np.float32)


def _batches(values: list[Any], entry: Any) -> list[list[Any]]:
    """Return values in batches, one by one where an input takes no more."""
    size = entry.shape[0] if isinstance(entry.shape[0], int) and entry.shape[0] > 0 else BATCH
    size = 1 if size == 1 else min(size, BATCH)
    return [values[first : first + size] for first in range(0, len(values), size)]


def _vectors(file: Path, session: Any, feed: dict[str, Any], count: int) -> Floats:
    """Return the vectors of a batch, (count, d) float32."""
    found = run_bounded(file, session, feed)
    names = [entry.name for entry in session.get_outputs()]
    fit = {
        name: value
        for name, value in zip(names, found, strict=True)
        if getattr(value, "ndim", 0) == 2 and len(value) == count
    }
    for name in (*OUTPUTS, *fit):
        if name in fit:
            return np.asarray(fit[name], dtype=np.float32)
    shapes = ", ".join(
        f"{shown(name)} {getattr(one, 'shape', '')}" for name, one in zip(names, found, strict=True)
    )
    raise BadInput(
        f"{file} has no output of one vector a text or picture (outputs: {shapes}); export it with its "
        "projection."
    )
