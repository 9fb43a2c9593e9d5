"""Judgement files: a batch of judgements as CSV or JSON lines, read whole before any is written."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import Path

from hartonomous.errors import BadInput, HartonomousError, NotFound
from hartonomous.operations.judgements import ACCEPT, REJECT, Judgement

FIELDS = ("verdict", "start", "end", "type")
"""The fields of a judgement; the type may be left out."""

CORRECT, RIGHT = "correct", "right"
"""A correction has the field `right`: not start and end, but start and right."""

MOST_BYTES = 256 << 20


def read_judgements(file: Path) -> list[Judgement]:
    """Return the judgements of a file, with the lines they stand in.

    `.jsonl` and `.ndjson` hold an object a line, any other file is CSV with a header; the fields are
    verdict (accept, reject or correct), start, end, and type and right where they apply. Raises
    NotFound if there is no such file, BadInput with the line of the first wrong record.
    """
    if not file.is_file():
        raise NotFound(f"There is no file {file}.")
    if file.stat().st_size > MOST_BYTES:
        raise BadInput(f"{file} is longer than {MOST_BYTES >> 20} MB; split it.")
    try:
        text = file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{file} is not UTF-8 at byte {error.start}; nothing was written.") from None
    lines = _json_lines if file.suffix.lower() in (".jsonl", ".ndjson") else _csv_lines
    found: list[Judgement] = []
    try:
        for line, record in lines(text):
            found += _judgements(line, record)
    except _Wrong as wrong:
        raise BadInput(f"{file}, line {wrong.line}: {wrong}; nothing was written.") from None
    if not found:
        raise BadInput(f"{file} holds no judgement.")
    return found


class _Wrong(Exception):
    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line = line


def _json_lines(text: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    for line, one in enumerate(text.split("\n"), 1):
        if not one.strip():
            continue
        try:
            record = json.loads(one)
        except (ValueError, RecursionError) as error:
            raise _Wrong(line, f"this is no JSON ({error})") from None
        if not isinstance(record, dict):
            raise _Wrong(line, "this is no object with the fields of a judgement")
        yield line, record


def _csv_lines(text: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    reader = csv.reader(StringIO(text), strict=True)
    try:
        header = next(reader, [])
        names = [name.strip().lower() for name in header]
        missing = [name for name in FIELDS[:3] if name not in names]
        if missing:
            raise _Wrong(1, f"the header lacks {', '.join(missing)}")
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(names):
                raise _Wrong(
                    reader.line_num, f"there are {len(cells)} cells, the header has {len(names)}"
                )
            yield reader.line_num, dict(zip(names, cells, strict=True))
    except csv.Error as error:
        raise _Wrong(reader.line_num, f"this is no CSV ({error})") from None


def _judgements(line: int, record: Mapping[str, object]) -> Iterator[Judgement]:
    said = {name: record.get(name) or None for name in (*FIELDS, RIGHT)}
    for name, value in said.items():
        if value is not None and not isinstance(value, str):
            raise _Wrong(line, f"{name} is {value!r}, not a text")
    verdict, start, end, type, right = (
        value.strip() if isinstance(value, str) else "" for value in said.values()
    )
    if unknown := sorted(record.keys() - said.keys()):
        raise _Wrong(line, f"no judgement has the field {unknown[0]!r}")
    if not start or not end:
        raise _Wrong(line, "start or end is empty")
    if (verdict == CORRECT) != bool(right):
        raise _Wrong(line, "a correction, and nothing else, has the field 'right'")
    try:
        if verdict == CORRECT:
            yield Judgement(REJECT, start, end, type or None, line)
            yield Judgement(ACCEPT, start, right, type or None, line)
        else:
            yield Judgement(verdict, start, end, type or None, line)
    except HartonomousError as error:
        raise _Wrong(line, str(error).rstrip(".")) from None
