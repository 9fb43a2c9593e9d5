"""Readers of word vectors that share no code with the importers."""

from __future__ import annotations

import re

import numpy as np

from soak.readings import Given, Reading, Unreadable

NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?:nan|inf|infinity)"


def read_word_vectors(given: Given) -> Reading:
    """Read word vectors, in the binary form where counts stand before bytes that are no text."""
    first, _, rest = given.path.read_bytes().partition(b"\n")
    counted = re.fullmatch(rb"(\xef\xbb\xbf)?[ \t]*\d+[ \t]+\d+[ \t\r]*", first)
    binary = counted and not _is_text(rest.partition(b"\n")[0].replace(b"\t", b" ").rstrip(b"\r"))
    return read_binary(given) if binary else read_text(given)


def read_text(given: Given) -> Reading:
    """Read word vectors that are text."""
    lines = given.path.read_bytes().removeprefix(b"\xef\xbb\xbf").decode("latin-1").split("\n")
    while lines and not lines[-1].strip(" \t\r"):
        lines.pop()
    counts = re.fullmatch(r"\s*(\d+)[ \t]+(\d+)\s*", lines[0])
    rows = lines[1:] if counts else lines
    total, rows = len(rows), rows[: given.limit]
    behind = re.compile(
        rf"(?P<word>[^ \t]*(?:[ ][^\t]*?)??)(?P<numbers>(?:[ \t]+(?:{NUMBER}))+)[ \t\r]*", re.I
    )
    found = [behind.fullmatch(row) for row in rows]
    if counts and int(counts[1]) != total:
        raise Unreadable("another number of rows")
    if not all(found):
        raise Unreadable(f"row {found.index(None) + 1}")
    numbers = [one["numbers"].split() for one in found if one]
    width = int(counts[2]) if counts else len(numbers[0])
    if {len(one) for one in numbers} != {width}:
        raise Unreadable("rows of several lengths")
    words = [
        one["word"].encode("latin-1").decode("utf-8", "surrogateescape") for one in found if one
    ]
    with np.errstate(over="ignore"):
        return Reading(list(words), np.array(numbers, dtype=np.float32), rows=total)


def read_binary(given: Given) -> Reading:
    """Read word2vec's binary form: of all ways to take it apart, the first in which the rows follow
    one another as rows do."""
    raw = given.path.read_bytes()
    header, _, data = raw.partition(b"\n")
    counts = header.removeprefix(b"\xef\xbb\xbf").split()
    count, size = int(counts[0]), 4 * int(counts[1])
    wanted = count if given.limit is None else min(count, given.limit)
    ways = [_one_way(data, count, wanted, size, end) for end in (b"\n", b"")]
    way = ways[0] or ways[1]
    if way is None:
        raise Unreadable("there is no way to take it apart")
    words = [data[begin:blank].decode("utf-8", "surrogateescape") for begin, blank in way]
    vectors = [np.frombuffer(data[blank + 1 : blank + 1 + size], "<f4") for _, blank in way]
    return Reading(list(words), np.array(vectors), rows=count)


def _one_way(
    data: bytes, count: int, wanted: int, size: int, end: bytes
) -> list[tuple[int, int]] | None:
    """Return begin and blank of each of the wanted rows, None where there is no way.

    Rows are ended by `end`; where that is nothing, each word has to be a text. A word may hold blanks
    where it is a text. The first way in the order of shorter words.
    """
    stack: list[tuple[int, list[tuple[int, int]]]] = [(0, [])]
    seen: set[tuple[int, int]] = set()
    while stack:
        place, rows = stack.pop()
        if len(rows) == wanted:
            blank = data.find(b" ", place)
            left = data[place : place + 3]
            if (
                (left.strip() == b"" and len(left) < 3)
                if wanted == count
                else (end or _is_text(data[place:blank]))
            ):
                return rows
            continue
        blanks, blank = [], data.find(b" ", place)
        while blank >= 0 and len(blanks) < 16:
            if not _is_text(data[place:blank]) and (blanks or not end):
                break
            blanks.append(blank)
            blank = data.find(b" ", blank + 1)
        for blank in reversed(blanks):
            after, last = blank + 1 + size, len(rows) == count - 1
            if after > len(data) or (not last and data[after : after + len(end)] != end):
                continue
            after += 0 if last else len(end)
            if (len(rows) + 1, after) not in seen:
                seen.add((len(rows) + 1, after))
                stack.append((after, [*rows, (place, blank)]))
    return None


def _is_text(word: bytes) -> bool:
    try:
        return bool(word) and min(word.decode("utf-8")) >= " " and b"\x7f" not in word
    except UnicodeDecodeError:
        return False
