"""Pipeline folders: what a diffusers pipeline consists of, checked before anything is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hartonomous.bundle import OpenedFile
from hartonomous.errors import BadInput
from hartonomous.extract.files.safetensors_files import safetensors_header
from hartonomous.extract.files.untrusted_files import (
    inside,
    is_pickle,
    read_json,
    refuse_pickle,
    refuse_pointer,
    shown,
)
from hartonomous.opened_files import opened_file

INDEX = "model_index.json"
LIBRARIES = frozenset({"diffusers", "transformers"})
"""Libraries whose classes a pipeline may consist of; anything else is code of its own."""

WEIGHTS = ".safetensors"
VARIANT = "fp16"
"""The variant of weights that is taken where there is no other."""

_READ = (".json", ".safetensors", ".txt", ".model")
"""Endings of the files of a component that are read."""


def is_pipeline(path: Path) -> bool:
    """Return whether a folder is a diffusers pipeline, by its index."""
    return path.is_dir() and (path / INDEX).is_file()


def components(path: Path) -> dict[str, tuple[str, str]]:
    """Return the library and the class of each component of a pipeline.

    Raises BadInput for an index that is none, and for components that bring their own code.
    """
    index = read_json(inside(path, INDEX))
    if not isinstance(index, dict) or "_class_name" not in index:
        raise BadInput(f"{path / INDEX} is no index of a pipeline; get the folder again.")
    if not isinstance(index["_class_name"], str):
        raise _own_code(path, INDEX)
    found = {}
    for name, said in index.items():
        if name.startswith("_") or not isinstance(said, list):
            continue
        if len(said) != 2 or not all(part is None or isinstance(part, str) for part in said):
            raise BadInput(f"{path / INDEX} says of {shown(name)} what is no library and class.")
        library, kind = said
        if library is None or kind is None:
            continue
        if library not in LIBRARIES and not _is_pipeline_module(library):
            raise _own_code(path, f"{name} of {library}")
        found[name] = (library, kind)
    return found


def checked_files(path: Path) -> tuple[list[OpenedFile], int]:
    """Return the files of a pipeline that are read, and the number of its parameters.

    Raises BadInput for weights that are pickles or missing, code, and links out of the folder.
    """
    parts = components(path)
    for code in sorted([*path.glob("*.py"), *path.glob("*/*.py")]):
        raise _own_code(path, code.name)
    files = [INDEX]
    parameters = 0
    for name in parts:
        folder = path / name
        if not folder.is_dir():
            raise BadInput(f"{path} lacks the folder of its component {shown(name)}; get it whole.")
        own = sorted(file.name for file in folder.iterdir() if file.suffix in _READ)
        weights = [one for one in own if one.endswith(WEIGHTS)]
        _refuse_unsafe(folder, own, bool(weights))
        for one in own:
            inside(path, f"{name}/{one}")
            refuse_pointer(folder / one)
        parameters += sum(map(_parameters, _counted(folder, weights)))
        files += [f"{name}/{one}" for one in own]
    opened = [opened_file(path / name, path) for name in files]
    if not parameters:
        raise BadInput(f"{path} has no weights in safetensors; get the pipeline whole.")
    return opened, parameters


def _is_pipeline_module(name: str) -> bool:
    """Return whether a class is of one of diffusers' own pipelines, as safety checkers are."""
    found = find_spec("diffusers")
    if found is None or found.origin is None or not name.isidentifier():
        return False
    return (Path(found.origin).parent / "pipelines" / name).is_dir()


def variant(path: Path) -> str | None:
    """Return the variant of weights to load, None for the plain ones."""
    weights = [file.name for file in path.glob(f"*/*{WEIGHTS}")]
    only = weights and all(f".{VARIANT}." in name for name in weights)
    return VARIANT if only else None


def _refuse_unsafe(folder: Path, names: list[str], weighed: bool) -> None:
    for name in names:
        if name.endswith("config.json") and _has_code(read_json(inside(folder, name))):
            raise _own_code(folder, name)
    if not weighed:
        for file in sorted(folder.iterdir()):
            if is_pickle(file):
                raise refuse_pickle(file)


def _has_code(config: Any) -> bool:
    return isinstance(config, dict) and "auto_map" in config


def _own_code(path: Path, what: str) -> BadInput:
    return BadInput(
        f"{path} brings code of its own ({shown(what)}), which is not run; give a pipeline of classes "
        "of diffusers and transformers alone."
    )


def _counted(folder: Path, names: list[str]) -> Iterator[Path]:
    """Yield the files of weights, without variants where there are plain ones."""
    plain = [name for name in names if f".{VARIANT}." not in name]
    yield from (folder / name for name in plain or names)


def _parameters(file: Path) -> int:
    total = 0
    for tensor in safetensors_header(file).values():
        size = 1
        for side in tensor.shape:
            size *= side
        total += size
    return total
