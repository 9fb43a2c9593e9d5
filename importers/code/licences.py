"""Licences of files of code: what a file itself states by SPDX, else the nearest licence file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

NONE = "NONE"
"""What covers a file of which no licence is known (SPDX)."""

READ = 1 << 16

_KNOWN: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("AGPL-3.0-only", ("gnu affero general public license", "version 3")),
    ("LGPL-3.0-only", ("gnu lesser general public license", "version 3")),
    ("LGPL-2.1-only", ("gnu lesser general public license", "version 2.1")),
    ("GPL-3.0-only", ("gnu general public license", "version 3")),
    ("GPL-2.0-only", ("gnu general public license", "version 2")),
    ("Apache-2.0", ("apache license", "version 2.0")),
    ("MPL-2.0", ("mozilla public license", "2.0")),
    ("BSD-3-Clause", ("redistribution and use in source and binary forms", "neither the name")),
    ("BSD-2-Clause", ("redistribution and use in source and binary forms",)),
    ("MIT", ("permission is hereby granted, free of charge",)),
    ("ISC", ("permission to use, copy, modify, and/or distribute this software",)),
    ("Unlicense", ("this is free and unencumbered software",)),
    ("PSF-2.0", ("python software foundation license",)),
)
_SPDX = re.compile(r"SPDX-License-Identifier:\s*([A-Za-z0-9.+-]+)")


def licence_of_text(text: str) -> str | None:
    """Return the SPDX identifier of a licence's text, None if it is not known.

    >>> licence_of_text("Permission is hereby granted, free of charge, to any person")
    'MIT'
    """
    said = _SPDX.search(text)
    if said is not None:
        return said[1]
    words = " ".join(text.lower().split())
    for name, parts in _KNOWN:
        if all(part in words for part in parts):
            return name
    return None


def folder_licences(root: Path, names: Sequence[str]) -> dict[str, str]:
    """Return the licence of each folder that has a licence file, by name, '' being the root."""
    found: dict[str, str] = {}
    for name in sorted(names):
        try:
            with (root / name).open("rb") as file:
                text = file.read(READ).decode(errors="replace")
        except OSError:
            continue
        licence = licence_of_text(text)
        if licence is not None:
            folder = str(PurePosixPath(name).parent)
            found.setdefault("" if folder == "." else folder, licence)
    return found


def licence_of_file(name: str, stated: str, folders: Mapping[str, str]) -> str:
    """Return the licence of a file: what it states, else that of the nearest folder around it.

    >>> licence_of_file("a/b/c.py", "", {"": "MIT", "a/b": "GPL-3.0-only"})
    'GPL-3.0-only'
    >>> licence_of_file("c.py", "Apache-2.0", {"": "MIT"}), licence_of_file("c.py", "", {})
    ('Apache-2.0', 'NONE')
    """
    if stated:
        return stated
    for folder in PurePosixPath(name).parents:
        key = "" if str(folder) == "." else str(folder)
        if key in folders:
            return folders[key]
    return NONE
