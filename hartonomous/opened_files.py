"""Opened files of a source: a list of a few, or columns and a Merkle root of many.

Up to MOST_LISTED files stand in the manifest and on the Source node one by one. Of more, both carry
the number, the bytes and the root; the bundle carries the table.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import Any, overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hartonomous.errors import BadInput
from hartonomous.file_names import readable
from hartonomous.identity import canonical_json, file_digest
from hartonomous.merkle import leaf_hash, streamed_root

MOST_LISTED = 1_000
"""Most files that are listed in the manifest and on the Source node."""

MOST_IN_DIGEST = 1 << 17
"""Most files whose digests enter a source's digest one by one; of more, their root does. Manifests
that listed all files held at most about 117,000, so no source from then gets another digest.
"""

FILES = pa.schema(
    [
        pa.field("name", pa.string(), nullable=False),
        pa.field("digest", pa.string(), nullable=False),
        pa.field("bytes", pa.int64(), nullable=False),
    ]
)
"""Columns of the table of opened files, sorted by (name, digest)."""

ROWS = 1 << 16
"""Files that are Python objects at once."""


@dataclass(frozen=True)
class OpenedFile:
    """An opened file: its name within the model, as it can be stored, its blake3-256, its size in
    bytes.
    """

    name: str
    digest: str
    bytes: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", readable(self.name))


def opened_file(file: Path, home: Path | None = None) -> OpenedFile:
    """Return an opened file with its digest, named relative to a folder, or else by its name alone."""
    name = file.name if home is None else file.relative_to(home).as_posix()
    return OpenedFile(name, file_digest(file), file.stat().st_size)


@dataclass(frozen=True)
class FilesSummary:
    """What is stated of many files: number, bytes, the Merkle root over them (RFC 9162, SHA-256) and
    the blake3-256 of the largest.
    """

    count: int
    bytes: int
    root: str
    largest: str


class OpenedFiles(Sequence[OpenedFile]):
    """Many opened files as columns, sorted by (name, digest)."""

    def __init__(self, table: pa.Table) -> None:
        """Take a table with the columns of FILES; raise BadInput for one out of order."""
        if table.schema != FILES:
            raise BadInput(f"the columns are {table.schema.names}, not {FILES.names}")
        if not _ordered(table):
            raise BadInput("the files are not sorted by name")
        self.table = table

    @classmethod
    def of(cls, files: Iterable[OpenedFile]) -> OpenedFiles:
        """Return files as columns; they may be made one by one."""
        iterator, parts = iter(files), [FILES.empty_table()]
        while part := list(islice(iterator, ROWS)):
            values = zip(*((file.name, file.digest, file.bytes) for file in part), strict=True)
            arrays = [pa.array(v, f.type) for v, f in zip(values, FILES, strict=True)]
            parts.append(pa.Table.from_arrays(arrays, schema=FILES))
        table = pa.concat_tables(parts)
        return cls(table.sort_by([("name", "ascending"), ("digest", "ascending")]))

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def __iter__(self) -> Iterator[OpenedFile]:
        for rows in self._rows():
            yield from (OpenedFile(*row) for row in rows)

    @overload
    def __getitem__(self, place: int) -> OpenedFile: ...

    @overload
    def __getitem__(self, place: slice) -> OpenedFiles: ...

    def __getitem__(self, place: int | slice) -> OpenedFile | OpenedFiles:
        places = range(len(self))[place]
        if isinstance(places, range):
            return OpenedFiles(self.table.take(pa.array(places, pa.int64())))
        row = self.table.slice(places, 1)
        return OpenedFile(*(row[name][0].as_py() for name in FILES.names))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OpenedFiles) and bool(self.table.equals(other.table))

    def __hash__(self) -> int:
        return hash(self.summary)

    def __repr__(self) -> str:
        return f"<{len(self)} opened files>"

    @cached_property
    def summary(self) -> FilesSummary:
        """Return number, bytes, root and the largest file's digest."""
        sizes = self.table["bytes"].to_numpy()
        largest = self.table["digest"][int(np.argmax(sizes))].as_py() if len(sizes) else ""
        leaves = (
            leaf_hash(canonical_json(list(row)).encode()) for rows in self._rows() for row in rows
        )
        return FilesSummary(len(self), int(sizes.sum()), streamed_root(leaves).hex(), largest)

    def pairs(self) -> list[tuple[str, str]]:
        """Return name and digest of each file, sorted."""
        return list(zip(*(self.table[name].to_pylist() for name in FILES.names[:2]), strict=True))

    def _rows(self) -> Iterator[Iterator[tuple[str, str, int]]]:
        for batch in self.table.to_batches(max_chunksize=ROWS):
            yield zip(*(batch[name].to_pylist() for name in FILES.names), strict=True)


@dataclass(frozen=True)
class StatedFiles:
    """What a Source node states of its files: `listed` one by one, or the `summary` of many."""

    listed: tuple[OpenedFile, ...] = ()
    summary: FilesSummary | None = None

    @property
    def count(self) -> int:
        """Return the number of files."""
        return self.summary.count if self.summary is not None else len(self.listed)

    @property
    def facts(self) -> list[dict[str, Any]] | dict[str, Any]:
        """Return the files for JSON: a list of name, digest and bytes, or the summary."""
        if self.summary is not None:
            return asdict(self.summary)
        return [asdict(file) for file in self.listed]

    def share_file(self, largest: OpenedFile) -> bool:
        """Return whether another source's largest file is one of these; of many, their largest."""
        if self.summary is not None:
            return self.summary.largest == largest.digest
        return any(file.digest == largest.digest for file in self.listed)


def kept_files(files: Iterable[OpenedFile]) -> Sequence[OpenedFile]:
    """Return few files as a tuple, in their order, and more as columns; they may be made one by one."""
    if isinstance(files, OpenedFiles):
        return files
    iterator = iter(files)
    first = tuple(islice(iterator, MOST_LISTED + 1))
    if len(first) <= MOST_LISTED:
        return first
    return OpenedFiles.of(chain(first, iterator))


def files_property(files: Sequence[OpenedFile]) -> str:
    """Return files as the property `files` of a Source node: canonical JSON."""
    if isinstance(files, OpenedFiles):
        return canonical_json(asdict(files.summary))
    return canonical_json([[file.name, file.digest, file.bytes] for file in files])


def stated_files(text: str | None) -> StatedFiles:
    """Return what a Source node's property `files` states; raises ValueError if it is none."""
    value = json.loads(text or "[]")
    try:
        if isinstance(value, Mapping):
            return StatedFiles(summary=read_summary(value))
        return StatedFiles(tuple(OpenedFile(*file) for file in value))
    except TypeError as error:
        raise ValueError(f"these are no opened files: {error}") from error


def read_summary(value: Mapping[str, Any]) -> FilesSummary:
    """Return a stated summary; raises TypeError for other names or values."""
    summary = FilesSummary(**value)
    types = {"count": int, "bytes": int, "root": str, "largest": str}
    if not all(isinstance(getattr(summary, name), type) for name, type in types.items()):
        raise TypeError("a summary of files has a value of another type")
    return summary


def _ordered(table: pa.Table) -> bool:
    if table.num_rows < 2:
        return True
    before, after = table.slice(0, table.num_rows - 1), table.slice(1)
    less = pc.less(before["name"], after["name"])
    same = pc.and_(
        pc.equal(before["name"], after["name"]), pc.less_equal(before["digest"], after["digest"])
    )
    return bool(pc.all(pc.or_(less, same)).as_py())
