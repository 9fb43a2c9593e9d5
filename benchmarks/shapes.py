"""Shapes of code: common idioms in nine languages, near misses of them, and lines read a second."""

from __future__ import annotations

import random
import time
from itertools import combinations

from benchmarks.measuring import Figure
from importers.code.code_traits import file_traits
from importers.code.file_reader import read_facts
from importers.code.grammars import parser
from importers.code.source_text import source_text
from tests.code_idioms import CHANGES, HELD_OUT, NINE, WRITTEN, idioms, shape

DIFFERENT, REPEATED = 500, 40


def run() -> list[Figure]:
    return [_same(WRITTEN), _same(HELD_OUT), _different(), _speed()]


def _same(folder: str) -> Figure:
    texts = {language: idioms(language, folder) for language in NINE}
    same = total = 0
    for name in texts["python"]:
        having = [language for language in NINE if name in texts[language]]
        for one, other in combinations(having, 2):
            total += 1
            same += shape(one, texts[one][name]) == shape(other, texts[other][name])
    what = (
        "written before the tables"
        if folder == WRITTEN
        else "written after, then read against them"
    )
    return Figure(
        f"{len(texts['python'])} idioms in nine languages, {what}: pairs of one shape",
        f"{same} of {total}",
        "",
        "at least 98 %",
        same >= 0.98 * total,
    )


def _different() -> Figure:
    """Pairs of different idioms, half of them an idiom and a change of it, in two languages each."""
    chance = random.Random(3)
    texts = {language: idioms(language) for language in NINE}
    near = [
        (one, name, other, text.replace(*change, 1), name)
        for one in NINE
        for other, own in texts.items()
        if other != one
        for name, text in own.items()
        for change in CHANGES
        if change[0] in text
    ]
    names = list(texts["python"])
    far = [
        (one, name, other, texts[other][unlike], unlike)
        for one in NINE
        for other in NINE
        for name, unlike in combinations(names, 2)
    ]
    chosen = [*chance.sample(near, DIFFERENT // 2), *chance.sample(far, DIFFERENT // 2)]
    same = sum(
        shape(one, texts[one][name]) == shape(other, text) for one, name, other, text, _ in chosen
    )
    return Figure(
        f"{DIFFERENT} pairs of different code, half of them near misses: of one shape",
        str(same),
        "",
        "none",
        same == 0,
    )


def _speed() -> Figure:
    source = "\n".join("\n".join(idioms("python", one).values()) for one in (WRITTEN, HELD_OUT))
    text = source_text((source * REPEATED).encode())
    assert text is not None
    began = time.perf_counter()
    root = parser("python").parse(text.content).root_node
    parsed = time.perf_counter()
    facts = read_facts("python", text)
    read = time.perf_counter()
    file_traits(root, text.content, facts)
    done = time.perf_counter()
    lines = text.content.count(b"\n")
    return Figure(
        f"words and shapes of {lines:,} lines of Python",
        f"{lines / (done - read):,.0f} lines a second",
        f"tree-sitter alone {lines / (parsed - began):,.0f}",
        "",
        None,
    )
