"""A code base: the facts of its files, and the symbol of every definition in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from importers.code.file_facts import FileFacts, Flag, ScopeKind
from importers.code.grammars import languages
from importers.code.licences import NONE
from importers.code.symbols import LONGEST, module_name, symbol_text

Ints = NDArray[np.int32]

BY_PACKAGE = frozenset(
    {"java", "csharp", "cpp", "c", "php", "ruby", "kotlin", "swift", "scala", "bash"}
)
"""Languages whose files are no part of the names of what is in them."""


@dataclass(frozen=True)
class ReadFile:
    """A file that was read: its name, the digest and size of its bytes, its facts, its licence."""

    name: str
    digest: str
    bytes: int
    facts: FileFacts
    licence: str = NONE


@dataclass(frozen=True)
class SymbolTable:
    """The symbols of a code base, by number: texts, ScopeKinds, languages.

    `of` has for each file the symbol of each scope, (S,) int32, -1 where it is left out. `module` is the
    symbol of each file's module.
    """

    texts: list[str]
    kinds: list[int]
    languages: list[str]
    of: list[Ints]
    left_out: int = 0
    number: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True)
class CodeBase:
    """Files in the order of their names, and what was left out, by reason."""

    files: Sequence[ReadFile]
    excluded: Counter[str] = field(default_factory=Counter)
    package: str = ""
    """The Python package that the folder is, with a dot behind it; '' where it is none."""

    def module_of(self, number: int) -> str:
        """Return the name of the module that a file is."""
        file = self.files[number]
        language = languages()[file.facts.language].symbols
        name = module_name(language, file.name)
        if language != "python" or not self.package:
            return name
        return self.package[:-1] if name == "__init__" else self.package + name

    @cached_property
    def symbols(self) -> SymbolTable:
        """Return the symbols of all definitions."""
        maker = _SymbolMaker()
        of = [maker.add(file, self.module_of(n)) for n, file in enumerate(self.files)]
        return SymbolTable(
            maker.texts, maker.kinds, maker.languages, of, maker.left_out, maker.number
        )

    @property
    def lines(self) -> int:
        """Return the lines of all files."""
        return sum(file.facts.lines for file in self.files)


class _SymbolMaker:
    def __init__(self) -> None:
        self.texts: list[str] = []
        self.kinds: list[int] = []
        self.languages: list[str] = []
        self.number: dict[str, int] = {}
        self.left_out = 0

    def add(self, file: ReadFile, whole: str) -> Ints:
        """Return the symbol of each scope of a file."""
        facts = file.facts
        language = languages()[facts.language]
        symbols, strings = language.symbols, facts.strings
        inner = _prefix(symbols, facts.package, whole)
        parts: list[list[str]] = []
        numbers = np.full(len(facts.scopes), -1, dtype=np.int32)
        for at, row in enumerate(facts.scopes.tolist()):
            parent, kind, name, signature = row[:4]
            flags = row[10]
            if kind == ScopeKind.MODULE:
                parts.append(inner)
                text = symbol_text(
                    symbols, language.separator, _module_parts(symbols, facts.package, whole)
                )
            else:
                base = parts[parent]
                if flags & Flag.PRIVATE and kind == ScopeKind.FUNCTION and not base:
                    base = [whole]
                parts.append([*base, strings[name]])
                signed = strings[signature] if signature >= 0 else ""
                text = symbol_text(symbols, language.separator, parts[-1], signed)
            if len(text) > LONGEST:
                self.left_out += 1
            else:
                numbers[at] = self.symbol(text, kind, symbols)
        return numbers

    def symbol(self, text: str, kind: int, language: str) -> int:
        number = self.number.get(text)
        if number is None:
            number = self.number[text] = len(self.texts)
            self.texts.append(text)
            self.kinds.append(kind)
            self.languages.append(language)
        return number


def _prefix(language: str, package: str, module: str) -> list[str]:
    """Return the parts that the names of a file's definitions begin with."""
    if language in BY_PACKAGE:
        return [package] if package else []
    return [module]


def _module_parts(language: str, package: str, module: str) -> list[str]:
    if language in ("java", "php") and package:
        return [package]
    return [module]
