"""Mutations of model files: bytes, cuts, numbers, fields, headers, rows and whole files.

Each takes bytes and a source of chance, and returns other bytes; `mutated` picks what fits a file.
"""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from soak.model_samples import Sample

INTERESTING = [
    0,
    1,
    2,
    3,
    7,
    8,
    15,
    16,
    31,
    32,
    33,
    64,
    255,
    256,
    2**15,
    2**31 - 1,
    2**31,
    2**32 - 1,
]
INTERESTING += [2**47, 2**62, 2**63 - 1, 2**63, 2**64 - 1]
ODD = [
    None,
    True,
    False,
    -1,
    0,
    1,
    2,
    7,
    1e400,
    2**40,
    2**70,
    "",
    "F32",
    "F64",
    "BF16",
    "I8",
    "x",
    [],
    {},
]
MAGICS = [
    b"",
    b"\xef\xbb\xbf",
    b"\x1f\x8b",
    b"GGUF",
    b"\x93NUMPY",
    b"PK\x03\x04",
    b"\x80\x04",
    b"\xff\xfe",
]

Files = dict[str, bytes]


# ---------------------------------------------------------------- mutations of bytes


def flip(raw: bytes, rng: random.Random) -> bytes:
    changed = bytearray(raw)
    for _ in range(rng.choice([1, 1, 2, 4, 16])):
        if changed:
            changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def cut(raw: bytes, rng: random.Random) -> bytes:
    return raw[: rng.randrange(len(raw) + 1)]


def lose(raw: bytes, rng: random.Random) -> bytes:
    begin = rng.randrange(len(raw) + 1)
    return raw[:begin] + raw[begin + rng.choice([1, 2, 4, 8, 64, 500]) :]


def insert(raw: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(raw) + 1)
    size = rng.choice([1, 2, 4, 8, 64])
    copied = raw[(begin := rng.randrange(len(raw) + 1)) : begin + size]
    return raw[:place] + rng.choice([rng.randbytes(size), bytes(size), copied]) + raw[place:]


def swap(raw: bytes, rng: random.Random) -> bytes:
    size = rng.choice([1, 4, 8, 32])
    first, second = sorted(rng.randrange(len(raw) + 1) for _ in range(2))
    if second - first < size:
        return raw
    return (
        raw[:first] + raw[second : second + size] + raw[first + size : second]
        + raw[first : first + size] + raw[second + size :]
    )  # fmt: skip


def number(raw: bytes, rng: random.Random) -> bytes:
    form = rng.choice(["<B", "<H", "<I", "<Q"])
    size = struct.calcsize(form)
    place = rng.randrange(max(1, min(len(raw), rng.choice([64, 512, 1 << 20]))))
    value = struct.pack(form, rng.choice(INTERESTING) % (1 << (8 * size)))
    return raw[:place] + value + raw[place + size :]


def magic(raw: bytes, rng: random.Random) -> bytes:
    return rng.choice(MAGICS) + raw[rng.choice([0, 0, 4]) :]


# ---------------------------------------------------------------- mutations of fields and rows


