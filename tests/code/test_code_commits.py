"""Code of a commit is read without a checkout."""

from __future__ import annotations

from pathlib import Path

import pytest
from dulwich import porcelain

from hartonomous.errors import BadInput, NotFound
from hartonomous.extract.importer_options import OpenOptions, settle
from hartonomous.extract.importer_protocol import declared_options
from importers.code.code_commits import commit_tasks
from importers.code.code_importer import IMPORTER
from importers.code.code_reader import read_task
from tests.code_bases import write_code


def commit(folder: Path, texts: dict[str, str], message: str) -> str:
    write_code(folder, texts)
    porcelain.add(str(folder), paths=[str(folder / name) for name in texts])
    author = b"Ada <ada@example.org>"
    made = porcelain.commit(str(folder), message=message.encode(), author=author, committer=author)
    return made.decode()


@pytest.fixture
def repository(tmp_path: Path) -> tuple[Path, str, str]:
    folder = tmp_path / "shop"
    folder.mkdir()
    porcelain.init(str(folder)).close()
    first = commit(folder, {"a.py": "def f(): ...\n", "notes.md": "x\n"}, "first")
    second = commit(folder, {"a.py": "def g(): ...\n", "in/b.py": "y = 1\n"}, "second")
    return folder, first, second


def strings(folder: Path, revision: str) -> dict[str, bool]:
    tasks, _, _ = commit_tasks(folder, revision, False)
    return {one.name: b"def f" in one.content for one in tasks}


def test_each_revision_has_its_own_code(repository: tuple[Path, str, str]) -> None:
    folder, first, second = repository
    assert strings(folder, first) == {"a.py": True}
    assert strings(folder, second) == strings(folder, "HEAD") == {"a.py": False, "in/b.py": False}
    tasks, excluded, _ = commit_tasks(folder, first, False)
    assert excluded == {"files of another kind": 1}
    assert not isinstance(read_task(tasks[0]), str)
    inner, _, _ = commit_tasks(folder / "in", second, False)
    assert [one.name for one in inner] == ["b.py"]


def test_bare_and_shallow_clones(repository: tuple[Path, str, str], tmp_path: Path) -> None:
    folder, first, _ = repository
    porcelain.clone(str(folder), str(tmp_path / "bare"), bare=True).close()
    assert strings(tmp_path / "bare", "HEAD") == {"a.py": False, "in/b.py": False}
    porcelain.clone(str(folder), str(tmp_path / "shallow"), depth=1).close()
    assert strings(tmp_path / "shallow", "HEAD") == {"a.py": False, "in/b.py": False}
    with pytest.raises(NotFound, match="no revision"):
        commit_tasks(tmp_path / "shallow", first[:-1] + "x", False)


def test_a_folder_without_a_repository_has_no_revisions(tmp_path: Path) -> None:
    write_code(tmp_path, {"a.py": "x = 1\n"})
    given = settle("code", IMPORTER.options, OpenOptions(rev="main"), declared_options())
    with pytest.raises(BadInput, match="in no Git repository"):
        IMPORTER.open(tmp_path, given)
