"""Role tables: a syntax tree of one language as a role tree, by that language's table.

A table (`tree_roles/<language>.toml`) says of each kind of node its role and which of its children are the
parts: a field's name (`left`), the first there of several (`index|indices`), all of a field
(`alternative*`), a child by number (`#0`, `#-1`) or all that no other column named (`#*`). `@operator`
names the field of an operator; `@` alone is the first word or sign of the node. What a table leaves out
keeps its own kind as its role. Tables of calls, methods, fields, macros and made objects name what the
languages' libraries call differently.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from blake3 import blake3

from importers.code import role_rewrites as rewrites
from importers.code.role_tree import NAME, NOTHING, NUMBER, Tree, name, number

if TYPE_CHECKING:
    from tree_sitter import Node

TABLES = {"typescript": "javascript", "tsx": "javascript"}
"""Languages that are read by the table of another one."""

DEEPEST = 150
"""Levels of syntax below which nothing is read: what is nested deeper was not written by a person."""

_DIGITS = re.compile(r"[uUlLfFdDmM]+$|[iu](?:8|16|32|64|128|size)$|f(?:32|64)$")
_TYPE = re.compile(r"[A-Za-z_]\w*(?=\s*[<({]|\s*$)")


@dataclass(frozen=True)
class Column:
    """Where a part of a node stands: by field, by number, or all that is left."""

    fields: tuple[str, ...] = ()
    place: int | None = None
    every: bool = False


@dataclass(frozen=True)
class Rule:
    """The role of a kind of node, the field of its operator (None if it has none) and its parts."""

    role: str
    operator: str | None
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class RoleTable:
    """What a language's nodes, and the names of its library, are."""

    language: str
    functions: frozenset[str]
    rules: Mapping[str, Rule]
    tail: bool
    arrays: bool
    known: Mapping[str, Mapping[str, str]] = field(repr=False)
    digest: str = ""

    def find(self, table: str, text: str) -> str | None:
        """Return what a table says of a name."""
        return self.known[table].get(text)


@cache
def role_table(language: str) -> RoleTable | None:
    """Return the table of a language; None if there is none."""
    named = TABLES.get(language, language)
    file = files("importers.code") / "tree_roles" / f"{named}.toml"
    if not file.is_file():
        return None
    content = file.read_bytes()
    read = tomllib.loads(content.decode())
    tables = ("calls", "methods", "fields", "names", "new", "macros", "streams")
    return RoleTable(
        language,
        frozenset(read["functions"]),
        {kind: _rule(written) for kind, written in read["nodes"].items()},
        bool(read.get("tail", False)),
        bool(read.get("arrays", False)),
        {one: read.get(one, {}) for one in tables},
        blake3(content).hexdigest(length=8),
    )


def _rule(written: str) -> Rule:
    role, *columns = written.split()
    role, at, operator = role.partition("@")
    return Rule(role, operator if at else None, tuple(map(_column, columns)))


def _column(written: str) -> Column:
    if written == "#*":
        return Column(every=True)
    if written.startswith("#"):
        return Column(place=int(written[1:]))
    every = written.endswith("*")
    return Column(tuple(written.removesuffix("*").split("|")), every=every)


