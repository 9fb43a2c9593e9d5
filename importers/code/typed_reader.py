"""Other languages than Python, by the tables of their data files: definitions, calls, declared types.

A local name is read within the block that declares it. What a name of another file means is left to
imports, packages and bases; a declared type says what an object is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from importers.code.file_facts import NOTHING, Flag, Op, ScopeKind
from importers.code.grammars import CodeLanguage
from importers.code.structure_reader import DEEPEST, TOO_DEEP, StructureReader

if TYPE_CHECKING:
    from tree_sitter import Node

_LONGEST = 60
_BLANK = re.compile(r"\s+")
_BLOCKS = frozenset({"block", "loop", "catch", "branch"})


class TypedReader(StructureReader):
    """Reads the facts of a file by its language's tables (`reading` of the data file)."""

    def __init__(self, language: CodeLanguage, content: bytes) -> None:
        super().__init__(language, content)
        given = language.reading
        self.calls = given.get("calls_by", {})
        self.news = given.get("new_by", {})
        self.members = given.get("member_by", {})
        self.variables = given.get("variable_by", {})
        self.wrappers = frozenset(given.get("wrappers", ()))
        self.types = frozenset(given.get("types", ()))
        self.namespaces = frozenset(given.get("namespaces", ()))
        self.extensions = given.get("extends_by", {})
        self.bases = frozenset(given.get("bases", ()))
        self.selves = frozenset(given.get("self", ()))
        self.supers = frozenset(given.get("super", ()))
        self.names = frozenset(given.get("names_of", ("identifier",)))
        self.imports = given.get("import_by", {})
        self.package_node = given.get("package")
        self.env: list[dict[str, int]] = []
        self.depth = 0

    def visit_module(self, root: Node, module: int) -> None:
        if self.package_node:
            for child in self.children(root, self.package_node):
                if child.child_by_field_name("body") is None:
                    self.out.package = self._path(child)
        self._visit_all(root, module)

    # Walk

    def _visit_all(self, node: Node, scope: int) -> None:
        for child in node.named_children:
            self._expression(child, scope)

    def _expression(self, node: Node | None, scope: int) -> int:
        if node is None:
            return NOTHING
        self.depth += 1
        found = NOTHING
        if self.depth > DEEPEST:
            self.out.note(TOO_DEEP)
        else:
            found = self._read(node, scope)
        self.depth -= 1
        return found

    def _read(self, node: Node, scope: int) -> int:
        kind = node.type
        role = self.roles.get(kind)
        if kind in self.imports:
            self._import(node, scope, self.imports[kind])
            return NOTHING
        if role == "function" or kind in self.namespaces or role == "class":
            return self._define(node, scope, role)
        if role == "lambda":
            return self._lambda(node, scope)
        if kind in self.calls:
            return self._call(node, scope, *self.calls[kind])
        if kind in self.news:
            return self._new(node, scope, self.news[kind])
        if kind in self.members:
            return self._member(node, scope, *self.members[kind])
        if kind in self.variables:
            return self._variable(node, scope, *self.variables[kind])
        if kind in self.selves:
            return self.out.fact(Op.SELF, scope, self.line(node), NOTHING)
        if kind in self.names:
            return self._name(self.text(node), scope, self.line(node))
        if role == "return":
            for child in node.named_children:
                if (value := self._expression(child, scope)) >= 0:
                    self.out.fact(Op.RETURN, scope, self.line(node), value)
            return NOTHING
        if kind in self.wrappers:
            found = [self._expression(child, scope) for child in node.named_children]
            known = [one for one in found if one >= 0]
            return known[-1] if len(known) == 1 else NOTHING
        if role in _BLOCKS and self.env:
            self.env.append({})
            self._visit_all(node, scope)
            self.env.pop()
            return NOTHING
        self._visit_all(node, scope)
        return NOTHING

    # Names

    def _name(self, name: str, scope: int, line: int) -> int:
        for known in reversed(self.env):
            if name in known:
                return known[name]
        return self.out.fact(Op.NAME, scope, line, self.out.string(name))

    def _bind(self, name: str, value: int, scope: int, line: int, fresh: bool = True) -> None:
        if not self.env:
            bound = self.out.fact(Op.NAME, scope, line, self.out.string(name), NOTHING, 1)
            if value >= 0:
                self.out.fact(Op.FLOW, scope, line, bound, value)
            return
        version = next((known[name] for known in reversed(self.env) if name in known), NOTHING)
        if fresh or version < 0:
            if not fresh:
                return
            version = self.out.fact(Op.UNION, scope, line, NOTHING, self.out.string(name))
            self.env[-1][name] = version
        if value >= 0:
            self.out.fact(Op.FLOW, scope, line, version, value)

    # Definitions

    def _define(self, node: Node, scope: int, role: str | None) -> int:
        extended = self.extensions.get(node.type)
        if extended is not None:
            self._extend(node, scope, extended)
            return NOTHING
        name = self.name_of(node)
        body = node.child_by_field_name("body")
        if role == "class" and body is None and self.language.name == "go":
            body = node.child_by_field_name("type")
        if not name or (role == "class" and body is None and self._needs_body(node)):
            if role == "class":
                return NOTHING
            self._visit_all(node, scope)
            return NOTHING
        is_function = role == "function"
        kind = ScopeKind.FUNCTION if is_function else ScopeKind.CLASS
        if node.type in self.namespaces:
            kind = ScopeKind.NAMESPACE
        signature = self._signature(node) if is_function and self.language.overloads else None
        receiver = self._receiver(node) if is_function else None
        flags = self._modifiers(node)
        if receiver is not None:
            name, flags = f"{receiver[1]}{self.language.separator}{name}", flags | Flag.DETACHED
        elif is_function and self.language.separator in name:
            flags |= Flag.DETACHED
        own = self.open_scope(node, scope, kind, name, signature, flags)
        line = self.line(node)
        value = self.out.fact(Op.DEFINITION, scope, line, own)
        if not flags & Flag.DETACHED:
            self._bind(name.split(self.language.separator)[0], value, scope, line)
        outer = self.env
        if is_function:
            self.env = [*outer, {}]
            if receiver is not None and receiver[0]:
                typed = self._typed(receiver[2], scope)
                self._bind(receiver[0], typed, own, line)
            self._parameters(node, own)
            self._result(node, own)
            self._expression_body(body, own)
        else:
            self.env = []
            self._inherit(node, own, scope)
            for child in node.named_children:
                if child == body:
                    self._visit_all(child, own)
                elif child.type not in self.bases and self.roles.get(child.type) == "parameters":
                    self._parameters(node, own)
        self.env = outer
        return value

    def _needs_body(self, node: Node) -> bool:
        # A type that is only named, as in `struct list *next`.
        return self.language.name in ("c", "cpp")

    def _expression_body(self, body: Node | None, own: int) -> None:
        if body is None:
            return
        if self.roles.get(body.type) == "block":
            self._visit_all(body, own)
        elif (value := self._expression(body, own)) >= 0:
            self.out.fact(Op.RETURN, own, self.line(body), value)

    def _extend(self, node: Node, scope: int, field: str) -> None:
        """Read definitions that belong to a type named elsewhere."""
        named = node.child_by_field_name(field)
        body = node.child_by_field_name("body")
        if named is None or body is None:
            return
        base = self._type_name(named)
        trait = node.child_by_field_name("trait")
        if trait is not None and base:
            target = self._name(base.split(self.language.separator)[0], scope, self.line(node))
            given = self._type_value(trait, scope)
            if given >= 0:
                self.out.fact(Op.BASE, scope, self.line(node), target, given, -2)
        for child in body.named_children:
            if self.roles.get(child.type) != "function" or not base:
                continue
            name = f"{base}{self.language.separator}{self.name_of(child)}"
            own = self.open_scope(child, scope, ScopeKind.FUNCTION, name, None, Flag.DETACHED)
            self.out.fact(Op.DEFINITION, scope, self.line(child), own)
            outer, self.env = self.env, [{}]
            self._parameters(child, own)
            self._result(child, own)
            self._expression_body(child.child_by_field_name("body"), own)
            self.env = outer

    def _receiver(self, node: Node) -> tuple[str, str, Node] | None:
        given = node.child_by_field_name("receiver")
        if given is None:
            return None
        for child in given.named_children:
            named, typed = child.child_by_field_name("name"), child.child_by_field_name("type")
            if typed is not None and (type_name := self._type_name(typed)):
                return ("" if named is None else self.text(named)), type_name, typed
        return None

    def _modifiers(self, node: Node) -> int:
        flags = 0
        for child in node.children:
            text = self.text(child) if child.end_byte - child.start_byte < 200 else ""
            words = (
                text.split() if "modifier" in child.type or "specifier" in child.type else [text]
            )
            if "static" in words:
                flags |= Flag.STATIC | (Flag.PRIVATE if self.language.name in ("c", "cpp") else 0)
            if "abstract" in words:
                flags |= Flag.ABSTRACT
        return flags

    def _inherit(self, node: Node, own: int, scope: int) -> None:
        place = 0
        for child in node.named_children:
            if child.type not in self.bases:
                continue
            for named in self._type_nodes(child):
                value = self._type_value(named, scope)
                if value >= 0:
                    self.out.fact(Op.BASE, scope, self.line(child), own, value, place)
                    place += 1

    def _type_nodes(self, node: Node) -> list[Node]:
        if node.type in self.types or node.type in self.names:
            return [node]
        if node.type in self.members:
            return [node]
        return [
            one
            for child in node.named_children
            if self.roles.get(child.type) != "arguments" and "type_arguments" not in child.type
            for one in self._type_nodes(child)
        ]

    def name_of(self, node: Node) -> str:
        declared = node.child_by_field_name("declarator")
        while declared is not None:
            inner = declared.child_by_field_name("declarator")
            if inner is None and declared.type in (
                "reference_declarator",
                "parenthesized_declarator",
            ):
                inner = declared.named_children[0] if declared.named_children else None
            if inner is None:
                return _BLANK.sub("", self.text(declared))
            declared = inner
        named = node.child_by_field_name("name")
        return "" if named is None else _BLANK.sub("", self.text(named)).lstrip("$")

    def _signature(self, node: Node) -> str:
        types = [
            ""
            if one.child_by_field_name("type") is None
            else _BLANK.sub("", self.text(one.child_by_field_name("type") or one))
            for one in self._parameter_nodes(node)
        ]
        return f"({', '.join(types)})"

    def _parameter_nodes(self, node: Node) -> list[Node]:
        found = node.child_by_field_name("parameters")
        declared = node.child_by_field_name("declarator")
        while found is None and declared is not None:
            found = declared.child_by_field_name("parameters")
            declared = declared.child_by_field_name("declarator") or (
                declared.named_children[0]
                if declared.type in ("reference_declarator", "parenthesized_declarator")
                else None
            )
        if found is None:
            single = node.child_by_field_name("parameter")
            return [] if single is None else [single]
        return [
            one
            for one in found.named_children
            if self.roles.get(one.type) in ("parameter", "identifier")
        ]

    def _parameters(self, node: Node, own: int) -> None:
        for place, one in enumerate(self._parameter_nodes(node)):
            if self.roles.get(one.type) == "identifier" and one.type in self.names:
                named: Node | None = one
            else:
                named = one.child_by_field_name("name") or one.child_by_field_name("pattern")
            name = self.name_of(one) if named is None else self.text(named)
            if not name or not name.replace("_", "a").replace("$", "a").isalnum():
                continue
            line = self.line(one)
            rest = 1 if "spread" in one.type or "variadic" in one.type or "rest" in one.type else 0
            given = self.out.fact(Op.PARAMETER, own, line, place, self.out.string(name), rest)
            declared = one.child_by_field_name("type")
            if declared is not None and (typed := self._typed(declared, own)) >= 0:
                self.out.fact(Op.FLOW, own, line, given, typed)
            if self.env:
                self.env[-1][name] = given

    def _result(self, node: Node, own: int) -> None:
        declared = (
            node.child_by_field_name("return_type")
            or node.child_by_field_name("result")
            or node.child_by_field_name("returns")
            or node.child_by_field_name("type")
        )
        if declared is not None and (value := self._type_value(declared, own)) >= 0:
            self.out.fact(Op.RESULT_TYPE, own, self.line(node), value)

    def _lambda(self, node: Node, scope: int) -> int:
        own = self.open_scope(node, scope, ScopeKind.LAMBDA, self.unnamed_name(scope))
        value = self.out.fact(Op.DEFINITION, scope, self.line(node), own)
        outer, self.env = self.env, [*self.env, {}]
        self._parameters(node, own)
        self._expression_body(node.child_by_field_name("body"), own)
        self.env = outer
        return value

    # Types

    def _type_name(self, node: Node) -> str:
        nodes = self._type_nodes(node)
        return _BLANK.sub("", self.text(nodes[0])) if nodes else ""

    def _type_value(self, node: Node, scope: int) -> int:
        nodes = self._type_nodes(node)
        if not nodes:
            return NOTHING
        first = nodes[0]
        if first.type in self.members:
            return self._expression(first, scope)
        parts = re.split(r"[.\\]|::", _BLANK.sub("", self.text(first)))
        line = self.line(first)
        value = self._name(parts[0], scope, line)
        for part in parts[1:]:
            value = self.out.fact(Op.ATTRIBUTE, scope, line, value, self.out.string(part), 0)
        return value

    def _typed(self, node: Node, scope: int) -> int:
        value = self._type_value(node, scope)
        return NOTHING if value < 0 else self.out.fact(Op.TYPED, scope, self.line(node), value)

    # Expressions

    def _call(self, node: Node, scope: int, receiver: str, name: str) -> int:
        line = self.line(node)
        given = node.child_by_field_name("arguments") or next(
            (one for one in node.named_children if self.roles.get(one.type) == "arguments"), None
        )
        held = node.child_by_field_name(receiver) if receiver else None
        named = node.child_by_field_name(name)
        if named is None:
            self._visit_all(node, scope)
            return NOTHING
        line = self.line(named)
        text = self.text(named)
        if held is not None:
            value = self._receiver_value(held, scope)
            called = self.out.fact(Op.ATTRIBUTE, scope, line, value, self.out.string(text), 0)
        elif receiver:
            called = self._name(text, scope, line)
        else:
            called = self._expression(named, scope)
            if called < 0:
                called = self.out.fact(Op.UNION, scope, line, NOTHING)
            text = re.split(r"[.\\]|::|->", text)[-1]
        return self._made_call(called, text, given, node, scope, line)

    def _made_call(
        self, called: int, text: str, given: Node | None, node: Node, scope: int, line: int
    ) -> int:
        arguments = (
            []
            if given is None
            else [one for one in given.named_children if self.roles.get(one.type) != "comment"]
        )
        name = self.out.string(text[:_LONGEST])
        made = self.out.fact(Op.CALL, scope, line, called, name, len(arguments))
        for place, child in enumerate(arguments):
            value = self._expression(child, scope)
            if value >= 0:
                self.out.fact(Op.ARGUMENT, scope, line, made, value, place)
        block = node.child_by_field_name("block")
        if block is not None:
            self._expression(block, scope)
        return made

    def _receiver_value(self, node: Node, scope: int) -> int:
        if node.type in self.supers or self.text(node) in self.supers:
            return self.out.fact(Op.SUPER, scope, self.line(node), NOTHING)
        if self.text(node) in self.selves:
            return self.out.fact(Op.SELF, scope, self.line(node), NOTHING)
        value = self._expression(node, scope)
        return self.out.fact(Op.UNION, scope, self.line(node), NOTHING) if value < 0 else value

    def _new(self, node: Node, scope: int, field: str) -> int:
        line = self.line(node)
        named = (
            node.child_by_field_name(field)
            if field
            else (node.named_children[0] if node.named_children else None)
        )
        value = NOTHING if named is None else self._type_value(named, scope)
        given = node.child_by_field_name("arguments") or next(
            (one for one in node.named_children if self.roles.get(one.type) == "arguments"), None
        )
        body = node.child_by_field_name("body")
        if value < 0 or named is None:
            self._visit_all(node, scope)
            return NOTHING
        made = self._made_call(value, self._type_name(named), given, node, scope, line)
        if body is not None:
            self._expression(body, scope)
        return made

    def _member(self, node: Node, scope: int, held: str, name: str) -> int:
        inner, named = node.child_by_field_name(held), node.child_by_field_name(name)
        if named is None:
            self._visit_all(node, scope)
            return NOTHING
        if inner is None:
            # `this.` of C#, `::` before a global name.
            return self._name(self.text(named), scope, self.line(named))
        value = self._receiver_value(inner, scope)
        if named.type in self.members:
            parts = re.split(r"::|\\", _BLANK.sub("", self.text(named)))
        else:
            parts = [self.text(named)]
        for part in parts:
            value = self.out.fact(
                Op.ATTRIBUTE, scope, self.line(named), value, self.out.string(part), 0
            )
        return value

    def _variable(self, node: Node, scope: int, name: str, value: str, typed: str) -> int:
        held = node.child_by_field_name(value) if value else None
        if value and held is None and "declarator" in node.type and node.named_children:
            last = node.named_children[-1]
            held = last if last != node.child_by_field_name(name) else None
        read = self._expression(held, scope)
        holder = node.parent if typed.startswith("^") else node
        declared = (
            None if holder is None or not typed else holder.child_by_field_name(typed.lstrip("^"))
        )
        line = self.line(node)
        parts = [] if read < 0 else [read]
        if declared is not None and (given := self._typed(declared, scope)) >= 0:
            parts.append(given)
        targets = node.children_by_field_name(name)
        for target in targets:
            if target.type == "function_declarator":
                # Declared here, defined elsewhere.
                continue
            union = NOTHING
            if parts:
                union = self.out.fact(Op.UNION, scope, line, NOTHING)
                for part in parts:
                    self.out.fact(Op.FLOW, scope, line, union, part)
            self._assign(target, union, scope, fresh="assignment" not in node.type)
        for child in node.named_children:
            if child not in targets and child != held and child != declared:
                self._expression(child, scope)
        return read

    def _assign(self, target: Node, value: int, scope: int, fresh: bool) -> None:
        if target.type == "expression_list":
            for child in target.named_children:
                alone = value if target.named_child_count == 1 else NOTHING
                self._assign(child, alone, scope, fresh)
        elif target.type in self.members:
            held, name = self.members[target.type]
            inner, named = target.child_by_field_name(held), target.child_by_field_name(name)
            if inner is not None and named is not None and value >= 0:
                object_at = self._receiver_value(inner, scope)
                key = self.out.string(self.text(named))
                bound = self.out.fact(Op.ATTRIBUTE, scope, self.line(target), object_at, key, 1)
                self.out.fact(Op.FLOW, scope, self.line(target), bound, value)
        else:
            name = self.name_of(target) or self.text(target).lstrip("*&")
            if "declarator" not in target.type:
                name = self.text(target).lstrip("*&")
            if not self.env:
                name = name.lstrip("$")
            if (
                len(name) <= _LONGEST
                and name.replace("_", "a").replace("$", "a").replace("@", "").isalnum()
            ):
                self._bind(name, value, scope, self.line(target), fresh or not self.env)

    # Imports

    def _path(self, node: Node) -> str:
        named = node.child_by_field_name("name") or (
            node.named_children[0] if node.named_children else None
        )
        return "" if named is None else _BLANK.sub("", self.text(named))

    def _import(self, node: Node, scope: int, style: str) -> None:
        line = self.line(node)
        if style == "dotted":
            self._import_dotted(node, scope, line)
        elif style == "module":
            self._import_module(node, scope, line)
        elif style == "path":
            for one in self._all_of(node, "import_spec"):
                self._import_path(one, scope, line)
        elif style == "include":
            path = node.child_by_field_name("path")
            if path is not None and path.type == "string_literal":
                self._imported(self.text(path).strip('"'), scope, line)

    def _imported(self, path: str, scope: int, line: int) -> int:
        return self.out.fact(Op.IMPORT, scope, line, self.out.string(path), 0, 0)

    def _import_dotted(self, node: Node, scope: int, line: int) -> None:
        whole = any(one.type == "asterisk" for one in node.named_children)
        named = [
            one for one in node.named_children if one.type in ("scoped_identifier", "identifier")
        ]
        if not named:
            return
        path = _BLANK.sub("", self.text(named[0]))
        found = self._imported(path, scope, line)
        if whole:
            self.out.fact(Op.IMPORT_ALL, scope, line, found)
        else:
            self._bind_imported(path.split(".")[-1], found, scope, line)

    def _import_module(self, node: Node, scope: int, line: int) -> None:
        source = node.child_by_field_name("source")
        if source is None:
            self._visit_all(node, scope)
            if any(one.type == "default" for one in node.children):
                self._export_default(node, scope, line)
            return
        module = self._imported(self.text(source).strip("\"'`"), scope, line)
        if node.type == "export_statement" and any(one.type == "*" for one in node.children):
            self.out.fact(Op.IMPORT_ALL, scope, line, module)
        for clause in self.children(node, "import_clause"):
            for child in clause.named_children:
                if child.type == "identifier":
                    self._import_one(module, "default", self.text(child), scope, line)
                elif child.type == "namespace_import" and child.named_children:
                    self._bind_imported(self.text(child.named_children[0]), module, scope, line)
        for one in [
            *self._all_of(node, "import_specifier"),
            *self._all_of(node, "export_specifier"),
        ]:
            named, alias = one.child_by_field_name("name"), one.child_by_field_name("alias")
            if named is not None:
                self._import_one(module, self.text(named), self.text(alias or named), scope, line)

    def _import_one(self, module: int, name: str, alias: str, scope: int, line: int) -> None:
        found = self.out.fact(Op.IMPORT_NAME, scope, line, module, self.out.string(name))
        self._bind_imported(alias, found, scope, line)

    def _bind_imported(self, name: str, value: int, scope: int, line: int) -> None:
        """Bind a name of the file alone, which other files of its package do not see."""
        bound = self.out.fact(Op.NAME, scope, line, self.out.string(name), NOTHING, 2)
        self.out.fact(Op.FLOW, scope, line, bound, value)

    def _export_default(self, node: Node, scope: int, line: int) -> None:
        value = node.child_by_field_name("value")
        declared = node.child_by_field_name("declaration")
        found = NOTHING
        if declared is not None and (name := self.name_of(declared)):
            found = self._name(name, scope, line)
        elif value is not None and value.type == "identifier":
            found = self._name(self.text(value), scope, line)
        if found >= 0:
            self._bind("default", found, scope, line)

    def _import_path(self, node: Node, scope: int, line: int) -> None:
        path, alias = node.child_by_field_name("path"), node.child_by_field_name("name")
        if path is None:
            return
        text = self.text(path).strip('"`')
        found = self._imported(text, scope, line)
        name = text.rsplit("/", 1)[-1] if alias is None else self.text(alias)
        if name not in ("_", "."):
            self._bind_imported(name, found, scope, line)

    def _all_of(self, node: Node, kind: str) -> list[Node]:
        found = list(self.children(node, kind))
        for child in node.named_children:
            found += self._all_of(child, kind)
        return found
