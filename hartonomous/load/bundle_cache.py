"""Bundle cache: bundles waiting to be loaded, in the home, one folder per graph, locked while in
use.

    bundles/<graph>/<key>/            the bundle
                    <key>.positions/  finished positions of its extraction
                    <key>.json        its source, the source's future name, its server
                    <key>.lock        held by the process that extracts, reads or removes it

Only the holder of its lock removes a bundle. Earlier versions stored the bundles of all homes in
one folder of the cache, without a lock; `earlier_bundles` returns those not in use.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hartonomous.atomic_files import atomic, write_private
from hartonomous.bundle import SourceDescription, is_bundle, waiting_key
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from hartonomous.identity import canonical_json
from hartonomous.progress import Say
from hartonomous.server.file_locks import holding_process, turn, turn_if_free
from hartonomous.server.home import default_home
from hartonomous.transparency.transparency_log import server_name

ABANDONED = 86_400.0
"""Seconds after which a bundle of an earlier version, which has no lock, counts as abandoned."""

UNNAMED = "unnamed"
"""The folder for a graph that has no identity yet and must not be written to."""

_POSITIONS = ".positions"


@dataclass(frozen=True)
class WaitingBundle:
    """The folder of one source's bundle for one graph, whether or not the bundle exists."""

    folder: Path
    key: str

    @property
    def path(self) -> Path:
        """Return the path of the complete bundle."""
        return self.folder / self.key

    @property
    def work(self) -> Path:
        """Return the folder of an extraction's finished positions."""
        return self.folder / f"{self.key}{_POSITIONS}"

    @property
    def lock(self) -> Path:
        """Return the lock file."""
        return self.folder / f"{self.key}.lock"

    @property
    def graph(self) -> str:
        """Return the identity of its graph."""
        return self.folder.name

    @property
    def begun(self) -> bool:
        """Return whether the bundle, or a part of its extraction, exists."""
        partial = self.folder.glob(f".{self.key}.*.partial")
        return self.path.is_dir() or self.work.is_dir() or any(partial)

    @property
    def holds_content(self) -> bool:
        """Return whether the finished parts of its extraction contain texts of the source, or vectors
        of texts.
        """
        kept = ("piece-*", "scratch-*", "encoding-*")
        return any(any(self.work.glob(pattern)) for pattern in kept)

    def user(self) -> int | None:
        """Return the process that uses it now; None if there is none."""
        return holding_process(self.lock)

    def about(self) -> dict[str, Any]:
        """Return name, server, digest, subject, licence and family of its source; empty if
        unreadable.
        """
        try:
            known = json.loads(self._record.read_text("utf-8"))
            return known if isinstance(known, dict) else {}
        except (OSError, ValueError):
            return {}

    def describe(self, about: dict[str, Any]) -> None:
        """Write the description of its source beside it."""
        write_private(self._record, canonical_json(about) + "\n")

    def remove(self) -> None:
        """Remove it and its other files; only for the holder of its lock."""
        for part in self.folder.glob(f".{self.key}.*"):
            shutil.rmtree(part, ignore_errors=True)
        for whole in (self.path, self.work):
            # Another process may have removed it meanwhile.
            shutil.rmtree(whole, ignore_errors=True)
        self._record.unlink(missing_ok=True)

    def adopt(self, cache: Path) -> list[Path]:
        """Copy an earlier version's bundle from the shared cache; return the original, which
        remains.

        A copy, because a process of that version may still read it.
        """
        left = []
        for target in (self.path, self.work):
            source = cache / target.name
            if not source.is_dir():
                continue
            left.append(source)
            if not self.path.exists():
                # If it vanishes meanwhile, it is extracted again.
                with suppress(OSError), atomic(target) as partial:
                    shutil.copytree(source, partial)
        return left

    @property
    def _record(self) -> Path:
        return self.folder / f"{self.key}.json"


def area() -> Path:
    """Return the folder of waiting bundles, in the managed server's home."""
    return default_home() / "bundles"


def identify(graph: Graph) -> str:
    """Return the identity of a graph, created if it has none."""
    return str(graph.write(query("delete/identify_graph"))[0]["identity"])


