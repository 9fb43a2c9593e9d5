"""Calls of Python resolved beside those that PyCG's micro-benchmark states.

The benchmark (github.com/vitsalis/PyCG, Apache-2.0) is not part of this repository: fetch the
repository and name its folder `micro-benchmark/snippets`, as an argument or as HARTONOMOUS_PYCG.

    python -m benchmarks.call_graph FOLDER [--misses]

Not compared are calls of a class without a constructor in the code, which the benchmark does not
state, and names of built-in types, which it writes in its own way.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from importers.code.call_resolution import resolve_calls
from importers.code.code_base import CodeBase, ReadFile
from importers.code.file_facts import ScopeKind
from importers.code.file_reader import read_facts
from importers.code.source_text import source_text

VARIABLE = "HARTONOMOUS_PYCG"


def resolved(folder: Path) -> set[tuple[str, str]]:
    """Return the calls of a folder as pairs of names, as the benchmark writes them."""
    files = []
    for path in sorted(folder.rglob("*.py")):
        text = source_text(path.read_bytes())
        assert text is not None
        name = path.relative_to(folder).as_posix()
        files.append(ReadFile(name, "", 0, read_facts("python", text)))
    base = CodeBase(files)
    symbols, found = base.symbols, resolve_calls(base)
    texts = [*symbols.texts, *found.externals]
    of_class = {n for n, kind in enumerate(symbols.kinds) if kind == ScopeKind.CLASS}
    return {
        (_written(texts[start]), _written(texts[end]))
        for start, end, *_ in found.calls
        if end not in of_class
    }


def _written(text: str) -> str:
    name = text.partition(":")[2].removesuffix(".__init__.__init__")
    return name.replace("builtins.", "<builtin>.", 1)


def stated(folder: Path) -> set[tuple[str, str]]:
    """Return the calls that the benchmark states for a folder."""
    calls = json.loads((folder / "callgraph.json").read_text())
    return {(start, end) for start, ends in calls.items() for end in ends}


def snippets(root: Path) -> Iterator[Path]:
    """Yield the folders with a stated call graph."""
    return (path.parent for path in sorted(root.rglob("callgraph.json")))


def main(arguments: list[str]) -> int:
    """Print precision and recall over all snippets, and with --misses each difference."""
    given = [one for one in arguments if not one.startswith("--")]
    root = Path(given[0] if given else os.environ.get(VARIABLE, ""))
    folders = list(snippets(root)) if str(root) != "." else []
    if not folders:
        click.echo(
            f"Fetch github.com/vitsalis/PyCG and name micro-benchmark/snippets, or set {VARIABLE}."
        )
        return 2
    right = wrong = missed = 0
    for folder in folders:
        mine, theirs = resolved(folder), stated(folder)
        right += len(mine & theirs)
        wrong += len(mine - theirs)
        missed += len(theirs - mine)
        if "--misses" in arguments and mine != theirs:
            name = folder.relative_to(root)
            click.echo(name, "+", sorted(mine - theirs), "-", sorted(theirs - mine))
    precision, recall = right / max(1, right + wrong), right / max(1, right + missed)
    click.echo(f"{len(folders)} snippets: precision {precision:.3f}, recall {recall:.3f}")
    click.echo(f"right {right}, wrong {wrong}, missed {missed}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
