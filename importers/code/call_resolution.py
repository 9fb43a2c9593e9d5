"""Resolution of calls: which functions an expression may be, by what flows into it.

Inclusion constraints over names, attributes, parameters, results and items, solved to a fixpoint
(Andersen 1994; for Python Salis et al. 2021, PyCG). Objects of a class are one; what a function
gives does not depend on who calls it. What nothing flows into stays unresolved: a name alone is
never taken for what it may mean.
"""

from __future__ import annotations

import gc
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hartonomous.code_steps import Step
from importers.code.code_base import CodeBase
from importers.code.file_facts import Flag, Op, ScopeKind
from importers.code.grammars import languages
from importers.code.import_targets import constructor_name, import_target
from importers.code.method_order import method_order
from importers.code.python_builtins import BUILTINS, CALLERS

MOST_TARGETS = 16
"""Functions that one call may be; a call that may be more is not resolved."""

DEEPEST_OUTSIDE = 3
"""Attributes that are followed from something outside of the code base."""

Value = tuple[Any, ...]


_STEP_OF_OP: dict[int, int] = {
    Op.NAME: Step.SCOPE,
    Op.ATTRIBUTE: Step.ATTRIBUTE,
    Op.CALL: Step.RESULT,
    Op.ITEM: Step.ITEM,
    Op.PARAMETER: Step.ARGUMENT,
    Op.IMPORT: Step.IMPORT,
    Op.IMPORT_NAME: Step.IMPORT,
    Op.ELEMENT: Step.ITEM,
    Op.TYPED: Step.TYPE,
    Op.DECORATED: Step.DECORATOR,
    Op.SUPER: Step.INHERITANCE,
    Op.ENTERED: Step.PROTOCOL,
}


@dataclass(frozen=True)
class Site:
    """Where something is called: number of the file, of the scope, the line, the name written."""

    file: int
    scope: int
    line: int
    name: str


@dataclass
class Resolution:
    """What calls were resolved to: rows of caller, callee (numbers of symbols), file, line and steps.

    Callees beyond the code base's symbols are `externals`, `language:path`, numbered behind them.
    `unresolved` are the other sites with the reason.
    """

    calls: list[tuple[int, int, int, int, int]]
    externals: list[str]
    unresolved: list[tuple[Site, str]]
    inherited: list[tuple[int, int, int, int]]
    imported: list[tuple[int, int, int, int]]
    sites: int = 0


