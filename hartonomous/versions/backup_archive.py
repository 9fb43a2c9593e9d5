"""The archive of a backup: its parts in one file, each with its digest, all bounds checked."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from hartonomous.atomic_files import atomic
from hartonomous.errors import BadInput, NotFound, VerificationFailed
from hartonomous.identity import canonical_json, content_digest, file_digest
from hartonomous.transparency.file_signatures import is_ours, sign_file

FORMAT = 2
READ = (1, 2)
"""Formats that are read; the first did not state the bytes of each part."""

LARGEST_TEXT = 1 << 30
"""Bytes of the largest part that is not a table: a log of about a million entries."""

MANIFEST = "manifest.json"
SIGNED = "backup"


def pack(folder: Path, path: Path) -> str:
    """Pack the parts into one file, atomically; return the digest over all of them."""
    parts = sorted(part for part in folder.rglob("*") if part.is_file())
    files = {part.relative_to(folder).as_posix(): file_digest(part) for part in parts}
    sizes = {name: (folder / name).stat().st_size for name in files}
    manifest = {"format": FORMAT, "files": files, "bytes": sizes}
    digest = content_digest("backup", manifest)
    sealed = {**manifest, "digest": digest, "signature": sign_file(SIGNED, {"digest": digest})}
    with atomic(path) as partial:
        descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w+b") as file, zipfile.ZipFile(file, "w") as packed:
            packed.writestr(MANIFEST, canonical_json(sealed))
            for name in files:
                packed.write(folder / name, name)
    return digest


def unpack(path: Path, folder: Path) -> str:
    """Unpack the parts of a backup, check every digest, and return the one over all of them."""
    if not path.is_file():
        raise NotFound(f"There is no backup at {path}.")
    try:
        with zipfile.ZipFile(path) as packed:
            _refuse_unbounded(path, packed)
            manifest = json.loads(packed.read(MANIFEST))
            digest, format = manifest.pop("digest"), manifest["format"]
            manifest.pop("signature", None)
            if format not in READ or content_digest("backup", manifest) != digest:
                raise BadInput(f"{path} is damaged, or not a backup that this version reads.")
            files = manifest["files"]
            if set(packed.namelist()) != {MANIFEST, *files}:
                raise BadInput(f"{path} is damaged: it has other files than its manifest names.")
            for name, size in manifest.get("bytes", {}).items():
                if packed.getinfo(name).file_size != size:
                    raise BadInput(f"{path} is damaged: the size of {name} differs.")
            _refuse_full(path, folder, sum(one.file_size for one in packed.infolist()))
            for name, stated in files.items():
                _unpack_file(path, packed, name, stated, folder)
    except (
        zipfile.BadZipFile, zlib.error, EOFError, ValueError, KeyError, TypeError,
        NotImplementedError, RuntimeError, AttributeError,
    ) as error:  # fmt: skip
        raise BadInput(
            f"{path} is damaged or not a backup: {error}. Nothing was written."
        ) from error
    return str(digest)


def _refuse_unbounded(path: Path, packed: zipfile.ZipFile) -> None:
    """Raise BadInput for a file that could expand: a backup's parts are stored uncompressed, so
    that unpacked they are no larger than the file.
    """
    parts = packed.infolist()
    if any(one.compress_type != zipfile.ZIP_STORED for one in parts):
        raise BadInput(f"{path} is not a backup: its parts are compressed. Nothing was written.")
    if len({one.filename for one in parts}) != len(parts):
        raise BadInput(f"{path} is damaged: it has a file twice. Nothing was written.")
    if sum(one.file_size for one in parts) > path.stat().st_size:
        raise BadInput(f"{path} is damaged: its parts are larger than it is. Nothing was written.")
    largest = max((o.file_size for o in parts if not o.filename.endswith(".parquet")), default=0)
    if largest > LARGEST_TEXT:
        raise BadInput(
            f"{path} is damaged: a description of {largest >> 20:,} MiB. Nothing was written."
        )


def _refuse_full(path: Path, folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise BadInput(
            f"{path} takes {needed >> 20:,} MiB unpacked, and {free >> 20:,} MiB are free in "
            f"{folder.parent}. Nothing was written; make room, or set TMPDIR to a larger disk."
        )


def _unpack_file(path: Path, packed: zipfile.ZipFile, name: str, stated: str, folder: Path) -> None:
    within = PurePosixPath(name)
    if within.is_absolute() or ".." in within.parts:
        raise BadInput(f"{path} names a file outside itself: {name!r}.")
    target = folder / within
    target.parent.mkdir(parents=True, exist_ok=True)
    with packed.open(name) as part, target.open("wb") as out:
        shutil.copyfileobj(part, out)
    if file_digest(target) != stated:
        raise BadInput(f"{path} is damaged: the digest of {name} differs.")


def is_signed(path: Path, digest: str) -> bool:
    """Return whether a key used here signed a backup.

    Raises BadInput if such a key signed another one.
    """
    with zipfile.ZipFile(path) as packed:
        signature = json.loads(packed.read(MANIFEST)).get("signature")
    try:
        return is_ours(SIGNED, {"digest": digest}, signature)
    except VerificationFailed as error:
        raise BadInput(f"{path} was changed after it was written. Nothing was restored.") from error
