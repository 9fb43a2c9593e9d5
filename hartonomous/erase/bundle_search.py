"""Bundle search: bundles that may contain data to erase, in the home and in the cache of earlier
versions.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from hartonomous.bundle import read_bundle
from hartonomous.erase.erasure_target import ErasureTarget
from hartonomous.errors import BadInput
from hartonomous.identity import normalise
from hartonomous.load.bundle_cache import (
    UNNAMED,
    WaitingBundle,
    discard,
    earlier_bundles,
    sweep_unfinished,
    waiting_bundles,
)

PURPOSE = "an erasure"


@dataclass(frozen=True)
class FoundBundle:
    """A bundle, or the folder of one being extracted; `place` is None for one without a lock.

    `own` says that it waits for this graph, `abandoned` that no process can use it.
    """

    path: Path
    place: WaitingBundle | None
    own: bool
    abandoned: bool
    about: Mapping[str, Any]

    @property
    def name(self) -> str | None:
        """Return the name under which it will be loaded."""
        return self.about.get("name")

    @property
    def digest(self) -> str | None:
        """Return the digest of its source."""
        return self.about.get("digest")

    @property
    def user(self) -> int | None:
        """Return the process that uses it now."""
        return self.place.user() if self.place is not None else None

    @property
    def within_reach(self) -> bool:
        """Return whether an erasure may remove it."""
        return self.user is None and (self.own if self.place is not None else self.abandoned)

    @property
    def described(self) -> str:
        """Return a description in words."""
        if self.place is None:
            return f"the bundle {self.path}, written by an earlier version"
        what = f"a bundle of {self.name!r}" if self.name else f"the bundle {self.path}"
        if self.user is not None:
            return f"{what}, which is being loaded by process {self.user},"
        return what if self.own else f"{what} waiting for {self.about.get('server')}"

    @property
    def advice(self) -> str:
        """Return the remedy for the user."""
        if self.place is None:
            return "delete the folder unless an ingest of an earlier version reads it"
        if not self.own:
            return f"erase it there as well, or delete {self.path}"
        return (
            "erased data is suppressed when it is loaded, and that process removes the bundle; "
            "if the process is ended, run the same erasure again"
        )

    def contains(self, sought: ErasureTarget) -> bool:
        """Return whether it contains erased data, as far as is known.

        A bundle being extracted may contain any word, and so may what an interrupted extraction
        left. A damaged one does not count.
        """
        if self.name is not None and sought.is_named(f"source:{self.name}"):
            return True
        if self.digest in sought.digests or sought.has_property(self.about):
            return True
        if any(self.name == one["source"] for one in sought.selectors.get("evidence", ())):
            return True
        if not (sought.words or sought.pairs):
            return False
        if not self.path.is_dir():
            return self.user is not None or (self.place is not None and self.place.holds_content)
        table = self._compositions
        if table is None:
            return False
        texts = table["text"].to_pylist()
        if any(map(sought.is_word, texts, table["kind"].to_pylist())):
            return True
        known = set(texts) if sought.pairs else set()
        return any({normalise(a), normalise(b)} <= known for a, b in sought.pairs)

    @property
    def damaged(self) -> bool:
        """Return whether it exists and cannot be read, so that its content is unknown."""
        return self.path.is_dir() and self._compositions is None

    @cached_property
    def _compositions(self) -> pa.Table | None:
        try:
            return read_bundle(self.path).compositions()
        except BadInput:
            return None


def bundles_of(graph: str, cache: Path) -> list[FoundBundle]:
    """Return the bundles of this home, those of the graph with this identity as `own`, and those of
    earlier versions in a cache.
    """
    found = [
        FoundBundle(place.path, place, place.graph in (graph, UNNAMED), False, _about(place))
        for place in waiting_bundles()
    ]
    found += [
        FoundBundle(folder, None, False, abandoned, _stated(folder))
        for folder, abandoned in earlier_bundles(cache)
    ]
    return found


def purge_bundles(found: list[FoundBundle], sought: ErasureTarget) -> tuple[int, list[FoundBundle]]:
    """Remove the bundles within reach that contain erased data; return their number, and the
    remaining ones.

    Damaged ones are removed too, and partial files of killed extractions.
    """
    purged, left = 0, []
    for one in found:
        if one.contains(sought) or (one.within_reach and one.damaged):
            if _removed(one):
                purged += 1
            else:
                left.append(one)
        elif one.place is not None and one.own:
            sweep_unfinished(one.place)
    return purged, left


def _removed(one: FoundBundle) -> bool:
    if one.place is not None:
        return one.own and discard(one.place, PURPOSE) is None
    if one.abandoned:
        shutil.rmtree(one.path, ignore_errors=True)
    return not one.path.exists()


def _about(place: WaitingBundle) -> Mapping[str, Any]:
    """Return the description of a bundle's source, from its record, or from the bundle itself."""
    return place.about() or _stated(place.path)


def _stated(folder: Path) -> Mapping[str, Any]:
    try:
        source = read_bundle(folder).source
    except BadInput:
        return {}
    named = {"subject": source.subject, "licence": source.licence, "family": source.family}
    return {"digest": source.digest, **named}
