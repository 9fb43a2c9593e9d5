"""Parquet files, read within bounds: sizes from the footer are checked before memory is allocated.

A few kilobytes can expand to gigabytes: a run of one value, or one long text with a million
references. The footer states the number of values; a text is repeated only after its length is
known.
"""

from __future__ import annotations

from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hartonomous.errors import BadInput

SHARE = 0.5
"""Share of the free memory that one table may take."""

_WIDTHS = {"BOOLEAN": 1, "INT32": 4, "FLOAT": 4, "INT64": 8, "DOUBLE": 8, "INT96": 12}
_TEXTS = {"BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY"}


def read_parquet(path: Path) -> pa.Table:
    """Return a whole table; dictionary-encoded texts are expanded.

    Raises BadInput for a file that is not Parquet, or takes more than its share of the free memory.
    """
    file = open_parquet(path)
    texts = {field.name: _plain(field.type) for field in file.schema_arrow}
    texts = {name: type for name, type in texts.items() if type is not None}
    try:
        table = pq.read_table(path, read_dictionary=list(texts))
    except (OSError, pa.ArrowException) as error:
        raise BadInput(f"{path} cannot be read as Parquet: {error}") from error
    lengths = sum(_length(table[name]) for name in texts)
    _refuse_large(path, lengths)
    for name, type in texts.items():
        place = table.schema.get_field_index(name)
        field = file.schema_arrow.field(name).with_type(type)
        table = table.set_column(place, field, table[name].cast(type))
    return table.replace_schema_metadata(file.schema_arrow.metadata)


def open_parquet(path: Path) -> pq.ParquetFile:
    """Return an open file whose values fit into memory, each distinct text counted once; raises as
    read_parquet.
    """
    try:
        file = pq.ParquetFile(path)
        columns = [
            group.column(place)
            for group in map(file.metadata.row_group, range(file.num_row_groups))
            for place in range(group.num_columns)
        ]
    except (OSError, pa.ArrowException) as error:
        raise BadInput(f"{path} cannot be read as Parquet: {error}") from error
    values = sum(
        column.num_values * _WIDTHS.get(column.physical_type, 4)
        + (column.total_uncompressed_size if column.physical_type in _TEXTS else 0)
        for column in columns
    )
    _refuse_large(path, max(values, file.metadata.num_rows))
    return file


def _plain(type: pa.DataType) -> pa.DataType | None:
    """Return the type of an expanded column of texts; None for any other column."""
    written = type.value_type if pa.types.is_dictionary(type) else type
    return written if pa.types.is_string(written) or pa.types.is_binary(written) else None


def _length(column: pa.ChunkedArray) -> int:
    """Return the bytes of an expanded column of texts."""
    return sum(
        pc.sum(pc.binary_length(chunk.dictionary).take(chunk.indices)).as_py() or 0
        for chunk in column.chunks
    )


def _refuse_large(path: Path, needed: int) -> None:
    free = psutil.virtual_memory().available
    if needed > SHARE * free:
        raise BadInput(
            f"{path} would take {needed >> 20:,} MiB of memory, and {free >> 20:,} MiB are free; "
            "it is damaged, or too large for this machine. Nothing was written."
        )