class CallResolver:
    """Resolves the calls of a code base."""

    def __init__(self, base: CodeBase) -> None:
        self.base, self.symbols = base, base.symbols
        self.offsets: list[int] = []
        total = 0
        for file in base.files:
            self.offsets.append(total)
            total += len(file.facts.facts)
        self._next = self._facts = total
        self._named: dict[Value, int] = {}
        self._step_of: dict[int, int] = {}
        self._values: list[Value] = []
        self._value_number: dict[Value, int] = {}
        self.held: dict[int, dict[int, int]] = {}
        self._after: dict[int, list[int]] = {}
        self._edges: set[int] = set()
        self._waiting_on: dict[int, list[tuple[Any, ...]]] = {}
        self._queue: deque[tuple[int, int]] = deque()
        self._bound: dict[int, set[str]] = {}
        self._classes: dict[int, list[int]] = {}
        self._outside: dict[int, list[str]] = {}
        self._parameters: dict[int, list[tuple[int, str, int, int]]] = {}
        self._flags: dict[int, int] = {}
        self._arguments: dict[int, list[tuple[int, int, int, str]]] = {}
        self._modules: dict[tuple[str, str], int] = {}
        self._folders: set[tuple[str, str]] = set()
        self._stars: dict[int, list[int]] = {}
        self._shared: dict[tuple[int, int], dict[str, int]] = {}
        self._stored: set[str] = set()
        self._site_of: dict[int, tuple[int, int, int]] = {}
        self._called: dict[int, dict[Value, tuple[int, int]]] = {}
        self._scopes: list[tuple[list[int], list[int], list[int]]] = []
        self._decorated: list[tuple[int, int]] = []
        self._yields: set[int] = set()
        self._starred: set[int] = set()
        self._imported: dict[int, set[str]] = {}
        self._implicit: set[int] = set()
        self._holder: dict[int, int] = {}
        self._everywhere: dict[tuple[str, str], set[int]] = {}
        self._language: list[str] = []
        self._packages: dict[tuple[str, str], int] = {}

    # Nodes and values

    def node(self, *key: Any) -> int:
        """Return the node of something that is no expression."""
        found = self._named.get(key)
        if found is None:
            found = self._named[key] = self._next
            self._next += 1
        return found

    def value(self, *what: Any) -> int:
        """Return the number of a value."""
        found = self._value_number.get(what)
        if found is None:
            found = self._value_number[what] = len(self._values)
            self._values.append(what)
        return found

    def add(self, node: int, value: int, origin: int = -1) -> None:
        """Let a value be at a node."""
        at = self.held.setdefault(node, {})
        if value not in at:
            at[value] = origin
            self._queue.append((node, value))

    def flow(self, origin: int, node: int) -> None:
        """Let all that is at one node be at another."""
        edge = origin << 40 | node
        if origin == node or edge in self._edges:
            return
        self._edges.add(edge)
        self._after.setdefault(origin, []).append(node)
        for value in list(self.held.get(origin, ())):
            self.add(node, value, origin)

    def when(self, node: int, *what: Any) -> None:
        """Do something with every value that comes to a node."""
        self._waiting_on.setdefault(node, []).append(what)
        for value in list(self.held.get(node, ())):
            self._do(what, value, node)

    def run(self) -> None:
        """Go on until nothing changes."""
        queue, after, waiting = self._queue, self._after, self._waiting_on
        while queue:
            node, value = queue.popleft()
            for following in after.get(node, ()):
                self.add(following, value, node)
            for what in waiting.get(node, ()):
                self._do(what, value, node)

    def _do(self, what: tuple[Any, ...], value: int, node: int) -> None:
        what[0](self, self._values[value], value, node, *what[1:])

    def _rows(self, number: int) -> Iterator[tuple[int, ...]]:
        """Yield the facts of a file."""
        return zip(*self.base.files[number].facts.facts.T.tolist(), strict=True)

    def _op(self, number: int, fact: int) -> int:
        return int(self.base.files[number].facts.facts[fact, 0])

    # Preparation

    def prepare(self) -> None:
        """Read what names are bound where, and let all facts flow."""
        for number, file in enumerate(self.base.files):
            symbols = languages()[file.facts.language].symbols
            module = int(self.symbols.of[number][0])
            name = self.base.module_of(number)
            self._modules.setdefault((symbols, name), module)
            if symbols != "python":
                self._packages.setdefault((symbols, name), module)
                continue
            parts = name.split(".")
            for length in range(1, len(parts)):
                self._folders.add((symbols, ".".join(parts[:length])))
        for number in range(len(self.base.files)):
            self._read_names(number)
        for number in range(len(self.base.files)):
            self._link(number, bases_alone=True)
        self._order_classes()
        self._forget()
        for number in range(len(self.base.files)):
            self._link(number, bases_alone=False)
        for number in range(len(self.base.files)):
            self._seed(number)

    def _forget(self) -> None:
        """Forget all flows: members are looked up otherwise once the order of classes is known."""
        for one in (self.held, self._after, self._edges, self._waiting_on, self._called):
            one.clear()
        self._queue.clear()
        self._decorated.clear()
        self._stars.clear()

    def _read_names(self, number: int) -> None:
        facts = self.base.files[number].facts
        rows = list(zip(*facts.facts.T.tolist(), strict=True))
        own, strings = self.symbols.of[number].tolist(), facts.strings
        parents, kinds = (facts.scope_column(name).tolist() for name in ("parent", "kind"))
        self._scopes.append((own, parents, kinds))
        language = languages()[facts.language]
        self._language.append(language.symbols)
        if language.reading.get("implicit_members"):
            self._implicit.add(number)
        self._find_holders(number)
        for at, row in enumerate(facts.scopes.tolist()):
            symbol = own[at]
            self._flags[symbol] = self._flags.get(symbol, 0) | row[10]
            self._bound.setdefault(symbol, set())
        for op, scope, _, a, b, c in rows:
            if op == Op.GLOBAL:
                self._shared.setdefault((number, scope), {})[strings[a]] = b
            elif op == Op.ATTRIBUTE and c == 1:
                self._stored.add(strings[b])
            elif op == Op.IMPORT_ALL:
                self._starred.add(number)
        for at, (op, scope, _, a, b, c) in enumerate(rows):
            if op == Op.NAME and c == 2:
                self._imported.setdefault(number, set()).add(strings[a])
            elif op == Op.NAME and c == 1:
                if kinds[scope] in _OUTERMOST and language.symbols in _WHOLE_LANGUAGE:
                    whole = self._everywhere.setdefault((language.symbols, strings[a]), set())
                    whole.add(own[scope])
                shared = self._shared.get((number, scope), {}).get(strings[a])
                if shared is None:
                    self._bound[own[scope]].add(strings[a])
                elif shared == 0:
                    self._bound[own[0]].add(strings[a])
            elif op == Op.PARAMETER:
                known = self._parameters.setdefault(own[scope], [])
                known.append((a, strings[b], c, self.offsets[number] + at))
            elif op in (Op.ARGUMENT, Op.NAMED_ARGUMENT, Op.SPREAD):
                call, given = self.offsets[number] + a, self.offsets[number] + b
                name = strings[c] if op == Op.NAMED_ARGUMENT else ""
                self._arguments.setdefault(call, []).append((op, given, c, name))
            elif op == Op.YIELD:
                self._yields.add(own[scope])

    def _find_holders(self, number: int) -> None:
        """Find the classes of functions that are defined outside of them, as `A::f`."""
        facts, own = self.base.files[number].facts, self.symbols.of[number].tolist()
        separator = languages()[facts.language].separator
        for at, row in enumerate(facts.scopes.tolist()):
            if row[10] & Flag.DETACHED and own[at] >= 0:
                text = self.symbols.texts[own[at]].partition("(")[0]
                holder = self.symbols.number.get(text.rpartition(separator)[0], -1)
                if holder >= 0:
                    name = text.rpartition(separator)[2]
                    self._holder[own[at]] = holder
                    self._bound.setdefault(holder, set()).add(name)

    def _link(self, number: int, bases_alone: bool) -> None:
        """Let the facts of a file flow; of those that tell the bases of classes, if they are alone."""
        facts, offset = self.base.files[number].facts, self.offsets[number]
        strings, own = facts.strings, self.symbols.of[number].tolist()
        kinds = facts.scope_column("kind").tolist()
        for at, (op, scope, line, a, b, c) in enumerate(self._rows(number)):
            node = offset + at
            if bases_alone and (op not in _TELLING or kinds[scope] in _FUNCTIONS):
                continue
            if op == Op.NAME:
                found = self._name_node(number, scope, strings[a], c)
                if c >= 1:
                    self.flow(node, found)
                elif found >= 0:
                    self.flow(found, node)
                elif facts.language == "python" and strings[a] in BUILTINS:
                    self.add(node, self.value("x", f"builtins.{strings[a]}", 0))
            elif op == Op.FLOW:
                self.flow(offset + b, offset + a)
            elif op == Op.ATTRIBUTE:
                self.when(
                    offset + a, _bind_attribute if c == 1 else _read_attribute, node, strings[b]
                )
            elif op == Op.CALL:
                self._site_of[node] = (number, scope, line)
                self.when(offset + a, _call, node)
            elif op == Op.DEFINITION:
                symbol = own[a]
                if symbol >= 0:
                    what = _WHAT.get(kinds[a], "f")
                    self.add(node, self.value(what, symbol))
                    if symbol in self._holder:
                        name = self.symbols.texts[symbol].partition("(")[0]
                        name = name.rpartition(languages()[facts.language].separator)[2]
                        self.flow(node, self.node("v", self._holder[symbol], name))
            elif op == Op.SELF:
                if (holder := self._class_around(number, scope)) >= 0:
                    self.add(node, self.value("i", holder))
            elif op == Op.TEXT:
                self.add(node, self.value("t", strings[a]))
            elif op == Op.CONTAINER:
                self.add(node, self.value("k", node))
            elif op == Op.ITEM:
                key = strings[b] if b >= 0 else None
                self.when(offset + a, _item, node, key, offset + c if c >= 0 else -1)
                self._site_of[node] = (number, scope, line)
            elif op == Op.STORE:
                self.when(offset + a, _store, offset + b, offset + c if c >= 0 else -1)
            elif op == Op.RETURN:
                self.flow(offset + a, self.node("r", own[scope]))
            elif op == Op.YIELD:
                held = self.node("g", own[scope])
                self.add(self.node("r", own[scope]), self.value("k", held))
                self.flow(offset + a, self.node("any", held))
            elif op in (Op.ELEMENT, Op.ENTERED, Op.HANDED):
                self._site_of[node] = (number, scope, line)
                does = {Op.ELEMENT: _element, Op.ENTERED: _enter, Op.HANDED: _call}[Op(op)]
                self.when(offset + a, does, node)
            elif op in (Op.TYPED, Op.RESULT_TYPE):
                to = node if op == Op.TYPED else self.node("r", own[scope])
                self.when(offset + a, _declare, to)
            elif op == Op.DECORATED:
                self._site_of[node] = (number, scope, line)
                self._decorated.append((node, offset + b))
                self._arguments.setdefault(node, []).append((Op.ARGUMENT, offset + b, 0, ""))
                self.when(offset + a, _decorate, node, offset + b)
            elif op == Op.IMPORT:
                self._import(number, node, strings[a], b == 1, c)
            elif op == Op.IMPORT_NAME:
                self.when(offset + a, _read_attribute, node, strings[b])
            elif op == Op.IMPORT_ALL:
                self.when(offset + a, _import_all, own[0])
            elif op == Op.SUPER:
                self._super(number, scope, node)

    def _seed(self, number: int) -> None:
        """Let the first parameter of every method be an object of its class."""
        facts, own = self.base.files[number].facts, self.symbols.of[number].tolist()
        rows = facts.scopes.tolist()
        for at, row in enumerate(rows):
            parent, kind, flags = row[0], row[1], row[10]
            if facts.language != "python":
                break
            if kind != ScopeKind.FUNCTION or parent < 0 or rows[parent][1] != ScopeKind.CLASS:
                continue
            if flags & Flag.STATIC or own[at] < 0 or own[parent] < 0:
                continue
            what = "c" if flags & Flag.CLASS_METHOD else "i"
            for place, _, how, node in self._parameters.get(own[at], ()):
                if place == 0 and how == 0:
                    self.add(node, self.value(what, own[parent]))

    def _order_classes(self) -> None:
        """Find the bases of all classes by what flows outside of functions, and their order."""
        self.run()
        bases: dict[int, list[tuple[int, int]]] = {}
        for number in range(len(self.base.files)):
            rows = self._rows(number)
            own = self.symbols.of[number].tolist()
            for op, _, _, a, b, c in rows:
                if op != Op.BASE or own[a] < 0:
                    continue
                for value in self.held.get(self.offsets[number] + b, ()):
                    what = self._values[value]
                    if what[0] == "c" and what[1] != own[a]:
                        bases.setdefault(own[a], []).append((c, what[1]))
                    elif what[0] == "x":
                        self._outside.setdefault(own[a], []).append(what[1])
        direct = {
            symbol: [base for _, base in sorted(set(found))] for symbol, found in bases.items()
        }
        self._classes = method_order(direct)

    # Names

    def _name_node(self, number: int, scope: int, name: str, binding: int) -> int:
        own, parents, kinds = self._scopes[number]
        at, first = scope, True
        if binding == 2:
            return self.node("file", number, name)
        shared = self._shared.get((number, scope), {}).get(name)
        if shared == 0:
            return self.node("v", own[0], name)
        if shared == 1:
            at, first, binding = parents[scope], False, 0
        if binding == 1:
            return self.node("v", own[scope], name)
        while at >= 0:
            symbol = own[at]
            if parents[at] < 0 and name in self._imported.get(number, ()):
                return self.node("file", number, name)
            if kinds[at] == ScopeKind.CLASS and number in self._implicit:
                inherited = self.member(symbol, name)
                if inherited is not None:
                    return inherited[0]
            elif (first or kinds[at] != ScopeKind.CLASS) and name in self._bound.get(symbol, ()):
                return self.node("v", symbol, name)
            if symbol in self._holder and number in self._implicit:
                inherited = self.member(self._holder[symbol], name)
                if inherited is not None:
                    return inherited[0]
            at, first = parents[at], False
        module = own[0]
        if self._has_star(number):
            return self.node("v", module, name)
        known = self._everywhere.get((self._language[number], name), ())
        if len(known) == 1:
            return self.node("v", next(iter(known)), name)
        return -1

    def _has_star(self, number: int) -> bool:
        return number in self._starred

    def _import(self, number: int, node: int, name: str, first: bool, dots: int) -> None:
        file = self.base.files[number]
        if self._language[number] != "python":
            self._import_elsewhere(number, node, name)
            return
        own = self.base.module_of(number).split(".")
        package = own if file.name.endswith("__init__.py") else own[:-1]
        if dots:
            base = package[: len(package) - dots + 1]
            path = ".".join([*base, *([name] if name else [])])
            self._import_module(node, path, absolute=path)
            return
        asked = name.split(".")[0] if first else name
        self._step_of[node] = Step.IMPORT
        # As a script's own folder comes first among those that are searched.
        for base in ([], package):
            path = ".".join([*base, asked])
            if self._is_module(path):
                self._import_module(node, path, absolute=asked)
                return
        self.add(node, self.value("x", asked, 0))

    def _import_elsewhere(self, number: int, node: int, path: str) -> None:
        """Import of other languages: a path of names, of a folder, or of a file beside."""
        language = self._language[number]
        self._step_of[node] = Step.IMPORT
        symbol = import_target(
            language, self.base.files[number].name, path, self.symbols.number, self._packages
        )
        if symbol < 0:
            self.add(node, self.value("x", path, 0))
        else:
            kind = self.symbols.kinds[symbol]
            what = {ScopeKind.CLASS: "c", ScopeKind.FUNCTION: "f"}.get(ScopeKind(kind), "p")
            self.add(node, self.value(what, symbol))

    def _is_module(self, path: str) -> bool:
        return ("python", path) in self._modules or ("python", path) in self._folders

    def _import_module(self, node: int, path: str, absolute: str) -> None:
        if self._is_module(path):
            self.add(node, self.value("m", path))
        else:
            self.add(node, self.value("x", absolute, 0))

    def _class_around(self, number: int, scope: int) -> int:
        own, parents, kinds = self._scopes[number]
        at = scope
        while at >= 0:
            if kinds[at] == ScopeKind.CLASS:
                return own[at]
            if own[at] in self._holder:
                return self._holder[own[at]]
            at = parents[at]
        return -1

    def _super(self, number: int, scope: int, node: int) -> None:
        if self._language[number] != "python":
            holder = self._class_around(number, scope)
            if holder >= 0:
                self.add(node, self.value("s", holder, holder, ("i", holder)))
            return
        own, parents, kinds = self._scopes[number]
        at = scope
        while at >= 0 and (parents[at] < 0 or kinds[parents[at]] != ScopeKind.CLASS):
            at = parents[at]
        if at < 0:
            return
        holder = own[parents[at]]
        for place, _, how, given in self._parameters.get(own[at], ()):
            if place == 0 and how == 0:
                self.when(given, _make_super, node, holder)

    # Classes

    def order(self, symbol: int) -> list[int]:
        """Return a class and what it inherits from, in the order in which members are looked up."""
        return self._classes.get(symbol, [symbol])

    def member(self, symbol: int, name: str, after: int = -1) -> tuple[int, int] | None:
        """Return the node of a class's member and the class that has it; `after` a class in order."""
        order = self.order(symbol)
        if after >= 0:
            order = order[order.index(after) + 1 :] if after in order else []
        for one in order:
            if name in self._bound.get(one, ()):
                return self.node("v", one, name), one
        return None

    def outside(self, symbol: int) -> list[str]:
        """Return the classes outside of the code base that a class inherits from."""
        return [path for one in self.order(symbol) for path in self._outside.get(one, ())]

    def is_generator(self, symbol: int) -> bool:
        """Return whether calling a function gives an iterator."""
        return symbol in self._yields

    # Results

    def record(self, node: int, value: Value, origin: int) -> None:
        """Note that at the site of a node a function is called."""
        number = self.value(*value)
        self._called.setdefault(node, {}).setdefault(value, (origin, number))

    def resolution(self) -> Resolution:
        """Resolve, and return what was found."""
        self.prepare()
        self.run()
        # A decorator of which nothing is known gives what it decorates.
        while True:
            bare = [(node, given) for node, given in self._decorated if not self.held.get(node)]
            for node, given in bare:
                self.flow(given, node)
            if not self._queue:
                break
            self.run()
        return self._gathered()

    def _gathered(self) -> Resolution:
        found = Resolution([], [], [], [], [])
        outside: dict[str, int] = {}
        for number in range(len(self.base.files)):
            facts, own = self.base.files[number].facts, self.symbols.of[number].tolist()
            offset, language = self.offsets[number], languages()[facts.language].symbols
            for at, (op, scope, line, a, b, given) in enumerate(self._rows(number)):
                if op in (Op.IMPORT, Op.IMPORT_NAME):
                    self._gather_imports(found, outside, number, offset + at, own[0], line)
                if op == Op.IMPORT and b == 1 and "." in facts.strings[a]:
                    # `import a.b` names a, and imports b.
                    end = self._modules.get((language, facts.strings[a]), -1)
                    if end >= 0 and end != own[0]:
                        found.imported.append((own[0], end, number, line))
                if op == Op.BASE and own[a] >= 0:
                    for value in self.held.get(offset + b, ()):
                        end = self._end(self._values[value], outside, language)
                        if end >= 0 and end != own[a]:
                            found.inherited.append((own[a], end, number, line))
                if op == Op.CALL:
                    found.sites += 1
                if op not in _CALLING:
                    continue
                targets = self._called.get(offset + at, {})
                if targets and op == Op.CALL and language != "python":
                    targets, reason = self._fitting(targets, given)
                    if not targets and reason:
                        site = Site(number, scope, line, facts.strings[b])
                        found.unresolved.append((site, reason))
                        continue
                if op == Op.CALL and not targets:
                    reason = _unresolved(self._op(number, a))
                    found.unresolved.append((Site(number, scope, line, facts.strings[b]), reason))
                elif len(targets) > MOST_TARGETS:
                    name = facts.strings[b] if op == Op.CALL else ""
                    found.unresolved.append(
                        (Site(number, scope, line, name), "more candidates than a call has")
                    )
                elif own[scope] >= 0:
                    for target, (origin, held) in targets.items():
                        end = self._end(target, outside, language)
                        if end >= 0:
                            steps = self._steps(origin, held, op)
                            found.calls.append((own[scope], end, number, line, steps))
        found.externals = [text for text, _ in sorted(outside.items(), key=lambda one: one[1])]
        return found

    def _fitting(
        self, targets: dict[Value, tuple[int, int]], given: int
    ) -> tuple[dict[Value, tuple[int, int]], str]:
        """Return those of functions of one name that take so many arguments, if that tells one."""
        names: dict[str, list[Value]] = {}
        for target in targets:
            text = self.symbols.texts[target[1]] if target[0] in ("f", "c") else str(target[1])
            names.setdefault(text.partition("(")[0], []).append(target)
        kept: dict[Value, tuple[int, int]] = {}
        for alike in names.values():
            fit = alike
            if len(alike) > 1:
                fit = [one for one in alike if one[0] == "f" and self._takes(one[1], given)]
            if len(fit) == 1:
                kept[fit[0]] = targets[fit[0]]
        return kept, "" if kept else "several functions of one name"

    def _takes(self, symbol: int, given: int) -> bool:
        parameters = self._parameters.get(symbol, ())
        if any(how == 1 for _, _, how, _ in parameters):
            return given >= len(parameters) - 1
        return given == len(parameters)

    def _gather_imports(
        self,
        found: Resolution,
        outside: dict[str, int],
        number: int,
        node: int,
        start: int,
        line: int,
    ) -> None:
        language = languages()[self.base.files[number].facts.language].symbols
        named = self._op(number, node - self.offsets[number]) == Op.IMPORT_NAME
        for value in self.held.get(node, ()):
            what = self._values[value]
            if what[0] == "m":
                end = self._modules.get((language, what[1]), -1)
            elif what[0] == "p":
                end = what[1]
            else:
                end = -1 if named else self._end(what, outside, language)
            if end >= 0 and end != start:
                found.imported.append((start, end, number, line))

    def _end(self, value: Value, outside: dict[str, int], language: str) -> int:
        if value[0] in ("f", "c"):
            return int(value[1])
        if value[0] == "x":
            text = f"{language}:{value[1]}"
            known = self.symbols.number.get(text)
            if known is not None:
                return known
            return len(self.symbols) + outside.setdefault(text, len(outside))
        return -1

    def _steps(self, origin: int, held: int, op: int) -> int:
        """Return what a value came through on its way to where it is called."""
        steps = 0 if op in (Op.CALL, Op.HANDED, Op.DECORATED) else int(Step.PROTOCOL)
        at, seen = origin, set[int]()
        while at >= 0 and at not in seen:
            seen.add(at)
            steps |= self._step(at)
            at = self.held.get(at, {}).get(held, -1)
        return steps

    def _step(self, node: int) -> int:
        if node in self._step_of:
            return self._step_of[node]
        if node >= self._facts:
            return 0
        number = bisect_right(self.offsets, node) - 1
        return _STEP_OF_OP.get(self._op(number, node - self.offsets[number]), 0)


