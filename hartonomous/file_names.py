"""File names as text: a name is bytes, and not every name is UTF-8."""

from __future__ import annotations

import re
from pathlib import Path

_BYTE = re.compile("[\udc80-\udcff]")


def readable(name: str | Path | Exception) -> str:
    """Return a name, or a message with one, as it can be printed and stored.

    A byte that is not UTF-8 becomes `\\xNN`.

    >>> readable("caf\\udce9.txt")
    'caf\\\\xe9.txt'
    """
    text = _BYTE.sub(lambda found: f"\\x{ord(found[0]) - 0xDC00:02x}", str(name))
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