class Lowering:
    """Reads the nodes of one file's syntax tree as role trees."""

    def __init__(self, table: RoleTable, source: bytes, parse: Callable[[bytes], Node]) -> None:
        """`parse` reads a text of the language: what stands in a macro is no syntax tree."""
        self._table, self._source, self._parse = table, source, parse
        self._depth = 0

    def tree(self, node: Node | None) -> Tree:
        """Return the role tree of a node; NOTHING of what says nothing."""
        if node is None:
            return NOTHING
        self._depth += 1
        try:
            return NOTHING if self._depth > DEEPEST else self._tree(node)
        finally:
            self._depth -= 1

    def _tree(self, node: Node) -> Tree:
        rule = self._table.rules.get(node.type)
        if rule is None:
            return self._unknown(node)
        line = node.start_point[0] + 1
        if (leaf := _LEAVES.get(rule.role)) is not None:
            return leaf(self, node, line)
        operator = self._operator(node, rule.operator)
        parts = self._parts(node, rule.columns)
        build = _BUILDERS.get(rule.role)
        if build is None:
            return Tree(rule.role, tuple(part for part in parts if part is not NOTHING), line)
        return build(_Read(self, node, operator, parts, line))

    def _unknown(self, node: Node) -> Tree:
        parts = tuple(self.tree(child) for child in node.named_children)
        known = tuple(part for part in parts if part is not NOTHING)
        return Tree(node.type, known, node.start_point[0] + 1)

    def text(self, node: Node) -> str:
        """Return what a node is written as."""
        return self._source[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def _operator(self, node: Node, named: str | None) -> str:
        if named is None:
            return ""
        found = node.child_by_field_name(named) if named else None
        if found is None:
            found = next((child for child in node.children if not child.is_named), None)
        return self.text(found) if found is not None else ""

    def _parts(self, node: Node, columns: Sequence[Column]) -> list[Tree]:
        if len(columns) == 1 and columns[0].every and not columns[0].fields:
            return [self.tree(child) for child in node.named_children if not child.is_extra]
        parts: list[Tree] = []
        taken: set[int] = set()
        children: list[Node] | None = None
        for column in columns:
            if column.fields:
                found = self._of_fields(node, column)
                taken.update(one.id for one in found)
            else:
                children = children or [one for one in node.named_children if not one.is_extra]
                found = _of_places(children, column, taken)
            parts += map(self.tree, found)
            if not found and not column.every:
                parts.append(NOTHING)
        return parts

    def _of_fields(self, node: Node, column: Column) -> list[Node]:
        for one in column.fields:
            if column.every:
                if found := [each for each in node.children_by_field_name(one) if each.is_named]:
                    return found
            elif (child := node.child_by_field_name(one)) is not None:
                return [child]
        return []

    def known(self, table: str, text: str) -> str | None:
        """Return what a table of the language says of a name."""
        return self._table.find(table, text)

    @property
    def arrays(self) -> bool:
        """Return whether lists and maps are written alike."""
        return self._table.arrays

    @property
    def tail(self) -> bool:
        """Return whether the last expression of a body is what it returns."""
        return self._table.tail

    def macro_arguments(self, tokens: str) -> list[Tree]:
        """Return the arguments that a macro's tokens, with their brackets, are written as."""
        inner = tokens.strip()[1:-1]
        source = b"fn f() { f(" + inner.encode() + b"); }"
        found = next(_of_type(self._parse(source), "arguments"), None)
        if found is None:
            return []
        return Lowering(self._table, source, self._parse)._parts(found, (Column(every=True),))


def _of_places(children: Sequence[Node], column: Column, taken: set[int]) -> list[Node]:
    if column.place is None:
        return [one for one in children if one.id not in taken]
    if -len(children) <= column.place < len(children):
        taken.add(children[column.place].id)
        return [children[column.place]]
    return []


def _of_type(node: Node, kind: str) -> Iterator[Node]:
    if node.type == kind:
        yield node
        return
    for child in node.named_children:
        yield from _of_type(child, kind)


@dataclass(frozen=True, slots=True)
class _Read:
    """A node while it is read: its operator, its parts, its line."""

    lowering: Lowering
    node: Node
    operator: str
    parts: list[Tree]
    line: int

    def part(self, at: int) -> Tree:
        return self.parts[at] if at < len(self.parts) else NOTHING

    @property
    def given(self) -> list[Tree]:
        return [part for part in self.parts if part is not NOTHING]

    def text(self) -> str:
        return self.lowering.text(self.node)


# Leaves.


def _name(lowering: Lowering, node: Node, line: int) -> Tree:
    written = lowering.text(node).lstrip("$")
    role = lowering.known("names", written)
    return Tree(role, (), line) if role else name(written, line)


def _number(lowering: Lowering, node: Node, line: int) -> Tree:
    written = lowering.text(node).replace("_", "").replace("'", "")
    if not written.lower().startswith("0x"):
        written = _DIGITS.sub("", written)
    try:
        return number(int(written, 0) if not written.isdecimal() else int(written))
    except ValueError:
        pass
    try:
        value = float(written)
        return number(int(value) if value.is_integer() and abs(value) < 1e15 else value)
    except ValueError:
        return Tree(NUMBER + written)


def _string(lowering: Lowering, node: Node, line: int) -> Tree:
    written = lowering.text(node)
    filled = [lowering.tree(one) for one in _filled(node) if one.type not in ("format_specifier",)]
    if filled:
        return rewrites.text(filled)
    if len(written) <= 2 or not written.strip("\"'`"):
        return Tree("empty", (), line)
    return Tree("string", (), line)


_FILLED = frozenset({"interpolation", "template_substitution", "variable_name"})


def _filled(node: Node) -> Iterator[Node]:
    for child in node.named_children:
        if child.type in _FILLED:
            inner = [one for one in child.named_children if one.type != "interpolation_brace"]
            yield inner[0] if child.type == "interpolation" and inner else child
        elif child.type in ("string", "string_content", "interpolated_string_text"):
            yield from _filled(child)


def _fixed(role: str) -> Callable[[Lowering, Node, int], Tree]:
    return lambda lowering, node, line: Tree(role, (), line)


_LEAVES: dict[str, Callable[[Lowering, Node, int], Tree]] = {
    "drop": lambda lowering, node, line: NOTHING,
    "name": _name,
    "number": _number,
    "string": _string,
    "boolean": lambda lowering, node, line: Tree(lowering.text(node).lower(), (), line),
    "type_name": _name,
    **{
        role: _fixed(role)
        for role in ("true", "false", "null", "self", "break", "continue", "size_of", "new_of_type")
    },
    "type_items": _fixed("items"),
    "type_map": _fixed("map"),
}


# Statements.


def _pass(read: _Read) -> Tree:
    given = read.given
    if len(given) == 1:
        return given[0]
    return rewrites.sequence(given) if given else NOTHING


def _statement(read: _Read) -> Tree:
    found = _pass(read)
    if found.is_name or found.is_literal:
        # A docstring, or a value that nobody takes.
        return found if read.lowering.tail and not read.text().endswith(";") else NOTHING
    if read.lowering.tail and read.text().endswith(";") and found.role not in rewrites.STATEMENTS:
        return Tree("void", (found,), read.line)
    return found


def _block(read: _Read) -> Tree:
    return rewrites.sequence(read.given)


def _named(read: _Read) -> Tree:
    """The name that is declared, without the value that it may have."""
    found = read.node.named_children[-1]
    return read.lowering.tree(found.child_by_field_name("name") or found)


def _several(read: _Read) -> Tree:
    return Tree("several", tuple(read.given), read.line)


def _declare(read: _Read) -> Tree:
    """A declaration: a container that it makes is assigned, any other without a value says nothing."""
    kind = read.node.child_by_field_name("type")
    made = _made(read.lowering, read.lowering.text(kind)) if kind is not None else None
    done: list[Tree] = []
    type_part = read.part(0)
    for part in read.parts[1:] if kind is not None else read.parts:
        if part.role == "assign" and part.parts[1].role == "new_of_type" and made:
            done.append(Tree("assign", (part.parts[0], Tree(made)), part.line))
        elif part.is_name and made:
            done.append(Tree("assign", (part, Tree(made)), part.line))
        elif part.is_name and type_part.role in ("items", "map"):
            done.append(Tree("assign", (part, type_part), part.line))
        elif part.role == "assign" and made is None and part.parts[1].role == "items":
            done.append(Tree("assign", (part.parts[0], _single(part.parts[1])), part.line))
        elif part.role in ("assign", "seq", "append", "update"):
            done.append(part)
    if read.node.type == "var_spec" and read.part(2) is not NOTHING:
        return rewrites.assign(_one(read.part(1)), _one(read.part(2)), read.line)
    return rewrites.sequence(done)


def _single(items: Tree) -> Tree:
    """Return what C++'s `{0}` begins a number with."""
    alone = len(items.parts) == 1 and items.parts[0].is_literal
    return items.parts[0] if alone else items


def _one(tree: Tree) -> Tree:
    return tree.parts[0] if tree.role == "tuple" and len(tree.parts) == 1 else tree


def _made(lowering: Lowering, kind: str) -> str | None:
    found = _TYPE.search(kind.strip())
    return lowering.known("new", found.group()) if found else None


def _assign(read: _Read) -> Tree:
    target, value = read.part(0), read.part(1)
    if value.role == "lambda" and target.is_name:
        parameters, body = value.parts
        return Tree("function", (parameters, with_itself(body, target)), read.line)
    return rewrites.assign(target, value, read.line)


def _update(read: _Read) -> Tree:
    target, value = _one(read.part(0)), _one(read.part(1))
    if read.operator in ("=", ":="):
        return rewrites.assign(read.part(0), read.part(1), read.line)
    role = rewrites.BINARY.get(read.operator.removesuffix("="), read.operator)
    if role == "default":
        return rewrites.assign(target, rewrites.default(target, value), read.line)
    if role in ("join", "add") and value.role in ("string", "text", "empty"):
        return rewrites.assign(target, rewrites.text([target, value]), read.line)
    return rewrites.update(role, target, value, read.line)


def _step(read: _Read) -> Tree:
    written = read.text()
    signs = {"++": "add", "--": "sub"}
    role = next((one for sign, one in signs.items() if sign in written), None)
    if role is None:
        return read.part(0)
    return rewrites.update(role, read.part(0), number(1), read.line)


def _foreach(read: _Read) -> Tree:
    target, items, body = read.part(0), _one(read.part(1)), read.part(2)
    return rewrites.over(_plain(target), items, body, read.line)


def _plain(target: Tree) -> Tree:
    """Return the name that is declared before a loop's `in`."""
    return target.parts[0] if target.role == "assign" else target


def _php_foreach(read: _Read) -> Tree:
    items, target, body = read.part(0), read.part(1), read.part(2)
    if target.role == "pair":
        return Tree("foreach_indexed", (*target.parts, items, body), read.line)
    return rewrites.over(target, items, body, read.line)


def _for(read: _Read) -> Tree:
    first, condition, step, body = (read.part(at) for at in range(4))
    return rewrites.loop(first, condition, step, body, read.line)


def _go_for(read: _Read) -> Tree:
    *head, body = read.parts or [NOTHING]
    given = [part for part in head if part is not NOTHING]
    if not given:
        return Tree("while", (Tree("true"), body), read.line)
    clause = given[0]
    if clause.role == "for_clause":
        first, condition, step = clause.parts
        return rewrites.loop(first, condition, step, body, read.line)
    if clause.role != "range_clause":
        return Tree("while", (clause, body), read.line)
    target, items = clause.parts
    names = target.parts if target.role == "tuple" else (target,)
    if len(names) == 2 and names[0] == name("_"):
        return rewrites.over(names[1], items, body, read.line)
    if len(names) == 2:
        return Tree("foreach_indexed", (*names, items, body), read.line)
    last = items if items.role.startswith(NUMBER) else Tree("length", (items,))
    return rewrites.counted(names[0], (number(0), last, number(1)), body, read.line)


def _clause(role: str) -> Callable[[_Read], Tree]:
    """Return a builder of a node whose missing parts are kept as such."""
    return lambda read: Tree(role, tuple(read.parts), read.line)


def _while(read: _Read) -> Tree:
    return Tree("while", (read.part(0), read.part(1)), read.line)


def _until(read: _Read) -> Tree:
    return Tree("while", (rewrites.negated(read.part(0)), read.part(1)), read.line)


def _do_while(read: _Read) -> Tree:
    return Tree("do_while", (read.part(0), read.part(1)), read.line)


def _forever(read: _Read) -> Tree:
    return Tree("while", (Tree("true"), read.part(0)), read.line)


def _if(read: _Read) -> Tree:
    condition, then, *others = read.parts
    other = NOTHING
    for one in reversed([part for part in others if part is not NOTHING]):
        if one.role == "if" and len(one.parts) == 2 and other is not NOTHING:
            one = rewrites.branch(*one.parts, other, one.line)
        other = one
    return rewrites.branch(condition, then, other, read.line)


def _if_with(read: _Read) -> Tree:
    """Go's branch, which may have a statement before its condition."""
    first, condition, then, other = (read.part(at) for at in range(4))
    found = rewrites.branch(condition, then, other, read.line)
    return found if first is NOTHING else rewrites.sequence([first, found])


def _unless(read: _Read) -> Tree:
    condition, then, other = (read.part(at) for at in range(3))
    return rewrites.branch(rewrites.negated(condition), then, other, read.line)


def _return(read: _Read) -> Tree:
    value = read.part(0)
    if value.role == "list" and len(value.parts) == 1:
        value = value.parts[0]
    return rewrites.returned(_one(value), read.line)


def _case(read: _Read) -> Tree:
    """A case: its values, and its body without the `break` that ends it."""
    given = [part for part in read.given if part.role != "break"]
    body = [part for part in given[1:] if part is not NOTHING]
    if body and body[-1].role == "seq" and body[-1].parts and body[-1].parts[-1].role == "break":
        body[-1] = rewrites.sequence(body[-1].parts[:-1])
    parts = (*given[:1], rewrites.sequence(body))
    return Tree("case", parts, read.line)


# Functions and expressions.


def _parameters(tree: Tree) -> list[Tree]:
    if tree.role in ("list", "several", "seq"):
        return [leaf for part in tree.parts for leaf in _parameters(part)]
    if tree.role == "assign":
        return [tree.parts[0]]
    return [tree] if tree.role in ("tuple", "items", "map") or tree.is_name else []


def _function(read: _Read) -> Tree:
    own, parameters, body = read.part(0), read.part(1), read.part(2)
    return _made_function(read.lowering, own, parameters, body, read.line)


def _made_function(lowering: Lowering, own: Tree, parameters: Tree, body: Tree, line: int) -> Tree:
    body = rewrites.with_tail(body) if lowering.tail else rewrites.sequence([body])
    if own.is_name:
        body = with_itself(body, own)
    if lowering.arrays:
        body = _with_maps(body)
    return Tree("function", (Tree("list", tuple(_parameters(parameters))), body), line)


def _with_maps(body: Tree) -> Tree:
    """Return a body in which an empty array that is only written by its keys is a map."""
    nodes = list(body.nodes())
    appended = {node.parts[0] for node in nodes if node.role == "append"}
    keyed = {
        part.parts[0]
        for node in nodes
        if node.role in ("assign", "update")
        for part in node.parts[:2]
        if part.role == "index" and not part.parts[1].is_literal
    }
    made = Tree("items")
    for one in keyed - appended:
        body = rewrites.replaced(
            body, Tree("assign", (one, made)), Tree("assign", (one, Tree("map")))
        )
    return body


def with_itself(body: Tree, own: Tree) -> Tree:
    """Return a body in which the function's own name is told, whatever it is."""
    if body.is_name and body == own:
        return Tree("itself")
    if not body.parts:
        return body
    return Tree(body.role, tuple(with_itself(part, own) for part in body.parts), body.line)


def _c_function(read: _Read) -> Tree:
    declarator, body = read.part(0), read.part(1)
    if declarator.role != "declarator":
        return NOTHING
    own, parameters = declarator.parts[:2]
    return _made_function(read.lowering, own, parameters, body, read.line)


def _lambda(read: _Read) -> Tree:
    parameters, body = _parameters(read.part(0)), read.part(1)
    if read.part(0).role not in ("list", "several") and read.part(0).is_name:
        parameters = [read.part(0)]
    returning = body.role not in rewrites.STATEMENTS and body is not NOTHING
    if returning and body.role != "void":
        body = rewrites.sequence([rewrites.returned(body, body.line)])
    return Tree("lambda", (Tree("list", tuple(parameters)), body), read.line)


def _cpp_lambda(read: _Read) -> Tree:
    declarator, body = read.part(0), read.part(1)
    parameters = declarator if declarator is not NOTHING else Tree("list")
    return Tree("lambda", (Tree("list", tuple(_parameters(parameters))), body), read.line)


def _binary(read: _Read) -> Tree:
    left, right = read.part(0), read.part(1)
    if read.operator == "<<":
        if (stream := _stream(read.lowering, left)) is not None:
            shown = () if _streamed(read.lowering, right) == "drop" else (right,)
            return Tree("print", (rewrites.text([*_shown(stream), *shown]),), read.line)
        if read.lowering.tail and not right.is_literal:
            return Tree("append", (left, right), read.line)
    return rewrites.binary(read.operator, left, right)


def _shown(stream: Tree) -> tuple[Tree, ...]:
    return stream.parts[0].parts if stream.parts else ()


def _stream(lowering: Lowering, tree: Tree) -> Tree | None:
    if tree.role == "print":
        return tree
    return Tree("print") if _streamed(lowering, tree) == "print" else None


def _streamed(lowering: Lowering, tree: Tree) -> str | None:
    written = _dotted(tree)
    return lowering.known("streams", written.replace(".", "::")) if written else None


def _comparison(read: _Read) -> Tree:
    """Python's comparison, of two or in a chain."""
    operators = [read.lowering.text(one) for one in read.node.children_by_field_name("operators")]
    pairs = [
        rewrites.binary(" ".join(operator.split()), left, right)
        for operator, left, right in zip(operators, read.parts, read.parts[1:], strict=False)
    ]
    found = pairs[0] if pairs else NOTHING
    for one in pairs[1:]:
        found = rewrites.binary("and", found, one)
    return found


def _unary(read: _Read) -> Tree:
    value = read.part(0)
    if read.operator in ("!", "not"):
        return rewrites.negated(value)
    if read.operator == "-":
        if value.role.startswith(NUMBER):
            return Tree(NUMBER + "-" + value.role.removeprefix(NUMBER))
        return Tree("negative", (value,), read.line)
    if read.operator in ("*", "&", "+", "@", "await"):
        return value
    if read.operator in ("++", "--"):
        role = "add" if read.operator == "++" else "sub"
        return rewrites.update(role, value, number(1), read.line)
    return Tree(f"operator {read.operator}", (value,), read.line)


def _choice(read: _Read) -> Tree:
    return rewrites.choice(read.part(0), read.part(1), read.part(2))


def _default(read: _Read) -> Tree:
    return rewrites.default(read.part(0), read.part(1))


def _range(read: _Read) -> Tree:
    first, last = (*read.given, NOTHING, NOTHING)[:2]
    written = read.text()
    exclusive = (
        "..." in written
        if read.operator in ("..", "...") and read.lowering.known("calls", "puts")
        else "..=" not in written
    )
    return Tree("range", (first, last if exclusive else rewrites.plus(last, 1)), read.line)


def _field(read: _Read) -> Tree:
    owner, own = read.part(0), read.part(1)
    written = own.role.removeprefix(NAME)
    role = read.lowering.known("fields", written)
    if role is not None and owner is not NOTHING:
        return Tree(role, (owner,), read.line)
    return Tree("field", (owner, own), read.line)


def _scoped(read: _Read) -> Tree:
    return Tree("field", tuple(read.given), read.line)


def _index(read: _Read) -> Tree:
    return Tree("index", tuple(read.given), read.line)


def _map(read: _Read) -> Tree:
    return Tree("map", tuple(read.given), read.line)


def _items(read: _Read) -> Tree:
    given = read.given
    if given and all(part.role == "pair" for part in given):
        return Tree("map", tuple(given), read.line)
    return Tree("items", tuple(given), read.line)


def _php_element(read: _Read) -> Tree:
    given = read.given
    return Tree("pair", tuple(given), read.line) if len(given) == 2 else given[0]


def _declared(read: _Read) -> Tree:
    """C#'s `a * b` as an argument, which its grammar takes for a declaration of a pointer."""
    kind = read.node.child_by_field_name("type")
    if kind is not None and kind.type == "pointer_type":
        left = read.lowering.tree(kind.child_by_field_name("type"))
        return rewrites.binary("*", left, read.part(0))
    return read.part(0)


def _composite(read: _Read) -> Tree:
    kind, body = read.part(0), read.part(1)
    role = "map" if kind.role == "map" else "items"
    if kind.role in ("items", "map"):
        return Tree(role, body.parts, read.line)
    return Tree("new", (kind, *body.parts), read.line)


def _new(read: _Read) -> Tree:
    kind, *arguments = read.parts
    made = _made(read.lowering, kind.role.removeprefix(NAME)) if kind.is_name else None
    if made is not None:
        return Tree(made, (), read.line)
    given = [one for part in arguments for one in (part.parts if part.role == "list" else (part,))]
    return Tree("new", (kind, *(one for one in given if one is not NOTHING)), read.line)


def _comprehension(read: _Read) -> Tree:
    """A comprehension of one loop as that loop: `body for left in right if condition`."""
    value, *clauses = read.given
    found = Tree("each_value", (value,), read.line)
    for clause in reversed(clauses):
        if clause.role == "where":
            found = Tree("if", (*clause.parts, found), clause.line)
        elif clause.role == "for_in":
            found = rewrites.over(clause.parts[0], _one(clause.parts[1]), found, clause.line)
    return Tree("comprehension", (found,), read.line)


def _dotted(tree: Tree) -> str | None:
    """Return what a call's name is written as, `::` where the language has it."""
    if tree.is_name:
        return tree.role.removeprefix(NAME)
    if tree.role != "field" or len(tree.parts) != 2:
        return None
    owner, own = (_dotted(part) for part in tree.parts)
    return f"{owner}.{own}" if owner and own else None


def _call(read: _Read) -> Tree:
    function, arguments = read.part(0), read.part(1)
    given = list(arguments.parts) if arguments.role == "list" else [arguments]
    return _called(read.lowering, function, [one for one in given if one is not NOTHING], read.line)


def _method(read: _Read) -> Tree:
    owner, own, arguments, *block = read.parts
    given = list(arguments.parts) if arguments.role == "list" else [arguments]
    given = [one for one in [*given, *block] if one is not NOTHING]
    function = Tree("field", (owner, own), read.line) if owner is not NOTHING else own
    bare = owner is NOTHING and arguments is NOTHING and not any(b is not NOTHING for b in block)
    return function if bare else _called(read.lowering, function, given, read.line)


def _called(lowering: Lowering, function: Tree, given: list[Tree], line: int) -> Tree:
    written = _dotted(function)
    if written is not None:
        for spelled in (written, written.replace(".", "::")):
            if (rule := lowering.known("calls", spelled)) is not None:
                return _library(rule, None, given, line)
    if function.role == "field" and len(function.parts) == 2:
        owner, own = function.parts
        rule = lowering.known("methods", own.role.removeprefix(NAME))
        if rule is not None and owner is not NOTHING:
            return _library(rule, owner, given, line)
    return Tree("call", (function, *given), line)


def _library(rule: str, owner: Tree | None, given: list[Tree], line: int) -> Tree:
    """Return what a known function of a library does: `role` and the order of its parts."""
    role, *order = rule.split()
    parts: list[Tree] = []
    for one in order:
        if one == ".":
            parts += [owner] if owner is not None else []
        elif one == "*":
            parts += given[len([p for p in order if p.isdecimal()]) :]
        elif one == "block":
            parts += given[-1:]
        else:
            parts += [given[int(one)] if int(one) < len(given) else NOTHING]
    build = _LIBRARY.get(role)
    return build(parts, line) if build else Tree(role, tuple(parts), line)


def _making(parts: list[Tree], line: int) -> Tree:
    """Go's `make`: of a map, of an empty list, or of a list of a length."""
    kind, length = (*parts, NOTHING, NOTHING)[:2]
    if kind.role != "items" or rewrites.whole(length) == 0:
        return kind if kind.role in ("items", "map") else Tree("make", (kind,), line)
    return Tree("make", (kind, length), line)


def _got(parts: list[Tree], line: int) -> Tree:
    item = Tree("index", tuple(parts[:2]), line)
    return rewrites.default(item, parts[2]) if len(parts) > 2 else item


def _put(parts: list[Tree], line: int) -> Tree:
    return rewrites.assign(Tree("index", tuple(parts[:2])), parts[2], line)


def _inserted(parts: list[Tree], line: int) -> Tree:
    return _put(parts, line) if len(parts) == 3 else Tree("append", tuple(parts), line)


def _each(parts: list[Tree], line: int) -> Tree:
    items, action = parts[0], parts[-1]
    if action.role != "lambda":
        element = name("item of each")
        call = Tree("call", (action, element), line)
        return rewrites.over(element, items, call, line)
    names, body = action.parts
    body = _effect(body)
    if len(names.parts) == 2:
        item, place = names.parts
        return Tree("foreach_indexed", (place, item, items, body), line)
    target = names.parts[0] if names.parts else name("item of each")
    return rewrites.over(target, items, body, line)


def _effect(body: Tree) -> Tree:
    """Return the body of a function whose value nobody takes; a bare `return` goes to the next item."""
    own = list(rewrites.statements(body))
    if own and own[-1].role == "return" and own[-1].parts:
        own[-1] = own[-1].parts[0]
    return rewrites.sequence([one.parts[0] if one.role == "void" else one for one in own])


def _times(parts: list[Tree], line: int) -> Tree:
    last, action = parts[0], parts[-1]
    return _each([Tree("range", (number(0), last)), action], line)


def _upto(parts: list[Tree], line: int) -> Tree:
    first, last, action = parts[0], parts[1], parts[-1]
    return _each([Tree("range", (first, rewrites.plus(last, 1))), action], line)


def _swap_items(parts: list[Tree], line: int) -> Tree:
    items, *places = parts
    left, right = (Tree("index", (items, place)) for place in places[:2])
    return rewrites.swap(left, right, line)


_LIBRARY: dict[str, Callable[[list[Tree], int], Tree]] = {
    "get": _got,
    "put": _put,
    "insert": _inserted,
    "or_insert": lambda parts, line: rewrites.default(parts[0], parts[1]),
    "default": lambda parts, line: rewrites.default(parts[0], parts[1]),
    "same": lambda parts, line: parts[0] if parts else NOTHING,
    "make": _making,
    "text": lambda parts, line: rewrites.text(parts) if parts else Tree("empty"),
    "eq": lambda parts, line: rewrites.binary("==", parts[0], parts[1]),
    "is_null": lambda parts, line: rewrites.binary("==", parts[0], Tree("null")),
    "is_not_null": lambda parts, line: rewrites.binary("!=", parts[0], Tree("null")),
    "is_empty": lambda parts, line: rewrites.binary("==", Tree("length", tuple(parts)), number(0)),
    "print": lambda parts, line: Tree("print", (_printed(parts),), line),
    "each": _each,
    "each_of": _each,
    "each_indexed": _each,
    "times": _times,
    "upto": _upto,
    "swap": lambda parts, line: rewrites.swap(parts[0], parts[1], line),
    "swap_items": _swap_items,
}


def _printed(parts: list[Tree]) -> Tree:
    """Return what is printed, as the text that it is put together to."""
    shown = rewrites.text(parts) if parts else Tree("text")
    return shown


def _print(read: _Read) -> Tree:
    given = [
        one for part in read.given for one in (part.parts if part.role == "several" else (part,))
    ]
    return _LIBRARY["print"](given, read.line)


def _macro(read: _Read) -> Tree:
    own = read.part(0).role.removeprefix(NAME)
    tokens = read.node.named_children[-1]
    given = read.lowering.macro_arguments(read.lowering.text(tokens))
    rule = read.lowering.known("macros", own)
    if rule is None:
        return Tree("call", (read.part(0), *given), read.line)
    return _library(rule, None, given, read.line)


_BUILDERS: dict[str, Callable[[_Read], Tree]] = {
    "pass": _pass,
    "statement": _statement,
    "block": _block,
    "named": _named,
    "several": _several,
    "declare": _declare,
    "assign": _assign,
    "update": _update,
    "step": _step,
    "foreach": _foreach,
    "php_foreach": _php_foreach,
    "for": _for,
    "go_for": _go_for,
    "for_clause": _clause("for_clause"),
    "range_clause": _clause("range_clause"),
    "declarator": _clause("declarator"),
    "while": _while,
    "until": _until,
    "do_while": _do_while,
    "forever": _forever,
    "if": _if,
    "if_with": _if_with,
    "unless": _unless,
    "return": _return,
    "case": _case,
    "function": _function,
    "c_function": _c_function,
    "lambda": _lambda,
    "cpp_lambda": _cpp_lambda,
    "binary": _binary,
    "comparison": _comparison,
    "unary": _unary,
    "choice": _choice,
    "default": _default,
    "range": _range,
    "field": _field,
    "scoped": _scoped,
    "index": _index,
    "map": _map,
    "items": _items,
    "php_element": _php_element,
    "declared": _declared,
    "composite": _composite,
    "new": _new,
    "comprehension": _comprehension,
    "call": _call,
    "method": _method,
    "print": _print,
    "macro": _macro,
}
