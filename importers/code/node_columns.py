"""Nodes of a syntax tree as columns, in the order in which they begin, a parent before its children."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from importers.code.grammars import role_numbers

if TYPE_CHECKING:
    from tree_sitter import Tree

DEEPEST = 1_000
"""Levels of a tree that are read; what lies below is left out."""


@dataclass(frozen=True)
class NodeColumns:
    """The N named nodes of a tree and its operators, (N,) each.

    `role` int16 numbers `grammars.roles()`, `kind` int32 the node types of the grammar; `parent` int32
    is -1 at the root; `first_byte`, `last_byte`, `line` (from 1) and `depth` int32; `named` is False for
    operators and keywords. `cut` counts nodes at DEEPEST whose inside was left out.
    """

    role: NDArray[np.int16]
    kind: NDArray[np.int32]
    parent: NDArray[np.int32]
    first_byte: NDArray[np.int32]
    last_byte: NDArray[np.int32]
    line: NDArray[np.int32]
    depth: NDArray[np.int32]
    named: NDArray[np.bool_]
    cut: int = 0

    def __len__(self) -> int:
        return len(self.role)


def node_columns(tree: Tree, language: str, operators: bool = True) -> NodeColumns:
    """Return the nodes of a tree that a language's parser made; with `operators`, unnamed ones too."""
    kind, parent, first, last, line, depths, named = (array("i") for _ in range(7))
    cursor = tree.walk()
    ancestors: list[int] = []
    cut = 0
    while True:
        node = cursor.node
        assert node is not None
        kept = node.is_named or operators
        here = len(kind)
        if kept:
            kind.append(node.kind_id)
            parent.append(ancestors[-1] if ancestors else -1)
            first.append(node.start_byte)
            last.append(node.end_byte)
            line.append(node.start_point[0] + 1)
            depths.append(len(ancestors))
            named.append(node.is_named)
        if len(ancestors) >= DEEPEST and node.child_count:
            cut += 1
        elif kept and cursor.goto_first_child():
            ancestors.append(here)
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                kinds = np.array(kind, dtype=np.int32)
                numbers = role_numbers(language)
                # Nodes of errors have a number beyond the grammar's.
                known = np.where(kinds < len(numbers), kinds, 0)
                return NodeColumns(
                    role=numbers[known],
                    kind=kinds,
                    parent=np.array(parent, dtype=np.int32),
                    first_byte=np.array(first, dtype=np.int32),
                    last_byte=np.array(last, dtype=np.int32),
                    line=np.array(line, dtype=np.int32),
                    depth=np.array(depths, dtype=np.int32),
                    named=np.array(named, dtype=bool),
                    cut=cut,
                )
            ancestors.pop()
