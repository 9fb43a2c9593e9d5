"""Structure of a file of code in any language: its functions and classes, by the roles of nodes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from importers.code.file_facts import NOTHING, FactWriter, Flag, ScopeKind
from importers.code.grammars import CodeLanguage

if TYPE_CHECKING:
    from tree_sitter import Node

DEEPEST = 400
"""Levels of a tree that are read; what lies below is left out and counted."""

TOO_DEEP, BROKEN = "code nested too deeply", "files with syntax errors"

_LICENCE = re.compile(
    rb"SPDX-License-Identifier:[ \t]*([A-Za-z0-9.+() -]+?)[ \t]*(?:\*/|-->|\r?\n|$)"
)
_LICENCE_LINES = 4096


def stated_licence(content: bytes) -> str:
    """Return the licence that the beginning of a text states by SPDX, '' if none.

    >>> stated_licence(b"# SPDX-License-Identifier: GPL-3.0-only\\nx = 1\\n")
    'GPL-3.0-only'
    """
    found = _LICENCE.search(content[:_LICENCE_LINES])
    return found[1].decode().strip() if found else ""


class StructureReader:
    """Reads scopes from a tree; readers that read more than structure build on it."""

    def __init__(self, language: CodeLanguage, content: bytes) -> None:
        self.language, self.content = language, content
        self.roles = language.roles
        self.out = FactWriter(language.name)
        self.unnamed: dict[int, int] = {}

    def read(self, root: Node) -> None:
        """Read a whole tree."""
        lines = (1, root.end_point[0] + 1)
        module = self.out.scope(
            NOTHING, ScopeKind.MODULE, "", lines, (root.start_byte, root.end_byte)
        )
        if root.has_error:
            self.out.note(BROKEN)
        self.set_docstring(module, root, root)
        self.visit_module(root, module)

    def visit_module(self, root: Node, module: int) -> None:
        """Read what is in the module: here its scopes alone."""
        self._structure(root, module)

    def _structure(self, root: Node, module: int) -> None:
        waiting = [(root, module, 0)]
        while waiting:
            node, scope, depth = waiting.pop()
            if depth > DEEPEST:
                self.out.note(TOO_DEEP)
                continue
            inner = []
            for child in node.named_children:
                role = self.roles.get(child.type)
                own = scope
                if role in ("function", "class") and (name := self.name_of(child)):
                    kind = ScopeKind.FUNCTION if role == "function" else ScopeKind.CLASS
                    own = self.open_scope(child, scope, kind, name)
                inner.append((child, own, depth + 1))
            waiting.extend(reversed(inner))

    def open_scope(
        self,
        node: Node,
        parent: int,
        kind: ScopeKind,
        name: str,
        signature: str | None = None,
        flags: int = 0,
    ) -> int:
        """Add the scope of a node that defines something, with its docstring."""
        if node.has_error:
            flags |= Flag.BROKEN
        scope = self.out.scope(
            parent,
            kind,
            name,
            (node.start_point[0] + 1, node.end_point[0] + 1),
            (node.start_byte, node.end_byte),
            signature,
            flags,
        )
        self.set_docstring(scope, node, node.child_by_field_name("body") or node)
        return scope

    def unnamed_name(self, parent: int) -> str:
        """Return the name of the next function without one in a scope."""
        number = self.unnamed[parent] = self.unnamed.get(parent, 0) + 1
        return f"<lambda{number}>"

    def set_docstring(self, scope: int, node: Node, body: Node) -> None:
        """Note the bytes of what describes a definition."""
        found = self._in_body(body) if self.language.docstrings.get("where") == "body" else None
        if self.language.docstrings.get("where") == "before":
            found = self._before(node)
        if found is not None:
            self.out.set_scope(scope, doc_first=found[0], doc_last=found[1])

    def _in_body(self, body: Node) -> tuple[int, int] | None:
        for child in body.named_children:
            if child.type == "comment":
                continue
            if child.type == "expression_statement" and child.named_child_count == 1:
                child = child.named_children[0]
            if self.roles.get(child.type) == "string":
                return child.start_byte, child.end_byte
            return None
        return None

    def _before(self, node: Node) -> tuple[int, int] | None:
        """Return the bytes of the comments that end on the line before a node, or before what wraps
        it.
        """
        outer = node
        while (
            outer.parent is not None
            and outer.parent.start_byte == outer.start_byte
            and outer.parent.parent is not None
        ):
            outer = outer.parent
        first = last = None
        line, before = outer.start_point[0], outer.prev_named_sibling
        while before is not None and self.roles.get(before.type) == "comment":
            end = before.end_point[0] - (1 if before.end_point[1] == 0 else 0)
            if end < line - 1 or not self._is_docstring(before):
                break
            first, last = before.start_byte, last if last is not None else before.end_byte
            line, before = before.start_point[0], before.prev_named_sibling
        return None if first is None or last is None else (first, last)

    def _is_docstring(self, comment: Node) -> bool:
        text = self.content[comment.start_byte : comment.start_byte + 4].decode(errors="replace")
        return any(text.startswith(opening) for opening in self.language.docstrings["opens"])

    def name_of(self, node: Node) -> str:
        """Return the name of a definition, '' if it has none."""
        name = node.child_by_field_name("name")
        if name is None:
            name = next(
                (one for one in node.named_children if self.roles.get(one.type) == "identifier"),
                None,
            )
        return "" if name is None else self.text(name)

    def text(self, node: Node) -> str:
        """Return the text of a node."""
        return self.content[node.start_byte : node.end_byte].decode(errors="replace")

    def line(self, node: Node) -> int:
        """Return the line on which a node begins, from 1."""
        return node.start_point[0] + 1

    def children(self, node: Node, kind: str) -> Iterator[Node]:
        """Yield the children of one type."""
        return (one for one in node.named_children if one.type == kind)
