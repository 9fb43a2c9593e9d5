"""File signatures: whether a key used here wrote a file that is read back later.

A digest inside a file detects damage, but whoever edits the file can recompute it. The signature is
a note over the kind of file and a digest of its content.
"""

from __future__ import annotations

from collections.abc import Mapping

from hartonomous.errors import BadInput, VerificationFailed
from hartonomous.identity import content_digest
from hartonomous.transparency import keys


def sign_file(kind: str, value: Mapping[str, object]) -> str:
    """Return the signature of a file's kind and content, a JSON value."""
    return keys.signed(_text(kind, value))


def is_ours(kind: str, value: Mapping[str, object], signature: object) -> bool:
    """Return whether a key used here signed the value; False without a signature or for another
    key.

    Raises VerificationFailed if a key used here signed another value.
    """
    if not isinstance(signature, str) or not signature:
        return False
    try:
        text = keys.opened(signature)
    except (BadInput, VerificationFailed):
        return False
    if text != _text(kind, value):
        raise VerificationFailed("It was changed after it was signed.")
    return True


def _text(kind: str, value: Mapping[str, object]) -> str:
    return f"hartonomous/{kind}\n{content_digest(kind, value)}\n"
