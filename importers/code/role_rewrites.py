"""Canonical role trees: one tree for what languages write in several ways.

Each rewrite builds a node from parts that are canonical already. `x += 1`, `x++` and `x = x + 1` are one
update; `a > b` is `b < a`; a guard's `else` moves behind it; three assignments by way of a third name are
a swap; a loop whose number only reads the items of one collection is a loop over it.
"""

from __future__ import annotations

from collections.abc import Sequence

from importers.code.role_tree import NOTHING, NUMBER, Tree, name, number

BINARY = {
    "+": "add", "-": "sub", "*": "mul", "/": "div", "//": "div", "%": "mod", "**": "pow",
    "==": "eq", "===": "eq", "is": "eq", "!=": "ne", "!==": "ne", "is not": "ne", "<>": "ne",
    "<": "lt", "<=": "le", ">": "gt", ">=": "ge", "&&": "and", "and": "and", "||": "or", "or": "or",
    "&": "bit_and", "|": "bit_or", "^": "bit_xor", "<<": "shift_left", ">>": "shift_right",
    ">>>": "shift_right", "in": "in", "not in": "not_in", "??": "default", "?:": "default",
    "<=>": "compare", "xor": "bit_xor", ".": "join", "instanceof": "instance",
}  # fmt: skip
"""Roles of binary operators."""

ENDING = frozenset({"return", "throw", "break", "continue"})
"""What nothing behind it in a block is reached from."""

STATEMENTS = frozenset(
    [
        "seq",
        "foreach",
        "foreach_indexed",
        "count",
        "while",
        "do_while",
        "if",
        "switch",
        "try",
        "using",
        "assign",
        "update",
        "swap",
        "append",
        "print",
        "return",
        "throw",
        "break",
        "continue",
        "delete",
        "assert",
        "class",
        "function",
        "defer",
        "spawn",
    ]
)
"""Roles that have no value, so that a body does not return them."""


def sequence(parts: Sequence[Tree]) -> Tree:
    """Return statements as one node: nested blocks made one, guards flat, swaps told."""
    flat = _flat(parts)
    done: list[Tree] = []
    for part in reversed(_swapped(flat)):
        done = [*_statement(part, done), *done] if not _ends(part) else _statement(part, [])
        done = _merged_head(done)
    return done[0] if len(done) == 1 else Tree("seq", tuple(done), done[0].line if done else 0)


def statements(tree: Tree) -> tuple[Tree, ...]:
    """Return the statements of a body."""
    if tree is NOTHING:
        return ()
    return tree.parts if tree.role == "seq" else (tree,)


def _flat(parts: Sequence[Tree]) -> list[Tree]:
    flat: list[Tree] = []
    for part in parts:
        if part.role == "seq":
            flat += part.parts
        elif part is not NOTHING and part.role != "none":
            flat.append(part)
    return flat


def _ends(tree: Tree) -> bool:
    if tree.role == "seq":
        return bool(tree.parts) and _ends(tree.parts[-1])
    if tree.role == "if":
        return len(tree.parts) == 3 and _ends(tree.parts[1]) and _ends(tree.parts[2])
    return tree.role in ENDING


def _statement(part: Tree, behind: list[Tree]) -> list[Tree]:
    """Return a statement as the ones that say the same; `behind` is what follows it."""
    if part.role == "if" and len(part.parts) == 3 and _ends(part.parts[1]):
        condition, then, other = part.parts
        rest = [*statements(other)]
        return [*_statement(Tree("if", (condition, then), part.line), rest), *rest]
    if part.role == "return" and part.parts and part.parts[0].role == "choice":
        condition, then, other = part.parts[0].parts
        guard = Tree("if", (condition, returned(then, part.line)), part.line)
        return _merged_head([guard, *_statement(returned(other, part.line), [])])
    return [part]


