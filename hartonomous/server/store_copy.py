"""Store copy: the content of a database as rows for Neo4j's offline import, with one digest over
them.

Neo4j frees the space of deleted records without clearing it, and a dump copies that space; a store
imported from the live rows contains nothing else. The digest covers every label, type and property
of every node and relationship, and the schema; two databases with one digest have the same content,
whatever numbers the server gave their nodes.
"""

from __future__ import annotations

import math
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any

from hartonomous.errors import ServerError
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from hartonomous.progress import Advance
from hartonomous.server.home import ADMIN, configure
from hartonomous.server.jars import assembly, java, java_environment

SEPARATOR = "\x1f"
"""Separator of the entries of a list in a field."""

MARK = "imported"
"""Label, or property of a relationship, of records that get properties after the import."""

LARGEST_FIELD = 4 << 20
"""Default size of the import's buffer, in bytes: the longest row."""

_MODULUS = 1 << 128
_PARTS = 10_000
_TOLD = 20_000
"""Records read between two reports of progress."""


Later = list[tuple[int, dict[str, Any]]]


@dataclass
class Rows:
    """The rows of a database: the import's arguments, and the properties that an import cannot
    write.

    `later_nodes` and `later_relationships` are properties to set afterwards, by the number on a
    marked node or relationship.
    """

    digest: str
    arguments: list[str] = field(default_factory=list)
    later_nodes: Later = field(default_factory=list)
    later_relationships: Later = field(default_factory=list)
    longest: int = 0
    nodes: int = 0
    relationships: int = 0


def write_rows(graph: Graph, folder: Path, progress: Advance) -> Rows:
    """Write every node and relationship of a database below a folder, and return the import's
    arguments.
    """
    folder.mkdir(mode=0o700)
    with ExitStack() as files:
        nodes = _Tables(folder, "nodes", (":ID", ":LABEL"), files)
        relations = _Tables(folder, "relations", (":START_ID", ":END_ID", ":TYPE"), files)
        found = Rows("")
        found.digest = _digest(graph, _WritingRows(found, nodes, relations), progress)
    found.arguments = [*nodes.arguments("--nodes"), *relations.arguments("--relationships")]
    found.longest = max(nodes.longest, relations.longest)
    return found


def digest_of(graph: Graph, progress: Advance) -> str:
    """Return the digest of a database's content, 32 hexadecimal digits."""
    return _digest(graph, _Reading(), progress)