@contextmanager
def use_bundle(
    graph: Graph,
    source: SourceDescription,
    name: str | None,
    purpose: str,
    say: Say = lambda text: None,
) -> Iterator[WaitingBundle]:
    """Lock the folder of a source's bundle, waiting for it; `name` is the source's future name.

    Without a name nothing is written to the graph. Raises Conflict, with the holder, as `turn`
    does.
    """
    found = graph.read(query("delete/read_identity")) if name is None else []
    owner = identify(graph) if name else (found[0]["identity"] if found else None) or UNNAMED
    place = WaitingBundle(area() / owner, waiting_key(source))
    _make_folders(place.folder)
    with turn(place.lock, purpose, say, passing=True):
        about = {
            "name": name or place.about().get("name"),
            "server": server_name(graph),
            "digest": source.digest,
            "subject": source.subject,
            "licence": source.licence,
            "family": source.family,
        }
        place.describe(about)
        try:
            yield place
        finally:
            if not place.begun:
                place.remove()


def discard(place: WaitingBundle, purpose: str) -> int | None:
    """Remove a bundle unless it is in use; return that process, 0 if unknown."""
    if not place.folder.is_dir():
        return None
    with turn_if_free(place.lock, purpose) as free:
        if free:
            place.remove()
            return None
        return place.user() or 0


def sweep_unfinished(place: WaitingBundle) -> None:
    """Remove partial files of a killed extraction, unless the folder is in use."""
    left = list(place.folder.glob(f".{place.key}.*"))
    if left:
        with turn_if_free(place.lock, "removing what was left") as free:
            for part in left if free else ():
                shutil.rmtree(part, ignore_errors=True)


def discard_for(graph: Graph, source: SourceDescription, name: str | None = None) -> None:
    """Remove the bundles of a source that is not to be loaded, unless they are in use.

    With `name`, only those to be loaded under that name.
    """
    place = WaitingBundle(area() / identify(graph), waiting_key(source))
    if name is None or place.about().get("name") == name:
        discard(place, "removing a bundle")


def waiting_bundles(graph: str | None = None) -> list[WaitingBundle]:
    """Return the bundles in this home, waiting or being extracted: of one graph, or of all."""
    folders = area().iterdir() if area().is_dir() else ()
    return sorted(
        (
            WaitingBundle(folder, key)
            for folder in folders
            if folder.is_dir() and graph in (None, folder.name)
            for key in _keys(folder)
        ),
        key=lambda place: (place.graph, place.key),
    )


def bundles_in_use() -> list[tuple[WaitingBundle, int]]:
    """Return the bundles of this home that are in use, with the process."""
    return [(place, user) for place in waiting_bundles() if (user := place.user()) is not None]


def earlier_bundles(cache: Path) -> list[tuple[Path, bool]]:
    """Return the bundles of earlier versions in a shared cache, and whether each is abandoned.

    Abandoned means that nobody has written to it for a day.
    """
    folders = sorted(cache.iterdir()) if cache.is_dir() else ()
    return [
        (folder, is_abandoned(folder))
        for folder in folders
        if folder.is_dir() and (is_bundle(folder) or folder.name.endswith((_POSITIONS, ".partial")))
    ]


def is_abandoned(folder: Path) -> bool:
    """Return whether nobody has written to a folder for a day."""
    return time.time() - max(_times(folder)) > ABANDONED


def _times(folder: Path) -> list[float]:
    times = []
    for file in (folder, *folder.rglob("*")):
        try:
            times.append(file.stat().st_mtime)
        except FileNotFoundError:
            # A running extraction of an earlier version removes its own files.
            times.append(time.time())
    return times


def _keys(folder: Path) -> set[str]:
    """Return the keys with any file in a folder."""
    return {file.name.lstrip(".").partition(".")[0] for file in folder.iterdir()}


def _make_folders(folder: Path) -> None:
    """Create a graph's folder, and those around it, readable by their owner only."""
    for each in (folder.parent.parent, folder.parent, folder):
        each.mkdir(mode=0o700, parents=each == folder.parent.parent, exist_ok=True)
