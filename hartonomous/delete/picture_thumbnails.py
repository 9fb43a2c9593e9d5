"""Picture thumbnails: small copies, in the home, of pictures that a graph's sources show.

    thumbnails/<graph>/<first two digits>/<key>.jpg

A thumbnail is kept as long as its picture is in the graph, or in a deletion that can be undone, for
nothing else could make it again; it goes when the window of the last such deletion ends, and with an
erasure. Backups have none. Its key is in its bytes, so that a search of the home finds it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from hartonomous import atomic_files
from hartonomous.delete.retention_area import kept, read_retained
from hartonomous.errors import BadInput, Conflict, VerificationFailed
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from hartonomous.identity import composition_keys
from hartonomous.pictures.picture_files import Pixels, library
from hartonomous.pictures.picture_folder import ShownPictures
from hartonomous.progress import Progress, unseen
from hartonomous.schema import IMAGE
from hartonomous.server.home import default_home

SIDE = 128
"""Pixels of a thumbnail's longer side at most."""

ENDING = ".jpg"
ASKED_AT_ONCE = 10_000
"""Keys looked up by one query."""


def thumbnails_folder(identity: str) -> Path:
    """Return the folder of the thumbnails of a graph."""
    return default_home() / "thumbnails" / identity


def thumbnail(graph: Graph, picture: str) -> Path | None:
    """Return the thumbnail of a picture, by its key; None if there is none."""
    identity = _identity(graph)
    if identity is None or not picture.isalnum():
        return None
    file = _place(identity, picture)
    return file if file.is_file() else None


def keep_thumbnails(graph: Graph, folder: ShownPictures, progress: Progress = unseen) -> int:
    """Write the thumbnails of a folder's pictures that are in the graph; return how many are new.

    Pictures that cannot be read have none. Raises BadInput if the home cannot be written.
    """
    written = 0
    identity = str(graph.write(query("delete/identify_graph"))[0]["identity"])
    for done, (first, last) in enumerate(pieces := folder.pieces()):
        pictures = {one.key: one.pixels for one in folder.pictures(first, last, Counter())}
        missing = [key for key in pictures if not _place(identity, key).is_file()]
        for key in _in_graph(graph, missing):
            _write(_place(identity, key), key, pictures[key])
            written += 1
        progress("thumbnails", done + 1, len(pieces))
    return written


def drop_unheld(graph: Graph) -> int:
    """Delete the thumbnails of pictures that neither the graph nor a retained deletion holds; return
    their number.
    """
    identity = _identity(graph)
    if identity is None or not thumbnails_folder(identity).is_dir():
        return 0
    dropped, retained = 0, None
    for names in _parts(sorted(thumbnails_folder(identity).glob(f"*/*{ENDING}"))):
        by_key = {file.stem: file for file in names}
        gone = by_key.keys() - set(_in_graph(graph, list(by_key)))
        if gone and retained is None:
            retained = _retained(identity)
        for key in gone - (retained or set()):
            by_key[key].unlink(missing_ok=True)
            dropped += 1
    return dropped


def _write(file: Path, key: str, pixels: Pixels) -> None:
    image = library("PIL.Image").fromarray(pixels)
    image.thumbnail((SIDE, SIDE))
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with atomic_files.atomic(file) as partial:
            image.save(partial, format="JPEG", quality=85, comment=key.encode())
    except OSError as error:
        raise BadInput(
            f"The thumbnail {file} cannot be written: {error.strerror or error}. The pictures are "
            "in the graph; make room, then run the same command again."
        ) from error


def _place(identity: str, picture: str) -> Path:
    return thumbnails_folder(identity) / picture[:2] / f"{picture}{ENDING}"


def _identity(graph: Graph) -> str | None:
    found = graph.read(query("delete/read_identity"))
    return found[0]["identity"] if found else None


def _in_graph(graph: Graph, pictures: Sequence[str]) -> list[str]:
    """Return which pictures are in the graph, in order."""
    found = []
    for part in _parts(pictures):
        keys = composition_keys([IMAGE] * len(part), part)
        rows = graph.read(query("delete/find_keys"), keys=keys)
        found += [part[at] for at in sorted(row["i"] for row in rows)]
    return found


def _retained(identity: str) -> set[str]:
    """Return the pictures in the deletions of a graph that can be undone; a damaged one cannot be."""
    found: set[str] = set()
    for record in kept(identity):
        with suppress(BadInput, Conflict, VerificationFailed):
            table = read_retained(record.id).tables["compositions"]
            of_kind = zip(table["text"].to_pylist(), table["kind"].to_pylist(), strict=True)
            found |= {text for text, kind in of_kind if kind == IMAGE}
    return found


def _parts(every: Sequence[Any]) -> Iterator[Sequence[Any]]:
    yield from (every[at : at + ASKED_AT_ONCE] for at in range(0, len(every), ASKED_AT_ONCE))
