"""What a test needs beside Python, read from its fixtures and from the code that it reaches.

`graph`: a server of Neo4j. `models`: the real models' files, PyTorch or Transformers. `processes`:
real processes, or a server that is stopped and started. A test of none of them is quick.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from inspect import unwrap
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest

from hartonomous.extract.search.tile_products import Bfloat16Products
from hartonomous.server.managed_server import start
from tests import models

MARKERS = ("graph", "models", "processes")
SERVERS = {"home": {"graph"}, "second_home": {"graph", "processes"}}
"""Fixtures of a whole session that start a server."""

LIBRARIES = {"torch", "transformers"}
PROCESSES = {"subprocess", "multiprocessing", "pty"}
OURS = ("tests.", "soak.")
"""Where code is followed into."""


def needs(item: pytest.Item) -> set[str]:
    """Return the markers of a test."""
    if not isinstance(item, pytest.Function):
        return set()
    found = {"models"} if LIBRARIES & vars(item.module).keys() else set[str]()
    begin: list[object] = [item.function]
    for name, definitions in item._fixtureinfo.name2fixturedefs.items():
        if definitions[-1].scope == "session" and name in SERVERS:
            found |= SERVERS[name]
        elif name not in SERVERS:
            begin += [definition.func for definition in definitions]
    if hasattr(item, "callspec"):
        begin += item.callspec.params.values()
    return found | needed(begin)


def needed(begin: Iterable[object]) -> set[str]:
    """Return the markers of code, by all that it reaches."""
    return set[str]().union(*map(_need, reached(begin)))


def reached(begin: Iterable[object]) -> Iterator[object]:
    """Yield what code names, by way of all functions and classes of the tests that it comes upon."""
    left, seen = list(begin), set[int]()
    while left:
        value = left.pop()
        # Behind decorators, caches too.
        value = unwrap(value) if callable(value) else value
        if id(value) in seen:
            continue
        seen.add(id(value))
        yield value
        if isinstance(value, list | tuple | set | frozenset):
            left += value
        elif isinstance(value, Mapping):
            left += value.values()
        elif isinstance(value, type) and value.__module__.startswith(OURS):
            left += vars(value).values()
        elif isinstance(value, FunctionType) and value.__module__.startswith(OURS):
            left += _named(value)


def imports_libraries(module: Path) -> bool:
    """Return whether a module cannot be read without the libraries that models are run by."""
    pattern = rf"^(?:import|from) (?:{'|'.join(LIBRARIES)})\b"
    return re.search(pattern, module.read_text("utf-8"), re.MULTILINE) is not None


def _named(function: FunctionType) -> Iterator[object]:
    codes, names = [function.__code__], set[str]()
    for code in codes:
        names |= {*code.co_names}
        codes += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    yield from (_Library(name) for name in names if name in LIBRARIES)
    for name in names & function.__globals__.keys():
        value = function.__globals__[name]
        yield value
        if isinstance(value, ModuleType) and value.__name__ not in PROCESSES:
            yield from (getattr(value, part) for part in names if part in vars(value))


class _Library(str):
    """The name of a library that a function imports."""


def _need(value: Any) -> set[str]:
    if isinstance(value, _Library) or value is Bfloat16Products:
        return {"models"}
    if isinstance(value, Path):
        return {"models"} if models.FOLDER in value.parents else set()
    if value is start or (isinstance(value, ModuleType) and value.__name__ in PROCESSES):
        return {"processes"}
    return set()
