"""Question files: SQuAD's nested JSON, lists of records in JSON or JSONL, CSV.

A record has `question`, and `answer` or `answers`: a text, a list of texts, objects with `text`, or
an object of lists with `text` as in Hugging Face's SQuAD. A record without one of the fields is an
error that names file, record and field; a record that states that it has no answer is counted.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hartonomous.errors import BadInput
from hartonomous.extract.files.untrusted_files import parse_json, shown
from importers.documents.document_files import LARGEST, read_text

DELIMITERS = ",;\t"

csv.field_size_limit(LARGEST)


@dataclass
class Questions:
    """The content of a file of questions: pairs (question, answer), contexts, which are documents,
    and the number of questions without an answer.
    """

    pairs: list[tuple[str, str]] = field(default_factory=list)
    contexts: list[str] = field(default_factory=list)
    unanswered: int = 0


def read_questions(path: Path) -> Questions:
    """Return the questions of a file, by its ending; raises BadInput if a field is missing."""
    return READERS[path.suffix.lower()](path)


def _json(path: Path) -> Questions:
    value = _parsed(path, read_text(path), "")
    found = Questions()
    data = value.get("data") if isinstance(value, dict) else None
    if isinstance(data, list) and any(isinstance(x, dict) and "paragraphs" in x for x in data):
        _add_squad(path, data, found)
        return found
    _add_records(path, _records(path, value), found)
    return found


def _json_lines(path: Path) -> Questions:
    found = Questions()
    lines = enumerate(read_text(path).split("\n"), 1)
    records = (
        (f"line {n}", _parsed(path, line, f", line {n}")) for n, line in lines if line.strip()
    )
    _add_records(path, records, found)
    return found


def _csv(path: Path) -> Questions:
    text = read_text(path)
    first = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    found = Questions()
    try:
        heading = [name.strip().lower() for name in next(reader, [])]
        for name in ("question", "answer"):
            if name not in heading:
                columns = ", ".join(map(shown, heading[:8])) or "none"
                raise BadInput(f"{path} has no column {name!r}; its columns are {columns}.")
            if heading.count(name) > 1:
                raise BadInput(f"{path} has two columns {name!r}; leave one out.")
        rows = (
            (f"line {reader.line_num}", _cells(path, reader.line_num, heading, row))
            for row in reader
            if any(row)
        )
        _add_records(path, rows, found)
    except csv.Error as error:
        raise BadInput(f"{path}, line {reader.line_num}: {error}.") from error
    return found


def _cells(path: Path, line: int, heading: list[str], row: list[str]) -> dict[str, str]:
    if len(row) > len(heading):
        raise BadInput(
            f"{path}, line {line}: there are {len(row)} cells under {len(heading)} columns. "
            "Quote texts that contain the delimiter."
        )
    return dict(zip(heading, row, strict=False))


def _parsed(path: Path, text: str, place: str) -> Any:
    try:
        return parse_json(text.encode())
    except json.JSONDecodeError as error:
        line = "" if place else f", line {error.lineno}"
        raise BadInput(f"{path}{place}{line}: {error.msg}; it is not valid JSON.") from error
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path}{place} is not valid JSON: {error}.") from error


def _records(path: Path, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the records of a list, or of the only list in an object, with their paths."""
    lists = [value] if isinstance(value, list) else []
    if isinstance(value, dict):
        lists = [one for one in value.values() if isinstance(one, list)]
    if len(lists) != 1:
        raise BadInput(
            f"{path} is not a file of questions: a list of records is expected, or SQuAD's data, "
            "paragraphs and qas. Move it out of the folder if it is something else."
        )
    for number, record in enumerate(lists[0], 1):
        yield f"record {number}", record


def _add_records(path: Path, records: Iterable[tuple[str, Any]], found: Questions) -> None:
    for place, record in records:
        if not isinstance(record, dict):
            raise BadInput(f"{path}, {place}: a record with a question and an answer is expected.")
        named = {str(name).strip().lower(): value for name, value in record.items()}
        if len(named) < len(record):
            raise BadInput(f"{path}, {place}: a field is given twice, but for capitals or spaces.")
        if isinstance(context := named.get("context"), str):
            found.contexts.append(context)
        _add(path, place, named, found)


def _add_squad(path: Path, data: list[Any], found: Questions) -> None:
    for article, entry in enumerate(data, 1):
        place = f"article {article}"
        for number, paragraph in enumerate(_list(path, place, entry, "paragraphs"), 1):
            where = f"{place}, paragraph {number}"
            questions = _list(path, where, paragraph, "qas")
            found.contexts.append(_text(path, where, paragraph, "context"))
            for question, record in enumerate(questions, 1):
                here = f"{where}, question {question}"
                if not isinstance(record, dict):
                    raise BadInput(f"{path}, {here}: a question with its answers is expected.")
                _add(path, here, record, found)


def _add(path: Path, place: str, record: dict[str, Any], found: Questions) -> None:
    question = _text(path, place, record, "question")
    name = "answers" if "answers" in record else "answer"
    answers = [text for text in _answers(path, place, record, name) if text.strip()]
    found.pairs += [(question, answer) for answer in answers]
    found.unanswered += not answers


def _answers(path: Path, place: str, record: dict[str, Any], name: str) -> list[str]:
    value = record.get(name)
    if isinstance(value, dict):
        value = value.get("text")
    if isinstance(value, str):
        if not value.strip():
            raise _missing(path, place, name)
        return [value]
    if not isinstance(value, list):
        raise _missing(path, place, name)
    texts = [one.get("text") if isinstance(one, dict) else one for one in value]
    for text in texts:
        if not isinstance(text, str):
            raise _missing(path, place, f"{name}: text")
    return [str(text) for text in texts]


def _text(path: Path, place: str, record: Any, name: str) -> str:
    value = record.get(name) if isinstance(record, dict) else None
    if not isinstance(value, str) or not value.strip():
        raise _missing(path, place, name)
    return value


def _list(path: Path, place: str, record: Any, name: str) -> list[Any]:
    value = record.get(name) if isinstance(record, dict) else None
    if not isinstance(value, list):
        raise _missing(path, place, name)
    return value


def _missing(path: Path, place: str, name: str) -> BadInput:
    return BadInput(
        f"{path}, {place}: the field {name!r} is missing or empty. "
        "Each question needs a question and an answer."
    )


READERS: dict[str, Callable[[Path], Questions]] = {
    ".json": _json,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".csv": _csv,
    ".tsv": _csv,
}
"""The reader of a file of questions, by its ending."""
