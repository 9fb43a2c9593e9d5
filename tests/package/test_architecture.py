"""The rooms and their one direction; names; docs in step with what they are made from."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted([*(ROOT / "hartonomous").rglob("*.py"), *(ROOT / "importers").rglob("*.py")])
FLOORS = (
    "ground",
    "pictures",
    "extract",
    "graph",
    "server",
    "transparency",
    "rate",
    "load",
    "ask",
    "audit",
    "delete",
    "versions",
    "proof",
    "erase",
    "evaluate",
    "operations",
    "api",
    "cli",
)
"""Packages, lowest first; each may import from itself and from those before it."""
NOUNS = {"class_data_sharing", "signing", "token_sampling"}
"""Names in -ing that are nouns of the field."""
NO_DATABASE = {
    "pictures": {"ground"},
    "extract": {"ground", "pictures"},
    "importers": {"ground", "pictures", "extract"},
}
"""Packages that may import less than all below them."""


def room(name: str) -> str:
    first, *parts = name.split(".")
    if parts == ["__init__"]:
        # What `import hartonomous` offers is the API's.
        return "api"
    if first == "importers":
        return "importers"
    return parts[0] if parts and parts[0] in FLOORS else "ground"


def allowed(here: str) -> set[str]:
    if here in NO_DATABASE:
        return NO_DATABASE[here] | {here}
    below = set(FLOORS[: FLOORS.index(here) + 1])
    # Only what opens models may import extract: the rest sees bundles.
    return below if here in ("evaluate", "operations", "api", "cli") else below - {"extract"}


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
    assert used <= allowed(room(here))
    if here != "hartonomous.graph.driver":
        assert "neo4j" not in {name.split(".")[0] for name in imported(module)}


def test_only_operations_put_the_steps_of_an_act_together() -> None:
    """Whoever calls may not have to take the lock, prepare a graph or bring the output filter."""
    steps = {"WriterLock", "prepare", "removed_words", "certify", "certify_erasure", "make_up"}
    for module in MODULES:
        if module.parent.name in ("cli", "api"):
            names = {
                name.name
                for node in ast.walk(ast.parse(module.read_text()))
                if isinstance(node, ast.ImportFrom)
                for name in node.names
            }
            assert not steps & names, module


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
    names = [module.stem for module in MODULES if module.stem != "__init__"]
    assert not vague & set(names)
    assert not [name for name in names if name.endswith("ing") and name not in NOUNS]


def test_a_name_occurs_once() -> None:
    """But for a module of the command line, named after what it calls."""
    names = [
        module.stem
        for module in MODULES
        if module.stem != "__init__" and module.parent.name != "cli"
    ]
    assert not {name for name in names if names.count(name) > 1}


def borrowed(module: Path) -> set[str]:
    """Return what a module takes of the tests and may not: test modules, and names of theirs that
    are private."""
    tree, found, held = ast.parse(module.read_text()), set[str](), set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "tests":
            names = [f"{node.module}.{name.name}" for name in node.names]
            held |= {name.asname or name.name for name in node.names}
        elif isinstance(node, ast.Import):
            names = [name.name for name in node.names if name.name.split(".")[0] == "tests"]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if any(part == "conftest" or part.startswith(("test_", "_")) for part in parts):
                found.add(name)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            private = node.attr.startswith("_") and not node.attr.startswith("__")
            found |= (
                {f"{node.value.id}.{node.attr}"} if private and node.value.id in held else set()
            )
    return found


@pytest.mark.parametrize("folder", ["tests", "soak", "benchmarks", "demo", "docs"])
def test_what_tests_share_lies_in_modules_that_are_no_tests(folder: str) -> None:
    """No test is needed by another, or by what is no test, and nobody knows another's private names."""
    for module in (ROOT / folder).rglob("*.py"):
        assert not borrowed(module), module.relative_to(ROOT)


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
