"""Keys of compositions and digests of content: functions of the content alone.

A key does not depend on the order of ingest, the machine, or a database id, so two models with the
same word share one node.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path

from blake3 import blake3

from hartonomous.schema import ANYTHING

KEY_BYTES = 16
DIGEST_CHUNK = 1 << 22


def normalise(text: str) -> str:
    """Return a text in Unicode NFC, case unchanged.

    >>> normalise("cafe\\u0301")
    'café'
    """
    return unicodedata.normalize("NFC", text)


def composition_key(kind: str, text: str) -> str:
    """Return the key of a composition: 32 hexadecimal digits, blake3 over kind and text.

    >>> composition_key("Token", "king")
    'bac2d8d7458a7f073e1c79d2380e60c8'
    >>> composition_key("Token", "king") == composition_key("Piece", "king")
    False
    """
    canonical = b"hartonomous/composition\x00" + kind.encode() + b"\x00" + text.encode()
    return blake3(canonical).hexdigest(length=KEY_BYTES)


def composition_keys(kinds: Iterable[str], texts: Iterable[str]) -> list[str]:
    """Return the key of each composition, in order."""
    return [composition_key(kind, text) for kind, text in zip(kinds, texts, strict=True)]


def context_text(tokens: Iterable[str]) -> str:
    """Return the text of a context, from its tokens' texts, oldest first.

    >>> context_text(["the", "king"]), context_text([])
    ('the king', '…')
    """
    return " ".join(tokens) or ANYTHING


def file_digest(path: Path) -> str:
    """Return the blake3-256 digest of a file's bytes, in hexadecimal."""
    hasher = blake3()
    with path.open("rb") as file:
        while chunk := file.read(DIGEST_CHUNK):
            hasher.update(chunk)
    return hasher.hexdigest()


def canonical_json(value: object) -> str:
    """Return a value as canonical JSON: keys sorted, no spaces, UTF-8 unescaped."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def content_digest(domain: str, value: Mapping[str, object]) -> str:
    """Return the blake3-256 digest of a JSON value within a named domain, in hexadecimal."""
    return blake3(f"hartonomous/{domain}\x00{canonical_json(value)}".encode()).hexdigest()
