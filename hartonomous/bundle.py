"""The evidence bundle: a folder of Parquet files and a manifest with their digests.

    manifest.json            opened files, options, constants of each track, digests
    compositions.parquet     key, text, kind, sorted by key
    EMBEDDING_EVIDENCE.parquet, ...     one file per track, sorted by (start, end)
    contexts.parquet         visited contexts of a causal model
    places.parquet           where the source has its compositions
    files.parquet            name, digest and bytes of each opened file, where they are many

`extract` writes it and `load` reads it. It is written under a temporary name and renamed when
complete, so a folder with the final name is complete; a reader checks every digest first.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hartonomous.atomic_files import atomic
from hartonomous.bounded_parquet import open_parquet, read_parquet
from hartonomous.errors import BadInput, Conflict, UsageError
from hartonomous.evidence import (
    COMPOSITIONS,
    CONTEXTS,
    OWN,
    columns,
    with_later_columns,
)
from hartonomous.held_places import PLACES, read_places
from hartonomous.identity import canonical_json, content_digest, file_digest
from hartonomous.opened_files import (
    MOST_IN_DIGEST,
    OpenedFiles,
    kept_files,
    read_summary,
)
from hartonomous.opened_files import OpenedFile as OpenedFile
from hartonomous.schema import TrackConstants, evidence_type

FORMAT = 2
"""Rows of counted evidence state their odds against chance. Of format 1 they have none."""
MANIFEST = "manifest.json"
COMPOSITIONS_FILE = "compositions.parquet"
CONTEXTS_FILE = "contexts.parquet"
PLACES_FILE = "places.parquet"
FILES_FILE = "files.parquet"
OPTIONAL_FILES = {CONTEXTS_FILE, PLACES_FILE, FILES_FILE}
MANIFEST_LIMIT = 16 << 20
ROW_GROUP = 1 << 17


@dataclass(frozen=True)
class SourceDescription:
    """The description of a source: the files, the options, and what was left out.

    `files` are a tuple of few, or columns of many. `digest` covers the opened files and the options,
    not the evidence, because rounding in BLAS differs between machines.
    """

    kind: str
    importer: str
    files: Sequence[OpenedFile]
    options: dict[str, Any]
    parameters: int
    excluded: dict[str, int] = field(default_factory=dict)
    merged: int = 0
    subject: str | None = None
    licence: str | None = None
    family: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "files", kept_files(self.files))

    @property
    def bytes(self) -> int:
        if isinstance(self.files, OpenedFiles):
            return self.files.summary.bytes
        return sum(file.bytes for file in self.files)

    @property
    def digest(self) -> str:
        files: object
        if not isinstance(self.files, OpenedFiles):
            files = sorted((file.name, file.digest) for file in self.files)
        elif len(self.files) <= MOST_IN_DIGEST:
            files = self.files.pairs()
        else:
            files = {"count": len(self.files), "root": self.files.summary.root}
        return content_digest("source", {"files": files, "options": self.options})


@dataclass(frozen=True)
class TrackDescription:
    """The constants of one track; docs/data-model.md defines them."""

    evidence: str
    positions: tuple[str, ...]
    k: int
    vocabulary: int
    dimensions: int
    trust: int
    absent: int
    recall: float
    rows: int
    observations: int
    minimum: int = 1
    below: int = 0
    total: int = 0

    @property
    def constants(self) -> TrackConstants:
        """Return what the null model of the track's type needs to know of it."""
        return TrackConstants(len(self.positions), self.k, self.vocabulary, self.total)

    @property
    def file(self) -> str:
        return f"{self.evidence}.parquet"


@dataclass(frozen=True)
class Bundle:
    """A bundle on disk whose digests were checked."""

    path: Path
    source: SourceDescription
    tracks: tuple[TrackDescription, ...]
    digest: str
    format: int = FORMAT

    @property
    def file_names(self) -> tuple[str, ...]:
        """Return the files that are read during a load, within its folder."""
        return (MANIFEST, COMPOSITIONS_FILE, *(track.file for track in self.tracks))

    def compositions(self) -> pa.Table:
        """Return the compositions, sorted by key: columns key, text, kind."""
        table = read_parquet(self.path / COMPOSITIONS_FILE)
        if table.schema not in (COMPOSITIONS, COMPOSITIONS.append(OWN)):
            raise BadInput(f"{self.path}: {COMPOSITIONS_FILE} has columns {table.schema.names}.")
        return table

    def contexts(self) -> pa.Table:
        """Return the visited contexts, sorted by composition, with the columns of
        `evidence.CONTEXTS`; empty for most sources.
        """
        file = self.path / CONTEXTS_FILE
        return read_parquet(file) if file.is_file() else CONTEXTS.empty_table()

    def places(self, rows: int) -> Iterator[pa.RecordBatch]:
        """Yield where the source has its compositions, with the columns of `held_places.PLACES`, in
        batches of at most `rows` rows, the same each time; nothing for many sources.
        """
        if (file := self.path / PLACES_FILE).is_file():
            # A short file may repeat one long text a million times.
            yield from _batches(file, rows, read_places(file, rows))

    def evidence(self, track: TrackDescription, rows: int) -> Iterator[pa.RecordBatch]:
        """Yield a track's evidence, with the columns of `evidence.columns`, in batches of at most
        `rows` rows; the batches are always the same.
        """
        yield from _batches(self.path / track.file, rows, self._pieces(track, rows))

    def _pieces(self, track: TrackDescription, rows: int) -> Iterator[pa.RecordBatch]:
        evidence = evidence_type(track.evidence)
        for piece in open_parquet(self.path / track.file).iter_batches(batch_size=rows):
            yield piece if self.format == FORMAT else with_later_columns(piece, evidence)


