"""The Cypher files: one statement each, three header lines, values in parameters.

    // What it does.
    // in:  $name TYPE, ...
    // out: name TYPE, ...
    // procedure: name(argument::TYPE, ...)       only for procedures

A type that varies is a placeholder, EVIDENCE_TYPE, EVIDENCE_TYPES, ALL_EVIDENCE, RATED_TYPE,
RATED_TYPES or KIND, replaced by a name of schema.py's closed lists; so every file is a statement
that the server can explain.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from hartonomous import schema
from hartonomous.errors import UsageError


@dataclass(frozen=True)
class Statement:
    """A Cypher file: its name below cypher/, its text, and the fields of its header."""

    name: str
    text: str
    purpose: str
    inputs: str
    outputs: str
    signature: str | None


def root() -> Traversable:
    """Return the folder of the Cypher files: inside an installed wheel, else beside the checkout's
    package.
    """
    packaged = files("hartonomous") / "_cypher"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "cypher"


@cache
def statement(name: str) -> Statement:
    """Return the file `cypher/<name>.cypher` with its header parsed.

    Raises UsageError if there is no such file or its header lacks a line.
    """
    file = root().joinpath(*f"{name}.cypher".split("/"))
    if not file.is_file():
        raise UsageError(f"There is no cypher/{name}.cypher; the installation is incomplete.")
    text = file.read_text("utf-8")
    header = re.match(
        r"// (?P<purpose>.+)\n// in: *(?P<inputs>.*)\n// out: *(?P<outputs>.*)\n"
        r"(?:// procedure: *(?P<signature>.+)\n)?",
        text,
    )
    if header is None:
        raise UsageError(f"cypher/{name}.cypher does not begin with what, in and out.")
    return Statement(name, text, **header.groupdict())


def names() -> tuple[str, ...]:
    """Return the names of all statements, sorted."""
    return tuple(
        sorted(
            f"{folder.name}/{file.name.removesuffix('.cypher')}"
            for folder in root().iterdir()
            if folder.is_dir()
            for file in folder.iterdir()
            if file.name.endswith(".cypher")
        )
    )


@cache
def query(name: str, *, evidence: str | None = None, rated: str | None = None) -> str:
    """Return a statement's text for one evidence type or for one rated type.

    EVIDENCE_TYPES becomes all evidence types that feed the rated type.
    """
    text = statement(name).text
    text = _replace(text, "ALL_EVIDENCE", "|".join(type.name for type in schema.EVIDENCE))
    if evidence is not None:
        text = _replace(text, "EVIDENCE_TYPE", schema.evidence_type(evidence).name)
    if rated is not None:
        types = schema.evidence_feeding(schema.rated_type(rated).name)
        text = _replace(text, "RATED_TYPE", rated)
        text = _replace(text, "RATED_TYPES", rated)
        text = _replace(text, "EVIDENCE_TYPES", "|".join(type.name for type in types))
    return text


@cache
def query_for_types(name: str, types: tuple[str, ...]) -> str:
    """Return a statement's text for several rated types at once."""
    return _replace(
        statement(name).text, "RATED_TYPES", "|".join(schema.rated_type(one).name for one in types)
    )


@cache
def query_for_kind(name: str, kind: str) -> str:
    """Return a statement's text for one kind of composition."""
    return _replace(statement(name).text, "KIND", schema.kind(kind))


def _replace(text: str, placeholder: str, value: str) -> str:
    return re.sub(rf"\b{placeholder}\b", value, text)
