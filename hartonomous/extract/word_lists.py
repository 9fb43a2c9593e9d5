"""Word lists that come beside a matrix: text with one word a line, or Parquet."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from hartonomous.errors import BadInput, NotFound
from hartonomous.extract.untrusted import read_bounded

LIST_LIMIT = 1 << 30
MOST_WORDS = 1 << 25

Words = list[str | None]


def read_words(path: Path) -> Words:
    """Return the words of a list in order, None where a row has no word.

    Parquet: the first column of strings. Text: UTF-8, one word a line; undecodable bytes become
    lone surrogates, which the vocabulary then excludes and counts.
    Raises NotFound when there is no such file, BadInput for one that is empty, damaged or too large.
    """
    if not path.is_file():
        raise NotFound(f"There is no word list at {path}.")
    words = _parquet_words(path) if path.suffix.lower() == ".parquet" else _text_words(path)
    if not words:
        raise BadInput(f"{path} is an empty word list.")
    return words


def _text_words(path: Path) -> Words:
    text = read_bounded(path, LIST_LIMIT).removeprefix(b"\xef\xbb\xbf")
    lines = text.decode("utf-8", errors="surrogateescape").removesuffix("\n")
    return [line.removesuffix("\r") for line in lines.split("\n")] if text else []


def _parquet_words(path: Path) -> Words:
    try:
        column = _first_of_strings(pq.ParquetFile(path).schema_arrow)
        if column is None:
            raise BadInput(f"{path} has no column of strings to take the words from.")
        # As a dictionary, a text that is repeated a million times is held once.
        file = pq.ParquetFile(path, read_dictionary=[column])
        if file.metadata.num_rows > MOST_WORDS:
            raise BadInput(f"{path} has more than {MOST_WORDS} rows; that is no vocabulary.")
        return [word for chunk in file.read([column]).column(0).chunks for word in _words(chunk)]
    except (OSError, ValueError, pa.ArrowException) as error:
        reason = str(error).strip().rstrip(".")
        raise BadInput(f"{path} cannot be read as Parquet: {reason}.") from error


def _first_of_strings(schema: pa.Schema) -> str | None:
    for field in schema:
        values = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if pa.types.is_string(values) or pa.types.is_large_string(values):
            return str(field.name)
    return None


def _words(chunk: pa.Array) -> Words:
    words = chunk.dictionary.to_pylist()
    return [None if place is None else words[place] for place in chunk.indices.to_pylist()]
