"""Symbols: the text of a name in code, `language:package.qualified.name(signature)`, case kept.

The language is part of it, so nothing is merged across languages. Where the language has overloads, the
types of the parameters belong to it.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

LONGEST = 500
"""Most characters of a symbol; longer ones are left out and counted."""

_PARTS = re.compile(r"(?:::|[.\\/:#])")


def symbol_text(language: str, separator: str, parts: list[str], signature: str = "") -> str:
    """Return the text of a symbol.

    >>> symbol_text("python", ".", ["hartonomous.load", "Loader", "load"])
    'python:hartonomous.load.Loader.load'
    >>> symbol_text("cpp", "::", ["n", "f"], "(int, double)")
    'cpp:n::f(int, double)'
    """
    return f"{language}:{separator.join(part for part in parts if part)}{signature}"


def symbol_parts(text: str) -> list[str]:
    """Return the language of a symbol, the parts of its name, and its signature if it has one.

    >>> symbol_parts("cpp:n::f(int, a::B)")
    ['cpp', 'n', 'f', '(int, a::B)']
    >>> symbol_parts("javascript:src/list.push")
    ['javascript', 'src', 'list', 'push']
    """
    language, _, rest = text.partition(":")
    name, opening, signature = rest.partition("(")
    parts = [part for part in _PARTS.split(name) if part]
    return [language, *parts, *([opening + signature] if opening else [])]


def module_name(language: str, name: str) -> str:
    """Return the name of the module that a file is, from its place in the code base.

    >>> module_name("python", "src/a/b/__init__.py"), module_name("python", "a/b.py")
    ('a.b', 'a.b')
    >>> module_name("javascript", "src/list/index.js"), module_name("c", "src/list.c")
    ('src/list', 'src/list.c')
    >>> module_name("rust", "core/src/net/mod.rs"), module_name("rust", "src/main.rs")
    ('core::net', 'crate')
    >>> module_name("go", "net/http/server.go")
    'net/http'
    """
    path = PurePosixPath(name)
    folder, stem = path.parent.parts, path.stem
    if language == "python":
        parts = [*folder, stem]
        if len(parts) > 1 and stem == "__init__":
            parts.pop()
        if len(parts) > 1 and parts[0] in ("src", "lib", "Lib", "python"):
            parts = parts[1:]
        return ".".join(parts)
    if language in ("javascript", "typescript"):
        stem = stem.removesuffix(".d") if language == "typescript" else stem
        return "/".join([*folder] if stem == "index" and folder else [*folder, stem])
    if language == "go":
        return "/".join(folder) or "."
    if language == "rust":
        return "::".join(_rust_modules([*folder], stem))
    return name


def _rust_modules(folder: list[str], stem: str) -> list[str]:
    crate = "crate"
    if "src" in folder:
        at = folder.index("src")
        crate, folder = (folder[at - 1] if at else "crate"), folder[at + 1 :]
    return [crate, *folder, *([] if stem in ("mod", "lib", "main") else [stem])]
