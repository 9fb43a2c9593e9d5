"""Calls are resolved by what flows where; what is not known is no call."""

from __future__ import annotations

from pathlib import Path

import pytest

from importers.code.call_resolution import resolve_calls
from importers.code.grammars import languages, unknown_node_types
from tests.code_bases import MANY_LANGUAGES, calls_in, calls_of, read_here, write_code

EXPECTED = {
    "java:com.acme.Cart.total(int)": {
        "java:com.acme.Cart.helper()",
        "java:com.acme.util.Price.amount()",
        "java:com.acme.util.Price.Price(int)",
        "java:com.acme.Base.inherited()",
        "java:com.acme.Cart.sum(int, int)",
    },
    "javascript:js/a.f": {
        "javascript:js/b.b",
        "javascript:js/b.main",
        "javascript:js/b.K.constructor",
        "javascript:js/b.K.m",
    },
    "typescript:ts/a.f": {"typescript:ts/b.K.m"},
    "go:go/shop.Cart.Total": {
        "go:go/shop.User.Name",
        "go:go/shop.Cart",
        "go:go/shop.Cart.Other",
        "go:go/shop.add",
    },
    "go:go/run.main": {"go:go/shop.Cart", "go:go/shop.Cart.Other"},
    "c:g": {"c:c/a.c.h", "c:push"},
    "c:c/l.c.h": {"c:push"},
    "cpp:n::A::m(int)": {"cpp:n::A::k()", "cpp:n::B::z()"},
    "cpp:n::A::q(double)": {"cpp:n::A::k()", "cpp:n::B::z()"},
    "csharp:N.A.Z()": {"csharp:N.Foo", "csharp:N.Foo.Bar(int)", "csharp:N.B.Up()"},
    "ruby:A::helper": {"ruby:B::up"},
    "php:A\\K\\go": {"php:A\\Foo\\bar", "php:A\\K\\s", "php:A\\L\\q"},
    "rust:rs::S::q": {"rust:rs::T::go", "rust:rs::T::new", "rust:rs::helper"},
    "python:py.shop.Basket.total": {"python:py.stock.Stock.count", "python:py.shop.price"},
}


def test_calls_of_eleven_languages(tmp_path: Path) -> None:
    found = calls_in(tmp_path, MANY_LANGUAGES)
    for caller, callees in EXPECTED.items():
        assert {end for start, end in found if start == caller} == callees
    for start, end in found:
        assert start.partition(":")[0] == end.partition(":")[0]


def test_what_is_not_known_is_no_call_and_is_told(tmp_path: Path) -> None:
    base = read_here(
        write_code(
            tmp_path, {"a.py": "def f(x):\n    x.save()\n\nclass A:\n    def save(self): ...\n"}
        )
    )
    found = resolve_calls(base)
    assert not found.calls
    ((site, reason),) = found.unresolved
    assert (site.name, site.line, reason) == ("save", 2, "a method of an object that is not known")


def test_a_name_bound_anew_loses_what_it_was(tmp_path: Path) -> None:
    text = "def f(): ...\ndef g(): ...\na = f\na = g\na()\nb = f\nif a:\n    b = g\nb()\n"
    found = calls_in(tmp_path, {"m.py": text})
    assert found == {("python:m", "python:m.g"), ("python:m", "python:m.f")}
    alone = calls_in(tmp_path, {"m.py": "\n".join(text.splitlines()[:5])})
    assert alone == {("python:m", "python:m.g")}


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({"a.py": "import b\ndef f(): b.g()\n", "b.py": "import a\ndef g(): a.f()\n"},
         {("python:a.f", "python:b.g"), ("python:b.g", "python:a.f")}),
        ({"a.py": "from b import *\nf()\n", "b.py": "from a import *\nfrom c import *\n", "c.py": "def f(): ...\n"},
         {("python:a", "python:c.f")}),
        ({"a.py": "class A: ...\ndef f(self): ...\nA.m = f\nA().m()\n"},
         {("python:a", "python:a.A"), ("python:a", "python:a.f")}),
        ({"a.py": "try:\n    from b import f\nexcept ImportError:\n    def f(): ...\nf()\n", "b.py": "def f(): ...\n"},
         {("python:a", "python:a.f"), ("python:a", "python:b.f")}),
        ({"a.py": "class A(A): ...\nclass B(C): ...\nclass C(B):\n    def m(self): self.m()\n"},
         {("python:a.C.m", "python:a.C.m")}),
        ({"a.c": "#define CALL(x) x()\nint g(void) { return 1; }\nint f(void) { return CALL(g); }\n"}, set()),
    ],
    ids=["import cycle", "star imports in a circle", "monkey patch", "conditional definition", "circle of bases", "macro"],
)  # fmt: skip
def test_awkward_code(
    texts: dict[str, str], expected: set[tuple[str, str]], tmp_path: Path
) -> None:
    assert calls_in(tmp_path, texts) == expected


def test_many_definitions_of_one_name_are_one_symbol(tmp_path: Path) -> None:
    base = read_here(write_code(tmp_path, {"a.py": "def f(): ...\n" * 20_000 + "f()\n"}))
    assert sorted(base.symbols.texts) == ["python:a", "python:a.f"]
    assert calls_of(base) == {("python:a", "python:a.f")}


def test_an_attribute_of_itself_ends(tmp_path: Path) -> None:
    text = "import os\nx = os\nwhile x:\n    x = x.parent\nx.go()\n"
    assert len(calls_in(tmp_path, {"a.py": text})) <= 4


@pytest.mark.parametrize("name", languages())
def test_data_files_name_nodes_that_grammars_have(name: str) -> None:
    assert unknown_node_types(name) == []
