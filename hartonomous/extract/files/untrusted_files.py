"""Checks of every file of a model before it is read: no pickles, no path outside, bounded JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from hartonomous.errors import BadInput, NotFound

JSON_LIMIT = 64 << 20
"""Bytes; the largest tokenizers (a quarter of a million tokens and their merges) take 35 MB."""

MOST_VALUES = 1 << 22
"""Values in one JSON text: an empty list takes 3 bytes of text and 70 of memory."""

PICKLES = (".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".joblib", ".h5", ".keras")
PICKLED_BIN = ("pytorch_model", "adapter_model", "training_args", "optimizer")
_PICKLE_MAGIC = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"\x89HDF")
_ZIP_MAGIC = b"PK\x03\x04"


def is_pickle(path: Path) -> bool:
    """Return whether a file can only be read by unpickling, by name and first bytes.

    A .bin is one if it begins as PyTorch writes it; word2vec's does not.
    """
    suffix = path.suffix.lower()
    if not path.is_file():
        return False
    if suffix in PICKLES or (suffix == ".bin" and path.name.startswith(PICKLED_BIN)):
        return True
    with path.open("rb") as file:
        begin = file.read(4)
    return begin.startswith(_PICKLE_MAGIC) or (suffix == ".bin" and begin == _ZIP_MAGIC)


def refuse_pickle(path: Path) -> BadInput:
    """Return the error for a pickle."""
    return BadInput(
        f"{path} is refused: it is a pickle (or a container of one), and unpickling runs any "
        "code in the file. If you trust it, convert it to safetensors, and give that."
    )


_POINTER = re.compile(rb"version https?://[^\n]*git-lfs[^\n]*\n(?s:.*)oid [^\n]*\nsize (\d+)")


def refuse_pointer(path: Path) -> None:
    """Raise BadInput for a file that only refers to its content, such as a Git LFS pointer."""
    with path.open("rb") as file:
        found = _POINTER.match(file.read(1024))
    if found is not None:
        raise BadInput(
            f"{path} is a Git LFS pointer, not the file of {int(found[1]):,} bytes that it "
            "refers to; fetch the file: git lfs pull."
        )


def inside(folder: Path, name: str) -> Path:
    """Return a file of a model folder.

    Raises BadInput if the name leads out of the folder, through `..` or a link.
    """
    path = folder / name
    try:
        there = path.is_file()
    except OSError:  # The name is longer than any file's.
        there = False
    if not there:
        raise BadInput(f"{folder} lacks {shown(name)}.")
    home = folder.resolve()
    allowed = [home]
    for place in (home, home.parent):
        if place.parent.name == "snapshots" and place.parent.parent.name.startswith("models--"):
            # A hub cache links its snapshots to the blobs of the same repository.
            allowed.append(place.parent.parent / "blobs")
    if not any(path.resolve().is_relative_to(place) for place in allowed):
        raise BadInput(f"{path} leads out of the model's folder; it is not read.")
    return path


def read_bounded(path: Path, limit: int) -> bytes:
    """Return a file's bytes.

    Raises NotFound if there is no such file, BadInput if it is larger than `limit` bytes.
    """
    if not path.is_file():
        raise NotFound(f"There is no file at {path}.")
    if path.stat().st_size > limit:
        raise BadInput(f"{path} is larger than {limit >> 20} MiB, the limit of such a file.")
    refuse_pointer(path)
    return path.read_bytes()


def read_json(path: Path) -> Any:
    """Return a JSON file's value; raises BadInput for damage, excess size, or a duplicate key."""
    try:
        return parse_json(read_bounded(path, JSON_LIMIT))
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path} is not valid JSON: {error}.") from error


def parse_json(text: bytes) -> Any:
    """Return the value of a JSON text.

    Raises ValueError or RecursionError for damage, for more than `MOST_VALUES` values, and for a
    duplicate key.
    """
    if sum(map(text.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raise ValueError(f"it has more than {MOST_VALUES} values")
    return json.loads(text, object_pairs_hook=_once)


def shown(name: str) -> str:
    """Return a name from a file for an error message: short, without control characters.

    >>> shown("wte.weight"), shown("\\x1b[2J")
    ("'wte.weight'", "'\\\\x1b[2J'")
    """
    return repr(name if len(name) <= 60 else f"{name[:59]}…")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key is given twice")
    return value