def _merged_head(block: list[Tree]) -> list[Tree]:
    """Join a guard and what is returned behind it, where both are one expression."""
    if len(block) < 2 or block[0].role != "if" or len(block[0].parts) != 2:
        return block
    guard, behind = block[0], block[1]
    condition, then = guard.parts
    if then.role != "return" or behind.role != "return" or not (then.parts and behind.parts):
        return block
    value, other = then.parts[0], behind.parts[0]
    if (value.role, other.role) == ("true", "false"):
        return [returned(condition, guard.line), *block[2:]]
    if (value.role, other.role) == ("false", "true"):
        return [returned(negated(condition), guard.line), *block[2:]]
    known = choice(condition, value, other)
    if known.role != "choice":
        return [returned(known, guard.line), *block[2:]]
    return block


def _swapped(parts: list[Tree]) -> list[Tree]:
    """Replace `kept = a; a = b; b = kept` by a swap."""
    done: list[Tree] = []
    at = 0
    while at < len(parts):
        three = parts[at : at + 3]
        if len(three) == 3 and all(one.role == "assign" for one in three):
            (kept, first), (left, second), (last, back) = (one.parts for one in three)
            if kept == back and first == left and second == last and kept.is_name:
                done.append(swap(left, last, three[0].line))
                at += 3
                continue
        done.append(parts[at])
        at += 1
    return done


def swap(left: Tree, right: Tree, line: int = 0) -> Tree:
    return Tree("swap", (left, right), line)


def returned(value: Tree, line: int = 0) -> Tree:
    return Tree("return", (value,) if value.role != "none" else (), line)


def with_tail(body: Tree) -> Tree:
    """Return a body whose last expression is returned, as Rust and Ruby have it."""
    own = statements(body)
    if not own:
        return body
    return sequence([*own[:-1], _tail(own[-1])])


def _tail(last: Tree) -> Tree:
    if last.role == "if" and len(last.parts) == 3:
        condition, then, other = last.parts
        return Tree("if", (condition, with_tail(then), with_tail(other)), last.line)
    if last.role == "seq":
        return with_tail(last)
    if last.role in STATEMENTS or last.role == "void":
        return last
    return returned(last, last.line)


def negated(condition: Tree) -> Tree:
    """Return the contrary of a condition."""
    role, parts = condition.role, condition.parts
    if role in _CONTRARY:
        return Tree(_CONTRARY[role], parts, condition.line)
    if role == "lt":
        return Tree("le", parts[::-1], condition.line)
    if role == "le":
        return Tree("lt", parts[::-1], condition.line)
    if role == "not":
        return parts[0]
    if role in ("true", "false"):
        return Tree("false" if role == "true" else "true")
    return Tree("not", (condition,), condition.line)


_CONTRARY = {"eq": "ne", "ne": "eq", "in": "not_in", "not_in": "in"}


def binary(operator: str, left: Tree, right: Tree) -> Tree:
    """Return an operation; comparisons run upwards, literals stand right."""
    role = BINARY.get(operator, f"operator {operator}")
    if role in ("gt", "ge"):
        return Tree("lt" if role == "gt" else "le", (right, left), left.line)
    if role in ("eq", "ne", "add", "mul") and left.is_literal and not right.is_literal:
        left, right = right, left
    if role == "join" or (role == "add" and "string" in (left.role, right.role)):
        return text([left, right])
    if role == "add" and "text" in (left.role, right.role):
        return text([left, right])
    if role == "or" and right.is_literal and right.role not in ("true", "false"):
        role = "default"
    if role == "default":
        return default(left, right)
    return Tree(role, (left, right), left.line)


def default(value: Tree, other: Tree) -> Tree:
    return Tree("default", (value, other), value.line)


def text(parts: Sequence[Tree]) -> Tree:
    """Return a text put together; what of it is fixed is left out."""
    shown: list[Tree] = []
    for part in parts:
        shown += part.parts if part.role == "text" else (part,)
    shown = [part for part in shown if part.role not in ("string", "empty")]
    return Tree("text", tuple(shown), parts[0].line if parts else 0)


def choice(condition: Tree, value: Tree, other: Tree) -> Tree:
    """Return one of two values by a condition; a test for nothing is a default."""
    if condition.role == "ne" and condition.parts[1].role == "null" and condition.parts[0] == value:
        return default(value, other)
    if condition.role == "eq" and condition.parts[1].role == "null" and condition.parts[0] == other:
        return default(other, value)
    return Tree("choice", (condition, value, other), condition.line)


