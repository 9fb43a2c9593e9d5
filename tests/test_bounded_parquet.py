"""Small files that stand for much are refused before memory is asked for; honest ones are read."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hartonomous import bounded_parquet
from hartonomous.bounded_parquet import open_parquet, read_parquet
from hartonomous.errors import BadInput


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with 64 MiB of free memory."""
    memory = SimpleNamespace(available=64 << 20)
    monkeypatch.setattr(bounded_parquet.psutil, "virtual_memory", lambda: memory)


def written(path: Path, **columns: pa.Array) -> Path:
    pq.write_table(pa.table(columns), path, compression="zstd")
    assert path.stat().st_size < 200_000
    return path


@pytest.mark.usefixtures("free")
def test_a_run_of_one_number(tmp_path: Path) -> None:
    file = written(tmp_path / "f", n=pa.array(np.zeros(20_000_000, np.int64)))
    for read in (read_parquet, open_parquet):
        with pytest.raises(BadInput, match=r"would take 152 MiB of memory.*Nothing was written"):
            read(file)


@pytest.mark.usefixtures("free")
def test_one_long_text_that_many_rows_name(tmp_path: Path) -> None:
    text = pa.DictionaryArray.from_arrays(np.zeros(100_000, np.int32), pa.array(["x" * 100_000]))
    with pytest.raises(BadInput, match=r"would take 9,536 MiB"):
        read_parquet(written(tmp_path / "f", text=text))


@pytest.mark.usefixtures("free")
def test_lists_of_many(tmp_path: Path) -> None:
    lists = pa.ListArray.from_arrays([0, 20_000_000], np.zeros(20_000_000, np.int32))
    with pytest.raises(BadInput, match="would take"):
        read_parquet(written(tmp_path / "f", seen=lists))


@pytest.mark.usefixtures("free")
def test_rows_without_columns(tmp_path: Path) -> None:
    table = pa.table({"a": pa.nulls(10)}).slice(0, 0)
    assert read_parquet(written(tmp_path / "f", a=table["a"].combine_chunks())).num_rows == 0


@pytest.mark.usefixtures("free")
def test_an_honest_table_is_what_was_written(tmp_path: Path) -> None:
    table = pa.table(
        {
            "key": pa.array(["a", "ä", None, "a"] * 250),
            "bytes": pa.array([b"x", b"", None, b"y"] * 250),
            "n": pa.array(range(1000), pa.int32()),
            "seen": pa.array([[1, 2], [], None, [3]] * 250, pa.list_(pa.int64())),
        }
    ).replace_schema_metadata({"format": "1"})
    pq.write_table(table, tmp_path / "f")
    found = read_parquet(tmp_path / "f")
    assert found.schema == table.schema and found.schema.metadata == {b"format": b"1"}
    assert found.equals(table)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + 100 * b"x" + b"PAR1"])
def test_what_is_no_parquet(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "f").write_bytes(content)
    with pytest.raises(BadInput, match="cannot be read as Parquet"):
        read_parquet(tmp_path / "f")