_TELLING = frozenset(
    {Op.NAME, Op.FLOW, Op.ATTRIBUTE, Op.DEFINITION, Op.UNION, Op.IMPORT, Op.IMPORT_NAME}
    | {Op.IMPORT_ALL, Op.DECORATED}
)
_FUNCTIONS = (ScopeKind.FUNCTION, ScopeKind.LAMBDA)
_WHAT = {ScopeKind.CLASS: "c", ScopeKind.NAMESPACE: "p"}

_WHOLE_LANGUAGE = frozenset({"c", "cpp", "csharp", "ruby", "php"})
"""Languages in which a name of another file is visible without an import; it counts if only one file
defines it."""

_OUTERMOST = (ScopeKind.MODULE, ScopeKind.NAMESPACE)

_CALLING = frozenset(
    {Op.CALL, Op.HANDED, Op.DECORATED, Op.ELEMENT, Op.ENTERED, Op.ATTRIBUTE, Op.ITEM}
)


def _unresolved(op: int) -> str:
    return {
        Op.ATTRIBUTE: "a method of an object that is not known",
        Op.NAME: "a name that nothing known is bound to",
        Op.UNION: "a name that nothing known is bound to",
        Op.PARAMETER: "an argument that nobody known gives",
        Op.CALL: "a returned value that is not known",
        Op.ITEM: "an item that is not known",
    }.get(Op(op), "an expression that is not known")


