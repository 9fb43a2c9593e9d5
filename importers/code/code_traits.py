"""Traits of the functions of a file: their words and their shapes, as columns that know no other file.

They follow from the language and the text alone. Words are in lower case, identifiers by their parts
(`name_words`).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from hartonomous.name_words import identifier_words
from importers.code.file_facts import NOTHING, FileFacts, ScopeKind
from importers.code.grammars import languages, parser
from importers.code.role_tables import role_table
from importers.code.tree_shapes import function_shapes, role_features

if TYPE_CHECKING:
    from tree_sitter import Node

TRAITS_VERSION = 1
"""Raised when the same text gives other traits: part of a source's options and of cached facts."""

FEATURES = 16
"""Most role features of a function that are kept: the most frequent."""

LONGEST_WORD = 40
"""Most characters of a word; longer ones are data."""

_TOKEN = re.compile(r"[^\W\d]\w*")


class Trait(IntEnum):
    """What a text says of a function."""

    SHAPE = 0
    """The shape of the whole function."""
    PART = 1
    """The shape of a loop or a branch in it."""
    FEATURE = 2
    """A role feature of it."""
    NAME = 3
    """A word of its name."""
    OWNER = 4
    """A word of the names of what it is in, below the module."""
    IDENTIFIER = 5
    """A word of an identifier in it."""
    COMMENT = 6
    """A word of a comment in it."""
    DOCUMENTED = 7
    """A word of its docstring."""


