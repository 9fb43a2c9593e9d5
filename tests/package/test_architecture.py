"""The rooms and their one direction; names; docs in step with what they are made from."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted([*(ROOT / "hartonomous").rglob("*.py"), *(ROOT / "importers").glob("*.py")])
GROUND = {
    "atomic",
    "costs",
    "schema",
    "identity",
    "evidence",
    "bounded_parquet",
    "bundle",
    "merkle",
    "odds",
    "signing",
    "directories",
    "errors",
    "process_identity",
    "speeds",
    "file_names",
}
MAY_USE = {
    "ground": {"ground"},
    "extract": {"ground", "extract"},
    "importers": {"ground", "extract", "importers"},
    "store": {"ground", "store"},
    "ask": {"ground", "store", "ask"},
    "forget": {"ground", "store", "ask", "forget"},
    "ingesting": {"ground", "extract", "store"},
    "cli": {"ground", "extract", "store", "ask", "forget", "ingesting", "cli"},
}


def room(name: str) -> str:
    if name.split(".")[0] == "importers":
        return "importers"
    part = name.removeprefix("hartonomous").strip(".").split(".")[0]
    return "ground" if part in GROUND | {"", "__init__"} else part


def imported(module: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return found


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_arrows_point_one_way(module: Path) -> None:
    here = ".".join(module.relative_to(ROOT).with_suffix("").parts)
    used = {
        room(name)
        for name in imported(module)
        if name.split(".")[0] in ("hartonomous", "importers")
    }
    assert used <= MAY_USE[room(here)]
    if here != "hartonomous.store.graph":
        assert "neo4j" not in {name.split(".")[0] for name in imported(module)}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_cypher_in_python(module: Path) -> None:
    texts = [
        n.value for n in ast.walk(ast.parse(module.read_text())) if isinstance(n, ast.Constant)
    ]
    assert not [
        t for t in texts if isinstance(t, str) and re.match(r"\s*(MATCH|MERGE|UNWIND|CREATE)\b", t)
    ]


def test_names_say_what_is_inside() -> None:
    vague = {"utils", "util", "common", "helpers", "base", "manager", "core", "misc"}
    assert not vague & {module.stem for module in MODULES}


def test_the_generated_docs_are_in_step() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "docs", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_link_in_the_docs_leads_somewhere() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for link in re.findall(r"\]\(([^)#]+)", page.read_text()):
            if "://" not in link:
                assert (page.parent / link).exists(), f"{page.name}: {link}"
