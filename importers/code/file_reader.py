"""Reading of one file of code: its text, its tree, its facts."""

from __future__ import annotations

from dataclasses import replace

from importers.code.code_traits import stored_traits
from importers.code.file_facts import FileFacts
from importers.code.grammars import CodeLanguage, languages, parser
from importers.code.python_reader import PythonReader
from importers.code.source_text import SourceText
from importers.code.structure_reader import StructureReader, stated_licence
from importers.code.typed_reader import TypedReader

READING_VERSION = 1
"""Raised when the same text gives other facts: part of a source's options and of cached facts."""


def read_facts(language: str, text: SourceText) -> FileFacts:
    """Return the facts of a text."""
    tree = parser(language).parse(text.content)
    reader = _reader(languages()[language])(languages()[language], text.content)
    reader.read(tree.root_node)
    reader.out.licence = stated_licence(text.content)
    if text.remark is not None:
        reader.out.note(text.remark)
    lines = text.content.count(b"\n") + (not text.content.endswith(b"\n"))
    facts = reader.out.finish(lines)
    return replace(facts, traits=stored_traits(tree.root_node, text.content, facts))


def _reader(language: CodeLanguage) -> type[StructureReader]:
    if not language.calls:
        return StructureReader
    return PythonReader if language.name == "python" else TypedReader
