"""PDF pictures: a program that prints where the pictures and the lines of a PDF are, and writes pictures.

One page is a line of JSON: its `size` (width, height), the boxes of its `pictures`, and its `lines`, each
[text, box]; a box is [left, bottom, right, top] in points from the lower left corner. A page that cannot
be opened is null. With a folder, each picture is written into it as `PAGE-NUMBER.png`, both from 1.

PDFium expands the content of a file, and a small file can contain terabytes; so it runs in a process
with bounded memory and time, as pdf_lines does.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

MEMORY = 3 << 30
"""Bytes of address space, on systems that can limit it."""

SECONDS = 300
"""Seconds of processor time."""

MOST_PIXELS = 100_000_000
"""Most pixels of a picture, as of a picture in a file."""

LEAST_SIDE = 24.0
"""Points of a side at least; what is smaller is a rule, a logo or a bullet."""

MOST_OF_PAGE = 0.9
"""Share of the page from which on a picture is a scan of it."""

DEPTH = 3
"""Forms within forms whose pictures are looked for."""

PASSWORD, DAMAGED = 3, 4
"""Exit codes; 0 is success, and all others are the system's."""

_PASSWORD_ERROR = 4  # FPDF_ERR_PASSWORD


def main(path: str, folder: str | None = None) -> int:
    """Print the pages of a PDF, and write its pictures; return the exit code."""
    _bound()
    import pypdfium2 as pdfium

    try:
        document = pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        sys.stderr.write(str(error))
        return PASSWORD if error.err_code == _PASSWORD_ERROR else DAMAGED
    for number in range(len(document)):
        try:
            page = document[number]
            found = {"size": page.get_size(), "pictures": [], "lines": _lines(page)}
            for image, box in _pictures(pdfium, page):
                found["pictures"].append(box)
                if folder is not None:
                    _write(
                        pdfium, image, Path(folder, f"{number + 1}-{len(found['pictures'])}.png")
                    )
        except pdfium.PdfiumError:
            found = None
        sys.stdout.write(json.dumps(found) + "\n")
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


def _pictures(pdfium: Any, page: Any) -> list[tuple[Any, list[float]]]:
    """Return the pictures of a page that may be figures, with their boxes, in drawing order."""
    width, height = page.get_size()
    found = []
    kinds = (pdfium.raw.FPDF_PAGEOBJ_IMAGE,)
    for image in page.get_objects(filter=kinds, max_depth=DEPTH):
        left, bottom, right, top = image.get_bounds()
        whole = (right - left) * (top - bottom) > MOST_OF_PAGE * width * height
        across, down = image.get_px_size()
        small = min(right - left, top - bottom) < LEAST_SIDE
        if not (whole or small) and 0 < across * down <= MOST_PIXELS:
            found.append((image, [round(side, 2) for side in (left, bottom, right, top)]))
    return found


def _lines(page: Any) -> list[tuple[str, list[float]]]:
    text = page.get_textpage()
    found = []
    for number in range(text.count_rects()):
        box = text.get_rect(number)
        line = text.get_text_bounded(*box).strip()
        if line:
            found.append((line, [round(side, 2) for side in box]))
    return found


def _write(pdfium: Any, image: Any, file: Path) -> None:
    """Write a picture; one that cannot be decoded is missing."""
    try:
        image.get_bitmap().to_pil().convert("RGB").save(file)
    except (pdfium.PdfiumError, ValueError, OSError):
        file.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
