"""Reading of a code base: its files found, and each read in a process of its own, or from a cache."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
from blake3 import blake3

from importers.code.code_base import CodeBase, ReadFile
from importers.code.code_files import MINIFIED, UNREADABLE, FoundCode, is_minified
from importers.code.file_facts import FileFacts
from importers.code.file_reader import read_facts
from importers.code.licences import folder_licences, licence_of_file
from importers.code.parse_pool import Failed, ParsePool
from importers.code.source_text import source_text

NO_TEXT = "files without text"

TOGETHER = 16
"""Files that a process is handed at once."""

ALONE = 400
"""Files from which a second process is worth its start."""


@dataclass(frozen=True)
class ReadingTask:
    """A file to be read: where it lies, or its bytes where they lie nowhere."""

    name: str
    language: str
    everything: bool
    path: Path | None = None
    content: bytes = b""


def read_files(root: Path, found: FoundCode, everything: bool = False) -> CodeBase:
    """Return files of a folder, read; what could not be read is counted among `excluded`."""
    tasks = [
        ReadingTask(one.name, one.language, everything, root / one.name) for one in found.files
    ]
    folders = folder_licences(root, found.licences)
    return replace(read_tasks(tasks, found.excluded, folders), package=python_package(root))


def python_package(root: Path) -> str:
    """Return the package that a folder is, with a dot behind it; '' if it is none."""
    parts: list[str] = []
    folder = root.resolve()
    while (folder / "__init__.py").is_file() and folder.name.isidentifier():
        parts.append(folder.name)
        folder = folder.parent
    return "".join(f"{part}." for part in reversed(parts))


def read_tasks(
    tasks: Sequence[ReadingTask], excluded: Counter[str], folders: Mapping[str, str]
) -> CodeBase:
    """Return files as `read_files` does; `folders` are licences as `folder_licences` has them."""
    counted = Counter(excluded)
    processes = min(os.cpu_count() or 1, 1 + len(tasks) // ALONE)
    pool = ParsePool(read_task, processes)
    read: dict[int, ReadFile] = {}
    for number, answer in pool.results(tasks, TOGETHER):
        if isinstance(answer, Failed):
            counted[f"files whose reading {answer.reason}"] += 1
        elif isinstance(answer, str):
            counted[answer] += 1
        else:
            digest, size, record = answer
            facts = FileFacts.of(pa.ipc.open_stream(record).read_all())
            name = tasks[number].name
            licence = licence_of_file(name, facts.licence, folders)
            read[number] = ReadFile(name, digest, size, facts, licence)
            counted.update(facts.notes)
    ordered = sorted(read.values(), key=lambda one: one.name)
    return CodeBase(ordered, counted)


def read_task(task: ReadingTask) -> tuple[str, int, bytes] | str:
    """Return digest and size of a file, and its facts as Arrow; or why it is left out."""
    try:
        content = task.content if task.path is None else _read(task.path)
    except OSError:
        # Gone, or not to be read.
        return UNREADABLE
    text = source_text(content)
    if text is None:
        return NO_TEXT
    if not task.everything and is_minified(task.name, text.content):
        return MINIFIED
    table = read_facts(task.language, text).record()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return blake3(content).hexdigest(), len(content), sink.getvalue().to_pybytes()


def _read(path: Path) -> bytes:
    # A link may have taken the file's place since it was found.
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
        return file.read()
