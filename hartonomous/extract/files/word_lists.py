"""Word lists of a matrix: text, CSV, JSON, Parquet, or the ranks of tiktoken.

Words are separated from counts, numbers or scores beside them; an ambiguous list is refused.
"""

from __future__ import annotations

import binascii
import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hartonomous.errors import BadInput, NotFound
from hartonomous.extract.files.list_columns import GAPS, Column, Words, placed_words
from hartonomous.extract.files.list_lines import columns_of, without_header
from hartonomous.extract.files.untrusted_files import (
    parse_json,
    read_bounded,
    read_json,
    refuse_pointer,
)
from hartonomous.extract.vocabulary import byte_level_text

LIST_LIMIT = 1 << 30
MOST_WORDS = 1 << 25

RANK = re.compile(r"([A-Za-z0-9+/]+={0,2}) (\d+)")
"""A line of tiktoken: the bytes of a token in base64, and its rank."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class WordList:
    """The words by row, None for a row without one.

    `placed` says that the list states the rows; `ranks` that its words are tokens of tiktoken,
    written as byte-level BPE writes them, whose special tokens are in no file.
    """

    words: Words
    placed: bool = False
    ranks: bool = False


def read_words(path: Path, rows: int | None = None) -> WordList:
    """Return the words of a list for a matrix of `rows` rows, if known.

    Undecodable bytes become lone surrogates, which the vocabulary excludes and counts. Raises
    NotFound if there is no such file, BadInput for one that is empty, damaged, too large, or of an
    unknown form.
    """
    if not path.is_file():
        raise NotFound(f"There is no word list at {path}.")
    refuse_pointer(path)
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        found = _parquet_words(path, rows)
    elif suffix == ".json":
        found = _json_words(path, read_json(path), rows)
    else:
        found = _text_words(path, rows)
    if not found.words:
        raise BadInput(f"{path} is an empty word list.")
    return found


def _text_words(path: Path, rows: int | None) -> WordList:
    raw = read_bounded(path, LIST_LIMIT).removeprefix(BYTE_ORDER_MARK)
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise BadInput(f"{path} is UTF-16; convert it first: iconv -f UTF-16 -t UTF-8.")
    if not raw:
        return WordList([])
    text = raw.decode("utf-8", errors="surrogateescape").removesuffix("\n")
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    if lines[0][:1] in ("[", "{"):
        try:
            return _json_words(path, _json_text(text), rows)
        except (ValueError, RecursionError):
            pass  # a word of brackets, and not JSON
    if path.name == "merges.txt" or lines[0].startswith("#version"):
        raise BadInput(f"{path} contains merges, not tokens; give tokenizer.json or vocab.json.")
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    if (ranks := _ranks(path, lines[:end])) is not None:
        return ranks
    suffix = path.suffix.lower()
    try:
        columns = columns_of(str(path), lines[:end], commas=suffix == ".csv")
    except csv.Error as error:
        raise BadInput(f"{path} is not valid CSV: {error}.") from error
    if columns is not None and len(columns) > 1:
        return _chosen(path, columns, rows)
    if columns is not None:
        lines = [text or "" for text in columns[0].texts or ()]
        end = len(lines)
    # Blank lines at the end are white-space rows if the matrix has that many, else an editor's.
    while rows is not None and len(lines) > max(rows, end):
        lines.pop()
    return WordList(without_header(str(path), lines, rows))


def _json_text(text: str) -> Any:
    """Return the value of a JSON text, or the values of JSON Lines; raises ValueError for others."""
    try:
        return parse_json(text.encode())
    except (ValueError, RecursionError):
        return [parse_json(line.encode()) for line in text.split("\n") if line.strip()]


def _chosen(path: Path, columns: Sequence[Column], rows: int | None) -> WordList:
    found = placed_words(str(path), columns, rows)
    if found is None:
        raise BadInput(f"{path} has no column of strings for the words.")
    return WordList(*found)


def _ranks(path: Path, lines: Sequence[str]) -> WordList | None:
    """Return tiktoken's tokens by rank, None if the list is another kind."""
    found = [RANK.fullmatch(line) for line in lines]
    named = path.suffix.lower() == ".tiktoken"
    if not lines or not all(found):
        if named:
            raise BadInput(
                f"{path} has a line that is not a base64 token of tiktoken with its rank."
            )
        return None
    pairs = [(match[1], int(match[2])) for match in found if match is not None]
    if not named and not any(token.endswith("=") for token, _ in pairs):
        return None
    highest = max(rank for _, rank in pairs)
    if highest >= GAPS * len(pairs) + 64:
        raise BadInput(f"{path}: its ranks reach {highest} for {len(pairs)} tokens.")
    words: Words = [None] * (highest + 1)
    try:
        for token, rank in pairs:
            if words[rank] is not None:
                raise BadInput(f"{path}: two tokens have the rank {rank}.")
            words[rank] = byte_level_text(binascii.a2b_base64(token, strict_mode=True))
    except (binascii.Error, IndexError) as error:
        raise BadInput(f"{path} is not a list of tokens in tiktoken's format: {error}.") from error
    return WordList(words, placed=True, ranks=True)


