"""Input texts: UTF-8 files for a model to read, split into paragraphs."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hartonomous.bundle import OpenedFile
from hartonomous.errors import BadInput, NotFound
from hartonomous.extract.importer_protocol import UnreadFile
from hartonomous.file_names import readable
from hartonomous.identity import file_digest

ENDINGS = (".txt", ".text", ".md")
"""Endings of files read from a folder; a file named explicitly may have any."""

MOST_BYTES = 8 << 20
"""Most bytes of text in all: about two million tokens, which take 2 GB of memory to count."""

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

BYTES_PER_TOKEN = 4
TOKENS_PER_SECOND = 500
"""Rate for the message of a refusal: English text, and a small model on one core."""


@dataclass(frozen=True)
class Texts:
    """The opened files, and their paragraphs with white space collapsed; unreadable files of
    folders, and the number of files of other kinds in the given folders.
    """

    files: tuple[OpenedFile, ...]
    paragraphs: tuple[str, ...]
    unread: tuple[UnreadFile, ...] = ()
    others: int = 0


def read_texts(paths: Sequence[Path]) -> Texts:
    """Read files, and files in folders with an ending of ENDINGS; of the latter, unreadable ones
    are left out.

    Raises NotFound for a missing path, BadInput for a file that is not text and for more than
    MOST_BYTES.
    """
    found = [named for path in paths for named in _files(path)]
    size = sum(file.stat().st_size for _, file in found)
    if size > MOST_BYTES:
        tokens = size / BYTES_PER_TOKEN
        raise BadInput(
            f"{size / 1000000.0:,.0f} MB of text are about {tokens / 1000000.0:,.0f} million "
            f"tokens, which take about {tokens / TOKENS_PER_SECOND / 3600:,.0f} hours to read on "
            f"one core; at most {MOST_BYTES >> 20} MiB per source are allowed. Give a part of it."
        )
    files: list[OpenedFile] = []
    unread: list[UnreadFile] = []
    read: list[str] = []
    for name, file in found:
        try:
            text = decoded(file, file.read_bytes())
        except BadInput as error:
            if file in paths:
                raise
            unread.append(UnreadFile(readable(name), str(error)))
            continue
        files.append(OpenedFile(f"read/{name}", file_digest(file), file.stat().st_size))
        read += paragraphs(text)
    if unread and not files:
        raise BadInput(f"None of {len(unread)} texts can be read; the first: {unread[0].reason}")
    folders = [path for path in paths if path.is_dir()]
    inside = sum(file.is_file() for folder in folders for file in folder.rglob("*"))
    others = inside - sum(len(_files(folder)) for folder in folders)
    return Texts(tuple(files), tuple(read), tuple(unread), others)


def paragraphs(text: str) -> Iterator[str]:
    """Yield the text between blank lines, lines joined: white space is not a composition.

    >>> list(paragraphs("One\\nline.\\n\\n  Another. \\n"))
    ['One line.', 'Another.']
    """
    for part in re.split(r"\n\s*\n", text):
        if joined := " ".join(part.split()):
            yield joined


def _files(path: Path) -> list[tuple[str, Path]]:
    if path.is_file():
        return [(path.name, path)]
    if not path.is_dir():
        raise NotFound(f"There is no text to read at {path}.")
    found = sorted(
        file for file in path.rglob("*") if file.suffix.lower() in ENDINGS and file.is_file()
    )
    if not found:
        raise BadInput(f"{path} has no file that ends in {', '.join(ENDINGS)}.")
    return [(file.relative_to(path).as_posix(), file) for file in found]


def decoded(path: Path, raw: bytes, encoding: str = "utf-8", errors: str = "strict") -> str:
    """Return the text of a file's bytes, lines ended by a line feed alone.

    A byte order mark takes precedence over `encoding`, a codec of Python's. Raises BadInput, with
    the position, for bytes outside the encoding or text with binary data.
    """
    for mark, name in BYTE_ORDER_MARKS:
        if raw.startswith(mark):
            raw, encoding = raw[len(mark) :], name
            break
    try:
        text = raw.decode(encoding, errors)
    except UnicodeDecodeError as error:
        raise BadInput(
            f"{path}, {_place(raw, error.start)}: 0x{raw[error.start : error.start + 1].hex()} is not "
            f"{encoding.upper()} ({error.reason}). Save it as UTF-8, for instance with iconv -f "
            "ENCODING -t UTF-8."
        ) from error
    if (nul := text.find("\0")) >= 0:
        line = text.count("\n", 0, nul) + 1
        raise BadInput(
            f"{path}, line {line}: there is a NUL character, so this is not text, or it is "
            "UTF-16 without its byte order mark. Save it as UTF-8."
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _place(raw: bytes, start: int) -> str:
    line = raw.count(b"\n", 0, start) + 1
    return f"line {line}, byte {start}"
