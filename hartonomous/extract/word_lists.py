"""Word lists that come beside a matrix: text with one word a line, or Parquet."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from hartonomous.errors import BadInput, NotFound


def read_words(path: Path, limit: int | None = None) -> list[str]:
    """Return the words of a list in order.

    Parquet: the first column of strings. Text: UTF-8, one word a line; undecodable bytes become
    lone surrogates, which the vocabulary then excludes and counts.
    """
    if not path.is_file():
        raise NotFound(f"There is no word list at {path}.")
    words = _parquet_words(path) if path.suffix.lower() == ".parquet" else _text_words(path)
    if not words:
        raise BadInput(f"{path} is an empty word list.")
    return words[:limit]


def _text_words(path: Path) -> list[str]:
    text = path.read_bytes().decode("utf-8", errors="surrogateescape")
    return text.removesuffix("\n").split("\n") if text else []


def _parquet_words(path: Path) -> list[str]:
    try:
        file = pq.ParquetFile(path)
        for field in file.schema_arrow:
            if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
                words = file.read([field.name]).column(0).to_pylist()
                return ["" if word is None else word for word in words]
    except (OSError, pa.ArrowException) as error:
        raise BadInput(f"{path} cannot be read as Parquet: {error}.") from error
    raise BadInput(f"{path} has no column of strings to take the words from.")