def _json_words(path: Path, value: Any, rows: int | None) -> WordList:
    """Return the words of a list of texts, of rows of cells, or of an object of rows by word."""
    if isinstance(value, list) and all(word is None or isinstance(word, str) for word in value):
        return WordList(value)
    if isinstance(value, list) and value and all(isinstance(row, list) for row in value):
        width = len(value[0])
        if width and all(len(row) == width for row in value):
            cells = [_json_column(None, [row[place] for row in value]) for place in range(width)]
            return _chosen(path, cells, rows)
    if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
        names = list(value[0])
        if all(list(row) == names for row in value):
            return _chosen(path, [_json_column(n, [r[n] for r in value]) for n in names], rows)
    if isinstance(value, dict) and value:
        words, numbers = list(value), list(value.values())
        if all(isinstance(word, str) for word in numbers):
            words, numbers = numbers, words
        columns = [Column("word", words), _json_column("row", numbers)]
        if columns[1].numbers is not None:
            return _chosen(path, columns, rows)
    raise BadInput(
        f"{path} is not a supported word list: a list of texts, or an object from each word to "
        "its row."
    )


def _json_column(name: str | None, values: list[Any]) -> Column:
    if all(isinstance(value, str) or value is None for value in values):
        whole = all(isinstance(value, str) and value.isdecimal() for value in values)
        numbers = np.array([int(value) for value in values], dtype=np.int64) if whole else None
        return Column(name, values, numbers)
    if all(isinstance(value, int) and abs(value) < 1 << 62 for value in values):
        return Column(name, list(map(str, values)), np.array(values, dtype=np.int64))
    return Column(name, None)


def _parquet_words(path: Path, rows: int | None) -> WordList:
    try:
        schema = pq.ParquetFile(path).schema_arrow
        strings = [field.name for field in schema if _is_text(field.type)]
        whole = [field.name for field in schema if pa.types.is_integer(field.type)]
        # Dictionary-encoded: a text that is repeated a million times is in memory once.
        file = pq.ParquetFile(path, read_dictionary=strings)
        if file.metadata.num_rows > MOST_WORDS:
            raise BadInput(f"{path} has more than {MOST_WORDS} rows; it is not a vocabulary.")
        if not strings:
            raise BadInput(f"{path} has no column of strings for the words.")
        table = file.read(strings + whole)
        columns = [
            Column(name, [word for chunk in table[name].chunks for word in _words(chunk)])
            for name in strings
        ]
        columns += [
            Column(name, None, table[name].cast(pa.int64()).to_numpy())
            for name in whole
            if not table[name].null_count
        ]
    except (OSError, ValueError, pa.ArrowException) as error:
        reason = str(error).strip().rstrip(".")
        raise BadInput(f"{path} cannot be read as Parquet: {reason}.") from error
    return _chosen(path, columns, rows)


def _is_text(kind: pa.DataType) -> bool:
    values = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(values) or pa.types.is_large_string(values))


def _words(chunk: pa.Array) -> Words:
    # A damaged file may have indices out of range.
    chunk.validate(full=True)
    words = chunk.dictionary.to_pylist()
    return [None if place is None else words[place] for place in chunk.indices.to_pylist()]
