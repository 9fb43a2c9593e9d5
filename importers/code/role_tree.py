"""Role trees: code without its language, its layout and its names.

A node is a role (`foreach`, `if`, `add`) with its parts; a leaf is a name, a number or what stands for a
literal. Names are numbered in the order in which they are first met, so renaming changes nothing. The
shape of a tree is its Merkle hash: of a node's role and of the hashes of its parts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from blake3 import blake3

NAME = "name:"
"""How the role of a leaf begins that is a name: of a variable, a function or a field."""

NUMBER = "number:"
SHAPE_BYTES = 16


@dataclass(frozen=True, slots=True)
class Tree:
    """A role with its parts, and the line (from 1) that it was read from, which equality ignores."""

    role: str
    parts: tuple[Tree, ...] = ()
    line: int = field(default=0, compare=False)

    @property
    def is_name(self) -> bool:
        return self.role.startswith(NAME)

    @property
    def is_literal(self) -> bool:
        return self.role.startswith(NUMBER) or self.role in LITERALS

    def nodes(self) -> Iterator[Tree]:
        """Yield the nodes of the tree, each before its parts."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += reversed(node.parts)


LITERALS = frozenset({"string", "empty", "true", "false", "null"})

NOTHING = Tree("none")
"""What stands for a part that is not there."""


def name(text: str, line: int = 0) -> Tree:
    """Return the leaf of a name."""
    return Tree(NAME + text, (), line)


def number(value: int | float) -> Tree:
    """Return the leaf of a number."""
    return Tree(f"{NUMBER}{value}")


def size(tree: Tree) -> int:
    """Return the number of nodes of a tree."""
    return sum(1 for _ in tree.nodes())


def shape_hash(tree: Tree) -> str:
    """Return the Merkle hash of a tree with its names numbered, 32 hexadecimal digits.

    >>> one, other, swapped = (
    ...     Tree("sub", (name(a), name(b))) for a, b in (("x", "y"), ("left", "right"), ("x", "x"))
    ... )
    >>> shape_hash(one) == shape_hash(other), shape_hash(one) == shape_hash(swapped)
    (True, False)
    """
    return _hash(tree, {}).hex()


def _hash(tree: Tree, numbers: dict[str, int]) -> bytes:
    # By a stack of its own: a tree may be deeper than Python's stack.
    done: list[list[bytes]] = [[]]
    waiting: list[tuple[Tree, bool]] = [(tree, False)]
    while waiting:
        node, entered = waiting.pop()
        if entered:
            parts = done.pop()
            done[-1].append(_node_hash(node.role, parts))
        elif not node.parts:
            role = node.role
            if node.is_name:
                role = f"name {numbers.setdefault(role, len(numbers))}"
            done[-1].append(_leaf_hash(role))
        else:
            done.append([])
            waiting.append((node, True))
            waiting += [(part, False) for part in reversed(node.parts)]
    return done[0][0]


@lru_cache(maxsize=1 << 14)
def _leaf_hash(role: str) -> bytes:
    return _node_hash(role, [])


def _node_hash(role: str, parts: list[bytes]) -> bytes:
    content = b"hartonomous/shape\x00" + role.encode() + b"\x00" + b"".join(parts)
    return blake3(content).digest(length=SHAPE_BYTES)