def branch(condition: Tree, then: Tree, other: Tree = NOTHING, line: int = 0) -> Tree:
    """Return a branch; one that assigns the same name on both sides is a choice."""
    if not statements(other):
        return Tree("if", (condition, then), line)
    if not statements(then):
        return Tree("if", (negated(condition), other), line)
    if then.role == other.role == "assign" and then.parts[0] == other.parts[0]:
        return assign(then.parts[0], choice(condition, then.parts[1], other.parts[1]), line)
    if condition.role == "not":
        return Tree("if", (condition.parts[0], other, then), line)
    return Tree("if", (condition, then, other), line)


def assign(target: Tree, value: Tree, line: int = 0) -> Tree:
    """Return an assignment: an update where it is one, a swap, or one for each of several targets."""
    if value.role == "none":
        return NOTHING
    if target.role in ("tuple", "items") and value.role in ("tuple", "items"):
        return _assign_several(target.parts, value.parts, line)
    if target.role == "tuple" and len(target.parts) == 1:
        target = target.parts[0]
    if value.role == "tuple" and len(value.parts) == 1:
        value = value.parts[0]
    if value.role == "if" and len(value.parts) == 3:
        value = choice(*value.parts)
    if value.role in _UPDATES and value.parts and _may_be(value.parts[0]) == target:
        return update(value.role, target, value.parts[1], line)
    if value.role == "appended" and value.parts[0] == target:
        return Tree("append", (target, value.parts[1]), line)
    if target.role == "index" and len(target.parts) == 1:
        return Tree("append", (target.parts[0], value), line)
    return Tree("assign", (target, value), line)


def _may_be(value: Tree) -> Tree:
    """Return what a value is where it is there: an update of what is not there begins at nothing."""
    if value.role == "default" and whole(value.parts[1]) == 0:
        return value.parts[0]
    return value


_UPDATES = frozenset(
    [
        "add",
        "sub",
        "mul",
        "div",
        "mod",
        "pow",
        "and",
        "or",
        "bit_and",
        "bit_or",
        "bit_xor",
        "shift_left",
        "shift_right",
    ]
)


def _assign_several(targets: Sequence[Tree], values: Sequence[Tree], line: int) -> Tree:
    if len(targets) != len(values):
        return Tree("assign", (Tree("tuple", tuple(targets)), Tree("tuple", tuple(values))), line)
    if len(targets) == 2 and targets[0] == values[1] and targets[1] == values[0]:
        return swap(targets[0], targets[1], line)
    pairs = list(zip(targets, values, strict=True))
    written = set(targets)
    if len(pairs) > 1 and any(node in written for value in values for node in value.nodes()):
        return Tree("assign", (Tree("tuple", tuple(targets)), Tree("tuple", tuple(values))), line)
    return sequence([assign(target, value, line) for target, value in pairs])


def update(role: str, target: Tree, value: Tree, line: int = 0) -> Tree:
    """Return an update; of what may not be there yet, it begins at nothing."""
    if target.role == "default" and target.parts[0].role == "index":
        target = target.parts[0]
    return Tree("update", (Tree(role), target, value), line)


def plus(tree: Tree, step: int) -> Tree:
    """Return a sum with a whole number, as short as it can be written."""
    if step == 0:
        return tree
    if (known := whole(tree)) is not None:
        return number(known + step)
    if tree.role in ("add", "sub") and (known := whole(tree.parts[1])) is not None:
        return plus(tree.parts[0], (known if tree.role == "add" else -known) + step)
    return Tree("add" if step > 0 else "sub", (tree, number(abs(step))), tree.line)


def whole(tree: Tree) -> int | None:
    """Return the whole number that a leaf is."""
    written = tree.role.removeprefix(NUMBER)
    return int(written) if written != tree.role and written.lstrip("-").isdecimal() else None