def import_rows(home: Path, data: Path, rows: Rows, folder: Path) -> None:
    """Create the store of `data` from rows; raises ServerError with the import's message.

    The server of the home must not run.
    """
    parts, conf = assembly(lambda text: None), folder / "conf"
    conf.mkdir()
    ports = {"bolt": 0, "http": 0}
    configure(home, parts, ports, conf, {"server.directories.data": str(data)})
    options = ["--overwrite-destination=true", "--multiline-fields=true", "--id-type=integer"]
    options += [f"--array-delimiter=U+{ord(SEPARATOR):04X}", "--skip-bad-relationships=false"]
    # File names without a folder: a comma in its name would separate two files.
    options += ["--report-file=report"]
    options += [f"--read-buffer-size={max(LARGEST_FIELD, 2 * rows.longest)}"]
    command = ["database", "import", "full", "neo4j", *options, *rows.arguments]
    arguments = folder / "arguments"
    arguments.write_text("".join(f'"{each}"\n' for each in command), "utf-8")
    done = subprocess.run(
        [java(), "-Xmx1g", "-cp", f"{parts}/lib/*", ADMIN, f"@{arguments}"],
        env=java_environment(NEO4J_HOME=str(home), NEO4J_CONF=str(conf)),
        cwd=folder,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()[-500:]
        raise ServerError(f"The store in {home} could not be copied: {said}")


def complete(graph: Graph, rows: Rows) -> None:
    """Set the properties that the import could not write, and remove the marks."""
    for later, name in (
        (rows.later_nodes, "server/complete_nodes"),
        (rows.later_relationships, "server/complete_relationships"),
    ):
        for first in range(0, len(later), _PARTS):
            part = {str(number): values for number, values in later[first : first + _PARTS]}
            graph.write(query(name), properties=part)


def copy_schema(statements: Iterable[str], graph: Graph) -> None:
    """Create the missing constraints and indexes of another database."""
    there = set(schema_statements(graph))
    missing = [statement for statement in statements if statement not in there]
    for statement in missing:
        graph.change_schema(statement)
    if missing:
        graph.read(query("schema/await_indexes"))


def schema_statements(graph: Graph) -> list[str]:
    """Return the statements that create each constraint and index of a database, its own and ours,
    sorted.

    Look-up indexes by label are left out, because the server invents their names.
    """
    rows = [
        *graph.read(query("schema/read_constraints")),
        *graph.read(query("schema/read_indexes")),
    ]
    return sorted(row["statement"] for row in rows if row["kind"] != "LOOKUP")


class _Reading:
    """Reads a database for its digest alone."""

    def node(self, node: int, labels: list[str], properties: Mapping[str, Any]) -> None:
        """Called for each node."""

    def relationship(self, kind: str, begin: int, end: int, properties: Mapping[str, Any]) -> None:
        """Called for each relationship."""


class _WritingRows(_Reading):
    """Reads a database and writes its rows for the import."""

    def __init__(self, found: Rows, nodes: _Tables, relations: _Tables) -> None:
        self._found, self._nodes, self._relations = found, nodes, relations

    def node(self, node: int, labels: list[str], properties: Mapping[str, Any]) -> None:
        """Write a node; one with properties that no field can contain gets a mark and a number."""
        self._found.nodes += 1
        fields, later = _divided(properties)
        if later:
            self._found.later_nodes.append((node, later))
            labels = [*labels, MARK]
            fields[MARK] = node
        self._nodes.write((node,), labels, fields)

    def relationship(self, kind: str, begin: int, end: int, properties: Mapping[str, Any]) -> None:
        """Write a relationship, marked like a node."""
        fields, later = _divided(properties)
        if later:
            self._found.later_relationships.append((self._found.relationships, later))
            fields[MARK] = self._found.relationships
        self._found.relationships += 1
        self._relations.write((begin, end), [kind], fields)


def _digest(graph: Graph, reader: _Reading, progress: Advance) -> str:
    """Read a database once; return its digest, the sum of a hash of each record."""
    total = 0
    known = bytearray()
    (counts,) = graph.read(query("server/count_everything"))
    told = _told(progress, counts["nodes"] + counts["relationships"])
    for node, labels, properties in told(graph.stream(query("server/read_all_nodes"))):
        text = f"{sorted(labels)!r}{sorted(properties.items())!r}".encode()
        hashed = blake2b(text, digest_size=16).digest()
        # Numbers of nodes are dense.
        known.extend(bytes(max(0, 16 * (node + 1) - len(known))))
        known[16 * node : 16 * node + 16] = hashed
        total += int.from_bytes(hashed, "big")
        reader.node(node, labels, properties)
    for kind, begin, end, properties in told(graph.stream(query("server/read_all_relationships"))):
        text = f"{kind}{sorted(properties.items())!r}".encode()
        ends = known[16 * begin : 16 * begin + 16] + known[16 * end : 16 * end + 16]
        total += int.from_bytes(blake2b(ends + text, digest_size=16).digest(), "big")
        reader.relationship(kind, begin, end, properties)
    for statement in schema_statements(graph):
        total += int.from_bytes(blake2b(statement.encode(), digest_size=16).digest(), "big")
    return f"{total % _MODULUS:032x}"


def _told(
    progress: Advance, total: int
) -> Callable[[Iterable[tuple[Any, ...]]], Iterator[tuple[Any, ...]]]:
    """Pass rows on and report the number of those read."""
    seen = 0

    def told(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        nonlocal seen
        for row in rows:
            if seen % _TOLD == 0:
                progress(seen, total)
            seen += 1
            yield row
        progress(seen, total)

    return told


class _Tables:
    """Files of rows for the import, one per set of properties and their types."""

    def __init__(self, folder: Path, stem: str, fixed: tuple[str, ...], files: ExitStack) -> None:
        self._folder, self._stem, self._fixed, self._files = folder, stem, fixed, files
        self._open: dict[tuple[tuple[str, str], ...], IO[str]] = {}
        self.longest = 0

    def write(self, ends: tuple[int, ...], names: list[str], properties: Mapping[str, Any]) -> None:
        """Write one row: the node's number or the relationship's ends, its labels or its type, its
        properties.
        """
        columns = sorted(properties.items())
        shape = tuple((name, _type(value)) for name, value in columns)
        if shape not in self._open:
            path = self._folder / f"{self._stem}-{len(self._open)}.csv"
            self._open[shape] = self._files.enter_context(
                path.open("w", encoding="utf-8", newline="")
            )
        fixed = [*map(str, ends), _quoted(SEPARATOR.join(names))]
        row = ",".join([*fixed, *(_field(value) for _, value in columns)]) + "\n"
        self.longest = max(self.longest, len(row.encode()) if len(row) > LARGEST_FIELD // 8 else 0)
        self._open[shape].write(row)

    def arguments(self, option: str) -> list[str]:
        """Write the headers and return the import's arguments for header and rows."""
        return [
            f"{option}={self._heading(number, types)},{self._stem}-{number}.csv"
            for number, types in enumerate(self._open)
        ]

    def _heading(self, number: int, types: tuple[tuple[str, str], ...]) -> str:
        name = f"{self._stem}-{number}.head"
        names = [*self._fixed, *(f"{name}:{kind}" for name, kind in types)]
        (self._folder / name).write_text(",".join(map(_quoted, names)) + "\n", "utf-8")
        return name


_TYPES = {bool: "boolean", int: "long", float: "double", str: "string"}


def _divided(properties: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the properties that a field can contain, and the others."""
    fields = {name: value for name, value in properties.items() if _fits(name, value)}
    later = {name: _at_offset(v) for name, v in properties.items() if name not in fields}
    return fields, later


def _at_offset(value: Any) -> Any:
    """Return a time in UTC without a zone's name, which the driver would give it: all are written so."""
    if isinstance(value, list) or not hasattr(value, "utcoffset") or value.utcoffset() is None:
        return value
    return value.replace(tzinfo=UTC) if not value.utcoffset() else value


def _fits(name: str, value: object) -> bool:
    """Return whether the import preserves a property: its types are common ones, and it drops an
    empty list, or an empty entry of one.
    """
    if ":" in name or name == MARK:
        return False
    if isinstance(value, list):
        kinds = {type(entry) for entry in value}
        if len(kinds) != 1 or not kinds <= _TYPES.keys():
            return False
        if kinds == {float}:
            return all(map(math.isfinite, value))
        return kinds != {str} or all(entry and SEPARATOR not in entry for entry in value)
    return type(value) in _TYPES and (type(value) is not float or math.isfinite(value))


def _type(value: Any) -> str:
    return f"{_TYPES[type(value[0])]}[]" if isinstance(value, list) else _TYPES[type(value)]


def _field(value: object) -> str:
    if isinstance(value, list):
        return _quoted(SEPARATOR.join(map(_plain, value)))
    return _quoted(value) if isinstance(value, str) else _plain(value)


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
