"""Known pictures: those that a key or a file's name stands for."""

from __future__ import annotations

from pathlib import Path

from hartonomous.errors import NotFound, UsageError
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from hartonomous.held_places import file_place
from hartonomous.pictures.picture_files import Pixels, picture_key, read_picture

KEY_LENGTH = 64


def find_picture(graph: Graph, picture: str) -> str:
    """Return the key of the picture in the graph with this key, or at this place: a file's name within
    what was ingested.

    Raises NotFound if there is none, UsageError if several pictures are at the place.
    """
    place = file_place(picture) or picture
    found = graph.read(query("ask/find_pictures"), picture=place)
    if not found:
        raise NotFound(
            f"No picture in the graph has the key or the file name {picture!r}, and there is no such "
            "file. A file's name is relative to the folder that was ingested, as 'hartonomous places' "
            "lists it."
        )
    if len(found) > 1:
        keys = ", ".join(row["picture"] for row in found)
        raise UsageError(
            f"Several pictures are called {picture!r}; give a file's path, or the key of one: {keys}."
        )
    return str(found[0]["picture"])


def is_known(graph: Graph, key: str) -> bool:
    """Return whether the graph has the picture of a key."""
    return bool(graph.read(query("ask/find_pictures"), picture=key))


def read_file(picture: str) -> tuple[str, Pixels] | None:
    """Return the key and the pixels of a picture's file; None if there is no such file.

    Raises BadInput if it is no picture.
    """
    if len(picture) > 4_000 or not Path(picture).is_file():
        return None
    pixels = read_picture(Path(picture))
    return picture_key(pixels), pixels