# What is done with values that come to a node. The first four arguments are the resolver, the value,
# its number and the node.

R = CallResolver


def _read_attribute(r: R, value: Value, number: int, node: int, out: int, name: str) -> None:
    kind = value[0]
    if kind == "m":
        _module_attribute(r, value[1], name, out)
    elif kind == "p":
        _package_attribute(r, value[1], name, out)
    elif kind == "i":
        _object_attribute(r, value[1], name, out, number)
    elif kind == "c":
        _class_attribute(r, value[1], name, out, number)
    elif kind == "s":
        found = r.member(value[2], name, value[1])
        if found is not None:
            r.when(found[0], _describe, out, r.value(*value[3]), Step.INHERITANCE)
        else:
            _outside_member(r, value[2], name, out)
    elif kind in ("x", "xi"):
        if value[2] < DEEPEST_OUTSIDE:
            r.add(out, r.value("x", f"{value[1]}.{name}", value[2] + 1), node)
    elif kind == "k":
        if name in (
            "append",
            "add",
            "insert",
            "extend",
            "get",
            "pop",
            "setdefault",
            "values",
            "copy",
            "update",
        ):
            r.add(out, r.value("km", value[1], name), node)
    elif kind in ("f", "b"):
        r.flow(r.node("fn", value[1], name), out)


