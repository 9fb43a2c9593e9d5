"""Picture folder: the pictures of a folder, divided into pieces, with names as places."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Protocol

from hartonomous.errors import BadInput, NotFound
from hartonomous.file_names import readable
from hartonomous.identity import content_digest, file_digest
from hartonomous.pictures.picture_files import SUFFIXES, Pixels, picture_key, read_picture

PIECE = 64
"""Pictures observed and stored together."""


@dataclass(frozen=True)
class Picture:
    """A picture that was read: its name within the folder, the text of its composition, its pixels."""

    name: str
    key: str
    pixels: Pixels


class ShownPictures(Protocol):
    """Pictures that a model was shown or made, divided into pieces."""

    def pieces(self) -> list[tuple[int, int]]:
        """Return ranges of pictures, (first, behind the last), which `pictures` reads."""
        ...

    def pictures(self, first: int, last: int, excluded: Counter[str]) -> Iterator[Picture]:
        """Yield the pictures of a range; what cannot be read is counted in `excluded`."""
        ...


@dataclass(frozen=True)
class PictureFolder:
    """The files of a folder that are pictures by name, sorted; plain values, so that a worker can
    open it again.

    `digests` are those of the files' bytes, in the order of the names, `excluded` counts other files by
    reason.
    """

    root: Path
    names: tuple[str, ...]
    digests: tuple[str, ...]
    excluded: tuple[tuple[str, int], ...] = ()

    @property
    def digest(self) -> str:
        """Return the digest of the names and contents."""
        files = [list(one) for one in zip(map(readable, self.names), self.digests, strict=True)]
        return content_digest("pictures", {"files": files})

    def __len__(self) -> int:
        return len(self.names)

    def pieces(self, size: int = PIECE) -> list[tuple[int, int]]:
        """Return ranges of files, (first, behind the last), which `pictures` reads."""
        return [(at, min(at + size, len(self))) for at in range(0, len(self), size)]

    def pictures(self, first: int, last: int, excluded: Counter[str]) -> Iterator[Picture]:
        """Yield the pictures of a range of files; what cannot be read is counted in `excluded`."""
        for name in self.names[first:last]:
            try:
                pixels = read_picture(self.root / name)
            except (BadInput, OSError):
                excluded["unreadable pictures"] += 1
                continue
            yield Picture(name, picture_key(pixels), pixels)

    def refuse_unreadable(self) -> None:
        """Raise BadInput, with the first fault, where no file can be read."""
        first: Exception | None = None
        for name in self.names:
            try:
                read_picture(self.root / name)
                return
            except (BadInput, OSError) as error:
                first = first or error
        raise BadInput(f"No picture in {self.root} can be read: {first}")


def open_folder(path: Path, exclude: Sequence[str] = (), limit: int | None = None) -> PictureFolder:
    """Return the pictures of a folder and of the folders in it, or a single picture's file.

    Hidden files and links that lead out of the folder are left out and counted, as are files that
    match a pattern of `exclude`. Raises NotFound if there is no such path, BadInput if it holds no
    picture.
    """
    if not path.exists():
        raise NotFound(f"There is nothing at {path}.")
    root, excluded = (path if path.is_dir() else path.parent), Counter[str]()
    files = [path] if path.is_file() else _within(path)
    names = [
        name
        for name in sorted(_name(file, root) for file in files)
        if _is_kept(root, name, exclude, excluded)
    ]
    if not names:
        kinds = ", ".join(sorted(SUFFIXES))
        raise BadInput(f"{path} holds no picture ({kinds}); name the folder that does.")
    if limit is not None:
        names = names[:limit]
    return named_pictures(root, names, excluded)


def named_pictures(
    root: Path, names: Sequence[str], excluded: Mapping[str, int] | None = None
) -> PictureFolder:
    """Return files of a folder, by their names in order; reads them for their digests."""
    digests = tuple(file_digest(root / name) for name in names)
    return PictureFolder(root, tuple(names), digests, tuple(sorted((excluded or {}).items())))


def holds_pictures(path: Path) -> bool:
    """Return whether a path is a file of a picture by its name, or a folder with one in it."""
    files = [path] if path.is_file() else _within(path)
    return any(one.suffix.lower() in SUFFIXES and not one.name.startswith(".") for one in files)


def _within(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder and those in it; links to folders are not followed."""
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(one for one in folders if not one.startswith("."))
        yield from (Path(where, name) for name in sorted(names))


def _name(file: Path, root: Path) -> str:
    return file.relative_to(root).as_posix()


def _is_kept(root: Path, name: str, exclude: Sequence[str], excluded: Counter[str]) -> bool:
    file = root / name
    if Path(name).name.startswith("."):
        return False
    if file.suffix.lower() not in SUFFIXES:
        excluded["files of another kind"] += 1
        return False
    if any(fnmatch(name, pattern) or fnmatch(file.name, pattern) for pattern in exclude):
        excluded["files that --exclude names"] += 1
        return False
    if not file.resolve().is_relative_to(root.resolve()):
        excluded["links that lead elsewhere"] += 1
        return False
    if not file.is_file():
        excluded["files of another kind"] += 1
        return False
    return True
