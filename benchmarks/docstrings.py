"""Docstrings: real documents that every machine with this project has, those of installed Python modules."""

from __future__ import annotations

import ast
import sysconfig
import warnings
from collections.abc import Iterator, Sequence
from inspect import cleandoc
from pathlib import Path

LIBRARIES = ("numpy", "scipy", "sklearn", "pandas", "skimage", "networkx", "duckdb")


def write_docstrings(folder: Path, most: int | None = None) -> list[Path]:
    """Write the docstrings of Python's own modules and of LIBRARIES, a text file a module; until they
    have `most` bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    size = 0
    for module in _modules():
        text = "\n\n".join(_docstrings(module))
        if len(text) < 200:
            continue
        file = folder / f"{len(written):05d}.txt"
        file.write_text(text, "utf-8")
        written.append(file)
        size += file.stat().st_size
        if most is not None and size >= most:
            break
    return written


def _modules() -> Iterator[Path]:
    roots = [Path(sysconfig.get_path("stdlib"))]
    roots += [Path(sysconfig.get_path("purelib"), name) for name in LIBRARIES]
    for root in roots:
        for file in sorted(root.rglob("*.py")):
            if not {"site-packages", "test", "tests", "idlelib"} & set(_below(file, root)):
                yield file


def _below(file: Path, root: Path) -> Sequence[str]:
    return file.relative_to(root).parts


def _docstrings(module: Path) -> Iterator[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(module.read_text("utf-8"))
    except (SyntaxError, UnicodeDecodeError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node, clean=False)
            if text:
                yield cleandoc(text)
