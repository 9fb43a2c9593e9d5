"""Shapes of code: functions, and the loops and branches in them, each by its role tree's Merkle hash.

The same shape in two languages is one shape. Its text begins with its outline, the roles that tell most,
and ends with the hash: `foreach if append 8c1f…`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from importers.code.role_tables import Lowering, RoleTable, with_itself
from importers.code.role_tree import NUMBER, Tree, shape_hash

if TYPE_CHECKING:
    from tree_sitter import Node

SHAPES_VERSION = 1
"""Part of a source's options: raised when the same code gives other shapes."""

LEAST = 6
"""Nodes of the least tree that is a shape by itself: `if a < b: return a`."""

OUTLINE = 6
"""Roles in the text of a shape."""

INNER = frozenset(
    [
        "foreach",
        "foreach_indexed",
        "count",
        "while",
        "do_while",
        "if",
        "switch",
        "try",
        "comprehension",
    ]
)
"""Roles of the parts of a function that are shapes by themselves."""

_TOLD = INNER | frozenset(
    [
        "assign",
        "update",
        "swap",
        "append",
        "print",
        "return",
        "throw",
        "choice",
        "default",
        "call",
        "itself",
        "text",
        "index",
        "using",
        "yield",
        "assert",
        "break",
        "continue",
        "delete",
        "lambda",
    ]
)
_LINES = {"foreach_indexed": "foreach"}


@dataclass(frozen=True)
class Shape:
    """A shape where it stands: its text, its line, and the number of its nodes."""

    text: str
    line: int
    nodes: int
    whole: bool
    """Whether it is of a function, not of a part of one."""


@dataclass(frozen=True)
class FunctionShapes:
    """A function of a file: where it begins, and its role tree."""

    first_byte: int
    line: int
    tree: Tree

    def shapes(self) -> list[Shape]:
        """Return the shape of the function and of each part that has one, from outside to inside."""
        found: list[Shape] = []
        for node in self.tree.nodes():
            if node is not self.tree and node.role not in INNER:
                continue
            nodes = list(node.nodes())
            if len(nodes) >= LEAST:
                text = f"{outline(nodes)} {shape_hash(node)}"
                found.append(Shape(text, node.line or self.line, len(nodes), node is self.tree))
        return found


def outline(nodes: list[Tree]) -> str:
    """Return the first roles that tell most of the nodes of a tree, each run once.

    >>> outline([Tree("foreach"), Tree("if"), Tree("lt"), Tree("append")])
    'foreach if append'
    """
    told: list[str] = []
    for node in nodes:
        role = _LINES.get(node.role, node.role)
        if node.role == "update":
            role = node.parts[0].role
        if (node.role in _TOLD or node.role == "function") and told[-1:] != [role]:
            told.append(role)
        if len(told) == OUTLINE:
            break
    return " ".join(told) or nodes[0].role


def function_shapes(
    root: Node, source: bytes, table: RoleTable, parse: Callable[[bytes], Node]
) -> Iterator[FunctionShapes]:
    """Yield the functions of a syntax tree; `parse` reads a text of the same language."""
    waiting = [root]
    lowering = Lowering(table, source, parse)
    while waiting:
        node = waiting.pop()
        if node.type in table.functions and node.child_by_field_name("body") is not None:
            tree = lowering.tree(node)
            if tree.role == "lambda" and (own := _assigned(node)) is not None:
                parameters, body = tree.parts
                named = with_itself(body, lowering.tree(own))
                tree = Tree("lambda", (parameters, named), tree.line)
            if tree.role in ("function", "lambda"):
                yield FunctionShapes(
                    node.start_byte,
                    node.start_point[0] + 1,
                    Tree("function", tree.parts, tree.line),
                )
        waiting += reversed(node.named_children)


def _assigned(node: Node) -> Node | None:
    """Return what a function without a name is assigned to."""
    parent = node.parent
    if parent is None:
        return None
    return parent.child_by_field_name("name") or parent.child_by_field_name("left")


def role_features(tree: Tree) -> Counter[str]:
    """Return the role features of a tree with their counts: a role within another, and numbers.

    Names, and what holds parts together and does nothing, are left out: any code has them.
    """
    counted: Counter[str] = Counter()
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        waiting += node.parts
        if node.role.startswith(NUMBER) and node.role not in _COMMON_NUMBERS:
            counted[node.role] += 1
        elif node.role not in _HOLDING:
            counted.update(f"{node.role}>{part.role}" for part in _telling(node))
    return counted


_HOLDING = frozenset({"seq", "list"})
_COMMON_NUMBERS = frozenset({f"{NUMBER}0", f"{NUMBER}1"})


def _telling(node: Tree) -> Iterator[Tree]:
    for part in node.parts:
        if part.role in _HOLDING:
            yield from _telling(part)
        elif not part.is_name:
            yield part