def _module_attribute(r: R, path: str, name: str, out: int) -> None:
    module = r._modules.get(("python", path), -1)
    if module >= 0 and (name in r._bound.get(module, ()) or module in r._stars):
        r.flow(r.node("v", module, name), out)
        if name in r._bound.get(module, ()):
            return
    inner = f"{path}.{name}"
    if r._is_module(inner):
        r.add(out, r.value("m", inner))
    elif module >= 0:
        r.when(r.node("star", module), _star_name, module, name, out)


def _package_attribute(r: R, symbol: int, name: str, out: int) -> None:
    if name in r._bound.get(symbol, ()) or symbol in r._stars:
        r.flow(r.node("v", symbol, name), out)
        return
    separator = languages()[r.symbols.languages[symbol]].separator
    inner = r.symbols.number.get(f"{r.symbols.texts[symbol]}{separator}{name}", -1)
    if inner >= 0:
        what = {ScopeKind.CLASS: "c", ScopeKind.FUNCTION: "f"}
        r.add(out, r.value(what.get(ScopeKind(r.symbols.kinds[inner]), "p"), inner))


def _import_all(r: R, value: Value, number: int, node: int, module: int) -> None:
    if value[0] in ("m", "p"):
        origin = r._modules.get(("python", value[1]), -1) if value[0] == "m" else value[1]
        if origin >= 0 and origin != module:
            r._stars.setdefault(module, []).append(origin)
            r.add(r.node("star", module), number)
            for name in list(r._bound.get(origin, ())):
                if not name.startswith("_"):
                    r.flow(r.node("v", origin, name), r.node("v", module, name))
            r.when(r.node("star", origin), _import_all, module)


