"""Module folders: the weights of a model saved in parts by sentence-transformers."""

from __future__ import annotations

from pathlib import Path

from hartonomous.extract.files.untrusted_files import inside, read_json

MODULES = "modules.json"
WEIGHTS = ("model.safetensors", "model.safetensors.index.json")


def weights_folder(path: Path) -> Path:
    """Return the folder of a model's first part if the folder itself has no weights.

    Returns the path itself in any other case; raises BadInput for a part outside the folder.
    """
    if not path.is_dir() or has_weights(path) or not (path / MODULES).is_file():
        return path
    modules = read_json(inside(path, MODULES))
    for module in modules if isinstance(modules, list) else ():
        name = module.get("path") if isinstance(module, dict) else None
        if isinstance(name, str) and name and has_weights(path / name):
            # The resolved path is checked, because a link may lead anywhere.
            for weights in WEIGHTS:
                if (path / name / weights).is_file():
                    inside(path, f"{name}/{weights}")
            return path / name
    return path


def has_weights(folder: Path) -> bool:
    """Return whether a folder has safetensors under their usual name."""
    return any((folder / name).is_file() for name in WEIGHTS)