TRAITS = pa.schema(
    [
        pa.field("scope", pa.int32(), nullable=False),
        pa.field("trait", pa.int8(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("n", pa.int32(), nullable=False),
        pa.field("line", pa.int32(), nullable=False),
    ]
)
"""Columns of traits: a scope of the file, a `Trait`, its text, how often, and the first line it is on."""


@dataclass
class _Rows:
    columns: dict[str, list[int] | list[str]] = field(
        default_factory=lambda: {name: [] for name in TRAITS.names}
    )

    def add(self, scope: int, trait: Trait, counted: Counter[str], line: int) -> None:
        for text, n in counted.items():
            for name, value in zip(TRAITS.names, (scope, int(trait), text, n, line), strict=True):
                self.columns[name].append(value)  # type: ignore[arg-type]


def file_traits(root: Node, content: bytes, facts: FileFacts) -> pa.Table:
    """Return the traits of the functions that a file's facts name, with the columns of TRAITS."""
    rows = _Rows()
    functions = _functions(facts)
    words = _Words(root, content, facts.language)
    for scope, first, last, line in functions:
        own = _names(facts, scope)
        rows.add(scope, Trait.NAME, Counter(_parts_of(own[0])), line)
        rows.add(scope, Trait.OWNER, Counter(w for one in own[1:] for w in _parts_of(one)), line)
        rows.add(scope, Trait.IDENTIFIER, Counter(set(words.identifiers(first, last))), line)
        doc = facts.scope_column("doc_first")[scope], facts.scope_column("doc_last")[scope]
        rows.add(scope, Trait.COMMENT, Counter(words.comments(first, last, doc)), line)
        if doc[0] != NOTHING:
            said = content[doc[0] : doc[1]].decode("utf-8", "replace")
            rows.add(scope, Trait.DOCUMENTED, Counter(set(text_words(said))), line)
    _add_shapes(rows, root, content, facts, functions)
    return pa.table(rows.columns, schema=TRAITS)


def stored_traits(root: Node, content: bytes, facts: FileFacts) -> bytes:
    """Return `file_traits` as an Arrow stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, TRAITS) as writer:
        writer.write_table(file_traits(root, content, facts))
    return bytes(sink.getvalue())


def read_traits(facts: FileFacts) -> pa.Table:
    """Return the traits that a file's facts bring, with the columns of TRAITS."""
    return pa.ipc.open_stream(facts.traits).read_all() if facts.traits else TRAITS.empty_table()


def text_words(text: str) -> list[str]:
    """Return the words of a text about code, names in it by their parts, in order.

    >>> text_words("Sort the user_names of an HTTPServer, 2 at a time.")
    ['sort', 'the', 'user', 'names', 'of', 'an', 'http', 'server', 'at', 'time']
    """
    return _kept(word for token in _TOKEN.findall(text) for word in _parts_of(token))


@lru_cache(maxsize=1 << 16)
def _parts_of(name: str) -> tuple[str, ...]:
    return identifier_words(name)


def _kept(words: Iterable[str]) -> list[str]:
    return [one for one in words if 1 < len(one) <= LONGEST_WORD and not one.isdigit()]


Span = tuple[int, int, int, int]
"""A scope, its first and last byte, its first line."""


def _functions(facts: FileFacts) -> list[Span]:
    kinds, first, last, line = (
        facts.scope_column(name) for name in ("kind", "first_byte", "last_byte", "first_line")
    )
    return [
        (scope, int(first[scope]), int(last[scope]), int(line[scope]))
        for scope in np.flatnonzero(kinds == ScopeKind.FUNCTION).tolist()
    ]


def _names(facts: FileFacts, scope: int) -> list[str]:
    """Return the name of a scope, then those of the scopes around it below the module."""
    parents, names = facts.scope_column("parent"), facts.scope_column("name")
    found: list[str] = []
    while scope != NOTHING and parents[scope] != NOTHING:
        found.append(facts.strings[names[scope]])
        scope = int(parents[scope])
    return found


class _Words:
    """Words of the identifiers and the comments of a file, by the bytes at which they stand."""

    def __init__(self, root: Node, content: bytes, language: str) -> None:
        roles = languages()[language].roles
        names: list[tuple[int, str]] = []
        comments: list[tuple[int, str]] = []
        for node in _leaves(root):
            role = roles.get(node.type)
            if role == "identifier" or node.type.endswith("identifier"):
                names.append((node.start_byte, _text(content, node)))
            elif role == "comment":
                comments.append((node.start_byte, _text(content, node)))
        self._names, self._comments = _Placed(names), _Placed(comments)

    def identifiers(self, first: int, last: int) -> list[str]:
        """Return the words of identifiers between two bytes."""
        found = dict.fromkeys(self._names.between(first, last))
        return _kept(word for one in found for word in _parts_of(one))

    def comments(self, first: int, last: int, doc: tuple[int, int]) -> list[str]:
        """Return the words of comments between two bytes that are not in the docstring."""
        said = self._comments.between(first, last, doc)
        return [word for one in said for word in text_words(one)]


@dataclass
class _Placed:
    """Texts at bytes, ascending."""

    texts: list[tuple[int, str]]
    places: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.places = [place for place, _ in self.texts]

    def between(self, first: int, last: int, but: tuple[int, int] = (0, 0)) -> Iterator[str]:
        low, high = bisect_left(self.places, first), bisect_left(self.places, last)
        return (text for place, text in self.texts[low:high] if not but[0] <= place < but[1])


def _leaves(root: Node) -> Iterator[Node]:
    """Yield the named leaves of a tree in the order of their bytes; a comment is one."""
    cursor = root.walk()
    while True:
        node = cursor.node
        assert node is not None
        if cursor.goto_first_child():
            continue
        if node.is_named:
            yield node
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return


def _text(content: bytes, node: Node) -> str:
    return content[node.start_byte : node.end_byte].decode("utf-8", "replace")


def _add_shapes(
    rows: _Rows, root: Node, content: bytes, facts: FileFacts, functions: list[Span]
) -> None:
    table = role_table(facts.language)
    if table is None:
        return
    parse = parser(facts.language).parse
    at = _ByPlace(functions)
    for found in function_shapes(root, content, table, lambda text: parse(text).root_node):
        if (scope := at.scope(found.first_byte, found.line)) is None:
            continue
        for shape in found.shapes():
            trait = Trait.SHAPE if shape.whole else Trait.PART
            rows.add(scope, trait, Counter([shape.text]), shape.line)
        common = role_features(found.tree).most_common()
        kept = sorted(common, key=lambda one: (-one[1], one[0]))[:FEATURES]
        rows.add(scope, Trait.FEATURE, Counter(dict(kept)), found.line)


class _ByPlace:
    """Finds the scope of a function by its first byte, else by its line where one begins alone."""

    def __init__(self, functions: list[Span]) -> None:
        self._bytes = {first: scope for scope, first, _, _ in functions}
        lines = Counter(line for *_, line in functions)
        self._lines = {line: scope for scope, _, _, line in functions if lines[line] == 1}

    def scope(self, first: int, line: int) -> int | None:
        """Return the scope of a function that begins at a byte, on a line."""
        found = self._bytes.get(first)
        return self._lines.get(line) if found is None else found
