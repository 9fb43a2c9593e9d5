"""What an import of another language than Python means within a code base."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from importers.code.grammars import languages

Modules = Mapping[tuple[str, str], int]
"""The symbol of a module, by language and name."""


def import_target(
    language: str, file: str, path: str, symbols: Mapping[str, int], modules: Modules
) -> int:
    """Return the symbol that a path means in an import of a file, -1 if none of the code base.

    `symbols` are by text. A path that may mean several is taken for none of them.
    """
    if language in ("javascript", "typescript"):
        return _beside(language, file, path, modules)
    if language == "go":
        return _folder(path, modules)
    if language in ("c", "cpp"):
        return _included(language, file, path, modules)
    return symbols.get(f"{language}:{path}", -1)


def constructor_name(language: str, text: str) -> str:
    """Return the name of the constructor of a class.

    >>> constructor_name("python", "python:a.B"), constructor_name("java", "java:a.B")
    ('__init__', 'B')
    """
    said = languages()[language].reading.get("constructor", "__init__")
    if said != "class name":
        return str(said)
    return text.rpartition(languages()[language].separator)[2].rpartition(":")[2]


def _beside(language: str, file: str, path: str, modules: Modules) -> int:
    if not path.startswith("."):
        return -1
    whole = posixpath.normpath(posixpath.join(posixpath.dirname(file), path))
    for suffix in ("", *languages()[language].suffixes):
        if suffix and whole.endswith(suffix):
            whole = whole.removesuffix(suffix)
    return modules.get((language, whole), -1)


def _folder(path: str, modules: Modules) -> int:
    """Return the package whose folder a path ends with, the longest one."""
    parts = path.split("/")
    for first in range(len(parts)):
        found = modules.get(("go", "/".join(parts[first:])), -1)
        if found >= 0:
            # A name alone may as well be of the standard library.
            return found if len(parts) > 1 else -1
    return -1


def _included(language: str, file: str, path: str, modules: Modules) -> int:
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(file), path))
    for name in (beside, path):
        if (found := modules.get((language, name), -1)) >= 0:
            return found
    ending = [
        symbol
        for (of, name), symbol in modules.items()
        if of == language and name.endswith("/" + path)
    ]
    return ending[0] if len(ending) == 1 else -1
