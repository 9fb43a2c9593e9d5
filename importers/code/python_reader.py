"""Python: what a file defines, and what flows where.

Within a scope, a name that is bound anew on the same way loses what it was bound to before; where ways
meet, it is any of these. From other scopes it is all that it is ever bound to.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from importers.code.file_facts import NOTHING, Flag, Op, ScopeKind
from importers.code.structure_reader import DEEPEST, TOO_DEEP, StructureReader

if TYPE_CHECKING:
    from tree_sitter import Node

_GLOBALS = re.compile(rb"^[ \t]*(?:global|nonlocal)[ \t]+([\w, \t]+)", re.MULTILINE)
_SIMPLE = re.compile(r"[A-Za-z_][\w.]*")
_LONGEST_KEY = 60

Ways = dict[str, int]
"""The expression that each name is bound to."""

WRAPPED = frozenset({"Optional", "Annotated", "Final", "ClassVar", "Required", "NotRequired"})
"""Generic types that say nothing else than their argument."""


class PythonReader(StructureReader):
    """Reads all facts of a Python file."""

    def visit_module(self, root: Node, module: int) -> None:
        self._shared = {
            name.strip()
            for found in _GLOBALS.findall(self.content)
            for name in found.decode().split(",")
        }
        self._ways: dict[int, Ways] = {module: {}}
        self._depth = 0
        self._block(root, module)

    def _block(self, node: Node, scope: int) -> None:
        for child in node.named_children:
            self._statement(child, scope)

    def _statement(self, node: Node, scope: int) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            self.out.note(TOO_DEEP)
        else:
            method = _STATEMENTS.get(node.type)
            if method is not None:
                method(self, node, scope)
            elif node.type != "comment":
                self._expression(node, scope)
        self._depth -= 1

    def _expression(self, node: Node | None, scope: int) -> int:
        if node is None:
            return NOTHING
        self._depth += 1
        found = NOTHING
        if self._depth > DEEPEST:
            self.out.note(TOO_DEEP)
        else:
            method = _EXPRESSIONS.get(node.type)
            if method is not None:
                found = method(self, node, scope)
            else:
                for child in node.named_children:
                    self._statement(child, scope)
        self._depth -= 1
        return found

    # Names

    def _name(self, node: Node, scope: int) -> int:
        return self._read_name(self.text(node), scope, self.line(node))

    def _read_name(self, name: str, scope: int, line: int) -> int:
        known = self._ways[scope].get(name)
        if known is not None:
            return known
        return self.out.fact(Op.NAME, scope, line, self.out.string(name))

    def _bind_name(self, name: str, value: int, scope: int, line: int) -> None:
        """Bind a name: what the scope reads from here on is this value."""
        text = self.out.string(name)
        bound = self.out.fact(Op.NAME, scope, line, text, NOTHING, 1)
        if name in self._shared:
            if value >= 0:
                self.out.fact(Op.FLOW, scope, line, bound, value)
            return
        version = self.out.fact(Op.UNION, scope, line, NOTHING, text)
        if value >= 0:
            self.out.fact(Op.FLOW, scope, line, version, value)
        self.out.fact(Op.FLOW, scope, line, bound, version)
        self._ways[scope][name] = version

    def _bind(self, target: Node, value: int, scope: int) -> None:
        kind, line = target.type, self.line(target)
        if kind == "identifier":
            self._bind_name(self.text(target), value, scope, line)
        elif kind == "attribute":
            held = self._expression(target.child_by_field_name("object"), scope)
            named = target.child_by_field_name("attribute")
            if held >= 0 and value >= 0 and named is not None:
                name = self.out.string(self.text(named))
                bound = self.out.fact(Op.ATTRIBUTE, scope, line, held, name, 1)
                self.out.fact(Op.FLOW, scope, line, bound, value)
        elif kind == "subscript":
            held = self._expression(target.child_by_field_name("value"), scope)
            key = self._expression(target.child_by_field_name("subscript"), scope)
            if held >= 0 and value >= 0:
                self.out.fact(Op.STORE, scope, line, held, value, key)
        elif kind in ("pattern_list", "tuple_pattern", "list_pattern", "tuple", "list"):
            self._unpack(target.named_children, value, scope, line)
        elif kind in ("list_splat_pattern", "parenthesized_expression", "as_pattern_target"):
            for child in target.named_children:
                self._bind(child, value, scope)

    def _unpack(self, targets: list[Node], value: int, scope: int, line: int) -> None:
        starred = False
        for place, target in enumerate(targets):
            part = NOTHING
            if target.type == "list_splat_pattern":
                starred, part = True, self.out.fact(Op.CONTAINER, scope, line, NOTHING)
                if value >= 0:
                    any_item = self.out.fact(Op.ITEM, scope, line, value)
                    self.out.fact(Op.STORE, scope, line, part, any_item, NOTHING)
            elif value >= 0:
                # Behind a starred one, its place is counted from the end.
                at = place - len(targets) if starred else place
                key = self.out.string(f"#{at}")
                part = self.out.fact(Op.ITEM, scope, line, value, key)
            self._bind(target, part, scope)

    # Ways

    def _branches(self, scope: int, parts: list[list[Node | None]], falls: bool) -> None:
        """Read parts of which one is taken; with `falls`, perhaps none."""
        before = self._ways[scope]
        ends: list[Ways] = [before] if falls else []
        for part in parts:
            self._ways[scope] = dict(before)
            for node in part:
                if node is not None:
                    self._statement(node, scope)
            ends.append(self._ways[scope])
        self._ways[scope] = self._met(ends, scope)

    def _met(self, ends: list[Ways], scope: int) -> Ways:
        met: Ways = {}
        for name in dict.fromkeys(name for end in ends for name in end):
            versions = list(dict.fromkeys(end[name] for end in ends if name in end))
            if len(versions) == 1:
                met[name] = versions[0]
                continue
            union = self.out.fact(Op.UNION, scope, 0, NOTHING, self.out.string(name))
            for version in versions:
                self.out.fact(Op.FLOW, scope, 0, union, version)
            met[name] = union
        return met

    def _repeated(self, node: Node, body: list[Node | None], scope: int) -> None:
        """Read what may be read again: a name read in it may be bound in it further down."""
        before = self._ways[scope]
        entry = dict(before)
        for name in self._bound_within(node):
            if name in before:
                union = self.out.fact(Op.UNION, scope, 0, NOTHING, self.out.string(name))
                self.out.fact(Op.FLOW, scope, 0, union, before[name])
                entry[name] = union
        self._ways[scope] = dict(entry)
        for part in body:
            if part is not None:
                self._statement(part, scope)
        end = self._ways[scope]
        for name, union in entry.items():
            if union != before.get(name) and end.get(name, union) != union:
                self.out.fact(Op.FLOW, scope, 0, union, end[name])
        self._ways[scope] = self._met([entry, end], scope)

    def _bound_within(self, node: Node) -> set[str]:
        names: set[str] = set()
        waiting = [node]
        while waiting:
            one = waiting.pop()
            if one.type in ("function_definition", "class_definition", "lambda"):
                continue
            if one.type in ("assignment", "named_expression", "for_statement", "as_pattern"):
                target = (
                    one.child_by_field_name("left")
                    or one.child_by_field_name("name")
                    or one.child_by_field_name("alias")
                )
                if target is not None:
                    names.update(self._identifiers(target))
            waiting.extend(one.named_children)
        return names

    def _identifiers(self, target: Node) -> list[str]:
        if target.type == "identifier":
            return [self.text(target)]
        if target.type in ("attribute", "subscript"):
            return []
        return [name for child in target.named_children for name in self._identifiers(child)]

    # Statements

    def _if(self, node: Node, scope: int) -> None:
        self._expression(node.child_by_field_name("condition"), scope)
        parts: list[list[Node | None]] = [[node.child_by_field_name("consequence")]]
        whole = False
        for child in node.children_by_field_name("alternative"):
            if child.type == "else_clause":
                whole = True
                parts.append([child.child_by_field_name("body")])
            else:
                condition = child.child_by_field_name("condition")
                parts.append([condition, child.child_by_field_name("consequence")])
        self._branches(scope, parts, falls=not whole)

    def _match(self, node: Node, scope: int) -> None:
        for subject in node.children_by_field_name("subject"):
            self._expression(subject, scope)
        body = node.child_by_field_name("body")
        cases = [] if body is None else list(self.children(body, "case_clause"))
        parts = [[one.child_by_field_name("consequence")] for one in cases]
        self._branches(scope, parts, falls=True)

    def _try(self, node: Node, scope: int) -> None:
        before = self._ways[scope]
        self._ways[scope] = dict(before)
        body = node.child_by_field_name("body")
        if body is not None:
            self._statement(body, scope)
        done = self._ways[scope]
        ends, last = [done], []
        broken = self._met([before, done], scope)
        for child in node.named_children:
            if child.type in ("except_clause", "except_group_clause"):
                self._ways[scope] = dict(broken)
                self._except(child, scope)
                ends.append(self._ways[scope])
            elif child.type == "else_clause":
                self._ways[scope] = dict(done)
                self._block(child, scope)
                ends[0] = self._ways[scope]
            elif child.type == "finally_clause":
                last.append(child)
        self._ways[scope] = self._met(ends, scope)
        for child in last:
            self._block(child, scope)

    def _except(self, node: Node, scope: int) -> None:
        for child in node.named_children:
            if child.type == "as_pattern":
                self._as_pattern(child, scope, Op.TYPED)
            else:
                self._statement(child, scope)

    def _as_pattern(self, node: Node, scope: int, op: Op) -> int:
        value = self._expression(node.named_children[0], scope) if node.named_children else NOTHING
        alias = node.child_by_field_name("alias")
        made = NOTHING
        if value >= 0:
            made = self.out.fact(op, scope, self.line(node), value)
        if alias is not None:
            self._bind(alias, made, scope)
        return made

    def _with(self, node: Node, scope: int) -> None:
        for clause in self.children(node, "with_clause"):
            for item in self.children(clause, "with_item"):
                value = item.child_by_field_name("value")
                if value is not None and value.type == "as_pattern":
                    self._as_pattern(value, scope, Op.ENTERED)
                elif (entered := self._expression(value, scope)) >= 0:
                    self.out.fact(Op.ENTERED, scope, self.line(item), entered)
        body = node.child_by_field_name("body")
        if body is not None:
            self._statement(body, scope)

    def _for(self, node: Node, scope: int) -> None:
        value = self._expression(node.child_by_field_name("right"), scope)
        element = NOTHING
        if value >= 0:
            element = self.out.fact(Op.ELEMENT, scope, self.line(node), value)
        before = dict(self._ways[scope])
        left = node.child_by_field_name("left")
        if left is not None:
            self._bind(left, element, scope)
        self._repeated(node, [node.child_by_field_name("body")], scope)
        self._ways[scope] = self._met([before, self._ways[scope]], scope)
        self._alternatives(node, scope)

    def _while(self, node: Node, scope: int) -> None:
        parts = [node.child_by_field_name("condition"), node.child_by_field_name("body")]
        self._repeated(node, parts, scope)
        self._alternatives(node, scope)

    def _alternatives(self, node: Node, scope: int) -> None:
        for child in node.children_by_field_name("alternative"):
            self._branches(scope, [[child.child_by_field_name("body")]], falls=True)

    def _return(self, node: Node, scope: int) -> None:
        for child in node.named_children:
            value = self._listed(child, scope)
            if value >= 0:
                self.out.fact(Op.RETURN, scope, self.line(node), value)

    def _listed(self, node: Node, scope: int) -> int:
        if node.type == "expression_list":
            return self._container(node, scope)
        return self._expression(node, scope)

    def _raise(self, node: Node, scope: int) -> None:
        for place, child in enumerate(node.named_children):
            value = self._expression(child, scope)
            if value >= 0 and place == 0 and child.type != "call":
                self.out.fact(Op.HANDED, scope, self.line(node), value)

    def _global(self, node: Node, scope: int) -> None:
        outer = 1 if node.type == "nonlocal_statement" else 0
        for child in node.named_children:
            name = self.out.string(self.text(child))
            self.out.fact(Op.GLOBAL, scope, self.line(node), name, outer)

    def _import(self, node: Node, scope: int) -> None:
        line = self.line(node)
        for child in node.named_children:
            if child.type == "aliased_import":
                name, alias = (child.child_by_field_name(one) for one in ("name", "alias"))
                if name is not None and alias is not None:
                    module = self.out.string(self.text(name))
                    found = self.out.fact(Op.IMPORT, scope, line, module, 0, 0)
                    self._bind_name(self.text(alias), found, scope, line)
            elif child.type == "dotted_name":
                text = self.text(child)
                found = self.out.fact(Op.IMPORT, scope, line, self.out.string(text), 1, 0)
                self._bind_name(text.split(".")[0], found, scope, line)

    def _import_from(self, node: Node, scope: int) -> None:
        line, origin = self.line(node), node.child_by_field_name("module_name")
        said = "" if origin is None else self.text(origin)
        name = said.lstrip(".").strip()
        dots = len(said) - len(said.lstrip("."))
        module = self.out.fact(Op.IMPORT, scope, line, self.out.string(name), 0, dots)
        for child in node.named_children:
            if child.type == "wildcard_import":
                self.out.fact(Op.IMPORT_ALL, scope, line, module)
            elif child == origin:
                continue
            elif child.type == "aliased_import":
                given, alias = (child.child_by_field_name(one) for one in ("name", "alias"))
                if given is not None and alias is not None:
                    self._import_name(module, self.text(given), self.text(alias), scope, line)
            elif child.type == "dotted_name":
                self._import_name(module, self.text(child), self.text(child), scope, line)

    def _import_name(self, module: int, name: str, alias: str, scope: int, line: int) -> None:
        found = self.out.fact(Op.IMPORT_NAME, scope, line, module, self.out.string(name))
        self._bind_name(alias, found, scope, line)

    # Definitions

    def _decorated(self, node: Node, scope: int) -> None:
        decorators = [
            self._expression(one.named_children[0], scope)
            for one in self.children(node, "decorator")
            if one.named_children
        ]
        names = [self.text(one).lstrip("@").strip() for one in self.children(node, "decorator")]
        definition = node.child_by_field_name("definition")
        if definition is None:
            return
        value, name = self._define(definition, scope, names)
        for decorator, said in zip(reversed(decorators), reversed(names), strict=True):
            if (
                decorator >= 0
                and said not in _DESCRIPTORS
                and not said.endswith((".setter", ".getter", ".deleter"))
            ):
                value = self.out.fact(Op.DECORATED, scope, self.line(node), decorator, value)
        if name:
            self._bind_name(name, value, scope, self.line(definition))

    def _definition(self, node: Node, scope: int) -> None:
        value, name = self._define(node, scope, [])
        if name:
            self._bind_name(name, value, scope, self.line(node))

    def _define(self, node: Node, scope: int, decorators: list[str]) -> tuple[int, str]:
        name = self.name_of(node)
        if not name:
            self._block(node, scope)
            return NOTHING, ""
        flags = Flag.DECORATED if decorators else 0
        for said in decorators:
            flags |= _DESCRIPTORS.get(said, 0)
            if said.endswith((".setter", ".getter", ".deleter")) or "cached_property" in said:
                flags |= Flag.PROPERTY
            if "abstractmethod" in said:
                flags |= Flag.ABSTRACT
        is_class = node.type == "class_definition"
        kind = ScopeKind.CLASS if is_class else ScopeKind.FUNCTION
        # Defaults and bases are read where the definition stands.
        read = self._bases(node, scope) if is_class else self._defaults(node, scope)
        own = self.open_scope(node, scope, kind, name, flags=flags)
        self._ways[own] = {}
        line = self.line(node)
        value = self.out.fact(Op.DEFINITION, scope, line, own)
        if is_class:
            for place, base in enumerate(read):
                if base >= 0:
                    self.out.fact(Op.BASE, scope, line, own, base, place)
        else:
            self._parameters(node, own, read)
            declared = node.child_by_field_name("return_type")
            if declared is not None and (result := self._declared(declared, scope)) >= 0:
                self.out.fact(Op.RESULT_TYPE, own, line, result)
        body = node.child_by_field_name("body")
        if body is not None:
            self._block(body, own)
        return value, name

    def _bases(self, node: Node, scope: int) -> list[int]:
        given = node.child_by_field_name("superclasses")
        bases: list[int] = []
        for child in [] if given is None else given.named_children:
            if child.type == "keyword_argument":
                self._expression(child.child_by_field_name("value"), scope)
            elif child.type == "subscript":
                # Of a generic base, the arguments say nothing of what is inherited.
                bases.append(self._expression(child.child_by_field_name("value"), scope))
            elif child.type != "comment":
                bases.append(self._expression(child, scope))
        return bases

    def _defaults(self, node: Node, scope: int) -> list[int]:
        given = node.child_by_field_name("parameters")
        values: list[int] = []
        for child in [] if given is None else given.named_children:
            value = child.child_by_field_name("value")
            declared = child.child_by_field_name("type")
            values.append(self._expression(value, scope))
            values.append(NOTHING if declared is None else self._declared(declared, scope))
        return values

    def _parameters(self, node: Node, own: int, read: list[int]) -> None:
        given = node.child_by_field_name("parameters")
        place, rest = 0, 0
        for number, child in enumerate([] if given is None else given.named_children):
            if child.type in ("keyword_separator", "positional_separator", "comment"):
                rest = 3 if child.type == "keyword_separator" else rest
                continue
            named = child
            while named.type != "identifier":
                inner = named.child_by_field_name("name") or (
                    named.named_children[0] if named.named_children else None
                )
                if inner is None:
                    break
                named = inner
            if named.type != "identifier":
                continue
            outer = child.named_children[0] if child.type == "typed_parameter" else child
            how = {"list_splat_pattern": 1, "dictionary_splat_pattern": 2}.get(outer.type, rest)
            name, line = self.text(named), self.line(child)
            text = self.out.string(name)
            given_value = self.out.fact(Op.PARAMETER, own, line, place, text, how)
            bound = self.out.fact(Op.NAME, own, line, text, NOTHING, 1)
            self.out.fact(Op.FLOW, own, line, bound, given_value)
            if name not in self._shared:
                self._ways[own][name] = given_value
            default, declared = read[2 * number : 2 * number + 2] or (NOTHING, NOTHING)
            if default >= 0:
                self.out.fact(Op.FLOW, own, line, given_value, default)
            if declared >= 0 and how in (0, 3):
                self.out.fact(Op.FLOW, own, line, given_value, declared)
            rest = 3 if how == 1 else rest
            place += 1

    def _declared(self, node: Node, scope: int) -> int:
        """Return an object of a declared type."""
        inner = node.named_children[0] if node.type == "type" and node.named_children else node
        if inner.type == "binary_operator":
            found = [self._declared(one, scope) for one in inner.named_children]
            return self._union([one for one in found if one >= 0], scope, self.line(node))
        if inner.type in ("subscript", "generic_type"):
            named = inner.named_children
            wrapped = self.text(named[0]).split(".")[-1] in WRAPPED if named else False
            if not wrapped or len(named) < 2:
                return NOTHING
            inner = named[1]
            if inner.type == "type_parameter" and inner.named_children:
                inner = inner.named_children[0]
            return self._declared(inner, scope)
        if inner.type == "string":
            text = self._constant(inner)
            if text is None or not _SIMPLE.fullmatch(text):
                return NOTHING
            first, *rest = text.split(".")
            value = self._read_name(first, scope, self.line(node))
            for part in rest:
                name = self.out.string(part)
                value = self.out.fact(Op.ATTRIBUTE, scope, self.line(node), value, name)
        elif inner.type in ("identifier", "attribute"):
            value = self._expression(inner, scope)
        else:
            return NOTHING
        return self.out.fact(Op.TYPED, scope, self.line(node), value)

    def _lambda(self, node: Node, scope: int) -> int:
        read = self._defaults(node, scope)
        own = self.open_scope(node, scope, ScopeKind.LAMBDA, self.unnamed_name(scope))
        self._ways[own] = {}
        value = self.out.fact(Op.DEFINITION, scope, self.line(node), own)
        self._parameters(node, own, read)
        result = self._expression(node.child_by_field_name("body"), own)
        if result >= 0:
            self.out.fact(Op.RETURN, own, self.line(node), result)
        return value

    # Expressions

    def _assignment(self, node: Node, scope: int) -> int:
        right, left = node.child_by_field_name("right"), node.child_by_field_name("left")
        value = NOTHING
        if right is not None:
            value = (
                self._assignment(right, scope)
                if right.type == "assignment"
                else self._listed(right, scope)
            )
        declared = node.child_by_field_name("type")
        if declared is not None and (typed := self._declared(declared, scope)) >= 0:
            parts = [typed] if value < 0 else [value, typed]
            value = self._union(parts, scope, self.line(node))
        if left is not None and (right is not None or value >= 0):
            self._bind(left, value, scope)
        return value

    def _named(self, node: Node, scope: int) -> int:
        value = self._expression(node.child_by_field_name("value"), scope)
        name = node.child_by_field_name("name")
        if name is not None:
            self._bind(name, value, scope)
        return value

    def _augmented(self, node: Node, scope: int) -> int:
        self._expression(node.child_by_field_name("left"), scope)
        self._expression(node.child_by_field_name("right"), scope)
        return NOTHING

    def _attribute(self, node: Node, scope: int) -> int:
        held = self._expression(node.child_by_field_name("object"), scope)
        named = node.child_by_field_name("attribute")
        if named is None:
            return NOTHING
        if held < 0:
            held = self.out.fact(Op.UNION, scope, self.line(node), NOTHING)
        name = self.out.string(self.text(named))
        return self.out.fact(Op.ATTRIBUTE, scope, self.line(node), held, name, 0)

    def _call(self, node: Node, scope: int) -> int:
        function = node.child_by_field_name("function")
        if function is None:
            return NOTHING
        line = self.line(function if function.type == "identifier" else _named_end(function))
        called = self._expression(function, scope)
        if called < 0:
            called = self.out.fact(Op.UNION, scope, line, NOTHING)
        name = (
            self.text(_named_end(function)) if function.type in ("identifier", "attribute") else ""
        )
        given = node.child_by_field_name("arguments")
        values = (
            [] if given is None else [one for one in given.named_children if one.type != "comment"]
        )
        if given is not None and given.type == "generator_expression":
            values = [given]
        made = self.out.fact(Op.CALL, scope, line, called, self.out.string(name[:_LONGEST_KEY]))
        if name == "super" and function.type == "identifier" and not values:
            self.out.fact(Op.FLOW, scope, line, made, self.out.fact(Op.SUPER, scope, line, NOTHING))
        place = 0
        for child in values:
            if child.type == "keyword_argument":
                value = self._expression(child.child_by_field_name("value"), scope)
                named = child.child_by_field_name("name")
                if value >= 0 and named is not None:
                    key = self.out.string(self.text(named))
                    self.out.fact(Op.NAMED_ARGUMENT, scope, line, made, value, key)
            elif child.type in ("list_splat", "dictionary_splat"):
                value = (
                    self._expression(child.named_children[0], scope)
                    if child.named_children
                    else NOTHING
                )
                if value >= 0:
                    self.out.fact(Op.SPREAD, scope, line, made, value)
            else:
                value = self._expression(child, scope)
                if value >= 0:
                    self.out.fact(Op.ARGUMENT, scope, line, made, value, place)
                place += 1
        return made

    def _subscript(self, node: Node, scope: int) -> int:
        held = self._expression(node.child_by_field_name("value"), scope)
        key_node = node.child_by_field_name("subscript")
        if key_node is not None and key_node.type == "slice":
            self._expression(key_node, scope)
            return self._slice(held, key_node, scope)
        key = self._expression(key_node, scope)
        if held < 0:
            return NOTHING
        return self.out.fact(Op.ITEM, scope, self.line(node), held, NOTHING, key)

    def _slice(self, held: int, node: Node, scope: int) -> int:
        """Return a part of a list; its items are moved by where the part begins, if that is said."""
        if held < 0:
            return NOTHING
        made, line = self.out.fact(Op.CONTAINER, scope, self.line(node), NOTHING), self.line(node)
        parts = [one for one in node.named_children]
        bounds = [
            int(self.text(one))
            for one in parts
            if one.type == "integer" and self.text(one).isdigit()
        ]
        if len(bounds) == 2 == len(parts) and bounds[0] <= bounds[1] <= bounds[0] + 16:
            for place in range(*bounds):
                item = self.out.fact(Op.ITEM, scope, line, held, self.out.string(f"#{place}"))
                key = self.out.fact(Op.TEXT, scope, line, self.out.string(f"#{place - bounds[0]}"))
                self.out.fact(Op.STORE, scope, line, made, item, key)
            return made
        self.out.fact(
            Op.STORE, scope, line, made, self.out.fact(Op.ITEM, scope, line, held), NOTHING
        )
        return made

    def _constant(self, node: Node) -> str | None:
        if node.type == "integer":
            return "#" + self.text(node)
        if any(child.type == "interpolation" for child in node.named_children):
            return None
        return "".join(self.text(one) for one in self.children(node, "string_content"))

    def _literal(self, node: Node, scope: int) -> int:
        text = self._constant(node)
        if text is None:
            for child in node.named_children:
                self._statement(child, scope)
            return NOTHING
        if len(text) > _LONGEST_KEY or "\n" in text:
            return NOTHING
        return self.out.fact(Op.TEXT, scope, self.line(node), self.out.string(text))

    def _container(self, node: Node, scope: int) -> int:
        line = self.line(node)
        made = self.out.fact(Op.CONTAINER, scope, line, NOTHING)
        place = 0
        children = [one for one in node.named_children if one.type != "comment"]
        for child in children:
            if child.type == "pair":
                key = self._expression(child.child_by_field_name("key"), scope)
                value = self._expression(child.child_by_field_name("value"), scope)
            elif child.type in ("list_splat", "dictionary_splat"):
                inner = (
                    self._expression(child.named_children[0], scope)
                    if child.named_children
                    else NOTHING
                )
                key, value = NOTHING, NOTHING
                if inner >= 0:
                    value = self.out.fact(Op.ITEM, scope, line, inner)
            else:
                value, key = self._expression(child, scope), NOTHING
                if value >= 0:
                    key = self.out.fact(Op.TEXT, scope, line, self.out.string(f"#{place}"))
                    if node.type in ("tuple", "expression_list", "list"):
                        last = self.out.string(f"#{place - len(children)}")
                        behind = self.out.fact(Op.TEXT, scope, line, last)
                        self.out.fact(Op.STORE, scope, line, made, value, behind)
                place += 1
            if value >= 0:
                self.out.fact(Op.STORE, scope, line, made, value, key)
        return made

    def _comprehension(self, node: Node, scope: int) -> int:
        line = self.line(node)
        before = dict(self._ways[scope])
        for child in node.named_children:
            if child.type == "for_in_clause":
                over = self._expression(child.child_by_field_name("right"), scope)
                element = NOTHING
                if over >= 0:
                    element = self.out.fact(Op.ELEMENT, scope, self.line(child), over)
                left = child.child_by_field_name("left")
                if left is not None:
                    self._bind_locally(left, element, scope)
            elif child.type == "if_clause":
                self._block(child, scope)
        made = self.out.fact(Op.CONTAINER, scope, line, NOTHING)
        body = node.child_by_field_name("body")
        key = NOTHING
        if body is not None and body.type == "pair":
            self._expression(body.child_by_field_name("key"), scope)
            value = self._expression(body.child_by_field_name("value"), scope)
        else:
            value = self._expression(body, scope)
        if value >= 0:
            self.out.fact(Op.STORE, scope, line, made, value, key)
        self._ways[scope] = before
        return made

    def _bind_locally(self, target: Node, value: int, scope: int) -> None:
        """Bind the names of a comprehension, which the scope around does not have."""
        if target.type == "identifier":
            name = self.out.string(self.text(target))
            version = self.out.fact(Op.UNION, scope, self.line(target), NOTHING, name)
            if value >= 0:
                self.out.fact(Op.FLOW, scope, self.line(target), version, value)
            self._ways[scope][self.text(target)] = version
            return
        for place, child in enumerate(target.named_children):
            part = NOTHING
            if value >= 0:
                key = self.out.string(f"#{place}")
                part = self.out.fact(Op.ITEM, scope, self.line(child), value, key)
            self._bind_locally(child, part, scope)

    def _union(self, values: list[int], scope: int, line: int) -> int:
        if len(values) < 2:
            return values[0] if values else NOTHING
        union = self.out.fact(Op.UNION, scope, line, NOTHING)
        for value in values:
            self.out.fact(Op.FLOW, scope, line, union, value)
        return union

    def _either(self, node: Node, scope: int) -> int:
        named = node.named_children
        read = [self._expression(one, scope) for one in named]
        if node.type == "conditional_expression" and len(read) == 3:
            read = [read[0], read[2]]
        return self._union([one for one in read if one >= 0], scope, self.line(node))

    def _inner(self, node: Node, scope: int) -> int:
        found = NOTHING
        for child in node.named_children:
            found = self._expression(child, scope)
        return found

    def _yield(self, node: Node, scope: int) -> int:
        self.out.set_scope(scope, flags=self.out.scope_value(scope, "flags") | Flag.GENERATOR)
        whole = any(one.type == "from" for one in node.children)
        for child in node.named_children:
            value = self._listed(child, scope)
            if value >= 0:
                if whole:
                    value = self.out.fact(Op.ELEMENT, scope, self.line(node), value)
                self.out.fact(Op.YIELD, scope, self.line(node), value)
        return NOTHING

    def _nothing(self, node: Node, scope: int) -> int:
        return NOTHING


_DESCRIPTORS = {
    "staticmethod": Flag.STATIC,
    "classmethod": Flag.CLASS_METHOD,
    "property": Flag.PROPERTY,
    "functools.cached_property": Flag.PROPERTY,
    "cached_property": Flag.PROPERTY,
}


def _named_end(node: Node) -> Node:
    return node.child_by_field_name("attribute") or node


_STATEMENTS = {
    "if_statement": PythonReader._if,
    "match_statement": PythonReader._match,
    "try_statement": PythonReader._try,
    "with_statement": PythonReader._with,
    "for_statement": PythonReader._for,
    "while_statement": PythonReader._while,
    "return_statement": PythonReader._return,
    "raise_statement": PythonReader._raise,
    "global_statement": PythonReader._global,
    "nonlocal_statement": PythonReader._global,
    "import_statement": PythonReader._import,
    "import_from_statement": PythonReader._import_from,
    "function_definition": PythonReader._definition,
    "class_definition": PythonReader._definition,
    "decorated_definition": PythonReader._decorated,
    "block": PythonReader._block,
    "ERROR": PythonReader._block,
}

_EXPRESSIONS = {
    "identifier": PythonReader._name,
    "attribute": PythonReader._attribute,
    "call": PythonReader._call,
    "subscript": PythonReader._subscript,
    "assignment": PythonReader._assignment,
    "named_expression": PythonReader._named,
    "augmented_assignment": PythonReader._augmented,
    "lambda": PythonReader._lambda,
    "list": PythonReader._container,
    "tuple": PythonReader._container,
    "set": PythonReader._container,
    "dictionary": PythonReader._container,
    "list_comprehension": PythonReader._comprehension,
    "set_comprehension": PythonReader._comprehension,
    "dictionary_comprehension": PythonReader._comprehension,
    "generator_expression": PythonReader._comprehension,
    "conditional_expression": PythonReader._either,
    "boolean_operator": PythonReader._either,
    "parenthesized_expression": PythonReader._inner,
    "await": PythonReader._inner,
    "yield": PythonReader._yield,
    "string": PythonReader._literal,
    "integer": PythonReader._literal,
    "comment": PythonReader._nothing,
}
