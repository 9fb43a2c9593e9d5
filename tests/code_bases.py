"""Small code bases in many languages, and how to read them without processes."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from importers.code.call_resolution import resolve_calls
from importers.code.code_base import CodeBase, ReadFile
from importers.code.code_files import find_code
from importers.code.code_reader import ReadingTask, python_package, read_task
from importers.code.file_facts import FileFacts
from importers.code.licences import folder_licences, licence_of_file

MANY_LANGUAGES = {
    "java/com/acme/Cart.java": """package com.acme;
import com.acme.util.Price;
public class Cart extends Base {
  private Price price;
  public Cart(Price p) { super(); this.price = p; }
  int total(int n) { helper(); price.amount(); Price q = new Price(3); inherited(); return sum(1, 2); }
  int sum(int a) { return a; }
  int sum(int a, int b) { return a; }
  static void helper() {}
}
""",
    "java/com/acme/Base.java": "package com.acme; class Base { void inherited() {} }\n",
    "java/com/acme/util/Price.java": "package com.acme.util; public class Price { "
    "public Price(int x) {} public int amount() { return 1; } }\n",
    "js/a.js": """import { b as c, K } from "./b.js";
import d from "./b";
import * as ns from "./b";
export function f(x) { c(1); d(); ns.b(2); const k = new K(); k.m(); x.unknown(); }
""",
    "js/b.js": """export function b(x) { return x; }
export default function main() {}
export class K { constructor() { this.z(); } m() { return 1; } z() {} }
""",
    "ts/a.ts": """import { K } from "./b";
export function f(k: K) { k.m(); }
""",
    "ts/b.ts": "export class K { m(): number { return 1; } }\n",
    "go/shop/a.go": """package shop
type Cart struct { owner *User }
type User struct {}
func (u *User) Name() string { return "x" }
func (c *Cart) Total(n int) int { c.owner.Name(); v := &Cart{}; v.Other(); return add(n) }
func (c *Cart) Other() {}
""",
    "go/shop/b.go": "package shop\nfunc add(n int) int { return n }\n",
    "go/run/main.go": 'package main\nimport "example.com/go/shop"\n'
    "func main() { c := shop.Cart{}; c.Other() }\n",
    "c/a.c": '#include "l.h"\nstatic int h(int x) { return x; }\n'
    "int g(int x) { return h(x) + push(x); }\n",
    "c/l.c": "int push(int v) { return v; }\nstatic int h(int y) { return push(y); }\n",
    "c/l.h": "int push(int v);\n",
    "cpp/a.cpp": """namespace n {
class B { public: void z() {} };
class A : public B { public: int m(int a) { this->k(); z(); return 0; } void k() {} int q(double d); };
}
int n::A::q(double d) { k(); n::B y; y.z(); return 1; }
""",
    "cs/a.cs": "namespace N { public class A : B { public void Z() "
    "{ var q = new Foo(); q.Bar(1); Up(); } } public class B { public void Up() {} } }\n",
    "cs/b.cs": "namespace N { public class Foo { public void Bar(int a) {} } }\n",
    "rb/a.rb": """class A < B
 def initialize(x)
  helper(1)
 end
 def helper(a)
  up(2)
 end
end
class B
 def up(a)
 end
end
""",
    "php/a.php": "<?php namespace A; class K extends L { private Foo $f; "
    "function go() { $this->f->bar(); self::s(); parent::q(); } static function s() { helper(1); } } "
    "function helper($a) {} class L { function q() {} } class Foo { function bar() {} }\n",
    "rs/src/lib.rs": """struct S { a: T }
struct T {}
impl T { fn new() -> T { T {} } fn go(&self) {} }
impl S { fn q(&self) { self.a.go(); let y = T::new(); helper(1); } }
fn helper(x: i32) {}
""",
    "py/shop.py": """from stock import Stock

class Basket(Stock):
    def total(self):
        return self.count() + price(self)

def price(basket):
    return 1

def main():
    Basket().total()
""",
    "py/stock.py": "class Stock:\n    def count(self):\n        return 0\n",
}
"""By name: a class, a call within it, of a base, of another file, and what nobody can resolve."""


def write_code(folder: Path, texts: dict[str, str]) -> Path:
    """Write files of code into a folder."""
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def read_here(folder: Path) -> CodeBase:
    """Return a folder's code, read in this process."""
    found = find_code(folder)
    files = []
    for one in found.files:
        answer = read_task(ReadingTask(one.name, one.language, False, folder / one.name))
        assert not isinstance(answer, str)
        digest, size, record = answer
        facts = FileFacts.of(pa.ipc.open_stream(record).read_all())
        licence = licence_of_file(one.name, facts.licence, folder_licences(folder, found.licences))
        files.append(ReadFile(one.name, digest, size, facts, licence))
    return CodeBase(files, found.excluded, python_package(folder))


def calls_of(base: CodeBase) -> set[tuple[str, str]]:
    """Return the calls of a code base as pairs of symbols."""
    found = resolve_calls(base)
    texts = [*base.symbols.texts, *found.externals]
    return {(texts[start], texts[end]) for start, end, *_ in found.calls}


def calls_in(folder: Path, texts: dict[str, str]) -> set[tuple[str, str]]:
    """Return the calls of files written into a folder."""
    return calls_of(read_here(write_code(folder, texts)))
