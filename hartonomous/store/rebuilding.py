"""A managed server's store written anew from what is live in it, so that nothing deleted is left.

Neo4j frees the place of what is deleted without clearing it, and a dump copies it along; an offline
import from the live graph starts from nothing. The old files stay until the new ones are verified.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from hartonomous.errors import ServerError, VerificationFailed
from hartonomous.store.assembly import Say, assembly, java
from hartonomous.store.connecting import connect_managed
from hartonomous.store.graph import Graph
from hartonomous.store.home import ADMIN, password, write_initial_password
from hartonomous.store.queries import query
from hartonomous.store.server import start, stop
from hartonomous.store.state_digest import state_digest

SEPARATOR = "\x1f"
"""Between the entries of a list in a field; no text of ours holds it."""

EMPTY = "\x1e"
"""The only entry of what was an empty list, which the import would leave out."""

SMALLEST_CANARY = 4


def rebuild(home: Path, say: Say, prepare: Callable[[Graph], object]) -> Graph:
    """Write the store of a managed server anew and return a connection to it, started again.

    Its logs go too. `prepare` brings back schema and procedures. Raises VerificationFailed, the old store back in its
    place, when the new one does not hold the same.
    """
    folder = home / "rebuild"
    shutil.rmtree(folder, ignore_errors=True)
    with connect_managed(start(home, say=say)) as graph:
        before = state_digest(graph)
        arguments, emptied = _write_files(graph, folder)
    stop(home)
    for log in (home / "logs").iterdir():
        log.unlink()
    old = home / "data.old"
    (home / "data").rename(old)
    try:
        (home / "data").mkdir()
        write_initial_password(home, java(), assembly(say), password(home))
        _import(home, arguments, assembly(say))
        graph = connect_managed(start(home, say=say))
        prepare(graph)
        for name in emptied:
            graph.write(query("serve/empty_lists"), name=name, mark=[EMPTY], empty={name: []})
        if state_digest(graph) != before:
            graph.close()
            raise VerificationFailed("The store that was written anew does not hold the same.")
    except BaseException:
        stop(home)
        shutil.rmtree(home / "data", ignore_errors=True)
        old.rename(home / "data")
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(old)
    return graph


def find_bytes(folder: Path, canaries: Iterable[str]) -> list[tuple[Path, str]]:
    """Return the files below a folder that hold a text, in UTF-8 or UTF-16, and which.

    Neo4j packs short texts into fewer bits a letter: only long ones can be found so.
    """
    wanted = {
        (text, text.encode(code))
        for text in canaries
        if len(text) >= SMALLEST_CANARY
        for code in ("utf-8", "utf-16-le", "utf-16-be")
    }
    found = []
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = file.read_bytes()
        found += [(file, text) for text, spelt in sorted(wanted) if spelt in content]
    return found


class _Table:
    """Rows of one kind as a file for the offline import; the heading is known at the end."""

    def __init__(self, stem: Path, fixed: tuple[str, ...]) -> None:
        self.heading, self.data = stem.with_suffix(".head"), stem.with_suffix(".csv")
        self._fixed, self._types = fixed, dict[str, str]()
        self.emptied: set[str] = set()
        self._file = self.data.open("w", encoding="utf-8", newline="")

    def write(self, fixed: Iterable[object], properties: Mapping[str, Any]) -> None:
        for name, value in properties.items():
            if name not in self._types:
                self._types[name] = _type(value)
            if value == []:
                self.emptied.add(name)
        values = [str(value) for value in fixed]
        values += [_field(properties.get(name)) for name in self._types]
        self._file.write(",".join(values) + "\n")

    def close(self) -> str:
        """Write the heading and return what names both files to the import."""
        self._file.close()
        names = [*self._fixed, *(f"{name}:{kind}" for name, kind in self._types.items())]
        self.heading.write_text(",".join(names) + "\n", "utf-8")
        return f"{self.heading},{self.data}"


def _write_files(graph: Graph, folder: Path) -> tuple[list[str], list[str]]:
    """Write what is live in the graph; return the import's arguments, and which properties of nodes
    are empty lists somewhere."""
    folder.mkdir(mode=0o700)
    nodes: dict[tuple[str, ...], _Table] = {}
    for node, labels, properties in graph.stream(query("serve/read_all_nodes")):
        kind = tuple(sorted(labels))
        if kind not in nodes:
            nodes[kind] = _Table(folder / f"nodes-{len(nodes)}", (":ID",))
        nodes[kind].write([node], properties)
    relations: dict[str, _Table] = {}
    for kind, begin, end, properties in graph.stream(query("serve/read_all_relationships")):
        if kind not in relations:
            table = _Table(folder / f"relations-{len(relations)}", (":START_ID", ":END_ID"))
            relations[kind] = table
        relations[kind].write([begin, end], properties)
    emptied = {name for table in nodes.values() for name in table.emptied}
    arguments = [
        *(f"--nodes={':'.join(kind)}={table.close()}" for kind, table in nodes.items()),
        *(f"--relationships={kind}={table.close()}" for kind, table in relations.items()),
    ]
    return arguments, sorted(emptied)


def _import(home: Path, arguments: list[str], parts: Path) -> None:
    options = ["--overwrite-destination=true", "--multiline-fields=true", "--id-type=integer"]
    options += [f"--array-delimiter=U+{ord(SEPARATOR):04X}", "--skip-bad-relationships=false"]
    options += [f"--report-file={home / 'rebuild' / 'report'}"]
    command = ["database", "import", "full", "neo4j"]
    done = subprocess.run(
        [java(), "-Xmx1g", "-cp", f"{parts}/lib/*", ADMIN, *command, *options, *arguments],
        env={**os.environ, "NEO4J_HOME": str(home), "NEO4J_CONF": str(home / "conf")},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()[-500:]
        raise ServerError(f"The store in {home} could not be written anew: {said}")


def _type(value: object) -> str:
    if isinstance(value, list):
        return f"{_type(value[0]) if value else 'string'}[]"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "long"
    if isinstance(value, float):
        return "double"
    return "string" if isinstance(value, str) else "datetime"


def _field(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value)
    return '"' + _text(value).replace('"', '""') + '"'


def _text(value: object) -> str:
    if isinstance(value, list):
        return SEPARATOR.join(map(_text, value)) if value else EMPTY
    if isinstance(value, str):
        return value
    moment = getattr(value, "iso_format", None)
    return str(moment()) if moment else str(value)
