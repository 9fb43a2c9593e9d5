"""Plain blocks: headings, items of lists and cells of tables in plain text, apart from its sentences.

Told by signs that writers of many languages use: a line of marks under a heading or around a table,
items that begin with the same kind of mark, cells between bars or tabs.
"""

from __future__ import annotations

import re
from itertools import groupby

_RULE = re.compile(r"[^\S\n]*([=\-~^\"'`#*+_:.|])[=\-~^\"'`#*+_:.|\s]{2,}")
_ITEM = re.compile(
    r"[^\S\n]*(?:(?P<mark>[-*+•‣◦\u2013])|(?P<number>\d{1,3}|[a-zA-Z])[.)])[^\S\n]+\S"
)
_CELLS = re.compile(r"\t+|(?:^|\s*)\|(?:\s*|$)")

LEAST = 2
"""Lines with the sign of a list, or of a table, that make one; a single one is prose."""


def plain_blocks(paragraph: str) -> list[str]:
    """Return the blocks of a paragraph of plain text.

    >>> plain_blocks("Harbour office\\n==============\\nIt opens at nine\\nand closes at five.")
    ['Harbour office', 'It opens at nine\\nand closes at five.']
    >>> plain_blocks("Bring:\\n- a rope\\n- a lamp\\n  with oil")
    ['Bring:', '- a rope', '- a lamp\\n  with oil']
    >>> plain_blocks("| tide | hour |\\n|------|------|\\n| low | six |")
    ['tide', 'hour', 'low', 'six']
    """
    lines = paragraph.split("\n")
    if len(lines) < LEAST:
        return [paragraph]
    blocks: list[str] = []
    for tabular, run in groupby(lines, _has_cells):
        part = list(run)
        if tabular and len(part) >= LEAST:
            cells = (cell.strip() for line in part for cell in _CELLS.split(line))
            blocks += [cell for cell in cells if any(map(str.isalnum, cell))]
        else:
            blocks += [block for lines in _between_rules(part) for block in _items(lines)]
    return [block for block in blocks if block.strip()]


def _has_cells(line: str) -> bool:
    return "|" in line or "\t" in line.strip()


def _between_rules(lines: list[str]) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for line in lines:
        if not _RULE.fullmatch(line):
            parts[-1].append(line)
            continue
        # Of what stands above a rule, its last line is a heading, and the rest is not.
        if len(parts[-1]) > 1:
            parts[-1:] = [parts[-1][:-1], parts[-1][-1:]]
        parts.append([])
    return parts


def _items(lines: list[str]) -> list[str]:
    marks = [_ITEM.match(line) for line in lines]
    kinds = [found and ("mark" if found["mark"] else "number") for found in marks]
    listed = {kind for kind in ("mark", "number") if kinds.count(kind) >= LEAST}
    blocks: list[list[str]] = [[]]
    for line, kind in zip(lines, kinds, strict=True):
        if kind in listed:
            blocks.append([])
        blocks[-1].append(line)
    return ["\n".join(block) for block in blocks if block]
