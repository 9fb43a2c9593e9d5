"""Caption records: files that say which caption belongs to which picture.

JSON is a list of records, an object from names to captions, or COCO's captions (`images` and
`annotations`); JSONL has a record a line; CSV and TSV have a heading. A record names its picture in the
first of PICTURE_FIELDS that it has, and its captions in the first of CAPTION_FIELDS.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from hartonomous.errors import BadInput
from hartonomous.extract.files.untrusted_files import parse_json, shown
from importers.documents.document_files import LARGEST, read_text

PICTURE_FIELDS = (
    "file_name",
    "filename",
    "file",
    "image",
    "image_path",
    "path",
    "picture",
    "img",
    "src",
)
CAPTION_FIELDS = (
    "caption",
    "captions",
    "text",
    "description",
    "alt",
    "alt_text",
    "title",
    "sentences",
)
SUFFIXES = (".csv", ".json", ".jsonl", ".ndjson", ".tsv")

Record = tuple[str, str]
"""The name of a picture as a file of captions has it, and a caption of it."""

csv.field_size_limit(LARGEST)


def read_records(path: Path) -> list[Record]:
    """Return the captions in a file, in its order.

    Raises BadInput for a file that is damaged, or in which no record names a picture and a caption.
    """
    found = list(_records(path))
    if not found:
        raise BadInput(
            f"{path} has no captions: a record has one of {', '.join(PICTURE_FIELDS)} and one of "
            f"{', '.join(CAPTION_FIELDS)}."
        )
    return found


def holds_records(path: Path) -> bool:
    """Return whether a file is one of captions."""
    if path.suffix.lower() not in SUFFIXES or not path.is_file():
        return False
    try:
        return bool(read_records(path))
    except BadInput:
        return False


def _records(path: Path) -> Iterator[Record]:
    suffix = path.suffix.lower()
    if suffix == ".json":
        yield from _of_value(_parsed(path, read_text(path)))
    elif suffix in (".jsonl", ".ndjson"):
        for number, line in enumerate(read_text(path).split("\n"), 1):
            if line.strip():
                yield from _of_record(_parsed(path, line, f", line {number}"))
    else:
        yield from _of_table(path)


def _parsed(path: Path, text: str, place: str = "") -> Any:
    try:
        return parse_json(text.encode())
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path}{place} is not valid JSON: {error}.") from error


def _of_value(value: Any) -> Iterator[Record]:
    if isinstance(value, Mapping) and isinstance(value.get("annotations"), list):
        yield from _of_coco(value)
    elif isinstance(value, Mapping) and not any(
        isinstance(one, list) and one and isinstance(one[0], dict) for one in value.values()
    ):
        for name, captions in value.items():
            yield from ((name, text) for text in _texts(captions))
    elif isinstance(value, Mapping):
        for one in value.values():
            if isinstance(one, list):
                yield from _of_value(one)
    elif isinstance(value, list):
        for record in value:
            yield from _of_record(record)


def _of_coco(value: Mapping[str, Any]) -> Iterator[Record]:
    """Yield COCO's captions: annotations name the number of an image."""
    images = value.get("images")
    names = {
        one.get("id"): one.get("file_name")
        for one in (images if isinstance(images, list) else [])
        if isinstance(one, Mapping)
    }
    for one in value["annotations"]:
        if isinstance(one, Mapping) and isinstance(name := names.get(one.get("image_id")), str):
            yield from ((name, text) for text in _texts(one.get("caption")))


def _of_record(record: Any) -> Iterator[Record]:
    if not isinstance(record, Mapping):
        return
    fields = {str(name).strip().lower(): value for name, value in record.items()}
    name = next((fields[one] for one in PICTURE_FIELDS if fields.get(one)), None)
    captions = next((fields[one] for one in CAPTION_FIELDS if fields.get(one)), None)
    if isinstance(name, str):
        yield from ((name.strip(), text) for text in _texts(captions))


def _texts(value: Any) -> Iterator[str]:
    """Yield the captions in a field: a text, a list of them, or of objects with one (`raw`, `text`)."""
    if isinstance(value, str):
        if value.strip():
            yield value
    elif isinstance(value, Mapping):
        yield from _texts(
            next((value[one] for one in ("raw", "text", "caption") if one in value), None)
        )
    elif isinstance(value, Iterable):
        for one in value:
            yield from _texts(one)


def _of_table(path: Path) -> Iterator[Record]:
    text = read_text(path)
    first = text.partition("\n")[0]
    delimiter = max(",;\t|", key=first.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            if None in row:
                cells = ", ".join(map(shown, row[None]))
                raise BadInput(
                    f"{path}, line {reader.line_num}: there are more cells than columns ({cells}). "
                    "Quote captions that contain the delimiter."
                )
            yield from _of_record(row)
    except csv.Error as error:
        raise BadInput(f"{path}, line {reader.line_num}: {error}.") from error
