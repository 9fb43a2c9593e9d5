"""Code importer: a folder of code, or a file of it, without running any of it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from hartonomous.errors import BadInput
from hartonomous.extract.importer_options import SWITCH, ImporterOption
from hartonomous.extract.importer_protocol import Claim, OpenedModel, OpenOptions
from hartonomous.identity import content_digest
from hartonomous.opened_files import OpenedFile, kept_files
from importers.code.call_resolution import resolve_calls
from importers.code.code_base import CodeBase
from importers.code.code_commits import HEAD_REVISION, commit_tasks, is_bare
from importers.code.code_files import SKIPPED, VENDORED, find_code
from importers.code.code_reader import read_files, read_tasks
from importers.code.file_reader import READING_VERSION
from importers.code.grammars import language_by_suffix, languages
from importers.code.symbol_relations import SymbolRelations, symbol_relations
from importers.code.trait_evidence import traits_version
from importers.documents.document_importer import EXCLUDE
from importers.documents.sentence_sequence import KINDS

RESOLUTION_VERSION = 1
"""Part of a source's options: raised when the same facts give other relations."""

WEIGHED = 2_000
"""Entries of a folder that are looked at to tell what it is of."""

EVERYTHING = ImporterOption(
    "everything",
    "Read vendored, generated and minified files of code, too.",
    SWITCH,
    default=False,
    unfit=lambda value: "it is for code",
)


REVISION = ImporterOption(
    "rev",
    "Commit, branch or tag to read code of, without a checkout.",
    unfit=lambda value: "it is for repositories of code",
)


UNDER = ImporterOption(
    "under",
    "Only what files of code under this licence (SPDX) say.",
    unfit=lambda value: "it is for code",
)


class CodeBases:
    """Opens a folder of code."""

    name = "code"
    kind = "code"
    options = (EXCLUDE, EVERYTHING, REVISION, UNDER)
    summary = "a folder of code: its symbols, what contains, imports, inherits, calls what"

    def recognises(self, path: Path) -> Claim:
        if path.is_file():
            known = path.suffix.lower() in language_by_suffix()
            return Claim.POSSIBLE if known else Claim.NONE
        if not path.is_dir() or (path / "config.json").is_file():
            return Claim.NONE
        if is_bare(path):
            return Claim.POSSIBLE
        code, documents, lesser = _weighed(path)
        if not code or code < documents:
            return Claim.NONE
        return Claim.LAST if lesser else Claim.POSSIBLE

    def open(self, path: Path, options: OpenOptions) -> OpenedModel:
        return opened_code(path, self._read(path, options), options.under)

    def claims(self, path: Path, options: OpenOptions) -> Claim:
        """With a revision, code is meant."""
        asked = options.rev is not None and path.is_dir()
        return Claim.ASKED if asked else self.recognises(path)

    def unresolved(self, path: Path, options: OpenOptions) -> list[dict[str, object]]:
        """Return the calls of a code base that are not resolved: `name`, `place`, `reason`."""
        base = self._read(path, options)
        return [
            {"name": site.name, "place": f"{base.files[site.file].name}:{site.line}", "reason": why}
            for site, why in resolve_calls(base).unresolved
        ]

    def _read(self, path: Path, options: OpenOptions) -> CodeBase:
        revision = options.rev
        if revision is None and path.is_dir() and is_bare(path):
            revision = HEAD_REVISION
        if revision is not None:
            tasks, excluded, folders = commit_tasks(
                path, revision, options.everything, options.exclude
            )
            if not tasks:
                raise BadInput(f"{path} holds no code at {revision}.{_left_out(excluded)}")
            return read_tasks(tasks, excluded, folders)
        found = find_code(path, options.everything, options.exclude)
        if not found.files:
            raise BadInput(f"{path} holds no code that is read.{_left_out(found.excluded)}")
        root = path if path.is_dir() else path.parent
        return read_files(root, found, options.everything)


def opened_code(path: Path, base: CodeBase, under: str | None = None) -> OpenedModel:
    """Return a code base that was read as what `extract` takes; raises BadInput if nothing was.

    `under` a licence, what files under it say, resolved among all files.
    """
    if not base.files:
        raise BadInput(f"{path} holds no code that can be read.{_left_out(base.excluded)}")
    own = [file for file in base.files if under in (None, file.licence)]
    if not own:
        stated = ", ".join(sorted({file.licence for file in base.files}))
        raise BadInput(f"{path} has no code under {under}; its files are under {stated}.")
    relations = symbol_relations(base, under)
    used = sorted({file.facts.language for file in base.files})
    described: dict[str, object] = {
        "importer": CodeBases.name,
        "grammars": {name: languages()[name].grammar_version for name in used},
        "reading": READING_VERSION,
        "resolution": RESOLUTION_VERSION,
        "traits": traits_version(used),
        **({"package": base.package} if base.package else {}),
        **({} if under is None else {"under": under, "among": _digest(base)}),
    }
    files = (OpenedFile(file.name, file.digest, file.bytes) for file in own)
    return OpenedModel(
        CodeBases.name, kept_files(files), 0, relations.vocabulary, (), described,
        kind=CodeBases.kind, pairs=relations.tracks, places=relations.places,
        remarks=tuple(_remarks(base, relations, under)),
    )  # fmt: skip


def _digest(base: CodeBase) -> str:
    return content_digest("code", {"files": [(file.name, file.digest) for file in base.files]})


def _remarks(base: CodeBase, relations: SymbolRelations, under: str | None) -> Iterator[str]:
    left = sum(relations.unresolved.values())
    yield (
        f"{len(base.files):,} files, {base.lines:,} lines; {relations.sites - left:,} of "
        f"{relations.sites:,} calls were resolved, the others are no evidence "
        "('hartonomous unresolved' lists them)"
    )
    licences = Counter(file.licence for file in base.files)
    if under is None and len(licences) > 1:
        counted = ", ".join(f"{count:,} {name}" for name, count in sorted(licences.items()))
        yield (
            f"the files are under several licences ({counted}); to delete by licence, ingest each "
            "as a source of its own with --under and --licence"
        )
    alone = sorted(
        {file.facts.language for file in base.files}
        - {name for name, one in languages().items() if one.calls}
    )
    if alone:
        yield f"of {', '.join(alone)} only the structure is read, no calls"


def _weighed(path: Path) -> tuple[int, int, bool]:
    """Return how many of the first entries of a folder are code, how many documents, and whether
    other files, such as a model's, are larger than all that code.
    """
    counted = Counter[bool]()
    seen = surplus = 0
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(set(folders) - SKIPPED - VENDORED)
        for name in names:
            suffix = Path(name).suffix.lower()
            size = _size(Path(folder, name))
            if suffix in language_by_suffix() and size:
                counted[True] += 1
                surplus -= size
            elif suffix in KINDS:
                counted[False] += 1
            else:
                surplus += size
        seen += len(names)
        if seen > WEIGHED:
            break
    return counted[True], counted[False], surplus > 0


def _size(file: Path) -> int:
    try:
        return file.lstat().st_size
    except OSError:
        return 0


def _left_out(excluded: Counter[str]) -> str:
    counted = ", ".join(f"{count:,} {reason}" for reason, count in sorted(excluded.items()))
    return f" Left out: {counted}." if counted else ""


IMPORTER = CodeBases()
