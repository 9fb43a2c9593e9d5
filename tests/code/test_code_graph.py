"""Code bases in the graph: what is asked of them, and their replacement."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from hartonomous.ask.code.code_structure import cycles, hotspots, layers, unused
from hartonomous.ask.code.symbol_calls import callees, callers, impact
from hartonomous.ask.relations.explanation import explain
from hartonomous.audit.audit_report import audit
from hartonomous.errors import BadInput, NotFound, UsageError
from hartonomous.graph.driver import Graph
from hartonomous.operations.ingestion import ingest_model
from hartonomous.operations.model_request import request_model
from hartonomous.operations.removal import delete, request_selectors
from importers.code import code_importer
from tests.building import exported, silent, wipe
from tests.code_bases import MANY_LANGUAGES, read_here, write_code
from tests.command_line import run

SHOP = {
    "shop/__init__.py": "",
    "shop/basket.py": """from shop.prices import price

class Basket:
    def total(self):
        return price(self) + self._tax()

    def _tax(self):
        return 1

    def empty(self):
        return None

def _left_over():
    return 2
""",
    "shop/prices.py": "import shop.basket\n\ndef price(what):\n    return 1\n",
    "shop/till.py": """from shop.basket import Basket

class Till(Basket):
    def pay(self):
        return self.total()

def main():
    Till().pay()
""",
    "test_shop.py": "from shop.till import Till\n\ndef test_paying():\n    Till().pay()\n",
}


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Code is read in this process."""
    monkeypatch.setattr(code_importer, "read_files", lambda root, *_: read_here(root))


def ingest(graph: Graph, folder: Path, replace: bool = False) -> None:
    name = "shop"
    request = request_model(folder, importer="code")
    ingest_model(graph, request, None if replace else name, name if replace else None)


def test_questions_about_a_code_base(graph: Graph, here: None, tmp_path: Path) -> None:
    ingest(graph, write_code(tmp_path / "shop", SHOP))
    assert not audit(graph, silent, full=True)["findings"]
    (pay,) = callers(graph, "Basket.total")
    assert pay["symbol"] == "python:shop.till.Till.pay"
    assert pay["place"] == "shop/till.py:5"
    assert "a base class" in pay["steps"] and "an attribute" in pay["steps"]
    (place,) = explain(graph, pay["symbol"], "python:shop.basket.Basket.total", "CALLS").places
    assert place == {"source": "shop", "place": "shop/till.py:5", "steps": pay["steps"]}
    assert {row["symbol"] for row in callees(graph, "shop.basket.Basket.total")} == {
        "python:shop.prices.price", "python:shop.basket.Basket._tax",
    }  # fmt: skip
    reached = {(row["hop"], row["symbol"]) for row in impact(graph, "price")}
    assert reached == {
        (1, "python:shop.basket.Basket.total"), (2, "python:shop.till.Till.pay"),
        (3, "python:shop.till.main"), (3, "python:test_shop.test_paying"),
    }  # fmt: skip
    doubts = {row["symbol"]: row["doubt"] for row in unused(graph, "shop")}
    assert doubts == {
        "python:shop.basket._left_over": "none",
        "python:shop.basket.Basket.empty": "a method, which a call of an object that is not known may mean",
        "python:shop.till.main": "an entry point",
        "python:test_shop.test_paying": "a test, which a test runner calls",
    }
    (circle,) = cycles(graph, "shop")
    assert circle["symbols"] == ["python:shop.basket", "python:shop.prices"]
    found = {one: row["layer"] for row in layers(graph, "shop") for one in row["symbols"]}
    assert found["python:shop.basket"] < found["python:shop.till"] < found["python:test_shop"]
    assert hotspots(graph, "shop")[0]["symbol"] == "python:shop.till.Till.pay"


def test_a_name_of_several_symbols_is_refused_with_a_list(
    graph: Graph, here: None, tmp_path: Path
) -> None:
    ingest(graph, write_code(tmp_path / "shop", MANY_LANGUAGES))
    with pytest.raises(UsageError, match=r"symbols end with 'a\.f'.*javascript:js/a\.f"):
        callers(graph, "a.f")
    with pytest.raises(NotFound, match="No symbol is called"):
        callers(graph, "otal")
    for row in graph.read("MATCH (a:Symbol)-[:CALLS]->(b:Symbol) RETURN a.text AS a, b.text AS b"):
        assert row["a"].partition(":")[0] == row["b"].partition(":")[0]


