"""PDF files as blocks of text, in drawing order.

A block is text of one size without a gap; it continues in the next column and on the next page, and
so do its sentences. Page numbers and running heads are blocks of their own.
"""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from hartonomous.errors import BadInput
from importers.documents import pdf_lines
from importers.documents.document_files import Document, module, paragraphs, read_whole
from importers.documents.visible_text import letters, undivided, unwrapped

SECONDS = 2 * pdf_lines.SECONDS
"""Wall-clock limit, for a file that waits instead of working."""

LEAST_GAP = 1.35
"""Distance of two lines, in medians of the page's, that begins another block."""

SAME_SIZE = 0.1
"""Relative difference in the heights of lines of one size."""

SAME_PLACE = 3.0
"""Points by which a running head may move from one page to the next."""

_BULLET = re.compile("[•‣◦▪▫●○■□➢➤✓✔\uf0a7\uf0b7\ue000] ")
"""A bullet of a list; characters of a symbol font have no other name."""

_PAGE_NUMBER = re.compile(
    r"^\W*(\d{1,6})\b|\b(\d{1,6})\W*$|\b(?:page|seite|p\.) (\d{1,6})\b", re.IGNORECASE
)

_LEADER = re.compile(r"(?:\. ?){4,}\s*\w{0,6}$")
"""The dots of a table of contents; each of its lines is separate."""


@dataclass(frozen=True)
class _Line:
    text: str
    size: float
    baseline: float


def read_pdf(path: Path) -> Document:
    """Return the blocks of a PDF; pages without text are counted.

    Raises BadInput for a file that needs a password, is damaged, exceeds its memory or time, or has
    no text at all.
    """
    read_whole(path)
    module("pypdfium2")
    pages = _pages(path)
    if not any(pages):
        raise BadInput(
            f"{path} has no text on its {len(pages)} pages, so it is likely scanned; give a copy "
            "with recognised text (OCR)."
        )
    left_out = Counter(
        {
            "pages without text": sum(page == [] for page in pages),
            "pages that cannot be opened": sum(page is None for page in pages),
        }
    )
    bodies, heads, repeated = _without_heads([page or [] for page in pages])
    left_out["page numbers and running heads"] = repeated
    text = "\n\n".join([*_blocks(bodies), *(text for _, text in heads)])
    blocks = paragraphs(unwrapped(undivided(text), unspaced=True))
    placed = list(_page_starts(bodies, heads))
    return Document([block for block in blocks if block.strip()], +left_out, placed)


def _page_starts(
    bodies: list[list[_Line]], heads: list[tuple[int, str]]
) -> Iterator[tuple[int, int]]:
    """Yield the number of letters before each page's text, and the page's number from 1."""
    before = 0
    texts = [(n, "\n".join(line.text for line in page)) for n, page in enumerate(bodies)]
    for n, text in (*texts, *heads):
        yield before, n + 1
        before += letters(text)


