"""Facts of a file of code: what it defines, and what flows where, as columns that know no other file.

They follow from the language and the text alone, so that they are read once for a text, whatever its
name is and wherever it lies. Names are numbers of strings.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Ints = NDArray[np.int32]

NOTHING = -1
"""No string, no scope, no expression."""


class ScopeKind(IntEnum):
    """What a scope is."""

    MODULE = 0
    CLASS = 1
    FUNCTION = 2
    LAMBDA = 3
    NAMESPACE = 4


class Flag(IntEnum):
    """Bits of what is known of a scope besides."""

    DECORATED = 1
    STATIC = 2
    CLASS_METHOD = 4
    PROPERTY = 8
    ABSTRACT = 16
    PRIVATE = 32
    PUBLIC = 64
    CONSTRUCTOR = 128
    GENERATOR = 256
    BROKEN = 512
    DETACHED = 1024


SCOPE_FIELDS = (
    "parent",
    "kind",
    "name",
    "signature",
    "first_line",
    "last_line",
    "first_byte",
    "last_byte",
    "doc_first",
    "doc_last",
    "flags",
)
"""Of a scope: the scope around it; a ScopeKind; strings; lines from 1; bytes of the text as UTF-8 that
it takes and that its docstring takes (-1 for none); Flag bits."""


class Op(IntEnum):
    """What a fact says. Of an expression, the number of its fact is the expression."""

    NAME = 0
    """Expression: the name a, looked up from the scope; with c = 1 the scope's own, which is bound,
    with c = 2 the file's own, which an import binds."""
    ATTRIBUTE = 1
    """Expression: attribute b (a string) of expression a; with c = 1 it is bound."""
    CALL = 2
    """Expression: what calling expression a gives; b is the name by which it is called, c is how many
    arguments are given, -1 where that cannot be counted."""
    ITEM = 3
    """Expression: item b (a string, -1 for any) of expression a; c is the expression of the key."""
    DEFINITION = 4
    """Expression: the function or class of scope a."""
    CONTAINER = 5
    """Expression: a new list, tuple or map."""
    UNION = 6
    """Expression: whatever FLOW facts give it; b is the name of a variable, if it is one."""
    TEXT = 7
    """Expression: the constant a, a key of items."""
    SUPER = 8
    """Expression: the base classes' part of the object at hand."""
    TYPED = 9
    """Expression: an object of the declared type of expression a."""
    SELF = 10
    """Expression: the object at hand of the innermost class."""
    ELEMENT = 11
    """Expression: an element of what iterating over expression a gives."""
    ENTERED = 12
    """Expression: what entering the context of expression a gives."""

    ARGUMENT = 20
    """Argument of call a: expression b at place c."""
    NAMED_ARGUMENT = 21
    """Argument of call a: expression b by the name c."""
    SPREAD = 22
    """Arguments of call a: the items of expression b."""
    FLOW = 23
    """Expression b flows into expression a."""
    STORE = 24
    """Expression b is stored in expression a under the key of expression c (-1 for any)."""
    RETURN = 25
    """The scope returns expression a."""
    BASE = 26
    """The class of scope a has the base expression b, the c-th."""
    PARAMETER = 27
    """Expression: what the scope's parameter b (a string) at place a is given; c is 1 for *rest, 2 for **rest, 3 where
    it is given by name alone."""
    IMPORT = 28
    """Expression: the module of name a; c counts leading dots of a relative one; b is 1 where the
    first part of a dotted name is meant."""
    IMPORT_NAME = 29
    """Expression: of the module of expression a the name b."""
    IMPORT_ALL = 30
    """The scope has all names of the module of expression a."""
    GLOBAL = 31
    """Name a of the scope is the module's; with b = 1 that of the function around."""
    YIELD = 32
    """The scope yields expression a."""
    RESULT_TYPE = 33
    """Calling the scope gives an object of the declared type of expression a."""
    DECORATED = 34
    """Expression: what calling decorator a with expression b gives, or b where that is not known."""
    HANDED = 35
    """Expression a is called here, by what runs it."""


FACT_FIELDS = ("op", "scope", "line", "a", "b", "c")