def json_field(raw: bytes, rng: random.Random) -> bytes:
    """Replace, drop, rename or swap values within a JSON text."""
    try:
        value = json.loads(raw)
    except ValueError:
        return flip(raw, rng)
    places = list(_places(value))
    for _ in range(rng.choice([1, 1, 2])):
        if not places:
            break
        holder, key = rng.choice(places)
        other, theirs = rng.choice(places)
        act = rng.randrange(4)
        try:
            if act == 0:
                holder[key] = rng.choice(ODD)
            elif act == 1:
                del holder[key]
            elif act == 2:
                holder[key], other[theirs] = other[theirs], holder[key]
            elif isinstance(holder, dict):
                holder[rng.choice(["", "model", "vocab", "embeddings", "x", str(theirs)])] = (
                    holder.pop(key)
                )
        except (KeyError, IndexError):
            continue
    try:
        return json.dumps(value, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")
    except (ValueError, RecursionError):  # a value that was put into itself
        return raw


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    pairs = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, member in list(pairs):
        yield value, key
        yield from _places(member)


def header_field(raw: bytes, rng: random.Random) -> bytes:
    """Change the JSON header of a safetensors file, its length set right."""
    if len(raw) < 8 or (size := struct.unpack("<Q", raw[:8])[0]) > len(raw):
        return flip(raw, rng)
    header = json_field(raw[8 : 8 + size], rng)
    return struct.pack("<Q", len(header)) + header + raw[8 + size :]


def rows(raw: bytes, rng: random.Random) -> bytes:
    """Edit the lines of a text: lose, double, swap, empty, lengthen, shorten, join or count them."""
    lines = raw.split(b"\n")
    place, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    act = rng.randrange(12)
    cells = lines[place].split(b" ")
    if act == 0:
        del lines[place]
    elif act == 1:
        lines.insert(other, lines[place])
    elif act == 2:
        lines[place], lines[other] = lines[other], lines[place]
    elif act == 3:
        lines.insert(rng.choice([place, len(lines)]), rng.choice([b"", b" ", b"\r"]))
    elif act == 4:
        lines[place] += rng.choice([b" 0.5", b" x", b" ", b"\t1", b"\r", b" 1e40", b" nan"])
    elif act == 5:
        lines[place] = b" ".join(cells[:-1])
    elif act == 6:
        lines[place] = (
            rng.choice([b"new ", b"route 66 ", b"7 ", b" ", b"\xff", b"\xef\xbb\xbf"])
            + lines[place]
        )
    elif act == 7:
        lines[place : place + 2] = [b"".join(lines[place : place + 2])]
    elif act == 8:
        lines.insert(
            0, rng.choice([b"60 32", b"61 32", b"60 16", b"60 33", b"word", b"word count", b"#"])
        )
    elif act == 9:
        rng.shuffle(cells)
        lines[place] = b" ".join(cells)
    elif act == 10:
        lines = [line + b"\r" for line in lines]
    else:
        lines = [line.replace(b" ", rng.choice([b"\t", b"  ", b","])) for line in lines]
    return b"\n".join(lines)


def phrase(raw: bytes, rng: random.Random) -> bytes:
    """Put a blank into a word of word2vec's binary form, or change its counts."""
    first, _, rest = raw.partition(b"\n")
    if rng.random() < 0.3:
        counts = [int(part) for part in first.split() if part.isdigit()]
        counts = [max(0, count + rng.choice([-1, 0, 0, 1, 8, -16])) for count in counts]
        return b" ".join(b"%d" % count for count in counts) + b"\n" + rest
    words = [
        b"the",
        b"of",
        b"bin",
        b"none",
        b"completely",
        b"additional",
        b"resistance",
        b"themselves",
    ]
    word = rng.choice(words)
    return raw.replace(
        word + b" ", word[:2] + rng.choice([b" ", b" x ", b"  "]) + word[2:] + b" ", 1
    )


ANY: list[Callable[[bytes, random.Random], bytes]] = [
    flip,
    flip,
    cut,
    lose,
    insert,
    swap,
    number,
    magic,
]
OWN: dict[str, list[Callable[[bytes, random.Random], bytes]]] = {
    ".json": [json_field] * 6,
    ".safetensors": [header_field] * 6,
    ".gguf": [number] * 6,
    ".txt": [rows] * 6,
    ".vec": [rows] * 6,
    ".tiktoken": [rows] * 6,
    ".bin": [phrase] * 6,
}


def mutated(sample: Sample, others: list[Sample], rng: random.Random) -> Files:
    """Return the files of a sample, one of them or more changed."""
    files = dict(sample.files)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        name = rng.choice(sorted(files))
        act = rng.random()
        if act < 0.03 and len(files) > 1:
            del files[name]
        elif act < 0.06:
            other = rng.choice(others)
            files[name] = rng.choice(list(other.files.values()))
        else:
            change = rng.choice(ANY + OWN.get(Path(name).suffix, []))
            files[name] = change(files[name], rng) if files[name] else rng.randbytes(8)
    return files
