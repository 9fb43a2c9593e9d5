"""Languages of code: one data file each, the tree-sitter grammar it names, and the roles of its nodes.

A language is added by a file in `languages/`. Grammars come in wheels (extra `code`); nothing is
downloaded.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.metadata import version
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
from blake3 import blake3
from numpy.typing import NDArray

from hartonomous.errors import BadInput

if TYPE_CHECKING:
    from tree_sitter import Language, Parser


@dataclass(frozen=True)
class CodeLanguage:
    """A language as its data file describes it.

    `wheel` and `function` give the grammar. `symbols` names the language that its symbols are of.
    `separator` joins the parts of a qualified name. With `calls`, calls are resolved; without,
    structure alone is read. With `overloads`, the types of parameters are part of a function's
    identity. `roles` has for node types what they do, the same words in all languages; `docstrings`
    and `reading` are the other tables of the file. `digest` is of the file.
    """

    name: str
    suffixes: tuple[str, ...]
    wheel: str
    function: str
    separator: str
    calls: bool
    symbols: str
    overloads: bool = False
    names: tuple[str, ...] = ()
    interpreters: tuple[str, ...] = ()
    roles: Mapping[str, str] = field(default_factory=dict)
    docstrings: Mapping[str, Any] = field(default_factory=dict)
    reading: Mapping[str, Any] = field(default_factory=dict)
    digest: str = ""

    def __hash__(self) -> int:
        return hash((self.name, self.digest))

    @property
    def grammar_version(self) -> str:
        """Return what a parse depends on besides the text: the grammar's wheel and the data file."""
        return f"{self.wheel} {_wheel_version(self.wheel)} {self.digest}"


@cache
def languages() -> dict[str, CodeLanguage]:
    """Return the languages by name, sorted."""
    folder = files("importers.code") / "languages"
    read = [_language(one.read_bytes()) for one in folder.iterdir() if one.name.endswith(".toml")]
    return {one.name: one for one in sorted(read, key=lambda one: one.name)}


@cache
def roles() -> tuple[str, ...]:
    """Return the roles of all languages, sorted, behind '' for nodes without one."""
    return ("", *sorted({role for one in languages().values() for role in one.roles.values()}))


@cache
def language_by_suffix() -> dict[str, CodeLanguage]:
    """Return the language of each suffix, in lower case with the dot."""
    return {suffix: one for one in languages().values() for suffix in one.suffixes}


@cache
def language_by_name() -> dict[str, CodeLanguage]:
    """Return the language of each file name that tells one without a suffix."""
    return {name: one for one in languages().values() for name in one.names}


@cache
def language_by_interpreter() -> dict[str, CodeLanguage]:
    """Return the language of each interpreter in a first line `#!`."""
    return {name: one for one in languages().values() for name in one.interpreters}


@cache
def grammar(name: str) -> Language:
    """Return the grammar of a language; raises BadInput if its wheel is not installed."""
    language = languages()[name]
    try:
        from tree_sitter import Language

        made = getattr(import_module(language.wheel), language.function)
    except ImportError as error:
        raise BadInput(
            f"Reading {name} needs tree-sitter and {language.wheel.replace('_', '-')}, which are not "
            "installed; install the extra: pip install 'hartonomous[code]'."
        ) from error
    return Language(made())


@cache
def parser(name: str) -> Parser:
    """Return the parser of a language, one a process."""
    from tree_sitter import Parser

    return Parser(grammar(name))


@cache
def role_numbers(name: str) -> NDArray[np.int16]:
    """Return for each node type of a language, (kinds,) int16, the number of its role in `roles()`."""
    number = {role: at for at, role in enumerate(roles())}
    made, own = grammar(name), languages()[name].roles
    found = [
        number[own.get(made.node_kind_for_id(kind) or "", "")]
        if made.node_kind_is_named(kind)
        else 0
        for kind in range(made.node_kind_count)
    ]
    return np.array(found, dtype=np.int16)


def unknown_node_types(name: str) -> list[str]:
    """Return the node types that a data file names and its grammar does not have, sorted."""
    made = grammar(name)
    known = {made.node_kind_for_id(kind) for kind in range(made.node_kind_count)}
    return sorted(set(languages()[name].roles) - known)


@cache
def _wheel_version(wheel: str) -> str:
    return version(wheel.replace("_", "-"))


def _language(content: bytes) -> CodeLanguage:
    said = tomllib.loads(content.decode())
    given = said.pop("roles")
    own = {kind: role for role, kinds in given.items() for kind in kinds}
    return CodeLanguage(
        name=said.pop("name"),
        suffixes=tuple(said.pop("suffixes")),
        wheel=said.pop("wheel"),
        function=said.pop("function"),
        separator=said.pop("separator"),
        calls=said.pop("calls"),
        symbols=said.pop("symbols", tomllib.loads(content.decode())["name"]),
        overloads=said.pop("overloads", False),
        names=tuple(said.pop("names", ())),
        interpreters=tuple(said.pop("interpreters", ())),
        roles=own,
        docstrings=said.pop("docstrings", {}),
        reading=said,
        digest=blake3(content).hexdigest(length=8),
    )