def _star_name(
    r: R, value: Value, number: int, node: int, module: int, name: str, out: int
) -> None:
    r.flow(r.node("v", module, name), out)


def _class_attribute(r: R, symbol: int, name: str, out: int, number: int) -> None:
    r.flow(r.node("cf", symbol, name), out)
    found = r.member(symbol, name)
    if found is None and name == "new" and r.symbols.languages[symbol] == "ruby":
        r.add(out, number)
        return
    if found is None:
        _outside_member(r, symbol, name, out)
        return
    inherited = Step.INHERITANCE if found[1] != symbol else Step(0)
    r.when(found[0], _describe, out, number, inherited)


def _object_attribute(r: R, symbol: int, name: str, out: int, number: int) -> None:
    for one in r.order(symbol):
        r.flow(r.node("of", one, name), out)
        r.flow(r.node("cf", one, name), out)
    found = r.member(symbol, name)
    if found is None:
        if name not in r._stored:
            _outside_member(r, symbol, name, out)
        return
    inherited = Step.INHERITANCE if found[1] != symbol else Step(0)
    r.when(found[0], _describe, out, number, inherited)


def _outside_member(r: R, symbol: int, name: str, out: int) -> None:
    paths = r.outside(symbol)
    if len(paths) == 1 and not paths[0].startswith("builtins."):
        r.add(out, r.value("x", f"{paths[0]}.{name}", DEEPEST_OUTSIDE))


def _describe(
    r: R, value: Value, number: int, node: int, out: int, holder: int, step: Step
) -> None:
    """Let a member of a class be what reading it from an object or the class gives."""
    held = r._values[holder]
    if value[0] != "f":
        r.add(out, number, node)
        return
    flags = r._flags.get(value[1], 0)
    if flags & Flag.PROPERTY and held[0] == "i":
        r.record(out, value, node)
        _give_first(r, value[1], holder)
        r.flow(r.node("r", value[1]), out)
    elif flags & Flag.STATIC:
        r.add(out, number, node)
    elif flags & Flag.CLASS_METHOD:
        of = holder if held[0] == "c" else r.value("c", held[1])
        r.add(out, r.value("b", value[1], of), node)
    elif held[0] == "i":
        r.add(out, r.value("b", value[1], holder), node)
        if step:
            r._step_of.setdefault(out, step | Step.ATTRIBUTE)
    else:
        r.add(out, number, node)


def _bind_attribute(r: R, value: Value, number: int, node: int, origin: int, name: str) -> None:
    kind = value[0]
    if kind == "i":
        r.flow(origin, r.node("of", value[1], name))
    elif kind == "c":
        r.flow(origin, r.node("cf", value[1], name))
    elif kind == "m":
        module = r._modules.get(("python", value[1]), -1)
        if module >= 0:
            r._bound[module].add(name)
            r.flow(origin, r.node("v", module, name))
    elif kind in ("f", "b"):
        r.flow(origin, r.node("fn", value[1], name))


def _make_super(r: R, value: Value, number: int, node: int, out: int, holder: int) -> None:
    if value[0] in ("i", "c"):
        r.add(out, r.value("s", holder, value[1], value))


def _declare(r: R, value: Value, number: int, node: int, out: int) -> None:
    if value[0] == "c":
        r.add(out, r.value("i", value[1]), node)
    elif value[0] == "x" and _is_class_name(value[1]):
        r.add(out, r.value("xi", value[1], value[2]), node)


_NO_CLASSES = ("typing.", "builtins.", "collections.abc.")


def _is_class_name(path: str) -> bool:
    last = path.rsplit(".", 1)[-1]
    return "." in path and last[:1].isupper() and not path.startswith(_NO_CLASSES)


