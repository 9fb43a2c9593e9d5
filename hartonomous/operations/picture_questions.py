"""Picture questions of more than one step: what a picture shows, by whatever can tell."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from hartonomous.ask.pictures.image_concepts import (
    ImageConcepts,
    concepts_by_detector,
    concepts_by_likeness,
    concepts_by_sources,
    stored_features,
)
from hartonomous.ask.pictures.known_pictures import find_picture, is_known, read_file
from hartonomous.errors import UsageError
from hartonomous.extract.detector_protocol import found_in, open_detector
from hartonomous.graph.driver import Graph
from hartonomous.pictures.picture_files import Pixels
from hartonomous.pictures.visual_features import degrees
from hartonomous.progress import Say, unheard


def image_to_concepts(
    graph: Graph,
    picture: str,
    detector: Path | None = None,
    top: int = 10,
    say: Say = unheard,
) -> ImageConcepts:
    """Return what a picture shows: a file, or a picture of the graph by its key or its file's name.

    With a detector, what that finds in the file. Else what the sources say that saw these pixels; if
    none says anything, what the pictures of the graph show that are like it. Remarks go to `say`.
    Raises NotFound for an unknown picture, UsageError for a name of several, or a detector without a
    file, BadInput for a file that is no picture.
    """
    read = read_file(picture)
    if detector is not None:
        if read is None:
            raise UsageError(
                f"A detector needs the picture itself, and there is no file {picture!r}; the graph has "
                "no pixels."
            )
        return _detected(*read, detector, top, say)
    key = find_picture(graph, picture) if read is None else read[0]
    told = concepts_by_sources(graph, key, top)
    if told.concepts:
        return told
    known = read is None or is_known(graph, key)
    seen = "No source says what this picture shows" if known else "No source saw this picture"
    say(f"{seen}; told by the pictures of the graph that are like it.")
    features = stored_features(graph, key) if read is None else degrees(read[1])
    return concepts_by_likeness(graph, key, features, top)


def _detected(key: str, pixels: Pixels, detector: Path, top: int, say: Say) -> ImageConcepts:
    excluded: Counter[str] = Counter()
    (found,) = found_in(open_detector(detector), [pixels], excluded)
    for reason, count in sorted(excluded.items()):
        say(f"Left out: {count:,} {reason}.")
    return concepts_by_detector(found, key, detector.name, top)
