"""Documents as files: their bounds, their bytes as text, plain text as blocks.

Documents are untrusted: size is checked before anything is read, and encodings are taken as they are
declared (a byte order mark, else UTF-8) and never guessed.
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
"""Bytes of one document."""


@dataclass
class Document:
    """What a file holds: blocks of text that stand together, and parts left out, by reason."""

    blocks: list[str]
    left_out: Counter[str] = field(default_factory=Counter)


def module(name: str) -> ModuleType:
    """Return a library that the extra `documents` brings; raises UsageError where it is missing."""
    try:
        return import_module(name)
    except ImportError as error:
        raise UsageError(
            f"Reading documents needs {name.partition('.')[0]}: "
            "pip install 'hartonomous[documents,transformers]'."
        ) from error


def read_text(path: Path) -> str:
    """Return a file's text; raises BadInput for excess size, for another encoding, for binary."""
    return decoded(path, read_whole(path))


def read_whole(path: Path) -> bytes:
    """Return a file's bytes; raises BadInput, before any is read, for more than `LARGEST`."""
    size = path.stat().st_size
    if size > LARGEST:
        raise BadInput(
            f"{path} has {size / 1e6:,.0f} MB, and a document of up to {LARGEST / 1e6:,.0f} MB is "
            "read; split it, for instance by chapter."
        )
    return path.read_bytes()


def paragraphs(text: str) -> list[str]:
    """Return what stands between blank lines."""
    return re.split(r"\n[^\S\n]*\n\s*|\u2029", text)


def read_plain(path: Path) -> Document:
    """Return the paragraphs of a plain text, words whole that the ends of lines divide."""
    from importers.documents.visible_text import undivided, unwrapped

    return Document(paragraphs(unwrapped(undivided(read_text(path)))))
