"""Text that a person gives a model to read: UTF-8 files, taken apart into paragraphs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hartonomous.bundle import OpenedFile
from hartonomous.errors import BadInput, NotFound
from hartonomous.identity import file_digest

ENDINGS = (".txt", ".text", ".md")
"""Files of a folder that are read; one named by itself may end as it likes."""

MOST_BYTES = 8 << 20
"""Of text in all: about two million tokens, what counting holds in 2 GB of memory."""

BYTES_PER_TOKEN = 4
TOKENS_PER_SECOND = 500
"""What a refusal tells with: English text, and a small model on one core."""


@dataclass(frozen=True)
class Texts:
    """The files that were opened, and their paragraphs, white space read as one space."""

    files: tuple[OpenedFile, ...]
    paragraphs: tuple[str, ...]


def read_texts(paths: Sequence[Path]) -> Texts:
    """Read files, and folders' files that end in ENDINGS.

    Raises NotFound where there is nothing, BadInput for what is not UTF-8 text and for more than
    MOST_BYTES.
    """
    found = [named for path in paths for named in _files(path)]
    size = sum(file.stat().st_size for _, file in found)
    if size > MOST_BYTES:
        tokens = size / BYTES_PER_TOKEN
        raise BadInput(
            f"{size / 1e6:,.0f} MB of text are about {tokens / 1e6:,.0f} million tokens, some "
            f"{tokens / TOKENS_PER_SECOND / 3600:,.0f} hours of reading on one core; at most "
            f"{MOST_BYTES >> 20} MiB are read into one source. Give a part of it."
        )
    files = tuple(
        OpenedFile(f"read/{name}", file_digest(file), file.stat().st_size) for name, file in found
    )
    return Texts(files, tuple(text for _, file in found for text in paragraphs(_text(file))))


def paragraphs(text: str) -> Iterator[str]:
    """Yield what stands between blank lines, lines joined: white space is no composition.

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
        raise BadInput(f"{path} holds no file that ends in {', '.join(ENDINGS)}.")
    return [(file.relative_to(path).as_posix(), file) for file in found]


def _text(path: Path) -> str:
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(
            f"{path} is not UTF-8 (byte {error.start} is {error.object[error.start]:#04x}); convert "
            "it first: iconv -f ENCODING -t UTF-8."
        ) from error
    if "\0" in text:
        raise BadInput(f"{path} is not text: it holds zero bytes.")
    return text