def _batches(
    file: Path, rows: int, pieces: Iterator[pa.RecordBatch] | None = None
) -> Iterator[pa.RecordBatch]:
    """Yield a file's rows, or pieces of it, in batches of `rows` rows, whatever its row groups are."""
    pending: list[pa.RecordBatch] = []
    held = 0
    for piece in pieces or open_parquet(file).iter_batches(batch_size=rows):
        while piece.num_rows:
            taken = piece.slice(0, rows - held)
            pending.append(taken)
            held += taken.num_rows
            piece = piece.slice(taken.num_rows)
            if held == rows:
                yield pa.concat_batches(pending)
                pending, held = [], 0
    if held:
        yield pa.concat_batches(pending)


class BundleWriter:
    """Writes a bundle under a temporary name; `finish` completes it; without it, the bundle is
    removed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writing = atomic(path)
        self._files: dict[str, str] = {}
        self._whole = False

    def __enter__(self) -> BundleWriter:
        if self.path.exists():
            raise Conflict(f"{self.path} already exists; give another --output or remove it.")
        self._partial = self._writing.__enter__()
        self._partial.mkdir(parents=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None and not self._whole:
            # Left before `finish`: nothing may appear under the final name.
            error = _LeftEarly()
        try:
            self._writing.__exit__(type(error) if error else None, error, trace)
        except _LeftEarly:
            pass
        except OSError as failure:
            if failure is error:
                raise
            raise Conflict(
                f"{self.path} appeared while it was being written: {failure}"
            ) from failure

    def write_compositions(self, table: pa.Table) -> None:
        """Write the compositions, (key, text, kind) sorted by key, with the properties of their
        kinds where any has one."""
        own = OWN.name in table.schema.names
        target = self._partial / COMPOSITIONS_FILE
        schema = COMPOSITIONS.append(OWN) if own else COMPOSITIONS
        pq.write_table(table.cast(schema), target, compression="zstd")
        self._files[COMPOSITIONS_FILE] = file_digest(target)

    def stream_compositions(self, tables: Iterator[pa.Table], own: bool) -> None:
        """Write the compositions, given in order of their keys, in bounded memory; `own` says that
        some have properties of their kinds.
        """
        target = self._partial / COMPOSITIONS_FILE
        schema = COMPOSITIONS.append(OWN) if own else COMPOSITIONS
        with pq.ParquetWriter(target, schema, compression="zstd") as writer:
            for table in tables:
                writer.write_table(table.cast(schema), row_group_size=ROW_GROUP)
        self._files[COMPOSITIONS_FILE] = file_digest(target)

    def write_contexts(self, table: pa.Table) -> None:
        """Write what the source read on from, sorted by composition; once a bundle.

        Raises UsageError when another track of the bundle has written its own.
        """
        if CONTEXTS_FILE in self._files:
            raise UsageError(
                "Two tracks of one bundle read on from contexts; a source has one set of them. "
                "Extract the tracks as two sources."
            )
        target = self._partial / CONTEXTS_FILE
        pq.write_table(table.cast(CONTEXTS), target, compression="zstd")
        self._files[CONTEXTS_FILE] = file_digest(target)

    def write_places(self, tables: Iterable[pa.Table]) -> None:
        """Write where the source has its compositions, columns of `held_places.PLACES`, given in
        order; without any row, no file.
        """
        target = self._partial / PLACES_FILE
        rows = 0
        with pq.ParquetWriter(target, PLACES, compression="zstd") as writer:
            for table in tables:
                writer.write_table(table.cast(PLACES), row_group_size=ROW_GROUP)
                rows += table.num_rows
        if rows:
            self._files[PLACES_FILE] = file_digest(target)
        else:
            target.unlink()

    def write_evidence(self, evidence: str, tables: Iterator[pa.Table]) -> None:
        """Write one type's rows, columns of `evidence.columns`, given in order of (start, end), in
        bounded memory.
        """
        schema = columns(evidence_type(evidence))
        target = self._partial / f"{evidence}.parquet"
        with pq.ParquetWriter(target, schema, compression="zstd") as writer:
            for table in tables:
                writer.write_table(table.cast(schema), row_group_size=ROW_GROUP)
        self._files[target.name] = file_digest(target)

    def finish(self, source: SourceDescription, tracks: tuple[TrackDescription, ...]) -> Bundle:
        """Write the manifest, and many files as a table; the folder gets its final name when the
        writer is left.
        """
        if isinstance(source.files, OpenedFiles):
            target = self._partial / FILES_FILE
            pq.write_table(source.files.table, target, compression="zstd")
            self._files[FILES_FILE] = file_digest(target)
        manifest = {
            "format": FORMAT,
            "source": _described(source),
            "source_digest": source.digest,
            "tracks": [asdict(track) for track in tracks],
            "files": self._files,
        }
        manifest["digest"] = content_digest("bundle", manifest)
        target = self._partial / MANIFEST
        target.write_text(json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
        self._whole = True
        return Bundle(self.path, source, tracks, str(manifest["digest"]))


class _LeftEarly(Exception):
    """A bundle was left before it was whole."""


def read_bundle(path: Path) -> Bundle:
    """Open a bundle and check every file against its digest.

    Raises BadInput if a file is missing, damaged or of another format.
    """
    manifest = _manifest(path)
    for name, digest in manifest["files"].items():
        file = path / name
        if Path(name).name != name or not file.is_file() or file.is_symlink():
            raise BadInput(
                f"{path}: {name} is missing; the bundle is incomplete, extract it again."
            )
        if file_digest(file) != digest:
            raise BadInput(f"{path}: {name} is damaged (its digest differs); extract it again.")
    for name in OPTIONAL_FILES - manifest["files"].keys():
        if (path / name).exists():
            raise BadInput(f"{path}: {MANIFEST} does not name {name}; extract the bundle again.")
    try:
        source = _source(path, manifest)
        tracks = tuple(
            TrackDescription(**{**track, "positions": tuple(track["positions"])})
            for track in manifest["tracks"]
        )
        named = {track.file for track in tracks} | {COMPOSITIONS_FILE}
        stated = manifest["source_digest"]
    except (KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"{path}: {MANIFEST} lacks or has too much of {error}.") from error
    if named != set(manifest["files"]) - OPTIONAL_FILES or source.digest != stated:
        raise BadInput(f"{path}: {MANIFEST} contradicts itself; extract the bundle again.")
    return Bundle(path, source, tracks, manifest["digest"], manifest["format"])


def waiting_key(source: SourceDescription) -> str:
    """Return the name of a source's bundle while it waits to be loaded, 32 hexadecimal digits."""
    described = {"source": source.digest, "subject": source.subject}
    described |= {"licence": source.licence, "family": source.family}
    return content_digest("cached bundle", described)[:32]