def counted(place: Tree, bounds: tuple[Tree, Tree, Tree], body: Tree, line: int = 0) -> Tree:
    """Return a loop from a first number to before a last one.

    Where the last is the length of a collection whose items are read by the number, it is a loop over
    the collection.
    """
    first, last, step = bounds
    if last.role == "length" and whole(first) == 0 and whole(step) == 1:
        items = last.parts[0]
        item, fresh = Tree("index", (items, place)), name(f"item of {place.role}")
        if (alone := _reads(body, item, place)) is not None:
            own = (fresh, items, replaced(body, item, fresh))
            return (
                Tree("foreach", own, line)
                if alone
                else Tree("foreach_indexed", (place, *own), line)
            )
    return Tree("count", (place, first, last, step, body), line)


def _reads(body: Tree, item: Tree, place: Tree) -> bool | None:
    """Return whether a body reads the item by its number and the number for nothing else.

    None where it does not read the item, or changes items or the number.
    """
    seen, alone = False, True
    waiting = [body]
    while waiting:
        node = waiting.pop()
        if any(one in (item, item.parts[0], place) for one in _written(node)):
            return None
        if node == item:
            seen = True
            continue
        if node == place:
            alone = False
        waiting += node.parts
    return alone if seen else None


def _written(node: Tree) -> tuple[Tree, ...]:
    if node.role in ("assign", "append"):
        return node.parts[:1]
    if node.role == "update":
        return node.parts[1:2]
    return node.parts if node.role == "swap" else ()


def replaced(tree: Tree, old: Tree, new: Tree) -> Tree:
    """Return a tree with one of its subtrees, wherever it stands, replaced."""
    if tree == old:
        return new
    if not tree.parts:
        return tree
    return Tree(tree.role, tuple(replaced(part, old, new) for part in tree.parts), tree.line)


def loop(first: Tree, condition: Tree, step: Tree, body: Tree, line: int = 0) -> Tree:
    """Return a loop of three parts: a count where it is one, else a while loop."""
    if (found := _as_count(first, condition, step)) is not None:
        place, bounds = found
        return counted(place, bounds, body, line)
    inner = sequence([body, step])
    test = condition if condition.role != "none" else Tree("true")
    return sequence([first, Tree("while", (test, inner), line)])


def _as_count(
    first: Tree, condition: Tree, step: Tree
) -> tuple[Tree, tuple[Tree, Tree, Tree]] | None:
    if first.role != "assign" or step.role != "update" or condition.role not in ("lt", "le", "ne"):
        return None
    place, start = first.parts
    role, changed, by = step.parts
    if changed != place or role.role not in ("add", "sub"):
        return None
    left, right = condition.parts
    if role.role == "add" and left == place:
        last = plus(right, 1) if condition.role == "le" else right
        return place, (start, last, by)
    if role.role == "sub" and right == place and (steps := whole(by)) is not None:
        last = plus(left, -1) if condition.role == "le" else left
        return place, (start, last, number(-steps))
    return None


def over(target: Tree, items: Tree, body: Tree, line: int = 0) -> Tree:
    """Return a loop over a collection, or the count that it is."""
    target = target.parts[0] if target.role == "tuple" and len(target.parts) == 1 else target
    if items.role == "range":
        return counted(target, bounds_of(items), body, line)
    if items.role == "reversed" and items.parts and items.parts[0].role == "range":
        first, last, step = bounds_of(items.parts[0])
        if whole(step) == 1:
            return counted(target, (plus(last, -1), plus(first, -1), number(-1)), body, line)
    if items.role == "enumerate" and target.role == "tuple" and len(target.parts) == 2:
        place, item = target.parts
        return Tree("foreach_indexed", (place, item, items.parts[0], body), line)
    return Tree("foreach", (target, items, body), line)


def bounds_of(items: Tree) -> tuple[Tree, Tree, Tree]:
    """Return first, last and step of a range of one to three parts."""
    parts = items.parts
    if len(parts) == 1:
        return number(0), parts[0], number(1)
    return parts[0], parts[1], parts[2] if len(parts) > 2 else number(1)
