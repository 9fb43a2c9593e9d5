"""Common idioms, each written in many languages: texts of `idioms/`, and their shapes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from importers.code.grammars import parser
from importers.code.role_tables import role_table
from importers.code.tree_shapes import FunctionShapes, function_shapes

IDIOMS = Path(__file__).parent / "idioms"
WRITTEN, HELD_OUT = "written", "held_out"
"""Idioms that the tables of roles were written with, and others that were written when the tables stood;
what these showed was mended afterwards."""

SUFFIXES = {
    "python": ".py",
    "java": ".java",
    "javascript": ".js",
    "typescript": ".ts",
    "go": ".go",
    "rust": ".rs",
    "cpp": ".cpp",
    "csharp": ".cs",
    "php": ".php",
    "ruby": ".rb",
}
NINE = tuple(name for name in SUFFIXES if name != "ruby")


CHANGES = (
    (" > ", " < "),
    (" < ", " > "),
    (" > ", " >= "),
    (" <= ", " < "),
    (" == 0", " == 1"),
    (" += ", " -= "),
    (" % ", " / "),
    (" + 1", " + 2"),
    (" - 1", " - 2"),
    (" * ", " + "),
    ("return -1", "return -2"),
    ("return True", "return False"),
    ("return true;", "return false;"),
    ("[0]", "[1]"),
)
"""What makes an idiom do something else."""


def idioms(language: str, folder: str = WRITTEN) -> dict[str, str]:
    """Return the idioms of a language by name."""
    texts = (IDIOMS / folder / f"{language}.txt").read_text().split("### ")[1:]
    parts = (text.partition("\n") for text in texts)
    return {name.strip(): source for name, _, source in parts}


def functions(language: str, source: str) -> list[FunctionShapes]:
    """Return the functions of a text."""
    table = role_table(language)
    assert table is not None
    parse = parser(language).parse
    root = parse(source.encode()).root_node
    return list(function_shapes(root, source.encode(), table, lambda text: parse(text).root_node))


def shape(language: str, source: str) -> str:
    """Return the shape of the first function of a text."""
    return functions(language, source)[0].shapes()[0].text


def write_base(folder: Path, texts: Mapping[str, str]) -> Path:
    """Write files of code into a folder, and return it."""
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder
