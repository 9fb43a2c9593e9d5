"""Code of a commit, read from a repository without a checkout."""

from __future__ import annotations

import stat
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from hartonomous.errors import BadInput, NotFound
from importers.code.code_files import (
    HEAD,
    IGNORED,
    LINKS,
    NESTED,
    OTHER,
    UNREADABLE,
    VENDOR,
    VENDORED,
    file_language,
    is_licence_name,
    left_out,
)
from importers.code.code_reader import ReadingTask
from importers.code.licences import READ, licence_of_text

HEAD_REVISION = "HEAD"


def is_bare(path: Path) -> bool:
    """Return whether a folder is a repository without a work tree."""
    return (path / "HEAD").is_file() and (path / "objects").is_dir() and (path / "refs").is_dir()


def commit_tasks(
    path: Path, revision: str, everything: bool, exclude: Sequence[str] = ()
) -> tuple[list[ReadingTask], Counter[str], dict[str, str]]:
    """Return the files of code below a folder as a commit has them, what was left out, by reason, and
    the licences of folders.

    Raises BadInput if the folder is in no repository, NotFound for an unknown revision.
    """
    from dulwich.object_store import iter_tree_contents
    from pathspec import GitIgnoreSpec

    repository, below = _repository(path)
    spec = GitIgnoreSpec.from_lines(exclude)
    tasks: list[ReadingTask] = []
    excluded = Counter[str]()
    licences: dict[str, str] = {}
    with repository:
        commit = _commit(repository, revision)
        for entry in iter_tree_contents(repository.object_store, commit.tree):
            whole = entry.path.decode(errors="surrogateescape")
            if not whole.startswith(below):
                continue
            name = whole[len(below) :]
            if is_licence_name(name) and stat.S_ISREG(entry.mode):
                text = repository.object_store[entry.sha].as_raw_string()[:READ]
                licence = licence_of_text(text.decode(errors="replace"))
                if licence is not None:
                    licences.setdefault(name.rpartition("/")[0], licence)
            reason = _refused(name, entry.mode, everything, spec)
            if reason is None:
                reason = _take(repository, entry.sha, name, everything, tasks)
            if reason is not None:
                excluded[reason] += 1
    return tasks, excluded, licences


def _refused(name: str, mode: int, everything: bool, spec: Any) -> str | None:
    if stat.S_IFMT(mode) == 0o160000:
        return NESTED
    if stat.S_ISLNK(mode):
        return LINKS
    if spec.match_file(name):
        return IGNORED
    if not everything and VENDORED & set(PurePosixPath(name).parts[:-1]):
        return VENDOR
    return None


def _take(
    repository: Any, sha: bytes, name: str, everything: bool, tasks: list[ReadingTask]
) -> str | None:
    """Add a file to the tasks, or return why it is left out."""
    try:
        content = repository.object_store[sha].as_raw_string()
    except KeyError:
        # A partial clone does not have it.
        return UNREADABLE
    language = file_language(name, content[:HEAD])
    if language is None:
        return OTHER
    reason = left_out(name, content[:HEAD], len(content), everything)
    if reason is None:
        tasks.append(ReadingTask(name, language.name, everything, None, content))
    return reason


def _repository(path: Path) -> tuple[Any, str]:
    """Return the repository that a folder is in, and the folder's name in it, with a slash behind."""
    from dulwich.errors import NotGitRepository
    from dulwich.repo import Repo

    if is_bare(path):
        return Repo(str(path)), ""
    try:
        repository = Repo.discover(str(path))
    except NotGitRepository as error:
        raise BadInput(
            f"{path} is in no Git repository, so it has no revisions; leave --rev out."
        ) from error
    below = path.resolve().relative_to(Path(repository.path).resolve()).as_posix()
    return repository, "" if below == "." else below + "/"


def _commit(repository: Any, revision: str) -> Any:
    from dulwich.objectspec import parse_commit

    try:
        return parse_commit(repository, revision)
    except (KeyError, ValueError) as error:
        raise NotFound(
            f"The repository has no revision {revision!r}; name a commit, a branch or a tag "
            "('git log' lists commits)."
        ) from error
