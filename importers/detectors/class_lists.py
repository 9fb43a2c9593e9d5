"""Class lists: the labels of a detector, from a file that is given, its metadata, or beside it."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hartonomous.errors import BadInput, NotFound
from hartonomous.extract.files.untrusted_files import read_bounded, read_json

LARGEST = 4 << 20
MOST = 100_000
"""Labels of a detector."""

METADATA = ("names", "character", "labels", "classes", "class_names", "id2label")
"""Names under which exporters put the labels into a file's metadata."""

BESIDE = ("labels.txt", "classes.txt", "config.json")
"""Files beside a model that may have its labels."""

Labels = tuple[str, ...]


def given_labels(file: Path) -> Labels:
    """Return the labels of a file, one a line, empty lines at its end left out.

    Raises NotFound if there is no such file, BadInput if it is no text, empty, or has an empty line
    in between, which would shift the labels behind it.
    """
    if not file.is_file():
        raise NotFound(f"There is no file of labels at {file}.")
    try:
        text = read_bounded(file, LARGEST).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{file} is no text in UTF-8; write one label a line.") from error
    lines = [line.strip() for line in text.rstrip().splitlines()]
    if not any(lines):
        raise BadInput(f"{file} has no label; write one a line, in the model's order.")
    if "" in lines:
        raise BadInput(
            f"{file}: line {lines.index('') + 1} is empty; name every class of the model."
        )
    return tuple(lines)


def labels_of(path: Path, metadata: Mapping[str, str], given: Path | None) -> Labels | None:
    """Return the labels of a model, in the order of its classes; None if nothing states them.

    The file that was given goes before the metadata, and these before what lies beside the model. A
    class that is not named has an empty label.
    """
    if given is not None:
        return given_labels(given)
    for name in METADATA:
        if name in metadata and (found := _stated(metadata[name])) is not None:
            return found
    for name in BESIDE:
        file = path.parent / name
        if not file.is_file():
            continue
        if name.endswith(".txt"):
            return given_labels(file)
        config = read_json(file)
        if isinstance(config, dict) and (listed := listed_labels(config.get("id2label"))):
            return listed
    return None


def listed_labels(value: Any) -> Labels | None:
    """Return labels of a list, or of a mapping from numbers; None for anything else.

    >>> listed_labels({"0": "cat", "2": "dog"}), listed_labels(["cat"]), listed_labels(7)
    (('cat', '', 'dog'), ('cat',), None)
    """
    if isinstance(value, list | tuple):
        return tuple(map(str, value)) or None
    if not isinstance(value, dict) or not value:
        return None
    try:
        numbered = {int(number): str(label) for number, label in value.items()}
    except (TypeError, ValueError):
        return None
    if min(numbered) < 0 or max(numbered) >= MOST:
        return None
    return tuple(numbered.get(number, "") for number in range(max(numbered) + 1))


def _stated(text: str) -> Labels | None:
    """Return the labels that metadata state: a JSON or Python literal, or one a line."""
    if len(text) > LARGEST:
        return None
    for read in (json.loads, ast.literal_eval):
        try:
            return listed_labels(read(text))
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
    lines = tuple(line.strip() for line in text.strip().splitlines())
    if len(lines) == 1 and "," in lines[0]:
        lines = tuple(part.strip() for part in lines[0].split(","))
    return lines if any(lines) else None