@dataclass(frozen=True)
class FileFacts:
    """What a file says: `strings`; `scopes` (S, 11) int32 by SCOPE_FIELDS, the module first, parents
    before what is in them; `facts` (F, 6) int32 by FACT_FIELDS; `package` is declared in the file, ''
    if it is not. `notes` count what could not be read, by reason. `lines` are those of the text.
    """

    language: str
    strings: list[str]
    scopes: Ints
    facts: Ints
    package: str = ""
    licence: str = ""
    lines: int = 0
    notes: dict[str, int] = field(default_factory=dict)
    traits: bytes = b""
    """What `code_traits` tells of its functions, as an Arrow stream."""

    def scope_column(self, name: str) -> Ints:
        """Return one column of the scopes, (S,) int32."""
        return self.scopes[:, SCOPE_FIELDS.index(name)]

    def record(self) -> pa.Table:
        """Return the facts as a table of one row, as they are sent and stored."""
        return pa.table(
            {
                "language": [self.language],
                "strings": pa.array([self.strings], pa.list_(pa.string())),
                "scopes": [self.scopes.tobytes()],
                "facts": [self.facts.tobytes()],
                "package": [self.package],
                "licence": [self.licence],
                "lines": [self.lines],
                "reasons": pa.array([list(self.notes)], pa.list_(pa.string())),
                "counts": pa.array([list(self.notes.values())], pa.list_(pa.int64())),
                "traits": pa.array([self.traits], pa.binary()),
            }
        )

    @classmethod
    def of(cls, table: pa.Table) -> FileFacts:
        """Return the facts of a table that `record` made."""
        (row,) = table.to_pylist()
        return cls(
            row["language"],
            row["strings"],
            np.frombuffer(row["scopes"], dtype=np.int32).reshape(-1, len(SCOPE_FIELDS)),
            np.frombuffer(row["facts"], dtype=np.int32).reshape(-1, len(FACT_FIELDS)),
            row["package"],
            row["licence"],
            row["lines"],
            dict(zip(row["reasons"], row["counts"], strict=True)),
            row["traits"],
        )


class FactWriter:
    """Writes the facts of one file."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._number: dict[str, int] = {}
        self._scopes: list[list[int]] = []
        self._facts = array("i")
        self.package = self.licence = ""
        self.notes: dict[str, int] = {}

    def string(self, text: str) -> int:
        """Return the number of a string."""
        return self._number.setdefault(text, len(self._number))

    def scope(
        self,
        parent: int,
        kind: ScopeKind,
        name: str,
        lines: tuple[int, int],
        extent: tuple[int, int],
        signature: str | None = None,
        flags: int = 0,
    ) -> int:
        """Add a scope and return its number."""
        signed = NOTHING if signature is None else self.string(signature)
        row = [parent, kind, self.string(name), signed, *lines, *extent, NOTHING, NOTHING, flags]
        self._scopes.append(row)
        return len(self._scopes) - 1

    def set_scope(self, scope: int, **values: int) -> None:
        """Set fields of a scope by name."""
        for name, value in values.items():
            self._scopes[scope][SCOPE_FIELDS.index(name)] = value

    def scope_value(self, scope: int, name: str) -> int:
        """Return a field of a scope."""
        return self._scopes[scope][SCOPE_FIELDS.index(name)]

    def fact(self, op: Op, scope: int, line: int, a: int, b: int = -1, c: int = -1) -> int:
        """Add a fact and return its number."""
        self._facts.extend((op, scope, line, a, b, c))
        return len(self._facts) // len(FACT_FIELDS) - 1

    def note(self, reason: str, count: int = 1) -> None:
        """Count what could not be read."""
        self.notes[reason] = self.notes.get(reason, 0) + count

    def finish(self, lines: int) -> FileFacts:
        """Return the facts."""
        return FileFacts(
            self._language,
            list(self._number),
            np.array(self._scopes, dtype=np.int32).reshape(-1, len(SCOPE_FIELDS)),
            np.array(self._facts, dtype=np.int32).reshape(-1, len(FACT_FIELDS)),
            self.package,
            self.licence,
            lines,
            self.notes,
        )