def is_bundle(path: Path) -> bool:
    """Return whether a folder looks like a bundle; nothing is checked."""
    return (path / MANIFEST).is_file()


def _manifest(path: Path) -> dict[str, Any]:
    file = path / MANIFEST
    if not file.is_file():
        raise BadInput(f"{path} is not a bundle: it has no {MANIFEST}.")
    if file.stat().st_size > MANIFEST_LIMIT:
        raise BadInput(f"{file} is larger than {MANIFEST_LIMIT} bytes; this is not a manifest.")
    try:
        manifest = json.loads(file.read_text("utf-8"))
        stated = manifest.pop("digest")
        shape = manifest["format"], dict(manifest["files"])
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise BadInput(f"{file} is damaged: {error}. Extract the bundle again.") from error
    if shape[0] not in range(1, FORMAT + 1):
        raise BadInput(
            f"{file} is of format {shape[0]}, this version reads 1 to {FORMAT}; extract it again "
            "with this version, or use the one that wrote it."
        )
    if content_digest("bundle", manifest) != stated:
        raise BadInput(f"{file} is damaged (its digest differs); extract the bundle again.")
    return {**manifest, "digest": stated}


def _described(source: SourceDescription) -> dict[str, Any]:
    """Return a source as the manifest states it: its files one by one, or their summary."""
    many = isinstance(source.files, OpenedFiles)
    stated = asdict(replace(source, files=()) if many else source)
    if isinstance(source.files, OpenedFiles):
        stated["files"] = asdict(source.files.summary)
    return stated


def _source(path: Path, manifest: dict[str, Any]) -> SourceDescription:
    """Return the source that a manifest states; raises BadInput if its table of files is not the one
    that it states.
    """
    value = manifest["source"]
    stated, tabled = value["files"], FILES_FILE in manifest["files"]
    if isinstance(stated, dict) != tabled:
        raise BadInput(
            f"{path}: {MANIFEST} {'lists its files' if tabled else 'summarises its files'} and the "
            f"bundle has {'a' if tabled else 'no'} {FILES_FILE}; extract the bundle again."
        )
    if not tabled:
        return SourceDescription(**{**value, "files": tuple(OpenedFile(**one) for one in stated)})
    try:
        files = OpenedFiles(read_parquet(path / FILES_FILE))
    except BadInput as error:
        raise BadInput(f"{path}: {FILES_FILE}: {error}; extract the bundle again.") from error
    if files.summary != read_summary(stated):
        raise BadInput(
            f"{path}: {FILES_FILE} has other files than {MANIFEST} states; extract the bundle again."
        )
    return SourceDescription(**{**value, "files": files})


def describe_options(source: SourceDescription) -> str:
    """Return the options as the graph stores them."""
    return canonical_json(source.options)
