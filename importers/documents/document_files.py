"""Document files: size limits, decoding, and plain text as blocks.

Documents are untrusted: size is checked before anything is read, and encodings are taken as
declared (a byte order mark, else UTF-8), never guessed.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import ModuleType

from hartonomous.errors import BadInput, UsageError
from hartonomous.extract.input_texts import decoded

LARGEST = 64 << 20
"""Most bytes of one document."""


@dataclass
class Document:
    """The content of a file: blocks of connected text, and numbers of omitted parts by reason.

    `pages` are the pages of a paged file with text, each with the number of letters, as
    `visible_text.letters` counts them, in front of its text; in the order of the text.
    """

    blocks: list[str]
    left_out: Counter[str] = field(default_factory=Counter)
    pages: list[tuple[int, int]] = field(default_factory=list)


def module(name: str) -> ModuleType:
    """Return a library of the extra `documents`; raises UsageError if it is missing."""
    try:
        return import_module(name)
    except ImportError as error:
        raise UsageError(
            f"Reading documents needs {name.partition('.')[0]}: "
            "pip install 'hartonomous[documents,transformers]'."
        ) from error


def read_text(path: Path) -> str:
    """Return a file's text; raises BadInput for excess size, another encoding, or binary data."""
    return decoded(path, read_whole(path))


def read_whole(path: Path) -> bytes:
    """Return a file's bytes; raises BadInput, before reading any, for more than `LARGEST`."""
    size = path.stat().st_size
    if size > LARGEST:
        raise BadInput(
            f"{path} has {size / 1000000.0:,.0f} MB, more than the limit of "
            f"{LARGEST / 1000000.0:,.0f} MB; split it, for instance by chapter."
        )
    return path.read_bytes()


def paragraphs(text: str) -> list[str]:
    """Return the text between blank lines."""
    return re.split(r"\n[^\S\n]*\n\s*|\u2029", text)


def read_plain(path: Path) -> Document:
    """Return the blocks of a plain text, with words divided at line ends joined."""
    from importers.documents.plain_blocks import plain_blocks
    from importers.documents.visible_text import undivided, unwrapped

    parts = paragraphs(unwrapped(undivided(read_text(path))))
    return Document([block for part in parts for block in plain_blocks(part)])
