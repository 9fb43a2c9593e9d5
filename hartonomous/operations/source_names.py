"""Source names: that given, that of the source to replace, or one derived from the path."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from hartonomous.errors import Conflict, UsageError
from hartonomous.graph.driver import Graph
from hartonomous.load.loader import check_name, read_source
from hartonomous.progress import Say

LONGEST = 63


@dataclass(frozen=True)
class SourceName:
    """The name of a source, and the path it is `derived` from; None if it was given."""

    name: str
    derived: str | None = None

    def refuse_taken(self, graph: Graph, digest: str) -> None:
        """Raise Conflict if a derived name is that of a source with other content than `digest`."""
        if self.derived is None:
            return
        known = read_source(graph, self.name)
        if known is not None and known["digest"] != digest:
            raise Conflict(
                f"{self.derived} would be called {self.name!r}, after its path, and another source "
                f"is called so. Name it with --as, or put it in that source's place with "
                f"--replace {self.name}."
            )

    def tell(self, say: Say) -> None:
        """Report a derived name."""
        if self.derived is not None:
            say(f"The source is called {self.name!r}, after its path; --as names it otherwise.")


def source_name(name: str | None, replace: str | None, path: str) -> SourceName:
    """Return the name a source gets: its own, that of the one it replaces, or one after its path.

    Raises UsageError if both are given, for what cannot name a source, and for a path that gives no
    name.
    """
    if name is not None and replace is not None:
        raise UsageError("Give the source a name, or the one it is to replace, not both.")
    if name is None and replace is None:
        return SourceName(derived_name(path), path)
    return SourceName(check_name(name or replace or ""))


def derived_name(path: str) -> str:
    """Return the name of a source after its path: the last part of it, a file's without its ending,
    with a hyphen for every run of characters that a name cannot have.

    Raises UsageError if nothing is left.

    >>> derived_name("models/all-MiniLM-L6-v2/"), derived_name("org/name"), derived_name("b.bundle")
    ('all-MiniLM-L6-v2', 'name', 'b')
    """
    place = Path(path)
    # '.' and '..' are called as what they name.
    last = place.resolve() if place.name in ("", "..") else place
    plain = last.stem if last.is_file() or last.suffix == ".bundle" else last.name
    letters = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    found = re.sub(r"[^A-Za-z0-9._+-]+", "-", letters).strip("-._+")[:LONGEST]
    if not found:
        raise UsageError(f"{path!r} gives no name for a source; name it with --as.")
    return check_name(found)
