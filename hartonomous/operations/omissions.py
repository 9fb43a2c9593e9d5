"""Omissions of a source: counts by reason, and unread files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from hartonomous.bundle import Bundle
from hartonomous.extract.importer_protocol import OpenedModel, UnreadFile

WANTED = frozenset(
    {
        "beyond the limit",
        "files that --exclude names",
        "hidden files and folders",
        "page numbers and running heads",
        "scores below the threshold",
        "boxes of an object listed twice",
    }
)
"""Reasons that somebody chose, or that omit nothing of the content."""

OF_PLACES = "places "
"""Beginning of the reasons that count places of what was not left out itself."""

OF_FILES = ("files ", "links ")
"""Beginnings of the reasons that count files, not their parts."""


@dataclass(frozen=True)
class Omissions:
    """What was left out of a source: counts by reason, beside its files and compositions."""

    excluded: Mapping[str, int]
    merged: int
    files: int
    compositions: int
    unread: tuple[UnreadFile, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """Return the larger of two shares, 0 to 1: of the files, and of their parts."""
        counted = _counted(self.excluded)
        files = sum(n for reason, n in counted.items() if reason.startswith(OF_FILES))
        parts = sum(counted.values()) - files
        return max(files / max(1, files + self.files), parts / max(1, parts + self.compositions))

    def as_facts(self) -> dict[str, Any]:
        """Return the facts for JSON."""
        return {
            "excluded": dict(self.excluded),
            "merged": self.merged,
            "unread": [asdict(file) for file in self.unread],
            "remarks": list(self.remarks),
        }


def _counted(excluded: Mapping[str, int]) -> dict[str, int]:
    """Return the counts of the reasons by which content was left out that nobody asked to omit."""
    return {
        reason: n
        for reason, n in excluded.items()
        if reason not in WANTED and not reason.startswith(OF_PLACES)
    }


def omissions_of(model: OpenedModel, bundle: Bundle | None = None) -> Omissions:
    """Return what is left out of an opened model or documents; of its bundle, what was left out
    while observing too.
    """
    if bundle is not None:
        return replace(omissions_in(bundle), unread=model.unread, remarks=model.remarks)
    vocabulary = model.vocabulary
    return Omissions(
        vocabulary.excluded,
        vocabulary.merged,
        len(model.files),
        len(vocabulary),
        model.unread,
        model.remarks,
    )


def omissions_in(bundle: Bundle) -> Omissions:
    """Return what was left out of a bundle's source."""
    source = bundle.source
    compositions = max((track.vocabulary for track in bundle.tracks), default=0)
    return Omissions(source.excluded, source.merged, len(source.files), compositions)