def _give_first(r: R, symbol: int, value: int) -> None:
    if r.symbols.languages[symbol] != "python":
        return
    for place, _, how, node in r._parameters.get(symbol, ()):
        if place == 0 and how == 0:
            r.add(node, value)


def _call(r: R, value: Value, number: int, node: int, out: int) -> None:
    kind = value[0]
    if kind == "f":
        r.record(out, value, node)
        _hand(r, value[1], out, 0)
        r.flow(r.node("r", value[1]), out)
    elif kind == "b":
        r._called.setdefault(out, {}).setdefault(("f", value[1]), (node, number))
        _give_first(r, value[1], value[2])
        _hand(r, value[1], out, 1)
        r.flow(r.node("r", value[1]), out)
    elif kind == "c":
        _make_object(r, value[1], out, node, number)
    elif kind == "i":
        _call_method(r, value[1], number, "__call__", out)
    elif kind == "x":
        _call_outside(r, value[1], out, node, number)
    elif kind == "km":
        _call_container(r, value[1], value[2], out)


def _make_object(r: R, symbol: int, out: int, node: int, number: int) -> None:
    made = r.value("i", symbol)
    r.add(out, made, node)
    found = r.member(symbol, constructor_name(r.symbols.languages[symbol], r.symbols.texts[symbol]))
    if found is None:
        r._called.setdefault(out, {}).setdefault(("c", symbol), (node, number))
    else:
        r.when(found[0], _call_found, made, out, node, number)
    python = r.symbols.languages[symbol] == "python"
    created = r.member(symbol, "__new__") if python else None
    if created is not None:
        r.when(created[0], _call_found, r.value("c", symbol), out, node, number)


def _call_found(
    r: R, value: Value, number: int, node: int, holder: int, out: int, origin: int, called: int
) -> None:
    if value[0] == "f":
        r._called.setdefault(out, {}).setdefault(value, (origin, called))
        _give_first(r, value[1], holder)
        _hand(r, value[1], out, 1)


def _call_method(r: R, symbol: int, holder: int, name: str, out: int) -> None:
    found = r.member(symbol, name)
    if found is not None:
        r.when(found[0], _call_protocol, holder, out)


def _call_protocol(r: R, value: Value, number: int, node: int, holder: int, out: int) -> None:
    if value[0] == "f":
        r.record(out, value, node)
        _give_first(r, value[1], holder)
        _hand(r, value[1], out, 1)
        r.flow(r.node("r", value[1]), out)


def _hand(r: R, symbol: int, call: int, shift: int) -> None:
    """Let the arguments of a call flow into the parameters of a function."""
    parameters = r._parameters.get(symbol, ())
    if not parameters:
        return
    if r.symbols.languages[symbol] != "python":
        shift = 0
    for op, given, place, name in r._arguments.get(call, ()):
        if op == Op.ARGUMENT:
            for at, _, how, node in parameters:
                if how == 0 and at == place + shift:
                    r.flow(given, node)
                elif how == 1 and place + shift >= at:
                    r.add(node, r.value("k", node))
                    r.flow(given, r.node("any", node))
                    r.flow(given, r.node("at", node, f"#{place + shift - at}"))
        elif op == Op.NAMED_ARGUMENT:
            named = [node for _, one, how, node in parameters if how in (0, 3) and one == name]
            for node in named:
                r.flow(given, node)
            for _, _, how, node in parameters:
                if how == 2 and not named:
                    r.add(node, r.value("k", node))
                    r.flow(given, r.node("any", node))
                    r.flow(given, r.node("at", node, name))
        else:
            r.when(given, _spread, symbol, shift)


def _spread(r: R, value: Value, number: int, node: int, symbol: int, shift: int) -> None:
    if value[0] != "k":
        return
    for at, name, how, given in r._parameters.get(symbol, ()):
        if how == 0 and at >= shift:
            r.flow(r.node("at", value[1], f"#{at - shift}"), given)
        if how in (0, 3):
            r.flow(r.node("at", value[1], name), given)
        if how in (1, 2):
            r.add(given, number)


def _call_outside(r: R, path: str, out: int, node: int, number: int) -> None:
    r._called.setdefault(out, {}).setdefault(("x", path, 0), (node, number))
    given = [one for op, one, _, _ in r._arguments.get(out, ()) if op == Op.ARGUMENT]
    if path == "builtins.getattr" and len(given) >= 2:
        r.when(given[1], _getattr, given[0], out)
    elif path == "builtins.setattr" and len(given) >= 3:
        r.when(given[1], _setattr, given[0], given[2])
    elif (
        path
        in (
            "builtins.iter",
            "builtins.reversed",
            "builtins.list",
            "builtins.tuple",
            "builtins.sorted",
            "builtins.set",
        )
        and given
    ):
        r.flow(given[0], out)
    elif path == "builtins.next" and given:
        r.when(given[0], _element, out)
    elif path == "builtins.type" and len(given) == 1:
        r.when(given[0], _type_of, out)
    elif path == "functools.partial" and given:
        r.flow(given[0], out)
    elif path.rsplit(".", 1)[-1][:1].isupper():
        r.add(out, r.value("xi", path, DEEPEST_OUTSIDE - 1), node)
    if path in CALLERS:
        for op, one, _, name in r._arguments.get(out, ()):
            if op == Op.ARGUMENT or name == "key":
                r.when(one, _called_by, out)


