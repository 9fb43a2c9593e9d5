"""Matrix folder: a matrix and the words of its rows in one folder."""

from __future__ import annotations

from pathlib import Path

from hartonomous.errors import BadInput, HartonomousError, NotFound
from hartonomous.extract.files.module_folders import has_weights
from hartonomous.extract.files.tokenizer_files import TokenTable, word_list
from hartonomous.extract.files.untrusted_files import inside, shown

MATRICES = (".npy", ".npz")
LISTS = (".parquet", ".txt", ".csv", ".tsv", ".json", ".vocab", ".tiktoken", ".lst", ".list")
BARE_LISTS = ("vocab", "vocabulary", "words", "tokens", "labels", "index")
"""Names of lists without an ending."""

NOT_LISTS = ("config.json", "package.json", "requirements.txt", "license.txt", "readme.txt")
MOST_FILES = 1_000


def matrices_in(folder: Path) -> list[Path]:
    """Return the matrices in a folder, or in its only subfolder, as in packages."""
    if has_weights(folder):
        return []
    if found := _ending(folder, MATRICES):
        return found
    entries = sorted(folder.iterdir())[:MOST_FILES]
    inner = [
        entry for entry in entries if entry.is_dir() and not entry.name.startswith((".", "__"))
    ]
    others = [entry for entry in entries if entry.is_file() and not _goes_with_any(entry)]
    if len(inner) != 1 or others or inner[0].is_symlink():
        return []
    return _ending(inner[0], MATRICES)


def only_matrix(folder: Path) -> Path:
    """Return the matrix in a folder.

    Raises NotFound if there is none, BadInput for several, and for a link out of the folder.
    """
    found = matrices_in(folder)
    if not found:
        raise NotFound(f"{folder} holds no {' or '.join(MATRICES)}.")
    if len(found) > 1:
        names = ", ".join(shown(file.name) for file in found[:8])
        raise BadInput(
            f"{folder} holds {len(found)} matrices ({names}); give the path of one, and its words with "
            "--vocabulary FILE."
        )
    return inside(folder, found[0].relative_to(folder).as_posix())


def words_beside(matrix: Path, rows: int) -> TokenTable:
    """Return the list beside a matrix with a word for each of its rows.

    Raises BadInput if none has, or several have and differ.
    """
    lists = [file for file in _ending(matrix.parent, LISTS) if file.name.lower() not in NOT_LISTS]
    lists += [file for file in _ending(matrix.parent, ("",)) if file.name.lower() in BARE_LISTS]
    fitting, told = [], []
    for file in lists:
        try:
            table = word_list(inside(matrix.parent, file.name), rows)
        except HartonomousError as error:
            told.append(f"{file.name}: {error}")
            continue
        told.append(f"{file.name} has {len(table.entries)} words")
        if len(table.entries) == rows:
            fitting.append(table)
    if fitting and all(table.entries == fitting[0].entries for table in fitting):
        return fitting[0]
    names = ", ".join(shown(table.files[0].name) for table in fitting)
    why = (
        f"{names} have as many, and differ"
        if fitting
        else "; ".join(told[:4]) or "there is no list of words"
    )
    raise BadInput(
        f"{matrix} has {rows} rows, and which words they stand for is not clear ({why}); give "
        "their list with --vocabulary FILE."
    )


def _ending(folder: Path, endings: tuple[str, ...]) -> list[Path]:
    files = sorted(folder.iterdir())[:MOST_FILES]
    return [file for file in files if file.suffix.lower() in endings and file.is_file()]


def _goes_with_any(file: Path) -> bool:
    """Return whether a file is unspecific to the kind of its folder."""
    return file.suffix == ".py" or file.stem.upper().startswith(("README", "LICENSE", "LICENCE"))
