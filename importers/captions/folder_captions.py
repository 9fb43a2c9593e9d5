"""Folder captions: for each picture of a folder, what the files beside it say of it.

Said by files of captions (`caption_records`), by a text of the same name (`yard.txt` beside `yard.jpg`),
by the alternative texts and figure captions of web pages, and where nothing else is, by the name of the
file itself.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from hartonomous.errors import BadInput
from hartonomous.identity import normalise
from hartonomous.name_words import identifier_words
from hartonomous.pictures.picture_folder import PictureFolder
from importers.captions.caption_records import SUFFIXES, Record, holds_records, read_records
from importers.captions.page_figures import page_captions
from importers.documents.document_files import read_text

LONGEST = 1_000
"""Most characters of a caption that are read, as of a sentence."""

_NUMBERED = re.compile(
    r"(?:img|image|dsc|dscn|pic|picture|photo|screenshot|scan|frame|page|untitled)?\d*"
)
_SPACE = re.compile(r"\s+")


@dataclass
class FolderCaptions:
    """Captions by the name of a picture, and what was left out, counted by reason."""

    texts: dict[str, tuple[str, ...]]
    excluded: Counter[str] = field(default_factory=Counter)


def folder_captions(folder: PictureFolder, files: Sequence[Path] = ()) -> FolderCaptions:
    """Return the captions of a folder's pictures; of `files` alone besides the names, where given.

    A caption is in NFC, white space made one, and cut at LONGEST characters. Raises BadInput for a
    given file that is no file of captions.
    """
    excluded, said = Counter[str](), defaultdict[str, list[str]](list)
    names = _Names(folder.names)
    records: list[Record] = []
    if files:
        for file in files:
            records += read_records(file)
    else:
        records += _found_records(folder, excluded)
    for named, text in records:
        if (name := names.find(named)) is None:
            excluded["captions without a file"] += 1
        elif caption := _caption(text, excluded):
            said[name].append(caption)
    for name in folder.names:
        if name not in said and (words := _name_caption(name)):
            said[name].append(words)
    without = len(folder) - len(said)
    if without:
        excluded["pictures without a caption"] += without
    return FolderCaptions({name: tuple(dict.fromkeys(own)) for name, own in said.items()}, excluded)


def _found_records(folder: PictureFolder, excluded: Counter[str]) -> list[Record]:
    """Return what the files in the folder say: records, pages, texts beside a picture."""
    records: list[Record] = []
    for file in _files(folder.root):
        suffix = file.suffix.lower()
        home = file.parent.relative_to(folder.root)
        try:
            if suffix in SUFFIXES:
                if holds_records(file):
                    records += [(_below(home, name), text) for name, text in read_records(file)]
            elif suffix in (".html", ".htm", ".xhtml"):
                records += [(_below(home, name), text) for name, text in page_captions(file)]
        except BadInput:
            excluded["unreadable files of captions"] += 1
    for name in folder.names:
        beside = (folder.root / name).with_suffix(".txt")
        if beside.is_file():
            try:
                records.append((name, read_text(beside)))
            except BadInput:
                excluded["unreadable files of captions"] += 1
    return records


def _files(root: Path) -> Iterable[Path]:
    return sorted(one for one in root.rglob("*") if one.is_file() and not one.name.startswith("."))


def _below(home: Path, name: str) -> str:
    return name if "://" in name else (PurePosixPath(home.as_posix()) / unquote(name)).as_posix()


class _Names:
    """Finds a picture by the name that a file of captions has: path, else file name, else stem."""

    def __init__(self, names: Sequence[str]) -> None:
        self._whole = {normalise(name): name for name in names}
        self._by: list[dict[str, list[str]]] = [defaultdict(list), defaultdict(list)]
        for name in names:
            path = PurePosixPath(normalise(name))
            self._by[0][path.name].append(name)
            self._by[1][path.stem].append(name)

    def find(self, named: str) -> str | None:
        """Return the only picture of that name; None if there is none, or several."""
        path = PurePosixPath(normalise(named.replace("\\", "/")))
        if (whole := self._whole.get(path.as_posix().removeprefix("./"))) is not None:
            return whole
        for found in (self._by[0].get(path.name, []), self._by[1].get(path.stem, [])):
            if found:
                return found[0] if len(found) == 1 else None
        return None


def _caption(text: str, excluded: Counter[str]) -> str:
    if len(text) > LONGEST:
        excluded["captions cut to 1,000 characters"] += 1
    return _SPACE.sub(" ", normalise(text[:LONGEST])).strip()


def _name_caption(name: str) -> str | None:
    """Return the words of a file's name; None for a name that a camera or a program gave."""
    stem = PurePosixPath(name).stem
    parts = identifier_words(stem)
    words = [one for one in parts if not one.isdigit() and (len(one) > 1 or not one.isascii())]
    if not words or all(_NUMBERED.fullmatch(word) for word in words):
        return None
    hexadecimal = re.fullmatch(r"[0-9a-fA-F_-]{8,}", stem) and any(c.isdigit() for c in stem)
    return None if hexadecimal else " ".join(words)