def _called_by(r: R, value: Value, number: int, node: int, out: int) -> None:
    """A function outside of the code base calls what it is given."""
    if value[0] == "f":
        r.record(out, value, node)
        result = r.node("mapped", out)
        r.flow(r.node("r", value[1]), r.node("any", result))
        r.add(out, r.value("k", result))
        for at, _, how, parameter in r._parameters.get(value[1], ()):
            if at == 0 and how == 0:
                for op, one, _, _ in r._arguments.get(out, ()):
                    if op == Op.ARGUMENT and one != node:
                        r.when(one, _element, parameter)
    elif value[0] == "b":
        r._called.setdefault(out, {}).setdefault(("f", value[1]), (node, number))
        _give_first(r, value[1], value[2])


def _getattr(r: R, value: Value, number: int, node: int, held: int, out: int) -> None:
    if value[0] == "t":
        r.when(held, _read_attribute, out, value[1])


def _setattr(r: R, value: Value, number: int, node: int, held: int, origin: int) -> None:
    if value[0] == "t":
        r.when(held, _bind_attribute, origin, value[1])


def _type_of(r: R, value: Value, number: int, node: int, out: int) -> None:
    if value[0] == "i":
        r.add(out, r.value("c", value[1]), node)


def _call_container(r: R, container: int, name: str, out: int) -> None:
    given = [(op, one, place) for op, one, place, _ in r._arguments.get(out, ())]
    values = [one for op, one, _ in given if op == Op.ARGUMENT]
    if name in ("append", "add") and values:
        r.flow(values[0], r.node("any", container))
        r.flow(values[0], r.node("at", container, None))
    elif name == "insert" and len(values) > 1:
        r.flow(values[1], r.node("any", container))
        r.flow(values[1], r.node("at", container, None))
    elif name in ("get", "pop", "setdefault"):
        if values and name != "pop":
            _item(r, ("k", container), 0, 0, out, None, values[0])
            if len(values) > 1:
                r.flow(values[1], out)
        else:
            r.flow(r.node("any", container), out)
    elif name in ("values", "copy"):
        r.add(out, r.value("k", container))
    elif name in ("update", "extend") and values:
        r.when(values[0], _merge, container)


def _merge(r: R, value: Value, number: int, node: int, container: int) -> None:
    if value[0] == "k" and value[1] != container:
        r.flow(r.node("any", value[1]), r.node("any", container))
        r.flow(r.node("any", value[1]), r.node("at", container, None))


def _item(r: R, value: Value, number: int, node: int, out: int, key: str | None, by: int) -> None:
    if value[0] == "k":
        if key is not None:
            r.flow(r.node("at", value[1], key), out)
            r.flow(r.node("at", value[1], None), out)
        elif by >= 0:
            r.flow(r.node("at", value[1], None), out)
            r.when(by, _item_by, value[1], out)
        else:
            r.flow(r.node("any", value[1]), out)
    elif value[0] == "i":
        _call_method(r, value[1], number, "__getitem__", out)


def _item_by(r: R, value: Value, number: int, node: int, container: int, out: int) -> None:
    if value[0] == "t":
        r.flow(r.node("at", container, value[1]), out)


def _store(r: R, value: Value, number: int, node: int, origin: int, by: int) -> None:
    if value[0] != "k":
        return
    r.flow(origin, r.node("any", value[1]))
    if by >= 0:
        r.when(by, _store_by, value[1], origin)
    else:
        r.flow(origin, r.node("at", value[1], None))


def _store_by(r: R, value: Value, number: int, node: int, container: int, origin: int) -> None:
    if value[0] == "t":
        r.flow(origin, r.node("at", container, value[1]))


def _element(r: R, value: Value, number: int, node: int, out: int) -> None:
    if value[0] == "k":
        r.flow(r.node("any", value[1]), out)
    elif value[0] == "i":
        if r.member(value[1], "__iter__") is not None:
            given = r.node("iter", out, value[1])
            found = r.member(value[1], "__iter__")
            assert found is not None
            r.when(found[0], _iterate, number, out, given)
            r.when(given, _next_of, out)
        elif r.member(value[1], "__getitem__") is not None:
            _call_method(r, value[1], number, "__getitem__", out)


def _iterate(r: R, value: Value, number: int, node: int, holder: int, out: int, given: int) -> None:
    if value[0] == "f":
        r.record(out, value, node)
        _give_first(r, value[1], holder)
        r.flow(r.node("r", value[1]), given)


def _next_of(r: R, value: Value, number: int, node: int, out: int) -> None:
    if value[0] == "k":
        r.flow(r.node("any", value[1]), out)
    elif value[0] == "i":
        _call_method(r, value[1], number, "__next__", out)


def _enter(r: R, value: Value, number: int, node: int, out: int) -> None:
    if value[0] == "k":
        r.flow(r.node("any", value[1]), out)
    elif value[0] == "i":
        _call_method(r, value[1], number, "__enter__", out)
        _call_method(r, value[1], number, "__exit__", r.node("exit", out))
        leaving = r.member(value[1], "__exit__")
        if leaving is not None:
            r.when(leaving[0], _note_call, out)


def _note_call(r: R, value: Value, number: int, node: int, out: int) -> None:
    if value[0] == "f":
        r.record(out, value, node)


def _decorate(r: R, value: Value, number: int, node: int, out: int, given: int) -> None:
    if value[0] in ("f", "b", "i"):
        _call(r, value, number, node, out)
    elif value[0] == "c":
        _make_object(r, value[1], out, node, number)
    elif value[0] == "x":
        r._called.setdefault(out, {}).setdefault(value, (node, number))
        r.flow(given, out)
    elif value[0] in ("xi", "km"):
        r.flow(given, out)


def resolve_calls(base: CodeBase) -> Resolution:
    """Return what the calls of a code base were resolved to, in the order of its files."""
    collects = gc.isenabled()
    # Millions of small tuples, none of them in a circle.
    gc.disable()
    try:
        return CallResolver(base).resolution()
    finally:
        if collects:
            gc.enable()