def _pages(path: Path) -> list[list[_Line] | None]:
    """Return the lines of each page, None for one that cannot be opened, from a separate process."""
    program = [sys.executable, "-P", pdf_lines.__file__, str(path)]
    try:
        done = subprocess.run(program, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise BadInput(f"{path} takes longer than {SECONDS} s to read; split it.") from error
    if done.returncode != 0:
        raise _refusal(path, done.returncode, done.stderr.decode("utf-8", "replace"))
    pages = map(json.loads, done.stdout.splitlines())
    return [page and [_Line(*line) for line in page] for page in pages]


def _refusal(path: Path, code: int, said: str) -> BadInput:
    """Return the error for the exit code of the process that read a PDF."""
    if code == pdf_lines.PASSWORD:
        return BadInput(f"{path} needs a password; give a copy without one.")
    if code == pdf_lines.TOO_LONG:
        return BadInput(
            f"{path} expands to more than {pdf_lines.MOST_TEXT:,} characters; split it."
        )
    if code == pdf_lines.DAMAGED:
        reason = re.sub(r".*\(PDFium: (.*)\)\.?\s*", r"\1", said, flags=re.DOTALL).strip(" .\n")
        return BadInput(f"{path} cannot be read as a PDF: {reason or 'it is damaged'}.")
    return BadInput(
        f"{path} cannot be read as a PDF within {pdf_lines.MEMORY >> 30} GiB of memory and "
        f"{pdf_lines.SECONDS} s (exit code {code}); it is damaged or malicious."
    )


def _without_heads(
    pages: list[list[_Line]],
) -> tuple[list[list[_Line]], list[tuple[int, str]], int]:
    """Return pages without their running heads, the heads with the first page of each, counted from
    0, and the number of repeated heads.

    A head is the highest or lowest line of a page if another page has it, apart from numbers, at
    the same height.
    """
    ends = [(n, at) for n, page in enumerate(pages) for at in _outermost(page)]
    alike: dict[str, list[tuple[int, int]]] = {}
    for n, at in ends:
        alike.setdefault(_without_numbers(pages[n][at].text), []).append((n, at))
    met = [_met_again(pages, places) for places in alike.values()]
    taken = {place for places in met for place in places}
    bodies = [
        [line for at, line in enumerate(page) if (n, at) not in taken]
        for n, page in enumerate(pages)
    ]
    heads = [text for places in met for text in _different(pages, places)]
    return bodies, heads, len(taken) - len(heads)


def _outermost(page: list[_Line]) -> list[int]:
    """Return the indices of the highest and the lowest lines of a page, in any drawing order."""
    heights = [line.baseline for line in page]
    outer = (min(heights), max(heights)) if heights else ()
    return [at for at, height in enumerate(heights) if height in outer]


def _different(pages: list[list[_Line]], places: list[tuple[int, int]]) -> list[tuple[int, str]]:
    """Return the texts of equal heads with their first pages, once if they differ by the page
    number.
    """
    texts = {n: pages[n][at].text.strip() for n, at in places}
    numbers = [(_PAGE_NUMBER.search(text), n) for n, text in texts.items()]
    counting = {
        int(found[1] or found[2] or found[3]) - n if found else None for found, n in numbers
    }
    first: dict[str, int] = {}
    for n, text in texts.items():
        first.setdefault(text, n)
    different = [(n, text) for text, n in first.items()]
    return different[:1] if len(counting) == 1 and None not in counting else different


def _met_again(pages: list[list[_Line]], places: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the lines that another one repeats at its height, in their order."""
    heights = {place: pages[place[0]][place[1]].baseline for place in places}
    ordered = sorted(places, key=lambda place: heights[place])
    met: set[tuple[int, int]] = set()
    for one, next_one in pairwise(ordered):
        if heights[next_one] - heights[one] < SAME_PLACE:
            met |= {one, next_one}
    return [place for place in places if place in met]


def _without_numbers(text: str) -> str:
    return re.sub(r"\d+|^[ivxlc]+$", "#", text.strip())


def _blocks(pages: list[list[_Line]]) -> Iterator[str]:
    """Yield blocks of continuing lines, joined by line feeds."""
    block: list[_Line] = []
    for lines in pages:
        steps = [step for a, b in pairwise(lines) if (step := a.baseline - b.baseline) > 0]
        gap = LEAST_GAP * statistics.median(steps) if steps else 0.0
        for line in lines:
            if block and not _goes_on(block[-1], line, gap):
                yield "\n".join(one.text for one in block)
                block = []
            block.append(line)
    if block:
        yield "\n".join(one.text for one in block)


def _goes_on(before: _Line, line: _Line, gap: float) -> bool:
    """Return whether a line belongs to the block of the previous line.

    A line that is not lower is at the top of another column or page.
    """
    if _LEADER.search(before.text) or _LEADER.search(line.text) or _BULLET.match(line.text):
        return False
    if abs(before.size - line.size) > SAME_SIZE * max(before.size, line.size):
        return False
    step = before.baseline - line.baseline
    return step <= 0 or gap == 0 or step <= gap
