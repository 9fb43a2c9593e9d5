"""The text of a file of code, as UTF-8 for a parser, whatever the file is encoded in.

Lines end in a line feed alone, so that line numbers are those an editor shows.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

MOST_CONTROLS = 0.02
"""Share of control characters from which bytes are no text."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CODING = re.compile(rb"\A(?:[^\n]*\n)?[ \t\f]*#[^\n]*?coding[:=][ \t]*([-\w.]+)")
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\x1b")) + b"\x7f"
_SAMPLE = 1 << 16


@dataclass(frozen=True)
class SourceText:
    """A text as UTF-8, and what was done to read it, if anything, as a reason to count."""

    content: bytes
    remark: str | None = None


def source_text(content: bytes) -> SourceText | None:
    """Return the text of a file's bytes; None if they are no text.

    >>> source_text(b"\\xef\\xbb\\xbfa = 1\\r\\nb = 2\\r")
    SourceText(content=b'a = 1\\nb = 2\\n', remark=None)
    >>> source_text("é = 1".encode("latin-1"))
    SourceText(content=b'\\xc3\\xa9 = 1', remark='read as Latin-1')
    >>> source_text(bytes(range(256))) is None
    True
    """
    decoded = _decoded(content)
    if decoded is None:
        return None
    text, remark = decoded
    if b"\0" in text:
        text = text.replace(b"\0", b" ")
        remark = remark or "with NUL characters"
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return SourceText(text, remark)


def _decoded(content: bytes) -> tuple[bytes, str | None] | None:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _as_utf8(content[len(mark) :], encoding)
    if (unmarked := _unmarked_utf16(content)) is not None:
        return _as_utf8(content, unmarked)
    sample = content[:_SAMPLE]
    if len(sample.translate(None, _CONTROLS)) < (1 - MOST_CONTROLS) * len(sample):
        return None
    try:
        content.decode()
        return content, None
    except UnicodeDecodeError:
        pass
    if (said := _CODING.match(content[:1000])) is not None:
        try:
            codec = codecs.lookup(said[1].decode())
            if getattr(codec, "_is_text_encoding", False):
                return content.decode(codec.name).encode(), None
        except (LookupError, ValueError):
            pass
    return content.decode("latin-1").encode(), "read as Latin-1"


def _as_utf8(content: bytes, encoding: str) -> tuple[bytes, str | None]:
    try:
        return content.decode(encoding).encode(), None
    except UnicodeError:
        text = content.decode(encoding, errors="replace").encode(errors="replace")
        return text, "with characters that cannot be read"


def _unmarked_utf16(content: bytes) -> str | None:
    """Return the encoding of UTF-16 without a mark: every second byte of Latin letters is zero."""
    sample = content[:1024]
    if len(sample) < 8 or len(sample) % 2:
        sample = sample[: len(sample) // 2 * 2]
    half = len(sample) // 2
    if half < 4:
        return None
    for first, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        if sample[first::2].count(0) > 0.8 * half and sample[1 - first :: 2].count(0) < 0.1 * half:
            return name
    return None
