"""Values as people read them in a table: numbers grouped, lists joined, nothing that moves a cursor."""

from __future__ import annotations

from collections.abc import Mapping


def cell_text(value: object, absent: str = "", empty: str = "") -> str:
    """Return the text of a value; `absent` stands for None, `empty` for an empty list or mapping.

    >>> cell_text([1234, 0.5, True, None], absent="-")
    '1,234, 0.500, yes, -'
    """
    if value is None:
        return absent
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.3f}" if abs(value) < 100 else f"{value:,.1f}"
    if isinstance(value, Mapping):
        named = (f"{name} {cell_text(entry, absent, empty)}" for name, entry in value.items())
        return ", ".join(named) or empty
    if isinstance(value, list | tuple):
        return ", ".join(cell_text(entry, absent, empty) for entry in value) or empty
    return printable(str(value))


def printable(text: str) -> str:
    """Return a text with every character that could move a terminal's cursor made visible."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
