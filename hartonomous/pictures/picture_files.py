"""Picture files: decoding, with limits, and the key of a picture's pixels.

Pictures are untrusted: their size is read from the header before they are decoded, and only formats
that Pillow decodes by itself are read, never one that starts another program.
"""

from __future__ import annotations

import struct
import warnings
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from blake3 import blake3
from numpy.typing import NDArray

from hartonomous.errors import BadInput, UsageError

Pixels = NDArray[np.uint8]
"""A picture, (height, width, 3) uint8, red, green and blue."""

FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"})
"""File endings of pictures; the format is told by the content."""

MOST_PIXELS = 100_000_000
LARGEST = 256 << 20
"""Most bytes of a picture's file."""


def library(name: str) -> ModuleType:
    """Return a library of the extra `vision`; raises UsageError if it is missing."""
    try:
        return import_module(name)
    except ImportError as error:
        raise UsageError(
            f"Reading pictures needs {name.partition('.')[0]}: pip install 'hartonomous[vision]'."
        ) from error


def read_picture(file: Path) -> Pixels:
    """Return the pixels of a file, rotated as its EXIF data say, transparency on white.

    Of an animation the first frame is read. Raises BadInput for a file that is no whole picture, or
    is larger than the limits.
    """
    size = file.stat().st_size
    if size > LARGEST:
        raise BadInput(f"{file} has {size / 1e6:,.0f} MB; a picture may have {LARGEST / 1e6:,.0f}.")
    image_library = library("PIL.Image")
    problems = (OSError, SyntaxError, ValueError, struct.error, EOFError, IndexError, KeyError)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with image_library.open(file, formats=FORMATS) as image:
                _refuse_size(file, image.size)
                image.load()
                return _pixels(image)
    except (image_library.DecompressionBombError, MemoryError) as error:
        raise BadInput(f"{file} has more than {MOST_PIXELS:,} pixels; scale it down.") from error
    except image_library.UnidentifiedImageError as error:
        raise BadInput(f"{file} is no picture in {', '.join(FORMATS)}.") from error
    except problems as error:
        raise BadInput(f"{file} is damaged or cut off ({error}); get it again.") from error


def picture_key(pixels: Pixels) -> str:
    """Return the text of a picture's composition: the digest of its size and pixels, 64 hexadecimal
    digits. The same pixels have the same key in any lossless format.
    """
    height, width, _ = pixels.shape
    head = f"hartonomous/picture\x00{width}x{height}\x00".encode()
    return blake3(head + np.ascontiguousarray(pixels).tobytes()).hexdigest()


def _refuse_size(file: Path, size: tuple[int, int]) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise BadInput(f"{file} has no pixels.")
    if width * height > MOST_PIXELS:
        raise BadInput(
            f"{file} has {width:,} x {height:,} pixels, more than {MOST_PIXELS:,}; scale it down."
        )


def _pixels(image: Any) -> Pixels:
    upright = library("PIL.ImageOps").exif_transpose(image)
    if upright.mode.startswith(("I", "F")):
        return _deep(upright)
    if upright.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in upright.info:
        clear = upright.convert("RGBA")
        ground = library("PIL.Image").new("RGBA", clear.size, (255, 255, 255, 255))
        ground.alpha_composite(clear)
        upright = ground
    return np.array(upright.convert("RGB"), dtype=np.uint8)


def _deep(image: Any) -> Pixels:
    """Return a picture of 16 or 32 bits a pixel as 8 bits of grey."""
    values = np.nan_to_num(np.asarray(image).astype(np.float64))
    if image.mode.startswith("I;16") or (image.mode == "I" and values.max(initial=0) > 255):
        values /= 257
    elif image.mode == "F" and values.max(initial=0) <= 1:
        values *= 255
    grey = np.rint(np.clip(values, 0, 255)).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)
