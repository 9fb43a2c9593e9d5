"""Unresolved calls: those of a code base that are no evidence, read from its files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hartonomous.errors import UsageError
from hartonomous.extract.importer_options import OpenOptions, settle
from hartonomous.extract.importer_protocol import declared_options, importer_for, own_options

IMPORTER = "code"


def unresolved_calls(folder: Path, top: int = 100, rev: str | None = None) -> list[dict[str, Any]]:
    """Return the first `top` calls that were not resolved: `name`, `place`, `reason`.

    Raises BadInput if there is no code, UsageError if no importer of code is installed.
    """
    importer = importer_for(folder, IMPORTER)
    listing = getattr(importer, "unresolved", None)
    if listing is None:
        raise UsageError("The importer of code that is installed lists no unresolved calls.")
    given = OpenOptions() if rev is None else OpenOptions(rev=rev)
    options = settle(importer.name, own_options(importer), given, declared_options())
    rows: list[dict[str, Any]] = listing(folder, options)
    return rows[:top]