def test_commands_print_rows(served: Graph, here: None, tmp_path: Path) -> None:
    ingest(served, write_code(tmp_path / "shop", SHOP))
    rows = json.loads(run("callers", "Basket.total", "--json").output)
    assert rows[0]["place"] == "shop/till.py:5"
    assert "shop/till.py:5" in run("impact", "price").output
    for verb in ("unused", "cycles", "layers", "hotspots"):
        assert json.loads(run(verb, "shop", "--json").output)
    procedure = "CALL custom.hartonomous.callers('python:shop.basket.Basket.total')"
    assert served.read(f"{procedure} YIELD symbol RETURN symbol")


def test_identifiers_with_cypher_in_them_are_texts(
    graph: Graph, here: None, tmp_path: Path
) -> None:
    name = "x'}) DETACH DELETE n //"
    text = f'<?php class A {{ function f() {{ $this->{{"{name}"}}(); }} }}\n'
    ingest(
        graph,
        write_code(tmp_path / "shop", {"a.php": text, f"{name[:8]}.py": "def f(): ...\nf()\n"}),
    )
    assert graph.read("MATCH (c:Symbol) RETURN count(c) AS n")[0]["n"] >= 4


def test_what_is_under_a_licence_can_be_taken_out(graph: Graph, here: None, tmp_path: Path) -> None:
    gpl = "# SPDX-License-Identifier: GPL-3.0-only\n" + SHOP["shop/till.py"]
    mit = {"LICENSE": "Permission is hereby granted, free of charge, to any person\n"}
    folder = write_code(tmp_path / "shop", SHOP | mit | {"shop/till.py": gpl})
    for licence in ("MIT", "GPL-3.0-only"):
        request = request_model(folder, importer="code", under=licence, licence=licence)
        ingest_model(graph, request, f"shop-{licence.lower()}")
        if licence == "MIT":
            alone = exported(graph)
    assert callers(graph, "Basket.total")[0]["source"] == "shop-gpl-3.0-only"
    delete(graph, request_selectors(licences=["GPL-3.0-only"]))
    assert exported(graph) == alone
    assert not callers(graph, "Basket.total")
    with pytest.raises(BadInput, match=r"its files are under GPL-3\.0-only, MIT"):
        ingest_model(graph, request_model(folder, importer="code", under="ISC"), "none")


def edited(texts: dict[str, str], random_: random.Random) -> dict[str, str]:
    """Return files after an edit, a renaming, a deletion, or a new one."""
    changed, name = dict(texts), random_.choice(sorted(texts))
    act = random_.choice(["swap", "rename", "delete", "append", "symbol"])
    if act == "delete" and len(changed) > 3:
        del changed[name]
    elif act == "rename":
        stem, dot, suffix = name.rpartition(".")
        changed[f"{stem}_{random_.randrange(9)}{dot}{suffix}"] = changed.pop(name)
    elif act == "append":
        changed[name] += "\n" * random_.randrange(1, 4)
    elif act == "symbol":
        changed[name] = changed[name].replace("total", f"total{random_.randrange(9)}")
    else:
        lines = changed[name].splitlines(keepends=True)
        changed[name] = "".join(lines[: random_.randrange(len(lines) + 1)]) or "\n"
    return changed


@pytest.mark.parametrize("seed", range(3))
def test_a_replacement_is_a_fresh_ingest(
    seed: int, graph: Graph, here: None, tmp_path: Path
) -> None:
    random_ = random.Random(seed)
    texts = SHOP | {f"more/{name}": text for name, text in MANY_LANGUAGES.items()}
    states: list[tuple[Path, list[str]]] = []
    for step in range(4):
        folder = write_code(tmp_path / str(step) / "shop", texts)
        ingest(graph, folder, replace=step > 0)
        states.append((folder, exported(graph)))
        texts = edited(texts, random_)
    for folder, left in states[1:]:
        wipe(graph)
        ingest(graph, folder)
        assert exported(graph) == left
