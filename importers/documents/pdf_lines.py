"""PDF lines: a program that prints the lines of a PDF, one page per line of JSON.

PDFium expands the content of a file, and a small file can contain terabytes; so it runs in a
process with bounded memory and time. A line is [text, size, baseline], in points, the baseline from
the bottom of the page. A page that cannot be opened is null.
"""

from __future__ import annotations

import json
import math
import statistics
import sys
from collections.abc import Iterator
from ctypes import c_double
from typing import Any

MEMORY = 2 << 30
"""Bytes of address space, on systems that can limit it."""

SECONDS = 300
"""Seconds of processor time."""

MOST_TEXT = 64 << 20
"""Most characters of a document."""

SAMPLED = 15
"""Characters of a line sampled for its size."""

UNKNOWN = "\ue000"
"""Replacement of a character that the file draws without naming it."""

PASSWORD, DAMAGED, TOO_LONG = 3, 4, 5
"""Exit codes; 0 is success, and all others are the system's."""

_PASSWORD_ERROR = 4  # FPDF_ERR_PASSWORD
_HYPHEN = 2  # what PDFium makes of a hyphen and the end of its line
_LINE_ENDS = (10, 13)


def main(path: str) -> int:
    """Print the pages of a PDF; return the exit code."""
    _bound()
    import pypdfium2 as pdfium

    try:
        document = pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        sys.stderr.write(str(error))
        return PASSWORD if error.err_code == _PASSWORD_ERROR else DAMAGED
    total = 0
    for number in range(len(document)):
        try:
            lines = list(_lines(pdfium, document[number]))
        except pdfium.PdfiumError:
            lines = None
        total += sum(len(line[0]) for line in lines or ())
        if total > MOST_TEXT:
            return TOO_LONG
        sys.stdout.write(json.dumps(lines) + "\n")
    return 0


def _bound() -> None:
    try:
        import resource
    except ImportError:
        return  # a system that knows no such bounds; the caller watches the clock
    bounds = {resource.RLIMIT_CPU: SECONDS, resource.RLIMIT_AS: MEMORY, resource.RLIMIT_CORE: 0}
    for kind, most in bounds.items():
        allowed = resource.getrlimit(kind)[1]
        most = most if allowed == resource.RLIM_INFINITY else min(most, allowed)
        resource.setrlimit(kind, (most, most))


def _lines(pdfium: Any, page: Any) -> Iterator[tuple[str, float, float]]:
    """Yield the lines of a page in drawing order."""
    raw, text = pdfium.raw, page.get_textpage()
    end = text.count_chars()
    characters: list[str] = []
    first = 0
    for place in range(end + 1):
        code = raw.FPDFText_GetUnicode(text, place) if place < end else ord("\n")
        if code == _HYPHEN:
            characters.append("-")
        elif code and raw.FPDFText_HasUnicodeMapError(text, place) == 1:
            characters.append(UNKNOWN)
        elif code and code not in _LINE_ENDS:
            characters.append(chr(code))
        if code in _LINE_ENDS or code == _HYPHEN:
            line = "".join(characters)
            if line.strip():
                yield line, *_setting(raw, text, first, place)
            characters.clear()
            first = place + 1


def _setting(raw: Any, text: Any, first: int, end: int) -> tuple[float, float]:
    """Return size and baseline of a line, in points: the median of some of its characters."""
    drawn = [p for p in range(first, end) if raw.FPDFText_GetUnicode(text, p) > ord(" ")]
    sizes, baselines = [], []
    matrix, x, y = raw.FS_MATRIX(), c_double(), c_double()
    for place in drawn[:: max(1, len(drawn) // SAMPLED)]:
        raw.FPDFText_GetMatrix(text, place, matrix)
        sizes.append(raw.FPDFText_GetFontSize(text, place) * math.hypot(matrix.c, matrix.d))
        raw.FPDFText_GetCharOrigin(text, place, x, y)
        baselines.append(y.value)
    if not drawn:
        return 0.0, 0.0
    return round(statistics.median(sizes), 2), round(statistics.median(baselines), 2)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
